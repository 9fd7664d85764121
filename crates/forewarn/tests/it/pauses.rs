//! K4, K12: one of two nodes on one PostgreSQL stands still (SIGSTOP) for so long that the other takes it for dead, and goes
//! on, while incidents are declared and updated and promises pass.
//!
//! The judge is the sink's ledger, compared with what was published: nothing is lost, nothing comes twice but where an
//! attempt was in the air at the pause (on record as unknown, with the same Message-ID), nothing old comes after the new. Who goes on
//! after the other has sent everything sends none of it again, not even what it had in the air.
//! What a promise has coming to it happens once.
//!
//! `FOREWARN_CRASH_SEED` replays the points; `FOREWARN_PAUSES` says how often in the long run.

use crate::crash::{Audit, Dice, audit, from_environment};
use crate::database::{Database, sql};
use crate::running::{Folder, PATIENCE, Running, Start, until};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use forewarn_store::Clock;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Who reads of the large incident. A flight is 100 messages, and a node has several in the air.
const RECIPIENTS: u64 = 600;

/// Two nodes, and what they sent to.
struct Pair {
    database: Database,
    sink: SmtpPeer,
    nodes: Vec<Running>,
    /// How the nodes call themselves, in their order.
    names: Vec<String>,
    incidents: Vec<String>,
    _folder: Folder,
}

/// What one pause came to.
#[derive(Debug, Default)]
struct Figures {
    pauses: usize,
    /// Pauses in which the node had messages in the air.
    in_the_air: usize,
    taken_back: u64,
    published: usize,
    superseded: usize,
    duplicates: usize,
    unknown: usize,
    /// What came once more after a node went on, when the other had sent all.
    again: Vec<String>,
    broken: usize,
    kept: usize,
    shortest_pause: Option<Duration>,
}

impl Pair {
    async fn new() -> Pair {
        let database = Database::new();
        // Slow enough that the pause falls inside the fan-out.
        let script = Script::default().delay(Duration::from_millis(20));
        let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
        let folder = Folder::new();
        let (mut nodes, mut names) = (Vec::new(), Vec::new());
        for name in ["first", "second"] {
            let start = Start::new(&folder.file(name))
                .mail_to(&sink)
                .with("--database", &database.url())
                .with_shared_keys();
            nodes.push(start.run().await);
            let name = until("it is heard from", PATIENCE, async || {
                let all = sql(&database.url(), "SELECT id FROM nodes");
                let mut all = all.lines().map(str::to_owned);
                all.find(|name| !names.contains(name))
            });
            let name = name.await;
            names.push(name);
        }
        nodes[0].fill("portal", RECIPIENTS as usize).await;
        nodes[0].fill("library", 2).await;
        // Whoever runs the library is told of its promises.
        nodes[0]
            .apply(
                "services:\n  - {id: library, name: Service library, owner: owner@example.edu}\n",
            )
            .await;
        Pair {
            database,
            sink,
            nodes,
            names,
            incidents: Vec::new(),
            _folder: folder,
        }
    }

    fn count(&self, statement: &str) -> u64 {
        sql(&self.database.url(), statement).trim().parse().unwrap()
    }

    /// Which node has the most in the air.
    fn sends(&self) -> usize {
        let busiest = "SELECT owner FROM deliveries WHERE status = 'attempting' GROUP BY owner ORDER BY COUNT(*) DESC LIMIT 1";
        let busiest = sql(&self.database.url(), busiest);
        let place = self.names.iter().position(|name| name == busiest.trim());
        place.unwrap_or(0)
    }

    /// An incident of the library, of this severity, that promises its next update in so many seconds.
    async fn promises(&mut self, node: usize, severity: &str, seconds: i64) -> String {
        let node = &self.nodes[node];
        let declared = json!({"title": "No loans", "services": {"library": "major_outage"}, "severity": severity,
            "effect": "Nobody can borrow anything."});
        let declared = node.post("/api/v1/incidents", &declared).await;
        let id = declared.json(StatusCode::CREATED)["id"].clone();
        let id = id.as_str().unwrap().to_owned();
        // Whoever is called takes the call once it has come.
        let notices = format!("/api/v1/notices?event={id}&status=sent");
        until("the call has come", PATIENCE, async || {
            let sent = node.all(&notices).await;
            let is_call = |n: &Value| n["milestone"] == "spokesperson_call";
            sent.iter().any(is_call).then_some(())
        })
        .await;
        let taken = format!("/api/v1/incidents/{id}/acknowledge");
        assert!(node.post(&taken, &Value::Null).await.status.is_success());
        let due = Clock::System.now() + SignedDuration::from_secs(seconds);
        let moved = format!("/api/v1/incidents/{id}/promise");
        let moved = node
            .post(&moved, &json!({"next_update_at": due.to_string()}))
            .await;
        assert!(moved.status.is_success(), "{}", moved.text);
        self.incidents.push(id.clone());
        id
    }

