//! What an update would say to whom, before anybody hears of it.

use super::{load, updated};
use crate::app::App;
use crate::error::Result;
use crate::ops::{read_known, review};
use forewarn_core::document::Node;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::PostedUpdate;
use forewarn_core::message::{Preview, Proof};
use forewarn_core::plan::publish_update;
use forewarn_core::review::Context;

/// The texts that an update would send, with the review of each. Nothing is stored and nobody is told.
///
/// # Errors
/// Everything for which the update itself would be refused, but for a version that is not the newest.
pub async fn update(app: &App, id: &str, node: &Node) -> Result<Vec<Preview>> {
    let (incident, _) = load(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let posted = read_known(node, &catalogue, |node, problems| {
        PostedUpdate::read(node, "", problems)
    })?;
    let now = app.clock.now();
    let incident = updated(incident, &posted, &catalogue, now)?;
    let (stored, _) = app.store.planned(id).await?;
    let (incident, changes) = publish_update(incident, &catalogue, &stored, now);
    let occasion = Occasion {
        update: incident.updates.last().map(|u| u.number),
        ..Occasion::default()
    };
    let context = Context {
        known: review::known(app).await?,
        previous: None,
    };
    let proof = Proof {
        event: &Event::Incident(incident),
        occasion: &occasion,
        catalogue: &catalogue,
        templates: &app.store.templates().await?,
        public_url: &app.public_url,
        context: &context,
    };
    Ok(proof.previews(&changes.add))
}
