//! Incidents: the list, the form that declares one, one of them with the form of the next update.

use super::previews::with_mails;
use super::{decision, drafts, journal, level_texts, rows, team};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::readings::settle;
use crate::console::{
    Choice, DeclareIncident, Flash, FlashKind, IncidentList, IncidentPage, IncidentRow, Nav, Typed,
};
use crate::error::ApiError;
use crate::ops::chat::before_they_agree;
use crate::ops::sending::Sending;
use crate::ops::{acknowledgement, editing, incident};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::call_list::callees;
use forewarn_core::event::Event;
use forewarn_core::plan::is_team_notice;
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::promise::Thread;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::{EventFilter, NoticeFilter, Role};
use jiff::{SignedDuration, Timestamp};

/// `GET /console/incidents`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    let filter = EventFilter {
        kind: Some("incident"),
        ..EventFilter::default()
    };
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for stored in store.events(&filter, 500).await? {
        let Event::Incident(incident) = stored.event else {
            continue;
        };
        let row = IncidentRow {
            services: rows::service_names(&catalogue, incident.services.keys()),
            incident,
        };
        if row.incident.status.is_open() {
            open.push(row);
        } else {
            closed.push(row);
        }
    }
    let due = |row: &IncidentRow| row.incident.promise().map_or(Timestamp::MAX, |p| p.due);
    open.sort_by_key(due);
    closed.sort_by_key(|row| std::cmp::Reverse(row.incident.declared_at));
    let view = IncidentList {
        frame: desk.frame(&catalogue, "Incidents", Nav::Incidents).await?,
        open,
        closed,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/incidents/{id}/reach`, with `contact` to ask about one.
pub(in crate::console) async fn who_hears(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let event = Event::Incident(incident::show(&desk.app, &id).await?);
    decision::hears(&desk, &event, Nav::Incidents, query).await
}

/// `GET /console/incidents/new`
///
/// An outage card leads here with `?service=ID`: that service is marked as down already.
pub(in crate::console) async fn new(desk: Desk, RawQuery(query): RawQuery) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let query = query.unwrap_or_default();
    let down = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "service")
        .map(|(_, service)| (format!("services.{service}"), "major_outage".to_owned()));
    let typed = Typed {
        fields: down.collect(),
        problems: Vec::new(),
    };
    form(&desk, StatusCode::OK, typed).await
}

async fn form(desk: &Desk, status: StatusCode, typed: Typed) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let view = DeclareIncident {
        levels: level_texts::of_declaration(desk, &typed.fields, &catalogue.organisation.time_zone)
            .await,
        frame: desk
            .frame(&catalogue, "Declare an incident", Nav::Incidents)
            .await?,
        typed,
        services: rows::service_choices(&catalogue),
    };
    Ok(page(status, view.render()))
}

/// `POST /console/incidents`
pub(in crate::console) async fn declare(desk: Desk, fields: Fields) -> Shown {
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let (named, emptied) = level_texts::edited(&fields.0);
    let (named, mut asked) = declared(&named, &zone);
    asked.extend(emptied);
    let declared = match asked.is_empty() {
        true => incident::declare(&desk.app, &desk.caller, &tree(&named)).await,
        false => Err(Invalid { problems: asked }.into()),
    };
    match declared {
        Ok(answer) => {
            let to = format!("/console/incidents/{}", answer.incident.id);
            let said = match answer.notices.len() {
                _ if answer.incident.backfilled => "It is entered. Nobody is told.",
                0 => {
                    "The incident is declared. No audience hears of it: tell people in another way."
                }
                _ => "The incident is declared, and the first word goes out now.",
            };
            let kind = match answer.notices.is_empty() && !answer.incident.backfilled {
                true => FlashKind::Warning,
                false => FlashKind::Done,
            };
            Ok(desk.told(&to, kind, said))
        }
        Err(ApiError::Invalid(invalid)) => {
            let typed = Typed {
                fields: fields.0,
                problems: invalid.problems.into_iter().map(at_the_services).collect(),
            };
            form(&desk, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What the form says, as the API is told it, and which time of two is meant where that was not said.
pub(super) fn declared(
    fields: &[(String, String)],
    zone: &Zone,
) -> (Vec<(String, String)>, Vec<Problem>) {
    // The form asks for every service; those that work are not part of the incident.
    let mut named = fields.to_vec();
    named.retain(|(name, value)| !(name.starts_with("services.") && value == "none"));
    // One severity is always chosen: what was assessed takes its place.
    let is_assessed = |(name, value): &(String, String)| {
        matches!(name.as_str(), "impact" | "urgency") && !value.is_empty()
    };
    let assessed = fields.iter().any(is_assessed);
    named.retain(|(name, _)| !(assessed && name == "severity"));
    let (mut named, asked) = settle(&named, zone);
    for (name, value) in &mut named {
        let is_time = matches!(name.as_str(), "started_at" | "resolved_at");
        if let Some(time) = CivilTime::parse(value, zone).ok().filter(|_| is_time) {
            *value = time.instant().to_string();
        }
    }
    (named, asked)
}

/// The words of a document do not help in a form that offers every service.
fn at_the_services(problem: Problem) -> Problem {
    match problem.field.as_str() {
        "services" => Problem::new("services", "say of at least one service what is wrong"),
        _ => problem,
    }
}

/// `GET /console/incidents/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    one(&desk, &id, StatusCode::OK, Typed::default(), None).await
}

