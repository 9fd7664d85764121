//! The catalogue: organisation, services, audiences, policies and templates as their documents.

use crate::db::{Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::membership::{self, Whose};
use crate::seal::{Sealer, of_documents};
use crate::{Imported, Store, contacts, rota_feeds, templates};
use forewarn_core::change_ahead::ChangeAhead;
use forewarn_core::contact::Contact;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::hook::{Hook, KEPT, without_secrets};
use forewarn_core::problem::Problem;
use forewarn_core::template::Template;
use forewarn_core::token::is_sealed;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// What an `apply` did or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// `kind/id` of what did not exist.
    pub created: Vec<String>,
    /// `kind/id` of what differs.
    pub changed: Vec<String>,
    /// How many are as they were.
    pub unchanged: usize,
    /// For each of `changed`, what differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Open events that were planned again by what holds now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned_again: Vec<String>,
    /// What whoever wrote it should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Problem>,
}

impl Applied {
    /// Whether anything is another thing than before.
    pub fn changes_something(&self) -> bool {
        !self.created.is_empty() || !self.changed.is_empty()
    }
}

/// An entry of the calendar of changes as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// The entry.
    pub change: ChangeAhead,
    /// How often it was changed since it was entered.
    pub changes: i64,
    /// When it was entered or changed last.
    pub changed_at: Timestamp,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `kind/id`.
    pub of: String,
    /// The field.
    pub field: String,
    /// Its stored value.
    pub before: Value,
    /// Its new value.
    pub after: Value,
}

impl Applied {
    pub(crate) fn note(&mut self, name: String, before: Option<&Value>, after: &Value) -> bool {
        match before {
            None => self.created.push(name),
            Some(before) if before == after => {
                self.unchanged += 1;
                return false;
            }
            Some(before) => {
                self.differences.extend(differences(&name, before, after));
                self.changed.push(name);
            }
        }
        true
    }
}

fn differences(name: &str, before: &Value, after: &Value) -> Vec<Difference> {
    let empty = serde_json::Map::new();
    let (old, new) = (
        before.as_object().unwrap_or(&empty),
        after.as_object().unwrap_or(&empty),
    );
    let mut fields: Vec<&String> = old
        .keys()
        .chain(new.keys().filter(|k| !old.contains_key(*k)))
        .collect();
    fields.sort();
    fields
        .into_iter()
        .filter(|field| old.get(*field) != new.get(*field))
        .map(|field| Difference {
            of: name.to_owned(),
            field: field.clone(),
            before: shown(field, old.get(field)),
            after: shown(field, new.get(field)),
        })
        .collect()
}

/// A field's value as a difference shows it: that a secret is another, not which.
fn shown(field: &str, value: Option<&Value>) -> Value {
    match (field, value) {
        (_, None) => Value::Null,
        ("secret", Some(_)) => KEPT.into(),
        (_, Some(value)) => without_secrets(value.clone()),
    }
}

