//! Reach: who a notice would go to if it went out now, and who it would not reach and why. The conditions are those of the
//! expansion, so that what is promised here is what is made there.

use crate::Store;
use crate::contacts::same_place;
use crate::db::{Arg, Tx, args};
use crate::error::Result;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::id::Id;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many of those who are not reached are named; all are counted.
const NAMED: i64 = 100;

/// An audience as a plan reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The audience.
    pub audience: Id,
    /// The event's kind: `maintenance`, `incident`.
    pub kind: &'static str,
    /// Affected services that it uses.
    pub services: Vec<Id>,
    /// Channels that are used at once.
    pub channels: Vec<Channel>,
    /// Channels that are used where those before did not do, in order; at once for whom none of those before can be used.
    pub later: Vec<Channel>,
    /// They are no members: they were added to this event, at this level.
    pub added_to: Option<(String, Level)>,
}

/// Somebody who is not reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// The contact's id.
    pub contact: String,
    /// Why.
    pub reason: String,
}

/// Somebody who would be reached, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedRecipient {
    /// The contact's id.
    pub contact: String,
    /// Its name.
    pub name: Option<String>,
    /// The channel's name.
    pub channel: String,
    /// The mailbox or number.
    pub address: String,
}

/// Who of an audience is reached, and who is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The audience.
    pub audience: String,
    /// Its members.
    pub people: i64,
    /// Those who get at least one message.
    pub reached: i64,
    /// Messages by channel that go out at once; who stands in several audiences is counted in each.
    pub messages: BTreeMap<String, i64>,
    /// Messages by channel that go out later where an earlier one did not do.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub if_needed: BTreeMap<String, i64>,
    /// Those who get none, by reason.
    pub unreached: BTreeMap<String, i64>,
    /// The first of them by name.
    pub named: Vec<Unreached>,
}

// `$1` is the audience, `$2` its affected services, `$3` the channels, both as JSON lists, `$4` the event's kind, `$5` the channels without
// which `$3` are used, again a list; names are found in them as the expansion does.
const CHOSEN: &str = "(NOT EXISTS (SELECT 1 FROM choices c WHERE c.contact = m.contact)
  OR EXISTS (SELECT 1 FROM choices c WHERE c.contact = m.contact AND replace($2, '\"' || c.service || '\"', '') <> $2))";
const OF_KIND: &str = "(NOT EXISTS (SELECT 1 FROM kinds k WHERE k.contact = m.contact)
  OR EXISTS (SELECT 1 FROM kinds k WHERE k.contact = m.contact AND k.kind = $4))";
const USED: &str = "e.contact = m.contact AND replace($3, '\"' || e.channel || '\"', '') <> $3
  AND NOT EXISTS (SELECT 1 FROM endpoints g WHERE g.contact = m.contact AND g.state = 'active'
    AND replace($5, '\"' || g.channel || '\"', '') <> $5
    AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = g.id AND s.audience IN ($1, '*')))";
const WANTED: &str =
    "NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = e.id AND s.audience IN ($1, '*'))";

// The same for those who were added to one event: `$1` is their audience, `$2` the event, `$3` the channels, `$4` the level. Nobody
// asks what they chose for themselves.
const ADDED: &str = "added m JOIN endpoints e ON e.contact = m.contact AND (m.endpoint = '' OR m.endpoint = e.id)
  AND replace($3, '\"' || e.channel || '\"', '') <> $3 AND m.event = $2 AND m.level = CAST($4 AS BIGINT)";

impl Store {
    /// Who each of these audiences' notices would reach now, and how many messages one notice of the event makes in all:
    /// who stands in several audiences gets one, and so does a mailbox that several contacts have.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn reach(&self, plan: &[Reached]) -> Result<(Vec<Reach>, i64)> {
        let mut tx = self.db.read().await?;
        let mut all = Vec::with_capacity(plan.len());
        for reached in plan {
            all.push(of_audience(&mut tx, reached).await?);
        }
        let total = messages(&mut tx, plan).await?;
        Ok((all, total))
    }

    /// Audiences that a contact belongs to, listed or by rule.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audiences_of(&self, contact: &str) -> Result<BTreeSet<String>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT audience FROM members WHERE contact = $1";
        let rows = tx.rows(sql, args![contact]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Whom a notice to this audience would reach now, by contact; addresses that are secrets (of webhooks and chat rooms) are
    /// not among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recipients(&self, reached: &Reached) -> Result<Vec<ListedRecipient>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT e.contact, e.name, e.channel, e.address FROM members m JOIN endpoints e ON {USED} AND e.state = 'active' AND {WANTED}
             WHERE m.audience = $1 AND {CHOSEN} AND {OF_KIND} AND e.channel NOT IN ('webhook', 'chat')
             ORDER BY m.contact, e.channel, e.address"
        );
        let rows = tx.rows(&sql, reached.first().values()).await?;
        rows.iter()
            .map(|row| {
                Ok(ListedRecipient {
                    contact: row.text(0)?,
                    name: row.maybe_text(1)?,
                    channel: row.text(2)?,
                    address: row.text(3)?,
                })
            })
            .collect()
    }

    /// Why nothing would reach this member of the audience; `None` when something does, or it is no member.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn why_unreached(&self, reached: &Reached, contact: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let sql = match reached.added_to {
            Some(_) => format!(
                "SELECT x.contact, x.why FROM ({}) x WHERE x.contact = $5",
                added_reasons()
            ),
            None => format!("{} AND m.contact = $6", reasons()),
        };
        let mut bound = reached.any().values();
        bound.push(contact.into());
        let row = tx.row(&sql, bound).await?;
        let reason = row.map(|row| row.text(1)).transpose()?;
        Ok(reason.filter(|reason| !reason.is_empty()))
    }
}

