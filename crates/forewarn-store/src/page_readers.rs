//! Who may read the private page of an audience.
//!
//! [`PageReader`] is the proof. Nothing but [`Store::page_reader`] makes one, and it looks each time whether the audience has a page
//! and whether whoever asks belongs to it now: what a page shows is loaded only for who has one. Whoever leaves the audience reads
//! nothing more, whatever links and cookies they have.
//!
//! Of links, sessions and feeds only hashes are kept. The link goes by mail as those about subscriptions do, with the same limits.

use crate::Store;
use crate::contacts::same_place;
use crate::db::{Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::subscriptions::{self, Bringing};
use forewarn_core::audience::Audience;
use forewarn_core::contact::{Channel, EmailAddress};
use forewarn_core::id::Id;
use forewarn_core::message::Content;
use forewarn_core::subscription::Address;
use forewarn_core::token::fingerprint;
use jiff::{SignedDuration, Timestamp};

/// How long a link works that lets a member in.
pub const LINK_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// Forgotten keys, each time somebody asks for a link.
const FORGOTTEN: i64 = 100;

/// That somebody may read the private page of an audience, at the moment of its making.
#[derive(Clone, Debug)]
pub struct PageReader {
    audience: Audience,
    member: Option<Member>,
}

/// A member who reads.
#[derive(Clone, Debug)]
struct Member {
    contact: String,
    /// Their feeds are found by what follows from it and the installation's key.
    feed: Option<String>,
}

/// What somebody shows to be let in: the hash of a token that they have.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// A member's session.
    Session(&'a str),
    /// The personal address of a member's feeds.
    Feed(&'a str),
    /// A session of the console.
    Console(&'a str),
}

/// What opens a page to a member, as it is kept when they come in.
#[derive(Clone, Copy, Debug)]
pub struct NewKeys<'a> {
    /// The hash of the session's token.
    pub session: &'a str,
    /// When that ends.
    pub until: Timestamp,
    /// By which the address of their feeds is made, where they have none yet, and its hash.
    pub feed: (&'a str, &'a str),
}

impl PageReader {
    /// Whose page it is.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The contact who reads; nobody where it is a user of the console.
    pub fn contact(&self) -> Option<&str> {
        self.member.as_ref().map(|member| member.contact.as_str())
    }

    /// By which the address of their feeds is made.
    pub fn feed(&self) -> Option<&str> {
        self.member.as_ref()?.feed.as_deref()
    }
}

impl Store {
    /// Whoever shows this, if they may read the page of this audience now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn page_reader(
        &self,
        audience: &str,
        shown: Shown<'_>,
        now: Timestamp,
    ) -> Result<Option<PageReader>> {
        let Some(audience) = self.with_page(audience).await? else {
            return Ok(None);
        };
        let (kind, hash) = match shown {
            Shown::Console(hash) => {
                let user = self.session(hash, now).await?;
                return Ok(user.map(|_| PageReader {
                    audience,
                    member: None,
                }));
            }
            Shown::Session(hash) => ("session", hash),
            Shown::Feed(hash) => ("feed", hash),
        };
        let mut tx = self.db.read().await?;
        let sql = "SELECT k.contact, f.nonce FROM page_keys k
            JOIN members m ON m.audience = $1 AND m.contact = k.contact
            LEFT JOIN page_keys f ON f.contact = k.contact AND f.kind = 'feed'
            WHERE k.hash = $2 AND k.kind = $3 AND (k.expires_at IS NULL OR k.expires_at > $4)";
        let row = tx
            .row(sql, args![audience.id.as_str(), hash, kind, now])
            .await?;
        row.map(|row| {
            let member = Member {
                contact: row.text(0)?,
                feed: row.maybe_text(1)?,
            };
            Ok(PageReader {
                audience,
                member: Some(member),
            })
        })
        .transpose()
    }

    /// The audience, if it has a page.
    async fn with_page(&self, audience: &str) -> Result<Option<Audience>> {
        let audiences = self.catalogue().await?.audiences.into_iter();
        let mut found = audiences.filter(|a| a.private_page && a.id == *audience);
        Ok(found.next())
    }

    /// Somebody entered this address to read the page of an audience. Where it is that of a member, a mail with a link that carries
    /// `nonce` is on its way, unless there were too many of late; `content` makes it, for the audience and the contact. Whatever the
    /// address and the audience, the answer is the same, and nearly the same is done.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ask_to_read(
        &self,
        audience: &str,
        address: &EmailAddress,
        nonce: &str,
        content: impl FnOnce(&Audience, Id) -> Content,
        now: Timestamp,
    ) -> Result<()> {
        let audience = self.with_page(audience).await?;
        let mut tx = self.db.write().await?;
        let sql = "DELETE FROM page_keys WHERE hash IN
            (SELECT hash FROM page_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
        tx.execute(sql, args![now, FORGOTTEN]).await?;
        let name = audience.as_ref().map_or("", |a| a.id.as_str());
        if let Some((contact, stored)) = member_at(&mut tx, name, address).await?
            && let Some(audience) = &audience
            && !subscriptions::had_enough(&mut tx, contact.as_str(), now).await?
        {
            let sql = "INSERT INTO page_keys (hash, kind, contact, expires_at) VALUES ($1, 'link', $2, $3)";
            let expires = now + LINK_WITHIN;
            tx.execute(sql, args![fingerprint(nonce), contact.as_str(), expires])
                .await?;
            let message = Bringing {
                address: &Address::Email(stored),
                content: &content(audience, contact.clone()),
                nonce,
                expires,
                refused: None,
            };
            subscriptions::send(&mut tx, &contact, message).await?;
        }
        // By no name: the journal is not to say who tried whose address.
        let entry = Entry::new("recipient", "page.asked", "private-page");
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        self.hint();
        Ok(())
    }

    /// The link in the mail is followed and pressed: it is used up, and the session begins. Says whether it worked: once, in time, for
    /// somebody who belongs to the audience still.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn come_in(
        &self,
        audience: &str,
        (contact, nonce): (&str, &str),
        keys: NewKeys<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(audience) = self.with_page(audience).await? else {
            return Ok(false);
        };
        let mut tx = self.db.write().await?;
        // Of two who press at once only one finds it.
        let sql = "DELETE FROM page_keys WHERE hash = $1 AND kind = 'link' AND contact = $2 AND expires_at > $3
              AND EXISTS (SELECT 1 FROM members m WHERE m.audience = $4 AND m.contact = $2)";
        let link = args![fingerprint(nonce), contact, now, audience.id.as_str()];
        if tx.execute(sql, link).await? == 0 {
            return Ok(false);
        }
        let sql = "INSERT INTO page_keys (hash, kind, contact, expires_at) VALUES ($1, 'session', $2, $3)";
        tx.execute(sql, args![keys.session, contact, keys.until])
            .await?;
        let sql = "INSERT INTO page_keys (hash, kind, contact, nonce) VALUES ($1, 'feed', $2, $3) ON CONFLICT DO NOTHING";
        let (feed, hash) = keys.feed;
        tx.execute(sql, args![hash, contact, feed]).await?;
        let entry = Entry::new("recipient", "page.opened", contact)
            .with(serde_json::json!({"audience": audience.id}));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A member's feeds have another address from now on; who has the one before reads nothing more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn move_feeds(&self, reader: &PageReader, (feed, hash): (&str, &str)) -> Result<()> {
        let mut tx = self.db.write().await?;
        let sql = "UPDATE page_keys SET hash = $1, nonce = $2 WHERE contact = $3 AND kind = 'feed'";
        tx.execute(sql, args![hash, feed, reader.contact().unwrap_or_default()])
            .await?;
        tx.commit().await
    }

    /// A member signs out: the session with this hash ends.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn stop_reading(&self, session: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        let sql = "DELETE FROM page_keys WHERE hash = $1 AND kind = 'session'";
        tx.execute(sql, args![session]).await?;
        tx.commit().await
    }
}

