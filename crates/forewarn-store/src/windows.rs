//! Standard windows that come round, as events with their notices.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use crate::events::{COLUMNS, StoredEvent, planned_notice, stored};
use forewarn_core::plan::Stored;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Store {
    /// Windows that begin after `now`, by id, each with all its notices.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn windows_ahead(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<String, (StoredEvent, Vec<Stored>)>> {
        let mut tx = self.db.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM events WHERE kind = 'window' AND starts_at > $1");
        let mut found = BTreeMap::new();
        for row in tx.rows(&sql, args![now]).await? {
            let event = stored(&row)?;
            found.insert(event.event.id().to_string(), (event, Vec::new()));
        }
        if found.is_empty() {
            return Ok(found);
        }
        let sql = "SELECT n.id, n.milestone, n.place, n.audience, n.due, n.status, n.event FROM events e
            JOIN notices n ON n.event = e.id WHERE e.kind = 'window' AND e.starts_at > $1 ORDER BY n.due, n.id";
        for row in tx.rows(sql, args![now]).await? {
            if let Some((_, notices)) = found.get_mut(&row.text(6)?) {
                notices.push(planned_notice(&row)?);
            }
        }
        Ok(found)
    }
}