/// An audience by some of its channels.
struct By<'a> {
    reached: &'a Reached,
    channels: Vec<Channel>,
    /// Only where none of these can be used.
    unless: Vec<Channel>,
}

impl Reached {
    /// By the channels that are used at once.
    fn first(&self) -> By<'_> {
        By {
            reached: self,
            channels: self.channels.clone(),
            unless: Vec::new(),
        }
    }

    /// By any channel.
    fn any(&self) -> By<'_> {
        By {
            channels: [self.channels.as_slice(), &self.later].concat(),
            ..self.first()
        }
    }

    /// By each of the later channels, where none before it can be used.
    fn without_the_earlier(&self) -> impl Iterator<Item = By<'_>> {
        self.later.iter().enumerate().map(|(n, &channel)| By {
            reached: self,
            channels: vec![channel],
            unless: [self.channels.as_slice(), &self.later[..n]].concat(),
        })
    }
}

impl By<'_> {
    fn values(&self) -> Vec<Arg> {
        self.texts().into_iter().map(Arg::from).collect()
    }

    /// The values of the conditions above. Who was added is told at once by every channel, so nothing is asked of the last there.
    fn texts(&self) -> Vec<String> {
        let list = |channels: &[Channel]| crate::json_list(channels.iter().map(|c| c.as_str()));
        let reached = self.reached;
        let services = crate::json_list(reached.services.iter().map(Id::as_str));
        let (audience, channels) = (reached.audience.to_string(), list(&self.channels));
        match &reached.added_to {
            Some((event, level)) => {
                vec![audience, event.clone(), channels, level.rank().to_string()]
            }
            None => {
                let unless = list(&self.unless);
                vec![
                    audience,
                    services,
                    channels,
                    reached.kind.to_owned(),
                    unless,
                ]
            }
        }
    }
}

/// Each member of the audience with the reason for which nothing would reach it, empty where something does.
fn reasons() -> String {
    format!(
        "SELECT m.contact AS contact, CASE WHEN NOT {CHOSEN} THEN 'chose other services'
           WHEN NOT {OF_KIND} THEN 'chose other kinds of event'
           WHEN NOT EXISTS (SELECT 1 FROM endpoints e WHERE {USED}) THEN 'has no address for these channels'
           WHEN NOT EXISTS (SELECT 1 FROM endpoints e WHERE {USED} AND e.state = 'active')
             THEN COALESCE((SELECT MIN(e.reason) FROM endpoints e WHERE {USED} AND e.state = 'muted'), 'the address does not exist any more')
           WHEN NOT EXISTS (SELECT 1 FROM endpoints e WHERE {USED} AND e.state = 'active' AND {WANTED}) THEN 'unsubscribed'
           ELSE '' END AS why
         FROM members m WHERE m.audience = $1"
    )
}

/// The same for those who were added. An address alone stands for itself.
fn added_reasons() -> String {
    format!(
        "SELECT y.contact AS contact, CASE WHEN y.reached > 0 THEN '' WHEN y.found = 0 THEN 'has no address for these channels'
           WHEN y.active > 0 THEN 'unsubscribed' ELSE COALESCE(y.reason, 'the address does not exist any more') END AS why
         FROM (SELECT a.contact AS contact,
           (SELECT COUNT(*) FROM {ADDED} AND m.contact = a.contact AND m.endpoint = a.endpoint) AS found,
           (SELECT COUNT(*) FROM {ADDED} AND m.contact = a.contact AND m.endpoint = a.endpoint AND e.state = 'active') AS active,
           (SELECT COUNT(*) FROM {ADDED} AND m.contact = a.contact AND m.endpoint = a.endpoint AND e.state = 'active' AND {WANTED})
             AS reached,
           (SELECT MIN(e.reason) FROM {ADDED} AND m.contact = a.contact AND m.endpoint = a.endpoint AND e.state = 'muted') AS reason
         FROM added a WHERE a.event = $2 AND a.level = CAST($4 AS BIGINT)) y"
    )
}

