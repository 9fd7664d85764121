//! Maintenances and incidents.

use super::lists::{parse_cursor, place};
use super::query::{Asked, Query, any, limit};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::maintenance::Act;
use crate::ops::sending::Sending;
use crate::ops::{
    Approval, advisory, announcement, approval, draft, incident, maintenance, planned_texts,
    previewed, reach,
};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Fields, Problems, boolean};
use forewarn_core::event::Event;
use forewarn_store::EventFilter;
use jiff::Timestamp;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_maintenance, list_maintenances))
        .routes(routes!(preview_maintenance))
        .routes(routes!(show_maintenance))
        .routes(routes!(show_plan))
        .routes(routes!(show_reach))
        .routes(routes!(act_on_maintenance))
        .routes(routes!(step_done))
        .routes(routes!(declare_incident, list_incidents))
        .routes(routes!(show_incident))
        .routes(routes!(update_incident))
        .routes(routes!(undo_update))
        .routes(routes!(promise_incident))
        .routes(routes!(approve_incident))
        .routes(routes!(list_approvals))
        .routes(routes!(put_texts))
        .routes(routes!(preview_act))
}

/// Create a maintenance; the answer is its plan.
#[utoipa::path(post, path = "/maintenances", tag = "maintenances", request_body(content = Value, description = "the document, and recipients: to how many it goes, for a wide audience"),
    responses((status = 201, description = "Created, with its plan"), (status = 409, description = "The id exists, or the number of recipients is missing"),
        (status = 422, description = "Problems, each with its field")))]
async fn create_maintenance(
    State(app): State<App>,
    who: Who,
    Body(body): Body,
) -> Result<Response> {
    let made = maintenance::create(&app, &who, &Sending::of(&body), Approval::ByPolicy).await?;
    Ok(answer(StatusCode::CREATED, &made.json()))
}

/// Plan a maintenance without creating it.
#[utoipa::path(post, path = "/maintenances/preview", tag = "maintenances", request_body = Value,
    responses((status = 200, description = "The plan that would follow; texts: what people would be told ahead at each level, for an edit to begin with"), (status = 422, description = "Problems")))]
async fn preview_maintenance(
    State(app): State<App>,
    _who: Who,
    Body(body): Body,
) -> Result<Response> {
    let (planned, said) = maintenance::preview(&app, &Sending::of(&body)).await?;
    let mut body = planned.json();
    body["texts"] = json!(said.texts);
    Ok(answer(StatusCode::OK, &body))
}

/// Narrows and pages a list of events.
pub(super) struct Narrow {
    open: bool,
    after: Option<(Timestamp, String)>,
    limit: i64,
}

impl Asked for Narrow {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Narrow {
        let open = fields.optional("open", problems, boolean);
        Narrow {
            open: open.unwrap_or(false),
            after: fields.optional("after", problems, parse_cursor),
            limit: limit(fields, problems),
        }
    }
}

pub(super) async fn list(app: &App, kind: &'static str, query: &Narrow) -> Result<Value> {
    let filter = EventFilter {
        kind: Some(kind),
        open: query.open,
        since: None,
    };
    let limit = query.limit;
    let page = app.store.events_page(&filter, query.after.as_ref(), limit);
    let events = page.await?;
    let next = events
        .last()
        .filter(|_| events.len() as i64 == limit)
        .map(|last| place(last.created_at, last.event.id().as_str()));
    let items: Vec<Value> = events
        .iter()
        .map(|stored| match &stored.event {
            Event::Maintenance(m) => {
                let mut body = serde_json::to_value(m).unwrap_or_default();
                maintenance::shape(&mut body);
                body
            }
            Event::Incident(i) => incident::shape(i, stored.sequence),
            Event::Window(w) => serde_json::to_value(w).unwrap_or_default(),
            Event::Reminder(r) => serde_json::to_value(r).unwrap_or_default(),
            Event::Advisory(a) => advisory::shape(a, stored.sequence),
            Event::Announcement(a) => announcement::shape(a, stored.sequence),
        })
        .collect();
    Ok(json!({"items": items, "next": next}))
}

/// List maintenances, the newest first.
#[utoipa::path(get, path = "/maintenances", tag = "maintenances",
    params(("open" = Option<bool>, Query, description = "only open ones"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next"), (status = 422, description = "A cursor that is none of ours")))]
async fn list_maintenances(
    State(app): State<App>,
    _who: Who,
    Query(query): Query<Narrow>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &list(&app, "maintenance", &query).await?,
    ))
}

/// A maintenance with its plan.
#[utoipa::path(get, path = "/maintenances/{id}", tag = "maintenances", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The maintenance"), (status = 404, description = "None of this id")))]
async fn show_maintenance(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let (found, plan) = maintenance::show_shared(&app, &id).await?;
    let mut body = maintenance::shown(&found);
    body["plan"] = plan;
    Ok(answer(StatusCode::OK, &body))
}