impl Store {
    /// Everything that planning needs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut tx = self.db.read().await?;
        load(&mut tx).await
    }

    /// The organisation's own templates.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn templates(&self) -> Result<Vec<Template>> {
        let mut tx = self.db.read().await?;
        bodies(&mut tx, "templates").await
    }

    /// The calendar of changes, in the order in which it was written.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes_ahead(&self) -> Result<Vec<StoredChange>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT body, changes, updated_at FROM documents WHERE kind = 'changes_ahead' ORDER BY position, id";
        let rows = tx.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredChange {
                    change: serde_json::from_str(&row.text(0)?)?,
                    changes: row.int(1)?,
                    changed_at: row.instant(2)?,
                })
            })
            .collect()
    }

    /// The hooks, with their secrets.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks(&self) -> Result<Vec<Hook>> {
        let mut tx = self.db.read().await?;
        let mut hooks: Vec<Hook> = bodies(&mut tx, "hooks").await?;
        for hook in &mut hooks {
            // What cannot be read proves nothing: as it stands in the database, whoever reads that could send it.
            hook.secrets.retain(|secret| !is_sealed(secret.reveal()));
        }
        Ok(hooks)
    }

    /// The documents of one kind as they were written, by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn documents(&self, kind: &str) -> Result<Vec<(String, Value)>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT id, body FROM documents WHERE kind = $1 ORDER BY position, id";
        let rows = tx.rows(sql, args![kind]).await?;
        let sealer = tx.sealer();
        rows.iter()
            .map(|row| {
                let (id, body) = (row.text(0)?, row.text(1)?);
                let body = opened(&sealer, kind, &id, body)?;
                Ok((id, body))
            })
            .collect()
    }

    /// Stores documents that were read whole, or says what storing them would do. Applying twice changes nothing.
    /// What is stored and does not stand in `documents` stays as it is.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is stored.
    pub async fn apply(
        &self,
        documents: &Documents,
        actor: &str,
        now: Timestamp,
        dry_run: bool,
    ) -> Result<Applied> {
        let mut tx = self.db.write().await?;
        if !dry_run {
            hold(&mut tx, Hold::Rules).await?;
        }
        let mut applied = Applied::default();
        let mut stored = HashSet::new();
        let mut known = known(&mut tx).await?;
        for (kind, id, body) in flatten(documents)? {
            let before = known.bodies.get(&(kind.to_owned(), id.clone()));
            if applied.note(format!("{kind}/{id}"), before, &body) && !dry_run {
                // The order of the file is the order on the page.
                known.last += 1;
                put(&mut tx, kind, &id, &body, known.last, now).await?;
                if kind == "templates" {
                    templates::keep(&mut tx, &id, Some(&body), None, actor, now).await?;
                }
                stored.insert((kind, id));
            }
        }
        if !dry_run {
            for audience in &documents.audiences {
                let address = audience.external.as_ref().and_then(|e| e.email.as_ref());
                contacts::put_external(&mut tx, audience.id.as_str(), address).await?;
                if stored.contains(&("audiences", audience.id.to_string())) {
                    membership::put_rule(&mut tx, audience).await?;
                }
            }
            for rota in documents.rotas.iter().filter(|rota| rota.feed.is_none()) {
                if stored.contains(&("rotas", rota.id.to_string())) {
                    rota_feeds::forget(&mut tx, rota.id.as_str()).await?;
                }
            }
            if let Some(organisation) = &documents.organisation
                && stored.contains(&("organisation", "organisation".to_owned()))
            {
                membership::mute(&mut tx, organisation, Whose::All).await?;
            }
        }
        let imported = contacts::put_contacts(&mut tx, &documents.contacts, dry_run).await?;
        note_contacts(&mut applied, &documents.contacts, imported);
        if dry_run {
            return Ok(applied);
        }
        if !applied.created.is_empty() || !applied.changed.is_empty() {
            let detail = json!({"created": applied.created, "changed": applied.changed});
            append(
                &mut tx,
                &[Entry::new(actor, "documents.applied", "catalogue").with(detail)],
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(applied)
    }

    /// Removes a document.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_document(
        &self,
        kind: &str,
        id: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        hold(&mut tx, Hold::Rules).await?;
        let gone = tx
            .execute(
                "DELETE FROM documents WHERE kind = $1 AND id = $2",
                args![kind, id],
            )
            .await?
            > 0;
        if gone && kind == "audiences" {
            contacts::put_external(&mut tx, id, None).await?;
            membership::drop_rule(&mut tx, id).await?;
        }
        if gone && kind == "rotas" {
            rota_feeds::forget(&mut tx, id).await?;
        }
        if gone && kind == "templates" {
            templates::keep(&mut tx, id, None, None, actor, now).await?;
        }
        if gone {
            append(
                &mut tx,
                &[Entry::new(
                    actor,
                    "document.removed",
                    format!("{kind}/{id}"),
                )],
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(gone)
    }
}

fn note_contacts(applied: &mut Applied, contacts: &[Contact], imported: Imported) {
    applied.unchanged += imported.unchanged;
    let name = |n: &usize| format!("contacts/{}", contacts[*n].id);
    applied.created.extend(imported.created.iter().map(name));
    applied.changed.extend(imported.changed.iter().map(name));
}

fn flatten(documents: &Documents) -> Result<Vec<(&'static str, String, Value)>> {
    let mut all = Vec::new();
    if let Some(organisation) = &documents.organisation {
        all.push((
            "organisation",
            "organisation".to_owned(),
            serde_json::to_value(organisation)?,
        ));
    }
    for service in &documents.services {
        all.push((
            "services",
            service.id.to_string(),
            serde_json::to_value(service)?,
        ));
    }
    for audience in &documents.audiences {
        all.push((
            "audiences",
            audience.id.to_string(),
            serde_json::to_value(audience)?,
        ));
    }
    for policy in &documents.policies {
        all.push((
            "policies",
            policy.id.to_string(),
            serde_json::to_value(policy)?,
        ));
    }
    for rota in &documents.rotas {
        all.push(("rotas", rota.id.to_string(), serde_json::to_value(rota)?));
    }
    for change in &documents.changes_ahead {
        all.push((
            "changes_ahead",
            change.id.to_string(),
            serde_json::to_value(change)?,
        ));
    }
    for hook in &documents.hooks {
        all.push(("hooks", hook.id.to_string(), serde_json::to_value(hook)?));
    }
    for template in &documents.templates {
        all.push(("templates", template.id(), serde_json::to_value(template)?));
    }
    Ok(all)
}

/// What is stored, by kind and id, and the last position.
struct Known {
    bodies: HashMap<(String, String), Value>,
    last: i64,
}

async fn known(tx: &mut Tx) -> Result<Known> {
    let mut known = Known {
        bodies: HashMap::new(),
        last: 0,
    };
    let sql = "SELECT kind, id, body, position FROM documents";
    let sealer = tx.sealer();
    for row in tx.rows(sql, args![]).await? {
        let (kind, id) = (row.text(0)?, row.text(1)?);
        let body = opened(&sealer, &kind, &id, row.text(2)?)?;
        known.bodies.insert((kind, id), body);
        known.last = known.last.max(row.int(3)?);
    }
    Ok(known)
}

pub(crate) async fn put(
    tx: &mut Tx,
    kind: &str,
    id: &str,
    body: &Value,
    position: i64,
    now: Timestamp,
) -> Result<()> {
    let (place, fields) = (format!("{kind}/{id}"), of_documents(kind));
    let sealed = tx.sealer().seal_in(&place, fields, body.to_string());
    tx.execute(
        "INSERT INTO documents (kind, id, body, position, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at,
           changes = documents.changes + 1",
        args![kind, id, sealed, position, now],
    )
    .await?;
    Ok(())
}

/// Who changes what membership follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hold {
    /// Contacts: several may do so at once.
    Members,
    /// Rules and organisation: alone.
    Rules,
}

/// Until the end of the transaction nobody changes rules beside whoever changes contacts, so that neither misses the other.
/// SQLite has one writer in any case.
pub(crate) async fn hold(tx: &mut Tx, what: Hold) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        let sql = match what {
            Hold::Members => "SELECT pg_advisory_xact_lock_shared(4605514)",
            Hold::Rules => "SELECT pg_advisory_xact_lock(4605514)",
        };
        tx.execute(sql, args![]).await?;
    }
    Ok(())
}

