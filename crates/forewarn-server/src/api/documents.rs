//! Documents, the catalogue's lists, and contacts.

use super::lists::host_only;
use super::query::{Asked, Query, any, limit};
use super::{Body, Language, Raw, Text, Who, answer, json_tree, language};
use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::catalogue;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use forewarn_core::document::{Fields, Node, Problems, Value as Tree, boolean};
use forewarn_core::hook::without_secrets;
use forewarn_core::problem::{Invalid, Problem, unknown};
use forewarn_store::{ContactRow, Role};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(apply_documents))
        .routes(routes!(import_contacts))
        .routes(routes!(list_things, put_thing_in_list))
        .routes(routes!(show_thing, put_thing, remove_thing))
}

/// Whether to say only what would happen.
struct Apply {
    dry_run: bool,
}

impl Asked for Apply {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Apply {
        let dry_run = fields.optional("dry_run", problems, boolean);
        Apply {
            dry_run: dry_run.unwrap_or(false),
        }
    }
}

/// Apply documents (YAML or JSON). Applying twice changes nothing.
#[utoipa::path(post, path = "/documents", tag = "catalogue",
    params(("dry_run" = Option<bool>, Query, description = "only say what would change")),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, description = "created, changed, unchanged"), (status = 422, description = "Problems with line and column")))]
async fn apply_documents(
    State(app): State<App>,
    who: Who,
    Query(query): Query<Apply>,
    headers: HeaderMap,
    Text(text): Text,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    // JSON is YAML too.
    let nodes = match language(&headers)? {
        Language::Json => vec![json_tree(&text)?],
        Language::Yaml | Language::Unsaid => catalogue::yaml(&text)?,
    };
    let warnings: Vec<Problem> = nodes.iter().flat_map(left_out).collect();
    let mut applied = catalogue::apply(&app, &who, nodes, query.dry_run).await?;
    applied.warnings.extend(warnings);
    let body = serde_json::to_value(&applied).unwrap_or_default();
    Ok(answer(StatusCode::OK, &body))
}

/// A maintenance, advisory or announcement is an act that tells people, not a setting: it is checked with the rest and created by itself.
fn left_out(node: &Node) -> Vec<Problem> {
    const ACTS: [(&str, &str); 3] = [
        (
            "maintenance",
            "was not created: create it with 'forewarn maintenance create FILE' or POST /api/v1/maintenances",
        ),
        (
            "advisory",
            "was not made known: tell of it with 'forewarn advisory create FILE' or POST /api/v1/advisories",
        ),
        (
            "announcement",
            "was not announced: announce it with 'forewarn announcement create FILE' or POST /api/v1/announcements",
        ),
    ];
    let Tree::Map(parts) = &node.value else {
        return Vec::new();
    };
    let named = |act: &str| parts.iter().any(|(name, _, _)| name == act);
    let acts = ACTS.into_iter().filter(|(act, _)| named(act));
    acts.map(|(act, words)| Problem::new(act, words)).collect()
}

/// Import contacts from CSV. Good lines are stored, the others listed with number, column and reason.
#[utoipa::path(post, path = "/contacts/import", tag = "catalogue", request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "created, changed, unchanged, rejected"), (status = 422, description = "The header is wrong")))]
async fn import_contacts(State(app): State<App>, who: Who, Raw(table): Raw) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let known = app.store.catalogue().await?;
    let read = tokio::task::spawn_blocking(move || {
        forewarn_core::contact::csv::read_contacts(table.as_ref(), &known)
    })
    .await
    .map_err(|e| forewarn_store::StoreError::Corrupt(e.to_string()))??;
    let imported = app
        .store
        .import_contacts(&read.contacts, &who.actor, app.clock.now())
        .await?;
    let body = json!({"created": imported.created.len(), "changed": imported.changed.len(),
        "unchanged": imported.unchanged, "rejected": read.rejected});
    Ok(answer(StatusCode::OK, &body))
}

/// Kinds that are kept as documents.
const KINDS: [&str; 8] = [
    "services",
    "audiences",
    "contacts",
    "policies",
    "rotas",
    "templates",
    "changes_ahead",
    "hooks",
];

fn kind_of(name: &str) -> Result<&'static str> {
    KINDS
        .into_iter()
        .find(|k| *k == name)
        .ok_or_else(|| ApiError::NotFound(format!("such call; {}", unknown("kind", name, KINDS))))
}

/// A contact as it is shown: what signs its webhooks is kept out of every answer, and whoever has a room's address can post there,
/// so only those see it whole who may enter it.
fn shown(contact: &ContactRow, who: &Who) -> Value {
    let mut body = without_secrets(serde_json::to_value(contact).unwrap_or_default());
    if who.role < Role::Administrator {
        let hide = |url: &mut Value| *url = json!(host_only(url.as_str().unwrap_or_default()));
        let endpoints = body["endpoints"].as_array_mut().into_iter().flatten();
        let secret = |channel: &Value| channel == "chat" || channel == "push";
        for room in endpoints.filter(|endpoint| secret(&endpoint["channel"])) {
            hide(&mut room["url"]);
        }
        let states = body["states"].as_array_mut().into_iter().flatten();
        for room in states.filter(|state| secret(&state[0])) {
            hide(&mut room[1]);
        }
    }
    body
}

/// Pages a list of contacts.
struct Page {
    after: Option<String>,
    limit: i64,
}

