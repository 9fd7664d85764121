//! Help with a text: a request in each of its states, and versions side by side.

use super::{Samples, at, id};
use forewarn_core::editing::{Ask, Decided, NewRequest, Request};
use forewarn_server::console::{EditingPage, HelpCard, HelpPage, Nav, Typed, VersionsPage};
use forewarn_server::ops::editing::{Beside, Shown, parts};
use forewarn_server::ops::version::{Compared, Text};

const BEFORE: &str = "The portal is broke for some of you because a disk died. We are looking at it.\n\nNext update soon.";
const AFTER: &str = "Some of you cannot open the student portal. A disk failed, and we are replacing it; no data is lost. We are sorry for the trouble.\n\nYou do not need to do anything.";

impl Samples {
    fn asked(&self, ask: Ask) -> Request {
        let new = NewRequest {
            ask,
            text: match ask {
                Ask::Support => self.t(BEFORE),
                Ask::Draft => String::new(),
            },
            note: Some(self.t("Shorter, please, and for parents too.")),
        };
        new.ask(
            id("EDIT-4"),
            id("INC-7"),
            &self.t("sam@example.edu"),
            at("2026-11-23T17:12:00Z"),
        )
    }

    fn answered(&self) -> Request {
        let at = at("2026-11-23T17:16:00Z");
        let request = self.asked(Ask::Support);
        let lee = self.t("lee@example.edu");
        let request = request.comment(
            &lee,
            self.t("Is any data lost? People will ask that first."),
            at,
        );
        let request = request.expect("open").suggest(&lee, self.t(AFTER), at);
        request.expect("open")
    }

    pub(super) fn help_cards(&self) -> Vec<HelpCard> {
        let title = self.t("Student portal: sign-in fails for some");
        let card = |request: Request, answered| HelpCard {
            request,
            title: title.clone(),
            answered,
        };
        vec![
            card(self.asked(Ask::Draft), false),
            card(self.answered(), true),
        ]
    }

    /// Every screen of it by a file name.
    pub(super) fn editing(&self) -> Vec<(&'static str, String)> {
        let page = |request: Request| EditingPage {
            frame: self.frame("Help with the words", Nav::Incidents),
            event_path: "/console/incidents/INC-7".into(),
            title: self.t("Student portal: sign-in fails for some"),
            typed: Typed {
                fields: vec![("suggested".into(), request.text.clone())],
                problems: Vec::new(),
            },
            shown: Shown {
                current: request.text.clone(),
                waiting: request
                    .remarks
                    .iter()
                    .filter(|r| r.is_open())
                    .map(|remark| Beside {
                        remark: remark.clone(),
                        difference: parts(&request.text, &remark.text),
                    })
                    .collect(),
                request,
            },
        };
        let decided = Decided {
            taken: true,
            by: self.t("sam@example.edu"),
            at: at("2026-11-23T17:20:00Z"),
        };
        let (taken, _) = self.answered().decide(None, decided).expect("a suggestion");
        let closed = self.asked(Ask::Draft).close().expect("open");
        vec![
            ("editing", page(self.answered()).render()),
            ("editing-asked", page(self.asked(Ask::Draft)).render()),
            ("editing-taken", page(taken).render()),
            ("editing-closed", page(closed).render()),
            ("help", self.help().render()),
            ("versions", self.versions().render()),
        ]
    }

    fn help(&self) -> HelpPage {
        HelpPage {
            frame: self.frame("Help with the words", Nav::Announcements),
            event: "ANN-2".into(),
            event_path: "/console/announcements/ANN-2".into(),
            title: self.t("The old mail archive ends"),
            team: 0,
            own: true,
            items: vec![self.answered()],
            typed: self.typed(&[("text", BEFORE)], &[("text", "is missing")]),
        }
    }

    fn versions(&self) -> VersionsPage {
        let text = |number: &str,
                    who: Option<&str>,
                    origin,
                    milestone: Option<&str>,
                    said: &str,
                    time: &str| Text {
            id: number.into(),
            author: who.map(|who| self.t(who)),
            origin,
            milestone: milestone.map(str::to_owned),
            at: at(time),
            text: self.t(said),
        };
        let items = vec![
            text(
                "sent-9f",
                None,
                "sent",
                Some("update"),
                AFTER,
                "2026-11-23T17:21:00Z",
            ),
            text(
                "3",
                Some("sam@example.edu"),
                "taken",
                None,
                AFTER,
                "2026-11-23T17:20:00Z",
            ),
            text(
                "2",
                Some("lee@example.edu"),
                "suggested",
                None,
                AFTER,
                "2026-11-23T17:16:00Z",
            ),
            text(
                "1",
                Some("sam@example.edu"),
                "typed",
                None,
                BEFORE,
                "2026-11-23T17:11:00Z",
            ),
        ];
        VersionsPage {
            frame: self.frame("Versions", Nav::Incidents),
            event: "INC-7".into(),
            event_path: "/console/incidents/INC-7".into(),
            title: self.t("Student portal: sign-in fails for some"),
            compared: Some(Compared {
                difference: parts(&items[3].text, &items[0].text),
                before: items[3].clone(),
                after: items[0].clone(),
            }),
            items,
        }
    }
}
