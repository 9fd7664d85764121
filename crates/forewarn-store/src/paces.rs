//! Who takes only so much in a while: when each may be sent to next, for all nodes that share the store.
//!
//! A row is a key (a chat room, the account at a provider, a domain that mail goes to) with two instants, in microseconds.
//! `free_at` is when everything that was taken so far would have gone out evenly; a turn is had while it lies at most `slack` ahead
//! (the generic cell rate algorithm). `queue_at` is behind those that were told to come back later, so that they do not all come
//! back at once. Who comes back asks again: what is urgent may have had the turn meanwhile.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Nobody waits for longer; a clock that was set back would say so.
const MOST_WAIT: i64 = 24 * 3_600_000_000;

/// Somebody who takes only so much in a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Who.
    pub key: String,
    /// How far apart messages are. Zero where only what they ask for themselves counts ([`Store::hold_back`]).
    pub apart: SignedDuration,
    /// How much may go out ahead of that; zero for one message at a time.
    pub slack: SignedDuration,
}

impl Pace {
    /// One that is only left alone when it asks for it.
    pub fn unlimited(key: String) -> Pace {
        Pace {
            key,
            apart: SignedDuration::ZERO,
            slack: SignedDuration::ZERO,
        }
    }
}

/// What is known of one of them.
#[derive(Clone, Copy, Default)]
struct Course {
    free_at: i64,
    queue_at: i64,
}

impl Course {
    /// Takes a turn, or says in how many microseconds to ask again.
    fn take(&mut self, pace: &Pace, now: i64) -> Option<i64> {
        let (apart, slack) = (micros(pace.apart), micros(pace.slack));
        let wait = self.free_at - slack - now;
        if wait <= 0 || wait > MOST_WAIT {
            if apart > 0 {
                self.free_at = self.free_at.min(now + slack).max(now) + apart;
            }
            return None;
        }
        let at = self.queue_at.max(now + wait);
        let at = at.min(now + MOST_WAIT);
        self.queue_at = at + apart;
        Some(at - now)
    }
}

fn micros(duration: SignedDuration) -> i64 {
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
        let writes = paces.iter().any(|pace| pace.apart.is_positive());
        let mut tx = match writes {
            true => self.db.write().await?,
            false => self.db.read().await?,
        };
        let keys: BTreeSet<&str> = paces.iter().map(|pace| pace.key.as_str()).collect();
        if writes {
            let limited = paces.iter().filter(|pace| pace.apart.is_positive());
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
        let free = until.as_microsecond() + micros(pace.slack);
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO paces (id, free_at, queue_at) VALUES ($1, $2, 0)
            ON CONFLICT (id) DO UPDATE SET free_at = CASE WHEN paces.free_at > excluded.free_at THEN paces.free_at
              ELSE excluded.free_at END";
        tx.execute(sql, args![&pace.key, free]).await?;
        tx.commit().await
    }
}

/// Rows for those that have none yet. When one is added, those go that say nothing any more.
async fn begin(tx: &mut Tx, keys: &BTreeSet<&str>, now: i64) -> Result<()> {
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
async fn courses(
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
    let sql =
        format!("SELECT id, free_at, queue_at FROM paces WHERE id IN {wanted} ORDER BY id {lock}");
    let rows = tx
        .rows(&sql, args![crate::json_list(keys.iter().copied())])
        .await?;
    rows.iter()
        .map(|row| {
            let course = Course {
                free_at: row.int(1)?,
                queue_at: row.int(2)?,
            };
            Ok((row.text(0)?, course))
        })
        .collect()
}

async fn keep(tx: &mut Tx, courses: &BTreeMap<String, Course>) -> Result<()> {
    let list: Vec<_> = courses
        .iter()
        .map(|(key, course)| serde_json::json!([key, course.free_at, course.queue_at]))
        .collect();
    let sql = tx.either(
        "UPDATE paces SET free_at = x.value ->> 1, queue_at = x.value ->> 2 FROM json_each($1) x WHERE paces.id = x.value ->> 0",
        "UPDATE paces SET free_at = (x ->> 1)::BIGINT, queue_at = (x ->> 2)::BIGINT FROM jsonb_array_elements($1::jsonb) x
         WHERE paces.id = x ->> 0",
    );
    tx.execute(sql, args![serde_json::to_string(&list)?])
        .await?;
    Ok(())
}
