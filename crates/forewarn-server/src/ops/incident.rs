//! What can be done with an incident: declare it, update it, move its promise. Each update goes out at once and promises the next.

mod checked;
mod held;
pub mod kin;
pub mod notes;
pub mod postmortem;
pub mod preview;
mod stale;
pub mod team;
pub mod undo;

use super::sending::{Posted, Sending};
use super::{AGAIN, approval, gathered, kept, overtaken, read, recipient, silent};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use checked::{Whole, whole, whole_update};
use forewarn_core::acknowledge::reminders;
use forewarn_core::alert::intake::Graver;
use forewarn_core::approval::Consent;
use forewarn_core::change_request::Override;
use forewarn_core::document::{Catalogue, Node, Problems};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Incident, NewPromise, PostedUpdate, Severity, Status};
use forewarn_core::offset::Offset;
use forewarn_core::plan::{
    self, Changes, Notice, call, catch_up, is_team_notice, next_update, publish_update,
};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::promise::Thread;
use forewarn_core::recipient::Addition;
use forewarn_store::{Beside, Entry, NoticeFilter, Published, StoredEvent};
use jiff::Timestamp;
use serde_json::{Value, json};
use stale::seen;
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
    /// Grows with every change.
    pub version: i64,
    /// Who has which role.
    pub people: Value,
    /// What whoever did it should know.
    pub warnings: Vec<Problem>,
}

impl Answer {
    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = shape(&self.incident, self.version);
        body["people"] = self.people.clone();
        body["notices"] = serde_json::to_value(&self.notices).unwrap_or_default();
        if !self.warnings.is_empty() {
            body["warnings"] = json!(self.warnings);
        }
        body
    }
}

