//! What can be done with an announcement: make it, move its moment, change its words, call it off. Each plans its notices again.

mod acts;

pub use acts::{Act, preview_act, tell};

use super::digest::{self, Digest};
use super::maintenance::shape as shape_pending;
use super::previewed::Previewed;
use super::review::Guard;
use super::sending::{Posted, Sending};
use super::{
    AGAIN, approval, field, kept, maintenance, overtaken, planned_texts, previewed, read,
    read_known, recipient, silent, under,
};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::announcement::{Announcement, Edit, Status};
use forewarn_core::approval::Consent;
use forewarn_core::document::{Catalogue, Documents, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{
    CLOCKS_CHANGED, Change, Input, Plan, Planned, Told, changes_from, plan, untold_change,
};
use forewarn_core::policy::{self, Policy};
use forewarn_core::problem::Invalid;
use forewarn_core::texts::NewTexts;
use forewarn_core::time::CivilTime;
use forewarn_core::undo::{Telling, Undoable};
use forewarn_store::{Entry, EventFilter, NoticeFilter, Published, StoredEvent};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The id under which a document is read that is not stored, or not yet.
const UNNAMED: &str = "ANN-0";

/// The answer to everything done with an announcement.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The announcement as it is from now on.
    pub announcement: Announcement,
    /// Its plan.
    pub plan: Plan,
    /// What of it shares a message with other events.
    pub digests: Vec<Digest>,
    /// Grows with every change.
    pub version: i64,
}

impl Answer {
    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = shape(&self.announcement, self.version);
        body["plan"] = json!(self.plan);
        body["plan"]["digests"] = json!(self.digests);
        body
    }
}

/// An announcement as the API shows it.
pub fn shape(announcement: &Announcement, version: i64) -> Value {
    let mut body = json!(announcement);
    body["version"] = version.into();
    shape_pending(&mut body);
    body
}

/// What is said with an action.
#[derive(Default)]
struct Said {
    milestone: Option<&'static str>,
    reason: Option<String>,
    previous: Option<CivilTime>,
    /// Somebody was added.
    added: Option<recipient::New>,
    /// How it goes out; nobody is asked where nobody is told anything new.
    sending: Option<Sending>,
    /// From when people are told, where it can be undone until then.
    at: Option<Timestamp>,
    /// A change that nobody had heard of was taken back.
    undone: bool,
}

impl Said {
    /// Nothing but what its plan says.
    fn sent(sending: Sending) -> Said {
        Said {
            sending: Some(sending),
            ..Said::default()
        }
    }
}

fn policy_of<'a>(announcement: &Announcement, catalogue: &'a Catalogue) -> &'a Policy {
    let named = announcement
        .policy
        .as_ref()
        .and_then(|id| policy::find(id.as_str(), &catalogue.policies));
    named.unwrap_or_else(|| policy::for_announcement(&announcement.kind, &catalogue.policies))
}

async fn planned(
    app: &App,
    announcement: &Announcement,
    catalogue: &Catalogue,
    told: &[Told],
    (change, at): (Option<Change<'_>>, Option<Timestamp>),
) -> Result<Plan> {
    let others = maintenance::open(app).await?;
    Ok(plan(Input {
        planned: announcement.into(),
        policy: policy_of(announcement, catalogue),
        catalogue,
        now: at.unwrap_or_else(|| app.clock.now()),
        told,
        others: &others,
        change,
    }))
}

fn parse(node: &Node, catalogue: &Catalogue, fresh_id: &str) -> Result<Announcement> {
    let node = under("announcement", node);
    let documents = Documents::read(&[(String::new(), node)], catalogue, fresh_id)?;
    let missing = || Invalid::one("announcement", "is missing").into();
    documents.announcement.ok_or_else(missing)
}

/// Reads an announcement without storing it, and plans it; with what people would be told ahead, by level.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn preview(app: &App, posted: &Posted) -> Result<(Answer, Previewed)> {
    let catalogue = app.store.catalogue().await?;
    let announcement = posted.with(parse(&posted.node, &catalogue, UNNAMED))?;
    let plan = planned(app, &announcement, &catalogue, &[], (None, None)).await?;
    let event = Event::Announcement(announcement.clone());
    let said = previewed::ahead(app, &catalogue, &event, &plan.notices).await?;
    let answer = Answer {
        digests: digests(app, &announcement, &plan).await?,
        plan,
        announcement,
        version: 0,
    };
    Ok((answer, said))
}

