//! Self-service subscriptions: asked for, confirmed, changed, ended.
//!
//! Whatever an address is, known or not, [`Store::ask_to_subscribe`] does the same work: it writes the row, the message with
//! the link or code and one line in the journal. The message is a notice with one delivery, and goes the way of all messages. A text
//! message that may not leave is written all the same, with the reason, and stays here.
//!
//! Of a link's nonce only the hash is kept. The mail's own content holds it until the mail has left, because every attempt must
//! send the same bytes, and even then not the part that only the installation's key can make. A code follows from nonce and key.

use crate::Store;
use crate::blocks::delivery_id;
use crate::codes::{self, CodeLimits};
use crate::contacts::{self, put_endpoint};
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::notices::Lane;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::id::{Id, derive};
use forewarn_core::message::Content;
use forewarn_core::plan::SUBSCRIPTIONS;
use forewarn_core::subscription::{Address, Choices, MANAGE_WITHIN, Request, State, contact};
use forewarn_core::token::fingerprint;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Mails with links that one address gets in a day at most: nobody can be flooded by entering their address.
const MAILS_A_DAY: i64 = 5;
/// How often a mailbox, and how often a telephone, is asked for in an hour at most, all together.
const ASKED_AN_HOUR: i64 = 1_000;

/// How many that nobody confirmed are forgotten each time somebody asks.
const FORGOTTEN: i64 = 20;

/// A subscription as it is stored.
#[derive(Clone, Debug, Serialize)]
pub struct Subscription {
    /// The contact that it is or becomes.
    pub id: Id,
    /// The mailbox or telephone.
    #[serde(flatten)]
    pub address: Address,
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
    /// A message is on its way, or was not sent because this address had enough of them or may have none.
    Done,
    /// Too many were asked for of late, whoever asked.
    TooMany,
}

/// What proves that an address is its subscriber's.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// The link in a mail, which ends in the nonce.
    Link,
    /// The code in a text message, while there may be one.
    Code {
        /// By which it is known again ([`forewarn_core::token::Key::code_print`]).
        print: &'a str,
        /// How many there may be.
        limits: CodeLimits<'a>,
    },
}

/// The message that brings the proof.
pub(crate) struct Bringing<'a> {
    pub address: &'a Address,
    pub content: &'a Content,
    /// Told apart by this from those before it.
    pub nonce: &'a str,
    pub expires: Timestamp,
    /// Why it stays here.
    pub refused: Option<&'static str>,
}

const COLUMNS: &str = "contact, address, state, choices, created_at, confirmed_at, channel";

fn subscription(row: &Row) -> Result<Subscription> {
    let wrong = |problem: String| crate::StoreError::Corrupt(problem);
    let channel = Channel::parse(&row.text(6)?).map_err(wrong)?;
    Ok(Subscription {
        id: Id::parse(&row.text(0)?).map_err(wrong)?,
        address: Address::parse(channel, &row.text(1)?).map_err(wrong)?,
        state: serde_json::from_value(row.text(2)?.into())?,
        choices: serde_json::from_str(&row.text(3)?)?,
        created_at: row.instant(4)?,
        confirmed_at: row.maybe_instant(5)?,
    })
}

