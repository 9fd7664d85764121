//! The change request behind a maintenance: where it stands, and what that lets go out.

use super::{Answer, Said, act, first_plan, waits_for_owners};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::read;
use forewarn_core::change_request::{ChangeState, NewState};
use forewarn_core::document::Node;
use forewarn_core::event::Event;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_store::{Entry, EventFilter};
use serde_json::{Value, json};

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
        if new.state != change.state && new.state != ChangeState::Approved {
            // Whoever let people be told did so before this was decided: it takes their word anew.
            change.overridden = None;
        }
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

/// The same by the change's number, as a change system knows it: for every maintenance that carries it out and is not over, or for
/// the newest where all are.
///
/// # Errors
/// When no maintenance carries out this change.
pub async fn set_change_by_number(
    app: &App,
    caller: &Caller,
    number: &str,
    new: &NewState,
) -> Result<Vec<Answer>> {
    let filter = EventFilter {
        kind: Some("maintenance"),
        ..EventFilter::default()
    };
    let events = app.store.events(&filter, i64::MAX).await?;
    let works = events.iter().filter_map(|stored| match &stored.event {
        Event::Maintenance(m) => Some(m),
        _ => None,
    });
    let carries = |m: &&Maintenance| {
        let change = m.change_request.as_ref();
        change.is_some_and(|change| change.number == number)
    };
    let carrying: Vec<&Maintenance> = works.filter(carries).collect();
    let mut meant: Vec<&Maintenance> = carrying.iter().copied().collect();
    meant.retain(|m| !m.status.is_over());
    if meant.is_empty() {
        meant.extend(carrying.first());
    }
    if meant.is_empty() {
        return Err(ApiError::NotFound(format!(
            "maintenance with the change request {number}"
        )));
    }
    let mut answers = Vec::with_capacity(meant.len());
    for m in meant {
        answers.push(change_to(app, caller, m.id.as_str(), new).await?);
    }
    Ok(answers)
}

/// What a change system is answered: the first of the works, and the ids of all.
pub fn reported(answers: &[Answer]) -> Value {
    let mut body = answers.first().map(Answer::json).unwrap_or_default();
    let ids = answers.iter().map(|answer| answer.maintenance.id.as_str());
    body["maintenances"] = ids.collect();
    body
}