impl Asked for Page {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Page {
        Page {
            after: fields.optional("after", problems, any),
            limit: limit(fields, problems),
        }
    }
}

/// List services, audiences, contacts, policies, templates, changes ahead or hooks.
#[utoipa::path(get, path = "/{kind}", tag = "catalogue", params(("kind" = String, Path, description = "services, audiences, contacts, policies, templates, changes_ahead, hooks"),
        ("after" = Option<String>, Query, description = "cursor from `next`"), ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next")))]
async fn list_things(
    State(app): State<App>,
    who: Who,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Result<Response> {
    let kind = kind_of(&kind)?;
    if kind != "contacts" {
        let items: Vec<Value> = app
            .store
            .documents(kind)
            .await?
            .into_iter()
            .map(|(_, body)| without_secrets(body))
            .collect();
        return Ok(answer(
            StatusCode::OK,
            &json!({"items": items, "next": null}),
        ));
    }
    let limit = page.limit;
    let contacts = app.store.contacts(page.after.as_deref(), limit).await?;
    let next = contacts
        .last()
        .filter(|_| contacts.len() as i64 == limit)
        .map(|c| c.contact.id.to_string());
    Ok(answer(
        StatusCode::OK,
        &json!({"items": contacts.iter().map(|c| shown(c, &who)).collect::<Vec<_>>(), "next": next}),
    ))
}

/// Add a service, audience, contact, policy, template, change ahead or hook, or replace the one of the same id.
#[utoipa::path(post, path = "/{kind}", tag = "catalogue", params(("kind" = String, Path, description = "services, audiences, contacts, policies, templates, changes_ahead, hooks")),
    request_body = Value, responses((status = 201, description = "Stored"), (status = 422, description = "Problems")))]
async fn put_thing_in_list(
    State(app): State<App>,
    who: Who,
    Path(kind): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let applied = catalogue::apply(
        &app,
        &who,
        vec![catalogue::listed(kind_of(&kind)?, body)],
        false,
    )
    .await?;
    Ok(answer(
        StatusCode::CREATED,
        &serde_json::to_value(&applied).unwrap_or_default(),
    ))
}

/// One of them.
#[utoipa::path(get, path = "/{kind}/{id}", tag = "catalogue", params(("kind" = String, Path, description = "as in the list"), ("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The document"), (status = 404, description = "None of this id")))]
async fn show_thing(
    State(app): State<App>,
    who: Who,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response> {
    let kind = kind_of(&kind)?;
    let missing = || ApiError::NotFound(format!("{id} among {kind}"));
    if kind == "contacts" {
        let contact = app.store.contact(&id).await?.ok_or_else(missing)?;
        return Ok(answer(StatusCode::OK, &shown(&contact, &who)));
    }
    let all = app.store.documents(kind).await?;
    let (_, body) = all
        .into_iter()
        .find(|(found, _)| *found == id)
        .ok_or_else(missing)?;
    Ok(answer(StatusCode::OK, &without_secrets(body)))
}

/// Store one under its id.
#[utoipa::path(put, path = "/{kind}/{id}", tag = "catalogue", params(("kind" = String, Path, description = "as in the list"), ("id" = String, Path, description = "its id")),
    request_body = Value, responses((status = 200, description = "Stored"), (status = 422, description = "Problems")))]
async fn put_thing(
    State(app): State<App>,
    who: Who,
    Path((kind, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let named = match &body.value {
        Tree::Map(entries) => entries
            .iter()
            .find(|(key, _, _)| key == "id")
            .map(|(_, _, node)| node.value.clone()),
        _ => None,
    };
    // A template is known by what it is for, and so carries no id.
    let carries_id = kind != "templates";
    let fits = !carries_id || matches!(&named, Some(Tree::Text { text, .. }) if *text == id);
    let kind = kind_of(&kind)?;
    // What does not fit is read all the same, for what else is wrong with it, and stored in no case.
    let applied = catalogue::apply(&app, &who, vec![catalogue::listed(kind, body)], !fits).await;
    let applied = match (fits, applied) {
        (true, applied) => applied?,
        (false, applied) => {
            let mut problems = match applied {
                Err(ApiError::Invalid(invalid)) => invalid.problems,
                Err(other) => return Err(other),
                Ok(_) => Vec::new(),
            };
            let field = format!("{kind}[0].id");
            problems.retain(|problem| problem.field != field);
            problems.insert(
                0,
                Problem::new("id", format!("must be '{id}', as in the address")),
            );
            return Err(Invalid { problems }.into());
        }
    };
    Ok(answer(
        StatusCode::OK,
        &serde_json::to_value(&applied).unwrap_or_default(),
    ))
}

/// Remove one.
#[utoipa::path(delete, path = "/{kind}/{id}", tag = "catalogue", params(("kind" = String, Path, description = "as in the list"), ("id" = String, Path, description = "its id")),
    responses((status = 204, description = "Removed"), (status = 404, description = "None of this id")))]
async fn remove_thing(
    State(app): State<App>,
    who: Who,
    Path((kind, id)): Path<(String, String)>,
) -> Result<StatusCode> {
    who.at_least(Role::Administrator)?;
    let kind = kind_of(&kind)?;
    let gone = catalogue::remove(&app, &who, kind, &id).await?;
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound(format!("{id} among {kind}")))
    }
}
