//! What waits for somebody to agree.

use super::rows;
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{ApprovalPage, Flash, FlashKind, Nav, number};
use crate::error::ApiError;
use crate::ops::approval;
use axum::extract::Path;
use axum::http::StatusCode;
use forewarn_core::event::Event;
use forewarn_store::{NoticeFilter, Role};

async fn event(desk: &Desk, id: &str) -> Result<Event, ApiError> {
    let found = desk.app.store.event(id).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("event {id}")))?;
    Ok(found.event)
}

async fn one(desk: &Desk, id: &str, status: StatusCode, flash: Option<Flash>) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let event = event(desk, id).await?;
    let store = &desk.app.store;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let catalogue = store.catalogue().await?;
    let mut frame = desk
        .frame(&catalogue, "Approve what is said", Nav::Notices)
        .await?;
    frame.flash = flash.or(frame.flash);
    let mut waiting = approval::waiting(&desk.app, &event).await?;
    rows::name_audiences(&mut waiting, &catalogue);
    let view = ApprovalPage {
        frame,
        event_path: rows::event_path(&event),
        title: event.title().to_owned(),
        waiting,
        held: store.notices(&held, 1000).await?.len(),
    };
    Ok(page(status, view.render()))
}

/// `GET /console/approvals/{id}`, with the id of an event.
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    one(&desk, &id, StatusCode::OK, None).await
}

/// `POST /console/approvals/{id}`: `hash`, and where they are needed `recipients` and `override.reason`.
pub(in crate::console) async fn agree(desk: Desk, Path(id): Path<String>, fields: Fields) -> Shown {
    let event = event(&desk, &id).await?;
    let mut said = fields.0;
    said.retain(|(_, value)| !value.trim().is_empty());
    let refused = match approval::approve(&desk.app, &desk.caller, &event, &tree(&said)).await {
        Ok(()) => {
            let to = rows::event_path(&event);
            return Ok(desk.done(&to, "It is approved, word for word."));
        }
        Err(error) => error,
    };
    let text = match &refused {
        ApiError::Invalid(invalid) => invalid.to_string(),
        ApiError::CountNeeded(count) => format!(
            "it goes to {} recipients: type that number to show that you mean it",
            number(*count)
        ),
        error => error.said(),
    };
    match refused.status() {
        status @ (StatusCode::CONFLICT
        | StatusCode::FORBIDDEN
        | StatusCode::UNPROCESSABLE_ENTITY) => {
            let kind = FlashKind::Refused;
            let text = sentence(&text);
            one(&desk, &id, status, Some(Flash { kind, text })).await
        }
        _ => Err(refused.into()),
    }
}
