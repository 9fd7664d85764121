//! What can be done with a maintenance. Each operation makes its notice and plans the rest again.

mod added;
mod again;
mod agree;
mod change;
mod clocks;
mod decided;
mod exception;
mod revised;
mod undo;
mod work;

pub use added::add;
pub(super) use added::catch_up;
pub use again::plan_again;
pub use agree::approve;
pub use change::{reported, set_change, set_change_by_number};
pub use clocks::clocks_changed;
use decided::decided_as;
pub(super) use decided::owners_decide;
pub use decided::{Owners, decide};
pub use exception::{except, follow_policy};
pub(super) use revised::put_texts;
pub use revised::{Revision, revise};
pub use undo::{shape, undo};
pub use work::{Act, IF_MEANT, preview_act, tell};
pub use work::{cancel, complete, delay, extend, start, step_done};

use super::digest::{self, Digest};
use super::previewed::Previewed;
use super::review::Guard;
use super::sending::{Posted, Sending};
use super::{
    AGAIN, Approval, approval, field, gathered, kept, overtaken, previewed, reach, recipient,
    silent, text_at, under, whole,
};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::approval::Consent;
use forewarn_core::decision;
use forewarn_core::document::{Catalogue, Documents, Node, Problems};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::plan::{
    APPROVERS, CHANGE_SYSTEM, COMMUNICATIONS, Change, Changes, INTERNAL, Input, Plan, Planned,
    REQUESTERS, changes_from, plan, untold_change,
};
use forewarn_core::policy::{self, Policy};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::time::CivilTime;
use forewarn_core::undo::{Telling, Undoable};
use forewarn_store::{Beside, Entry, EventFilter, Published, StoredEvent};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The answer to everything done with a maintenance.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The maintenance as it is from now on.
    pub maintenance: Maintenance,
    /// Its plan.
    pub plan: Plan,
    /// What of it shares a message with other events.
    pub digests: Vec<Digest>,
}

impl Answer {
    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = shown(&self.maintenance);
        body["plan"] = serde_json::to_value(&self.plan).unwrap_or_default();
        body["plan"]["digests"] = json!(self.digests);
        body
    }
}

/// A maintenance as the API shows it: a decision with what holds and what was recommended.
pub fn shown(maintenance: &Maintenance) -> Value {
    let mut body = serde_json::to_value(maintenance).unwrap_or_default();
    if let Some(decided) = &maintenance.decision {
        body["decision"]["verdict"] = json!(decided.verdict());
        body["decision"]["recommended"] = json!(decision::decide(&decided.answers).verdict);
    }
    shape(&mut body);
    body
}

/// Something that was said with an action.
#[derive(Default)]
struct Said {
    milestone: Option<&'static str>,
    reason: Option<String>,
    previous: Option<(CivilTime, CivilTime)>,
    /// The owners agree: what waited may go out.
    approved: bool,
    /// Who agrees, and how.
    signed: Option<(Caller, Consent)>,
    /// Somebody was added.
    added: Option<recipient::New>,
    /// What else its owner should look at.
    warnings: Vec<Problem>,
    /// How it goes out; nobody is asked where nobody is told anything new.
    sending: Option<Sending>,
    /// When people are told; at once when absent.
    at: Option<Timestamp>,
    /// A change is taken back of which nobody was told.
    undone: bool,
}

impl Said {
    /// A change that has a message of its own.
    fn of(
        milestone: &'static str,
        reason: Option<String>,
        previous: Option<(CivilTime, CivilTime)>,
    ) -> Said {
        Said {
            milestone: Some(milestone),
            reason,
            previous,
            ..Said::default()
        }
    }
}

fn policy_of<'a>(maintenance: &Maintenance, catalogue: &'a Catalogue) -> &'a Policy {
    let named = maintenance
        .policy
        .as_ref()
        .and_then(|id| policy::find(id.as_str(), &catalogue.policies));
    named.unwrap_or_else(|| policy::for_maintenance(&maintenance.kind, &catalogue.policies))
}

/// How many open works are looked at; with more, the ones changed last.
const MOST_OPEN: i64 = 1_000;

/// All work that is not over.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn open(app: &App) -> Result<Vec<Maintenance>> {
    let filter = EventFilter {
        kind: Some("maintenance"),
        open: true,
        since: None,
    };
    let events = app.store.events(&filter, MOST_OPEN).await?;
    let works = events.into_iter().filter_map(|stored| match stored.event {
        Event::Maintenance(maintenance) => Some(maintenance),
        Event::Incident(_)
        | Event::Window(_)
        | Event::Reminder(_)
        | Event::Advisory(_)
        | Event::Announcement(_) => None,
    });
    Ok(works.collect())
}

