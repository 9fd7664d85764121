//! People nobody planned for: added to an event that runs, caught up at once, told from then on.

use super::advisory;
use super::incident::{self, Answer as IncidentAnswer};
use super::maintenance;
use super::{text_at, whole};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::contact::Endpoint;
use forewarn_core::document::{Node, Problems};
use forewarn_core::id::Id;
use forewarn_core::recipient::{Added, Addition, Who, added_audience};
use forewarn_store::{AddedRecipient, Beside, NewRecipient, Whom};
use serde_json::{Value, json};

/// Somebody to be added, as far as the event and the store need it.
pub(super) struct New {
    /// The audience by which they hear.
    pub audience: String,
    /// What makes the notice that catches them up another one than those before.
    pub key: String,
    /// Their row, where they are no audience.
    pub row: Option<NewRecipient>,
    /// What the journal says.
    pub detail: Value,
}

/// Reads who is to be added: an audience of the catalogue, or a contact that there is.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) async fn addition(app: &App, node: &Node) -> Result<Addition> {
    let catalogue = app.store.catalogue().await?;
    let mut problems = Problems::default();
    let addition = Addition::read(node, "", &mut problems);
    problems.look_up(&catalogue);
    let contact = text_at(node, "contact").and_then(|text| Id::parse(text).ok());
    if let Some(contact) = contact
        && app.store.contact(contact.as_str()).await?.is_none()
    {
        problems.add("contact", None, format!("there is no contact {contact}"));
    }
    whole(node, addition, problems)
}

/// Puts an addition on an event. An address stands in the store only, never in the journal.
pub(super) fn put(
    caller: &Caller,
    event: &str,
    addition: &Addition,
    added: &mut Added,
) -> Result<New> {
    let level = addition.level;
    let (whom, mut detail) = match &addition.who {
        Who::Audience(audience) => {
            if added.audiences.get(audience) == Some(&level) {
                return Err(ApiError::Conflict(format!("{audience} was added already")));
            }
            added.audiences.insert(audience.clone(), level);
            return Ok(New {
                audience: audience.to_string(),
                key: format!("audience:{level:?}"),
                row: None,
                detail: json!({"audience": audience, "level": level}),
            });
        }
        Who::Contact(contact) => (
            Whom::Contact(contact.to_string()),
            json!({"contact": contact}),
        ),
        Who::Email(address) => {
            let address = address.clone();
            (
                Whom::Address(Endpoint::Email { address }),
                json!({"channel": "email"}),
            )
        }
        Who::Webhook(url) => {
            let hook = Endpoint::webhook(url.clone());
            (Whom::Address(hook), json!({"channel": "webhook"}))
        }
    };
    added.levels.insert(level);
    detail["level"] = json!(level);
    let key = match &whom {
        Whom::Contact(id) => format!("contact:{id}"),
        Whom::Address(address) => address.id("added"),
    };
    Ok(New {
        audience: added_audience(level),
        key,
        row: Some(NewRecipient {
            event: event.to_owned(),
            whom,
            level,
            by: caller.actor.clone(),
        }),
        detail,
    })
}

impl New {
    /// What is written beside the event.
    pub(super) fn beside(&self) -> Vec<Beside> {
        self.row.iter().cloned().map(Beside::Added).collect()
    }
}

/// Adds somebody to an incident.
///
/// # Errors
/// Everything that is wrong with the addition; when it is over.
pub async fn add_to_incident(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<IncidentAnswer> {
    incident::show(app, id).await?;
    let addition = addition(app, node).await?;
    incident::add(app, caller, id, &addition).await
}

/// Adds somebody to an advisory.
///
/// # Errors
/// Everything that is wrong with the addition; when it is closed.
pub async fn add_to_advisory(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<advisory::Answer> {
    advisory::load(app, id).await?;
    let addition = addition(app, node).await?;
    advisory::add(app, caller, id, &addition).await
}

/// Adds somebody to a maintenance.
///
/// # Errors
/// Everything that is wrong with the addition; when it is over.
pub async fn add_to_maintenance(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<maintenance::Answer> {
    maintenance::show(app, id).await?;
    let addition = addition(app, node).await?;
    maintenance::add(app, caller, id, &addition).await
}

/// Who was added to an event: people and addresses, and audiences with their level.
///
/// # Errors
/// When there is no such event.
pub async fn added(app: &App, id: &str) -> Result<(Vec<AddedRecipient>, Added)> {
    let found = app.store.event(id).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("event {id}")))?;
    let audiences = found.event.added().cloned().unwrap_or_default();
    Ok((app.store.added(id).await?, audiences))
}