/// The plan as it was made last.
#[utoipa::path(get, path = "/maintenances/{id}/plan", tag = "maintenances", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The plan"), (status = 404, description = "None of this id")))]
async fn show_plan(State(app): State<App>, _who: Who, Path(id): Path<String>) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &maintenance::show_shared(&app, &id).await?.1,
    ))
}

/// Narrows the question of who is reached.
pub(super) struct About {
    contact: Option<String>,
}

impl Asked for About {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> About {
        About {
            contact: fields.optional("contact", problems, any),
        }
    }
}

/// Who would be reached if a notice went out now, how many by which channel, and who would not and why. With `contact`, why
/// this one gets it or does not.
#[utoipa::path(get, path = "/maintenances/{id}/plan/reach", tag = "maintenances",
    params(("id" = String, Path, description = "its id"), ("contact" = Option<String>, Query, description = "a contact's id, or an address")),
    responses((status = 200, description = "messages, audiences; with contact: because"), (status = 404, description = "None of this id")))]
async fn show_reach(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(about): Query<About>,
) -> Result<Response> {
    let (found, _) = maintenance::show(&app, &id).await?;
    reached(&app, &Event::Maintenance(found), about).await
}

/// Who hears of an event, or why one contact does or does not.
pub(super) async fn reached(app: &App, event: &Event, about: About) -> Result<Response> {
    let body = match about.contact {
        None => json!(reach::whole(app, event).await?),
        Some(contact) => {
            json!({"contact": contact, "because": reach::why(app, event, &contact).await?})
        }
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Approve, start, complete, cancel, delay or extend a maintenance, let it do otherwise than its policy or as the policy says again, or set where its change request stands.
#[utoipa::path(post, path = "/maintenances/{id}/{action}", tag = "maintenances",
    params(("id" = String, Path, description = "its id"), ("action" = String, Path, description = "approve, start, complete, cancel, delay, extend, undo, override, remove_override, change_request")),
    request_body(content = Value, description = "delay: start, end, reason; extend: end, reason; cancel: reason; all that people are told of also texts (by level, where somebody edited what is made) and privacy_override; these three also recipients (to how many it goes, for a wide audience) and undo (true: people are told once it can no longer be undone); start, complete: undo; start: early (true: long before its window and meant so; false: refuse that); approve: override of a change request that is not approved or of owners who cannot be asked, with its reason, hash of what was seen, recipients for a wide audience; override: before, at, progress, min_window as the policy has them, and the reason; remove_override: reason; change_request: state, board"),
    responses((status = 200, description = "The maintenance and its new plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "Its state does not allow it"), (status = 422, description = "Problems")))]
async fn act_on_maintenance(
    State(app): State<App>,
    who: Who,
    Path((id, action)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Response> {
    if let Some(act) = Act::parse(&action) {
        let done = maintenance::tell(&app, &who, &id, act, &Sending::of(&body)).await?;
        return Ok(answer(StatusCode::OK, &done.json()));
    }
    let done = match action.as_str() {
        "approve" => maintenance::approve(&app, &who, &id, &body).await?,
        "change_request" => maintenance::set_change(&app, &who, &id, &body).await?,
        "undo" => maintenance::undo(&app, &who, &id).await?,
        "override" => maintenance::except(&app, &who, &id, &body).await?,
        "remove_override" => maintenance::follow_policy(&app, &who, &id, &body).await?,
        _ => {
            return Err(ApiError::NotFound(format!(
                "action '{action}' of a maintenance"
            )));
        }
    };
    Ok(answer(StatusCode::OK, &done.json()))
}

/// What of an event somebody must agree to: every text as it goes out, to how many, who agreed and who is missing.
#[utoipa::path(get, path = "/events/{id}/approvals", tag = "events", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "hash, recipients, and the notices with their texts"), (status = 404, description = "None of this id")))]
async fn list_approvals(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let waiting = approval::of(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!(waiting)))
}

/// Edit what a message of planned work or of an announcement says that has not gone out. Nobody is told of that by itself; who agreed to
/// other words is asked again.
#[utoipa::path(post, path = "/events/{id}/texts", tag = "events", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "texts (by level; a level that is left out is made of the facts), milestone (announcement where it is left out: what people are told ahead, its reminders too), revision (of the times that were seen: texts for other times are refused), privacy_override"),
    responses((status = 200, description = "The event with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is over, or its texts come with what is said"), (status = 422, description = "Problems")))]
async fn put_texts(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = planned_texts::put(&app, &who, &id, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done))
}

/// What people would be told if somebody acted so on an event, or edited the texts of a message. Nothing is stored.
#[utoipa::path(post, path = "/events/{id}/{action}/preview", tag = "events",
    params(("id" = String, Path, description = "its id"), ("action" = String, Path, description = "start, complete, cancel, delay, extend of planned work; move, effective, cancel of an announcement; texts of both; updates, fix, withdraw of a fault; updates of an incident")),
    request_body(content = Value, description = "what the action would have"),
    responses((status = 200, description = "messages, each text once; texts: what is made for each level, for an edit to begin with"), (status = 404, description = "None of this id, or no such action"),
        (status = 409, description = "Its state does not allow it"), (status = 422, description = "Problems")))]
