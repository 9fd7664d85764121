//! Standard windows that come round: each occurrence is told of once, with what it is used for at that moment.

use super::house::{House, begin, engine, hook_contact};
use crate::database::{Database, Kind};
use forewarn_core::document::Documents;
use forewarn_core::event::Event;
use forewarn_engine::peer::http::{self, HttpPeer};
use forewarn_engine::peer::smtp::Script;
use forewarn_store::{Clock, EventFilter, NoticeFilter};
use serde_json::Value;
use std::collections::BTreeSet;

/// The wiki's window is on Sunday evenings; people hear of it two business days before.
const WINDOW: &str = "{rrule: FREQ=WEEKLY;BYDAY=SU, start: '22:00', duration: PT4H, tell: 2bd}";

struct Windows {
    house: House,
    hooks: HttpPeer,
}

impl Windows {
    async fn new(kind: Kind) -> Windows {
        let hooks = HttpPeer::start(http::Script::new()).await.unwrap();
        // In two audiences that use the wiki, and told once.
        let contacts = vec![hook_contact(
            "Ops",
            &["staff", "guests"],
            &hooks.url("/hook"),
        )];
        let clock = Clock::manual(begin());
        let house = House::on(Database::fresh(kind), clock, contacts, Script::default()).await;
        let windows = Windows { house, hooks };
        let guests = "audiences: [{id: guests, name: Guests, level: non_technical, channels: [webhook], services: [wiki]}]";
        windows.apply(guests).await;
        windows.set_window(WINDOW).await;
        windows
    }

    async fn apply(&self, yaml: &str) {
        let known = self.house.store.catalogue().await.unwrap();
        let texts = [(String::new(), yaml.to_owned())];
        let documents = Documents::parse_yaml(&texts, &known, "MNT-X").unwrap();
        let now = self.house.clock.now();
        self.house
            .store
            .apply(&documents, "ann", now, false)
            .await
            .unwrap();
    }

    async fn set_window(&self, window: &str) {
        let service = format!(
            "services: [{{id: wiki, name: Wiki, owner: web@example.edu, windows: [{window}]}}]"
        );
        self.apply(&service).await;
    }

    async fn at(&self, time: &str) {
        self.house.clock.set(time.parse().unwrap());
        self.house.engine.tick().await.unwrap();
    }

    async fn cancel(&mut self, id: &str) {
        let stored = self.house.store.event(id).await.unwrap().unwrap();
        let Event::Maintenance(m) = stored.event else {
            panic!("{id} is none");
        };
        let m = m.cancel(self.house.clock.now()).unwrap();
        let (operator, store) = (&mut self.house.operator, &self.house.store);
        assert!(
            operator
                .publish_maintenance(store, m, stored.sequence, Some("cancellation"))
                .await
        );
    }

    /// What was told of windows: when, and the subject.
    fn told(&self) -> Vec<String> {
        let bodies = self.hooks.requests().into_iter();
        let bodies = bodies.map(|r| serde_json::from_slice::<Value>(&r.body).unwrap());
        bodies
            .filter(|body| body["type"] == "window.window_use")
            .map(|body| {
                format!("{} {}", body["timestamp"], body["data"]["subject"]).replace('"', "")
            })
            .collect()
    }