    async fn promised(&self, node: usize, id: &str) -> Value {
        let shown = self.nodes[node]
            .get(&format!("/api/v1/incidents/{id}"))
            .await;
        shown.json(StatusCode::OK)["promises"].clone()
    }

    /// One node stands still for at least so long, and until the other has taken it for dead.
    async fn pause(&mut self, dice: &mut Dice, least: Duration, figures: &mut Figures) {
        let by = dice.throw(2) as usize;
        let breaks = self.promises(by, "P3", 8).await;
        let keeps = self.promises(1 - by, "P1", 16).await;
        let base = self.sink.count();
        let large = self.nodes[by].declare("portal").await;
        self.incidents.push(large.clone());
        let after = 20 + dice.throw(RECIPIENTS / 4) as usize;
        timeout(PATIENCE, self.sink.wait_for(base + after))
            .await
            .expect("the fan-out goes on");
        let still = self.sends();
        let other = 1 - still;
        self.nodes[still].signal("STOP").await;
        let stopped = Instant::now();
        figures.pauses += 1;
        let unknown = "SELECT COUNT(*) FROM attempts WHERE outcome = 'unknown'";
        let unknown_now = "SELECT COUNT(*) FROM deliveries WHERE outcome = 'unknown'";
        let before = self.count(unknown) + self.count(unknown_now);
        // The other goes on meanwhile: with what stood still, or with what is newer.
        let updated = dice.throw(2) == 0;
        if updated {
            self.nodes[other].update(&large).await;
            self.nodes[other].update(&large).await;
        }
        until("the promises are broken and kept", PATIENCE, async || {
            let broken = self.promised(other, &breaks).await["broken"] == 1;
            let kept = self.promised(other, &keeps).await["automatically"] == 1;
            (broken && kept).then_some(())
        })
        .await;
        until("it is taken for dead", PATIENCE, async || {
            (self.count("SELECT COUNT(*) FROM nodes") == 1).then_some(())
        })
        .await;
        let taken_back = self.count(unknown) + self.count(unknown_now) - before;
        figures.taken_back += taken_back;
        figures.in_the_air += usize::from(taken_back > 0);
        // Long before it goes on everybody has been told of the newest.
        if updated {
            self.nodes[other].update(&large).await;
        }
        until(
            "it has stood still for long enough",
            least + PATIENCE,
            async || (stopped.elapsed() >= least).then_some(()),
        )
        .await;
        self.all_is_sent().await;
        let sent = self.sink.count();
        self.nodes[still].signal("CONT").await;
        let shortest = figures.shortest_pause.unwrap_or(Duration::MAX);
        figures.shortest_pause = Some(shortest.min(stopped.elapsed()));
        until("it is alive again", PATIENCE, async || {
            (self.count("SELECT COUNT(*) FROM nodes") == 2).then_some(())
        })
        .await;
        self.nodes[still].update(&large).await;
        self.all_is_sent().await;
        figures.again.extend(self.told_again(sent));
    }

    async fn all_is_sent(&self) {
        until("all is sent", PATIENCE, async || {
            let waits =
                "SELECT (SELECT COUNT(*) FROM deliveries WHERE status IN ('queued', 'attempting'))
                + (SELECT COUNT(*) FROM notices WHERE status = 'sending'
                  OR status = 'planned' AND NOT held AND due <= EXTRACT(EPOCH FROM now()) * 1000)";
            (self.count(waits) == 0).then_some(())
        })
        .await;
    }

    /// What had come before that many messages and came again after them.
    fn told_again(&self, sent: usize) -> Vec<String> {
        let mut ledger = self.sink.ledger();
        let after = ledger.split_off(sent);
        let known: BTreeSet<_> = ledger.iter().map(|m| (&m.message_id, &m.to)).collect();
        after
            .iter()
            .filter(|m| known.contains(&(&m.message_id, &m.to)))
            .map(|m| format!("{:?} to {}", m.message_id, m.to))
            .collect()
    }

