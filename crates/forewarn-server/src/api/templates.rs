//! The template library: versions, differences, trial before saving. Templates themselves are documents.

use super::query::{Asked, Query, any};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Fields, Problems};
use forewarn_core::problem::unknown;
use forewarn_store::Role;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_library))
        .routes(routes!(list_template_versions))
        .routes(routes!(show_template_version))
        .routes(routes!(compare_template_versions))
        .routes(routes!(restore_template))
        .routes(routes!(preview_template))
}

/// Narrows the library.
struct Narrow {
    milestone: Option<String>,
    language: Option<String>,
    origin: Option<String>,
}

impl Asked for Narrow {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Narrow {
        Narrow {
            milestone: fields.optional("milestone", problems, any),
            language: fields.optional("language", problems, any),
            origin: fields.optional("origin", problems, |name| match name {
                "own" | "built_in" => Ok(name.to_owned()),
                other => Err(unknown("origin", other, ["own", "built_in"])),
            }),
        }
    }
}

/// Every text there is, the organisation's own first: what each is for, and the version and author of those that are own.
#[utoipa::path(get, path = "/templates/library", tag = "templates",
    params(("milestone" = Option<String>, Query, description = "only for this milestone"), ("language" = Option<String>, Query, description = "only in this language"),
        ("origin" = Option<String>, Query, description = "own or built_in")),
    responses((status = 200, description = "items: the template, id, origin; version, changed_at, changed_by of own ones")))]
async fn list_library(
    State(app): State<App>,
    _who: Who,
    Query(narrow): Query<Narrow>,
) -> Result<Response> {
    let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|w| w == value);
    let all = template::library(&app).await?;
    let items = all.iter().filter(|listed| {
        let origin = match listed.own {
            Some(_) => "own",
            None => "built_in",
        };
        is(&narrow.milestone, &listed.template.milestone)
            && is(&narrow.language, &listed.template.language)
            && is(&narrow.origin, origin)
    });
    let items: Vec<Value> = items.map(template::Listed::json).collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// The versions of a template, the newest first: who made each, when, and what it restored.
#[utoipa::path(get, path = "/templates/{id}/versions", tag = "templates", params(("id" = String, Path, description = "its id, as in the library")),
    responses((status = 200, description = "items, none for a built-in text; next"), (status = 404, description = "None of this id")))]
async fn list_template_versions(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let found = template::versions(&app, &id).await?;
    let items: Vec<Value> = found.iter().map(template::said).collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"template": id, "items": items, "next": null}),
    ))
}

/// One version of a template with its text; 0 is the built-in text that the organisation's own took the place of.
#[utoipa::path(get, path = "/templates/{id}/versions/{version}", tag = "templates",
    params(("id" = String, Path, description = "its id"), ("version" = i64, Path, description = "its number")),
    responses((status = 200, description = "The version; body is null where the template was taken away"), (status = 404, description = "None of this id or number")))]
async fn show_template_version(
    State(app): State<App>,
    _who: Who,
    Path((id, number)): Path<(String, i64)>,
) -> Result<Response> {
    let found = template::version(&app, &id, number).await?;
    let mut body = template::said(&found);
    body["template"] = id.into();
    body["body"] = json!(found.body);
    Ok(answer(StatusCode::OK, &body))
}

/// The two versions to compare.
struct Between {
    from: Option<i64>,
    to: Option<i64>,
}

impl Asked for Between {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Between {
        let number = |text: &str| {
            let number = text.trim().parse::<i64>();
            number.map_err(|_| "must be the number of a version".to_owned())
        };
        Between {
            from: fields.optional("from", problems, number),
            to: fields.optional("to", problems, number),
        }
    }
}

/// What differs between two versions of a template: line by line, and word by word inside a changed line.
#[utoipa::path(get, path = "/templates/{id}/diff", tag = "templates",
    params(("id" = String, Path, description = "its id"), ("from" = Option<i64>, Query, description = "the older one; the one before the newer when absent; 0 is the built-in text"),
        ("to" = Option<i64>, Query, description = "the newer one; the newest when absent")),
    responses((status = 200, description = "subject and body: lines with change, before, after, pieces"), (status = 404, description = "None of this id or number")))]
async fn compare_template_versions(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(between): Query<Between>,
) -> Result<Response> {
    let compared = template::compare(&app, &id, (between.from, between.to)).await?;
    Ok(answer(StatusCode::OK, &compared.json()))
}

/// Give a template the text again that it had in an older version; that is a new version.
#[utoipa::path(post, path = "/templates/{id}/restore", tag = "templates", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "version: whose text; expected: the newest that was seen"),
    responses((status = 200, description = "template, version, restored"), (status = 404, description = "None of this id or number"),
        (status = 409, description = "It has that text already, or was changed meanwhile"), (status = 422, description = "Problems")))]
async fn restore_template(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let saved = template::restore(&app, &who, &id, &body).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"template": id, "version": saved.version}),
    ))
}

/// What a template would say, before it is saved, or what an event's notices would: each text once, with who reads it and what the
/// review finds. Nothing is stored and nobody is told.
#[utoipa::path(post, path = "/templates/preview", tag = "templates",
    request_body(content = Value, description = "template (as in a file), event (an id; an invented one when absent), milestone (of the event, where no template is given)"),
    responses((status = 200, description = "messages: audiences, level, channel, language, subject, text, html, mail, sms, review"),
        (status = 404, description = "No event of this id"), (status = 422, description = "Problems, those in a text with line and column")))]
async fn preview_template(State(app): State<App>, _who: Who, Body(body): Body) -> Result<Response> {
    let asked = template::Asked::read(&body)?;
    let messages = template::preview(&app, &asked).await?;
    Ok(answer(StatusCode::OK, &json!({"messages": messages})))
}
