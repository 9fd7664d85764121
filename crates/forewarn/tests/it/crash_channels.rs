//! K1 over four channels: mail, webhooks, text messages, chat rooms. Killed (`kill -9`) at points all over a fan-out, the program
//! loses nothing, and what arrives again is on record as unknown, with the same id.
//!
//! The judge is what the four receiving sides took. `FOREWARN_CRASH_SEED` chooses the points again.

use crate::crash::{Dice, from_environment};
use crate::running::{Folder, PATIENCE, Running, Start};
use forewarn_engine::peer::http::{HttpPeer, Script as HttpScript};
use forewarn_engine::peer::phone::PhonePeer;
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use forewarn_store::Clock;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{interval, timeout};

/// The receiving sides, and what came to each.
struct Receivers {
    mail: SmtpPeer,
    hooks: HttpPeer,
    rooms: HttpPeer,
    phones: PhonePeer,
}

impl Receivers {
    /// Each answers so slowly that the kills fall inside the fan-out: mail, and the others.
    async fn start([mail, others]: [Duration; 2]) -> Receivers {
        let mail = Script::default().delay(mail);
        let script = || HttpScript::new().delay(others);
        Receivers {
            mail: SmtpPeer::start(mail, Keep::Envelopes).await.unwrap(),
            hooks: HttpPeer::start(script()).await.unwrap(),
            rooms: HttpPeer::start(script()).await.unwrap(),
            phones: PhonePeer::with(script(), || Clock::System.now(), |_| None)
                .await
                .unwrap(),
        }
    }

    fn count(&self) -> usize {
        let posted = self.hooks.count() + self.rooms.count();
        self.mail.count() + posted as usize + self.phones.taken().len()
    }

    /// Returns as soon as so many have arrived.
    async fn wait_for(&self, count: usize) {
        let arrived = async {
            let mut looks = interval(Duration::from_millis(1));
            while self.count() < count {
                looks.tick().await;
            }
        };
        timeout(PATIENCE, arrived)
            .await
            .expect("the fan-out goes on");
    }

    /// How often each message arrived, by what it is known by and where; a text message by its number alone, which has no id.
    fn ledger(&self) -> BTreeMap<(String, String), usize> {
        let mut arrived = BTreeMap::new();
        for mail in self.mail.ledger() {
            let id = mail.message_id.clone().unwrap_or_default();
            *arrived.entry((id, mail.to.clone())).or_default() += 1;
        }
        for (peer, by) in [(&self.hooks, "webhook"), (&self.rooms, "chat")] {
            for request in peer.requests() {
                let id = request.header("webhook-id").unwrap_or_default();
                *arrived.entry((id.to_owned(), by.to_owned())).or_default() += 1;
            }
        }
        for text in self.phones.taken() {
            *arrived.entry((String::new(), text.to)).or_default() += 1;
        }
        arrived
    }

    /// A quarter of the people by each channel.
    async fn people(&self, server: &Running, recipients: usize) {
        server
            .apply(
                "organisation: {name: Example University, time_zone: UTC, confirm_above: 1000000}\n\
                 services:\n  - {id: portal, name: Portal}\n\
                 audiences:\n  - {id: users, name: Users, level: non_technical, channels: [email, webhook, sms, chat], services: [portal]}\n",
            )
            .await;
        let mut csv = String::from("id,email,webhook_url,sms,audiences\n");
        let mut rooms = Vec::new();
        for n in 0..recipients {
            match n % 4 {
                0 => csv.push_str(&format!("m{n},m{n}@example.org,,,users\n")),
                1 => csv.push_str(&format!(
                    "h{n},,{},,users\n",
                    self.hooks.url(&format!("/{n}"))
                )),
                2 => csv.push_str(&format!("s{n},,,+1415{n:07},users\n")),
                _ => {
                    let room = json!({"kind": "generic", "url": self.rooms.url(&format!("/{n}"))});
                    rooms.push(json!({"id": format!("c{n}"), "audiences": ["users"], "endpoints": {"chat": room}}));
                }
            }
        }
        let imported = server.import(&csv).await;
        assert_eq!(
            imported["created"],
            json!(recipients - rooms.len()),
            "{imported}"
        );
        server.apply(&json!({"contacts": rooms}).to_string()).await;
    }
}

/// What each channel came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    published: usize,
    lost: usize,
    superseded: usize,
    duplicates: usize,
    unknown: usize,
}

