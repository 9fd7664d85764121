//! What people of ours are reminded of: events that stand in no list, and the actions that some are about.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::EmailAddress;
use forewarn_core::event::Event;
use forewarn_core::plan::Changes;
use forewarn_core::postmortem::{Action, Postmortem};
use forewarn_core::reminder::{About, Reminder};
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::{Beside, Entry, EventFilter, Lane, Published};
use std::collections::BTreeSet;

fn reminder(name: &str, dropped: bool) -> Event {
    Event::Reminder(Reminder {
        id: id(name),
        title: "Outage plan of Portal".into(),
        about: About::Review {
            service: id("portal"),
        },
        services: vec![id("portal")],
        due: CivilTime::of(at(60), &Zone::utc()),
        to: vec![EmailAddress::parse("web@example.edu").unwrap()],
        dropped,
    })
}

fn action(what: &str, due: Option<&str>) -> Action {
    Action {
        what: what.into(),
        owner: "kim@example.edu".into(),
        due: due.map(|due| due.parse().unwrap()),
        done: false,
    }
}

on_both_databases! {
    async fn open_ones_come_with_their_notices_and_stand_in_no_list(db: &Database) {
        for name in ["REV-1", "REV-2"] {
            let told = to("internal", notice(&format!("n{name}"), "plan_review", 10));
            publish(&db.store, &reminder(name, false), 0, &adding(vec![told])).await.unwrap();
        }
        publish(&db.store, &maintenance("MNT-1"), 0, &Changes::default()).await.unwrap();
        assert_eq!(begin(&db.store, Lane::Planned, at(15)).await, ["nREV-1", "nREV-2"]);
        publish(&db.store, &reminder("REV-2", true), 1, &Changes::default()).await.unwrap();
        let open = db.store.open_reminders().await.unwrap();
        let shown: Vec<_> = open
            .iter()
            .flat_map(|(id, (event, notices))| notices.iter().map(move |n| (id.as_str(), event.sequence, n.id.as_str(), n.told)))
            .collect();
        assert_eq!(shown, [("REV-1", 1, "nREV-1", true)]);
        let all = db.store.events(&EventFilter::default(), 9).await.unwrap();
        assert_eq!(all.iter().map(|e| e.event.id().as_str()).collect::<Vec<_>>(), ["MNT-1"]);
        // A copy in the other database is read as it was written.
        assert_eq!(db.store.event("REV-2").await.unwrap().unwrap().event, reminder("REV-2", true));
    }

    async fn what_is_to_be_done_is_published_has_a_day_and_is_not_done(db: &Database) {
        let written = Postmortem {
            actions: vec![action("no day", None), action("by a day", Some("2026-12-01")), action("done", Some("2026-12-01"))],
            ..Postmortem::default()
        };
        for (name, is_published) in [("INC-1", true), ("INC-2", false)] {
            let event = incident(name);
            publish(&db.store, &event, 0, &Changes::default()).await.unwrap();
            db.store.save_postmortem(name, 0, &written, "kim", at(0)).await.unwrap();
            db.store.tick_action(name, 3, true, "kim", at(1)).await.unwrap();
            if is_published {
                let published = Published {
                    event: &event,
                    expected: 1,
                    changes: &Changes::default(),
                    occasion: &Default::default(),
                    awaiting: &BTreeSet::new(),
                    entries: &[Entry::new("kim", "incident.postmortem_published", name)],
                    plan: None,
                    answer: None,
                };
                let beside = [Beside::Explained(name.into(), 1)];
                db.store.publish_together(&[published], &beside, at(2)).await.unwrap();
            }
        }
        let explained = db.store.explained().await.unwrap();
        assert_eq!(explained.len(), 1);
        assert_eq!(explained[0].incident.id, id("INC-1"));
        assert_eq!(explained[0].actions, [(2, action("by a day", Some("2026-12-01")))]);
        db.store.tick_action("INC-1", 2, true, "kim", at(3)).await.unwrap();
        assert!(db.store.explained().await.unwrap().is_empty());
    }
}