/// Reads a maintenance document without storing it, and plans it; with what people would be told ahead, by level.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn preview(app: &App, posted: &Posted) -> Result<(Answer, Previewed)> {
    let catalogue = app.store.catalogue().await?;
    let mut maintenance = posted.with(parse(&posted.node, &catalogue, "MNT-0"))?;
    let others = open(app).await?;
    let mut plan = first_plan(&maintenance, &catalogue, &others, app.clock.now());
    plan.warnings.extend(nobody(app, &maintenance).await?);
    if waits_for_approval(&maintenance, &plan, &catalogue) {
        maintenance = maintenance.awaiting_approval();
    }
    let digests = digests(app, &maintenance, &plan).await?;
    let event = Event::Maintenance(maintenance.clone());
    let said = previewed::ahead(app, &catalogue, &event, &plan.notices).await?;
    let answer = Answer {
        maintenance,
        plan,
        digests,
    };
    Ok((answer, said))
}

async fn nobody(app: &App, maintenance: &Maintenance) -> Result<Vec<Problem>> {
    reach::nobody(app, &Event::Maintenance(maintenance.clone())).await
}

fn first_plan(
    maintenance: &Maintenance,
    catalogue: &Catalogue,
    others: &[Maintenance],
    now: Timestamp,
) -> Plan {
    plan(Input {
        planned: maintenance.into(),
        policy: policy_of(maintenance, catalogue),
        catalogue,
        now,
        told: &[],
        others,
        change: None,
    })
}

/// Whether somebody must agree before somebody whom the plan reaches is told: the owners, or the board of changes.
fn waits_for_approval(maintenance: &Maintenance, plan: &Plan, catalogue: &Catalogue) -> bool {
    !maintenance.change_lets_tell() || waits_for_owners(maintenance, plan, catalogue)
}

fn waits_for_owners(maintenance: &Maintenance, plan: &Plan, catalogue: &Catalogue) -> bool {
    let policy = policy_of(maintenance, catalogue);
    let inside = |audience: &str| {
        matches!(
            audience,
            INTERNAL | APPROVERS | COMMUNICATIONS | CHANGE_SYSTEM
        )
    };
    let mut told = plan.notices.iter().filter(|n| !inside(&n.audience));
    told.any(|n| !policy.approvers(&n.audience).is_empty())
}

fn parse(node: &Node, catalogue: &Catalogue, fresh_id: &str) -> Result<Maintenance> {
    let node = under("maintenance", node);
    let documents = Documents::read(&[(String::new(), node)], catalogue, fresh_id)?;
    documents
        .maintenance
        .ok_or_else(|| Invalid::one("maintenance", "is missing").into())
}

/// A maintenance that can be planned: its document is sound, it is not over, and who decided may decide.
fn plannable(node: &Node, catalogue: &Catalogue, now: Timestamp) -> Result<Maintenance> {
    let mut problems = Problems::default();
    let read = gathered(parse(node, catalogue, "MNT-0"), &mut problems)?;
    let node = under("maintenance", node);
    let zone = &catalogue.organisation.time_zone;
    let end = text_at(&node, "maintenance.end").map(|text| CivilTime::parse(text, zone));
    if let Some(Ok(end)) = end
        && end.instant() <= now
    {
        let problem =
            "lies in the past: what is over cannot be planned, and nobody can be told ahead of it";
        problems.add("maintenance.end", None, problem);
    }
    if let Some(maintenance) = &read
        && let Some(own) = maintenance.decision.as_ref().and_then(|d| d.own.as_ref())
        && let Err(problem) = owners_decide(catalogue, &maintenance.services, own)
    {
        problems.add("maintenance.decision.own.by", None, problem);
    }
    whole(&node, read, problems)
}

/// Creates a maintenance and plans its notices.
///
/// # Errors
/// Everything that is wrong with the document, or an id that exists already.
pub async fn create(
    app: &App,
    caller: &Caller,
    posted: &Posted,
    approval: Approval,
) -> Result<Answer> {
    let catalogue = app.store.catalogue().await?;
    let guard = guarded(app, posted, "maintenance.").await?;
    // An id is only used up once the document is sound.
    let planned = plannable(&posted.node, &catalogue, app.clock.now());
    let mut maintenance = posted.with(guard.beside(planned))?;
    if maintenance.id == *"MNT-0" {
        let fresh = app.store.fresh_event_id("MNT").await?;
        maintenance = parse(&posted.node, &catalogue, &fresh)?;
    }
    let first = first_plan(&maintenance, &catalogue, &[], app.clock.now());
    let needed = approval == Approval::Needed;
    if needed || waits_for_approval(&maintenance, &first, &catalogue) {
        maintenance = maintenance.awaiting_approval();
    }
    let entry = created(caller, &maintenance, &guard);
    let said = Said {
        warnings: nobody(app, &maintenance).await?,
        sending: Some(posted.sending),
        ..Said::default()
    };
    publish(app, caller, &catalogue, maintenance, 0, said, entry, 201).await
}

