//! What is done around an incident: roles, the call, notes, duplicates, parts, people who are added.

use super::incidents::{one, refused};
use super::{kept, rows};
use crate::app::App;
use crate::console::desk::{Desk, Shown};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{Choice, Team, Typed};
use crate::error::{ApiError, Result};
use crate::ops::incident::{self, kin, notes, team};
use crate::ops::recipient;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use forewarn_core::document::{Catalogue, Node, Value};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::incident::Incident;
use forewarn_core::problem::Problem;
use forewarn_core::recipient::Added;
use forewarn_store::EventFilter;
use serde_json::json;

/// Open incidents that are offered to merge into.
const MOST_OTHERS: i64 = 50;

/// Everything of it that the page shows.
pub(super) async fn gathered(
    desk: &Desk,
    incident: &Incident,
    version: i64,
    catalogue: &Catalogue,
) -> Result<Team> {
    let (app, id) = (&desk.app, incident.id.as_str());
    let people = team::people(incident, catalogue);
    let names = |name: &str| {
        let list = people[name].as_array().into_iter().flatten();
        list.filter_map(|who| who.as_str().map(str::to_owned))
            .collect()
    };
    let choice = |id: String, name: String| Choice {
        id,
        name,
        group: None,
    };
    let parts = kin::parts(app, id).await?.into_iter();
    Ok(Team {
        version,
        writing: writing(desk, id, catalogue).await?,
        notes: app.store.notes(id).await?,
        speaks: people["spokesperson"].as_str().map(str::to_owned),
        nobody_speaks: people["nobody_speaks"]
            .as_str()
            .map(crate::console::sentence),
        backups: names("backups"),
        approvers: names("approvers"),
        added: added(app, &incident.id, &incident.added).await?,
        audiences: rows::audience_choices(catalogue),
        others: others(app, incident).await?,
        parts: parts
            .map(|(part, _)| choice(part.id.to_string(), part.title))
            .collect(),
    })
}

/// Who was added to an event, in words.
pub(super) async fn added(app: &App, event: &Id, added: &Added) -> Result<Vec<String>> {
    let people = app.store.added(event.as_str()).await?;
    let people = people.into_iter().map(|p| {
        let who = [p.contact, p.address].into_iter().flatten();
        let who: Vec<String> = who.collect();
        format!("{}, {}", who.join(" at "), words(p.level.as_str()))
    });
    let audiences = added.audiences.iter();
    let audiences = audiences.map(|(id, level)| format!("{id}, {}", words(level.as_str())));
    Ok(people.chain(audiences).collect())
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

async fn others(app: &App, incident: &Incident) -> Result<Vec<Choice>> {
    let open = EventFilter {
        kind: Some("incident"),
        open: true,
        since: None,
    };
    let events = app.store.events(&open, MOST_OTHERS).await?;
    let others = events.into_iter().filter_map(|stored| match stored.event {
        Event::Incident(other) if other.id != incident.id => Some(Choice {
            name: format!("{} {}", other.id, other.title),
            id: other.id.to_string(),
            group: None,
        }),
        _ => None,
    });
    Ok(others.collect())
}

async fn writing(desk: &Desk, id: &str, catalogue: &Catalogue) -> Result<Vec<String>> {
    kept::others(desk, id, "an update", catalogue).await
}

/// `GET /console/incidents/{id}/writing`: who else is writing, for the page's script.
pub(in crate::console) async fn who_writes(desk: Desk, Path(id): Path<String>) -> Shown {
    incident::show(&desk.app, &id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let writing = writing(&desk, &id, &catalogue).await?;
    Ok(Json(json!({"writing": writing})).into_response())
}

/// `POST /console/incidents/{id}/writing`: keeps what was typed so far.
pub(in crate::console) async fn say_writing(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&only(&fields, &[("text", "text")]));
    notes::say_writing(&desk.app, &desk.caller, &id, &node).await?;
    who_writes(desk, Path(id)).await
}

/// The fields of an operation, by the names that they have in the page's form.
pub(super) fn only(fields: &Fields, names: &[(&str, &str)]) -> Vec<(String, String)> {
    let found = names.iter().filter_map(|(form, name)| {
        let value = fields.value(form);
        (!value.is_empty()).then(|| ((*name).to_owned(), value.to_owned()))
    });
    found.collect()
}

/// Names in the form and in the document, by action: a page has one field of a name, and the form of the update has `text`.
fn names(action: &str) -> &'static [(&'static str, &'static str)] {
    match action {
        "handover" => &[("role", "role"), ("to", "to"), ("override", "override")],
        "acknowledge" => &[("who", "who")],
        "notes" => &[("note", "text")],
        "merge" => &[("into", "into")],
        "parent" => &[("parent", "parent")],
        "recipients" => &[
            ("email", "email"),
            ("contact", "contact"),
            ("audience", "audience"),
            ("webhook_url", "webhook_url"),
            ("level", "level"),
        ],
        _ => &[],
    }
}

/// `POST /console/incidents/{id}/{action}`
pub(in crate::console) async fn act(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let names = names(&action);
    let mut node = tree(&only(&fields, names));
    if let (true, Value::Map(entries)) = (action == "parent", &mut node.value)
        && entries.is_empty()
    {
        // A form leaves out what is empty; here that is an answer: part of none.
        let none = Node {
            value: Value::Null,
            place: None,
        };
        entries.push(("parent".to_owned(), None, none));
    }
    let (app, who) = (&desk.app, &desk.caller);
    let done = match action.as_str() {
        "handover" => team::hand_over(app, who, &id, &node)
            .await
            .map(|_| "It is handed over, and the team is told."),
        "acknowledge" => team::acknowledge(app, who, &id, &node)
            .await
            .map(|_| "Somebody speaks for it now; nobody else is called."),
        "notes" => notes::add(app, who, &id, &node)
            .await
            .map(|_| "The note is written down. It is sent to nobody."),
        "merge" => kin::merge(app, who, &id, &node)
            .await
            .map(|_| "It is merged. Its audiences hear the other one's next messages."),
        "parent" => kin::set_parent(app, who, &id, &node)
            .await
            .map(|_| "It is where you put it."),
        "recipients" => recipient::add_to_incident(app, who, &id, &node)
            .await
            .map(|_| "They get the newest message now, and all that come."),
        _ => Err(ApiError::NotFound("such page".into())),
    };
    match done {
        Ok(said) => Ok(desk.done(&format!("/console/incidents/{id}"), said)),
        Err(ApiError::Invalid(invalid)) => {
            let at_the_form = |problem: Problem| {
                let known = names.iter().find(|(_, name)| *name == problem.field);
                match known {
                    Some((form, _)) => Problem::new(*form, problem.problem),
                    None => problem,
                }
            };
            let typed = Typed {
                fields: fields.0.clone(),
                problems: invalid.problems.into_iter().map(at_the_form).collect(),
            };
            one(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
        }
        Err(error) => {
            let typed = Typed {
                fields: fields.0.clone(),
                problems: Vec::new(),
            };
            refused(&desk, &id, typed, error).await
        }
    }
}