async fn preview_act(
    State(app): State<App>,
    _who: Who,
    Path((id, action)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Response> {
    let shown = previewed::act(&app, &id, &action, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &json!(shown)))
}

/// Tick off a step of the work.
#[utoipa::path(post, path = "/maintenances/{id}/steps/{n}/done", tag = "maintenances",
    params(("id" = String, Path, description = "its id"), ("n" = usize, Path, description = "the step, from 1")),
    responses((status = 200, description = "The maintenance"), (status = 409, description = "Its state does not allow it")))]
async fn step_done(
    State(app): State<App>,
    who: Who,
    Path((id, n)): Path<(String, usize)>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &maintenance::step_done(&app, &who, &id, n).await?.json(),
    ))
}

/// Declare an incident; the holding statement is due at once, and whoever is to speak for it is called.
#[utoipa::path(post, path = "/incidents", tag = "incidents",
    request_body(content = Value, description = "services, severity or impact and urgency, effect, texts (by level, where somebody edited what is made), title, lead, spokesperson, override, privacy_override, parent, next_update_in; backfilled, started_at, resolved_at, text to enter it afterwards"),
    responses((status = 201, description = "Declared, with the time of the next update"), (status = 422, description = "Problems")))]
async fn declare_incident(State(app): State<App>, who: Who, Body(body): Body) -> Result<Response> {
    Ok(answer(
        StatusCode::CREATED,
        &incident::declare(&app, &who, &body).await?.json(),
    ))
}

/// List incidents, the newest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents",
    params(("open" = Option<bool>, Query, description = "only open ones"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next"), (status = 422, description = "A cursor that is none of ours")))]
async fn list_incidents(
    State(app): State<App>,
    _who: Who,
    Query(query): Query<Narrow>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &list(&app, "incident", &query).await?,
    ))
}

/// An incident with its updates and its promise, or the draft of one with its holding statement.
#[utoipa::path(get, path = "/incidents/{id}", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The incident"), (status = 404, description = "None of this id")))]
async fn show_incident(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let body = match incident::show_whole(&app, &id).await {
        Ok(whole) => whole,
        // Not declared yet.
        Err(error @ ApiError::NotFound(_)) => match app.store.draft(&id).await? {
            Some(found) => draft::whole(&app, &found).await?,
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Agree to what waits for a person's word: an update that owners must agree to, or what a restore held back.
#[utoipa::path(post, path = "/incidents/{id}/approve", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "override: reason, where owners cannot be asked; hash: what was seen; recipients: to how many it goes, for a wide audience"),
    responses((status = 200, description = "The incident"), (status = 403, description = "Somebody else must agree"), (status = 404, description = "None of this id"),
        (status = 409, description = "Nothing of it waits, it says something else by now, or the number of recipients is missing"), (status = 422, description = "Problems")))]
async fn approve_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    incident::approve(&app, &who, &id, &body).await?;
    let shown = incident::show_whole(&app, &id).await?;
    Ok(answer(StatusCode::OK, &shown))
}

/// Publish an update, which keeps the promise of the one before and makes the next.
#[utoipa::path(post, path = "/incidents/{id}/updates", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "status, facts or text, texts (by level, where somebody edited what is made), services, severity or impact and urgency, next_update_in, version (as it was seen), carry (to its open parts), title, remove_services (named by mistake), privacy_override, override of owners who must agree first, with its reason, recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone)"),
    responses((status = 201, description = "Published"), (status = 404, description = "None of this id"),
        (status = 409, description = "That status cannot follow, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn update_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    Ok(answer(
        StatusCode::CREATED,
        &incident::update(&app, &who, &id, &Sending::of(&body))
            .await?
            .json(),
    ))
}

/// Take the newest update back before anybody was told; its text is the caller's draft again.
#[utoipa::path(post, path = "/incidents/{id}/undo", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The incident as it was"), (status = 404, description = "None of this id"),
        (status = 409, description = "It has gone out, or it was sent without time to undo it")))]
async fn undo_update(State(app): State<App>, who: Who, Path(id): Path<String>) -> Result<Response> {
    let done = incident::undo::undo(&app, &who, &id).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Move the promise of the next update; people are told the new time.
#[utoipa::path(post, path = "/incidents/{id}/promise", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "next_update_in, such as PT30M, or next_update_at; version (as it was seen)"),
    responses((status = 201, description = "Published"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is over"), (status = 422, description = "A time that is not in the future")))]
async fn promise_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    Ok(answer(
        StatusCode::CREATED,
        &incident::promise(&app, &who, &id, &body).await?.json(),
    ))
}
