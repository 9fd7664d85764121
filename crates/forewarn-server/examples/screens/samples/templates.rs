//! Screens of the template library, with sample data.

use super::{Samples, at};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::message::{MILESTONES, Preview, Trial};
use forewarn_core::problem::Problem;
use forewarn_core::review::Context;
use forewarn_core::template::{Template, built_in, difference};
use forewarn_server::console::*;
use forewarn_server::ops::template::Compared;
use forewarn_store::TemplateVersion;

const BODY: &str = "{{#if own_words}}\n{{own_words}}\n{{else}}\n**{{services}}** will be away for a while. {{effect}}\n{{/if}}\n\n- **When:** {{window}}\n- **What to do:** {{#if action}}{{action}}{{else}}Nothing.{{/if}}\n\n{{#if technical}}\n**Technical details:** {{technical}}\n{{/if}}\n\n{{url}}\n";

impl Samples {
    fn own(&self, body: &str) -> Template {
        Template {
            milestone: "announcement".into(),
            event: None,
            level: None,
            readers: None,
            channel: None,
            language: "en".into(),
            subject: Some(self.t("{{service}} is away on {{start_date}}")),
            body: self.t(body),
        }
    }

    /// What a template says of an invented event.
    fn looks(&self, template: &Template) -> Vec<Shown> {
        let context = Context::default();
        let trial = Trial {
            template,
            catalogue: &self.catalogue(),
            public_url: "https://status.example.edu",
            context: &context,
        };
        let named = |preview: Preview| Preview {
            audiences: preview.audiences.iter().map(|name| self.t(name)).collect(),
            subject: match preview.subject.is_empty() {
                true => String::new(),
                false => self.t(&preview.subject),
            },
            text: self.t(&preview.text),
            ..preview
        };
        trial
            .on_sample()
            .into_iter()
            .map(named)
            .map(Shown)
            .collect()
    }

    fn catalogue(&self) -> forewarn_core::document::Catalogue {
        forewarn_core::document::Catalogue {
            organisation: self.snapshot().organisation,
            services: self.services(),
            audiences: self.audiences(),
            ..Default::default()
        }
    }

    fn versions(&self) -> Vec<TemplateVersion> {
        let version =
            |version, author: &str, at_text, body: Option<Template>, restored| TemplateVersion {
                template: "announcement.any.any.en".into(),
                version,
                author: self.t(author),
                at: at(at_text),
                body,
                restored,
            };
        let older = BODY.replace("will be away for a while", "will not be available");
        vec![
            version(
                4,
                "ann",
                "2026-11-23T16:10:00Z",
                Some(self.own(BODY)),
                Some(2),
            ),
            version(3, "kim", "2026-11-22T09:30:00Z", None, None),
            version(2, "ann", "2026-11-20T11:00:00Z", Some(self.own(BODY)), None),
            version(
                1,
                "ann",
                "2026-11-18T10:00:00Z",
                Some(self.own(&older)),
                None,
            ),
        ]
    }

    fn template(
        &self,
        template: Template,
        problems: &[(&str, &str)],
        messages: Option<Vec<Shown>>,
    ) -> TemplatePage {
        let fields = [
            ("subject", template.subject.clone().unwrap_or_default()),
            ("body", template.body.clone()),
            ("version", "4".into()),
        ];
        let problems = problems
            .iter()
            .map(|(field, said)| Problem::new(*field, self.t(said)));
        TemplatePage {
            frame: self.frame("Template", Nav::Templates),
            is_own: true,
            may_save: true,
            typed: Typed {
                fields: fields
                    .map(|(name, value)| (name.to_owned(), value))
                    .to_vec(),
                problems: problems.collect(),
            },
            events: vec![Choice {
                id: "MNT-1".into(),
                name: self.t("Student database upgrade"),
                group: None,
            }],
            messages,
            versions: self.versions(),
            template,
        }
    }