/// An incident as the API shows it.
pub fn shape(incident: &Incident, version: i64) -> Value {
    let mut body = serde_json::to_value(incident).unwrap_or_default();
    body["version"] = version.into();
    body["next_update_at"] =
        serde_json::to_value(incident.promise().map(|p| p.due)).unwrap_or_default();
    body["promise"] = serde_json::to_value(incident.promise()).unwrap_or_default();
    body["promises"] = serde_json::to_value(incident.promises()).unwrap_or_default();
    undo::shape(&mut body);
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

/// Declares an incident. The holding statement is due at once, and whoever is to speak for it is called.
///
/// # Errors
/// Everything that is wrong with the declaration, also what its readers may not see.
pub async fn declare(app: &App, caller: &Caller, node: &Node) -> Result<Answer> {
    declare_prepared(app, caller, node, node).await
}

/// Declares an incident of which somebody typed only what stands in `typed`; the other words were prepared by those who run
/// Forewarn, who answer for them.
///
/// # Errors
/// As [`declare`].
pub(super) async fn declare_prepared(
    app: &App,
    caller: &Caller,
    node: &Node,
    typed: &Node,
) -> Result<Answer> {
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    let Whole { mut new, open } = whole(app, node, typed, &catalogue, now).await?;
    if let Some(past) = new.past.take() {
        return kin::enter(app, caller, &catalogue, new, past, open).await;
    }
    let declaration = &new.declaration;
    let next = promised(
        now,
        declaration.next_update_in,
        declaration.severity,
        &catalogue,
    )?;
    let by_rota = declaration.spokesperson.is_none();
    let spokesperson = declaration.spokesperson.clone();
    let spokesperson = spokesperson.or_else(|| team::on_duty(declaration, &catalogue, now));
    let id = id_of(app, declaration).await?;
    let title = title_of(declaration, &catalogue);
    let mut incident = Incident::declare(new.declaration, id, title, next, now);
    incident.spokesperson = spokesperson;
    incident.both_because = new.both_because.filter(|_| incident.one_person_is_both());
    incident.parent = new.parent;
    incident.call = team::call_of(&incident, &catalogue);
    let mut detail = json!({"severity": incident.severity, "services": incident.services, "next_update_at": next});
    if let Some(because) = &incident.both_because {
        detail["override"] = json!(because);
    }
    if let Some(open) = open {
        detail["privacy_override"] = open;
    }
    if let Some(who) = incident.spokesperson.as_ref().filter(|_| by_rota) {
        detail["on_duty"] = json!(who);
    }
    let entry = Entry::new(&caller.actor, "incident.declared", incident.id.as_str()).with(detail);
    let ready = Ready::update(app, &catalogue, incident, 0, vec![entry], now).await?;
    publish(app, caller, &catalogue, &[ready], &[]).await
}

/// The id that was given, or the next free one.
async fn id_of(app: &App, declaration: &Declaration) -> Result<Id> {
    match &declaration.id {
        Some(id) => Ok(id.clone()),
        None => {
            let fresh = app.store.fresh_event_id("INC").await?;
            Ok(Id::parse(&fresh).map_err(|p| Invalid::one("id", p))?)
        }
    }
}

fn title_of(declaration: &Declaration, catalogue: &Catalogue) -> String {
    if let Some(title) = &declaration.title {
        return title.clone();
    }
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

/// Publishes an update; with `undo` nobody is told before it could be taken back.
///
/// # Errors
/// Everything that is wrong with it, a status that cannot follow, a version that is not the newest, or that it goes to many and
/// whoever sends it did not say to how many.
pub async fn update(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    load(app, id).await?;
    let sending = posted.sending;
    let (posted, open) = posted.with(whole_update(app, &posted.node).await)?;
    if posted.update.status == Some(Status::Postmortem) {
        let catalogue = app.store.catalogue().await?;
        postmortem::not_past_it(app, &catalogue, id).await?;
    }
    let answer = say(
        app,
        caller,
        id,
        posted.version,
        posted.carry,
        consent(posted.overridden.as_ref(), caller, app.clock.now()),
        sending,
        |before, catalogue, now| {
            let mut detail = json!({});
            if let Some(title) = posted.title.as_ref().filter(|t| **t != before.title) {
                detail["title"] = json!({"from": before.title, "to": title});
            }
            if !posted.removed.is_empty() {
                detail["removed_services"] = json!(posted.removed);
            }
            if let Some(open) = &open {
                detail["privacy_override"] = open.clone();
            }
            let warnings = posted.ended_with_it(&before);
            let incident = updated(before, &posted, catalogue, now)?;
            Ok(Said {
                detail,
                warnings,
                ..Said::now("incident.updated", incident)
            })
        },
    )
    .await?;
    // What was typed has been said.
    app.store
        .save_writing(id, &caller.actor, "", app.clock.now())
        .await?;
    Ok(answer)
}

/// The incident with one more update.
fn updated(
    incident: Incident,
    posted: &PostedUpdate,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Incident> {
    let new = posted.update.clone();
    if let Some(why) = incident.is_silent_because(new.status) {
        return Err(ApiError::Conflict(why));
    }
    let mut problems = Problems::default();
    if incident.reopens_silently(&new) {
        let problem = "is missing: people hear why it is open again; give a text or facts";
        problems.add("text", None, problem);
    }
    let severity = posted.severity.unwrap_or(incident.severity);
    let next = promised(now, new.next_update_in, severity, catalogue);
    let next = gathered(next, &mut problems)?;
    let corrected = incident.corrected(posted.title.as_deref(), &posted.removed);
    let corrected = gathered(corrected.map_err(ApiError::from), &mut problems)?;
    match (corrected, next) {
        (Some(incident), Some(next)) if problems.0.is_empty() => {
            let incident = Incident {
                severity,
                ..incident
            };
            Ok(incident.update(new, next, now)?)
        }
        _ => Err(Invalid {
            problems: problems.0,
        }
        .into()),
    }
}

/// Moves the promise of the next update, which is an update of its own: people are told the new time.
///
/// # Errors
/// A time that is not in the future, or an incident that is over.
pub async fn promise(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let (new, version) = read(node, |node, problems| NewPromise::read(node, "", problems))?;
    say(
        app,
        caller,
        id,
        version,
        false,
        Consent::default(),
        // No word of it is anybody's, and it cannot wait for a number.
        Sending {
            unasked: true,
            ..Sending::default()
        },
        |incident, catalogue, now| {
            let next = plan::promised(new, catalogue, now)?;
            let moved = incident.move_promise(next, now)?;
            Ok(Said::now("incident.promise_moved", moved))
        },
    )
    .await
}

/// Says that an incident is graver than was declared, because a hook's alerts do and its policy lets them.
///
/// # Errors
/// When it is over, or the store cannot be written.
pub async fn worsen(
    app: &App,
    caller: &Caller,
    id: &str,
    graver: &Graver,
    effect: Option<&str>,
) -> Result<Answer> {
    say(
        app,
        caller,
        id,
        None,
        false,
        Consent::default(),
        // Nobody is there to type a number.
        Sending {
            unasked: true,
            ..Sending::default()
        },
        |incident, catalogue, now| {
            let severity = incident.severity.min(graver.severity);
            let next = promised(now, None, severity, catalogue)?;
            let worse = incident.worsen(severity, &graver.services, effect, next, now)?;
            Ok(Said::now("incident.worsened", worse))
        },
    )
    .await
}

/// What is said of an incident.
struct Said {
    /// What the journal calls it.
    action: &'static str,
    incident: Incident,
    /// For the journal.
    detail: Value,
    /// What whoever says it should know.
    warnings: Vec<Problem>,
}

impl Said {
    fn now(action: &'static str, incident: Incident) -> Said {
        Said {
            action,
            incident,
            detail: json!({}),
            warnings: Vec::new(),
        }
    }
}

/// Makes an update of the incident as it is and publishes it; looks again where somebody else was faster, unless whoever says
/// it has said which version they saw. With `carry` its open parts say the same.
#[allow(
    clippy::too_many_arguments,
    reason = "each is a different thing that is said with an update"
)]
async fn say(
    app: &App,
    caller: &Caller,
    id: &str,
    version: Option<i64>,
    carry: bool,
    consent: Consent,
    sending: Sending,
    change: impl Fn(Incident, &Catalogue, Timestamp) -> Result<Said>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (before, sequence) = load(app, id).await?;
        seen(app, id, version, sequence).await?;
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        // The engine puts a broken promise on record; where it was away, who comes late does.
        let lapsed = before
            .lapsed(now)
            .map(|promise| Entry::new(&caller.actor, BROKEN, id).with(before.breach(promise, now)));
        // It is dated from when it is told.
        let told = before.told_from(sending.from(app, now).await?, now);
        let said = change(before.clone(), &catalogue, told)?;
        let incident = said.incident.undoable(&before, now);
        let over = !incident.status.is_open();
        let mut detail = said.detail;
        detail["status"] = json!(incident.status);
        detail["next_update_at"] = json!(incident.promise().map(|p| p.due));
        if let Some(until) = incident.waits_until(now) {
            detail["undo_until"] = json!(until);
        }
        if let Some(given) = &consent.overridden {
            detail["override"] = json!(given);
        }
        let entry = Entry::new(&caller.actor, said.action, id).with(detail);
        let entries: Vec<Entry> = lapsed.into_iter().chain([entry]).collect();
        let broken = entries.iter().filter(|e| e.action == BROKEN).count();
        let parts = match carry {
            true => kin::carried(app, caller, &catalogue, &incident, told).await?,
            false => Vec::new(),
        };
        let mut all =
            vec![Ready::update(app, &catalogue, incident, sequence, entries, told).await?];
        all.extend(parts);
        all[0].warnings = said.warnings;
        if !carry && over {
            all[0].warnings.extend(kin::left_open(app, id).await?);
        }
        let told_on = |n: &&Notice| !is_team_notice(&n.milestone);
        let told_of: Vec<Notice> = all
            .iter()
            .flat_map(|ready| ready.changes.add.iter().filter(told_on).cloned())
            .collect();
        sending.check(app, &all[0].event, &told_of).await?;
        for ready in &mut all {
            ready.consent = consent.clone();
        }
        match publish(app, caller, &catalogue, &all, &[]).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            Err(error) => return Err(error),
            Ok(answer) => {
                metrics::counter!("forewarn_promises_broken_total").increment(broken as u64);
                return Ok(answer);
            }
        }
    }
}

