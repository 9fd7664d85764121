//! Contacts, where they are reached, what they belong to, and what they do not want.

use crate::Store;
use crate::blocks::{begin_blocks, blocks_of};
use crate::catalogue;
use crate::contact_rows::Batch;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::seal::{OF_CONTACTS, Sealer};
use forewarn_core::contact::{Contact, EmailAddress, Endpoint};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// SQL for where an endpoint leads: two that lead to the same place are one mailbox, phone or room. Of a mailbox the case of its
/// letters says nothing (RFC 5321 2.4 leaves that of the local part to its host, and no host in use tells two apart by it). The
/// index `endpoints_place` is on this expression.
macro_rules! same_place {
    ($endpoint:literal) => {
        concat!(
            "CASE ",
            $endpoint,
            ".channel WHEN 'email' THEN lower(",
            $endpoint,
            ".address) ELSE ",
            $endpoint,
            ".address END"
        )
    };
}
pub(crate) use same_place;

/// How many contacts go to the database in one statement.
const BATCH: usize = 1_000;

/// What servers said of somebody's address; found by event, because deliveries have no index of their contacts alone.
const FORGET_ANSWERS: [&str; 2] = [
    "UPDATE attempts SET server_said = '' WHERE delivery IN (SELECT id FROM deliveries
       WHERE contact = $1 AND event IN (SELECT id FROM events WHERE id > '' UNION ALL SELECT $1))",
    "UPDATE deliveries SET server_said = '', reason = CASE WHEN status = 'suppressed' THEN reason END WHERE server_said <> ''
       AND contact = $1 AND event IN (SELECT id FROM events WHERE id > '' UNION ALL SELECT $1)",
];

/// Which contacts were new, differed, or were as stored; by their place in the list given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// New.
    pub created: Vec<usize>,
    /// Different.
    pub changed: Vec<usize>,
    /// As they were.
    pub unchanged: usize,
}

/// A contact with the state of its endpoints.
#[derive(Clone, Debug, Serialize)]
pub struct ContactRow {
    /// As its document.
    #[serde(flatten)]
    pub contact: Contact,
    /// Per endpoint: channel, address, `active`, `gone`, `muted` or `unsubscribed`, and the reason.
    pub states: Vec<(String, String, String, Option<String>)>,
}

/// How many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContactCounts {
    /// Contacts in all.
    pub contacts: i64,
    /// Members by audience.
    pub by_audience: HashMap<String, i64>,
    /// Endpoints by channel.
    pub by_channel: HashMap<String, i64>,
}

