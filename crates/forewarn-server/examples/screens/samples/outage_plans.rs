//! Outage plans with sample data: the list, a plan that is nearly complete, one that is empty, and the card.

use super::{Samples, at, id};
use forewarn_core::audience::Level;
use forewarn_core::contact::EmailAddress;
use forewarn_core::document::Catalogue;
use forewarn_core::outage_plan::{OutagePlan, Prepared, SignOff};
use forewarn_server::console::*;
use forewarn_server::ops::outage_plan::{Judged, ToCall};
use jiff::civil::date;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

impl Samples {
    fn judged(&self, service: &str) -> Judged {
        let mut services = self.services();
        for service in &mut services {
            if service.id == *"portal" {
                service.business_owner = Some(address("registrar@example.edu"));
                service.spokespersons =
                    vec![address("kim@example.edu"), address("lee@example.edu")];
                service.outage_plan = Some(Prepared {
                    holding: [
                        (Level::NonTechnical, self.t("You cannot sign in to the student portal.")),
                        (Level::Technical, self.t("Sign-in to the portal fails; the course pages still work.")),
                    ]
                    .into(),
                    first_steps: Some(self.t("Look at the dashboard. If the database does not answer, call the data centre (the number is on the door).\nWrite down what you try.")),
                    stakeholders: vec![address("registrar@example.edu"), address("dean@example.edu")],
                    review_by: Some(date(2027, 3, 31)),
                });
            }
        }
        let catalogue = Catalogue {
            services,
            audiences: self.audiences(),
            ..Catalogue::default()
        };
        let plan = OutagePlan::of(&id(service), &catalogue).expect("a service");
        let signed = SignOff {
            stakeholder: address("registrar@example.edu"),
            version: plan.version(),
            at: at("2026-10-02T09:00:00Z"),
        };
        let signed = plan.prepared.stakeholders.first().map(|_| signed);
        let mut judged = Judged::of(plan, signed.into_iter().collect(), date(2026, 11, 23));
        if service == "portal" {
            let number = |address: &str, number: &str| (address.to_owned(), number.to_owned());
            judged.numbers = [number("kim@example.edu", "+14155550142")].into();
            judged.to_call = vec![
                ToCall {
                    name: self.t("Chief information officer"),
                    number: Some("+14155550143".into()),
                    when: "P1".into(),
                },
                ToCall {
                    name: self.t("Data centre"),
                    number: None,
                    when: "every severity".into(),
                },
            ];
        }
        judged
    }

    /// Every screen about outage plans.
    pub fn outage_plans(&self) -> Vec<(String, String)> {
        let list = |items| OutagePlanList {
            frame: self.frame("Outage plans", Nav::Services),
            items,
        };
        let plan = |judged| OutagePlanPage {
            frame: self.frame("Outage plan", Nav::Services),
            judged,
            typed: Typed::default(),
        };
        let card = |judged| OutageCard {
            judged,
            organisation: self.t("Example University"),
            declare: "https://status.example.edu/console/incidents/new?service=portal".into(),
            made: "23 November 2026, 09:24 America/Los_Angeles".into(),
        };
        let services = ["portal", "video", "mail"].map(|id| {
            let path = format!("/console/services/{id}/card");
            (path, self.judged(id).plan.name)
        });
        let cards = OutageCards {
            organisation: self.t("Example University"),
            items: services.to_vec(),
            made: "23 November 2026, 09:24 America/Los_Angeles".into(),
        };
        let pages = vec![
            (
                "outage-plans",
                list(vec![
                    self.judged("video"),
                    self.judged("mail"),
                    self.judged("portal"),
                ])
                .render(),
            ),
            ("outage-plans-empty", list(vec![]).render()),
            ("outage-plan", plan(self.judged("portal")).render()),
            ("outage-plan-empty", plan(self.judged("video")).render()),
            ("outage-card", card(self.judged("portal")).render()),
            ("outage-card-empty", card(self.judged("video")).render()),
            ("outage-cards", cards.render()),
        ];
        let named = |(name, page): (&str, String)| (format!("console-{name}"), page);
        pages.into_iter().map(named).collect()
    }
}
