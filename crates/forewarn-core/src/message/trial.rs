//! A template on trial: what it would say, before it is saved.

use super::preview::{Outlet, Preview, add, asks, shown, sorted};
use super::render::page_with;
use super::{Content, Variant, render_with, sample};
use crate::audience::{Audience, Level};
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::event::{Event, Occasion};
use crate::review::Context;
use crate::service::affected;
use crate::template::Template;
use jiff::Timestamp;

/// What can be told of an event of this kind, in the order of its story.
pub fn milestones_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "maintenance" => &[
            "announcement",
            "reminder",
            "final_reminder",
            "start",
            "progress",
            "delay",
            "reschedule",
            "extension",
            "cancellation",
            "completion",
            "post_event_reminder",
            "hypercare",
            "leadership",
        ],
        "incident" => &["holding", "update", "resolution", "follow_up"],
        "advisory" => &["discovery", "update", "fixed"],
        "announcement" => &[
            "announcement",
            "reminder",
            "final_reminder",
            "delay",
            "reschedule",
            "cancellation",
            "effective",
        ],
        _ => &[],
    }
}

/// The audiences that an event reaches and that hear of this part of its story.
pub fn readers<'a>(event: &Event, milestone: &str, catalogue: &'a Catalogue) -> Vec<&'a Audience> {
    let reached = affected(&event.services(), &catalogue.services);
    let about = event.about();
    let audiences = catalogue.audiences.iter();
    audiences
        .filter(|a| a.reached_by(&about, &reached).is_some())
        .filter(|a| a.routing.admits_stage(milestone))
        .collect()
}

/// What is needed to try a template.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The template, saved or not.
    pub template: &'a Template,
    /// Everything that is known of services and audiences.
    pub catalogue: &'a Catalogue,
    /// Where pages are found.
    pub public_url: &'a str,
    /// What is internal.
    pub context: &'a Context,
}

