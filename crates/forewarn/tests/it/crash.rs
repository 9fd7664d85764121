//! K1: a published notice is not lost when the program is killed (`kill -9`) in the middle of a fan-out.
//!
//! The judge is the sink's ledger, compared with what was published. A message may arrive again only where an attempt
//! at it is on record as unknown, and then with the same Message-ID.
//!
//! `FOREWARN_CRASH_SEED` replays a run; `FOREWARN_CRASH_POINTS` and `FOREWARN_CRASH_RECIPIENTS` make it longer.

use crate::database::Database;
use crate::running::{Folder, PATIENCE, Running, Start};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::timeout;

/// Chance that can be repeated (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Others, which follow from these.
    pub fn fork(&mut self) -> Dice {
        Dice(self.throw(u64::MAX))
    }

    /// By the seed in the environment, or by chance; the seed is printed.
    pub fn thrown() -> Dice {
        let seed = from_environment("FOREWARN_CRASH_SEED")
            .unwrap_or_else(|| uuid::Uuid::now_v7().as_u128() as u64);
        println!("FOREWARN_CRASH_SEED={seed}");
        Dice(seed)
    }

    /// A number from 0 to `below` - 1.
    pub fn throw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A number out of the environment.
pub fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// What the comparison of the ledger with what was published found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Messages that were to arrive.
    pub published: usize,
    /// Messages of these that did not.
    pub lost: usize,
    /// Arrivals beyond the first of each message.
    pub duplicates: usize,
    /// Messages that a newer one about the same event overtook before they left.
    pub superseded: usize,
    /// Attempts on record as unknown.
    pub unknown: usize,
    /// Everything that must not be, in words.
    pub wrong: Vec<String>,
}

/// Compares the ledger with all deliveries of these events.
pub async fn audit(sink: &SmtpPeer, server: &Running, events: &[String]) -> Audit {
    let mut arrived: BTreeMap<(String, String), usize> = BTreeMap::new();
    for mail in sink.ledger() {
        let id = mail.message_id.clone().unwrap_or_default();
        *arrived.entry((id, mail.to.clone())).or_default() += 1;
    }
    let mut audit = Audit::default();
    for event in events {
        let (mut expected, mut told) = (BTreeSet::new(), BTreeSet::new());
        for delivery in server
            .all(&format!("/api/v1/deliveries?event={event}"))
            .await
        {
            let text = |name: &str| delivery[name].as_str().unwrap().to_owned();
            let attempts = delivery["attempts"].as_array().unwrap();
            let unknown = attempts.iter().filter(|a| a["outcome"] == "unknown");
            let unknown = unknown.count();
            let times = arrived
                .remove(&(text("message_id"), text("endpoint")))
                .unwrap_or(0);
            let overtaken = delivery["status"] == "superseded";
            expected.insert(text("endpoint"));
            if times > 0 && !overtaken {
                told.insert(text("endpoint"));
            }
            audit.published += 1;
            audit.unknown += unknown;
            audit.superseded += usize::from(overtaken);
            audit.lost += usize::from(times == 0 && !overtaken);
            audit.duplicates += times.saturating_sub(1);
            let sent = usize::from(delivery["status"] == "accepted");
            if times > sent + unknown || (sent == 0 && !overtaken) {
                audit
                    .wrong
                    .push(format!("arrived {times} times: {delivery}"));
            }
        }
        // What was overtaken is no loss only if the newer one came.
        for endpoint in expected.difference(&told) {
            audit
                .wrong
                .push(format!("{endpoint} heard nothing of {event}"));
        }
    }
    for ((id, to), times) in arrived {
        audit.wrong.push(format!(
            "nobody published {id} to {to}, which arrived {times} times"
        ));
    }
    audit.wrong.truncate(10);
    audit
}

impl Audit {
    /// Fails unless all came, and nothing twice but what is on record as unknown.
    pub fn holds(&self, published: usize) {
        println!(
            "published {}, superseded {}, lost {}, duplicates {}, attempts on record as unknown {}",
            self.published, self.superseded, self.lost, self.duplicates, self.unknown
        );
        assert_eq!(self.wrong, Vec::<String>::new());
        assert_eq!((self.published, self.lost), (published, 0), "{self:?}");
        assert!(self.duplicates <= self.unknown, "{self:?}");
    }
}

