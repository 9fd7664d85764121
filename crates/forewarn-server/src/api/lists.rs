//! What was and will be told: notices, deliveries, the journal.

use super::query::{Asked, Query, any, limit};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::{copy, sending};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use forewarn_core::contact::Channel;
use forewarn_core::delivery::{DeliveryStatus, message_key};
use forewarn_core::document::{Fields, Problems};
use forewarn_core::problem::{Invalid, unknown};
use forewarn_store::{DeliveryFilter, DeliveryRow, NoticeFilter, NoticeRow};
use jiff::Timestamp;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_notices))
        .routes(routes!(show_notice))
        .routes(routes!(copy_notice))
        .routes(routes!(retry_notice))
        .routes(routes!(list_deliveries))
        .routes(routes!(list_journal))
        .routes(routes!(verify_audit))
        .routes(routes!(list_feeds))
}

/// How the calendars of on-call tools fare that rotas name: when each was read last, and why the last try failed, if it did.
#[utoipa::path(get, path = "/rota-feeds", tag = "documents", responses((status = 200, description = "items: rota, shifts, tried_at, read_at, problem")))]
async fn list_feeds(State(app): State<App>, _who: Who) -> Result<Response> {
    let items = app.store.feeds().await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Which notices.
struct Notices {
    filter: NoticeFilter,
    limit: i64,
}

impl Asked for Notices {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Notices {
        const STATUSES: [&str; 7] = [
            "planned",
            "awaiting_approval",
            "sending",
            "sent",
            "moved",
            "superseded",
            "cancelled",
        ];
        let event = fields.optional("event", problems, any);
        let status = fields.optional("status", problems, |name| {
            let known = STATUSES.contains(&name);
            known
                .then(|| name.to_owned())
                .ok_or_else(|| unknown("status", name, STATUSES))
        });
        Notices {
            filter: NoticeFilter {
                event,
                status,
                after: fields.optional("after", problems, parse_cursor),
                newest_first: false,
            },
            limit: limit(fields, problems),
        }
    }
}

/// Which deliveries.
struct Deliveries {
    filter: DeliveryFilter,
    limit: i64,
}

impl Asked for Deliveries {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Deliveries {
        let status = |name: &str| {
            let known = DeliveryStatus::ALL.map(DeliveryStatus::as_str);
            DeliveryStatus::from_name(name).ok_or_else(|| unknown("status", name, known))
        };
        Deliveries {
            filter: DeliveryFilter {
                notice: fields.optional("notice", problems, any),
                event: fields.optional("event", problems, any),
                channel: fields.optional("channel", problems, Channel::parse),
                status: fields.optional("status", problems, status),
                after: fields.optional("after", problems, any),
            },
            limit: limit(fields, problems),
        }
    }
}

/// Which entries of the journal.
struct Entries {
    event: Option<String>,
    before: Option<i64>,
    limit: i64,
}

impl Asked for Entries {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Entries {
        let number = |text: &str| text.parse::<i64>().map_err(|_| NO_CURSOR.to_owned());
        Entries {
            event: fields.optional("event", problems, any),
            before: fields.optional("after", problems, number),
            limit: limit(fields, problems),
        }
    }
}

/// All counts, also those that are nothing: programs can add them up without asking which are there.
fn counts(notice: &NoticeRow) -> Value {
    let named = DeliveryStatus::ALL
        .into_iter()
        .filter(|s| *s != DeliveryStatus::Attempting);
    named
        .map(|s| {
            (
                s.as_str().to_owned(),
                json!(notice.counts.get(s.as_str()).copied().unwrap_or(0)),
            )
        })
        .collect()
}

fn notice_json(notice: &NoticeRow) -> Value {
    let mut body = serde_json::to_value(notice).unwrap_or_default();
    body["counts"] = counts(notice);
    body
}

/// The place of something in a list that is ordered by time and id.
pub(crate) fn place(at: Timestamp, id: &str) -> String {
    format!("{}~{id}", at.as_millisecond())
}

/// The place of a notice in the list: its due time and id.
pub(crate) fn cursor(notice: &NoticeRow) -> String {
    place(notice.due, &notice.id)
}

const NO_CURSOR: &str = "is not a cursor that this API gave out";

/// Reads a cursor that we gave out.
///
/// # Errors
/// When it is none of ours.
pub(crate) fn read_cursor(text: &str) -> Result<(Timestamp, String)> {
    parse_cursor(text).map_err(|problem| Invalid::one("after", problem).into())
}

pub(super) fn parse_cursor(text: &str) -> std::result::Result<(Timestamp, String), String> {
    text.split_once('~')
        .and_then(|(millis, id)| {
            Some((
                Timestamp::from_millisecond(millis.parse().ok()?).ok()?,
                id.to_owned(),
            ))
        })
        .ok_or_else(|| NO_CURSOR.to_owned())
}

/// Notices by due time, with their deliveries counted by status.
#[utoipa::path(get, path = "/notices", tag = "notices",
    params(("event" = Option<String>, Query, description = "of this event"), ("status" = Option<String>, Query, description = "in this status"),
        ("after" = Option<String>, Query, description = "cursor from `next`"), ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next")))]
async fn list_notices(
    State(app): State<App>,
    _who: Who,
    Query(Notices { filter, limit }): Query<Notices>,
) -> Result<Response> {
    let notices = app.store.notices(&filter, limit).await?;
    let next = notices
        .last()
        .filter(|_| notices.len() as i64 == limit)
        .map(cursor);
    let items: Vec<Value> = notices.iter().map(notice_json).collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": next}),
    ))
}