impl Store {
    /// Stores contacts in one transaction: new ones are added, known ones replaced. An endpoint that stays keeps its state.
    /// Where an id stands twice in the list the last one counts, and the other is not in the answer.
    ///
    /// # Errors
    /// When the database cannot be written; then none is stored.
    pub async fn import_contacts(
        &self,
        contacts: &[Contact],
        actor: &str,
        now: Timestamp,
    ) -> Result<Imported> {
        let mut tx = self.db.write().await?;
        let contacts = with_what_lists_cannot_say(&mut tx, contacts).await?;
        let imported = put_contacts(&mut tx, &contacts, false).await?;
        if !imported.created.is_empty() || !imported.changed.is_empty() {
            let detail =
                json!({"created": imported.created.len(), "changed": imported.changed.len()});
            append(
                &mut tx,
                &[Entry::new(actor, "contacts.imported", "contacts").with(detail)],
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(imported)
    }

    /// Contacts by id after `after`, with the state of their endpoints.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contacts(&self, after: Option<&str>, limit: i64) -> Result<Vec<ContactRow>> {
        let mut tx = self.db.read().await?;
        let rows = tx
            .rows(
                "SELECT body, id FROM contacts WHERE id > $1 ORDER BY id LIMIT $2",
                args![after.unwrap_or(""), limit],
            )
            .await?;
        let found = opened(&tx, &rows)?;
        with_states(&mut tx, found).await
    }

    /// The names of the contacts that these mail addresses are of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn names_of(&self, addresses: &[&str]) -> Result<Vec<String>> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.read().await?;
        let sql = tx.either(
            concat!(
                "SELECT DISTINCT e.name FROM endpoints e WHERE e.name IS NOT NULL AND ",
                same_place!("e"),
                " IN (SELECT value FROM json_each($1)) ORDER BY e.name"
            ),
            concat!(
                "SELECT DISTINCT e.name FROM endpoints e WHERE e.name IS NOT NULL AND ",
                same_place!("e"),
                " = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY e.name"
            ),
        );
        let folded: Vec<String> = addresses.iter().map(|a| a.to_ascii_lowercase()).collect();
        let folded = crate::json_list(folded.iter().map(String::as_str));
        let rows = tx.rows(sql, args![folded]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The contacts that have this mailbox, however it is written, or this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contacts_at(&self, address: &str) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        // The owner of an endpoint may be a list or an address alone.
        let sql = concat!(
            "SELECT DISTINCT e.contact FROM endpoints e JOIN contacts c ON c.id = e.contact WHERE ",
            same_place!("e"),
            " IN ($1, $2) ORDER BY e.contact"
        );
        let folded = address.to_ascii_lowercase();
        let rows = tx.rows(sql, args![address, folded]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The telephone numbers of the contacts that these mail addresses are of, by the address as it was given: the one for calls,
    /// else the one for text messages.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn numbers_of(&self, addresses: &[&str]) -> Result<BTreeMap<String, String>> {
        if addresses.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut tx = self.db.read().await?;
        let sql = tx.either(
            concat!(
                "SELECT lower(e.address), p.address FROM endpoints e
                 JOIN endpoints p ON p.contact = e.contact AND p.channel IN ('sms', 'voice')
                 WHERE e.channel = 'email' AND ",
                same_place!("e"),
                " IN (SELECT value FROM json_each($1)) ORDER BY p.channel, p.address"
            ),
            concat!(
                "SELECT lower(e.address), p.address FROM endpoints e
                 JOIN endpoints p ON p.contact = e.contact AND p.channel IN ('sms', 'voice')
                 WHERE e.channel = 'email' AND ",
                same_place!("e"),
                " = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY p.channel, p.address"
            ),
        );
        let folded: Vec<String> = addresses.iter().map(|a| a.to_ascii_lowercase()).collect();
        let listed = crate::json_list(folded.iter().map(String::as_str));
        let mut found = BTreeMap::new();
        for row in tx.rows(sql, args![listed]).await? {
            // Those for calls come last and count.
            found.insert(row.text(0)?, row.text(1)?);
        }
        let given = addresses.iter().zip(folded);
        let numbers = given.filter_map(|(address, folded)| {
            Some(((*address).to_owned(), found.get(&folded)?.clone()))
        });
        Ok(numbers.collect())
    }

    /// One contact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contact(&self, id: &str) -> Result<Option<ContactRow>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT body, id FROM contacts WHERE id = $1";
        let rows = tx.rows(sql, args![id]).await?;
        let found = opened(&tx, &rows)?;
        Ok(with_states(&mut tx, found).await?.pop())
    }

    /// Removes a contact, every way to reach it, its subscription, and what servers said of its address. What was sent stays
    /// on record by its id, and so does its word that it wants no messages.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_contact(&self, id: &str, actor: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let gone = forget(&mut tx, id).await?;
        if gone {
            append(
                &mut tx,
                &[Entry::new(
                    actor,
                    "contact.removed",
                    format!("contact:{id}"),
                )],
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(gone)
    }

    /// How many there are, for the screens.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contact_counts(&self) -> Result<ContactCounts> {
        let mut tx = self.db.read().await?;
        let contacts = match tx.row("SELECT COUNT(*) FROM contacts", args![]).await? {
            Some(row) => row.int(0)?,
            None => 0,
        };
        let by_audience = counted(
            tx.rows(
                "SELECT audience, COUNT(*) FROM members GROUP BY audience",
                args![],
            )
            .await?,
        )?;
        let by_channel = counted(
            tx.rows(
                "SELECT channel, COUNT(*) FROM endpoints GROUP BY channel",
                args![],
            )
            .await?,
        )?;
        Ok(ContactCounts {
            contacts,
            by_audience,
            by_channel,
        })
    }

    /// How many endpoints get nothing, or not everything: they are gone, or do not want it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn suppressed_endpoints(&self) -> Result<i64> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT COUNT(*) FROM endpoints e WHERE e.state <> 'active'
            OR EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = e.id)";
        tx.row(sql, args![]).await?.map_or(Ok(0), |r| r.int(0))
    }

    /// An endpoint does not want an audience's messages any more (`*`: any). That of a list, or of whoever runs an event, is not its
    /// reader's to silence ([`is_ones_own`]); who else has the same mailbox or phone does not get
    /// them there in its place. Says whether there is such an endpoint.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn unsubscribe(
        &self,
        endpoint: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let sql = "SELECT contact FROM endpoints WHERE id = $1";
        let whose = tx.row(sql, args![endpoint]).await?;
        match whose.map(|row| row.text(0)).transpose()? {
            Some(contact) if is_ones_own(&contact) => {}
            _ => return Ok(false),
        }
        let added = tx
            .execute(
                concat!(
                    "INSERT INTO suppressions (endpoint, audience, reason, at)
                 SELECT t.id, $2, 'unsubscribed', $3 FROM endpoints e JOIN endpoints t ON t.id = e.id OR (",
                    same_place!("t"), " = ", same_place!("e"), " AND t.channel = e.channel AND e.channel <> 'webhook')
                 WHERE e.id = $1 ON CONFLICT (endpoint, audience) DO NOTHING"
                ),
                args![endpoint, audience, now],
            )
            .await?;
        if added > 0 {
            let entry = Entry::new(
                "recipient",
                "endpoint.unsubscribed",
                format!("endpoint:{endpoint}"),
            )
            .with(json!({"audience": audience}));
            append(&mut tx, &[entry], now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Whether whoever reads what goes to this contact may end it for themselves: not where the address is a list, which others read too,
/// nor where it was named because its owner runs an event or asked for it.
pub fn is_ones_own(contact: &str) -> bool {
    !["audience:", "address:"]
        .iter()
        .any(|kind| contact.starts_with(kind))
}

/// Everything about a contact but that it was written to, and its word that it wants no messages. Says whether there was any.
pub(crate) async fn forget(tx: &mut Tx, id: &str) -> Result<bool> {
    let gone = forget_endpoints(tx, id).await?;
    for sql in FORGET_ANSWERS {
        tx.execute(sql, args![id]).await?;
    }
    Ok(gone)
}

/// A contact goes, and what was sent to it stays on record with what servers said.
pub(crate) async fn forget_endpoints(tx: &mut Tx, id: &str) -> Result<bool> {
    let mut gone = 0;
    for table in ["contacts WHERE id", "subscriptions WHERE contact"] {
        let sql = format!("DELETE FROM {table} = $1");
        gone += tx.execute(&sql, args![id]).await?;
    }
    crate::page_readers::forget(tx, id).await?;
    for table in [
        "blocks",
        "endpoints",
        "members",
        "choices",
        "kinds",
        "tags",
        "added",
    ] {
        let sql = format!("DELETE FROM {table} WHERE contact = $1");
        tx.execute(&sql, args![id]).await?;
    }
    Ok(gone > 0)
}

fn counted(rows: Vec<Row>) -> Result<HashMap<String, i64>> {
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.int(1)?)))
        .collect()
}

