//! The fatigue guard: three events that would be announced on one day are told in one message, and nobody misses anything by it.

use super::house::{House, begin, engine_over, hook_contact, mail_contact, soon};
use super::phones::channels;
use crate::database::{Database, Kind};
use forewarn_core::contact::Contact;
use forewarn_core::delivery::{DeliveryStatus, Receipt};
use forewarn_core::document::Documents;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_engine::peer::http::{self, HttpPeer};
use forewarn_engine::peer::phone::PhonePeer;
use forewarn_engine::peer::smtp::{Act, Fault, Received, Script, Stage};
use forewarn_store::{Clock, NoticeFilter};
use std::sync::Arc;

const AUDIENCES: &str = "
audiences:
  - {id: customers, name: Students, level: non_technical, channels: [email], services: [portal]}
  - {id: staff, name: Staff, level: semi_technical, channels: [email, webhook], services: [portal, wiki]}";

async fn house(kind: Kind, contacts: Vec<Contact>, script: Script) -> House {
    let clock = Clock::manual(begin());
    let house = House::on(Database::fresh(kind), clock, contacts, script).await;
    apply(&house, AUDIENCES).await;
    house
}

async fn apply(house: &House, yaml: &str) {
    let known = house.store.catalogue().await.unwrap();
    let texts = [(String::new(), yaml.to_owned())];
    let documents = Documents::parse_yaml(&texts, &known, "MNT-X").unwrap();
    let now = house.clock.now();
    let applied = house.store.apply(&documents, "ann", now, false).await;
    applied.unwrap();
}

/// Three works on three evenings of one week; their announcements fall due at the same hour, the third one's an hour later.
async fn three(house: &mut House) {
    for (id, service, day) in [
        ("MNT-1", "portal", 3),
        ("MNT-2", "wiki", 3),
        ("MNT-3", "portal", 4),
    ] {
        let start = format!("2026-12-0{day}T22:00");
        let end = format!("2026-12-0{day}T23:00");
        let text = format!(
            "{{id: {id}, title: Work {id}, services: [{service}], start: '{start}', end: '{end}'}}"
        );
        house.plan(&text).await;
    }
}

