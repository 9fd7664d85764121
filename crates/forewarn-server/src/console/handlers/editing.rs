//! Help with a text: asking the communications team, answering it, and versions to compare.

use super::{rows, team};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{EditingPage, Flash, FlashKind, HelpCard, HelpPage, Nav, Typed, VersionsPage};
use crate::error::{ApiError, Result};
use crate::ops::{editing, version};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::editing::Standing;
use forewarn_core::event::Event;
use forewarn_core::problem::Problem;
use forewarn_store::Role;

/// Requests on the first page; more are in the list of the API.
const MOST_CARDS: usize = 20;

fn nav(event: &Event) -> Nav {
    match event {
        Event::Maintenance(_) => Nav::Maintenances,
        Event::Incident(_) => Nav::Incidents,
        Event::Advisory(_) => Nav::Advisories,
        Event::Announcement(_) => Nav::Announcements,
        Event::Window(_) | Event::Reminder(_) => Nav::Elsewhere,
    }
}

/// Requests in which somebody is waited for, for the first page.
pub(super) async fn cards(desk: &Desk) -> Result<Vec<HelpCard>> {
    let mut cards = Vec::new();
    for request in editing::list(&desk.app, None).await? {
        if cards.len() == MOST_CARDS {
            break;
        }
        let event = editing::event(&desk.app, request.event.as_str()).await?;
        cards.push(HelpCard {
            title: event.title().to_owned(),
            answered: request.status == Standing::Answered,
            request,
        });
    }
    Ok(cards)
}

/// `GET /console/events/{id}/editing`: what was asked about an event, and the form of the next request.
pub(in crate::console) async fn list(desk: Desk, Path(id): Path<String>) -> Shown {
    let own = editing::own_draft(&desk.app, &id, &desk.caller.actor).await?;
    let typed = Typed {
        fields: own
            .map(|text| ("text".to_owned(), text))
            .into_iter()
            .collect(),
        problems: Vec::new(),
    };
    asked(&desk, &id, StatusCode::OK, typed).await
}

async fn asked(desk: &Desk, id: &str, status: StatusCode, typed: Typed) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let event = editing::event(&desk.app, id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let view = HelpPage {
        frame: desk
            .frame(&catalogue, "Help with the words", nav(&event))
            .await?,
        event: id.to_owned(),
        event_path: rows::event_path(&event),
        title: event.title().to_owned(),
        team: catalogue.organisation.communications.len(),
        own: !typed.value("text").is_empty(),
        items: editing::list(&desk.app, Some(id)).await?,
        typed,
    };
    Ok(page(status, view.render()))
}