/// An override of who must agree, by whoever says it.
fn consent(given: Option<&Override>, caller: &Caller, now: Timestamp) -> Consent {
    let overridden = given.map(|given| Override {
        by: match given.by.is_empty() {
            true => caller.actor.clone(),
            false => given.by.clone(),
        },
        reason: given.reason.clone(),
        at: now,
    });
    Consent {
        overridden,
        ..Consent::default()
    }
}

/// Somebody agrees to what waits for a person's word: an update that owners must agree to, or what a restore held back. `node` is
/// as for a maintenance.
///
/// # Errors
/// When there is no incident of this id, nothing of it waits, or somebody else must agree.
pub async fn approve(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Incident> {
    held::put_on_record(app, caller, id).await?;
    let (incident, sequence) = load(app, id).await?;
    let now = app.clock.now();
    held::can_be_told(&incident, now)?;
    let consent = read(node, |node, problems| {
        Consent::read(node, &caller.actor, now, problems)
    })?;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let event = Event::Incident(incident.clone());
    let waiting = approval::waiting(app, &event).await?;
    if waiting.approved && app.store.notices(&held, 1).await?.is_empty() {
        let refused = incident.refuse(incident.status);
        return Err(refused.cannot("be approved: nothing of it waits").into());
    }
    approval::agree(app, caller, &event, sequence, &waiting, &consent).await?;
    show(app, id).await
}

/// An incident by id.
///
/// # Errors
/// When there is none.
pub async fn show(app: &App, id: &str) -> Result<Incident> {
    Ok(load(app, id).await?.0)
}

/// An incident as the API shows it, with its version and the people behind it.
///
/// # Errors
/// When there is none.
pub async fn show_whole(app: &App, id: &str) -> Result<Value> {
    let (incident, version) = load(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let mut body = team::with_people(shape(&incident, version), &incident, &catalogue);
    if let Some(first) = app.store.first_word(id).await? {
        body["first_notice"] = json!(first);
    }
    Ok(body)
}

/// The incident and its version.
///
/// # Errors
/// When there is none.
pub async fn load(app: &App, id: &str) -> Result<(Incident, i64)> {
    match app.store.event(id).await? {
        Some(StoredEvent {
            event: Event::Incident(incident),
            sequence,
            ..
        }) => Ok((incident, sequence)),
        _ => Err(ApiError::NotFound(format!("incident {id}"))),
    }
}

/// An incident that is about to be published, with all that changes.
struct Ready {
    event: Event,
    expected: i64,
    changes: Changes,
    occasion: Occasion,
    entries: Vec<Entry>,
    /// What whoever says it says about those who must agree.
    consent: Consent,
    /// What whoever says it should know.
    warnings: Vec<Problem>,
}

impl Ready {
    /// With an update that is told.
    async fn update(
        app: &App,
        catalogue: &Catalogue,
        incident: Incident,
        expected: i64,
        entries: Vec<Entry>,
        now: Timestamp,
    ) -> Result<Ready> {
        let (stored, _) = app.store.planned(incident.id.as_str()).await?;
        let again = incident.was_opened_again();
        let incident = match again {
            true => team::called_again(incident, catalogue),
            false => incident,
        };
        let (incident, mut changes) = publish_update(incident, catalogue, &stored, now);
        if expected == 0 || again {
            changes.add.extend(call(&incident, catalogue, now));
        }
        let calls = super::call_list::automatic(app, &incident, catalogue, now);
        changes.add.extend(calls.add);
        let reminders = reminders(incident.id.as_str(), &changes.add, catalogue);
        changes.add.extend(reminders);
        Ok(Ready {
            occasion: Occasion {
                update: incident.updates.last().map(|u| u.number),
                ..Occasion::default()
            },
            event: Event::Incident(incident),
            expected,
            changes,
            entries,
            consent: Consent::default(),
            warnings: Vec::new(),
        })
    }

    /// Without one.
    fn quiet(
        incident: Incident,
        expected: i64,
        changes: Changes,
        reason: Option<String>,
        entry: Entry,
    ) -> Ready {
        Ready {
            occasion: Occasion {
                update: incident.told_last().map(|u| u.number),
                again: true,
                reason,
                ..Occasion::default()
            },
            event: Event::Incident(incident),
            expected,
            changes,
            entries: vec![entry],
            consent: Consent::default(),
            warnings: Vec::new(),
        }
    }
}

/// Publishes incidents together; the answer is about the first.
async fn publish(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    all: &[Ready],
    beside: &[Beside],
) -> Result<Answer> {
    let now = app.clock.now();
    let Some((ready, Event::Incident(incident))) = all.first().map(|ready| (ready, &ready.event))
    else {
        return Err(ApiError::NotFound("incident".into()));
    };
    let mut beside = beside.to_vec();
    let mut waits: Vec<BTreeSet<String>> = Vec::new();
    let mut heard: Vec<(Event, Changes)> = Vec::new();
    for ready in all {
        let Ready {
            event,
            changes,
            occasion,
            consent,
            ..
        } = ready;
        if consent.overridden.is_none() {
            silent::refuse(app, event, &changes.add, occasion).await?;
        }
        let (given, awaiting) =
            approval::at_once(app, caller, event, &changes.add, occasion, consent).await?;
        beside.push(Beside::Approved(given));
        heard.push(held::as_heard(app, ready, &awaiting).await?);
        waits.push(awaiting);
    }
    let told = |n: &&Notice| !is_team_notice(&n.milestone);
    let answer = Answer {
        notices: ready.changes.add.iter().filter(told).cloned().collect(),
        version: ready.expected + 1,
        people: team::people(incident, catalogue),
        incident: match heard.first() {
            Some((Event::Incident(incident), _)) => incident.clone(),
            _ => incident.clone(),
        },
        warnings: ready.warnings.clone(),
    };
    let mut published: Vec<Published<'_>> = all
        .iter()
        .zip(&waits)
        .zip(&heard)
        .map(|((ready, awaiting), (event, changes))| Published {
            event,
            expected: ready.expected,
            changes,
            occasion: &ready.occasion,
            awaiting,
            entries: &ready.entries,
            plan: None,
            answer: None,
        })
        .collect();
    let status = if ready.occasion.again { 200 } else { 201 };
    published[0].answer = kept(caller, status, &answer.json());
    app.store.publish_together(&published, &beside, now).await?;
    let held = heard.iter().zip(&waits);
    for ((event, _), _) in held.filter(|(_, waits)| !waits.is_empty()) {
        approval::settle(app, event, &caller.actor).await?;
    }
    Ok(answer)
}

/// Adds somebody to an open incident: they get the newest message at once, and all that come.
///
/// # Errors
/// When it is over, or what is added does not exist.
pub async fn add(app: &App, caller: &Caller, id: &str, addition: &Addition) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut incident, sequence) = load(app, id).await?;
        if !incident.status.is_open() {
            let act = "have people added: only what is open can; open it again by an update with status investigating";
            let refused = incident.refuse(Status::Investigating);
            return Err(refused.cannot(act).into());
        }
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        let mut added = incident.added.clone();
        let new = recipient::put(caller, id, addition, &mut added)?;
        incident.added = added;
        incident.told.extend(Id::parse(&new.audience).ok());
        let notice = catch_up(&incident, &new.audience, &new.key, &catalogue, now);
        let changes = Changes {
            add: notice.into_iter().collect(),
            ..Changes::default()
        };
        let entry =
            Entry::new(&caller.actor, "incident.recipient_added", id).with(new.detail.clone());
        let ready = Ready::quiet(incident, sequence, changes, None, entry);
        match publish(app, caller, &catalogue, &[ready], &new.beside()).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}