    /// Notices of windows that are in this status: when they are due, and to whom.
    async fn notices(&self, status: &str) -> Vec<String> {
        let filter = NoticeFilter {
            status: Some(status.into()),
            ..NoticeFilter::default()
        };
        let all = self.house.store.notices(&filter, 1_000).await.unwrap();
        let windows = all.into_iter().filter(|n| n.milestone == "window_use");
        windows
            .map(|n| format!("{} {}", n.due, n.audience))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

async fn the_use_is_told_as_it_is_when_the_notice_begins(kind: Kind) {
    let mut windows = Windows::new(kind).await;
    windows.house.plan("{id: MNT-1, title: New disks, services: [wiki], start: '2026-11-29T22:30', end: '2026-11-30T01:00'}").await;
    windows.house.plan("{id: MNT-2, title: New cables, services: [wiki], start: '2026-12-06T22:00', end: '2026-12-06T23:00'}").await;
    windows.house.plan("{id: MNT-3, title: Elsewhere, services: [portal], start: '2026-12-06T22:00', end: '2026-12-06T23:00'}").await;
    // Tonight's window: its time to tell has passed, and it has not begun.
    windows.at("2026-11-22T17:00:00Z").await;
    let tonight = "2026-11-22T17:00:00Z Example University: Wiki window 22 Nov not used";
    assert_eq!(windows.told(), [tonight]);
    // Thanksgiving lies between.
    windows.at("2026-11-25T17:00:00Z").await;
    let used = "2026-11-25T17:00:00Z Example University: Wiki window 29 Nov in use";
    assert_eq!(windows.told(), [tonight, used]);
    // What changes afterwards is told by the work's own notices.
    windows.cancel("MNT-1").await;
    windows.cancel("MNT-2").await;
    windows.at("2026-11-30T09:00:00Z").await;
    assert_eq!(windows.told(), [tonight, used]);
    windows.at("2026-12-03T17:00:00Z").await;
    let unused = "2026-12-03T17:00:00Z Example University: Wiki window 6 Dec not used";
    assert_eq!(windows.told(), [tonight, used, unused]);
    // Told two days ahead or one, it is told once.
    windows.set_window(&WINDOW.replace("2bd", "1bd")).await;
    windows.at("2026-12-04T18:00:00Z").await;
    assert_eq!(windows.told().len(), 3);
    assert_eq!(
        windows.notices("planned").await[..2],
        ["2026-12-11T17:00:00Z guests", "2026-12-11T17:00:00Z staff"]
    );
}

async fn a_window_that_is_changed_takes_its_notices_along(kind: Kind) {
    let mut windows = Windows::new(kind).await;
    windows.at("2026-11-24T17:00:00Z").await;
    let dates = [
        "2026-11-25",
        "2026-12-03",
        "2026-12-10",
        "2026-12-17",
        "2026-12-23",
    ];
    let expected = |dates: &[&str]| -> Vec<String> {
        let both = dates
            .iter()
            .flat_map(|d| ["guests", "staff"].map(|a| format!("{d}T17:00:00Z {a}")));
        both.collect()
    };
    assert_eq!(windows.notices("planned").await, expected(&dates));
    // Again, after a restart and by another node: nothing changes.
    let entries = windows
        .house
        .store
        .journal(None, None, 1_000)
        .await
        .unwrap()
        .len();
    windows.house.engine.plan_windows().await.unwrap();
    windows.house.restart("second").await;
    windows.house.engine.plan_windows().await.unwrap();
    let other = engine(
        &windows.house.store,
        &windows.house.clock,
        &windows.house.smtp,
        "third",
    );
    other.plan_windows().await.unwrap();
    assert_eq!(
        windows
            .house
            .store
            .journal(None, None, 1_000)
            .await
            .unwrap()
            .len(),
        entries
    );
    // One does not happen, another happens elsewhere.
    let changed = WINDOW.replace(
        "}",
        ", exdates: [2026-12-06], moved: {2026-12-13: 2026-12-16T22:00}}",
    );
    windows.set_window(&changed).await;
    windows.house.engine.plan_windows().await.unwrap();
    let dates = ["2026-11-25", "2026-12-14", "2026-12-17", "2026-12-23"];
    assert_eq!(windows.notices("planned").await, expected(&dates));
    assert_eq!(
        windows.notices("cancelled").await,
        expected(&["2026-12-03"])
    );
    // It happens after all.
    windows.set_window(WINDOW).await;
    windows.house.engine.plan_windows().await.unwrap();
    assert_eq!(windows.notices("planned").await.len(), 10);
    assert!(windows.notices("cancelled").await.is_empty());
    // Nobody is to be told any more.
    windows.set_window(&WINDOW.replace(", tell: 2bd", "")).await;
    windows.house.engine.plan_windows().await.unwrap();
    assert!(windows.notices("planned").await.is_empty());
    assert_eq!(windows.notices("cancelled").await.len(), 10);
    // Windows are not among what people plan or declare.
    let events = windows
        .house
        .store
        .events(&EventFilter::default(), 100)
        .await
        .unwrap();
    assert!(events.is_empty(), "{events:?}");
    assert_eq!(
        windows.house.store.verify_journal().await.unwrap().broken,
        None
    );
}

#[tokio::test]
async fn the_use_is_told_as_it_is_when_the_notice_begins_on_sqlite() {
    the_use_is_told_as_it_is_when_the_notice_begins(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_use_is_told_as_it_is_when_the_notice_begins_on_postgres() {
    the_use_is_told_as_it_is_when_the_notice_begins(Kind::Postgres).await;
}

#[tokio::test]
async fn a_window_that_is_changed_takes_its_notices_along_on_sqlite() {
    a_window_that_is_changed_takes_its_notices_along(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_window_that_is_changed_takes_its_notices_along_on_postgres() {
    a_window_that_is_changed_takes_its_notices_along(Kind::Postgres).await;
}

#[tokio::test]
async fn a_notice_that_comes_too_late_for_its_window_is_not_sent() {
    let windows = Windows::new(Kind::Sqlite).await;
    windows.house.engine.plan_windows().await.unwrap();
    // The program stood still from before its time until the window was over.
    windows.at("2026-11-23T12:00:00Z").await;
    assert_eq!(windows.told(), Vec::<String>::new());
    // Nor when it begins at this very moment.
    windows.at("2026-11-30T06:00:00Z").await;
    assert_eq!(windows.told(), Vec::<String>::new());
}
