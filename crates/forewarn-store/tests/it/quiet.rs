//! Quiet hours: what can wait does not ring a phone in them.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::plan::Notice;
use forewarn_store::{Lane, Store};
use jiff::Timestamp;
use serde_json::json;

/// Somebody with a mailbox and a phone that is quiet.
fn sleeper(id: &str, from: &str, to: &str, zone: Option<&str>) -> Contact {
    let digits: String = id.bytes().map(|b| char::from(b'0' + b % 10)).collect();
    serde_json::from_value(json!({
        "id": id, "audiences": ["students"], "time_zone": zone, "quiet_hours": {"from": from, "to": to},
        "endpoints": [{"channel": "email", "address": format!("{id}@example.org")}, {"channel": "sms", "number": format!("+1415555{digits}")}]
    }))
    .unwrap()
}

fn ringing(id: &str, milestone: &str) -> Notice {
    Notice {
        channels: vec![Channel::Sms, Channel::Email],
        ..notice(id, milestone, 1)
    }
}

/// `contact channel due reason` of what waits, as the clock of the first of them shows it.
async fn waits(store: &Store, contacts: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for contact in contacts {
        for waiting in store.waiting("MNT-1", contact).await.unwrap() {
            let (channel, next, reason) = (waiting.channel, waiting.next_at, waiting.reason);
            lines.push(format!(
                "{contact} {channel} {next} {}",
                reason.unwrap_or_default()
            ));
        }
    }
    lines
}