impl Store {
    /// Somebody asks that an address be told. It gets a message whose link carries `nonce`, or whose code follows from it; `content`
    /// makes that message, with a link that ends in the subscriber's id and the nonce
    /// ([`forewarn_core::token::Key::complete_link`]). What an address chose that is subscribed already stays as it is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ask_to_subscribe(
        &self,
        request: &Request,
        nonce: &str,
        proof: Proof<'_>,
        content: impl FnOnce(Id, State) -> Content,
        now: Timestamp,
    ) -> Result<Asked> {
        let mut tx = self.db.write().await?;
        let wrong = |problem: String| crate::StoreError::Corrupt(problem);
        let id = Id::parse(&request.address.subscriber()).map_err(wrong)?;
        let channel = request.address.channel();
        forget_unconfirmed(&mut tx, now).await?;
        let hour_ago = now - SignedDuration::from_hours(1);
        if asked_since(&mut tx, None, channel, hour_ago).await? >= ASKED_AN_HOUR {
            return Ok(Asked::TooMany);
        }
        let refused = match proof {
            Proof::Link => {
                if gets_too_many(&mut tx, id.as_str(), now).await? {
                    return Ok(Asked::Done);
                }
                None
            }
            Proof::Code { limits, .. } => {
                put_endpoint(&mut tx, id.as_str(), &request.address.endpoint()).await?;
                codes::refuses(&mut tx, id.as_str(), &request.address, limits).await?
            }
        };
        let choices = serde_json::to_string(&request.choices)?;
        let sql = "INSERT INTO subscriptions (contact, address, channel, state, choices, created_at)
             VALUES ($1, $2, $3, 'pending', $4, $5)
            ON CONFLICT (contact) DO UPDATE SET choices =
              CASE WHEN subscriptions.state = 'pending' THEN excluded.choices ELSE subscriptions.choices END";
        let (address, by) = (request.address.as_str(), channel.as_str());
        tx.execute(sql, args![id.as_str(), address, by, choices, now])
            .await?;
        let found = find(&mut tx, id.as_str()).await?;
        let state = found.as_ref().map_or(State::Pending, |s| s.state);
        // To the address as it was written first: one mailbox is one endpoint.
        let address = found.map_or_else(|| request.address.clone(), |s| s.address);
        let expires = now + state.lasts(channel);
        let print = match proof {
            Proof::Link => fingerprint(nonce),
            Proof::Code { print, .. } => print.to_owned(),
        };
        set_print(&mut tx, id.as_str(), &print, expires, refused.is_none()).await?;
        let message = Bringing {
            address: &address,
            content: &content(id.clone(), state),
            nonce,
            expires,
            refused,
        };
        send(&mut tx, &id, message).await?;
        let entry = Entry::new("recipient", "subscription.asked", id.as_str());
        append(&mut tx, &[entry], now).await?;
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
        by_print(&mut tx, id, &fingerprint(nonce), now).await
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
        let found = prove(&mut tx, id, &fingerprint(nonce), next, now).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Whoever knows the code has the telephone: it is told from now on, or was already, and `next` opens its choices for a while.
    /// `print` is that of the code as it was typed. Every try counts, of every number, known or not.
    /// `None` when it is not the code, or not any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn confirm_by_code(
        &self,
        address: &Address,
        print: &str,
        next: &str,
        day: &str,
        now: Timestamp,
    ) -> Result<Option<Subscription>> {
        let id = address.subscriber();
        let mut tx = self.db.write().await?;
        let may = codes::may_try(&mut tx, &id, day).await?;
        let tried = if may { print } else { "" };
        let found = prove(&mut tx, &id, tried, next, now).await?;
        tx.commit().await?;
        Ok(found)
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

    /// A browser is told from now on, as [`forewarn_core::subscription::Device::contact`] says; what it chose before is replaced.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn subscribe_device(&self, contact: &Contact, now: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        tell(&mut tx, contact).await?;
        let entry = Entry::new("recipient", "subscription.confirmed", contact.id.as_str());
        append(&mut tx, &[entry], now).await?;
        tx.commit().await
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

async fn by_print(
    tx: &mut Tx,
    id: &str,
    print: &str,
    now: Timestamp,
) -> Result<Option<Subscription>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE contact = $1 AND nonce = $2 AND expires > $3"
    );
    let row = tx.row(&sql, args![id, print, now]).await?;
    row.as_ref().map(subscription).transpose()
}

/// Takes the proof, which is used up by it: `next` comes in its place. Who was not told yet is told from now on.
async fn prove(
    tx: &mut Tx,
    id: &str,
    print: &str,
    next: &str,
    now: Timestamp,
) -> Result<Option<Subscription>> {
    let Some(found) = by_print(tx, id, print, now).await? else {
        return Ok(None);
    };
    // Of two who press at once, or beside one who ends it, only one finds the link unused.
    let sql = "UPDATE subscriptions SET state = 'active', confirmed_at = COALESCE(confirmed_at, $1), nonce = $2, expires = $3
        WHERE contact = $4 AND nonce = $5";
    let expires = now + MANAGE_WITHIN;
    let taken = args![now, fingerprint(next), expires, id, print];
    if tx.execute(sql, taken).await? == 0 {
        return Ok(None);
    }
    tell_from_now_on(tx, &found, &found.choices).await?;
    let entry = Entry::new("recipient", "subscription.confirmed", id);
    append(tx, &[entry], now).await?;
    Ok(Some(found))
}

