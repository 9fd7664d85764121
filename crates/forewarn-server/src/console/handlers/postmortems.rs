//! What is explained after an incident, and the actions of all incidents.

use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{ActionList, Nav, PostmortemPage, Typed};
use crate::error::{ApiError, Result};
use crate::ops::incident::postmortem::{self, Draft};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Node, Value};
use forewarn_core::problem::Problem;

/// Sections that a form always sends: an empty one is taken away.
const SECTIONS: [&str; 5] = ["happened", "cause", "impact", "went_well", "apology"];

fn at(id: &str) -> String {
    format!("/console/incidents/{id}/postmortem")
}

/// `GET /console/incidents/{id}/postmortem`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let draft = postmortem::show(&desk.app, &id).await?;
    let typed = Typed {
        fields: fields_of(&draft),
        problems: Vec::new(),
    };
    shown(&desk, draft, StatusCode::OK, typed).await
}

async fn shown(desk: &Desk, draft: Draft, status: StatusCode, typed: Typed) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let view = PostmortemPage {
        frame: desk
            .frame(&catalogue, "What happened", Nav::Incidents)
            .await?,
        draft,
        typed,
    };
    Ok(page(status, view.render()))
}

/// What stands in the form.
fn fields_of(draft: &Draft) -> Vec<(String, String)> {
    let body = &draft.stored.body;
    let texts = [
        &body.happened,
        &body.cause,
        &body.impact,
        &body.went_well,
        &body.apology,
    ];
    let sections = SECTIONS.iter().zip(texts);
    let mut fields: Vec<(String, String)> = sections
        .map(|(name, text)| ((*name).to_owned(), text.clone()))
        .collect();
    for (row, action) in (1..).zip(&body.actions) {
        let due = action.due.map(|due| due.to_string());
        let cells = [
            ("what", action.what.clone()),
            ("owner", action.owner.clone()),
            ("due", due.unwrap_or_default()),
            ("done", action.done.to_string()),
        ];
        let cells = cells.into_iter();
        fields.extend(cells.map(|(name, value)| (format!("actions.{row}.{name}"), value)));
    }
    fields
}

/// The form as the document that the operation reads: all sections, and the lines that are filled in as a list.
fn document(fields: &Fields) -> Node {
    let mut node = tree(&fields.0);
    let Value::Map(entries) = &mut node.value else {
        return node;
    };
    for section in SECTIONS {
        if !entries.iter().any(|(name, _, _)| name == section) {
            entries.push((section.to_owned(), None, text("")));
        }
    }
    let actions = entries.iter().position(|(name, _, _)| name == "actions");
    let rows = match actions.map(|n| entries.remove(n).2.value) {
        Some(Value::Map(rows)) => rows.into_iter().map(|(_, _, row)| row).collect(),
        _ => Vec::new(),
    };
    let list = Node {
        value: Value::List(rows),
        place: None,
    };
    entries.push(("actions".to_owned(), None, list));
    node
}

fn text(text: &str) -> Node {
    let text = text.to_owned();
    Node {
        value: Value::Text { text, plain: false },
        place: None,
    }
}

/// `POST /console/incidents/{id}/postmortem`: begins the draft, or keeps what was written.
pub(in crate::console) async fn save(desk: Desk, Path(id): Path<String>, fields: Fields) -> Shown {
    let node = match fields.value("version") {
        "" => Node {
            value: Value::Null,
            place: None,
        },
        _ => document(&fields),
    };
    let done = postmortem::save(&desk.app, &desk.caller, &id, &node).await;
    let said = match &done {
        Ok((_, true)) => "Here is what is on record. Write the rest.",
        _ => "The draft is kept.",
    };
    answer(&desk, &id, fields, done.map(|_| said)).await
}

/// `POST /console/incidents/{id}/postmortem/approve`
pub(in crate::console) async fn approve(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    let done = postmortem::approve(&desk.app, &desk.caller, &id, &node).await;
    let done = done.map(|_| "The agreement is on record.");
    answer(&desk, &id, Fields(Vec::new()), done).await
}

/// `POST /console/incidents/{id}/postmortem/publish`
pub(in crate::console) async fn publish(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    let done = postmortem::publish(&desk.app, &desk.caller, &id, &node).await;
    let done = done.map(|_| "It is published, and whoever heard of the incident is told.");
    answer(&desk, &id, Fields(Vec::new()), done).await
}

/// Back to the page; where something was wrong, with what was typed.
async fn answer(desk: &Desk, id: &str, fields: Fields, done: Result<&'static str>) -> Shown {
    let problems = match done {
        Ok(said) => return Ok(desk.done(&at(id), said)),
        Err(ApiError::Invalid(invalid)) => (StatusCode::UNPROCESSABLE_ENTITY, invalid.problems),
        Err(ApiError::NotFound(what)) => return Err(ApiError::NotFound(what).into()),
        Err(error) => {
            let problem = Problem::new("", sentence(&error.said()));
            (error.status(), vec![problem])
        }
    };
    let draft = postmortem::show(&desk.app, id).await?;
    let fields = match fields.0.is_empty() {
        true => fields_of(&draft),
        false => fields.0,
    };
    let (status, problems) = problems;
    shown(desk, draft, status, Typed { fields, problems }).await
}

/// `GET /console/actions`
pub(in crate::console) async fn actions(desk: Desk) -> Shown {
    let (items, today) = postmortem::actions(&desk.app, true).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let view = ActionList {
        frame: desk
            .frame(&catalogue, "What changes", Nav::Incidents)
            .await?,
        items,
        today,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `POST /console/incidents/{id}/actions/{number}`
pub(in crate::console) async fn tick(
    desk: Desk,
    Path((id, number)): Path<(String, i64)>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    postmortem::tick(&desk.app, &desk.caller, &id, number, &node).await?;
    let back: Response = desk.done("/console/actions", "It is on record.");
    Ok(back)
}