    fn library(&self) -> TemplateList {
        let choice = |id: &str, name: &str| Choice {
            id: id.into(),
            name: name.into(),
            group: None,
        };
        let mut rows: Vec<TemplateRow> = Vec::new();
        for template in built_in("en").iter().filter(|t| t.event.is_none()).take(24) {
            let link = TemplateLink {
                template: template.clone(),
                version: None,
            };
            match rows
                .iter_mut()
                .find(|row| row.milestone == template.milestone)
            {
                Some(row) => row.texts.push(link),
                None => rows.push(TemplateRow {
                    milestone: template.milestone.clone(),
                    texts: vec![link],
                }),
            }
        }
        let mut strict = self.own(BODY);
        strict.level = Some(Level::Technical);
        strict.channel = Some(Channel::Chat);
        for (template, version) in [(self.own(BODY), 4), (strict, 1)] {
            rows[0].texts.push(TemplateLink {
                template,
                version: Some(version),
            });
        }
        TemplateList {
            frame: self.frame("Templates", Nav::Templates),
            typed: Typed {
                fields: vec![("language".into(), "en".into())],
                problems: Vec::new(),
            },
            languages: vec![choice("de", "German"), choice("en", "English")],
            milestones: MILESTONES
                .map(|name| choice(name, &name.replace('_', " ")))
                .to_vec(),
            groups: vec![TemplateGroup {
                title: "Planned work",
                rows,
            }],
            own: 2,
        }
    }

    fn diff(&self) -> TemplateDiff {
        let versions = self.versions();
        let (from, to) = (versions[3].clone(), versions[0].clone());
        let text = |version: &TemplateVersion| version.body.clone().unwrap_or_else(|| self.own(""));
        let (old, new) = (text(&from), text(&to));
        let subject = self.t("{{service}} is not available on {{start_date}}");
        TemplateDiff {
            frame: self.frame("What changed", Nav::Templates),
            compared: Compared {
                template: new.id(),
                subject: difference(&subject, &new.subject.clone().unwrap_or_default()),
                body: difference(&old.body, &new.body),
                from,
                to,
            },
            template: new,
            numbers: vec![4, 3, 2, 1, 0],
            may_save: true,
            newest: 4,
        }
    }

    pub(super) fn templates(&self) -> Vec<(&'static str, String)> {
        let own = self.own(BODY);
        // An attack in the text itself is refused before anybody looks.
        let looks = self.looks(&Samples { hostile: false }.own(BODY));
        let wrong = [
            (
                "body",
                "line 3, column 14 of the text: unknown variable 'efect'; did you mean 'effect'?",
            ),
            (
                "body",
                "line 7, column 1 of the text: this condition is not closed; add {{/if}}",
            ),
        ];
        let mut sms = built_in("en")
            .iter()
            .find(|t| t.channel == Some(Channel::Sms))
            .cloned()
            .unwrap_or_else(|| own.clone());
        let short = self.looks(&sms);
        sms.body = self.t(&sms.body);
        let event = EventPreview {
            frame: self.frame("What each audience reads", Nav::Maintenances),
            event: "MNT-1".into(),
            title: self.t("Student database upgrade"),
            path: "/console/maintenances/MNT-1".into(),
            milestone: "reminder".into(),
            milestones: ["announcement", "reminder", "start"]
                .map(str::to_owned)
                .to_vec(),
            editable: true,
            messages: looks.iter().chain(&short).cloned().collect(),
        };
        let built_in = TemplatePage {
            is_own: false,
            may_save: false,
            versions: Vec::new(),
            ..self.template(sms, &[], Some(short))
        };
        vec![
            ("templates", self.library().render()),
            (
                "template",
                self.template(own.clone(), &[], Some(looks)).render(),
            ),
            (
                "template-errors",
                self.template(own.clone(), &wrong, Some(Vec::new()))
                    .render(),
            ),
            ("template-built-in", built_in.render()),
            ("template-diff", self.diff().render()),
            ("event-preview", event.render()),
        ]
    }
}
