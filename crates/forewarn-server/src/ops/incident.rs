//! What can be done with an incident: declare it, update it, move its promise. Each update goes out at once and promises the next.

use super::{AGAIN, kept, overtaken, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::acknowledge::reminders;
use forewarn_core::document::{Catalogue, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Incident, NewPromise, NewUpdate, Severity};
use forewarn_core::offset::Offset;
use forewarn_core::plan::{Notice, is_promise_timer, next_update, publish_update};
use forewarn_core::problem::{Invalid, InvalidTransition, Problem, unknown};
use forewarn_store::{Entry, NoticeFilter, Published, StoredEvent};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// In the journal: a promise was not kept.
const BROKEN: &str = "incident.promise_broken";

/// The answer to everything done with an incident.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The incident as it is from now on.
    pub incident: Incident,
    /// Notices by which this action tells people.
    pub notices: Vec<Notice>,
}

impl Answer {
    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = shape(&self.incident);
        body["notices"] = serde_json::to_value(&self.notices).unwrap_or_default();
        body
    }
}

/// An incident as the API shows it.
pub fn shape(incident: &Incident) -> Value {
    let mut body = serde_json::to_value(incident).unwrap_or_default();
    body["next_update_at"] =
        serde_json::to_value(incident.promise().map(|p| p.due)).unwrap_or_default();
    body["promise"] = serde_json::to_value(incident.promise()).unwrap_or_default();
    body["promises"] = serde_json::to_value(incident.promises()).unwrap_or_default();
    body
}

/// When the next update is promised, by what was asked for or by the policy.
fn promised(
    now: Timestamp,
    given: Option<Offset>,
    severity: Severity,
    catalogue: &Catalogue,
) -> Result<Timestamp> {
    next_update(given, severity, catalogue, now)
        .map_err(|problem| Invalid::one("next_update_in", problem).into())
}

/// Declares an incident. The holding statement is due at once.
///
/// # Errors
/// Everything that is wrong with the declaration.
pub async fn declare(app: &App, caller: &Caller, node: &Node) -> Result<Answer> {
    let catalogue = app.store.catalogue().await?;
    let declaration = read(node, |node, problems| Declaration::read(node, "", problems))?;
    known_services(declaration.services.keys(), &catalogue)?;
    let now = app.clock.now();
    let next = promised(
        now,
        declaration.next_update_in,
        declaration.severity,
        &catalogue,
    )?;
    let id = match &declaration.id {
        Some(id) => id.clone(),
        None => {
            Id::parse(&app.store.fresh_event_id("INC").await?).map_err(|p| Invalid::one("id", p))?
        }
    };
    let title = declaration
        .title
        .clone()
        .unwrap_or_else(|| title_of(&declaration, &catalogue));
    let incident = Incident::declare(declaration, id, title, next, now);
    let entry = Entry::new(&caller.actor, "incident.declared", incident.id.as_str())
        .with(json!({"severity": incident.severity, "services": incident.services, "next_update_at": next}));
    publish(app, caller, &catalogue, incident, 0, &[entry]).await
}

fn known_services<'a>(named: impl Iterator<Item = &'a Id>, catalogue: &Catalogue) -> Result<()> {
    let known: Vec<&str> = catalogue.services.iter().map(|s| s.id.as_str()).collect();
    let problems: Vec<Problem> = named
        .filter(|id| !known.contains(&id.as_str()))
        .map(|id| {
            Problem::new(
                format!("services.{id}"),
                unknown("service", id.as_str(), known.iter().copied()),
            )
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Invalid { problems }.into())
    }
}

fn title_of(declaration: &Declaration, catalogue: &Catalogue) -> String {
    let name = |id: &Id| {
        catalogue
            .services
            .iter()
            .find(|s| s.id == *id)
            .map_or(id.to_string(), |s| s.name.clone())
    };
    let names: Vec<String> = declaration.services.keys().map(name).collect();
    format!("Trouble with {}", names.join(", "))
}

/// Publishes an update.
///
/// # Errors
/// Everything that is wrong with it, or a status that cannot follow.
pub async fn update(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    say(app, caller, id, |incident, catalogue, now| {
        let new = read(node, |node, problems| NewUpdate::read(node, "", problems))?;
        known_services(new.services.keys(), catalogue)?;
        let next = promised(now, new.next_update_in, incident.severity, catalogue)?;
        Ok(("incident.updated", incident.update(new, next, now)?))
    })
    .await
}

