//! The change request behind a maintenance: where it stands, and what that lets go out.

use super::{Answer, Said, act, first_plan, waits_for_owners};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::read;
use forewarn_core::change_request::NewState;
use forewarn_core::document::Node;
use forewarn_core::event::Event;
use forewarn_core::maintenance::Status;
use forewarn_store::{Entry, EventFilter, StoredEvent};
use serde_json::json;

/// Where the change request stands. Its approval sets free what waited for it; its loss holds what has not gone out.
///
/// # Errors
/// When the maintenance has no change request.
pub async fn set_change(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let new = read(node, |node, problems| NewState::read(node, "", problems))?;
    change_to(app, caller, id, &new).await
}

async fn change_to(app: &App, caller: &Caller, id: &str, new: &NewState) -> Result<Answer> {
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    act(app, caller, id, |mut m, _| {
        let Some(change) = m.change_request.as_mut() else {
            return Err(ApiError::Conflict(format!("{id} has no change request")));
        };
        let entry = Entry::new(&caller.actor, "maintenance.change_request", id)
            .with(json!({"number": change.number, "from": change.state, "to": new.state, "board": new.board}));
        change.state = new.state;
        change.board = new.board.or(change.board);
        let plan = first_plan(&m, &catalogue, &[], now);
        let mut said = Said::default();
        if !m.change_lets_tell() {
            m = m.hold();
        } else if m.status == Status::AwaitingApproval && !waits_for_owners(&m, &plan, &catalogue) {
            m = m.approve()?;
            said.approved = true;
        }
        Ok((m, said, entry))
    })
    .await
}

/// The same by the change's number, as a change system knows it.
///
/// # Errors
/// When no maintenance carries out this change.
pub async fn set_change_by_number(
    app: &App,
    caller: &Caller,
    number: &str,
    new: &NewState,
) -> Result<Answer> {
    let filter = EventFilter {
        kind: Some("maintenance"),
        ..EventFilter::default()
    };
    let events = app.store.events(&filter, i64::MAX).await?;
    let carries = |event: &StoredEvent| match &event.event {
        Event::Maintenance(m) => m
            .change_request
            .as_ref()
            .is_some_and(|c| c.number == number),
        Event::Incident(_)
        | Event::Window(_)
        | Event::Reminder(_)
        | Event::Advisory(_)
        | Event::Announcement(_) => false,
    };
    match events.iter().find(|e| carries(e)) {
        Some(found) => change_to(app, caller, found.event.id().as_str(), new).await,
        None => Err(ApiError::NotFound(format!(
            "maintenance with the change request {number}"
        ))),
    }
}