/// What stands in words that somebody typed; what programs say is the concern of whoever set them up.
async fn guarded(app: &App, posted: &Posted, path: &str) -> Result<Guard> {
    let typed = field(&posted.node, "maintenance").unwrap_or(&posted.node);
    match posted.sending.unasked {
        true => Ok(Guard::default()),
        false => Guard::of(app, typed, path).await,
    }
}

/// What it began with: also whether its change was approved already, and what its owners had decided.
fn created(caller: &Caller, maintenance: &Maintenance, guard: &Guard) -> Entry {
    let mut detail =
        json!({"title": maintenance.title, "start": maintenance.start, "end": maintenance.end});
    if let Some(change) = &maintenance.change_request {
        detail["change_request"] = json!(change);
    }
    if let Some(decided) = &maintenance.decision {
        detail["decision"] = decided_as(decided);
    }
    let id = maintenance.id.as_str();
    Entry::new(&caller.actor, "maintenance.created", id).with(guard.on_record(detail))
}

/// Plans again and publishes event, notices and journal in one transaction.
#[allow(
    clippy::too_many_arguments,
    reason = "each is a different thing that one transaction needs"
)]
async fn publish(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    maintenance: Maintenance,
    expected: i64,
    said: Said,
    entry: Entry,
    status: i64,
) -> Result<Answer> {
    let now = app.clock.now();
    let (stored, told) = match expected {
        0 => (Vec::new(), Vec::new()),
        _ => app.store.planned(maintenance.id.as_str()).await?,
    };
    let earlier: BTreeSet<_> = stored
        .iter()
        .filter(|s| Some(s.milestone.as_str()) == said.milestone)
        .map(|s| &s.offset)
        .collect();
    let new = said.milestone.map(|milestone| Change {
        milestone,
        counter: earlier.len() as u32,
    });
    let maintenance = match new.filter(|_| said.at.is_some()) {
        Some(new) => maintenance.telling(Some(Telling {
            milestone: new.milestone.to_owned(),
            counter: new.counter,
            reason: said.reason.clone(),
            previous: said.previous.clone(),
        })),
        None => maintenance,
    };
    let planned = Planned::from(&maintenance);
    let untold = untold_change(&stored, planned.phase).filter(|_| new.is_none() && !said.undone);
    // What can still be undone is not told sooner because something else is planned.
    let waits = untold.and_then(|_| maintenance.waits_until(now));
    // Nobody has heard of the change before the one that was undone either.
    let after_all = maintenance.told_after_all(now).filter(|_| said.undone);
    let (waits, after_all) = match after_all {
        Some((at, telling)) => (Some(at), Some(telling)),
        None => (waits, None),
    };
    let others = open(app).await?;
    let input = Input {
        planned,
        policy: policy_of(&maintenance, catalogue),
        catalogue,
        now: said.at.or(waits).unwrap_or(now),
        told: &told,
        others: &others,
        change: after_all.as_ref().map(Telling::change).or(new).or(untold),
    };
    let mut plan = plan(input);
    plan.warnings.extend(said.warnings);
    let mut changes = changes_from(&plan, &stored);
    let again = match &said.added {
        Some(new) => {
            let of = (&maintenance.id, &maintenance.added);
            catch_up(app, of, new, catalogue, &told, &mut changes).await?
        }
        None => Occasion::default(),
    };
    // Whoever approves is asked for the number.
    if let Some(sending) = said.sending
        && maintenance.status != Status::AwaitingApproval
    {
        let event = Event::Maintenance(maintenance.clone());
        sending.check(app, &event, &changes.add).await?;
    }
    let awaiting = awaiting(&maintenance, catalogue);
    let entry = with_moves(entry, &changes);
    let approved = said.approved;
    let (reason, previous) = match after_all.clone() {
        Some(telling) => (telling.reason, telling.previous),
        None => (said.reason, said.previous),
    };
    let occasion = Occasion {
        reason: reason.or(again.reason),
        previous: previous.or(again.previous),
        ..Occasion::default()
    };
    let event = Event::Maintenance(maintenance.clone());
    silent::refuse(app, &event, &changes.add, &occasion).await?;
    let given = match &said.signed {
        Some((caller, consent)) => {
            let planned = &plan.notices;
            approval::sign_planned(app, caller, &event, planned, &occasion, consent).await?
        }
        None => Vec::new(),
    };
    let beside = said.added.as_ref().map(recipient::New::beside);
    let digests = digests(app, &maintenance, &plan).await?;
    let answer = Answer {
        maintenance,
        plan,
        digests,
    };
    let published = Published {
        event: &Event::Maintenance(answer.maintenance.clone()),
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &awaiting,
        entries: &[entry],
        plan: Some(serde_json::to_value(&answer.plan).unwrap_or_default()),
        answer: kept(caller, status, &answer.json()),
    };
    if approved {
        app.store.publish_approved(published, &given, now).await?;
    } else {
        let mut beside = beside.unwrap_or_default();
        beside.push(Beside::Approved(given));
        app.store
            .publish_together(&[published], &beside, now)
            .await?;
    }
    let event = Event::Maintenance(answer.maintenance.clone());
    approval::settle(app, &event, &caller.actor).await?;
    Ok(answer)
}