pub(super) async fn one(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    typed: Typed,
    flash: Option<Flash>,
) -> Shown {
    let store = &desk.app.store;
    let (incident, version) = incident::load(&desk.app, id).await?;
    let catalogue = store.catalogue().await?;
    let mut typed = typed;
    // What they typed before, a suggestion that they took, or an update that they took back.
    if typed.fields.is_empty()
        && let Some(own) = editing::own_draft(&desk.app, id, &desk.caller.actor).await?
    {
        typed.fields.push(("text".into(), own));
    }
    let place = format!("/console/incidents/{id}/updates");
    let own = store.own_writing(&place, &desk.caller.actor, desk.app.clock.now());
    if typed.problems.is_empty() && typed.fields.iter().all(|(name, _)| name == "text") {
        typed.fields.extend(level_texts::kept(own.await?));
    }
    let levels = match incident.status.is_open() && incident.merged_into.is_none() {
        true => level_texts::of_update(desk, id, incident.status.as_str(), &typed.fields).await,
        false => Vec::new(),
    };
    let filter = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let mut notices = store.notices(&filter, 1000).await?;
    // Warnings that were not needed, or are not yet, are no news.
    notices.retain(|n| n.sent_at.is_some() || !is_team_notice(&n.milestone));
    let mut frame = desk
        .frame(&catalogue, &incident.title, Nav::Incidents)
        .await?;
    frame.flash = flash.or(frame.flash);
    let heard = store.first_word(id).await?;
    let services = incident.services.keys().map(|service| Choice {
        id: service.to_string(),
        name: rows::service_name(&catalogue, service.as_str()),
        group: None,
    });
    let view = IncidentPage {
        team: team::gathered(desk, &incident, version, &catalogue).await?,
        frame,
        services: services.collect(),
        levels,
        typed,
        alerts: drafts::alerts(&desk.app, id).await?,
        confirmations: acknowledgement::list(&desk.app, id).await?,
        calls: callees(&incident, &catalogue).len(),
        notices: rows::notices(&desk.app, &catalogue, &notices).await?,
        journal: journal::rows(&store.journal(Some(id), None, 50).await?),
        heard_after: heard.map(|first| SignedDuration::from_secs(first.after_seconds)),
        incident,
    };
    // What would go out is shown under the form while it is written.
    Ok(with_mails(page(status, view.render())))
}