/// A message that stays here leaves what was proved by an earlier one as it was.
async fn set_print(
    tx: &mut Tx,
    id: &str,
    print: &str,
    expires: Timestamp,
    leaves: bool,
) -> Result<()> {
    let sql = "UPDATE subscriptions SET nonce = CASE WHEN $4 = 1 THEN $1 ELSE nonce END,
          expires = CASE WHEN $4 = 1 OR expires IS NULL THEN $2 ELSE expires END WHERE contact = $3";
    tx.execute(sql, args![print, expires, id, i64::from(leaves)])
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

/// Whether no mail with a link goes to this contact any more for a while, or to anybody: they had enough of them, or too many were
/// asked for, whoever asked.
pub(crate) async fn had_enough(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let hour_ago = now - SignedDuration::from_hours(1);
    let asked = asked_since(tx, None, Channel::Email, hour_ago).await?;
    Ok(asked >= ASKED_AN_HOUR || gets_too_many(tx, id, now).await?)
}

async fn gets_too_many(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let day_ago = now - SignedDuration::from_hours(24);
    let asked = asked_since(tx, Some(id), Channel::Email, day_ago).await?;
    Ok(asked >= MAILS_A_DAY)
}

/// How often one address or any was asked for since then.
async fn asked_since(
    tx: &mut Tx,
    id: Option<&str>,
    channel: Channel,
    since: Timestamp,
) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM notices WHERE event_kind = 'subscription' AND due >= $1
        AND (CAST($2 AS TEXT) IS NULL OR event = $2) AND channels = $3";
    let channels = crate::json_list([channel.as_str()]);
    let row = tx.row(sql, args![since, id, channels]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The notice and its one delivery. Who said that this address wants nothing at all gets nothing, on record.
pub(crate) async fn send(tx: &mut Tx, id: &Id, message: Bringing<'_>) -> Result<()> {
    let (content, expires) = (message.content, message.expires);
    let now = content.at;
    let endpoint = put_endpoint(tx, id.as_str(), &message.address.endpoint()).await?;
    let notice = derive(&["notice", id.as_str(), message.nonce]);
    let lane = Lane::Planned.number();
    // Only the newest link or code works, so only its message may still leave.
    let sql = "UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer one was asked for'
        WHERE event = $2 AND contact = $2 AND status = 'queued' AND $3 = 1";
    let leaves = i64::from(message.refused.is_none());
    tx.execute(sql, args![now, id.as_str(), leaves]).await?;
    let sql = "SELECT COALESCE(MAX(ordinal), 0) + 1 FROM notices WHERE event = $1";
    let row = tx.row(sql, args![id.as_str()]).await?;
    let ordinal = row.map_or(Ok(1), |row| row.int(0))?;
    tx.execute(
        "INSERT INTO notices (id, event, event_kind, revision, milestone, audience, level, channels, due, due_local, because,
           stands_for, tells, status, held, lane, slot, expires, content, ordinal, sent_at)
         VALUES ($1, $2, 'subscription', 1, $3, $4, $5, $12, $6, $7, 'somebody entered this address', '[]', '[]',
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
            crate::json_list([message.address.channel().as_str()]),
        ],
    )
    .await?;
    tx.execute(
        concat!(
            "INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
           expires, updated_at, reason)
         SELECT ",
            delivery_id!("$1", "e"),
            ", $1, $2, e.id, e.contact, e.channel, 0, $7, $3,
           CASE WHEN s.endpoint IS NOT NULL OR CAST($8 AS TEXT) IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $4, $5, $4,
           COALESCE(CAST($8 AS TEXT), s.reason)
         FROM endpoints e LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*' WHERE e.id = $6"),
        args![&notice, id.as_str(), lane, now, expires, endpoint, ordinal, message.refused],
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
    let contact = contact(found.id.clone(), found.address.endpoint(), choices);
    tell(tx, &contact).await
}

/// The contact as it is; nothing it said before stops its messages.
async fn tell(tx: &mut Tx, contact: &Contact) -> Result<()> {
    contacts::put_contacts(tx, std::slice::from_ref(contact), false).await?;
    let sql =
        "DELETE FROM suppressions WHERE endpoint IN (SELECT id FROM endpoints WHERE contact = $1)";
    tx.execute(sql, args![contact.id.as_str()]).await?;
    let sql = "UPDATE endpoints SET state = 'active', reason = NULL WHERE contact = $1 AND state = 'gone'";
    tx.execute(sql, args![contact.id.as_str()]).await?;
    Ok(())
}
