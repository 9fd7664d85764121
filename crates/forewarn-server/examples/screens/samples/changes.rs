//! Changes ahead with sample data: the list, an empty one, a known entry, and one that was refused.

use super::{Samples, id};
use forewarn_core::change_ahead::{ChangeAhead, ChangeKind};
use forewarn_core::period::Period;
use forewarn_core::problem::Problem;
use forewarn_server::console::*;

impl Samples {
    fn change(&self, name: &str, title: &str, kind: ChangeKind, when: &str) -> ChangeRow {
        ChangeRow {
            change: ChangeAhead {
                id: id(name),
                title: self.t(title),
                kind,
                services: vec![id("sso"), id("portal")],
                when: Period::parse(when).expect("a rough date"),
                summary: None,
                url: None,
                maintenance: (name == "maps").then(|| id("MNT-2")),
            },
            services: vec![self.t("Sign-in"), self.t("Student portal")],
        }
    }

    /// Every screen about changes ahead.
    pub fn changes_ahead(&self) -> Vec<(String, String)> {
        let list = |ahead, past| ChangeList {
            frame: self.frame("Changes ahead", Nav::Maintenances),
            ahead,
            past,
        };
        let services = || {
            let named = [
                ("sso", "Sign-in"),
                ("portal", "Student portal"),
                ("video", "Lecture video"),
            ];
            let choice = |(name, words): (&str, &str)| Choice {
                id: name.into(),
                name: self.t(words),
                group: None,
            };
            named.map(choice).into()
        };
        let page = |title: &str, known: Option<&str>, problems| ChangePage {
            frame: self.frame(title, Nav::Maintenances),
            known: known.map(id),
            services: services(),
            typed: Typed {
                fields: [
                    ("id", "new-sign-in".to_owned()),
                    ("title", self.t("A new way to sign in")),
                    ("kind", "migration".to_owned()),
                    ("when", self.t("week of 2027-02-01")),
                    ("services", "portal".to_owned()),
                    ("summary", self.t("You sign in once for everything.")),
                    ("url", self.t("https://www.example.edu/sign-in")),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
                problems,
            },
        };
        let wrong = vec![
            Problem::new("id", self.t("'new-sign-in' stands in the calendar already")),
            Problem::new("when", self.t("must be a day such as 2026-12-07")),
        ];
        let ahead = vec![
            self.change("maps", "Campus maps move", ChangeKind::Migration, "2026-12"),
            self.change(
                "sign-in",
                "A new way to sign in",
                ChangeKind::Release,
                "week of 2027-02-01",
            ),
            self.change(
                "fax",
                "The fax gateway goes away",
                ChangeKind::EndOfLife,
                "2027-Q3",
            ),
        ];
        let past = vec![self.change(
            "past",
            "Printers of last spring",
            ChangeKind::Release,
            "2026-05",
        )];
        let pages = vec![
            ("changes", list(ahead, past).render()),
            ("changes-empty", list(vec![], vec![]).render()),
            (
                "change",
                page("A change ahead", Some("new-sign-in"), vec![]).render(),
            ),
            ("change-refused", page("Add a change", None, wrong).render()),
        ];
        let named = |(name, page): (&str, String)| (format!("console-{name}"), page);
        pages.into_iter().map(named).collect()
    }
}
