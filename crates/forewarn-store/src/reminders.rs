//! What people of ours are reminded of: the events of reminders with their notices, and the actions that some are about.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::events::{COLUMNS, StoredEvent, load, planned_notice, stored};
use crate::postmortems::due_day;
use forewarn_core::event::Event;
use forewarn_core::plan::{Explained, Stored};
use forewarn_core::postmortem::Action;
use std::collections::BTreeMap;

/// What changes after incidents that were explained, where it is to be done by a day and is not done.
const TO_DO: &str = "SELECT event, number, what, owner, due FROM actions WHERE done_at IS NULL AND due > ''
    AND EXISTS (SELECT 1 FROM postmortems p WHERE p.event = actions.event AND p.published_at IS NOT NULL)
    ORDER BY due";

impl Store {
    /// Reminders that are not dropped, by id, each with all its notices.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_reminders(&self) -> Result<BTreeMap<String, (StoredEvent, Vec<Stored>)>> {
        let mut tx = self.db.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM events WHERE kind = 'reminder' AND is_open");
        let mut found = BTreeMap::new();
        for row in tx.rows(&sql, args![]).await? {
            let event = stored(&row)?;
            found.insert(event.event.id().to_string(), (event, Vec::new()));
        }
        if found.is_empty() {
            return Ok(found);
        }
        let sql = "SELECT n.id, n.milestone, n.place, n.audience, n.due, n.status, n.event FROM events e
            JOIN notices n ON n.event = e.id WHERE e.kind = 'reminder' AND e.is_open ORDER BY n.due, n.id";
        for row in tx.rows(sql, args![]).await? {
            if let Some((_, notices)) = found.get_mut(&row.text(6)?) {
                notices.push(planned_notice(&row)?);
            }
        }
        Ok(found)
    }

    /// Incidents whose postmortem is published, with those of its actions that are to be done by a day and are not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn explained(&self) -> Result<Vec<Explained>> {
        let mut tx = self.db.read().await?;
        let mut by_event: BTreeMap<String, Vec<(i64, Action)>> = BTreeMap::new();
        for row in tx.rows(TO_DO, args![]).await? {
            let action = (row.int(1)?, action(&row)?);
            by_event.entry(row.text(0)?).or_default().push(action);
        }
        let mut explained = Vec::with_capacity(by_event.len());
        for (event, mut actions) in by_event {
            actions.sort_by_key(|(number, _)| *number);
            explained.extend(of(&mut tx, &event, actions).await?);
        }
        Ok(explained)
    }
}

async fn of(tx: &mut Tx, event: &str, actions: Vec<(i64, Action)>) -> Result<Option<Explained>> {
    let found = load(tx, event).await?.map(|stored| stored.event);
    Ok(match found {
        Some(Event::Incident(incident)) => Some(Explained { incident, actions }),
        Some(
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Advisory(_)
            | Event::Announcement(_),
        )
        | None => None,
    })
}

fn action(row: &Row) -> Result<Action> {
    Ok(Action {
        what: row.text(2)?,
        owner: row.text(3)?,
        due: due_day(row.maybe_text(4)?)?,
        done: false,
    })
}