fn awaiting(maintenance: &Maintenance, catalogue: &Catalogue) -> BTreeSet<String> {
    if maintenance.status != Status::AwaitingApproval {
        return BTreeSet::new();
    }
    let seen = maintenance.added.over(catalogue);
    let mut all: BTreeSet<String> = seen.audiences.iter().map(|a| a.id.to_string()).collect();
    all.extend([INTERNAL, REQUESTERS].map(str::to_owned));
    all
}

/// What moved is on record with both times.
fn with_moves(mut entry: Entry, changes: &Changes) -> Entry {
    if !changes.moved.is_empty() {
        let moved: Vec<Value> = changes
            .moved
            .iter()
            .map(|m| json!({"notice": m.id, "from": m.from, "to": m.to}))
            .collect();
        if entry.detail.is_null() {
            entry.detail = json!({});
        }
        entry.detail["moved"] = moved.into();
    }
    entry
}

async fn load(app: &App, id: &str) -> Result<(Maintenance, i64)> {
    match app.store.event(id).await? {
        Some(StoredEvent {
            event: Event::Maintenance(maintenance),
            sequence,
            ..
        }) => Ok((maintenance, sequence)),
        _ => Err(ApiError::NotFound(format!("maintenance {id}"))),
    }
}

/// The messages that will tell of this maintenance and of others at once, as things stand.
///
/// # Errors
/// When the store cannot be read.
pub async fn digests(app: &App, maintenance: &Maintenance, plan: &Plan) -> Result<Vec<Digest>> {
    digest::of_plan(app, plan, maintenance.window().0).await
}

/// As [`show`], with the messages that the plan shares with other events.
///
/// # Errors
/// When there is none of this id.
pub async fn show_shared(app: &App, id: &str) -> Result<(Maintenance, Value)> {
    let (maintenance, mut body) = show(app, id).await?;
    if let Ok(plan) = serde_json::from_value::<Plan>(body.clone()) {
        body["digests"] = json!(digests(app, &maintenance, &plan).await?);
    }
    Ok((maintenance, body))
}

/// A maintenance and its plan as it was made last.
///
/// # Errors
/// When there is none of this id.
pub async fn show(app: &App, id: &str) -> Result<(Maintenance, Value)> {
    let (maintenance, _) = load(app, id).await?;
    let plan = app.store.plan(id).await?.unwrap_or_default();
    Ok((maintenance, plan))
}

/// An action: how it changes the maintenance, what is said, and what is written down.
type Acted = (Maintenance, Said, Entry);

/// Acts, and tells people: once the time to undo it is past, where whoever acts wants that.
async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    sending: Sending,
    action: impl Fn(Maintenance, Timestamp) -> Result<Acted>,
) -> Result<Answer> {
    let from = sending.from(app, app.clock.now()).await?;
    act(app, caller, id, |before, now| {
        let waits = before.status != Status::AwaitingApproval && from > now;
        let (after, said, entry) = action(before.clone(), now)?;
        let said = Said {
            sending: Some(sending),
            at: Some(from).filter(|_| waits),
            ..said
        };
        let after = match waits {
            true => after.undoable(before, from, now),
            false => after,
        };
        Ok((after, said, entry))
    })
    .await
}

async fn act(
    app: &App,
    caller: &Caller,
    id: &str,
    action: impl Fn(Maintenance, Timestamp) -> Result<Acted>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let catalogue = app.store.catalogue().await?;
        let (maintenance, sequence) = load(app, id).await?;
        let untold = maintenance.unseen;
        let (maintenance, mut said, entry) = action(maintenance, app.clock.now())?;
        if untold {
            // Nobody has been told anything, so nobody is told that it changed.
            said = Said {
                approved: said.approved,
                signed: said.signed,
                ..Said::default()
            };
        }
        match publish(
            app,
            caller,
            &catalogue,
            maintenance,
            sequence,
            said,
            entry,
            200,
        )
        .await
        {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            other => return other,
        }
    }
}
