//! Standard windows that come round, and the calendar of changes.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::event::Event;
use forewarn_core::plan::Changes;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_core::window_use::WindowUse;
use forewarn_store::{EventFilter, Lane, StoreError};

/// A window that begins after so many minutes and lasts an hour.
fn window(name: &str, begins: i64) -> Event {
    Event::Window(WindowUse {
        id: id(name),
        title: "Maintenance window of Portal".into(),
        service: id("portal"),
        start: CivilTime::of(at(begins), &Zone::utc()),
        end: CivilTime::of(at(begins + 60), &Zone::utc()),
        dropped: false,
    })
}

on_both_databases! {
    async fn windows_ahead_come_with_their_notices_and_stand_in_no_list(db: &Database) {
        for (name, begins) in [("WIN-1", 60), ("WIN-2", 120), ("WIN-3", 180)] {
            let told = notice(&format!("n{name}"), "window_use", begins - 50);
            publish(&db.store, &window(name, begins), 0, &adding(vec![told])).await.unwrap();
        }
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n", "start", 90)])).await.unwrap();
        assert_eq!(begin(&db.store, Lane::Planned, at(15)).await, ["nWIN-1"]);
        let ahead = db.store.windows_ahead(at(59)).await.unwrap();
        let shown: Vec<_> = ahead
            .values()
            .flat_map(|(event, notices)| notices.iter().map(|n| (event.sequence, n.id.as_str(), n.told, n.open)))
            .collect();
        assert_eq!(shown, [(1, "nWIN-1", true, false), (1, "nWIN-2", false, true), (1, "nWIN-3", false, true)]);
        // One that begins now is not ahead.
        let ahead = db.store.windows_ahead(at(60)).await.unwrap();
        assert_eq!(ahead.keys().collect::<Vec<_>>(), ["WIN-2", "WIN-3"]);
        let all = db.store.events(&EventFilter::default(), 9).await.unwrap();
        assert_eq!(all.iter().map(|e| e.event.id().as_str()).collect::<Vec<_>>(), ["MNT-1"]);
        let windows = EventFilter { kind: Some("window"), ..EventFilter::default() };
        assert_eq!(db.store.events(&windows, 9).await.unwrap().len(), 3);
        // Of two nodes that plan it the second is refused, and what began is not withdrawn.
        let again = publish(&db.store, &window("WIN-2", 120), 0, &Changes::default()).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        let withdrawn = Changes { withdrawn: vec!["nWIN-1".into()], ..Changes::default() };
        let late = publish(&db.store, &window("WIN-1", 60), 1, &withdrawn).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    }

    async fn the_calendar_of_changes_counts_what_changed(db: &Database) {
        let entry = |title: &str| documents(&format!(
            "changes_ahead: [{{id: b, title: {title}, kind: release, when: Q3 2027}}, {{id: a, title: A, kind: release, when: 2027}}]"
        ));
        let counted = || async {
            let all = db.store.changes_ahead().await.unwrap();
            all.into_iter().map(|c| (c.change.title, c.changes, c.changed_at)).collect::<Vec<_>>()
        };
        db.store.apply(&entry("B"), "ann", at(0), false).await.unwrap();
        db.store.apply(&entry("B"), "ann", at(1), false).await.unwrap();
        assert_eq!(counted().await, [("B".to_owned(), 0, at(0)), ("A".to_owned(), 0, at(0))]);
        db.store.apply(&entry("Bee"), "ann", at(2), false).await.unwrap();
        assert_eq!(counted().await, [("Bee".to_owned(), 1, at(2)), ("A".to_owned(), 0, at(0))]);
        assert!(db.store.remove_document("changes_ahead", "b", "ann", at(3)).await.unwrap());
        assert_eq!(counted().await, [("A".to_owned(), 0, at(0))]);
    }
}
