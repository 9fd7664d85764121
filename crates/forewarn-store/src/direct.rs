//! Messages to one endpoint outside of any plan: tests of a channel, and what takes the place of a chat message that somebody
//! confirmed. Each is a notice of its own with one delivery, and goes the way of all messages.

use crate::Store;
use crate::blocks::delivery_id;
use crate::contacts::{put_endpoint, same_place};
use crate::db::{Tx, args};
use crate::deliveries::{AttemptRow, DeliveryFilter};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::notices::Lane;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::id::derive;
use forewarn_core::message::Content;
use jiff::Timestamp;
use serde_json::json;

/// What kind of message it is, as its notice's kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It tries a channel out.
    Test,
    /// It takes the place of a message in a chat room.
    Answer,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::Test => "test",
            Purpose::Answer => "answer",
        }
    }
}

/// Where it goes.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// To an endpoint that is known.
    Known(&'a str),
    /// To an address, whoever's it is.
    Address(&'a Endpoint),
}

/// A message to one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Direct<'a> {
    /// Why there is one.
    pub purpose: Purpose,
    /// What it says.
    pub content: &'a Content,
    /// At which level.
    pub level: Level,
    /// Where it goes.
    pub to: To<'a>,
    /// What tells it from others to the same endpoint: said twice, it is one message.
    pub nonce: &'a str,
    /// When it loses its meaning.
    pub expires: Timestamp,
    /// Whose doing it is.
    pub actor: &'a str,
}

/// What became of a direct message.
#[derive(Clone, Debug)]
pub struct DirectState {
    /// Its endpoint.
    pub endpoint: String,
    /// Its recipient: a contact's id, or `address:` and an address.
    pub contact: String,
    /// By which channel.
    pub channel: Channel,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// What was tried.
    pub attempts: Vec<AttemptRow>,
}

impl Store {
    /// The endpoint of this channel of an audience's first member who has one that works.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn first_reached(&self, audience: &str, channel: Channel) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT e.id FROM members m JOIN endpoints e ON e.contact = m.contact AND e.channel = $2 AND e.state = 'active'
            WHERE m.audience = $1 AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = e.id AND s.audience IN ($1, '*'))
            ORDER BY m.contact, e.id LIMIT 1";
        let row = tx.row(sql, args![audience, channel.as_str()]).await?;
        row.map(|r| r.text(0)).transpose()
    }

    /// Sends a message to one endpoint and says the id of its notice; nothing when there is no such endpoint.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn send_directly(
        &self,
        direct: Direct<'_>,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let mut tx = self.db.write().await?;
        let endpoint = match direct.to {
            To::Known(id) => id.to_owned(),
            To::Address(address) => {
                let key = format!("address:{}", address.stand_in());
                put_endpoint(&mut tx, &key, address).await?
            }
        };
        let sql = "SELECT channel FROM endpoints WHERE id = $1";
        let Some(row) = tx.row(sql, args![&endpoint]).await? else {
            return Ok(None);
        };
        let channel = row.text(0)?;
        let purpose = direct.purpose.as_str();
        let notice = derive(&["notice", purpose, direct.nonce, &endpoint]);
        put(&mut tx, &direct, &notice, (&endpoint, &channel), now).await?;
        let action = match direct.purpose {
            Purpose::Test => "channel.tested",
            Purpose::Answer => "message.answered",
        };
        // By reference: an address does not stand in the journal.
        let entry = Entry::new(direct.actor, action, &channel)
            .with(json!({"notice": notice, "endpoint": endpoint}));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        self.hint();
        Ok(Some(notice))
    }

    /// What became of a test; nothing when there is none of this notice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn test_state(&self, notice: &str) -> Result<Option<DirectState>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT d.endpoint FROM notices n JOIN deliveries d ON d.id > n.slot || '.' AND d.id < n.slot || '/'
            WHERE n.id = $1 AND n.event_kind = 'test'";
        let Some(row) = tx.row(sql, args![notice]).await? else {
            return Ok(None);
        };
        let endpoint = row.text(0)?;
        drop(tx);
        let filter = DeliveryFilter {
            notice: Some(notice.to_owned()),
            ..DeliveryFilter::default()
        };
        let found = self.deliveries(&filter, 1).await?.pop();
        Ok(found.map(|delivery| DirectState {
            endpoint,
            contact: delivery.contact,
            channel: delivery.channel,
            status: delivery.status,
            reason: delivery.reason,
            attempts: delivery.attempts,
        }))
    }

    /// A room, program or mailbox that was taken for gone and has just accepted a message is there again, whoever's it is. Says
    /// whether it was. Of a mailbox the relay has only said that it takes its mail; if it still does not exist, that comes back.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn is_there_again(&self, endpoint: &str) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let sql = concat!(
            "UPDATE endpoints SET state = 'active', reason = NULL WHERE state = 'gone' AND id IN (SELECT t.id FROM endpoints o
               JOIN endpoints t ON t.channel = o.channel AND ",
            same_place!("t"),
            " = ",
            same_place!("o"),
            " WHERE o.id = $1 AND o.channel IN ('chat', 'webhook', 'email'))"
        );
        let again = tx.execute(sql, args![endpoint]).await? > 0;
        tx.commit().await?;
        Ok(again)
    }
}

/// The notice and its one delivery. A test goes also to a room that was taken for gone: it may be there again. Who wants nothing gets
/// nothing, and a telephone that said STOP neither.
async fn put(
    tx: &mut Tx,
    direct: &Direct<'_>,
    notice: &str,
    (endpoint, channel): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    let purpose = direct.purpose.as_str();
    // Of its own: no message of an event waits for it or is overtaken by it.
    let event = format!("{purpose}-{notice}");
    let lane = Lane::Urgent.number();
    tx.execute(
        "INSERT INTO notices (id, event, event_kind, revision, milestone, audience, level, channels, due, due_local, because,
           stands_for, tells, status, held, lane, slot, expires, content, ordinal, sent_at)
         VALUES ($1, $2, $3, 1, $4, $3, $5, $6, $7, $8, 'somebody asked for it', '[]', '[]',
           'sending', FALSE, $9, $1, $10, $11, 0, $7) ON CONFLICT DO NOTHING",
        args![
            notice,
            &event,
            purpose,
            &direct.content.milestone,
            direct.level.rank(),
            crate::json_list([channel]),
            now,
            now.to_string(),
            lane,
            direct.expires,
            serde_json::to_string(direct.content)?,
        ],
    )
    .await?;
    tx.execute(
        concat!(
            "INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
           expires, updated_at, reason)
         SELECT ",
            delivery_id!("$1", "e"),
            ", $1, $2, e.id, e.contact, e.channel, $7, 0, $3,
           CASE WHEN s.endpoint IS NOT NULL OR (e.state <> 'active' AND e.channel IN ('sms', 'voice'))
             THEN 'suppressed' ELSE 'queued' END, 0, $4, $5, $4,
           COALESCE(s.reason, CASE WHEN e.state <> 'active' AND e.channel IN ('sms', 'voice') THEN COALESCE(e.reason, e.state) END)
         FROM endpoints e LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*' WHERE e.id = $6
         ON CONFLICT DO NOTHING"),
        args![
            notice,
            &event,
            lane,
            now,
            direct.expires,
            endpoint,
            direct.level.rank()
        ],
    )
    .await?;
    Ok(())
}