    async fn judge(self, figures: &mut Figures) {
        let Audit {
            published,
            lost,
            duplicates,
            superseded,
            unknown,
            mut wrong,
        } = audit(&self.sink, &self.nodes[0], &self.incidents).await;
        assert_eq!(lost, 0, "{wrong:#?}");
        assert!(duplicates <= unknown, "{duplicates} of {unknown}");
        let again = &figures.again;
        let few = &again[..again.len().min(10)];
        assert!(again.is_empty(), "{} times: {few:#?}", again.len());
        figures.published += published;
        figures.duplicates += duplicates;
        figures.superseded += superseded;
        figures.unknown += unknown;
        wrong.extend(self.out_of_order().await);
        for id in &self.incidents {
            wrong.extend(self.effects(id, figures).await);
        }
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM journal WHERE action IN ('notice.sent', 'notice.superseded')
            GROUP BY detail::jsonb ->> 'notice' HAVING COUNT(*) > 1) x";
        assert_eq!(self.count(twice), 0, "notices were sent twice");
        assert_eq!(wrong, Vec::<String>::new());
        for node in self.nodes {
            node.stop().await;
        }
    }

    /// What came to an address after something newer about the same incident.
    async fn out_of_order(&self) -> Vec<String> {
        let notices = sql(&self.database.url(), "SELECT id, ordinal FROM notices");
        let ordinals: BTreeMap<&str, i64> = notices
            .lines()
            .filter_map(|line| line.split_once('|'))
            .map(|(id, ordinal)| (id, ordinal.parse().unwrap()))
            .collect();
        let mut told = BTreeMap::new();
        for id in &self.incidents {
            for delivery in self.nodes[0]
                .all(&format!("/api/v1/deliveries?event={id}"))
                .await
            {
                let text = |name: &str| delivery[name].as_str().unwrap().to_owned();
                let ordinal = ordinals[text("notice").as_str()];
                told.insert(
                    (text("message_id"), text("endpoint")),
                    (id.clone(), ordinal),
                );
            }
        }
        // What is about something else, such as a promise and the event itself, takes no place of each other.
        let story = |ordinal: i64| ordinal / 1_000_000_000_000;
        let mut newest: BTreeMap<(String, String, i64), i64> = BTreeMap::new();
        let mut wrong = Vec::new();
        for mail in self.sink.ledger() {
            let key = (mail.message_id.clone().unwrap_or_default(), mail.to.clone());
            let Some((incident, ordinal)) = told.get(&key) else {
                continue;
            };
            let newest = newest
                .entry((incident.clone(), mail.to.clone(), story(*ordinal)))
                .or_insert(*ordinal);
            if ordinal < newest {
                wrong.push(format!(
                    "{} read {ordinal} of {incident} after {newest}",
                    mail.to
                ));
            }
            *newest = (*newest).max(*ordinal);
        }
        wrong
    }

    /// Each promise that has passed is on record, once.
    async fn effects(&self, id: &str, figures: &mut Figures) -> Vec<String> {
        let entries = |action: &str| {
            self.count(&format!(
                "SELECT COUNT(*) FROM journal WHERE subject = '{id}' AND action = 'incident.{action}'"
            )) as usize
        };
        let shown = self.nodes[0].get(&format!("/api/v1/incidents/{id}")).await;
        let shown = shown.json(StatusCode::OK);
        let updates = shown["updates"].as_array().unwrap();
        let broken = updates
            .iter()
            .filter(|u| u["promise"]["kept"] == false)
            .count();
        let kept = updates
            .iter()
            .filter(|u| u["nature"] == "automatic")
            .count();
        let now = Clock::System.now().to_string();
        let unseen = updates.iter().filter(|u| {
            let due = u["promise"]["due"].as_str();
            u["promise"]["kept"].is_null() && due.is_some_and(|due| due < now.as_str())
        });
        figures.broken += broken;
        figures.kept += kept;
        let on_record = (entries("promise_broken"), entries("promise_kept"));
        match (on_record == (broken, kept), unseen.count()) {
            (true, 0) => Vec::new(),
            (_, unseen) => vec![format!(
                "{id}: {broken} broken, {kept} kept, {unseen} unseen; on record {on_record:?}"
            )],
        }
    }
}

/// So many pauses, one after the other.
async fn pauses(count: u64, least: Duration, mut dice: Dice) -> Figures {
    let mut figures = Figures::default();
    let mut pair = Pair::new().await;
    for _ in 0..count {
        pair.pause(&mut dice, least, &mut figures).await;
    }
    pair.judge(&mut figures).await;
    println!("{figures:?}");
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stood_still_and_goes_on_sends_nothing_old_and_nothing_again() {
    let mut dice = Dice::thrown();
    let (one, two) = (dice.fork(), dice.fork());
    let least = Duration::ZERO;
    let (one, two) = tokio::join!(pauses(1, least, one), pauses(1, least, two));
    assert!(one.in_the_air + two.in_the_air > 0, "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long: a minute for each of 20 pauses"]
async fn a_node_stands_still_for_a_minute_twenty_times() {
    let mut dice = Dice::thrown();
    let count = from_environment("FOREWARN_PAUSES").unwrap_or(20);
    let (one, two) = (dice.fork(), dice.fork());
    let minute = Duration::from_secs(60);
    // Two installations at a time: most of a minute is waiting.
    let one = pauses(count / 2, minute, one);
    let two = pauses(count - count / 2, minute, two);
    let (one, two) = tokio::join!(one, two);
    for figures in [one, two] {
        assert!(figures.in_the_air * 2 > figures.pauses, "{figures:?}");
    }
}