async fn of_audience(tx: &mut Tx, reached: &Reached) -> Result<Reach> {
    let (why, hearing) = match reached.added_to {
        Some(_) => (
            added_reasons(),
            format!("{ADDED} WHERE e.state = 'active' AND {WANTED}"),
        ),
        None => (
            reasons(),
            format!(
                "members m JOIN endpoints e ON {USED} AND e.state = 'active' AND {WANTED}
                 WHERE m.audience = $1 AND {CHOSEN} AND {OF_KIND}"
            ),
        ),
    };
    let mut found = Reach {
        audience: reached.audience.to_string(),
        ..Reach::default()
    };
    let sql = format!("SELECT x.why, COUNT(*) FROM ({why}) x GROUP BY x.why");
    for row in tx.rows(&sql, reached.any().values()).await? {
        let (reason, count) = (row.text(0)?, row.int(1)?);
        found.people += count;
        match reason.is_empty() {
            true => found.reached = count,
            false => {
                found.unreached.insert(reason, count);
            }
        }
    }
    let sql = format!(
        "SELECT x.contact, x.why FROM ({why}) x WHERE x.why <> '' ORDER BY x.contact LIMIT {NAMED}"
    );
    for row in tx.rows(&sql, reached.any().values()).await? {
        found.named.push(Unreached {
            contact: row.text(0)?,
            reason: row.text(1)?,
        });
    }
    let sql =
        format!("SELECT e.channel, COUNT(DISTINCT {MESSAGE}) FROM {hearing} GROUP BY e.channel");
    for row in tx.rows(&sql, reached.first().values()).await? {
        found.messages.insert(row.text(0)?, row.int(1)?);
    }
    for by in reached.without_the_earlier() {
        let channel = by.channels[0].as_str().to_owned();
        let at_once = count_of(tx, &sql, &by).await?;
        let all = By {
            unless: Vec::new(),
            ..by
        };
        let if_needed = count_of(tx, &sql, &all).await? - at_once;
        for (map, count) in [
            (&mut found.messages, at_once),
            (&mut found.if_needed, if_needed),
        ] {
            if count > 0 {
                *map.entry(channel.clone()).or_default() += count;
            }
        }
    }
    Ok(found)
}

/// Messages by the one channel of `by`.
async fn count_of(tx: &mut Tx, sql: &str, by: &By<'_>) -> Result<i64> {
    let row = tx.row(sql, by.values()).await?;
    row.map_or(Ok(0), |row| row.int(1))
}

/// One message: that to a mailbox or phone, whoever has it; a webhook is signed for its contact.
const MESSAGE: &str = concat!(
    "CASE WHEN e.channel = 'webhook' THEN e.id ELSE e.channel || ' ' || ",
    same_place!("e"),
    " END"
);

/// Distinct messages over all audiences, in one statement however many they are.
async fn messages(tx: &mut Tx, plan: &[Reached]) -> Result<i64> {
    let (added, members): (Vec<&Reached>, Vec<&Reached>) =
        plan.iter().partition(|reached| reached.added_to.is_some());
    let of = |part: &[&Reached]| {
        let each = part.iter().flat_map(|reached| {
            let first = std::iter::once(reached.first());
            first.chain(reached.without_the_earlier())
        });
        let part: Vec<Vec<String>> = each.map(|by| by.texts()).collect();
        serde_json::to_string(&part)
    };
    let each = |list: &str, table: &str| {
        tx.either(
            &format!("json_each({list}) p CROSS JOIN {table}"),
            &format!("jsonb_array_elements({list}::jsonb) p(value) JOIN {table}"),
        )
        .to_owned()
    };
    let to_members = format!(
        "SELECT {MESSAGE} AS message FROM {} ON m.audience = ${{1}} JOIN endpoints e ON {USED} AND e.state = 'active'
         AND {WANTED} WHERE {CHOSEN} AND {OF_KIND}",
        each("#1", "members m")
    );
    let to_added = ADDED.replacen("added m", &each("#2", "added m"), 1);
    let to_added = to_added.replacen(" JOIN endpoints", " ON m.event = $2 JOIN endpoints", 1);
    let to_added = format!(
        "SELECT {MESSAGE} AS message FROM {to_added} WHERE e.state = 'active' AND {WANTED}"
    );
    let mut sql =
        format!("SELECT COUNT(DISTINCT x.message) FROM ({to_members} UNION ALL {to_added}) x");
    for place in 1..=5 {
        // The conditions are written for one audience; here their values are those of its row.
        let value = format!("(p.value ->> {})", place - 1);
        sql = match place {
            1 => sql
                .replace("${1}", &value)
                .replace("IN ($1,", &format!("IN ({value},")),
            _ => sql.replace(&format!("${place}"), &value),
        };
    }
    let sql = sql.replace('#', "$");
    let row = tx.row(&sql, args![of(&members)?, of(&added)?]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}