/// Compares what arrived with every delivery of the event.
async fn audit(
    receivers: &Receivers,
    server: &Running,
    event: &str,
) -> (BTreeMap<String, Tally>, Vec<String>) {
    let mut arrived = receivers.ledger();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    // Per number: how often it must have arrived, and how often it may have.
    let mut texts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for delivery in server
        .all(&format!("/api/v1/deliveries?event={event}"))
        .await
    {
        let text = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
        let channel = text("channel");
        let tally = tallies.entry(channel.clone()).or_default();
        let attempts = delivery["attempts"].as_array().unwrap();
        let unknown = attempts
            .iter()
            .filter(|a| a["outcome"] == "unknown")
            .count();
        let overtaken = delivery["status"] == "superseded";
        let sent = usize::from(delivery["status"] == "accepted");
        tally.published += 1;
        tally.unknown += unknown;
        tally.superseded += usize::from(overtaken);
        if channel == "sms" {
            let (least, most) = texts.entry(text("endpoint")).or_default();
            (*least, *most) = (*least + sent, *most + sent + unknown);
            continue;
        }
        let place = match channel.as_str() {
            "email" => text("endpoint"),
            other => other.to_owned(),
        };
        let times = arrived.remove(&(text("message_id"), place)).unwrap_or(0);
        tally.lost += usize::from(times == 0 && !overtaken);
        tally.duplicates += times.saturating_sub(1);
        if times > sent + unknown || (sent == 0 && !overtaken) {
            wrong.push(format!("arrived {times} times: {delivery}"));
        }
    }
    let by_text = tallies.entry("sms".into()).or_default();
    for (number, (least, most)) in texts {
        let times = arrived
            .remove(&(String::new(), number.clone()))
            .unwrap_or(0);
        by_text.lost += least.saturating_sub(times);
        by_text.duplicates += times.saturating_sub(least);
        if times < least || times > most {
            wrong.push(format!(
                "{number} has {times} messages, of {least} to {most}"
            ));
        }
    }
    for ((id, to), times) in arrived {
        wrong.push(format!(
            "nobody published {id} to {to}, which arrived {times} times"
        ));
    }
    wrong.truncate(10);
    (tallies, wrong)
}

/// Kills it at so many points of fan-outs to so many people, the first of which the points are spread over. What arrives twice counts
/// too, so a fan-out that is killed often is left before all of its people have theirs; what is left is sent before the next.
async fn killed_at(points: u64, recipients: u64, slow: [Duration; 2]) {
    let mut dice = Dice::thrown();
    let receivers = Receivers::start(slow).await;
    let folder = Folder::new();
    let start = Start::new(&folder.file("data"))
        .mail_to(&receivers.mail)
        .text_by(&receivers.phones)
        .with("--allow-private-targets", "127.0.0.0/8");
    let mut server = start.run().await;
    receivers.people(&server, recipients as usize).await;
    let incident = server.declare("portal").await;
    let mut fan_outs = 1;
    // Counted from the start of each fan-out: what arrives twice would let the sum run ahead of the people for ever.
    let mut started_at = receivers.count();
    let mut goal = started_at;
    for point in 1..=points {
        // Half again as far apart as there is room for, so that kills also fall near the end of one and the start of the next.
        goal += 1 + dice.throw(3 * recipients / points) as usize;
        if goal >= started_at + recipients as usize {
            server.all_sent(&incident).await;
            started_at = receivers.count();
            server.update(&incident).await;
            goal = started_at + dice.throw(recipients / points + 1) as usize;
            fan_outs += 1;
        }
        receivers.wait_for(goal).await;
        server.kill().await;
        goal = receivers.count();
        eprintln!("kill {point} of {points}: {goal} had arrived, in {fan_outs} fan-outs");
        server = start.run().await;
    }
    server.all_sent(&incident).await;
    server.stop().await;
    receivers.mail.wait_for_all_closed().await;
    let server = start.run().await;
    let (tallies, wrong) = audit(&receivers, &server, &incident).await;
    println!("{points} kills in {fan_outs} fan-outs: {tallies:#?}");
    assert_eq!(wrong, Vec::<String>::new());
    let each = (recipients * fan_outs / 4) as usize;
    assert_eq!(tallies.len(), 4, "{tallies:?}");
    for (channel, tally) in tallies {
        assert_eq!(
            (tally.published, tally.lost),
            (each, 0),
            "{channel}: {tally:?}"
        );
        assert!(tally.duplicates <= tally.unknown, "{channel}: {tally:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_on_any_channel_when_it_is_killed_in_a_fan_out() {
    let points = from_environment("FOREWARN_CRASH_POINTS").unwrap_or(10);
    let recipients = from_environment("FOREWARN_CRASH_RECIPIENTS").unwrap_or(800);
    let slow = [1, 0].map(Duration::from_millis);
    killed_at(points, recipients, slow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; the whole figure of promise K1"]
async fn killed_at_two_hundred_points_of_ten_thousand() {
    let points = from_environment("FOREWARN_CRASH_POINTS").unwrap_or(200);
    let recipients = from_environment("FOREWARN_CRASH_RECIPIENTS").unwrap_or(10_000);
    // Some hundreds a second, so that many kills fall into one fan-out, and few pass between two kills.
    let slow = [20, 100].map(Duration::from_millis);
    killed_at(points, recipients, slow).await;
}
