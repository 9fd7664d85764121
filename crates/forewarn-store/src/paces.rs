//! Who takes only so much in a while: when each may be sent to next, for all nodes that share the store.
//!
//! A row is a key (a chat room, the account at a provider, a domain that mail goes to) with two instants, in microseconds.
//! `free_at` is when everything that was taken so far would have gone out evenly; a turn is had while it lies at most `slack` ahead
//! (the generic cell rate algorithm). `queue_at` is behind those that were told to come back later, so that they do not all come
//! back at once. Who comes back asks again: what is urgent may have had the turn meanwhile.
//!
//! Whoever is to be started slowly has a `tempo` beside that, in tenths of a message a second: it grows with each message that is
//! taken, and is halved when one is refused for the time being.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Nobody waits for longer; a clock that was set back would say so.
pub(crate) const MOST_WAIT: i64 = 24 * 3_600_000_000;
/// A slow start begins with this tempo, and nothing falls below it: 2 a second.
const FIRST_TEMPO: i64 = 20;
/// And never grows beyond this: a million a second.
const MOST_TEMPO: i64 = 10_000_000;
/// So many microseconds apart are messages at a tempo of 1.
const APART_AT_ONE: i64 = 10_000_000;

/// Somebody who takes only so much in a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Who.
    pub key: String,
    /// How far apart messages are. Zero where only what they ask for themselves counts ([`Store::hold_back`]).
    pub apart: SignedDuration,
    /// How much may go out ahead of that; zero for one message at a time.
    pub slack: SignedDuration,
    /// Who is new, was left alone for a day or refuses gets few at first, and more as messages are taken.
    pub slow_start: bool,
}

impl Pace {
    /// One that is only left alone when it asks for it.
    pub fn unlimited(key: String) -> Pace {
        Pace {
            key,
            apart: SignedDuration::ZERO,
            slack: SignedDuration::ZERO,
            slow_start: false,
        }
    }

    /// Whether a turn must be written down.
    fn is_counted(&self) -> bool {
        self.slow_start || self.apart.is_positive()
    }
}

/// What came of the messages that went to one of them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Who.
    pub pace: Pace,
    /// So many were taken.
    pub taken: u32,
    /// One or more were refused for the time being, or nobody was there.
    pub refused: bool,
}

/// What is known of one of them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Course {
    free_at: i64,
    pub(crate) queue_at: i64,
    tempo: i64,
    /// How long gates were held last (`crate::gates`).
    pub(crate) lasts: i64,
    /// Until then gates are for what is urgent.
    pub(crate) urgent_until: i64,
}

impl Course {
    /// Takes a turn, or says in how many microseconds to ask again.
    fn take(&mut self, pace: &Pace, now: i64) -> Option<i64> {
        if pace.slow_start && self.free_at + MOST_WAIT < now {
            self.tempo = FIRST_TEMPO;
        }
        let (apart, slack) = self.distance(pace);
        let wait = self.free_at - slack - now;
        if wait <= 0 || wait > MOST_WAIT {
            if apart > 0 {
                self.free_at = self.free_at.min(now + slack).max(now) + apart;
            }
            return None;
        }
        let at = self.queue_at.max(now + wait);
        let at = at.min(now + MOST_WAIT);
        self.queue_at = at + self.step(pace, apart, at - now);
        Some(at - now)
    }

    /// How far behind one that comes back after this time the next one does. Whoever is started slowly takes a tenth more each second
    /// by then, if all goes well; else they ask again.
    fn step(&self, pace: &Pace, apart: i64, ahead: i64) -> i64 {
        let allowed = micros(pace.apart);
        if !pace.slow_start || apart <= allowed {
            return apart;
        }
        let seconds = ahead as f64 / 1_000_000.0;
        let by_then = apart as f64 * (-seconds / 10.0).exp();
        (by_then as i64).max(allowed)
    }

    /// How far apart messages are, and how much may go out ahead: the greater distance of what is allowed and what is dared.
    fn distance(&self, pace: &Pace) -> (i64, i64) {
        let allowed = (micros(pace.apart), micros(pace.slack));
        let tempo = self.tempo.max(FIRST_TEMPO);
        let dared = APART_AT_ONE / tempo;
        match pace.slow_start && dared > allowed.0 {
            // A second's worth may go out at once.
            true => (dared, dared * (tempo / 10 - 1)),
            false => allowed,
        }
    }

    /// A tenth of a message a second more for each that was taken: in some 25 seconds ten times as many. Half of it for a refusal.
    fn learn(&mut self, pulse: &Pulse) {
        let most = match micros(pulse.pace.apart) {
            0 => MOST_TEMPO,
            apart => (APART_AT_ONE / apart).max(FIRST_TEMPO),
        };
        let tempo = self.tempo.max(FIRST_TEMPO);
        let tempo = match pulse.refused {
            true => tempo / 2,
            false => tempo + i64::from(pulse.taken),
        };
        self.tempo = tempo.clamp(FIRST_TEMPO, most);
    }
}

pub(crate) fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(MOST_WAIT)
}

impl Store {
    /// Takes a turn for each of these messages, in their order: `None` for those that may go out now, and for the others how long
    /// to wait before asking again. Where no pace has a distance, nothing is written.
    ///
    /// # Errors
    /// When the database cannot be used; then no turn was taken.
    pub async fn take_turns(
        &self,
        paces: &[Pace],
        now: Timestamp,
    ) -> Result<Vec<Option<SignedDuration>>> {
        let at = now.as_microsecond();
        let writes = paces.iter().any(Pace::is_counted);
        let mut tx = match writes {
            true => self.db.write().await?,
            false => self.db.read().await?,
        };
        let keys: BTreeSet<&str> = paces.iter().map(|pace| pace.key.as_str()).collect();
        if writes {
            let limited = paces.iter().filter(|pace| pace.is_counted());
            let limited: BTreeSet<&str> = limited.map(|pace| pace.key.as_str()).collect();
            begin(&mut tx, &limited, at).await?;
        }
        let mut courses = courses(&mut tx, &keys, writes).await?;
        let waits = paces
            .iter()
            .map(|pace| {
                let course = courses.entry(pace.key.clone()).or_default();
                course.take(pace, at).map(SignedDuration::from_micros)
            })
            .collect();
        if writes {
            keep(&mut tx, &courses).await?;
            tx.commit().await?;
        }
        Ok(waits)
    }

