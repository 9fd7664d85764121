//! Screens of what is explained after an incident, with sample data.

use super::{Samples, at};
use forewarn_core::postmortem::{Action, Approval, Postmortem, Reviewer};
use forewarn_core::problem::Problem;
use forewarn_server::console::*;
use forewarn_server::ops::incident::postmortem::Draft;
use forewarn_store::{ActionRow, StoredPostmortem};
use jiff::civil::date;

impl Samples {
    fn postmortem(&self, published: bool) -> Draft {
        let body = Postmortem {
            happened: self.t("23 November 2026, PST:\n\n- 08:41 We told you of the trouble: Some people cannot sign in."),
            cause: self.t("A certificate had run out."),
            impact: self.t("Student portal did not work for some. It lasted 1 hour 5 minutes."),
            went_well: self.t("All 3 updates that we promised came in time."),
            actions: vec![Action {
                what: self.t("Watch every certificate"),
                owner: self.t("kim@example.edu"),
                due: Some(date(2026, 12, 1)),
                done: false,
            }],
            apology: self.t("We are sorry for the trouble that this caused you."),
        };
        let incident = self.closed_incident();
        let hash = body.hash(incident.id.as_str());
        Draft {
            approvals: vec![Approval {
                reviewer: Reviewer::Legal,
                hash: hash.clone(),
                by: self.t("ann"),
                at: at("2026-11-23T17:12:00Z"),
            }],
            hash,
            reviewers: vec![Reviewer::Legal, Reviewer::Pr],
            closed: Vec::new(),
            stored: StoredPostmortem {
                version: 2,
                author: self.t("ann"),
                body,
                at: at("2026-11-23T17:10:00Z"),
                published_at: published.then(|| at("2026-11-23T17:20:00Z")),
            },
            incident,
        }
    }

    pub(super) fn postmortems(&self) -> Vec<(&'static str, String)> {
        let page = |published, typed| PostmortemPage {
            frame: self.frame("What happened", Nav::Incidents),
            draft: self.postmortem(published),
            typed,
        };
        let fields = [
            ("happened", "- 08:41 We told you of the trouble."),
            ("cause", "A certificate had run out."),
            ("actions.1.what", "Watch every certificate"),
            ("actions.1.owner", "kim@example.edu"),
            ("actions.1.due", "2026-12-01"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), self.t(value)));
        let typed = Typed {
            fields: fields.to_vec(),
            problems: Vec::new(),
        };
        let wrong = Typed {
            problems: vec![Problem::new("actions[1].owner", "is missing")],
            ..typed.clone()
        };
        let action = |event: &str, due, done: bool| ActionRow {
            event: event.into(),
            number: 1,
            what: self.t("Watch every certificate"),
            owner: self.t("kim@example.edu"),
            due,
            done_at: done.then(|| at("2026-11-23T17:20:00Z")),
            done_by: done.then(|| self.t("ann")),
        };
        let list = |items| ActionList {
            frame: self.frame("What changes", Nav::Incidents),
            items,
            today: date(2026, 11, 23),
        };
        let items = vec![
            action("INC-2", Some(date(2026, 11, 20)), false),
            action("INC-3", None, false),
            action("INC-4", Some(date(2026, 11, 30)), true),
        ];
        vec![
            ("postmortem", page(false, typed).render()),
            ("postmortem-errors", page(false, wrong).render()),
            (
                "postmortem-published",
                page(true, Typed::default()).render(),
            ),
            ("actions", list(items).render()),
            ("actions-empty", list(vec![]).render()),
        ]
    }
}