/// `POST /console/incidents/{id}/promise`. Its field is `promise`: the form of the next update has a `next_update_in`.
pub(in crate::console) async fn promise(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let field = "next_update_in";
    let asked = fields.0.iter().filter(|(name, _)| name == "promise");
    let asked = asked.map(|(_, value)| (field.to_owned(), value.clone()));
    let node = tree(&asked.collect::<Vec<_>>());
    match incident::promise(&desk.app, &desk.caller, &id, &node).await {
        Ok(answer) => {
            let said = match answer.incident.waits() {
                true => not_yet(&answer),
                false => "People are told now when the next update comes.".to_owned(),
            };
            Ok(desk.done(&format!("/console/incidents/{id}"), said))
        }
        Err(ApiError::Invalid(invalid)) => {
            let at_the_form = |problem: Problem| match problem.field == field {
                true => Problem::new("promise", problem.problem),
                false => problem,
            };
            let typed = Typed {
                fields: fields.0.clone(),
                problems: invalid.problems.into_iter().map(at_the_form).collect(),
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            one(&desk, &id, status, typed, None).await
        }
        Err(error) => refused(&desk, &id, Typed::default(), error).await,
    }
}

/// Somebody was faster, or where it stands does not allow it: the page as it is now says so.
pub(super) async fn refused(desk: &Desk, id: &str, typed: Typed, error: ApiError) -> Shown {
    if error.status() != StatusCode::CONFLICT {
        return Err(error.into());
    }
    let flash = Flash {
        kind: FlashKind::Refused,
        text: sentence(&error.said()),
    };
    one(desk, id, StatusCode::CONFLICT, typed, Some(flash)).await
}

/// `POST /console/incidents/{id}/updates`
pub(in crate::console) async fn update(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let (mut named, emptied) = level_texts::edited(&fields.0);
    // Unchanged unless another was chosen.
    named.retain(|(name, value)| !(name == "severity" && value.is_empty()));
    named.push(("undo".into(), "true".into()));
    let mut posted = Sending::of(&tree(&named));
    posted.wrong.extend(emptied);
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    match incident::update(&desk.app, &desk.caller, &id, &posted).await {
        Ok(answer) => {
            let waits = answer.incident.waits_until(desk.app.clock.now());
            let held = not_yet(&answer);
            let said = match (waits, answer.incident.status.is_open()) {
                _ if answer.incident.waits() => held.as_str(),
                (Some(_), _) => "The update is ready. It goes out when it can no longer be undone.",
                (None, true) => "The update goes out now, and says when the next one comes.",
                (None, false) => "The update goes out now.",
            };
            let to = format!("/console/incidents/{id}");
            Ok(match answer.warnings.first() {
                None => desk.done(&to, said.to_owned()),
                Some(warning) => {
                    let said = format!("{said} {}.", sentence(&warning.problem));
                    desk.told(&to, FlashKind::Warning, said)
                }
            })
        }
        Err(ApiError::CountNeeded(count)) => {
            let mut typed = typed(Vec::new());
            typed.count_needed(count);
            one(&desk, &id, StatusCode::CONFLICT, typed, None).await
        }
        Err(ApiError::Invalid(invalid)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            one(&desk, &id, status, typed(invalid.problems), None).await
        }
        Err(error) => refused(&desk, &id, typed(Vec::new()), error).await,
    }
}

/// What was said waits until somebody agrees.
fn not_yet(answer: &incident::Answer) -> String {
    format!(
        "Nobody is told {}. What people were promised stands.",
        before_they_agree(&answer.people)
    )
}

/// `POST /console/incidents/{id}/undo`
pub(in crate::console) async fn undo(desk: Desk, Path(id): Path<String>) -> Shown {
    match incident::undo::undo(&desk.app, &desk.caller, &id).await {
        Ok(_) => {
            let said = "It is undone. Nobody was told, and your text is your draft again.";
            Ok(desk.done(&format!("/console/incidents/{id}"), said))
        }
        Err(error) => refused(&desk, &id, Typed::default(), error).await,
    }
}
