//! What an update would say.

use super::Samples;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::message::{Outlet, Preview, render_markdown, sms_segments};
use forewarn_core::review::{Context, Medium, Stage, Text, review};
use forewarn_server::console::{LevelLook, Nav, PreviewPage, Shown, TellPage};
use serde_json::json;

const LONG: &str = "You can sign in again. db-07.int.example.edu was restarted at 14:30. We are watching whether it stays that way.\n\nThe next update comes by **10:00 PST (UTC-08:00, Los Angeles)**.";
const SHORT: &str = "Example University: You can sign in again. Next update by 10:00 PST (UTC-08:00). https://status.example.edu/e/INC-7";

impl Samples {
    pub fn preview(&self) -> PreviewPage {
        PreviewPage {
            messages: vec![
                self.text(
                    Channel::Email,
                    Level::NonTechnical,
                    LONG,
                    &["Students", "Staff"],
                ),
                self.text(
                    Channel::Email,
                    Level::Technical,
                    LONG,
                    &["On-call engineers"],
                ),
                self.text(Channel::Sms, Level::NonTechnical, SHORT, &["Deans"]),
                self.room(),
            ],
            stale: vec![self.t(
                "What is made for everybody has changed since its text was edited. Look whether the edited one still fits.",
            )],
            levels: self.levels(),
            ..self.preview_refused(&[])
        }
    }

    /// What the readers of each level would be told.
    pub fn levels(&self) -> Vec<LevelLook> {
        let facts = "- **Affected:** Student portal, and with it Course sign-up\n- **Since:** Monday 23 November 2026, 08:41 PST (UTC-08:00, Los Angeles)\n- **What went wrong:** A disk in one of our servers failed.\n- **What to do:** The phone app still works.";
        let said = "Some people cannot sign in to the student portal. We have found the cause and are working on the repair. We are sorry that this is taking so long.";
        let level = |level, audiences: &[&str], more: &str| {
            let made = self.t(&format!("{said}\n\n{facts}{more}"));
            LevelLook {
                level,
                audiences: audiences.iter().map(|name| self.t(name)).collect(),
                was: made.clone(),
                value: made.clone(),
                made,
            }
        };
        vec![
            level(Level::NonTechnical, &["Students", "Staff"], ""),
            level(Level::SemiTechnical, &[], "\n- **Severity:** P1"),
            level(
                Level::Technical,
                &["On-call engineers"],
                "\n- **Severity:** P1",
            ),
        ]
    }

    /// Work is delayed, in words of its own.
    pub fn telling(&self, problems: &[(&str, &str)]) -> TellPage {
        let fields = [
            ("start", "2026-12-02T22:00"),
            ("reason", "A part has not come."),
            ("privacy_override", ""),
        ];
        let seen = self.preview();
        TellPage {
            frame: self.frame("What would go out", Nav::Maintenances),
            back: "/console/maintenances/MNT-1".into(),
            title: self.t("Student database upgrade"),
            kind: "maintenance",
            action: "delay".into(),
            message: None,
            path: "/console/events/MNT-1/delay".into(),
            typed: self.typed(&fields, problems),
            levels: seen.levels,
            stale: seen.stale,
            messages: seen.messages,
            problems: Vec::new(),
        }
    }

    pub fn preview_refused(&self, problems: &[&str]) -> PreviewPage {
        PreviewPage {
            frame: self.frame("What would go out", Nav::Incidents),
            path: "/console/incidents/INC-7".into(),
            title: self.t("Student portal: sign-in fails"),
            levels: Vec::new(),
            stale: Vec::new(),
            messages: Vec::new(),
            problems: problems.iter().map(|problem| self.t(problem)).collect(),
        }
    }

    fn room(&self) -> Shown {
        let mut shown = self.text(Channel::Chat, Level::Technical, SHORT, &["On-call room"]);
        let body = json!({"text": shown.0.text});
        shown.0.rooms = ["generic", "mattermost"]
            .map(|name| (name, body.clone()))
            .into();
        shown
    }

    fn text(&self, channel: Channel, level: Level, text: &str, audiences: &[&str]) -> Shown {
        let is_mail = channel == Channel::Email;
        let text = self.t(text);
        let medium = if is_mail { Medium::Email } else { Medium::Sms };
        let subject = "Student portal: update on the problem";
        let read = Text::new(
            &text,
            is_mail.then_some(subject),
            level,
            Stage::default(),
            medium,
        );
        let mail = |html: &str| {
            format!(
                "<!DOCTYPE html><html lang=\"en\"><head><title>{subject}</title></head><body>{html}</body></html>"
            )
        };
        Shown(Preview {
            template: None,
            audiences: audiences.iter().map(|name| self.t(name)).collect(),
            level,
            channel: Outlet::Channel(channel),
            mail: is_mail.then(|| mail(&render_markdown(&text))),
            language: "en".into(),
            subject: if is_mail {
                subject.into()
            } else {
                String::new()
            },
            html: is_mail.then(|| render_markdown(&text)),
            rooms: Default::default(),
            sms: (!is_mail).then(|| sms_segments(&text)),
            review: read.ok().map(|read| review(&read, &Context::default())),
            text,
        })
    }
}
