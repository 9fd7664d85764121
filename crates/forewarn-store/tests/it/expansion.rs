//! Expansion: who gets a notice, once, at which level, and who does not and why.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Contact, EmailAddress, Endpoint};
use forewarn_core::plan::Notice;
use forewarn_store::{Chunk, DeliveryFilter, Lane, Recipients};

async fn begun(db: &Database, notices: Vec<Notice>) {
    publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices))
        .await
        .unwrap();
    begin(&db.store, Lane::Planned, at(10)).await;
}

fn at_level(level: Level, notice: Notice) -> Notice {
    Notice { level, ..notice }
}

fn choosing(id: &str, services: &[&str]) -> Contact {
    Contact {
        services: services.iter().map(|s| crate::samples::id(s)).collect(),
        ..contact(id, &["students"])
    }
}

fn mailbox(text: &str) -> Endpoint {
    let address = EmailAddress::parse(text).unwrap();
    Endpoint::Email { address }
}

on_both_databases! {
    async fn somebody_in_two_audiences_gets_one_message_at_the_richest_level(db: &Database) {
        let list = [contact("both", &["students", "engineers"]), contact("one", &["students"]), contact("two", &["engineers"])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1),
            at_level(Level::Technical, to("engineers", notice("n2", "announcement", 2)))]).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 2);
        assert_eq!(expand(&db.store, "n2", at(10)).await, 1);
        let found: Vec<_> = all_deliveries(&db.store).await.into_iter().map(|d| (d.contact, d.notice, d.level)).collect();
        let mut found: Vec<_> = found.iter().map(|(c, n, l)| (c.as_str(), n.as_str(), *l)).collect();
        found.sort();
        assert_eq!(found, [
            ("both", "n1", Level::Technical),
            ("one", "n1", Level::NonTechnical),
            ("two", "n2", Level::Technical),
        ]);
    }

    async fn who_moderates_an_audience_has_a_version_to_forward_by_whichever_it_comes(db: &Database) {
        let audiences = "audiences: [{id: students, name: Students, level: non_technical}, {id: engineers, name: Engineers, level: technical},
            {id: clubs, name: Clubs, level: non_technical, forwardable: true}, {id: clubs_abroad, name: Clubs abroad, level: non_technical}]";
        db.store.apply(&documents(audiences), "ann", at(0), false).await.unwrap();
        let list = [contact("both", &["engineers", "clubs"]), contact("moderator", &["clubs"]), contact("other", &["engineers", "clubs_abroad"])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        begun(&db, vec![at_level(Level::Technical, to("engineers", notice("n1", "announcement", 1))), to("clubs", notice("n2", "announcement", 600)),
            to("clubs_abroad", notice("n3", "announcement", 600))]).await;
        expand(&db.store, "n1", at(10)).await;
        begin(&db.store, Lane::Planned, at(600)).await;
        expand(&db.store, "n2", at(600)).await;
        let mut claimed = db.store.claim(Lane::Planned, "node", at(600), 10).await.unwrap();
        claimed.sort_by(|a, b| a.name.cmp(&b.name));
        let found: Vec<_> = claimed.iter().map(|c| (c.name.as_deref().unwrap(), c.notice.as_str(), c.level, c.forward)).collect();
        assert_eq!(found, [
            ("The both", "n1", Level::Technical, true),
            ("The moderator", "n2", Level::NonTechnical, true),
            ("The other", "n1", Level::Technical, false),
        ]);
    }

    async fn a_notice_that_is_off_gives_no_level(db: &Database) {
        db.store.import_contacts(&[contact("both", &["students", "engineers"])], "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1),
            at_level(Level::Technical, to("engineers", notice("n2", "announcement", 60)))]).await;
        db.sql("UPDATE notices SET status = 'cancelled' WHERE id = 'n2'").await;
        expand(&db.store, "n1", at(10)).await;
        assert_eq!(all_deliveries(&db.store).await[0].level, Level::NonTechnical);
    }

    async fn offsets_of_a_reminder_are_messages_of_their_own(db: &Database) {
        db.store.import_contacts(&[contact("ann", &["students"])], "ann", at(0)).await.unwrap();
        let reminder = |id: &str, offset: &str, due| Notice { offset: Some(offset.into()), ..notice(id, "reminder", due) };
        begun(&db, vec![reminder("n1", "5bd", 1), reminder("n2", "1bd", 2)]).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 1);
        assert_eq!(expand(&db.store, "n2", at(10)).await, 1);
    }

    async fn who_gets_nothing_is_counted_with_the_reason(db: &Database) {
        let list = contacts(0..5, "students");
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let endpoint = |n: usize| list[n].endpoints[0].id(list[n].id.as_str());
        db.store.unsubscribe(&endpoint(0), "students", at(0)).await.unwrap();
        db.store.unsubscribe(&endpoint(1), "*", at(0)).await.unwrap();
        // Both kinds at once are one row.
        db.store.unsubscribe(&endpoint(2), "*", at(0)).await.unwrap();
        db.store.unsubscribe(&endpoint(2), "students", at(0)).await.unwrap();
        db.sql(&format!("UPDATE endpoints SET state = 'gone', reason = '550 no' WHERE id = '{}'", endpoint(3))).await;
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 5);
        let mut found: Vec<_> = all_deliveries(&db.store).await.into_iter()
            .map(|d| format!("{} {} {}", d.contact, d.status.as_str(), d.reason.as_deref().unwrap_or("-")))
            .collect();
        found.sort();
        assert_eq!(found, [
            "c000000 suppressed unsubscribed",
            "c000001 suppressed unsubscribed",
            "c000002 suppressed unsubscribed",
            "c000003 suppressed 550 no",
            "c000004 queued -",
        ]);
    }

    async fn who_left_one_audience_is_told_through_the_other(db: &Database) {
        let both = contact("both", &["students", "engineers"]);
        db.store.import_contacts(std::slice::from_ref(&both), "ann", at(0)).await.unwrap();
        db.store.unsubscribe(&both.endpoints[0].id("both"), "students", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1), to("engineers", notice("n2", "announcement", 2))]).await;
        expand(&db.store, "n1", at(10)).await;
        assert_eq!(ledger(&db.store).await, ["n1 both suppressed"]);
        expand(&db.store, "n2", at(10)).await;
        assert_eq!(ledger(&db.store).await, ["n2 both queued"]);
    }

    async fn chosen_services_are_matched_letter_by_letter(db: &Database) {
        let list = [choosing("all", &[]), choosing("right", &["portal"]), choosing("wrong", &["mail"]),
            choosing("upper", &["PORTAL"]), choosing("wild", &["p_rtal"]), choosing("part", &["port"]),
            choosing("two", &["mail", "portal"])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        expand(&db.store, "n1", at(10)).await;
        assert_eq!(ledger(&db.store).await, ["n1 all queued", "n1 right queued", "n1 two queued"]);
    }

    async fn only_the_notices_channels_are_used(db: &Database) {
        let mut ann = contact("ann", &["students"]);
        ann.endpoints.push(serde_json::from_value(serde_json::json!({"channel": "sms", "number": "+14155550100"})).unwrap());
        db.store.import_contacts(&[ann], "ann", at(0)).await.unwrap();
        let by = |id: &str, milestone: &str, channels: &[Channel]| Notice { channels: channels.to_vec(), ..notice(id, milestone, 1) };
        begun(&db, vec![by("n1", "announcement", &[Channel::Sms]), by("n2", "reminder", &[Channel::Sms, Channel::Email]),
            by("n3", "start", &[Channel::Webhook])]).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 1);
        assert_eq!(expand(&db.store, "n2", at(10)).await, 2);
        assert_eq!(expand(&db.store, "n3", at(10)).await, 0);
    }

    async fn parts_cover_everybody_once(db: &Database) {
        let mut list = contacts(0..25, "students");
        list.push(contact("Zoe", &["students"]));
        list.push(contact("_", &["staff"]));
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        let mut parts = Vec::new();
        loop {
            let part = db.store.expand_part("n1", &members(), 10, at(10)).await.unwrap();
            parts.push(part.deliveries);
            if part.complete {
                break;
            }
        }
        assert_eq!(parts, [10, 10, 6]);
        let again = db.store.expand("n1", &members(), at(11)).await.unwrap();
        assert_eq!(again, Chunk { deliveries: 0, complete: true });
        // Even from the beginning it adds nobody.
        db.sql("UPDATE notices SET cursor = ''").await;
        assert_eq!(expand(&db.store, "n1", at(12)).await, 0);
        assert_eq!(ledger(&db.store).await.len(), 26);
    }

    async fn a_part_that_is_just_full_is_followed_by_an_empty_one(db: &Database) {
        db.store.import_contacts(&contacts(0..4, "students"), "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        let mut parts = Vec::new();
        for _ in 0..3 {
            let part = db.store.expand_part("n1", &members(), 2, at(10)).await.unwrap();
            parts.push((part.deliveries, part.complete));
        }
        assert_eq!(parts, [(2, false), (2, false), (0, true)]);
    }

    async fn a_large_audience_is_expanded_in_several_parts(db: &Database) {
        db.store.import_contacts(&contacts(0..12_000, "students"), "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        let first = db.store.expand("n1", &members(), at(10)).await.unwrap();
        assert!(!first.complete && first.deliveries < 12_000, "{first:?}");
        assert_eq!(first.deliveries + expand(&db.store, "n1", at(10)).await, 12_000);
    }

    async fn nodes_that_expand_together_make_each_delivery_once(db: &Database) {
        db.store.import_contacts(&contacts(0..300, "students"), "ann", at(0)).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1), notice("n2", "reminder", 2)]).await;
        let other = db.another_node().await;
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
                tokio::spawn(async move {
                    let notice = if n < 2 { "n1" } else { "n2" };
                    while !store.expand_part(notice, &members(), 20, at(10)).await.unwrap().complete {}
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let found = ledger(&db.store).await;
        assert_eq!(found.iter().filter(|l| l.starts_with("n1") && l.ends_with("superseded")).count(), 300);
        assert_eq!(found.iter().filter(|l| l.starts_with("n2") && l.ends_with("queued")).count(), 300);
        assert_eq!(found.len(), 600);
    }

    async fn nothing_is_expanded_before_it_began(db: &Database) {
        db.store.import_contacts(&contacts(0..3, "students"), "ann", at(0)).await.unwrap();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        for notice in ["n1", "nothing"] {
            let chunk = db.store.expand(notice, &members(), at(10)).await.unwrap();
            assert_eq!(chunk, Chunk { deliveries: 0, complete: true });
        }
        assert!(ledger(&db.store).await.is_empty());
    }

    async fn an_audience_kept_elsewhere_is_one_recipient(db: &Database) {
        let yaml = r#"
services: [{id: portal, name: Portal}]
audiences: [{id: students, name: All, level: non_technical, channels: [email], services: ["*"], external: {email: all@lists.example.edu}}]"#;
        db.store.apply(&documents(yaml), "ann", at(0), false).await.unwrap();
        begun(&db, vec![notice("n1", "announcement", 1)]).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 1);
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        assert_eq!(claimed[0].endpoint.address(), "all@lists.example.edu");
    }

    async fn mailboxes_are_recipients_without_being_contacts(db: &Database) {
        begun(&db, vec![to("internal", notice("n1", "overrun_check", 1))]).await;
        let addresses = Recipients::Addresses(vec![mailbox("dba@example.edu"), mailbox("web@example.edu"), mailbox("dba@example.edu")]);
        let chunk = db.store.expand("n1", &addresses, at(10)).await.unwrap();
        assert_eq!(chunk, Chunk { deliveries: 2, complete: true });
        assert_eq!(ledger(&db.store).await, ["n1 address:dba@example.edu queued", "n1 address:web@example.edu queued"]);
        assert_eq!(db.store.contact_counts().await.unwrap().contacts, 0);
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        assert_eq!(claimed.len(), 2);
        let listed = db.store.deliveries(&DeliveryFilter { notice: Some("n1".into()), ..DeliveryFilter::default() }, 9).await.unwrap();
        assert_eq!(listed.len(), 2);
    }

    async fn newer_mail_to_the_people_in_charge_replaces_what_waits(db: &Database) {
        begun(&db, vec![to("internal", notice("n1", "overrun_check", 1)), to("internal", notice("n2", "delay", 2))]).await;
        let addresses = Recipients::Addresses(vec![mailbox("dba@example.edu")]);
        db.store.expand("n1", &addresses, at(10)).await.unwrap();
        db.store.expand("n2", &addresses, at(10)).await.unwrap();
        assert_eq!(ledger(&db.store).await, ["n1 address:dba@example.edu superseded", "n2 address:dba@example.edu queued"]);
    }

    async fn what_stands_aside_replaces_nothing_and_is_replaced_by_nothing(db: &Database) {
        // Dba reads as one of the students too; two texts are due at once, and the work is announced.
        db.store.import_contacts(&[contact("dba", &["students"])], "ann", at(0)).await.unwrap();
        let text = |id: &str, place: &str| {
            let offset = Some(place.to_owned());
            to("internal", forewarn_core::plan::Notice { offset, ..notice(id, "copy_due", 1) })
        };
        begun(&db, vec![text("n1", "weekly reminder"), text("n2", "daily reminder"), notice("n3", "announcement", 1)]).await;
        let addresses = Recipients::Addresses(vec![mailbox("dba@example.org")]);
        for late in ["n1", "n2"] {
            db.store.expand(late, &addresses, at(10)).await.unwrap();
        }
        expand(&db.store, "n3", at(10)).await;
        let expected = ["n1 address:dba@example.org queued", "n2 address:dba@example.org queued", "n3 dba queued"];
        assert_eq!(ledger(&db.store).await, expected);
        // What has to be tried again is not overtaken either.
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        assert_eq!(claimed.len(), 3);
        let outcomes = claimed.iter().map(|c| match c.notice.as_str() {
            "n3" => accepted(c, at(11)),
            _ => refused(c, at(11), 5),
        });
        db.store.record("node", &outcomes.collect::<Vec<_>>()).await.unwrap();
        let expected = ["n1 address:dba@example.org queued", "n2 address:dba@example.org queued", "n3 dba accepted"];
        assert_eq!(ledger(&db.store).await, expected);
        assert_eq!(db.store.claim(Lane::Planned, "node", at(16), 9).await.unwrap().len(), 2);
    }
}