impl Trial<'_> {
    /// What it says of an invented event, at each level that somebody reads.
    pub fn on_sample(&self) -> Vec<Preview> {
        let event = self.template.event.as_deref();
        let Some(content) = sample(&self.template.milestone, event) else {
            return Vec::new();
        };
        let content = Content {
            readers: self.template.readers,
            organisation: match self.catalogue.organisation.name.is_empty() {
                true => content.organisation,
                false => self.catalogue.organisation.name.clone(),
            },
            ..content
        };
        let meant = || self.catalogue.audiences.iter().filter(|a| self.is_for(a));
        let read: Vec<Level> = meant().map(|a| a.level).collect();
        let mut found = Vec::new();
        for level in Level::ALL {
            let wanted = match self.template.level {
                Some(only) => only == level,
                None => read.is_empty() || read.contains(&level),
            };
            if wanted {
                let readers: Vec<&Audience> = meant().filter(|a| a.level == level).collect();
                self.say(&content, level, &readers, &mut found);
            }
        }
        sorted(found)
    }

    /// What it says of an event to these audiences; to everybody of its level where none of them has it.
    pub fn on_event(
        &self,
        event: &Event,
        occasion: &Occasion,
        audiences: &[&Audience],
        at: Timestamp,
    ) -> Vec<Preview> {
        let about = |audience: Option<&Audience>| {
            event.content(occasion, audience, self.catalogue, self.public_url, at)
        };
        let level = self.template.level;
        let mut found = Vec::new();
        for audience in audiences {
            if level.is_none_or(|level| level == audience.level) && self.is_for(audience) {
                self.say(
                    &about(Some(audience)),
                    audience.level,
                    &[audience],
                    &mut found,
                );
            }
        }
        if found.is_empty() {
            let level = level.unwrap_or(Level::NonTechnical);
            let content = Content {
                readers: self.template.readers,
                ..about(None)
            };
            self.say(&content, level, &[], &mut found);
        }
        sorted(found)
    }

    /// Whether an audience reads what such readers do.
    fn is_for(&self, audience: &Audience) -> bool {
        let meant = self.template.readers;
        meant.is_none() || meant == audience.readers
    }

    fn say(
        &self,
        content: &Content,
        level: Level,
        readers: &[&Audience],
        found: &mut Vec<Preview>,
    ) {
        let zone = readers
            .iter()
            .find_map(|audience| audience.time_zone.clone());
        let zone = zone.unwrap_or_else(|| self.catalogue.organisation.time_zone.clone());
        for outlet in self.outlets() {
            // The page is for everybody, and for nobody in particular.
            let everybody = level == Level::NonTechnical && self.template.readers.is_none();
            if *outlet == Outlet::Page && !everybody {
                continue;
            }
            let variant = Variant {
                level,
                channel: outlet.channel(),
                language: self.template.language.clone(),
                zone: zone.clone(),
            };
            let message = match outlet {
                Outlet::Channel(_) => render_with(content, &variant, self.template),
                Outlet::Page => page_with(content, &variant, self.template),
            };
            let Some(message) = message else { continue };
            let name = readers.first().map_or("", |audience| &audience.name);
            let first = readers.first().copied();
            let asks = asks(&content.milestone, first, self.catalogue);
            let preview = shown(
                message,
                content,
                (&variant, *outlet),
                name,
                asks,
                self.context,
            );
            let audiences = match outlet {
                Outlet::Page => Vec::new(),
                Outlet::Channel(_) => readers.iter().map(|a| a.name.clone()).collect(),
            };
            add(
                found,
                Preview {
                    template: Some(self.template.id()),
                    audiences,
                    ..preview
                },
            );
        }
    }

    /// Where a text of its channel is read.
    fn outlets(&self) -> &'static [Outlet] {
        use Outlet::{Channel as By, Page};
        match self.template.channel {
            None => &[By(Channel::Email), Page, By(Channel::Chat)],
            Some(Channel::Email) => &[By(Channel::Email), Page],
            Some(Channel::Chat) => &[By(Channel::Chat)],
            Some(Channel::Webhook) => &[By(Channel::Webhook)],
            Some(Channel::Sms) => &[By(Channel::Sms), By(Channel::Voice)],
            Some(Channel::Voice) => &[By(Channel::Voice)],
            Some(Channel::Push) => &[By(Channel::Push)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Documents;
    use crate::mail::in_scheme;

    fn campus() -> Catalogue {
        let yaml = "
organisation: {name: Example University, time_zone: America/Los_Angeles}
audiences:
  - {id: students, name: Students, level: non_technical, channels: [email, sms], services: ['*']}
  - {id: staff, name: Staff, level: non_technical, channels: [email], services: ['*']}
  - {id: engineers, name: Engineers, level: technical, channels: [chat], services: ['*']}
";
        let texts = [("campus".to_owned(), yaml.to_owned())];
        let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1").unwrap();
        documents.over(&Catalogue::default())
    }

    fn template(channel: Option<Channel>, level: Option<Level>) -> Template {
        Template {
            milestone: "announcement".into(),
            event: None,
            level,
            readers: None,
            channel,
            language: "en".into(),
            subject: Some("{{service}}: {{start_date}}".into()),
            body: "{{effect}}\n\n{{#if technical}}\nFor you: {{technical}}\n{{/if}}\n{{url}}"
                .into(),
        }
    }

    fn told(template: &Template) -> Vec<(String, String, Vec<String>)> {
        let (catalogue, context) = (campus(), Context::default());
        let trial = Trial {
            template,
            catalogue: &catalogue,
            public_url: "https://status.example.edu",
            context: &context,
        };
        let previews = trial.on_sample().into_iter();
        previews
            .map(|p| {
                (
                    p.channel.as_str().into(),
                    p.level.as_str().into(),
                    p.audiences,
                )
            })
            .collect()
    }

    #[test]
    fn it_is_shown_wherever_it_would_be_read() {
        let row = |channel: &str, level: &str, names: &[&str]| {
            let names = names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
            (channel.to_owned(), level.to_owned(), names)
        };
        let all = ["Students", "Staff"];
        let expected = [
            row("email", "non_technical", &all),
            row("email", "technical", &["Engineers"]),
            row("chat", "non_technical", &all),
            row("chat", "technical", &["Engineers"]),
            row("web", "non_technical", &[]),
        ];
        let mut shown = told(&template(None, None));
        shown.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(shown, expected);
        let short = told(&template(Some(Channel::Sms), Some(Level::Technical)));
        let kinds: Vec<&str> = short
            .iter()
            .map(|(channel, _, _)| channel.as_str())
            .collect();
        assert_eq!(kinds, ["sms", "voice"]);
    }

    #[test]
    fn a_mail_is_the_whole_mail_in_light_and_in_dark() {
        let (catalogue, context) = (campus(), Context::default());
        let template = template(Some(Channel::Email), None);
        let trial = Trial {
            template: &template,
            catalogue: &catalogue,
            public_url: "https://status.example.edu",
            context: &context,
        };
        let previews = trial.on_sample();
        let mail = previews[0].mail.as_deref().expect("a mail");
        assert!(
            mail.starts_with("<!DOCTYPE html>") && mail.contains("You cannot sign in"),
            "{mail}"
        );
        let (light, dark) = (in_scheme(mail, false), in_scheme(mail, true));
        assert!(
            dark.contains("@media all{") || dark.contains("@media all"),
            "{dark}"
        );
        assert!(light.contains("@media not all") && !light.contains("prefers-color-scheme"));
        assert!(
            !dark.contains("prefers-color-scheme") && dark.contains(":root{color-scheme:dark}")
        );
        let page = previews.last().expect("the page");
        assert!(page.channel == Outlet::Page && page.mail.is_none());
        assert!(!page.text.contains("https://"), "{}", page.text);
    }
}