    /// Leaves somebody alone until then, because they asked for it; whoever asks for a turn before that waits.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn hold_back(&self, pace: &Pace, until: Timestamp) -> Result<()> {
        // Whoever starts slowly may be a second's worth ahead, too.
        let slack = match pace.slow_start {
            true => pace.slack.max(SignedDuration::from_secs(1)),
            false => pace.slack,
        };
        let free = until.as_microsecond() + micros(slack);
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO paces (id, free_at, queue_at) VALUES ($1, $2, 0)
            ON CONFLICT (id) DO UPDATE SET free_at = CASE WHEN paces.free_at > excluded.free_at THEN paces.free_at
              ELSE excluded.free_at END";
        tx.execute(sql, args![&pace.key, free]).await?;
        tx.commit().await
    }

    /// Notes how those that are started slowly took what they got.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn learn_tempo(&self, pulses: &[Pulse], now: Timestamp) -> Result<()> {
        let keys: BTreeSet<&str> = pulses.iter().map(|p| p.pace.key.as_str()).collect();
        let mut tx = self.db.write().await?;
        begin(&mut tx, &keys, now.as_microsecond()).await?;
        let mut courses = courses(&mut tx, &keys, true).await?;
        for pulse in pulses {
            let course = courses.entry(pulse.pace.key.clone()).or_default();
            course.learn(pulse);
        }
        keep(&mut tx, &courses).await?;
        tx.commit().await
    }
}

/// Rows for those that have none yet. When one is added, those go that say nothing any more.
pub(crate) async fn begin(tx: &mut Tx, keys: &BTreeSet<&str>, now: i64) -> Result<()> {
    let sql = tx.either(
        "INSERT INTO paces (id, free_at, queue_at) SELECT value, 0, 0 FROM json_each($1) WHERE TRUE ON CONFLICT DO NOTHING",
        "INSERT INTO paces (id, free_at, queue_at) SELECT x, 0, 0 FROM jsonb_array_elements_text($1::jsonb) x ORDER BY x
         ON CONFLICT DO NOTHING",
    );
    let keys = crate::json_list(keys.iter().copied());
    let added = tx.execute(sql, args![&keys]).await?;
    if added > 0 {
        // What another node holds is in use.
        let sql = tx.either(
            "DELETE FROM paces WHERE free_at > 0 AND free_at < $1 AND id NOT IN (SELECT value FROM json_each($2))",
            "DELETE FROM paces WHERE id IN (SELECT id FROM paces WHERE free_at > 0 AND free_at < $1
               AND id NOT IN (SELECT jsonb_array_elements_text($2::jsonb)) ORDER BY id FOR UPDATE SKIP LOCKED)",
        );
        tx.execute(sql, args![now - MOST_WAIT, &keys]).await?;
    }
    Ok(())
}

/// What is known of these; held until the end of the transaction where it is to be changed.
pub(crate) async fn courses(
    tx: &mut Tx,
    keys: &BTreeSet<&str>,
    held: bool,
) -> Result<BTreeMap<String, Course>> {
    let lock = match held {
        true => tx.either("", "FOR UPDATE"),
        false => "",
    };
    let wanted = tx.either(
        "(SELECT value FROM json_each($1))",
        "(SELECT jsonb_array_elements_text($1::jsonb))",
    );
    // In the order of keys, so that two nodes never wait for each other.
    let sql = format!(
        "SELECT id, free_at, queue_at, tempo, lasts, urgent_until FROM paces WHERE id IN {wanted} ORDER BY id {lock}"
    );
    let rows = tx
        .rows(&sql, args![crate::json_list(keys.iter().copied())])
        .await?;
    rows.iter()
        .map(|row| {
            let course = Course {
                free_at: row.int(1)?,
                queue_at: row.int(2)?,
                tempo: row.int(3)?,
                lasts: row.int(4)?,
                urgent_until: row.int(5)?,
            };
            Ok((row.text(0)?, course))
        })
        .collect()
}

pub(crate) async fn keep(tx: &mut Tx, courses: &BTreeMap<String, Course>) -> Result<()> {
    let list: Vec<_> = courses
        .iter()
        .map(|(key, c)| {
            serde_json::json!([key, c.free_at, c.queue_at, c.tempo, c.lasts, c.urgent_until])
        })
        .collect();
    let sql = tx.either(
        "UPDATE paces SET free_at = x.value ->> 1, queue_at = x.value ->> 2, tempo = x.value ->> 3, lasts = x.value ->> 4,
           urgent_until = x.value ->> 5 FROM json_each($1) x WHERE paces.id = x.value ->> 0",
        "UPDATE paces SET free_at = (x ->> 1)::BIGINT, queue_at = (x ->> 2)::BIGINT, tempo = (x ->> 3)::BIGINT, lasts = (x ->> 4)::BIGINT,
           urgent_until = (x ->> 5)::BIGINT FROM jsonb_array_elements($1::jsonb) x WHERE paces.id = x ->> 0",
    );
    tx.execute(sql, args![serde_json::to_string(&list)?])
        .await?;
    Ok(())
}