/// Creates an announcement and plans its notices.
///
/// # Errors
/// Everything that is wrong with it, or an id that exists already.
pub async fn create(app: &App, caller: &Caller, posted: &Posted) -> Result<Answer> {
    let posted = posted.without_undo("a new announcement is taken back by cancelling it");
    let catalogue = app.store.catalogue().await?;
    let typed = field(&posted.node, "announcement").unwrap_or(&posted.node);
    let guard = Guard::of(app, typed, "announcement.").await?;
    // An id is only used up once the document is sound.
    let parsed = parse(&posted.node, &catalogue, UNNAMED);
    let mut announcement = posted.with(guard.beside(parsed))?;
    if announcement.id == *UNNAMED {
        let fresh = app.store.fresh_event_id("ANN").await?;
        announcement = parse(&posted.node, &catalogue, &fresh)?;
    }
    let detail = json!({"title": announcement.title, "kind": announcement.kind, "effective": announcement.effective});
    let entry = Entry::new(
        &caller.actor,
        "announcement.created",
        announcement.id.as_str(),
    )
    .with(guard.on_record(detail));
    publish(
        app,
        caller,
        &catalogue,
        announcement,
        0,
        (Said::sent(posted.sending), entry),
    )
    .await
}

/// Plans again and publishes event, notices and journal in one transaction, over the version that was seen.
async fn publish(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    announcement: Announcement,
    expected: i64,
    (said, mut entry): (Said, Entry),
) -> Result<Answer> {
    let (stored, told) = match expected {
        0 => (Vec::new(), Vec::new()),
        _ => app.store.planned(announcement.id.as_str()).await?,
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
    let previous = said.previous.map(|before| (before.clone(), before));
    let announcement = match new.filter(|_| said.at.is_some()) {
        Some(new) => announcement.telling(Some(Telling {
            milestone: new.milestone.to_owned(),
            counter: new.counter,
            reason: said.reason.clone(),
            previous: previous.clone(),
        })),
        None => announcement,
    };
    let phase = Planned::from(&announcement).phase;
    let untold = untold_change(&stored, phase).filter(|_| new.is_none() && !said.undone);
    // What can still be undone is not told sooner because something else is planned.
    let waits = untold.and_then(|_| announcement.waits_until(app.clock.now()));
    // Nobody has heard of the change before the one that was undone either.
    let after_all = announcement.told_after_all(app.clock.now());
    let (waits, after_all) = match after_all.filter(|_| said.undone) {
        Some((at, telling)) => (Some(at), Some(telling)),
        None => (waits, None),
    };
    let change = after_all.as_ref().map(Telling::change);
    let when = (change.or(new).or(untold), said.at.or(waits));
    let plan = planned(app, &announcement, catalogue, &told, when).await?;
    let mut changes = changes_from(&plan, &stored);
    let again = match &said.added {
        Some(new) => {
            let of = (&announcement.id, &announcement.added);
            maintenance::catch_up(app, of, new, catalogue, &told, &mut changes).await?
        }
        None => Occasion::default(),
    };
    let (reason, previous) = match after_all.clone() {
        Some(telling) => (telling.reason, telling.previous),
        None => (said.reason, previous),
    };
    let occasion = Occasion {
        reason: reason.or(again.reason),
        previous: previous.or(again.previous),
        ..Occasion::default()
    };
    if !changes.moved.is_empty() {
        let moved = changes.moved.iter();
        let moved = moved.map(|m| json!({"notice": m.id, "from": m.from, "to": m.to}));
        entry.detail["moved"] = moved.collect();
    }
    let answer = Answer {
        digests: digests(app, &announcement, &plan).await?,
        announcement,
        plan,
        version: expected + 1,
    };
    let event = Event::Announcement(answer.announcement.clone());
    if let Some(sending) = said.sending {
        sending.check(app, &event, &changes.add).await?;
    }
    silent::refuse(app, &event, &changes.add, &occasion).await?;
    let published = Published {
        event: &event,
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[entry],
        plan: Some(json!(answer.plan)),
        answer: kept(
            caller,
            if expected == 0 { 201 } else { 200 },
            &answer.json(),
        ),
    };
    let beside = said.added.as_ref().map(recipient::New::beside);
    let beside = beside.unwrap_or_default();
    let now = app.clock.now();
    app.store
        .publish_together(&[published], &beside, now)
        .await?;
    approval::settle(app, &event, &caller.actor).await?;
    Ok(answer)
}

/// The messages that will tell of it and of other events at once, as things stand.
///
/// # Errors
/// When the store cannot be read.
pub async fn digests(app: &App, announcement: &Announcement, plan: &Plan) -> Result<Vec<Digest>> {
    digest::of_plan(app, plan, announcement.effective.instant()).await
}

/// The announcement and its version.
///
/// # Errors
/// When there is none.
pub async fn load(app: &App, id: &str) -> Result<(Announcement, i64)> {
    match app.store.event(id).await? {
        Some(StoredEvent {
            event: Event::Announcement(announcement),
            sequence,
            ..
        }) => Ok((announcement, sequence)),
        _ => Err(ApiError::NotFound(format!("announcement {id}"))),
    }
}

/// An announcement, its version, and its plan as it was made last.
///
/// # Errors
/// When there is none.
pub async fn show(app: &App, id: &str) -> Result<(Announcement, i64, Value)> {
    let (announcement, version) = load(app, id).await?;
    let plan = app.store.plan(id).await?.unwrap_or_default();
    Ok((announcement, version, plan))
}

/// An action: how it changes the announcement, what is said, and what is written down.
type Acted = (Announcement, Said, Entry);

/// Acts on the announcement as it is; looks again where somebody else was faster, unless whoever acts has said which version
/// they saw.
async fn act(
    app: &App,
    caller: &Caller,
    id: &str,
    action: impl Fn(Announcement, &Catalogue, Timestamp) -> Result<(Acted, Option<i64>)>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let catalogue = app.store.catalogue().await?;
        let (before, sequence) = load(app, id).await?;
        let ((announcement, said, entry), version) = action(before, &catalogue, app.clock.now())?;
        if let Some(seen) = version.filter(|version| *version != sequence) {
            return Err(ApiError::Conflict(format!(
                "{id} was changed meanwhile; it is at version {sequence} and you saw {seen}: look at it again"
            )));
        }
        let acted = (said, entry);
        match publish(app, caller, &catalogue, announcement, sequence, acted).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// Acts, and tells people: once the time to undo it is past, where whoever acts wants that. The action is given when people are told.
async fn tell_later(
    app: &App,
    caller: &Caller,
    id: &str,
    sending: Sending,
    action: impl Fn(Announcement, &Catalogue, Timestamp) -> Result<(Acted, Option<i64>)>,
) -> Result<Answer> {
    let from = sending.from(app, app.clock.now()).await?;
    act(app, caller, id, |before, catalogue, now| {
        let told = from.max(now);
        let ((after, said, entry), version) = action(before.clone(), catalogue, told)?;
        let said = Said {
            sending: Some(sending),
            at: Some(told).filter(|told| *told > now),
            ..said
        };
        Ok(((after.undoable(before, told, now), said, entry), version))
    })
    .await
}

/// Takes the last change back before anybody was told: the announcement and its plan are as they were.
///
/// # Errors
/// When people have been told of it already.
pub async fn undo(app: &App, caller: &Caller, id: &str) -> Result<Answer> {
    act(app, caller, id, |a, _, now| {
        let detail = json!({"from": a.effective, "status": a.status});
        let entry = Entry::new(&caller.actor, "announcement.undone", id).with(detail);
        let said = Said {
            undone: true,
            ..Said::default()
        };
        Ok(((a.undo(now)?, said, entry), None))
    })
    .await
}

/// Adds somebody to what is to come: they get the newest message at once, and all that come.
///
/// # Errors
/// Everything that is wrong with the addition; when it is in effect or cancelled, or what is added does not exist.
pub async fn add(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let addition = recipient::addition(app, node).await?;
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut announcement, sequence) = load(app, id).await?;
        if !announcement.status.is_open() {
            let act = "have people added: only what is scheduled can, and stays so";
            let refused = announcement.refuse(Status::Scheduled);
            return Err(refused.cannot(act).into());
        }
        let catalogue = app.store.catalogue().await?;
        let mut added = announcement.added.clone();
        let new = recipient::put(caller, id, &addition, &mut added)?;
        announcement.added = added;
        let entry =
            Entry::new(&caller.actor, "announcement.recipient_added", id).with(new.detail.clone());
        let said = Said {
            added: Some(new),
            ..Said::default()
        };
        let acted = (said, entry);
        match publish(app, caller, &catalogue, announcement, sequence, acted).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// What one of its messages to come says; nobody is told of that by itself.
///
/// # Errors
/// When it is in effect or cancelled.
pub(super) async fn put_texts(
    app: &App,
    caller: &Caller,
    id: &str,
    (new, guard): (&NewTexts, &Guard),
) -> Result<Answer> {
    act(app, caller, id, |before, _, _| {
        if !before.status.is_open() {
            let act = "have other texts: only what is scheduled can, and stays so";
            return Err(before.refuse(Status::Scheduled).cannot(act).into());
        }
        planned_texts::of_these_times(id, new, before.revision)?;
        let entry = planned_texts::entry(caller, "announcement.texts_edited", id, (new, guard));
        let mut after = before;
        after.texts.put(new.milestone, new.texts.clone());
        Ok(((after, Said::default(), entry), None))
    })
    .await
}

/// Other words for the notices that are still to come; nobody is told of the change by itself.
///
/// # Errors
/// What is wrong with them; when it is in effect or cancelled, or the version is not the newest.
pub async fn edit(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let guard = Guard::of(app, node, "").await?;
    let edit = read_known(node, &catalogue, |node, problems| {
        Edit::read(node, "", problems)
    });
    let edit = guard.beside(edit)?;
    act(app, caller, id, |before, _, _| {
        let after = before.clone().edit(edit.clone())?;
        let detail = json!({"from": words(&before), "to": words(&after)});
        let entry =
            Entry::new(&caller.actor, "announcement.changed", id).with(guard.on_record(detail));
        Ok(((after, Said::default(), entry), edit.version))
    })
    .await
}

/// What an edit may change, but for addresses: the journal holds none.
fn words(announcement: &Announcement) -> Value {
    json!({"title": announcement.title, "services": announcement.services, "facts": announcement.facts,
        "requesters": announcement.requesters.len()})
}

/// Somebody agrees to what waits for a person's word: what owners must agree to, or what a restore held back. `node` is as for a
/// maintenance.
///
/// # Errors
/// When there is no announcement of this id, nothing of it waits, or somebody else must agree.
pub async fn approve(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<(Announcement, i64)> {
    let now = app.clock.now();
    let consent = read(node, |node, problems| {
        Consent::read(node, &caller.actor, now, problems)
    })?;
    let (announcement, sequence) = load(app, id).await?;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let event = Event::Announcement(announcement.clone());
    let waiting = approval::waiting(app, &event).await?;
    if waiting.approved && app.store.notices(&held, 1).await?.is_empty() {
        let refused = announcement.refuse(announcement.status);
        return Err(refused.cannot("be approved: nothing of it waits").into());
    }
    approval::agree(app, caller, &event, sequence, &waiting, &consent).await?;
    load(app, id).await
}

/// Plans anew the announcements ahead whose plan is another by what the catalogue says now; `before` is what it said. Says which.
///
/// # Errors
/// When the store cannot be read or written; what was done so far stays done.
pub async fn plan_again(app: &App, caller: &Caller, before: &Catalogue) -> Result<Vec<String>> {
    // The key of the request belongs to what it asked for.
    let caller = Caller {
        key: None,
        ..caller.clone()
    };
    let after = app.store.catalogue().await?;
    let filter = EventFilter {
        kind: Some("announcement"),
        open: true,
        since: None,
    };
    let mut again = Vec::new();
    for stored in app.store.events(&filter, i64::MAX).await? {
        let Event::Announcement(announcement) = stored.event else {
            continue;
        };
        let id = announcement.id.to_string();
        let (_, told) = app.store.planned(&id).await?;
        let old = planned(app, &announcement, before, &told, (None, None)).await?;
        let new = planned(app, &announcement, &after, &told, (None, None)).await?;
        if (old.notices, old.affected) == (new.notices, new.affected) {
            continue;
        }
        let entry = || Entry::new(&caller.actor, "announcement.planned_again", &id);
        let as_it_is = |a, _: &Catalogue, _| Ok(((a, Said::default(), entry()), None));
        act(app, &caller, &id, as_it_is).await?;
        again.push(id);
    }
    Ok(again)
}

/// Newer zone data moved its moment: the rest is planned for that, and the owners are told.
///
/// # Errors
/// When the store cannot be written, or another was quicker.
pub(super) async fn clocks_changed(
    app: &App,
    caller: &Caller,
    announcement: Announcement,
    sequence: i64,
    detail: Value,
) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    let id = announcement.id.to_string();
    let entry = Entry::new(&caller.actor, "announcement.clocks_changed", &id).with(detail);
    let announcement = Announcement {
        revision: announcement.revision + 1,
        ..announcement
    };
    let said = Said {
        milestone: Some(CLOCKS_CHANGED),
        ..Said::default()
    };
    let acted = (said, entry);
    publish(app, caller, &catalogue, announcement, sequence, acted).await?;
    Ok(())
}