/// One notice.
#[utoipa::path(get, path = "/notices/{id}", tag = "notices", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The notice"), (status = 404, description = "None of this id")))]
async fn show_notice(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let notice = app
        .store
        .notice(&id)
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("notice {id}")))?;
    Ok(answer(StatusCode::OK, &notice_json(&notice)))
}

/// Send a notice again to those who did not get it: whose message was given up, who can be reached, and for whom nothing newer is there.
#[utoipa::path(post, path = "/notices/{id}/retry", tag = "notices", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "nothing, or `delivery`: only this one"),
    responses((status = 200, description = "retried, unreachable, superseded: how many"), (status = 404, description = "None of this id"),
        (status = 409, description = "It has lost its meaning, or none of its messages was given up")))]
async fn retry_notice(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = sending::again(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &json!(done)))
}

/// In which form the copy of a notice is wanted.
struct Form {
    /// The list of those whom it reaches, in place of the text.
    is_list: bool,
}

impl Asked for Form {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Form {
        let format = fields.optional("format", problems, |name| match name {
            "json" => Ok(false),
            "csv" => Ok(true),
            other => Err(unknown("form", other, ["json", "csv"])),
        });
        Form {
            is_list: format.unwrap_or(false),
        }
    }
}

/// A notice's text, as its mail says or will say it; with `format=csv` the list of those whom it reaches.
#[utoipa::path(get, path = "/notices/{id}/copy", tag = "notices",
    params(("id" = String, Path, description = "its id"), ("format" = Option<String>, Query, description = "`json` (the text) or `csv` (the list)")),
    responses((status = 200, description = "subject, text, markdown, html, copy_due; or contact, name, channel, address"),
        (status = 404, description = "None of this id")))]
async fn copy_notice(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(form): Query<Form>,
) -> Result<Response> {
    match form.is_list {
        false => Ok(answer(StatusCode::OK, &json!(copy::text(&app, &id).await?))),
        true => Ok(table(&copy::list(&app, &id).await?)),
    }
}

/// A table to be kept as a file.
pub(crate) fn table(text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"list.csv\"",
        ),
    ];
    (headers, text.to_owned()).into_response()
}

fn delivery_json(delivery: &DeliveryRow, app: &App) -> Value {
    let mut body = serde_json::to_value(delivery).unwrap_or_default();
    body["message_id"] = json!(message_id(delivery, app));
    if matches!(delivery.channel, Channel::Chat | Channel::Push) {
        // Whoever has a room's address can post there.
        body["endpoint"] = json!(host_only(&delivery.endpoint));
    }
    body
}

/// An address that is a secret of its own, as far as it can be shown.
pub(crate) fn host_only(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    match url.as_ref().and_then(url::Url::host_str) {
        Some(host) => format!("{host}/…"),
        None => String::new(),
    }
}

/// What the message is known by on the other side: its `Message-ID`, or its `webhook-id`.
pub(crate) fn message_id(delivery: &DeliveryRow, app: &App) -> String {
    let installation = app.key.installation();
    let bundled = delivery.bundled.as_ref();
    let bundled = bundled.map(|(endpoint, bundle)| (endpoint.as_str(), bundle.as_str()));
    let key = message_key(&delivery.id, bundled);
    match delivery.channel {
        Channel::Webhook | Channel::Chat => forewarn_core::message::webhook_id(&key, &installation),
        _ => format!(
            "<{}>",
            forewarn_core::mail::message_id(&key, &installation, &app.mail_domain)
        ),
    }
}

/// Deliveries with their attempts: who was told, by which channel, with which result.
#[utoipa::path(get, path = "/deliveries", tag = "deliveries",
    params(("notice" = Option<String>, Query, description = "of this notice"), ("event" = Option<String>, Query, description = "of this event"),
        ("channel" = Option<String>, Query, description = "by this channel"),
        ("status" = Option<String>, Query, description = "in this status"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next")))]
async fn list_deliveries(
    State(app): State<App>,
    _who: Who,
    Query(Deliveries { filter, limit }): Query<Deliveries>,
) -> Result<Response> {
    let deliveries = app.store.deliveries(&filter, limit).await?;
    let next = deliveries
        .last()
        .filter(|_| deliveries.len() as i64 == limit)
        .map(|d| d.id.clone());
    let items: Vec<Value> = deliveries.iter().map(|d| delivery_json(d, &app)).collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": next}),
    ))
}

/// The journal, newest first.
#[utoipa::path(get, path = "/journal", tag = "audit",
    params(("event" = Option<String>, Query, description = "of this event"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next")))]
async fn list_journal(
    State(app): State<App>,
    _who: Who,
    Query(Entries {
        event,
        before,
        limit,
    }): Query<Entries>,
) -> Result<Response> {
    let entries = app.store.journal(event.as_deref(), before, limit).await?;
    let next = entries
        .last()
        .filter(|e| entries.len() as i64 == limit && e.seq > 1)
        .map(|e| e.seq.to_string());
    Ok(answer(
        StatusCode::OK,
        &json!({"items": entries, "next": next}),
    ))
}

/// Check the whole journal; names the first entry that is missing or altered.
#[utoipa::path(get, path = "/audit/verify", tag = "audit", responses((status = 200, description = "entries and broken")))]
async fn verify_audit(State(app): State<App>, _who: Who) -> Result<Response> {
    let verdict = app.store.verify_journal().await?;
    let broken = verdict
        .broken
        .map(|(entry, what)| json!({"entry": entry, "what": what}));
    Ok(answer(
        StatusCode::OK,
        &json!({"entries": verdict.entries, "broken": broken}),
    ))
}
