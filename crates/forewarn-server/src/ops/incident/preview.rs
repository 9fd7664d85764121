//! What an update, or a declaration, would say to whom, before anybody hears of it.

use super::{load, promised, title_of, updated};
use crate::app::App;
use crate::error::Result;
use crate::ops::previewed::{self, Previewed};
use crate::ops::read_known;
use forewarn_core::document::{Catalogue, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Incident, NewIncident, PostedUpdate};
use forewarn_core::plan::{Stored, publish_update};
use forewarn_core::problem::Invalid;
use jiff::Timestamp;

/// An incident that has no number before it is declared.
const NOT_YET: &str = "INC-0";

/// What an update would send. Nothing is stored and nobody is told.
///
/// # Errors
/// Everything for which the update itself would be refused, but for a version that is not the newest.
pub async fn update(app: &App, id: &str, node: &Node) -> Result<Previewed> {
    let (incident, _) = load(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let posted = read_known(node, &catalogue, |node, problems| {
        PostedUpdate::read(node, "", problems)
    })?;
    let now = app.clock.now();
    let incident = updated(incident, &posted, &catalogue, now)?;
    let (stored, _) = app.store.planned(id).await?;
    said(app, &catalogue, incident, &stored, now).await
}

/// What the first word about an incident would be. What is entered afterwards has none.
///
/// # Errors
/// What is wrong with the declaration.
pub async fn declaration(app: &App, node: &Node) -> Result<Previewed> {
    let catalogue = app.store.catalogue().await?;
    let new = read_known(node, &catalogue, |node, problems| {
        NewIncident::read(node, "", problems)
    })?;
    if new.past.is_some() {
        return Ok(Previewed::default());
    }
    let now = app.clock.now();
    let declaration = new.declaration;
    let severity = declaration.severity;
    let next = promised(now, declaration.next_update_in, severity, &catalogue)?;
    let id = match &declaration.id {
        Some(id) => id.clone(),
        None => Id::parse(NOT_YET).map_err(|problem| Invalid::one("id", problem))?,
    };
    let title = title_of(&declaration, &catalogue);
    let incident = Incident::declare(declaration, id, title, next, now);
    said(app, &catalogue, incident, &[], now).await
}

async fn said(
    app: &App,
    catalogue: &Catalogue,
    incident: Incident,
    stored: &[Stored],
    now: Timestamp,
) -> Result<Previewed> {
    let (incident, changes) = publish_update(incident, catalogue, stored, now);
    let newest = incident.updates.last();
    let occasion = Occasion {
        milestone: newest.map_or("update", Incident::milestone_of).to_owned(),
        update: newest.map(|update| update.number),
        ..Occasion::default()
    };
    let event = Event::Incident(incident);
    previewed::of(app, catalogue, (&event, &occasion), &changes.add, now).await
}
