//! Falling back: whom the first ways did not reach in time is told by the next, and nobody else.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact, Endpoint};
use forewarn_core::delivery::{DeliveryStatus, Receipt};
use forewarn_store::{Acknowledgement, Claimed, Fallback, Lane, Reached, Recipients, Waits};
use jiff::SignedDuration;

const PHONE: &str = "+14155550100";

fn phone(channel: &str, number: &str) -> Endpoint {
    serde_json::from_value(serde_json::json!({"channel": channel, "number": number})).unwrap()
}

/// Somebody with a mailbox and these besides.
fn with(id: &str, more: Vec<Endpoint>) -> Contact {
    let mut contact = contact(id, &["students"]);
    contact.endpoints.extend(more);
    contact
}

fn then(steps: &[(Channel, i64)], waits: Waits) -> Recipients {
    let steps = steps
        .iter()
        .map(|(c, minutes)| (*c, SignedDuration::from_mins(*minutes)));
    Recipients::Members {
        services: vec![id("portal")],
        fallback: Fallback {
            steps: steps.collect(),
            waits,
        },
    }
}

const SMS_AFTER_15: &[(Channel, i64)] = &[(Channel::Sms, 15)];

/// A notice by mail goes out to the students at `now`.
async fn told(db: &Database, notice_id: &str, milestone: &str, now: i64, ways: &Recipients) {
    let sequence = db
        .store
        .event("INC-1")
        .await
        .unwrap()
        .map_or(0, |stored| stored.sequence);
    publish(
        &db.store,
        &incident("INC-1"),
        sequence,
        &adding(vec![notice(notice_id, milestone, now)]),
    )
    .await
    .unwrap();
    begin(&db.store, Lane::Urgent, at(now)).await;
    while !db
        .store
        .expand(notice_id, ways, at(now))
        .await
        .unwrap()
        .complete
    {}
}

async fn claim(db: &Database, now: i64) -> Vec<Claimed> {
    let mut claimed = db
        .store
        .claim(Lane::Urgent, "me", at(now), 100)
        .await
        .unwrap();
    claimed.sort_by(|a, b| a.id.cmp(&b.id));
    claimed
}

/// `channel status` of everything, sorted.
async fn ways(db: &Database) -> Vec<String> {
    let found = all_deliveries(&db.store).await;
    let mut lines: Vec<String> = found
        .iter()
        .map(|d| format!("{} {}", d.channel.as_str(), d.status.as_str()))
        .collect();
    lines.sort();
    lines
}