/// Contacts with their secrets, out of rows of body and id.
fn opened(tx: &Tx, rows: &[Row]) -> Result<Vec<Contact>> {
    let sealer = tx.sealer();
    let one = |row: &Row| {
        let place = format!("contacts/{}", row.text(1)?);
        let body = sealer.open_in(&place, OF_CONTACTS, row.text(0)?);
        Ok(serde_json::from_str(&body)?)
    };
    rows.iter().map(one).collect()
}

type State = (String, String, String, Option<String>);

pub(crate) async fn with_states(tx: &mut Tx, contacts: Vec<Contact>) -> Result<Vec<ContactRow>> {
    let ids = crate::json_list(contacts.iter().map(|c| c.id.as_str()));
    let sql = format!(
        "SELECT channel, address, CASE WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = endpoints.id)
           THEN 'unsubscribed' ELSE state END, reason, contact
         FROM endpoints WHERE contact {} ORDER BY contact, channel, address",
        among(tx, 1)
    );
    let mut states: HashMap<String, Vec<State>> = HashMap::new();
    let sealer = tx.sealer();
    for row in tx.rows(&sql, args![ids]).await? {
        let address = sealer.shown(row.text(1)?);
        let state = (row.text(0)?, address, row.text(2)?, row.maybe_text(3)?);
        states.entry(row.text(4)?).or_default().push(state);
    }
    Ok(contacts
        .into_iter()
        .map(|contact| ContactRow {
            states: states.remove(contact.id.as_str()).unwrap_or_default(),
            contact,
        })
        .collect())
}

/// SQL for "is one of the texts of the JSON list in parameter `n`".
pub(crate) fn among(tx: &Tx, n: usize) -> String {
    match tx {
        Tx::Sqlite(_) => format!("IN (SELECT value FROM json_each(${n}))"),
        Tx::Postgres(_) => format!("= ANY(ARRAY(SELECT jsonb_array_elements_text(${n}::jsonb)))"),
    }
}

/// The only endpoint and membership of an audience that is an address list elsewhere; `None` for one that is not (any more).
/// An address that stays keeps its state.
pub(crate) async fn put_external(
    tx: &mut Tx,
    audience: &str,
    address: Option<&EmailAddress>,
) -> Result<()> {
    let key = format!("audience:{audience}");
    let kept = match address {
        Some(address) => Some(put_address(tx, &key, address).await?),
        None => None,
    };
    tx.execute(
        "DELETE FROM endpoints WHERE contact = $1 AND id <> $2",
        args![&key, kept.clone().unwrap_or_default()],
    )
    .await?;
    let sql = match kept {
        Some(_) => "INSERT INTO members (audience, contact) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        None => "DELETE FROM members WHERE audience = $1 AND contact = $2",
    };
    tx.execute(sql, args![audience, &key]).await?;
    Ok(())
}

