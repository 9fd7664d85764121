//! The secrets of the whole database: sealed at the start of a program that has the key, and looked at by those who check.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::Result;
use crate::seal::{OF_CONTACTS, Sealer, has_sealed, of_documents};
use forewarn_core::contact::Endpoint;
use forewarn_core::token::is_sealed;

/// The setting under which the database knows the key again that seals.
pub const SECRETS_PRINT: &str = "secrets_key_print";
/// Kinds of document with secrets in them.
const KINDS: [&str; 3] = ["hooks", "organisation", "rotas"];

/// How secrets stand in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// How many contacts and documents have some, all of which can be read with the keys that are here.
    pub sealed: u64,
    /// Those that have some in clear.
    pub clear: Vec<String>,
    /// Those that have some which cannot be read with the keys that are here: `contacts/ci`, `hooks/prom`.
    pub unreadable: Vec<String>,
}

/// A row with secrets.
struct Holder {
    /// The statement that puts a new text in its place: `$1` is the text, `$2` the row.
    update: &'static str,
    row: String,
    /// How people call it.
    name: String,
    place: String,
    fields: &'static [&'static str],
    body: String,
}

impl Store {
    /// The same store with a key for its secrets. What stands there in clear, or was sealed by an older key, is sealed anew; what cannot
    /// be read stays as it is.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is sealed anew.
    pub async fn sealed_by(mut self, sealer: Sealer) -> Result<Store> {
        self.db.sealer = sealer;
        let mut tx = self.db.write().await?;
        if let Tx::Postgres(_) = tx {
            // Of two that begin at once the second finds the work done.
            tx.execute("SELECT pg_advisory_xact_lock(4605515)", args![])
                .await?;
        }
        overwrite(&mut tx, true).await?;
        let sealer = tx.sealer();
        name_by_host(&mut tx, &sealer).await?;
        for holder in holders(&mut tx).await? {
            let opened = sealer.open_in(&holder.place, holder.fields, holder.body.clone());
            let sealed = sealer.seal_in(&holder.place, holder.fields, opened);
            if sealed != holder.body {
                tx.execute(holder.update, args![sealed, holder.row]).await?;
            }
        }
        seal_addresses(&mut tx, &sealer).await?;
        seal_feeds(&mut tx, &sealer).await?;
        seal_answers(&mut tx, &sealer).await?;
        if let Some(print) = sealer.print() {
            let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            tx.execute(sql, args![SECRETS_PRINT, print]).await?;
        }
        overwrite(&mut tx, false).await?;
        tx.commit().await?;
        Ok(self)
    }

    /// The same store with a key for what it writes and reads from now on. What stands there stays as it is.
    pub fn with_sealer(mut self, sealer: Sealer) -> Store {
        self.db.sealer = sealer;
        self
    }

    /// How its secrets stand, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn secrets(&self) -> Result<Secrets> {
        let mut tx = self.db.read().await?;
        let sealer = tx.sealer();
        let mut found = Secrets::default();
        for holder in holders(&mut tx).await? {
            // The rows of endpoints say again what their contacts say.
            let is_own =
                !holder.place.starts_with("endpoints/") || holder.name.contains("address:");
            if !is_own {
                continue;
            }
            let was_sealed = has_sealed(holder.fields, &holder.body);
            let opened = sealer.open_in(&holder.place, holder.fields, holder.body);
            match (was_sealed, has_sealed(holder.fields, &opened)) {
                (true, false) => found.sealed += 1,
                (_, true) => found.unreadable.push(holder.name),
                (false, false) => found.clear.push(holder.name),
            }
        }
        Ok(found)
    }
}

/// Whether SQLite overwrites what it takes out of its file (sqlite.org/pragma.html, "secure_delete"): a secret that stood in clear is
/// not to stay in what is free now.
async fn overwrite(tx: &mut Tx, on: bool) -> Result<()> {
    if let Tx::Sqlite(_) = tx {
        let sql = match on {
            true => "PRAGMA secure_delete = ON",
            false => "PRAGMA secure_delete = OFF",
        };
        tx.execute(sql, args![]).await?;
    }
    Ok(())
}

