//! Documents, contacts and their import.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use forewarn_core::document::{Documents, Node, parse_yaml};
use forewarn_store::Applied;

/// Reads documents and stores them, or says what storing them would do.
///
/// # Errors
/// Everything that is wrong with them, with places; then nothing is stored.
pub async fn apply(app: &App, caller: &Caller, nodes: Vec<Node>, dry_run: bool) -> Result<Applied> {
    let known = app.store.catalogue().await?;
    let nodes: Vec<(String, Node)> = nodes
        .into_iter()
        .map(|node| (String::new(), node))
        .collect();
    let documents = Documents::read(&nodes, &known, "MNT-0")?;
    let applied = app
        .store
        .apply(&documents, &caller.actor, app.clock.now(), dry_run)
        .await?;
    if !dry_run {
        app.store.hint();
    }
    Ok(applied)
}

/// Reads a YAML text with any number of documents.
///
/// # Errors
/// Text that is no YAML, with line and column.
pub fn yaml(text: &str) -> Result<Vec<Node>> {
    Ok(parse_yaml(text)?)
}