/// `POST /console/events/{id}/editing`: `ask`, `text`, `help_note`; also from the form of an incident's next update.
pub(in crate::console) async fn ask(desk: Desk, Path(id): Path<String>, fields: Fields) -> Shown {
    let names = [("ask", "ask"), ("text", "text"), ("help_note", "note")];
    let node = tree(&team::only(&fields, &names));
    match editing::ask(&desk.app, &desk.caller, &id, &node).await {
        Ok((request, told)) => {
            let to = format!("/console/editing/{}", request.id);
            Ok(match told {
                0 => desk.told(
                    &to,
                    FlashKind::Warning,
                    "It is asked, and stands on the first page. Nobody is named as communications team, so nobody is told by mail.",
                ),
                _ => desk.done(
                    &to,
                    "The communications team is asked by mail. Nothing of it is sent to anybody else.",
                ),
            })
        }
        Err(ApiError::Invalid(invalid)) => {
            let at_the_form = |problem: Problem| match problem.field.as_str() {
                "note" => Problem::new("help_note", problem.problem),
                _ => problem,
            };
            let typed = Typed {
                fields: fields.0.clone(),
                problems: invalid.problems.into_iter().map(at_the_form).collect(),
            };
            asked(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /console/editing/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    one(&desk, &id, StatusCode::OK, Typed::default(), None).await
}

async fn one(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    mut typed: Typed,
    flash: Option<Flash>,
) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let shown = editing::show(&desk.app, id).await?;
    let event = editing::event(&desk.app, shown.request.event.as_str()).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let mut frame = desk
        .frame(&catalogue, "Help with the words", nav(&event))
        .await?;
    frame.flash = flash.or(frame.flash);
    // Whoever suggests begins with what the author has.
    if !typed.fields.iter().any(|(name, _)| name == "suggested") {
        typed
            .fields
            .push(("suggested".into(), shown.current.clone()));
    }
    let view = EditingPage {
        frame,
        event_path: rows::event_path(&event),
        title: event.title().to_owned(),
        shown,
        typed,
    };
    Ok(page(status, view.render()))
}

/// Where whoever took a suggestion goes on: where their draft is.
async fn draft_of(desk: &Desk, event: &str) -> Result<String> {
    Ok(match editing::event(&desk.app, event).await? {
        Event::Incident(incident) => format!("/console/incidents/{}#update", incident.id),
        other => format!("/console/events/{}/editing", other.id()),
    })
}

/// `POST /console/editing/{id}/{action}`
pub(in crate::console) async fn act(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let (app, who) = (&desk.app, &desk.caller);
    let own = match action.as_str() {
        "suggest" => "suggested",
        _ => "comment",
    };
    let text = tree(&team::only(&fields, &[(own, "text")]));
    let number = tree(&team::only(&fields, &[("suggestion", "suggestion")]));
    let done = match action.as_str() {
        "comment" => editing::comment(app, who, &id, &text).await,
        "suggest" => editing::suggest(app, who, &id, &text).await,
        "take" => editing::decide(app, who, &id, true, &number).await,
        "decline" => editing::decide(app, who, &id, false, &number).await,
        "close" => editing::close(app, who, &id).await,
        _ => Err(ApiError::NotFound("such page".into())),
    };
    let here = format!("/console/editing/{id}");
    match done {
        Ok(request) => {
            let (to, said) = match action.as_str() {
                "comment" => (here, "The comment is written down."),
                "suggest" => (here, "The author sees it beside their own text."),
                "take" => (
                    draft_of(&desk, request.event.as_str()).await?,
                    "It is your draft. Nobody has been told.",
                ),
                "decline" => (here, "It is declined. Your text stays as it is."),
                _ => (here, "The request is closed."),
            };
            Ok(desk.done(&to, said))
        }
        Err(ApiError::Invalid(invalid)) => {
            let at_the_form = |problem: Problem| match problem.field.as_str() {
                "text" => Problem::new(own, problem.problem),
                _ => problem,
            };
            let typed = Typed {
                fields: fields.0.clone(),
                problems: invalid.problems.into_iter().map(at_the_form).collect(),
            };
            one(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
        }
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let flash = Flash {
                kind: FlashKind::Refused,
                text: sentence(&error.said()),
            };
            let typed = Typed {
                fields: fields.0.clone(),
                problems: Vec::new(),
            };
            one(&desk, &id, StatusCode::CONFLICT, typed, Some(flash)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /console/events/{id}/versions`, with `before` and `after` to compare two.
pub(in crate::console) async fn versions(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let event = editing::event(&desk.app, &id).await?;
    let query = query.unwrap_or_default();
    let asked = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let compared = match (asked("before"), asked("after")) {
        (Some(before), Some(after)) => {
            Some(version::compare(&desk.app, &id, &before, &after).await?)
        }
        _ => None,
    };
    let catalogue = desk.app.store.catalogue().await?;
    let view = VersionsPage {
        frame: desk.frame(&catalogue, "Versions", nav(&event)).await?,
        event: id.clone(),
        event_path: rows::event_path(&event),
        title: event.title().to_owned(),
        items: version::all(&desk.app, &id).await?,
        compared,
    };
    Ok(page(StatusCode::OK, view.render()))
}