/// Every row that has secrets. There are few: most contacts have a mailbox and no more.
async fn holders(tx: &mut Tx) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    let sql = "SELECT id, body FROM contacts WHERE id > '' AND (body LIKE '%\"url\":%' OR body LIKE '%\"secret\":%') ORDER BY id";
    for row in tx.rows(sql, args![]).await? {
        let id = row.text(0)?;
        holders.push(Holder {
            update: "UPDATE contacts SET body = $1 WHERE id = $2",
            name: format!("contacts/{id}"),
            place: format!("contacts/{id}"),
            row: id,
            fields: OF_CONTACTS,
            body: row.text(1)?,
        });
    }
    let sql = "SELECT id, body, contact FROM endpoints WHERE id > '' AND channel IN ('webhook', 'chat') ORDER BY id";
    for row in tx.rows(sql, args![]).await? {
        let id = row.text(0)?;
        holders.push(Holder {
            update: "UPDATE endpoints SET body = $1 WHERE id = $2",
            name: row.text(2)?,
            place: format!("endpoints/{id}"),
            row: id,
            fields: OF_CONTACTS,
            body: row.text(1)?,
        });
    }
    for kind in KINDS {
        let fields = of_documents(kind);
        let sql = "SELECT id, body FROM documents WHERE kind = $1 ORDER BY id";
        for row in tx.rows(sql, args![kind]).await? {
            let (id, body) = (row.text(0)?, row.text(1)?);
            if !fields.iter().any(|f| body.contains(&format!("\"{f}\":"))) {
                continue;
            }
            holders.push(Holder {
                update: match kind {
                    "hooks" => "UPDATE documents SET body = $1 WHERE kind = 'hooks' AND id = $2",
                    "rotas" => "UPDATE documents SET body = $1 WHERE kind = 'rotas' AND id = $2",
                    _ => "UPDATE documents SET body = $1 WHERE kind = 'organisation' AND id = $2",
                },
                name: format!("{kind}/{id}"),
                place: format!("{kind}/{id}"),
                row: id,
                fields,
                body,
            });
        }
    }
    Ok(holders)
}

/// What stands for an address that is no contact's was the address itself, also where that is a URL.
async fn name_by_host(tx: &mut Tx, sealer: &Sealer) -> Result<()> {
    let sql = "SELECT id, contact, body FROM endpoints WHERE contact > 'address:http' AND contact < 'address:httq'";
    for row in tx.rows(sql, args![]).await? {
        let (id, before) = (row.text(0)?, row.text(1)?);
        let body = sealer.open_in(&format!("endpoints/{id}"), OF_CONTACTS, row.text(2)?);
        let endpoint: Endpoint = serde_json::from_str(&body)?;
        let after = format!("address:{}", endpoint.stand_in());
        for table in ["endpoints", "deliveries", "added"] {
            let sql = format!("UPDATE {table} SET contact = $2 WHERE contact = $1");
            tx.execute(&sql, args![&before, &after]).await?;
        }
    }
    Ok(())
}

async fn seal_addresses(tx: &mut Tx, sealer: &Sealer) -> Result<()> {
    let sql = "SELECT id, address FROM endpoints WHERE id > '' AND channel IN ('webhook', 'chat', 'push')";
    for row in tx.rows(sql, args![]).await? {
        let (id, before) = (row.text(0)?, row.text(1)?);
        let opened = sealer.shown(before.clone());
        let after = match is_sealed(&before) && !opened.starts_with("http") {
            true => continue,
            false => sealer.seal_address(&opened),
        };
        if after != before {
            let sql = "UPDATE endpoints SET address = $1 WHERE id = $2";
            tx.execute(sql, args![after, id]).await?;
        }
    }
    Ok(())
}

async fn seal_feeds(tx: &mut Tx, sealer: &Sealer) -> Result<()> {
    for row in tx.rows("SELECT rota, url FROM rota_feeds", args![]).await? {
        let (rota, before) = (row.text(0)?, row.text(1)?);
        let place = feed_place(&rota);
        let after = sealer.seal(&place, &sealer.open(&place, &before));
        if after != before {
            let sql = "UPDATE rota_feeds SET url = $1 WHERE rota = $2";
            tx.execute(sql, args![after, rota]).await?;
        }
    }
    Ok(())
}

/// Where the URL of a rota's feed is sealed.
pub(crate) fn feed_place(rota: &str) -> String {
    format!("rota_feeds/{rota}")
}

async fn seal_answers(tx: &mut Tx, sealer: &Sealer) -> Result<()> {
    let sql = "SELECT caller, key, body FROM idempotency WHERE caller > '' AND body <> ''";
    for row in tx.rows(sql, args![]).await? {
        let (caller, key, before) = (row.text(0)?, row.text(1)?, row.text(2)?);
        let place = answer_place(&caller, &key);
        let after = sealer.seal(&place, &sealer.open(&place, &before));
        if after != before {
            let sql = "UPDATE idempotency SET body = $1 WHERE caller = $2 AND key = $3";
            tx.execute(sql, args![after, caller, key]).await?;
        }
    }
    Ok(())
}

/// Where the answer to a repeated request is sealed: it may say again what was given.
pub(crate) fn answer_place(caller: &str, key: &str) -> String {
    format!("idempotency/{caller}/{key}")
}
