//! Self-service subscriptions: asked for, confirmed, changed, ended.
//!
//! Whatever an address is, known or not, [`Store::ask_to_subscribe`] does the same work: it writes the row, the mail with
//! the link and one line in the journal. The mail is a notice with one delivery, and goes the way of all messages.
//!
//! Of a link's nonce only the hash is kept. The mail's own content holds it until the mail has left, because every attempt must
//! send the same bytes, and even then not the part that only the installation's key can make.

use crate::Store;
use crate::contacts::{self, put_address};
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::notices::Lane;
use forewarn_core::audience::Level;
use forewarn_core::contact::EmailAddress;
use forewarn_core::id::{Id, derive};
use forewarn_core::message::Content;
use forewarn_core::plan::SUBSCRIPTIONS;
use forewarn_core::subscription::{Choices, Request, State, contact, subscriber_id};
use forewarn_core::token::fingerprint;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Mails with links that one address gets in a day at most: nobody can be flooded by entering their address.
const MAILS_A_DAY: i64 = 5;
/// Mails with links that all addresses get in an hour at most.
const MAILS_AN_HOUR: i64 = 1_000;

/// How many that nobody confirmed are forgotten each time somebody asks.
const FORGOTTEN: i64 = 20;

/// A subscription as it is stored.
#[derive(Clone, Debug, Serialize)]
pub struct Subscription {
    /// The contact that it is or becomes.
    pub id: Id,
    /// The mailbox.
    pub email: EmailAddress,
    /// Whether it was confirmed.
    pub state: State,
    /// What was chosen.
    #[serde(flatten)]
    pub choices: Choices,
    /// When it was asked for first.
    pub created_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A mail is on its way, or was not sent because this address had enough of them.
    Done,
    /// Too many were asked for of late, whoever asked.
    TooMany,
}

const COLUMNS: &str = "contact, email, state, choices, created_at, confirmed_at";

fn subscription(row: &Row) -> Result<Subscription> {
    let wrong = |problem: String| crate::StoreError::Corrupt(problem);
    Ok(Subscription {
        id: Id::parse(&row.text(0)?).map_err(wrong)?,
        email: EmailAddress::parse(&row.text(1)?).map_err(wrong)?,
        state: serde_json::from_value(row.text(2)?.into())?,
        choices: serde_json::from_str(&row.text(3)?)?,
        created_at: row.instant(4)?,
        confirmed_at: row.maybe_instant(5)?,
    })
}