/// Moves the promise of the next update, which is an update of its own: people are told the new time.
///
/// # Errors
/// A time that is not in the future, or an incident that is over.
pub async fn promise(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    say(app, caller, id, |incident, catalogue, now| {
        let new = read(node, |node, problems| NewPromise::read(node, "", problems))?;
        let next = match new {
            NewPromise::In(offset) => promised(now, Some(offset), incident.severity, catalogue)?,
            NewPromise::At(at) if at > now => at,
            NewPromise::At(at) => {
                let problem = format!("{at} has passed: it must be later than {now}");
                return Err(Invalid::one("next_update_at", problem).into());
            }
        };
        Ok(("incident.promise_moved", incident.move_promise(next, now)?))
    })
    .await
}

/// Makes an update of the incident as it is and publishes it; looks again where somebody else was faster.
async fn say(
    app: &App,
    caller: &Caller,
    id: &str,
    change: impl Fn(Incident, &Catalogue, Timestamp) -> Result<(&'static str, Incident)>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (before, sequence) = load(app, id).await?;
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        // The engine puts a broken promise on record; where it was away, who comes late does.
        let lapsed = before
            .lapsed(now)
            .map(|promise| Entry::new(&caller.actor, BROKEN, id).with(before.breach(promise, now)));
        let (action, incident) = change(before, &catalogue, now)?;
        let entry = Entry::new(&caller.actor, action, id).with(
            json!({"status": incident.status, "next_update_at": incident.promise().map(|p| p.due)}),
        );
        let entries: Vec<Entry> = lapsed.into_iter().chain([entry]).collect();
        match publish(app, caller, &catalogue, incident, sequence, &entries).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            Err(error) => return Err(error),
            Ok(answer) => {
                let broken = entries.iter().filter(|entry| entry.action == BROKEN);
                metrics::counter!("forewarn_promises_broken_total")
                    .increment(broken.count() as u64);
                return Ok(answer);
            }
        }
    }
}

/// Notices that wait for a person's word since a restore may go out.
///
/// # Errors
/// When there is no incident of this id, or nothing of it waits.
pub async fn approve(app: &App, caller: &Caller, id: &str) -> Result<Incident> {
    let (incident, sequence) = load(app, id).await?;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    if app.store.notices(&held, 1).await?.is_empty() {
        return Err(InvalidTransition {
            what: format!("incident {id}"),
            from: incident.status.as_str(),
            to: "approved: nothing of it waits",
        }
        .into());
    }
    let entry = Entry::new(&caller.actor, "incident.approved", id);
    let event = Event::Incident(incident.clone());
    app.store
        .approve(&event, sequence, entry, app.clock.now())
        .await?;
    Ok(incident)
}

/// An incident by id.
///
/// # Errors
/// When there is none.
pub async fn show(app: &App, id: &str) -> Result<Incident> {
    Ok(load(app, id).await?.0)
}

async fn load(app: &App, id: &str) -> Result<(Incident, i64)> {
    match app.store.event(id).await? {
        Some(StoredEvent {
            event: Event::Incident(incident),
            sequence,
            ..
        }) => Ok((incident, sequence)),
        _ => Err(ApiError::NotFound(format!("incident {id}"))),
    }
}

async fn publish(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    incident: Incident,
    expected: i64,
    entries: &[Entry],
) -> Result<Answer> {
    let now = app.clock.now();
    let (stored, _) = app.store.planned(incident.id.as_str()).await?;
    let (incident, mut changes) = publish_update(incident, catalogue, &stored, now);
    let calls = super::call_list::automatic(app, &incident, catalogue, now);
    changes.add.extend(calls.add);
    let reminders = reminders(incident.id.as_str(), &changes.add, catalogue);
    changes.add.extend(reminders);
    let occasion = Occasion {
        update: incident.updates.last().map(|u| u.number),
        ..Occasion::default()
    };
    let told = |n: &&Notice| !is_promise_timer(&n.milestone);
    let answer = Answer {
        notices: changes.add.iter().filter(told).cloned().collect(),
        incident,
    };
    let published = Published {
        event: &Event::Incident(answer.incident.clone()),
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries,
        plan: None,
        answer: kept(caller, 201, &answer.json()),
    };
    app.store.publish(published, now).await?;
    Ok(answer)
}
