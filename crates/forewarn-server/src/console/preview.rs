//! What an update would say to whom, with what the review finds: shown while it is written.

use super::Frame;
use super::layout::text;
use askama::Template;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::message::Preview;
use forewarn_core::review::{Finding, Part, Severity};

/// The messages of an update that nobody has published. The page of the incident shows its part `preview` under the form.
#[derive(Template)]
#[template(path = "console/preview.html")]
pub struct PreviewPage {
    /// What every page has.
    pub frame: Frame,
    /// The incident's id.
    pub incident: String,
    /// Its title.
    pub title: String,
    /// The texts, each once.
    pub messages: Vec<Preview>,
    /// Why there are none, in sentences.
    pub problems: Vec<String>,
}

impl PreviewPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn level(&self, level: &Level) -> &'static str {
        match level {
            Level::NonTechnical => "for everybody",
            Level::SemiTechnical => "for those who know their way around",
            Level::Technical => "for technical staff",
        }
    }

    fn channel(&self, channel: &Channel) -> &'static str {
        match channel {
            Channel::Email => "Mail",
            Channel::Sms => "Text message",
            Channel::Voice => "Call",
            Channel::Chat => "Chat",
            Channel::Webhook => "Webhook",
            Channel::Push => "Push message",
        }
    }

    /// Graver ones first; notes are left to `forewarn lint`.
    fn findings<'p>(&self, preview: &'p Preview) -> Vec<&'p Finding> {
        let all = preview.review.iter().flat_map(|review| &review.findings);
        let mut found: Vec<&Finding> = all.filter(|f| f.severity > Severity::Note).collect();
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        found
    }

    /// The words that a finding is about.
    fn place<'p>(&self, preview: &'p Preview, finding: &Finding) -> &'p str {
        let part = match finding.part {
            Part::Subject => &preview.subject,
            Part::Text => &preview.text,
        };
        part.get(finding.start..finding.end).unwrap_or_default()
    }

    fn tone(&self, finding: &Finding) -> &'static str {
        match finding.severity {
            Severity::Error => "down",
            Severity::Warning | Severity::Note => "slow",
        }
    }
}