impl Store {
    /// Somebody asks that an address be told. It gets a mail whose link carries `nonce`; `content` makes that mail, with a
    /// link that ends in the subscriber's id and the nonce ([`forewarn_core::token::Key::complete_link`]).
    /// What an address chose that is subscribed already stays as it is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ask_to_subscribe(
        &self,
        request: &Request,
        nonce: &str,
        content: impl FnOnce(Id, State) -> Content,
        now: Timestamp,
    ) -> Result<Asked> {
        let mut tx = self.db.write().await?;
        let wrong = |problem: String| crate::StoreError::Corrupt(problem);
        let id = Id::parse(&subscriber_id(&request.email)).map_err(wrong)?;
        forget_unconfirmed(&mut tx, now).await?;
        let hour_ago = now - SignedDuration::from_hours(1);
        if sent_since(&mut tx, None, hour_ago).await? >= MAILS_AN_HOUR {
            return Ok(Asked::TooMany);
        }
        let day_ago = now - SignedDuration::from_hours(24);
        let enough = sent_since(&mut tx, Some(id.as_str()), day_ago).await? >= MAILS_A_DAY;
        if !enough {
            let choices = serde_json::to_string(&request.choices)?;
            let sql = "INSERT INTO subscriptions (contact, email, state, choices, created_at) VALUES ($1, $2, 'pending', $3, $4)
                ON CONFLICT (contact) DO UPDATE SET choices =
                  CASE WHEN subscriptions.state = 'pending' THEN excluded.choices ELSE subscriptions.choices END";
            let email = request.email.as_str();
            tx.execute(sql, args![id.as_str(), email, choices, now])
                .await?;
            let found = find(&mut tx, id.as_str()).await?;
            let state = found.as_ref().map_or(State::Pending, |s| s.state);
            // To the address as it was written first: one mailbox is one endpoint.
            let email = found.map_or_else(|| request.email.clone(), |s| s.email);
            let expires = now + state.link_lasts();
            set_link(&mut tx, id.as_str(), nonce, expires).await?;
            let content = content(id.clone(), state);
            send_link(&mut tx, &id, &email, nonce, &content, expires).await?;
            let entry = Entry::new("recipient", "subscription.asked", id.as_str());
            append(&mut tx, &[entry], now).await?;
        }
        tx.commit().await?;
        self.hint();
        Ok(Asked::Done)
    }

    /// The subscription that a link leads to, while the link works.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn subscription_by_link(
        &self,
        id: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Option<Subscription>> {
        let mut tx = self.db.read().await?;
        by_link(&mut tx, id, nonce, now).await
    }

    /// A subscription.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn subscription(&self, id: &str) -> Result<Option<Subscription>> {
        let mut tx = self.db.read().await?;
        find(&mut tx, id).await
    }

    /// Subscriptions by id after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn subscriptions(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Subscription>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM subscriptions WHERE contact > $1 ORDER BY contact LIMIT {limit}"
        );
        let rows = tx.rows(&sql, args![after.unwrap_or("")]).await?;
        rows.iter().map(subscription).collect()
    }

    /// The mailbox is proved: it is told from now on. The link is used up, and `next` opens the choices for a while.
    /// `None` when the link does not work (any more).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn confirm_subscription(
        &self,
        id: &str,
        nonce: &str,
        next: &str,
        now: Timestamp,
    ) -> Result<Option<Subscription>> {
        let mut tx = self.db.write().await?;
        let Some(found) = by_link(&mut tx, id, nonce, now).await? else {
            return Ok(None);
        };
        // Of two who press at once, or beside one who ends it, only one finds the link unused.
        let sql = "UPDATE subscriptions SET state = 'active', confirmed_at = COALESCE(confirmed_at, $1), nonce = $2, expires = $3
            WHERE contact = $4 AND nonce = $5";
        let expires = now + State::Active.link_lasts();
        if tx
            .execute(
                sql,
                args![now, fingerprint(next), expires, id, fingerprint(nonce)],
            )
            .await?
            == 0
        {
            return Ok(None);
        }
        tell_from_now_on(&mut tx, &found, &found.choices).await?;
        let entry = Entry::new("recipient", "subscription.confirmed", id);
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(Some(found))
    }

    /// New choices of a subscription that is confirmed; whoever unsubscribed before wants to hear again. Says whether there is one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn change_subscription(
        &self,
        id: &str,
        choices: &Choices,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let found = find(&mut tx, id).await?;
        let Some(found) = found.filter(|s| s.state == State::Active) else {
            return Ok(false);
        };
        let sql = "UPDATE subscriptions SET choices = $1 WHERE contact = $2 AND state = 'active'";
        let kept = args![serde_json::to_string(choices)?, id];
        if tx.execute(sql, kept).await? == 0 {
            return Ok(false);
        }
        tell_from_now_on(&mut tx, &found, choices).await?;
        let entry = Entry::new(actor, "subscription.changed", id);
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Everything that is kept about a contact: what it is, what it chose, what was sent to it. `None` for nobody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn export_contact(&self, id: &str) -> Result<Option<Value>> {
        let (contact, subscription) = (self.contact(id).await?, self.subscription(id).await?);
        if contact.is_none() && subscription.is_none() {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT d.id, d.event, n.milestone, d.channel, d.status, d.updated_at FROM deliveries d
            JOIN notices n ON n.id = d.notice WHERE d.contact = $1
              AND d.event IN (SELECT id FROM events WHERE id > '' UNION ALL SELECT $1) ORDER BY d.updated_at, d.id";
        let mut messages = Vec::new();
        for row in tx.rows(sql, args![id]).await? {
            messages.push(json!({
                "id": row.text(0)?, "event": row.text(1)?, "milestone": row.text(2)?, "channel": row.text(3)?,
                "status": row.text(4)?, "at": row.instant(5)?,
            }));
        }
        let sql = "SELECT e.address, s.audience, s.reason, s.at FROM suppressions s JOIN endpoints e ON e.id = s.endpoint
            WHERE e.contact = $1 ORDER BY s.at, s.audience";
        let mut stopped = Vec::new();
        for row in tx.rows(sql, args![id]).await? {
            stopped.push(json!({
                "address": row.text(0)?, "audience": row.text(1)?, "reason": row.text(2)?, "at": row.instant(3)?,
            }));
        }
        Ok(Some(json!({
            "contact": contact, "subscription": subscription, "messages": messages, "unsubscribed": stopped,
        })))
    }
}

async fn find(tx: &mut Tx, id: &str) -> Result<Option<Subscription>> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE contact = $1");
    let row = tx.row(&sql, args![id]).await?;
    row.as_ref().map(subscription).transpose()
}

async fn by_link(
    tx: &mut Tx,
    id: &str,
    nonce: &str,
    now: Timestamp,
) -> Result<Option<Subscription>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE contact = $1 AND nonce = $2 AND expires > $3"
    );
    let row = tx.row(&sql, args![id, fingerprint(nonce), now]).await?;
    row.as_ref().map(subscription).transpose()
}