/// How many messages of an event are on record as accepted.
async fn accepted(server: &Running, event: &str) -> u64 {
    let notices = server.all(&format!("/api/v1/notices?event={event}")).await;
    let counts = notices.iter().map(|n| n["counts"]["accepted"].as_u64());
    counts.map(Option::unwrap).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_it_is_killed_in_a_fan_out() {
    let mut dice = Dice::thrown();
    let points = from_environment("FOREWARN_CRASH_POINTS").unwrap_or(20);
    let recipients = from_environment("FOREWARN_CRASH_RECIPIENTS").unwrap_or(1_000);
    // Slow enough that the kills fall inside the fan-out.
    let script = Script::default().delay(Duration::from_millis(1));
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data")).mail_to(&sink);
    let mut server = start.run().await;
    server.fill("portal", recipients as usize).await;
    let mut base = sink.count();
    let incident = server.declare("portal").await;
    let mut fan_outs = 1;
    let mut kills = Vec::new();
    for _ in 0..points {
        let left = recipients * fan_outs - accepted(&server, &incident).await;
        // A point beyond the end of this fan-out lies in the next.
        let mut after = dice.throw(left + 1 + recipients / 4);
        if left == 0 || after > left {
            server.all_sent(&incident).await;
            base = sink.count();
            server.update(&incident).await;
            fan_outs += 1;
            after -= left.min(after);
        }
        let reached = sink.wait_for(base + after as usize);
        timeout(PATIENCE, reached)
            .await
            .expect("the fan-out goes on");
        kills.push(sink.count() - base);
        server.kill().await;
        base = sink.count();
        server = start.run().await;
    }
    println!("killed after so many messages since the last start or publication: {kills:?}");
    server.all_sent(&incident).await;
    server.stop().await;
    sink.wait_for_all_closed().await;
    let server = start.run().await;
    audit(&sink, &server, &[incident])
        .await
        .holds((recipients * fan_outs) as usize);
}

/// What a crash may leave to be sent again, whatever the program says of it: eight connections, on each a leg that is under way and
/// one that is not on record yet. A leg is what the relay takes in 250 ms, and 10 messages at the beginning.
/// (`docs/explanation/delivery.md`.) A program that records a flight of 100, or a fan-out, at its end fails here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_is_bounded() {
    const RECIPIENTS: u64 = 400;
    const MOST: usize = 8 * 2 * 10;
    let mut dice = Dice::thrown();
    // Each message takes this sink at least one delay: the answer to its final dot.
    let script = Script::default().delay(Duration::from_millis(25));
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data")).mail_to(&sink);
    let mut server = start.run().await;
    server.fill("portal", RECIPIENTS as usize).await;
    for _ in 0..3 {
        let (base, before) = (sink.count(), sink.ledger().len());
        let incident = server.declare("portal").await;
        // Beyond the bound, so that whoever recorded nothing is found out.
        let reached = sink.wait_for(base + 240 + dice.throw(100) as usize);
        timeout(PATIENCE, reached)
            .await
            .expect("the fan-out goes on");
        server.kill().await;
        server = start.run().await;
        server.all_sent(&incident).await;
        let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
        for mail in &sink.ledger()[before..] {
            *arrived.entry(mail.to.clone()).or_default() += 1;
        }
        let again: usize = arrived.values().map(|times| times - 1).sum();
        println!("{again} came twice");
        assert_eq!(arrived.len() as u64, RECIPIENTS, "lost");
        assert!(arrived.values().all(|times| *times <= 2), "{arrived:?}");
        assert!(again <= MOST, "{again} came twice, at most {MOST} may");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_after_a_crash_has_the_same_bytes() {
    let script = Script::default().delay(Duration::from_millis(1));
    let sink = SmtpPeer::start(script, Keep::Messages).await.unwrap();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data"))
        .mail_to(&sink)
        .with("--public-url", "https://status.example.edu");
    let server = start.run().await;
    server.fill("portal", 50).await;
    let incident = server.declare("portal").await;
    timeout(PATIENCE, sink.wait_for(20)).await.unwrap();
    server.kill().await;
    sink.wait_for_all_closed().await;
    let server = start.run().await;
    server.all_sent(&incident).await;
    server.stop().await;
    let mut first = BTreeMap::new();
    let mut again = 0;
    for mail in sink.ledger() {
        let text = String::from_utf8_lossy(&mail.data).into_owned();
        match first.get(&mail.to) {
            None => drop(first.insert(mail.to.clone(), text)),
            Some(before) => {
                assert_eq!(*before, text, "{}", mail.to);
                again += 1;
            }
        }
    }
    assert_eq!(first.len(), 50);
    assert!(again > 0, "the kill fell behind the fan-out");
}

/// Two nodes on one database, killed in turn. What the dead had in the air is taken back after half a minute of silence,
/// so the kills follow each other and the wait is at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_of_two_nodes_is_killed() {
    const POINTS: u64 = 5;
    const RECIPIENTS: u64 = 300;
    let mut dice = Dice::thrown();
    let database = Database::new();
    let script = Script::default().delay(Duration::from_millis(1));
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let starts = ["first", "second"].map(|name| {
        Start::new(&folder.file(name))
            .mail_to(&sink)
            .with("--database", &database.url())
            .with_shared_keys()
    });
    let mut nodes = Vec::new();
    for start in &starts {
        nodes.push(start.run().await);
    }
    nodes[0].fill("portal", RECIPIENTS as usize).await;
    let mut incidents = Vec::new();
    for _ in 0..POINTS {
        let base = sink.count();
        let killed = dice.throw(2) as usize;
        // An incident of its own each time: a message to the same people about the same one would wait for the dead.
        incidents.push(nodes[dice.throw(2) as usize].declare("portal").await);
        let after = dice.throw(RECIPIENTS) as usize;
        timeout(PATIENCE, sink.wait_for(base + after))
            .await
            .expect("the fan-out goes on");
        nodes.swap_remove(killed).kill().await;
        nodes.insert(killed, starts[killed].run().await);
    }
    for incident in &incidents {
        nodes[0].all_sent(incident).await;
    }
    audit(&sink, &nodes[0], &incidents)
        .await
        .holds((POINTS * RECIPIENTS) as usize);
    for node in nodes {
        node.stop().await;
    }
}