on_both_databases! {
    async fn a_phone_does_not_ring_in_quiet_hours_for_what_can_wait(db: &Database) {
        // It is 9:10 in London, 4:10 in New York and 14:55 in Kathmandu.
        let list = [
            sleeper("london", "22:00", "07:00", Some("Europe/London")),
            sleeper("newyork", "22:00", "07:00", Some("America/New_York")),
            sleeper("nepal", "14:00", "15:30", Some("Asia/Kathmandu")),
            sleeper("nowhere", "00:00", "06:00", None),
        ];
        db.store.apply(&documents("organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}"), "ann", at(0), false).await.unwrap();
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![ringing("n1", "announcement")])).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 8);
        assert_eq!(waits(&db.store, &["london", "newyork", "nepal", "nowhere"]).await, [
            "london email 2026-11-22T09:10:00Z ",
            "london sms 2026-11-22T09:10:00Z ",
            "newyork email 2026-11-22T09:10:00Z ",
            "newyork sms 2026-11-22T12:00:00Z quiet hours until 2026-11-22 07:00 EST",
            "nepal email 2026-11-22T09:10:00Z ",
            "nepal sms 2026-11-22T09:45:00Z quiet hours until 2026-11-22 15:30 +0545",
            "nowhere email 2026-11-22T09:10:00Z ",
            "nowhere sms 2026-11-22T14:00:00Z quiet hours until 2026-11-22 06:00 PST",
        ]);
        let now = db.store.claim(Lane::Planned, "node", at(10), 99).await.unwrap();
        assert_eq!(now.len(), 5);
        let wake: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(db.store.claim(Lane::Planned, "node", wake, 99).await.unwrap().len(), 2);
    }

    async fn a_message_about_several_events_waits_as_long_as_its_most_urgent_part_can(db: &Database) {
        let list = [sleeper("ann", "08:00", "12:00", Some("Europe/London")), sleeper("bob", "08:00", "18:00", Some("Europe/London"))];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        for (event, start) in [("MNT-1", "2026-11-30T06:00[UTC]"), ("MNT-2", "2026-11-22T16:00[UTC]")] {
            let mut work = maintenance(event);
            let forewarn_core::event::Event::Maintenance(m) = &mut work else { unreachable!() };
            m.start = forewarn_core::time::CivilTime::parse(start, &forewarn_core::time::Zone::parse("UTC").unwrap()).unwrap();
            let told = Notice { channels: vec![Channel::Sms], ..notice(event, "announcement", 1) };
            publish(&db.store, &work, 0, &adding(vec![told])).await.unwrap();
        }
        let due = db.store.due_notices(Lane::Planned, at(2), 9).await.unwrap();
        let day: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert!(db.store.bundle(&due[0], day, at(2)).await.unwrap());
        for begun in begin(&db.store, Lane::Planned, at(2)).await {
            expand(&db.store, &begun, at(2)).await;
        }
        // Not before it is let go, and not after that in quiet hours; Bob's would last until one of the works has begun.
        db.store.settle(at(3)).await.unwrap();
        let found = waits(&db.store, &["ann", "bob"]).await;
        assert_eq!(found, [
            "ann sms 2026-11-22T12:00:00Z quiet hours until 2026-11-22 12:00 GMT",
            "bob sms 2026-11-22T09:03:00Z ",
        ]);
        let now = db.store.claim(Lane::Planned, "node", at(3), 9).await.unwrap();
        assert_eq!(now.iter().map(|c| c.contact.as_str()).collect::<Vec<_>>(), ["bob", "bob"]);
        let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(db.store.claim(Lane::Planned, "node", noon, 9).await.unwrap().len(), 2);
    }

    async fn what_is_urgent_rings_at_any_hour(db: &Database) {
        db.store.import_contacts(&[sleeper("ann", "00:00", "23:00", Some("Europe/London"))], "ann", at(0)).await.unwrap();
        let event = maintenance("MNT-1");
        let mut sequence = 0;
        for milestone in ["final_reminder", "start", "progress", "delay", "reschedule", "extension", "cancellation", "completion"] {
            send_out(&db.store, &event, sequence, vec![ringing(milestone, milestone)], 10).await;
            let found = waits(&db.store, &["ann"]).await;
            assert!(found.contains(&"ann sms 2026-11-22T09:10:00Z ".to_owned()), "{milestone}: {found:?}");
            sequence += 1;
        }
        for milestone in ["announcement", "reminder", "leadership", "post_event_reminder", "hypercare"] {
            send_out(&db.store, &event, sequence, vec![ringing(milestone, milestone)], 10).await;
            let found = waits(&db.store, &["ann"]).await;
            assert!(found.contains(&"ann sms 2026-11-22T23:00:00Z quiet hours until 2026-11-22 23:00 GMT".to_owned()), "{milestone}: {found:?}");
            sequence += 1;
        }
        let broken = incident("INC-1");
        send_out(&db.store, &broken, 0, vec![ringing("i", "holding")], 10).await;
        let waiting = db.store.waiting("INC-1", "ann").await.unwrap();
        assert!(waiting.len() == 2 && waiting.iter().all(|w| w.next_at == at(10)), "{waiting:?}");
    }

    async fn quiet_hours_never_last_past_the_start(db: &Database) {
        // Work starts on the 30th at 6:00 UTC; it is the evening before.
        let night: Timestamp = "2026-11-30T04:00:00Z".parse().unwrap();
        let list = [sleeper("early", "00:00", "05:59", Some("UTC")), sleeper("late", "00:00", "06:00", Some("UTC"))];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![ringing("n1", "reminder")])).await.unwrap();
        begin(&db.store, Lane::Planned, night).await;
        expand(&db.store, "n1", night).await;
        assert_eq!(waits(&db.store, &["early", "late"]).await, [
            "early email 2026-11-30T04:00:00Z ",
            "early sms 2026-11-30T05:59:00Z quiet hours until 2026-11-30 05:59 UTC",
            "late email 2026-11-30T04:00:00Z ",
            "late sms 2026-11-30T04:00:00Z ",
        ]);
    }

    async fn a_second_try_waits_for_their_end_too(db: &Database) {
        db.store.import_contacts(&[sleeper("ann", "09:30", "11:00", Some("Europe/London"))], "ann", at(0)).await.unwrap();
        send_out(&db.store, &maintenance("MNT-1"), 0, vec![ringing("n1", "announcement")], 10).await;
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        let tried: Vec<_> = claimed.iter().map(|c| refused(c, at(10), 30)).collect();
        assert_eq!(tried.len(), 2);
        db.store.record("node", &tried).await.unwrap();
        assert_eq!(waits(&db.store, &["ann"]).await, [
            "ann email 2026-11-22T09:40:00Z 451 later",
            "ann sms 2026-11-22T11:00:00Z quiet hours until 2026-11-22 11:00 GMT",
        ]);
    }

    async fn a_list_that_comes_again_leaves_quiet_hours_alone(db: &Database) {
        let ann = sleeper("ann", "22:00", "07:00", None);
        db.store.import_contacts(std::slice::from_ref(&ann), "ann", at(0)).await.unwrap();
        let listed = Contact { quiet_hours: None, name: Some("Ann".into()), ..ann.clone() };
        db.store.import_contacts(&[listed], "ann", at(1)).await.unwrap();
        let found = db.store.contact("ann").await.unwrap().unwrap().contact;
        assert_eq!((found.name.as_deref(), found.quiet_hours), (Some("Ann"), ann.quiet_hours));
    }
}
