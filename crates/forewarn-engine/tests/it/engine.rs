//! The engine over the real channels, against scripted servers: one message's way, step by step.

mod advisory;
mod announcement;
mod approvals;
mod calls;
mod chats;
mod digests;
mod edited;
mod feeds;
pub mod house;

mod languages;
mod lease;
mod limits;
mod order;
mod phones;
mod promise;
mod pushes;
mod reminders;
mod running;
mod windows;

use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::maintenance::Status;
use forewarn_engine::channel::webhook::signature::Secret;
use forewarn_engine::peer::http::{self, HttpPeer, Reply};
use forewarn_engine::peer::smtp::{self, Act, Fault, Received, Stage};
use house::{House, KEY, begin, hook_contact, mail_contact, soon};
use jiff::SignedDuration;

fn header(mail: &Received, name: &str) -> String {
    let text = String::from_utf8_lossy(&mail.data).replace("\r\n ", " ");
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_maintenance_is_told_from_its_announcement_to_its_completion() {
    let hooks = HttpPeer::start(http::Script::new()).await.unwrap();
    let contacts = vec![
        mail_contact("Ann", &["staff"]),
        hook_contact("Ops", &["staff"], &hooks.url("/hook")),
    ];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    let event = house
        .plan("{id: MNT-1, title: Upgrade, services: [wiki], start: '2026-12-03T22:00', end: '2026-12-04T02:00'}")
        .await;
    house.let_pass().await;
    assert_eq!(house.event(&event).await.status(), "in_progress");
    house.complete(&event).await;
    house.let_pass().await;

    let told: Vec<String> = hooks
        .requests()
        .iter()
        .map(|r| {
            let body: serde_json::Value = serde_json::from_slice(&r.body).unwrap();
            format!(
                "{} {}",
                body["timestamp"].as_str().unwrap(),
                body["type"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "2026-11-25T17:00:00Z maintenance.announcement",
            "2026-12-02T17:00:00Z maintenance.reminder",
            "2026-12-04T05:30:00Z maintenance.final_reminder",
            "2026-12-04T06:00:00Z maintenance.start",
            "2026-12-04T07:00:00Z maintenance.progress",
            "2026-12-04T08:00:00Z maintenance.progress",
            "2026-12-04T09:00:00Z maintenance.progress",
            "2026-12-04T11:00:00Z maintenance.completion",
        ]
    );
    let mails = house.mails_to("ann@example.org");
    assert_eq!(mails.len(), told.len());

    // Each attempt's id follows from the delivery, and the signature from the endpoint's secret.
    let deliveries = house.deliveries().await;
    for mail in &mails {
        let id = mail.message_id.as_deref().unwrap().trim_matches(['<', '>']);
        let (delivery, domain) = id.split_once('@').unwrap();
        assert_eq!(domain, "example.edu");
        let (delivery, installation) = delivery.rsplit_once('.').unwrap();
        assert_eq!(
            installation,
            KEY.with(forewarn_core::token::Key::installation)
        );
        let delivery = deliveries.iter().find(|d| d.id == delivery).unwrap();
        assert_eq!(
            (delivery.status, delivery.contact.as_str()),
            (DeliveryStatus::Accepted, "Ann")
        );
        let (_, endpoint) = delivery.id.split_once('.').unwrap();
        let token = KEY.with(|key| key.unsubscribe_token(endpoint, "staff"));
        assert_eq!(
            header(mail, "List-Unsubscribe"),
            format!("<https://status.example.edu/u/{token}>")
        );
        // Whoever answers reaches the wiki's owner.
        assert_eq!(header(mail, "Reply-To"), "<web@example.edu>");
        assert_eq!(
            header(mail, "List-Unsubscribe-Post"),
            "List-Unsubscribe=One-Click"
        );
    }
    for request in hooks.requests() {
        let id = request.header("webhook-id").unwrap();
        let (delivery, _) = id.rsplit_once('-').unwrap();
        let delivery = delivery.replace('-', ".");
        assert!(deliveries.iter().any(|d| d.id == delivery), "{id}");
        let (_, endpoint) = delivery.split_once('.').unwrap();
        let secret = Secret::parse(&KEY.with(|key| key.webhook_secret(endpoint))).unwrap();
        let at = request
            .header("webhook-timestamp")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(
            request.header("webhook-signature").unwrap(),
            secret.sign(id, at, &request.body)
        );
    }
    house.is_sound(&[]).await;
}

#[tokio::test]
async fn a_refused_message_is_sent_again_at_its_time_with_the_same_bytes() {
    let hooks = HttpPeer::start(http::Script::new().first(1, Reply::status(503)))
        .await
        .unwrap();
    let contacts = vec![
        mail_contact("Ann", &["staff"]),
        hook_contact("Ops", &["staff"], &hooks.url("/hook")),
    ];
    // The mail is refused once, and the second time taken without an answer.
    let script = smtp::Script::default()
        .fault(Fault::reply(Stage::Rcpt, "451 4.3.0 later").times(1))
        .fault(Fault::new(Stage::Dot, Act::AcceptAndCut).times(1));
    let mut house = House::new(contacts, script).await;
    house.declare("INC-1", "wiki").await;
    assert_eq!(house.engine.tick().await.unwrap(), 2);
    let first = house.next_due().await;
    let waited = first.duration_since(begin());
    assert!(
        (SignedDuration::from_secs(5)..=SignedDuration::from_millis(5_500)).contains(&waited),
        "{waited}"
    );
    house.clock.set(first - SignedDuration::from_millis(1));
    assert_eq!(
        house.engine.tick().await.unwrap(),
        0,
        "nothing goes before its time"
    );
    house.let_land().await;
    let mails = house.mails_to("ann@example.org");
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].message_id, mails[1].message_id);
    assert_eq!(mails[0].data, mails[1].data);
    let requests = hooks.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(
        requests[0].header("webhook-id"),
        requests[1].header("webhook-id")
    );
    let outcomes = house.outcomes("Ann").await;
    assert_eq!(
        outcomes,
        ["transient_failure", "transient_failure", "accepted"]
    );
    assert_eq!(
        house.outcomes("Ops").await,
        ["transient_failure", "accepted"]
    );
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_is_not_tried_again() {
    let contacts = vec![
        mail_contact("Ann", &["staff"]),
        mail_contact("Bob", &["staff"]),
    ];
    let script = smtp::Script::default()
        .fault(Fault::reply(Stage::Rcpt, "550 5.1.1 no such user").only_to("ann"));
    let mut house = House::new(contacts, script).await;
    house.declare("INC-1", "wiki").await;
    house.let_land().await;
    let ann = house.store.contact("Ann").await.unwrap().unwrap();
    assert_eq!(ann.states[0].2, "gone");
    house.declare("INC-2", "wiki").await;
    house.let_land().await;
    let mut ends: Vec<_> = house
        .deliveries()
        .await
        .into_iter()
        .map(|d| (d.event, d.contact, d.status, d.reason.unwrap_or_default()))
        .collect();
    ends.sort();
    let said = "550 5.1.1 no such user";
    let end = |event: &str, contact: &str, status, reason: &str| {
        (
            event.to_owned(),
            contact.to_owned(),
            status,
            reason.to_owned(),
        )
    };
    assert_eq!(
        ends,
        [
            end("INC-1", "Ann", DeliveryStatus::Failed, said),
            end("INC-1", "Bob", DeliveryStatus::Accepted, ""),
            end("INC-2", "Ann", DeliveryStatus::Suppressed, said),
            end("INC-2", "Bob", DeliveryStatus::Accepted, ""),
        ]
    );
}

#[tokio::test]
async fn nobody_is_told_before_the_owners_agree() {
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    let text = "{id: MNT-1, title: Upgrade, services: [wiki], start: '2026-12-03T22:00', end: '2026-12-04T02:00'}";
    let mut maintenance = house.operator.maintenance(text);
    maintenance.status = Status::AwaitingApproval;
    maintenance.policy = Some(forewarn_core::id::Id::parse("routine").unwrap());
    let waiting = maintenance.clone();
    assert!(
        house
            .operator
            .publish_maintenance(&house.store, maintenance, 0, None)
            .await
    );
    house.clock.set("2026-11-26T12:00:00Z".parse().unwrap());
    assert_eq!(house.engine.tick().await.unwrap(), 0);
    assert_eq!(house.smtp.count(), 0);
    assert!(house.operator.approve(&house.store, waiting, 1).await);
    assert_eq!(house.engine.tick().await.unwrap(), 1);
    assert_eq!(house.smtp.count(), 1);
    // The one that waited gave way to a late one, which says so.
    house.is_sound(&["planned", "cancelled"]).await;
}

#[tokio::test]
async fn a_crash_between_the_answer_and_our_record_leaves_one_known_duplicate() {
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    house.declare("INC-1", "wiki").await;
    soon(async {
        tokio::select! {
            biased;
            () = house.smtp.wait_for(1) => {}
            _ = house.engine.tick() => panic!("the server holds it before it answers"),
        }
    })
    .await;
    house.restart("second").await;
    assert_eq!(house.engine.recover().await.unwrap(), 1);
    house.let_land().await;
    let mails = house.mails_to("ann@example.org");
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].message_id, mails[1].message_id);
    assert_eq!(mails[0].data, mails[1].data);
    assert_eq!(house.outcomes("Ann").await, ["unknown", "accepted"]);
    house.is_sound(&["planned"]).await;
}