pub(crate) async fn load(tx: &mut Tx) -> Result<Catalogue> {
    let mut rotas = bodies(tx, "rotas").await?;
    rota_feeds::give_shifts(tx, &mut rotas).await?;
    Ok(Catalogue {
        organisation: bodies(tx, "organisation")
            .await?
            .into_iter()
            .next()
            .unwrap_or_default(),
        services: bodies(tx, "services").await?,
        audiences: bodies(tx, "audiences").await?,
        policies: bodies(tx, "policies").await?,
        rotas,
    })
}

async fn bodies<T: DeserializeOwned>(tx: &mut Tx, kind: &str) -> Result<Vec<T>> {
    let rows = tx
        .rows(
            "SELECT body, id FROM documents WHERE kind = $1 ORDER BY position, id",
            args![kind],
        )
        .await?;
    let sealer = tx.sealer();
    rows.iter()
        .map(|row| opened(&sealer, kind, &row.text(1)?, row.text(0)?))
        .collect()
}

/// A document with its secrets.
fn opened<T: DeserializeOwned>(sealer: &Sealer, kind: &str, id: &str, body: String) -> Result<T> {
    let body = sealer.open_in(&format!("{kind}/{id}"), of_documents(kind), body);
    Ok(serde_json::from_str(&body)?)
}
