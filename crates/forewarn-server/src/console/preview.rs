//! What an update would say to whom, with what the review finds: shown while it is written.

use super::layout::text;
use super::{Frame, LevelLook};
use askama::Template;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::mail::in_scheme;
use forewarn_core::message::{Encoding, Outlet, Preview, Segments};
use forewarn_core::review::{Finding, Part, Severity};

/// The messages of an update that nobody has published. The page of the incident shows its part `preview` under the form, and the
/// texts of its levels in it.
#[derive(Template)]
#[template(path = "console/preview.html")]
pub struct PreviewPage {
    /// What every page has.
    pub frame: Frame,
    /// The page of the form.
    pub path: String,
    /// The incident's title.
    pub title: String,
    /// The text of each level as it is made of what was typed so far.
    pub levels: Vec<LevelLook>,
    /// Which edited texts may not fit any more, in sentences.
    pub stale: Vec<String>,
    /// The texts, each once, whole as their readers would have them.
    pub messages: Vec<Shown>,
    /// Why there are none, in sentences.
    pub problems: Vec<String>,
}

impl PreviewPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

pub(super) fn for_level(level: Level) -> &'static str {
    match level {
        Level::NonTechnical => "for everybody",
        Level::SemiTechnical => "for those who know their way around",
        Level::Technical => "for technical staff",
    }
}

fn outlet_words(outlet: Outlet) -> &'static str {
    match outlet {
        Outlet::Channel(channel) => channel_words(channel),
        Outlet::Page => "Web page",
    }
}

/// A channel's name on a page.
pub(super) fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "Mail",
        Channel::Sms => "Text message",
        Channel::Voice => "Call",
        Channel::Chat => "Chat",
        Channel::Webhook => "Webhook",
        Channel::Push => "Push message",
    }
}

fn findings(preview: &Preview) -> Vec<&Finding> {
    let all = preview.review.iter().flat_map(|review| &review.findings);
    let mut found: Vec<&Finding> = all.filter(|f| f.severity > Severity::Note).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// The words that a finding is about.
fn place<'p>(preview: &'p Preview, finding: &Finding) -> &'p str {
    let part = match finding.part {
        Part::Subject => &preview.subject,
        Part::Text => &preview.text,
    };
    part.get(finding.start..finding.end).unwrap_or_default()
}

fn tone(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "down",
        Severity::Warning | Severity::Note => "slow",
    }
}

/// A text as its readers would have it before them: the mail in a frame, the page, the chat, the telephone.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown(pub Preview);

impl Shown {
    pub(super) fn channel(&self) -> &'static str {
        outlet_words(self.0.channel)
    }

    pub(super) fn level(&self) -> &'static str {
        for_level(self.0.level)
    }

    /// How it looks: `mail`, `phone`, `chat` or `web`.
    pub(super) fn look(&self) -> &'static str {
        match self.0.channel {
            Outlet::Channel(Channel::Email) => "mail",
            Outlet::Channel(Channel::Sms | Channel::Voice | Channel::Push) => "phone",
            Outlet::Channel(Channel::Chat | Channel::Webhook) => "chat",
            Outlet::Page => "web",
        }
    }

    /// The mail as a program shows it that is set to light, and to dark.
    pub(super) fn mails(&self) -> Vec<(&'static str, String)> {
        let mail = self.0.mail.as_deref();
        let both = |mail: &str| {
            [
                ("light", in_scheme(mail, false)),
                ("dark", in_scheme(mail, true)),
            ]
        };
        mail.map_or_else(Vec::new, |mail| both(mail).to_vec())
    }

    /// A chat message as each product is posted it, to be read.
    pub(super) fn rooms(&self) -> Vec<(&'static str, String)> {
        let pretty =
            |body: &serde_json::Value| serde_json::to_string_pretty(body).unwrap_or_default();
        let rooms = self.0.rooms.iter();
        rooms
            .map(|(product, body)| (*product, pretty(body)))
            .collect()
    }

    pub(super) fn findings(&self) -> Vec<&Finding> {
        findings(&self.0)
    }

    /// Whether the review finds an error, which nobody should have to open.
    pub(super) fn is_wrong(&self) -> bool {
        let findings = findings(&self.0);
        findings.iter().any(|f| f.severity == Severity::Error)
    }

    pub(super) fn place(&self, finding: &Finding) -> &str {
        place(&self.0, finding)
    }

    pub(super) fn tone(&self, finding: &Finding) -> &'static str {
        tone(finding)
    }

    /// "2 segments, 214 of 306 signs of the basic alphabet".
    pub(super) fn segments(&self) -> String {
        self.0.sms.as_ref().map_or_else(String::new, segments_words)
    }
}

fn segments_words(sms: &Segments) -> String {
    let (alphabet, single, several) = match sms.encoding {
        Encoding::Gsm7 => ("the basic alphabet", 160, 153),
        Encoding::Ucs2 => ("all alphabets (UCS-2)", 70, 67),
    };
    let room = match sms.count {
        0 | 1 => single,
        more => more * several,
    };
    let plural = if sms.count == 1 { "" } else { "s" };
    format!(
        "{} segment{plural}, {} of {room} signs of {alphabet}",
        sms.count, sms.units
    )
}

/// What an event's notices would say: every audience and channel beside each other.
#[derive(Template)]
#[template(path = "console/event_preview.html")]
pub struct EventPreview {
    /// The frame.
    pub frame: Frame,
    /// The event's id.
    pub event: String,
    /// Its title.
    pub title: String,
    /// Its page in the console.
    pub path: String,
    /// The notice that is shown.
    pub milestone: String,
    /// What else can be shown.
    pub milestones: Vec<String>,
    /// Its text can be edited before it goes out.
    pub editable: bool,
    /// The texts, each once.
    pub messages: Vec<Shown>,
}

impl EventPreview {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn words(&self, milestone: &str) -> String {
        crate::status_page::milestone_words(milestone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_core::message::sms_segments;

    #[test]
    fn segments_are_counted_in_words() {
        let said = |text: &str| segments_words(&sms_segments(text));
        assert_eq!(
            said("Hello"),
            "1 segment, 5 of 160 signs of the basic alphabet"
        );
        assert_eq!(
            said(&"x".repeat(200)),
            "2 segments, 200 of 306 signs of the basic alphabet"
        );
        assert_eq!(
            said("\u{1f600}"),
            "1 segment, 2 of 70 signs of all alphabets (UCS-2)"
        );
    }
}