on_both_databases! {
    async fn whoever_has_the_mail_gets_no_text_message(db: &Database) {
        db.store.import_contacts(&[with("ann", vec![phone("sms", PHONE)])], "ann", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Delivered)).await;
        let mail = claim(&db, 1).await;
        assert_eq!(mail.len(), 1, "the text message waits");
        assert_eq!(mail[0].endpoint.channel(), Channel::Email);
        db.store.record("me", &[accepted(&mail[0], at(1))]).await.unwrap();
        assert_eq!(db.store.next_due(Lane::Urgent).await.unwrap(), Some(at(16)), "the engine wakes for it");
        assert!(!db.store.fall_back(at(15)).await.unwrap());
        assert_eq!(ways(&db).await, ["email accepted", "sms queued"]);
        db.store.fall_back(at(16)).await.unwrap();
        assert_eq!(ways(&db).await, ["email accepted", "sms superseded"]);
        let sms = all_deliveries(&db.store).await.into_iter().find(|d| d.channel == Channel::Sms).unwrap();
        assert_eq!(sms.reason.as_deref(), Some("not needed: an earlier way reached them"));
        assert!(claim(&db, 20).await.is_empty());
    }

    async fn whom_the_mail_did_not_reach_in_time_gets_a_text_message(db: &Database) {
        let list = [with("ann", vec![phone("sms", PHONE)]), with("bob", vec![phone("sms", "+14155550101")])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Delivered)).await;
        let mails = claim(&db, 1).await;
        // The server of one refuses for now, the other's mailbox is gone.
        db.store.record("me", &[refused(&mails[0], at(1), 60), gone(&mails[1], at(1))]).await.unwrap();
        assert!(claim(&db, 15).await.is_empty());
        db.store.fall_back(at(16)).await.unwrap();
        let texts = claim(&db, 16).await;
        assert_eq!(texts.iter().map(|d| d.endpoint.channel()).collect::<Vec<_>>(), [Channel::Sms, Channel::Sms]);
    }

    async fn a_text_message_that_was_taken_has_not_arrived(db: &Database) {
        let ann = with("ann", vec![phone("sms", PHONE), phone("voice", PHONE)]);
        db.store.import_contacts(&[ann], "ann", at(0)).await.unwrap();
        let steps = [(Channel::Sms, 5), (Channel::Voice, 10)];
        for (notice, milestone, base, receipt, call) in
            [("n1", "holding", 1, None, true), ("n2", "update", 31, Some(Receipt::Delivered), false)] {
            told(&db, notice, milestone, base, &then(&steps, Waits::Delivered)).await;
            let mail = claim(&db, base).await.remove(0);
            db.store.record("me", &[refused(&mail, at(base), 600)]).await.unwrap();
            db.store.fall_back(at(base + 5)).await.unwrap();
            let text = claim(&db, base + 5).await.remove(0);
            assert_eq!(text.endpoint.channel(), Channel::Sms);
            db.store.record("me", &[accepted(&text, at(base + 5))]).await.unwrap();
            if let Some(receipt) = receipt {
                db.store.receipt(&text.id, &receipt, at(base + 6)).await.unwrap();
            }
            db.store.fall_back(at(base + 10)).await.unwrap();
            let calls = claim(&db, base + 10).await;
            assert_eq!(!calls.is_empty(), call, "{notice}");
            for call in calls {
                assert_eq!(call.endpoint.channel(), Channel::Voice);
                db.store.record("me", &[accepted(&call, at(base + 10))]).await.unwrap();
            }
        }
    }

    async fn for_whom_no_earlier_way_can_be_tried_the_next_one_is_the_first(db: &Database) {
        let only_phone = Contact { endpoints: vec![phone("sms", PHONE), phone("voice", PHONE)], ..contact("ann", &["students"]) };
        let left = with("bob", vec![phone("sms", "+14155550101")]);
        db.store.import_contacts(&[only_phone, left.clone()], "ann", at(0)).await.unwrap();
        db.store.unsubscribe(&left.endpoints[0].id("bob"), "students", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(&[(Channel::Sms, 15), (Channel::Voice, 30)], Waits::Delivered)).await;
        let at_once = claim(&db, 1).await;
        assert_eq!(at_once.iter().map(|d| d.endpoint.channel()).collect::<Vec<_>>(), [Channel::Sms, Channel::Sms], "and no call yet");
        assert_eq!(ways(&db).await, ["email suppressed", "sms attempting", "sms attempting", "voice queued"]);
    }

    async fn whoever_must_confirm_is_asked_by_the_next_way_until_they_do(db: &Database) {
        let list = [with("ann", vec![phone("sms", PHONE)]), with("bob", vec![phone("sms", "+14155550101")])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Confirmed)).await;
        let mails = claim(&db, 1).await;
        let taken: Vec<_> = mails.iter().map(|d| accepted(d, at(1))).collect();
        db.store.record("me", &taken).await.unwrap();
        let ann = list[0].endpoints[0].id("ann");
        let read = Acknowledgement { event: "INC-1".into(), notice: "n1".into(), endpoint: ann, who: "Ann".into(), at: at(5) };
        db.store.acknowledge(&read, "link").await.unwrap();
        db.store.fall_back(at(16)).await.unwrap();
        let asked = claim(&db, 16).await;
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].endpoint.address(), "+14155550101");
    }

    async fn a_shared_mailbox_that_got_it_has_told_both(db: &Database) {
        let shared = |id: &str, number: &str| {
            let mut contact = with(id, vec![phone("sms", number)]);
            contact.endpoints[0] = serde_json::from_value(serde_json::json!({"channel": "email", "address": "desk@example.org"})).unwrap();
            contact
        };
        db.store.import_contacts(&[shared("ann", PHONE), shared("bob", "+14155550101")], "ann", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Delivered)).await;
        let mails = claim(&db, 1).await;
        assert_eq!(mails.len(), 1);
        db.store.record("me", &[accepted(&mails[0], at(1))]).await.unwrap();
        db.store.fall_back(at(16)).await.unwrap();
        assert_eq!(ways(&db).await, ["email accepted", "sms superseded", "sms superseded"]);
    }

    async fn updates_that_come_quicker_than_the_wait_do_not_keep_it_from_anybody(db: &Database) {
        db.store.import_contacts(&[with("ann", vec![phone("sms", PHONE)])], "ann", at(0)).await.unwrap();
        let ways_on = then(SMS_AFTER_15, Waits::Delivered);
        for (notice, milestone, now) in [("n1", "holding", 1), ("n2", "update", 11)] {
            told(&db, notice, milestone, now, &ways_on).await;
            let mail = claim(&db, now).await.remove(0);
            db.store.record("me", &[refused(&mail, at(now), 600)]).await.unwrap();
        }
        db.store.fall_back(at(16)).await.unwrap();
        let texts = claim(&db, 16).await;
        assert_eq!(texts.iter().map(|d| d.notice.as_str()).collect::<Vec<_>>(), ["n2"], "the newest, at the time of the oldest");
    }

    async fn a_channel_of_one_audience_is_no_fallback_of_another(db: &Database) {
        let mut ann = with("ann", vec![phone("sms", PHONE)]);
        ann.audiences.push(id("engineers"));
        db.store.import_contacts(&[ann], "ann", at(0)).await.unwrap();
        let direct = forewarn_core::plan::Notice { channels: vec![Channel::Sms], ..to("engineers", notice("n2", "holding", 1)) };
        publish(&db.store, &incident("INC-1"), 0, &adding(vec![notice("n1", "holding", 1), direct])).await.unwrap();
        begin(&db.store, Lane::Urgent, at(1)).await;
        while !db.store.expand("n1", &then(SMS_AFTER_15, Waits::Delivered), at(1)).await.unwrap().complete {}
        expand(&db.store, "n2", at(1)).await;
        assert_eq!(claim(&db, 1).await.len(), 2, "one of their audiences is told by text message at once");
    }

    async fn a_notice_is_sent_when_nothing_waits_any_more(db: &Database) {
        db.store.import_contacts(&[with("ann", vec![phone("sms", PHONE)])], "ann", at(0)).await.unwrap();
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Delivered)).await;
        let mail = claim(&db, 1).await.remove(0);
        db.store.record("me", &[accepted(&mail, at(1))]).await.unwrap();
        db.store.settle(at(2)).await.unwrap();
        assert_eq!(db.store.notice("n1").await.unwrap().unwrap().status, "sending");
        db.store.fall_back(at(16)).await.unwrap();
        db.store.settle(at(16)).await.unwrap();
        assert_eq!(db.store.notice("n1").await.unwrap().unwrap().status, "sent");
        assert_eq!(counts(&db.store, "n1").await.get(DeliveryStatus::Superseded.as_str()), Some(&1));
    }

    async fn reach_counts_what_goes_out_and_what_only_may(db: &Database) {
        let only_phone = Contact { endpoints: vec![phone("sms", "+14155550102")], ..contact("cid", &["students"]) };
        let list = [with("ann", vec![phone("sms", PHONE)]), contact("bob", &["students"]), only_phone];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let plan = Reached { audience: id("students"), kind: "incident", services: vec![id("portal")],
            channels: vec![Channel::Email], later: vec![Channel::Sms], added_to: None };
        let (reach, total) = db.store.reach(&[plan]).await.unwrap();
        assert_eq!((reach[0].people, reach[0].reached, total), (3, 3, 3));
        assert_eq!(reach[0].messages, [("email".to_owned(), 2), ("sms".to_owned(), 1)].into());
        assert_eq!(reach[0].if_needed, [("sms".to_owned(), 1)].into());
        told(&db, "n1", "holding", 1, &then(SMS_AFTER_15, Waits::Delivered)).await;
        assert_eq!(claim(&db, 1).await.len() as i64, total);
    }
}