/// Whoever is removed reads nothing more.
pub(crate) async fn forget(tx: &mut Tx, contact: &str) -> Result<()> {
    let sql = "DELETE FROM page_keys WHERE contact = $1";
    tx.execute(sql, args![contact]).await?;
    Ok(())
}

/// The member of an audience who has this mailbox, and how it was written when they were entered: one mailbox is one endpoint.
async fn member_at(
    tx: &mut Tx,
    audience: &str,
    address: &EmailAddress,
) -> Result<Option<(Id, EmailAddress)>> {
    let sql = concat!(
        "SELECT e.contact, e.address FROM endpoints e JOIN members m ON m.audience = $1 AND m.contact = e.contact
         WHERE e.channel = $2 AND ",
        same_place!("e"),
        " = $3 ORDER BY e.contact LIMIT 1"
    );
    let folded = address.as_str().to_lowercase();
    let row = tx
        .row(sql, args![audience, Channel::Email.as_str(), folded])
        .await?;
    let wrong = |problem: String| crate::StoreError::Corrupt(problem);
    row.map(|row| {
        let contact = Id::parse(&row.text(0)?).map_err(wrong)?;
        let stored = EmailAddress::parse(&row.text(1)?).map_err(wrong)?;
        Ok((contact, stored))
    })
    .transpose()
}