fn subject(mail: &Received) -> String {
    let text = String::from_utf8_lossy(&mail.data).replace("\r\n ", " ");
    let line = text.lines().find_map(|l| l.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

fn body(mail: &Received) -> String {
    String::from_utf8_lossy(&mail.data).replace("=\r\n", "")
}

/// The part of a mail that is not HTML.
fn plain(body: &str) -> &str {
    body.split_once("text/html")
        .map_or(body, |(plain, _)| plain)
}

/// Until the day before the first work.
async fn until(house: &House, time: &str) {
    let end = time.parse().unwrap();
    while house.next_due().await <= end {
        house.let_one_more_pass().await;
    }
}

async fn cancel(house: &mut House, id: &str) {
    let stored = house.store.event(id).await.unwrap().unwrap();
    let Event::Maintenance(m) = stored.event else {
        panic!("{id} is none");
    };
    let m = m.cancel(house.clock.now()).unwrap();
    let (operator, store) = (&mut house.operator, &house.store);
    assert!(
        operator
            .publish_maintenance(store, m, stored.sequence, Some("cancellation"))
            .await
    );
}

macro_rules! on_both {
    ($(async fn $name:ident($kind:ident) $body:block)*) => { $(
        mod $name {
            use super::*;
            async fn holds($kind: Kind) $body
            #[tokio::test]
            async fn on_sqlite() { holds(Kind::Sqlite).await; }
            #[tokio::test]
            async fn on_postgres() { holds(Kind::Postgres).await; }
        }
    )* };
}

on_both! {
    async fn three_events_of_one_day_are_one_message(kind) {
        let hooks = HttpPeer::start(http::Script::new()).await.unwrap();
        let chose = Contact { services: vec![Id::parse("wiki").unwrap()], ..mail_contact("Wim", &["staff"]) };
        let contacts = vec![mail_contact("Ann", &["staff"]), chose, hook_contact("Ops", &["staff"], &hooks.url("/hook"))];
        let mut house = house(kind, contacts, Script::default()).await;
        three(&mut house).await;
        // 25 November, 9:00 in California: five business days before the third, which is the day before Thanksgiving.
        until(&house, "2026-11-27T20:00:00Z").await;
        let mails = house.mails_to("ann@example.org");
        let subjects: Vec<String> = mails.iter().map(|m| subject(m)).collect();
        assert_eq!(mails.len(), 2, "{subjects:?}");
        assert!(subjects[0].contains("what is planned"), "{subjects:?}");
        let told = body(&mails[0]);
        for id in ["MNT-1", "MNT-2"] {
            assert!(told.contains(&format!("/events/{id}")), "{told}");
        }
        // The third is announced on another day, by itself.
        assert!(body(&mails[1]).contains("/events/MNT-3") && !body(&mails[1]).contains("/events/MNT-1"), "{subjects:?}");
        // Who chose one of the services gets the plain message, machines one for each event.
        let wim = house.mails_to("wim@example.org");
        assert_eq!(wim.len(), 1);
        assert!(subject(&wim[0]).contains("Wiki") && !body(&wim[0]).contains("MNT-1"), "{}", body(&wim[0]));
        assert_eq!(hooks.requests().len(), 3);
        // Each event has its own record of it, with the same message.
        let all = house.deliveries().await;
        let anns: Vec<_> = all.iter().filter(|d| d.contact == "Ann").collect();
        assert_eq!(anns.len(), 3);
        assert!(anns.iter().all(|d| d.status == DeliveryStatus::Accepted));
        let notices = house.store.notices(&NoticeFilter::default(), 1000).await.unwrap();
        let because = notices.iter().filter(|n| n.because.contains("told in one message with")).count();
        assert_eq!(because, 2);
    }

    async fn a_text_message_sums_up_what_one_day_would_tell(kind) {
        let ann: Contact = serde_json::from_value(serde_json::json!({"id": "Ann", "audiences": ["phones"],
            "endpoints": [{"channel": "sms", "number": "+14155550100"}]})).unwrap();
        let mut house = house(kind, vec![ann], Script::default()).await;
        apply(&house, "audiences: [{id: phones, name: Phones, level: non_technical, channels: [sms], services: [portal, wiki]}]").await;
        house.operator.catalogue = house.store.catalogue().await.unwrap();
        let clock = house.clock.clone();
        let peer = PhonePeer::start(move || clock.now(), |_| None).await.unwrap();
        house.engine = Arc::new(engine_over(&house.store, &house.clock, channels(&peer), "first"));
        three(&mut house).await;
        house.declare("INC-1", "wiki").await;
        while house.next_due().await <= "2026-11-25T18:00:00Z".parse().unwrap() {
            soon(house.let_one_more_pass()).await;
        }
        let told: Vec<String> = peer.taken().iter().map(|t| t.body.clone()).collect();
        let (trouble, planned): (Vec<&String>, Vec<&String>) = told.iter().partition(|text| text.contains("/events/INC-1"));
        // Nobody waits with what is urgent, and the third work is announced on another day.
        assert!(!trouble.is_empty() && trouble[0].contains("You cannot sign in."), "{told:#?}");
        assert_eq!(planned.len(), 1, "{told:#?}");
        for part in ["Example University: 2 changes are planned. ", "Wiki maintenance, 3 Dec", "Student portal work, 3 Dec", ". https://status.example.edu/calendar"] {
            assert!(planned[0].contains(part), "{part}: {planned:?}");
        }
        // What became of the one message is heard of both works.
        let rows = house.deliveries().await;
        let rows: Vec<_> = rows.iter().filter(|d| d.bundled.is_some()).collect();
        assert_eq!(rows.iter().map(|d| d.event.as_str()).collect::<std::collections::BTreeSet<_>>(), ["MNT-1", "MNT-2"].into());
        assert!(rows.iter().all(|d| d.status == DeliveryStatus::Accepted), "{rows:#?}");
        assert!(house.store.receipt(&rows[1].id, &Receipt::Delivered, house.clock.now()).await.unwrap());
        let rows = house.deliveries().await;
        assert!(rows.iter().filter(|d| d.bundled.is_some()).all(|d| d.status == DeliveryStatus::Delivered), "{rows:#?}");
    }

    async fn who_is_asked_to_confirm_is_told_of_each_work_by_itself(kind) {
        let mut house = house(kind, vec![mail_contact("Ann", &["staff"])], Script::default()).await;
        let asked = AUDIENCES.replace("services: [portal, wiki]}", "services: [portal, wiki], acknowledge: asked}");
        apply(&house, &asked).await;
        house.operator.catalogue = house.store.catalogue().await.unwrap();
        three(&mut house).await;
        until(&house, "2026-11-25T17:10:00Z").await;
        let mails = house.mails_to("ann@example.org");
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().all(|mail| body(mail).contains("/confirm/")), "{}", body(&mails[0]));
    }

    async fn a_moderator_has_a_version_to_forward_also_by_a_richer_audience(kind) {
        let contacts = vec![mail_contact("Ann", &["staff", "clubs"]), mail_contact("Bob", &["staff"])];
        let mut house = house(kind, contacts, Script::default()).await;
        apply(&house, "audiences: [{id: clubs, name: Clubs, level: non_technical, forwardable: true, services: [portal, wiki]}]").await;
        house.operator.catalogue = house.store.catalogue().await.unwrap();
        three(&mut house).await;
        house.let_pass().await;
        let read = |who: &str| house.mails_to(who).iter().map(|m| body(m)).collect::<Vec<String>>();
        let (ann, bob) = (read("ann@example.org"), read("bob@example.org"));
        assert_eq!(ann.len(), bob.len());
        assert!(ann.iter().all(|mail| mail.contains("For your people")), "{ann:#?}");
        assert!(!bob.iter().any(|mail| mail.contains("For your people")), "{bob:#?}");
        // A message about two works has a version of each, and none of the two together.
        let several = ann.iter().filter(|mail| mail.contains("/events/MNT-1") && mail.contains("/events/MNT-2"));
        let versions: Vec<usize> = several.map(|mail| plain(mail).matches("For your people").count()).collect();
        assert_eq!(versions, [2, 2]);
    }

    async fn the_day_before_and_what_follows_is_told_one_by_one(kind) {
        let mut house = house(kind, vec![mail_contact("Ann", &["staff"])], Script::default()).await;
        three(&mut house).await;
        house.let_pass().await;
        let subjects: Vec<String> = house.mails_to("ann@example.org").iter().map(|m| subject(m)).collect();
        let digests = subjects.iter().filter(|s| s.contains("what is planned")).count();
        // Announcements of the first two, and their reminders a business day ahead.
        assert_eq!(digests, 2, "{subjects:#?}");
        let starts = subjects.iter().filter(|s| s.contains("has started") || s.contains("begun") || s.contains("starts now")).count();
        assert_eq!(starts, 3, "{subjects:#?}");
        house.is_sound(&["planned"]).await;
    }

    async fn what_was_cancelled_meanwhile_is_left_out_and_holds_up_nobody(kind) {
        // The server takes no mail at first: the bundle waits in the queue.
        let script = Script::default().fault(Fault::new(Stage::Mail, Act::Reply("451 4.3.0 later".into())).times(1));
        let mut house = house(kind, vec![mail_contact("Ann", &["staff"])], script).await;
        three(&mut house).await;
        until(&house, "2026-11-25T17:00:00Z").await;
        assert!(house.mails_to("ann@example.org").is_empty());
        cancel(&mut house, "MNT-2").await;
        until(&house, "2026-11-25T20:00:00Z").await;
        let mails = house.mails_to("ann@example.org");
        let told: Vec<String> = mails.iter().map(|m| subject(m)).collect();
        assert_eq!(mails.len(), 2, "{told:?}");
        let first = mails.iter().find(|m| body(m).contains("/events/MNT-1")).expect("the first work is told");
        assert!(!body(first).contains("/events/MNT-2"), "{}", body(first));
    }

    async fn who_stands_in_two_audiences_is_told_of_each_event_once(kind) {
        let mut house = house(kind, vec![mail_contact("Ann", &["staff", "customers"])], Script::default()).await;
        three(&mut house).await;
        until(&house, "2026-11-27T20:00:00Z").await;
        let mails = house.mails_to("ann@example.org");
        for id in ["MNT-1", "MNT-2", "MNT-3"] {
            let times = mails.iter().filter(|m| body(m).contains(&format!("/events/{id}"))).count();
            assert_eq!(times, 1, "{id}");
        }
    }

    async fn a_crash_between_leaves_the_same_message_to_send_again(kind) {
        let cut = Fault::new(Stage::Dot, Act::AcceptAndCut).times(1);
        let mut house = house(kind, vec![mail_contact("Ann", &["staff"])], Script::default().fault(cut)).await;
        three(&mut house).await;
        until(&house, "2026-11-25T17:00:00Z").await;
        house.restart("second").await;
        until(&house, "2026-11-25T20:00:00Z").await;
        let mails = house.mails_to("ann@example.org");
        assert!(!mails.is_empty());
        let ids: std::collections::BTreeSet<_> = mails.iter().map(|m| m.message_id.clone()).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert!(mails.iter().all(|m| m.data == mails[0].data));
        assert!(body(&mails[0]).contains("/events/MNT-1") && body(&mails[0]).contains("/events/MNT-2"));
    }

    async fn paying_customers_come_first(kind) {
        let many = |prefix: &str, audience: &str| -> Vec<Contact> {
            (0..1_200).map(|n| mail_contact(&format!("{prefix}{n:04}"), &[audience])).collect()
        };
        let mut contacts = many("a", "staff");
        contacts.extend(many("z", "customers"));
        let mut house = house(kind, contacts, Script::default()).await;
        let first = AUDIENCES.replace("services: [portal]}", "services: [portal], order: -1}");
        let known = house.store.catalogue().await.unwrap();
        let documents = Documents::parse_yaml(&[(String::new(), first)], &known, "MNT-X").unwrap();
        let now = house.clock.now();
        house.store.apply(&documents, "ann", now, false).await.unwrap();
        house.plan("{id: MNT-1, title: Work, services: [portal], start: '2026-12-03T22:00', end: '2026-12-03T23:00'}").await;
        until(&house, "2026-11-25T18:00:00Z").await;
        let to: Vec<String> = house.smtp.ledger().iter().map(|mail| mail.to[..1].to_owned()).collect();
        assert_eq!(to.len(), 2_400);
        // Flights overlap, so only the border between the two may be mixed.
        assert!(to[..1_100].iter().all(|first| first == "z"), "{:?}", to.iter().position(|f| f == "a"));
    }

    async fn a_crowd_is_told_whole_by_an_engine_that_runs(kind) {
        let contacts = (0..250).map(|n| mail_contact(&format!("p{n:03}"), &["staff"])).collect();
        let mut house = house(kind, contacts, Script::default()).await;
        three(&mut house).await;
        house.clock.set("2026-11-25T17:00:00Z".parse().unwrap());
        let (stop, running) = crate::engine::running::run(&house.engine);
        crate::engine::house::soon(house.smtp.wait_for(250)).await;
        stop.send_replace(true);
        crate::engine::house::soon(running).await.unwrap();
        let mails = house.smtp.ledger();
        assert_eq!(mails.len(), 250);
        for mail in &mails {
            let told = body(mail);
            assert!(told.contains("/events/MNT-1") && told.contains("/events/MNT-2"), "{told}");
        }
        assert!(house.deliveries().await.iter().all(|d| d.status == DeliveryStatus::Accepted));
    }
}
