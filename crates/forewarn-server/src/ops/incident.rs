//! What can be done with an incident: declare it, update it. Each update goes out at once and promises the next.

use super::{AGAIN, kept, overtaken, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::document::{Catalogue, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Incident, NewUpdate, Severity};
use forewarn_core::offset::Offset;
use forewarn_core::plan::{Changes, Notice, business_calendar, tell_update};
use forewarn_core::policy;
use forewarn_core::problem::{Invalid, InvalidTransition, Problem, unknown};
use forewarn_store::{Entry, NoticeFilter, Published, StoredEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The answer to everything done with an incident.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The incident as it is from now on.
    pub incident: Incident,
    /// Notices that this action made.
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
    body
}

/// When the next update is promised: so much after now, in the organisation's working days where it counts those.
fn promised(
    app_now: Timestamp,
    given: Option<Offset>,
    severity: Severity,
    catalogue: &Catalogue,
) -> Result<Timestamp> {
    let offset =
        given.unwrap_or_else(|| policy::for_incidents(&catalogue.policies).cadence_of(severity));
    let wrong = |problem: &str| ApiError::Invalid(Invalid::one("next_update_in", problem));
    if let Some(elapsed) = offset.elapsed() {
        return app_now
            .checked_add(elapsed)
            .map_err(|_| wrong("is too far away"));
    }
    let organisation = &catalogue.organisation;
    let here = organisation.time_zone.at(app_now);
    let days = match offset {
        Offset::BusinessDays(n) => n,
        Offset::Days(n) => return Ok(app_now + SignedDuration::from_hours(24 * i64::from(n))),
        _ => return Err(wrong("must be minutes, hours, days or business days")),
    };
    let calendar = business_calendar(catalogue, organisation.calendar.as_deref());
    let day = calendar
        .after(here.date(), days)
        .map_err(|e| wrong(&e.to_string()))?;
    let civil = day.date.to_datetime(here.time());
    Ok(
        forewarn_core::calendar::instant(civil, organisation.time_zone.tz())
            .map_or(app_now, |r| r.at),
    )
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
    publish(app, caller, &catalogue, incident, 0, entry).await
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
    let mut tries = 0;
    loop {
        tries += 1;
        let (incident, sequence) = load(app, id).await?;
        let new = read(node, |node, problems| NewUpdate::read(node, "", problems))?;
        let catalogue = app.store.catalogue().await?;
        known_services(new.services.keys(), &catalogue)?;
        let now = app.clock.now();
        let next = promised(now, new.next_update_in, incident.severity, &catalogue)?;
        let incident = incident.update(new, next, now)?;
        let entry = Entry::new(&caller.actor, "incident.updated", id).with(
            json!({"status": incident.status, "next_update_at": incident.promise().map(|p| p.due)}),
        );
        match publish(app, caller, &catalogue, incident, sequence, entry).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            other => return other,
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
    mut incident: Incident,
    expected: i64,
    entry: Entry,
) -> Result<Answer> {
    let now = app.clock.now();
    let notices = tell_update(&incident, catalogue, now);
    let told = notices.iter().filter_map(|n| Id::parse(&n.audience).ok());
    incident.told.extend(told);
    let occasion = Occasion {
        update: incident.updates.last().map(|u| u.number),
        ..Occasion::default()
    };
    let changes = Changes {
        add: notices.clone(),
        ..Changes::default()
    };
    let answer = Answer { incident, notices };
    let published = Published {
        event: &Event::Incident(answer.incident.clone()),
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[entry],
        plan: None,
        answer: kept(caller, 201, &answer.json()),
    };
    app.store.publish(published, now).await?;
    Ok(answer)
}