async fn set_link(tx: &mut Tx, id: &str, nonce: &str, expires: Timestamp) -> Result<()> {
    let sql = "UPDATE subscriptions SET nonce = $1, expires = $2 WHERE contact = $3";
    tx.execute(sql, args![fingerprint(nonce), expires, id])
        .await?;
    Ok(())
}

/// What nobody confirmed in time was never asked for.
async fn forget_unconfirmed(tx: &mut Tx, now: Timestamp) -> Result<()> {
    let old = format!(
        "SELECT contact FROM subscriptions WHERE state = 'pending' AND expires < $1 LIMIT {FORGOTTEN}"
    );
    for row in tx.rows(&old, args![now]).await? {
        contacts::forget(tx, &row.text(0)?).await?;
    }
    Ok(())
}

/// Mails with links since then, to one address or to all.
async fn sent_since(tx: &mut Tx, id: Option<&str>, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM notices WHERE event_kind = 'subscription' AND due >= $1
        AND (CAST($2 AS TEXT) IS NULL OR event = $2)";
    let row = tx.row(sql, args![since, id]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The notice and its one delivery. Who said that this address wants nothing at all gets nothing, on record.
async fn send_link(
    tx: &mut Tx,
    id: &Id,
    email: &EmailAddress,
    nonce: &str,
    content: &Content,
    expires: Timestamp,
) -> Result<()> {
    let now = content.at;
    let endpoint = put_address(tx, id.as_str(), email).await?;
    let notice = derive(&["notice", id.as_str(), nonce]);
    let lane = Lane::Planned.number();
    // Only the newest link works, so only its mail may still leave.
    let sql = "UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer link was asked for'
        WHERE event = $2 AND contact = $2 AND status = 'queued'";
    tx.execute(sql, args![now, id.as_str()]).await?;
    let sql = "SELECT COALESCE(MAX(ordinal), 0) + 1 FROM notices WHERE event = $1";
    let row = tx.row(sql, args![id.as_str()]).await?;
    let ordinal = row.map_or(Ok(1), |row| row.int(0))?;
    tx.execute(
        "INSERT INTO notices (id, event, event_kind, revision, milestone, audience, level, channels, due, due_local, because,
           stands_for, tells, status, held, lane, slot, expires, content, ordinal, sent_at)
         VALUES ($1, $2, 'subscription', 1, $3, $4, $5, '[\"email\"]', $6, $7, 'somebody entered this address', '[]', '[]',
           'sending', FALSE, $8, $1, $9, $10, $11, $6)",
        args![
            &notice,
            id.as_str(),
            &content.milestone,
            SUBSCRIPTIONS,
            Level::NonTechnical.rank(),
            now,
            now.to_string(),
            lane,
            expires,
            serde_json::to_string(content)?,
            ordinal,
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
           expires, updated_at, reason)
         SELECT $1 || '.' || e.id, $1, $2, e.id, e.contact, e.channel, 0, $7, $3,
           CASE WHEN s.endpoint IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $4, $5, $4, s.reason
         FROM endpoints e LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*' WHERE e.id = $6",
        args![&notice, id.as_str(), lane, now, expires, endpoint, ordinal],
    )
    .await?;
    Ok(())
}

/// The mail is out, or will never be: what would open its link goes.
pub(crate) async fn forget_link(tx: &mut Tx, notice: &str) -> Result<()> {
    let sql = "SELECT content FROM notices WHERE id = $1 AND event_kind = 'subscription'";
    let Some(row) = tx.row(sql, args![notice]).await? else {
        return Ok(());
    };
    let content: Content = serde_json::from_str(&row.text(0)?)?;
    let (base, _) = content.url.rsplit_once('/').unwrap_or_default();
    let url = base.to_owned();
    let content = Content { url, ..content };
    let sql = "UPDATE notices SET content = $1 WHERE id = $2";
    tx.execute(sql, args![serde_json::to_string(&content)?, notice])
        .await?;
    Ok(())
}

/// The contact as chosen; nothing it said before stops its messages.
async fn tell_from_now_on(tx: &mut Tx, found: &Subscription, choices: &Choices) -> Result<()> {
    let contact = contact(found.id.clone(), &found.email, choices);
    contacts::put_contacts(tx, &[contact], false).await?;
    let sql =
        "DELETE FROM suppressions WHERE endpoint IN (SELECT id FROM endpoints WHERE contact = $1)";
    tx.execute(sql, args![found.id.as_str()]).await?;
    let sql = "UPDATE endpoints SET state = 'active', reason = NULL WHERE contact = $1 AND state = 'gone'";
    tx.execute(sql, args![found.id.as_str()]).await?;
    Ok(())
}
