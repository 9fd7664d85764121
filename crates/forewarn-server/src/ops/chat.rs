//! What a slash command does, and what is said to whoever typed it.

use super::incident;
use super::review::SAY_WHY;
use super::sending::Sending;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::acknowledge::unconfirmed;
use forewarn_core::call_list::key_of;
use forewarn_core::document::{from_json, prose};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::incident::Status;
use forewarn_core::problem::{Invalid, Problem, unknown};
use forewarn_core::promise::Thread;
use forewarn_core::slack::{Command, HELP};
use forewarn_store::EventFilter;
use serde_json::{Value, json};

/// How many open incidents are named to somebody who mistyped one.
const OFFERED: i64 = 8;

/// Carries a command out.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn act(app: &App, caller: &Caller, command: Command) -> Result<String> {
    match command {
        Command::Help => Ok(HELP.to_owned()),
        Command::Declare {
            service,
            impact,
            severity,
            effect,
            open_because,
        } => {
            let service = service_of(app, &service).await?;
            let mut body = json!({"services": {service.as_str(): impact.as_str()}, "severity": severity.as_str()});
            if let Some(effect) = effect {
                body["effect"] = effect.into();
            }
            let body = with_override(body, open_because);
            let done = incident::declare(app, caller, &from_json(body)).await?;
            Ok(said(app, &done, "is declared").await?)
        }
        Command::Update {
            incident,
            text,
            next,
            open_because,
        } => {
            let mut body = json!({"text": text});
            if let Some(next) = next {
                body["next_update_in"] = next.to_string().into();
            }
            let body = with_override(body, open_because);
            let done = say(app, caller, &incident, body).await?;
            Ok(said(app, &done, "has a new update").await?)
        }
        Command::Resolve {
            incident,
            text,
            open_because,
        } => {
            let body = json!({"status": "resolved", "text": text});
            let body = with_override(body, open_because);
            let done = say(app, caller, &incident, body).await?;
            Ok(said(app, &done, "is resolved").await?)
        }
        Command::Note { incident, text } => note(app, caller, &incident, &text).await,
    }
}

/// With the reason why it goes out although its readers should not see all of it.
fn with_override(mut body: Value, because: Option<String>) -> Value {
    if let Some(because) = because {
        body["privacy_override"] = because.into();
    }
    body
}

/// How somebody who types says it all the same.
const TYPE_AGAIN: &str = "if it must go out as it is, type it again with [override: WHY] at the end; \
    WHY stays on record";

/// What is said about a command that was not carried out.
pub fn refusal(error: &ApiError) -> String {
    let in_words = |problem: &Problem| match problem.problem == SAY_WHY {
        true => TYPE_AGAIN.to_owned(),
        false => problem.to_string().trim_end_matches('.').to_owned(),
    };
    let problems: Vec<String> = error.problems().iter().map(in_words).collect();
    let said = match problems.is_empty() {
        true => error.said(),
        false => problems.join("; "),
    };
    let end = match said.ends_with(['.', '?', '!']) {
        true => "",
        false => ".",
    };
    format!("Nothing was done: {said}{end} Type 'help' to see what can be typed.")
}

async fn service_of(app: &App, name: &str) -> Result<Id> {
    let catalogue = app.store.catalogue().await?;
    let same = |text: &str| text.to_lowercase() == name.to_lowercase();
    let found = catalogue
        .services
        .iter()
        .find(|s| same(s.id.as_str()) || same(&s.name));
    found.map(|s| s.id.clone()).ok_or_else(|| {
        let known: Vec<&str> = catalogue.services.iter().map(|s| s.id.as_str()).collect();
        Invalid::one("", unknown("service", name, known.iter().copied())).into()
    })
}

async fn say(app: &App, caller: &Caller, id: &str, body: Value) -> Result<incident::Answer> {
    if let Some(why) = cannot(app, id, &body).await? {
        return Err(ApiError::Conflict(why));
    }
    match incident::update(app, caller, id, &Sending::by_program(from_json(body))).await {
        Err(ApiError::NotFound(_)) => Err(no_incident(app, id).await?),
        other => other,
    }
}

/// Why an incident cannot be told of any more, in words for somebody who types.
async fn cannot(app: &App, id: &str, body: &Value) -> Result<Option<String>> {
    let Some(Event::Incident(incident)) = app.store.event(id).await?.map(|s| s.event) else {
        return Ok(None);
    };
    let again = (body["status"] == "resolved").then_some(Status::Resolved);
    Ok(match (incident.status, again) {
        (Status::Resolved, None) if incident.merged_into.is_none() => Some(format!(
            "incident {id} is resolved: no update can follow, but it can be opened again in the console"
        )),
        _ => incident.is_silent_because(again),
    })
}

/// Who mistyped an incident sees which there are.
async fn no_incident(app: &App, id: &str) -> Result<ApiError> {
    let filter = EventFilter {
        kind: Some("incident"),
        open: true,
        since: None,
    };
    let open = app.store.events(&filter, OFFERED).await?;
    let mut known: Vec<String> = open.iter().map(|s| s.event.id().to_string()).collect();
    let drafts = app.store.drafts(true, OFFERED).await?;
    known.extend(drafts.iter().map(|d| d.id.to_string()));
    let names = known.iter().map(String::as_str);
    Ok(Invalid::one("", unknown("incident", id, names)).into())
}

/// Until when an update waits: "before web@example.edu agrees".
pub fn before_they_agree(people: &Value) -> String {
    let names = people["approvers"].as_array().into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    match names.as_slice() {
        [] => "before somebody agrees".to_owned(),
        [one] => format!("before {one} agrees"),
        all => format!("before {} agree", all.join(" and ")),
    }
}

async fn said(app: &App, done: &incident::Answer, what: &str) -> Result<String> {
    let incident = &done.incident;
    let zone = app.store.catalogue().await?.organisation.time_zone;
    // Whoever is called, and whoever is reminded later, reads the same as an audience.
    let audiences = done.notices.iter().filter(|notice| {
        let audience = &notice.audience;
        key_of(audience).is_none() && unconfirmed(audience).is_none()
    });
    let told = match audiences.count() {
        _ if incident.waits() => format!("Nobody is told {}.", before_they_agree(&done.people)),
        0 => "No audience hears of it: tell people in another way.".to_owned(),
        1 => "1 audience is told now.".to_owned(),
        n => format!("{n} audiences are told now."),
    };
    let next = incident.promise().map(|promise| {
        let at = zone.at(promise.due).strftime("%H:%M %Z");
        match incident.waits() {
            true => format!(" What people were promised stands: the next update by {at}."),
            false => format!(" The next update is promised by {at}."),
        }
    });
    let link = format!("{}/console/incidents/{}", app.public_url, incident.id);
    Ok(format!(
        "{} {what}. {told}{} {link}",
        incident.id,
        next.unwrap_or_default()
    ))
}

async fn note(app: &App, caller: &Caller, id: &str, text: &str) -> Result<String> {
    let text = prose(2_000)(text).map_err(|problem| Invalid::one("note", problem))?;
    let event = app.store.event(id).await?.map(|s| s.event);
    let is_incident = matches!(event, Some(Event::Incident(_)));
    if !is_incident && app.store.draft(id).await?.is_none() {
        return Err(no_incident(app, id).await?);
    }
    let now = app.clock.now();
    app.store.add_note(id, &caller.actor, &text, now).await?;
    Ok(format!("Noted on {id}, for the team only."))
}