/// An address without a contact of its own: an external list, an owner.
pub(crate) async fn put_address(tx: &mut Tx, key: &str, address: &EmailAddress) -> Result<String> {
    let address = address.clone();
    put_endpoint(tx, key, &Endpoint::Email { address }).await
}

/// An endpoint without a contact of its own. One that stays keeps its state.
pub(crate) async fn put_endpoint(tx: &mut Tx, key: &str, endpoint: &Endpoint) -> Result<String> {
    let id = endpoint.id(key);
    // What is no contact's has a key with a kind: `address:...`.
    let block = match key.contains(':') {
        true => None,
        false => {
            begin_blocks(tx, std::iter::once(key)).await?;
            blocks_of(tx, std::iter::once(key)).await?.remove(key)
        }
    };
    tx.execute(
        "INSERT INTO endpoints (id, contact, channel, address, body, state, block) VALUES ($1, $2, $3, $4, $5, 'active', $6)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body, address = excluded.address",
        args![&id, key, endpoint.channel().as_str(), &*tx.sealer().address(endpoint), endpoint_body(&tx.sealer(), &id, endpoint)?, block],
    )
    .await?;
    Ok(id)
}

/// An endpoint as it is stored.
pub(crate) fn endpoint_body(sealer: &Sealer, id: &str, endpoint: &Endpoint) -> Result<String> {
    let body = serde_json::to_string(endpoint)?;
    Ok(sealer.seal_in(&format!("endpoints/{id}"), OF_CONTACTS, body))
}

/// Adds or replaces contacts, batch by batch, each batch a handful of statements. Of two with the same id the last counts.
pub(crate) async fn put_contacts(
    tx: &mut Tx,
    contacts: &[Contact],
    dry_run: bool,
) -> Result<Imported> {
    let mut imported = Imported::default();
    if !dry_run {
        catalogue::hold(tx, catalogue::Hold::Members).await?;
        begin_blocks(tx, contacts.iter().map(|c| c.id.as_str())).await?;
    }
    let catalogue = catalogue::load(tx).await?;
    let sealer = tx.sealer();
    let last: HashMap<&str, usize> = contacts
        .iter()
        .enumerate()
        .map(|(n, c)| (c.id.as_str(), n))
        .collect();
    for (batch, chunk) in contacts.chunks(BATCH).enumerate() {
        let stored = stored_bodies(tx, chunk).await?;
        let mut rows = Batch::default();
        for (n, contact) in chunk.iter().enumerate() {
            let nth = batch * BATCH + n;
            if last.get(contact.id.as_str()) != Some(&nth) {
                continue;
            }
            // Sealed, the same secrets are the same text as before.
            let place = format!("contacts/{}", contact.id);
            let body = sealer.seal_in(&place, OF_CONTACTS, serde_json::to_string(contact)?);
            let opened = |body: &str| sealer.open_in(&place, OF_CONTACTS, body.to_owned());
            match stored.get(contact.id.as_str()) {
                // Another node may seal with another key.
                Some(old) if *old == body || opened(old) == opened(&body) => {
                    imported.unchanged += 1;
                    continue;
                }
                Some(_) => {
                    imported.changed.push(nth);
                    rows.replaced.push(contact.id.to_string());
                }
                None => imported.created.push(nth),
            }
            rows.add(contact, body, &sealer)?;
        }
        if !dry_run && !rows.contacts.is_empty() {
            rows.write(tx, &catalogue).await?;
        }
    }
    Ok(imported)
}

/// A list of contacts has no column for quiet hours: who has some keeps them when the list comes again.
async fn with_what_lists_cannot_say<'a>(
    tx: &mut Tx,
    contacts: &'a [Contact],
) -> Result<Cow<'a, [Contact]>> {
    let sql = "SELECT body FROM contacts WHERE id > '' AND body LIKE '%\"quiet_hours\"%'";
    let mut quiet = HashMap::new();
    for row in tx.rows(sql, args![]).await? {
        let stored: Contact = serde_json::from_str(&row.text(0)?)?;
        quiet.insert(stored.id, stored.quiet_hours);
    }
    if quiet.is_empty() {
        return Ok(Cow::Borrowed(contacts));
    }
    let kept = contacts.iter().cloned().map(|contact| Contact {
        quiet_hours: contact
            .quiet_hours
            .or_else(|| quiet.get(&contact.id).copied().flatten()),
        ..contact
    });
    Ok(Cow::Owned(kept.collect()))
}

async fn stored_bodies(tx: &mut Tx, chunk: &[Contact]) -> Result<HashMap<String, String>> {
    let ids = crate::json_list(chunk.iter().map(|c| c.id.as_str()));
    let sql = format!("SELECT id, body FROM contacts WHERE id {}", among(tx, 1));
    let rows = tx.rows(&sql, args![ids]).await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.text(1)?)))
        .collect()
}
