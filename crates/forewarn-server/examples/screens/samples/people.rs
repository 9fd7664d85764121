//! Contacts, and what a search finds.

use super::{Samples, now};
use forewarn_core::audience::Level;
use forewarn_server::console::{
    Belonging, ContactLine, ContactList, ContactPage, ContactPlace, Found, FoundGroup, Getting,
    Nav, SearchPage,
};

impl Samples {
    fn contact(&self, id: &str, name: Option<&str>) -> ContactLine {
        let place =
            |channel: &str, address: &str, state: &str, reason: Option<&str>| ContactPlace {
                channel: channel.into(),
                address: self.t(address),
                state: state.into(),
                reason: reason.map(|reason| self.t(reason)),
            };
        ContactLine {
            id: id.into(),
            name: name.map(|name| self.t(name)),
            endpoints: vec![
                place("email", "alice@example.edu", "active", None),
                place("sms", "+14155550123", "unsubscribed", None),
                place(
                    "email",
                    "a.example@oldmail.example",
                    "gone",
                    Some("550 5.1.1 no such mailbox"),
                ),
                place("webhook", "hooks.example.edu", "muted", None),
            ],
            audiences: vec![self.t("Students"), self.t("Deans")],
        }
    }

    fn contacts(&self, words: &str, items: Vec<ContactLine>, all: u64) -> String {
        ContactList {
            frame: self.frame("Contacts", Nav::Audiences),
            words: self.t(words),
            more: items.len() > 1,
            items,
            all,
        }
        .render()
    }

    fn contact_page(&self, full: bool) -> String {
        let getting = |event: &str, title: &str, why: &[&str]| Getting {
            path: "/console/maintenances/MNT-1".into(),
            event: event.into(),
            title: self.t(title),
            because: why.iter().map(|why| self.t(why)).collect(),
        };
        let belonging = |name: &str, listed| Belonging {
            name: self.t(name),
            listed,
            level: Level::NonTechnical,
            channels: "email; sms after 15 min".into(),
            hears_of: "maintenance, incident; incidents of P1, P2, P3".into(),
            services: vec![self.t("Student portal"), self.t("Course pages")],
        };
        let open = vec![
            getting(
                "MNT-1",
                "Student database upgrade",
                &[
                    "Gets it as one of 'Students', which uses portal (database > portal), at level non-technical",
                    "Gets the announcement by sms at Mon 23 Nov 2026, 09:39 PST (UTC-08:00) if nothing has reached them by then",
                ],
            ),
            getting(
                "INC-7",
                "Wireless is slow in the library",
                &[
                    "Does not get it: is in none of the audiences that hear of it, 'On-call engineers'",
                ],
            ),
        ];
        let belongs = vec![belonging("Students", true), belonging("Deans", false)];
        ContactPage {
            frame: self.frame("Alice Example", Nav::Audiences),
            contact: self.contact("alice", Some("Alice Example")),
            facts: vec![
                ("Organisation", self.t("Faculty of Arts")),
                ("Reads", "German".into()),
            ],
            belongs: if full { belongs } else { Vec::new() },
            open: if full { open } else { Vec::new() },
        }
        .render()
    }

    fn search(&self, words: &str, found: bool) -> String {
        let item = |path: &str, title: &str, under: &str, dated: bool| Found {
            path: path.into(),
            title: self.t(title),
            under: self.t(under),
            at: dated.then(now),
        };
        let group = |name, icon, items| FoundGroup { name, icon, items };
        let groups = vec![
            group(
                "Events",
                "bell",
                vec![
                    item(
                        "/console/maintenances/MNT-1",
                        "Student database upgrade",
                        "MNT-1, scheduled",
                        true,
                    ),
                    item(
                        "/console/incidents/INC-7",
                        "Student portal: sign-in fails for some",
                        "INC-7, identified",
                        true,
                    ),
                ],
            ),
            group(
                "Services",
                "stack",
                vec![item(
                    "/console/services?of=portal#blast",
                    "Student portal",
                    "portal",
                    false,
                )],
            ),
            group(
                "Audiences",
                "people",
                vec![item(
                    "/console/audiences#audience-students",
                    "Students",
                    "students",
                    false,
                )],
            ),
        ];
        SearchPage {
            frame: self.frame("Search", Nav::Elsewhere),
            words: self.t(words),
            groups: if found { groups } else { Vec::new() },
        }
        .render()
    }

    pub(super) fn people(&self) -> Vec<(&'static str, String)> {
        let two = vec![
            self.contact("alice", Some("Alice Example")),
            self.contact("ops-hook", None),
        ];
        vec![
            ("contacts", self.contacts("", two, 12_640)),
            ("contacts-empty", self.contacts("", Vec::new(), 0)),
            (
                "contacts-nobody",
                self.contacts("zaphod", Vec::new(), 12_640),
            ),
            ("contact", self.contact_page(true)),
            ("contact-empty", self.contact_page(false)),
            ("search", self.search("student", true)),
            ("search-nothing", self.search("zaphod", false)),
            ("search-empty", self.search("", false)),
        ]
    }
}
