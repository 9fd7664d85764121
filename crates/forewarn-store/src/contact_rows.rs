//! The rows of contacts, written many at once.

use crate::blocks::blocks_of;
use crate::contacts::{among, endpoint_body};
use crate::db::{Tx, args};
use crate::error::Result;
use crate::membership::{self, Whose};
use crate::seal::Sealer;
use forewarn_core::contact::Contact;
use forewarn_core::document::Catalogue;
use forewarn_core::membership::fold;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

/// The rows of some contacts, as JSON arrays for set-based statements.
#[derive(Default)]
pub(crate) struct Batch {
    /// Those of them that were stored before.
    pub(crate) replaced: Vec<String>,
    pub(crate) contacts: Vec<Value>,
    endpoints: Vec<Value>,
    members: Vec<Value>,
    choices: Vec<Value>,
    kinds: Vec<Value>,
    tags: Vec<Value>,
}

impl Batch {
    /// One contact more.
    pub(crate) fn add(&mut self, contact: &Contact, body: String, sealer: &Sealer) -> Result<()> {
        let id = contact.id.as_str();
        let folded = |text: &Option<String>| text.as_deref().map(fold);
        self.contacts.push(json!({
            "id": id, "body": body, "organisation": folded(&contact.organisation), "role": folded(&contact.role),
        }));
        let mut seen = HashSet::new();
        for endpoint in &contact.endpoints {
            let endpoint_id = endpoint.id(id);
            if !seen.insert(endpoint_id.clone()) {
                continue;
            }
            self.endpoints.push(json!({
                "body": endpoint_body(sealer, &endpoint_id, endpoint)?, "address": sealer.address(endpoint),
                "id": endpoint_id, "contact": id, "channel": endpoint.channel().as_str(), "name": contact.name,
                "language": contact.language, "time_zone": contact.time_zone.as_ref().map(|z| z.name()),
                "quiet": contact.quiet_hours.map(|quiet| quiet.to_string()),
            }));
        }
        self.members.extend(
            contact
                .audiences
                .iter()
                .map(|a| json!({"audience": a, "contact": id})),
        );
        self.choices.extend(
            contact
                .services
                .iter()
                .map(|s| json!({"contact": id, "service": s})),
        );
        let kinds = contact.kinds.iter();
        self.kinds
            .extend(kinds.map(|kind| json!({"contact": id, "kind": kind})));
        let tags: BTreeSet<String> = contact.tags.iter().map(|tag| fold(tag)).collect();
        let tags = tags.into_iter();
        self.tags
            .extend(tags.map(|tag| json!({"contact": id, "tag": tag})));
        Ok(())
    }

    /// Removes what contacts that are replaced no longer have.
    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        let ids = crate::json_list(self.replaced.iter().map(String::as_str));
        for table in ["members", "choices", "kinds", "tags"] {
            let sql = format!("DELETE FROM {table} WHERE contact {}", among(tx, 1));
            tx.execute(&sql, args![&ids]).await?;
        }
        // An endpoint that stays keeps its state: importing the list again does not revive a dead mailbox.
        let kept = crate::json_list(self.endpoints.iter().filter_map(|e| e["id"].as_str()));
        let sql = format!(
            "DELETE FROM endpoints WHERE contact {} AND NOT (id {})",
            among(tx, 1),
            among(tx, 2)
        );
        tx.execute(&sql, args![&ids, kept]).await?;
        Ok(())
    }

    /// Says of each endpoint in which block it is; one that is there stays in its own.
    async fn place(&mut self, tx: &mut Tx) -> Result<()> {
        let contacts = self.contacts.iter().filter_map(|c| c["id"].as_str());
        let blocks = blocks_of(tx, contacts).await?;
        for endpoint in &mut self.endpoints {
            let block = endpoint["contact"].as_str().and_then(|id| blocks.get(id));
            endpoint["block"] = json!(block);
        }
        Ok(())
    }

    /// Writes all of them.
    pub(crate) async fn write(mut self, tx: &mut Tx, catalogue: &Catalogue) -> Result<()> {
        if !self.replaced.is_empty() {
            self.clear(tx).await?;
        }
        insert(
            tx,
            "contacts",
            &["id", "body", "organisation", "role"],
            &self.contacts,
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, organisation = excluded.organisation, role = excluded.role",
        )
        .await?;
        self.place(tx).await?;
        insert(
            tx,
            "endpoints",
            &["id", "contact", "channel", "address", "body", "name", "language", "time_zone", "quiet", "block"],
            &self.endpoints,
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, address = excluded.address, name = excluded.name, language = excluded.language,
             time_zone = excluded.time_zone, quiet = excluded.quiet",
        )
        .await?;
        insert(
            tx,
            "members",
            &["audience", "contact"],
            &self.members,
            "ON CONFLICT DO NOTHING",
        )
        .await?;
        insert(
            tx,
            "choices",
            &["contact", "service"],
            &self.choices,
            "ON CONFLICT DO NOTHING",
        )
        .await?;
        let columns = ["contact", "kind"];
        insert(tx, "kinds", &columns, &self.kinds, "ON CONFLICT DO NOTHING").await?;
        let columns = ["contact", "tag"];
        insert(tx, "tags", &columns, &self.tags, "ON CONFLICT DO NOTHING").await?;
        let ids = crate::json_list(self.contacts.iter().filter_map(|c| c["id"].as_str()));
        membership::refresh(tx, catalogue, Whose::These(&ids)).await
    }
}

/// Inserts JSON objects as rows in one statement.
async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    rows: &[Value],
    conflict: &str,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // Endpoints have a state besides, which begins as active.
    let (more, fixed) = if table == "endpoints" {
        (", state", ", 'active'")
    } else {
        ("", "")
    };
    let names = columns.join(", ");
    let fields: Vec<String> = columns
        .iter()
        .map(|c| format!("json_extract(value, '$.{c}')"))
        .collect();
    // SQLite needs a WHERE between SELECT and ON CONFLICT to tell the two apart.
    let sqlite = format!(
        "INSERT INTO {table} ({names}{more}) SELECT {}{fixed} FROM json_each($1) WHERE true {conflict}",
        fields.join(", ")
    );
    let typed: Vec<String> = columns.iter().map(|c| format!("{c} TEXT")).collect();
    let postgres = format!(
        "INSERT INTO {table} ({names}{more}) SELECT {names}{fixed} FROM jsonb_to_recordset($1::jsonb) AS x({}) {conflict}",
        typed.join(", ")
    );
    let sql = tx.either(&sqlite, &postgres).to_owned();
    tx.execute(&sql, args![serde_json::to_string(rows)?])
        .await?;
    Ok(())
}
