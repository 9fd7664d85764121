//! What can be done with an advisory: make a fault known, tell more, say that it is fixed, withdraw it. Each is told at once.

mod acts;
mod held;

pub use acts::{Act, fix, preview_act, tell, update, withdraw};

use super::maintenance::shape as shape_pending;
use super::previewed::Previewed;
use super::reach::{self, Whole};
use super::review::Guard;
use super::sending::{Posted, Sending};
use super::{
    AGAIN, approval, field, gathered, kept, overtaken, previewed, read, recipient, silent, under,
};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::acknowledge::reminders;
use forewarn_core::advisory::{self, Advisory, Report};
use forewarn_core::approval::Consent;
use forewarn_core::document::{Catalogue, Documents, Node, Problems};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::NewPromise;
use forewarn_core::plan::{
    Changes, Notice, catch_up_on_advisory, is_team_notice, owners_reminded_again, promised,
    publish_word,
};
use forewarn_core::problem::Invalid;
use forewarn_core::promise::Thread;
use forewarn_core::recipient::Addition;
use forewarn_core::undo::Undoable;
use forewarn_store::{Beside, Entry, NoticeFilter, Published, StoredEvent};
use jiff::Timestamp;
use serde_json::{Value, json};

/// In the journal: a promise was not kept.
const BROKEN: &str = "advisory.promise_broken";

/// The answer to everything done with an advisory.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The advisory as it is from now on.
    pub advisory: Advisory,
    /// Notices by which this action tells people.
    pub notices: Vec<Notice>,
    /// Grows with every change.
    pub version: i64,
}

impl Answer {
    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = shape(&self.advisory, self.version);
        body["notices"] = json!(self.notices);
        body
    }
}

/// An advisory as the API shows it.
pub fn shape(advisory: &Advisory, version: i64) -> Value {
    let mut body = json!(advisory);
    body["version"] = version.into();
    body["next_update_at"] = json!(advisory.promise().map(|p| p.due));
    body["promise"] = json!(advisory.promise());
    shape_pending(&mut body);
    body
}

/// What would be told of a fault, and to whom.
pub struct Preview {
    /// The notices, and the advisory under an id that is not used up.
    pub answer: Answer,
    /// Who would be reached.
    pub reach: Whole,
    /// What it would say, and the text of each level, with which an edit of it begins.
    pub said: Previewed,
}

/// Reads a report without making it known.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn preview(app: &App, posted: &Posted) -> Result<Preview> {
    let catalogue = app.store.catalogue().await?;
    let (report, _) = posted.with(parse(app, &posted.node, &catalogue).await)?;
    let id = Id::parse("ADV-0").map_err(|p| Invalid::one("id", p))?;
    let now = app.clock.now();
    let advisory = discovered(report, id, &catalogue, now)?;
    let (advisory, changes) = publish_word(advisory, &catalogue, &[], now);
    let event = Event::Advisory(advisory.clone());
    let occasion = Occasion {
        milestone: "discovery".to_owned(),
        ..Occasion::default()
    };
    let said = previewed::of(app, &catalogue, (&event, &occasion), &changes.add, now).await?;
    Ok(Preview {
        said,
        reach: reach::whole(app, &event).await?,
        answer: Answer {
            notices: told_by(&changes),
            advisory,
            version: 0,
        },
    })
}

/// A report, with what was found in its words.
async fn parse(app: &App, node: &Node, catalogue: &Catalogue) -> Result<(Report, Guard)> {
    let node = under("advisory", node);
    let typed = field(&node, "advisory").unwrap_or(&node);
    let texts = [(String::new(), node.clone())];
    let read = Documents::read(&texts, catalogue, "MNT-0").map_err(ApiError::from);
    let missing = || Invalid::one("advisory", "is missing").into();
    let read = read.and_then(|documents| documents.advisory.ok_or_else(missing));
    let read = with_its_time(read, "advisory.", typed, catalogue, app.clock.now());
    let guard = Guard::of(app, typed, "advisory.").await?;
    Ok((guard.beside(read)?, guard))
}

/// What was said, if the time of the next word that it promises can be: also where nothing else of it can be read.
fn with_its_time<T>(
    said: Result<T>,
    path: &str,
    typed: &Node,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<T> {
    let mut problems = Problems::default();
    let said = gathered(said, &mut problems)?;
    // What else is wrong with it was said where it was read.
    let elsewhere = &mut Problems::default();
    let given = NewPromise::read(typed, "", elsewhere).map(|(promise, _)| promise);
    if let Err(ApiError::Invalid(invalid)) = next_word(given, catalogue, now) {
        for problem in invalid.problems {
            problems.add(format!("{path}{}", problem.field), None, problem.problem);
        }
    }
    match said {
        Some(said) if problems.0.is_empty() => Ok(said),
        _ => Err(problems.refused(typed).into()),
    }
}

fn discovered(
    mut report: Report,
    id: Id,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Advisory> {
    let next = next_word(report.next_update, catalogue, now)?;
    let name = |id: &Id| {
        let found = catalogue.services.iter().find(|s| s.id == *id);
        found.map_or(id.to_string(), |s| s.name.clone())
    };
    let names: Vec<String> = report.services.iter().map(name).collect();
    let title = report.title.take();
    let title = title.unwrap_or_else(|| format!("Fault in {}", names.join(", ")));
    Ok(Advisory::discover(report, id, title, next, now))
}

fn next_word(
    given: Option<NewPromise>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let due = given.map(|given| promised(given, catalogue, now));
    Ok(due.transpose()?)
}

/// Makes a fault known; the discovery is told at once.
///
/// # Errors
/// Everything that is wrong with the report, or an id that exists already.
pub async fn create(app: &App, caller: &Caller, posted: &Posted) -> Result<Answer> {
    let posted = posted.without_undo("the first word about a fault goes out at once");
    let catalogue = app.store.catalogue().await?;
    // An id is only used up once the report is sound.
    let (report, guard) = posted.with(parse(app, &posted.node, &catalogue).await)?;
    let now = app.clock.now();
    let id = match &report.id {
        Some(id) => id.clone(),
        None => {
            let fresh = app.store.fresh_event_id("ADV").await?;
            Id::parse(&fresh).map_err(|p| Invalid::one("id", p))?
        }
    };
    let advisory = discovered(report, id, &catalogue, now)?;
    let detail = json!({"title": advisory.title, "services": advisory.services, "severity": advisory.severity});
    let entry = Entry::new(&caller.actor, "advisory.reported", advisory.id.as_str())
        .with(guard.on_record(detail));
    let told = (0, vec![entry], (posted.sending, now));
    publish(app, caller, &catalogue, advisory, told).await
}

/// Makes a word of the advisory as it is and publishes it; looks again where somebody else was faster, unless whoever says it
/// has said which version they saw.
async fn say(
    app: &App,
    caller: &Caller,
    id: &str,
    (version, guard, sending): (Option<i64>, Guard, Sending),
    change: impl Fn(Advisory, &Catalogue, Timestamp) -> Result<(&'static str, Advisory)>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (before, sequence) = load(app, id).await?;
        if let Some(seen) = version.filter(|version| *version != sequence) {
            return Err(ApiError::Conflict(format!(
                "{id} was changed meanwhile; it is at version {sequence} and you saw {seen}: look at it again"
            )));
        }
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        // The engine puts a broken promise on record; where it was away, who comes late does.
        let lapsed = before
            .lapsed(now)
            .map(|promise| Entry::new(&caller.actor, BROKEN, id).with(before.breach(promise, now)));
        let broken = lapsed.is_some();
        // It is dated from when it is told.
        let told = before.told_from(sending.from(app, now).await?, now);
        let (action, advisory) = change(before.clone(), &catalogue, told)?;
        let advisory = advisory.undoable(before, told, now);
        let mut detail = json!({"next_update_at": advisory.promise().map(|p| p.due)});
        if let Some(until) = advisory.waits_until(now) {
            detail["undo_until"] = json!(until);
        }
        let entry = Entry::new(&caller.actor, action, id).with(guard.on_record(detail));
        let entries: Vec<Entry> = lapsed.into_iter().chain([entry]).collect();
        let told = (sequence, entries, (sending, told));
        match publish(app, caller, &catalogue, advisory, told).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            Err(error) => return Err(error),
            Ok(answer) => {
                metrics::counter!("forewarn_promises_broken_total").increment(broken.into());
                return Ok(answer);
            }
        }
    }
}

/// Publishes the newest word, which is told from `at` on; who asked for the fix hears the end.
async fn publish(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    advisory: Advisory,
    (expected, entries, (sending, at)): (i64, Vec<Entry>, (Sending, Timestamp)),
) -> Result<Answer> {
    let (stored, _) = app.store.planned(advisory.id.as_str()).await?;
    let (advisory, mut changes) = publish_word(advisory, catalogue, &stored, at);
    let asked = reminders(advisory.id.as_str(), &changes.add, catalogue);
    changes.add.extend(asked);
    let ready = Ready {
        advisory,
        expected,
        changes,
        again: false,
        entries,
        sending: Some(sending),
    };
    ready.publish(app, caller, &[]).await
}

/// An advisory that is about to be published, with all that changes.
struct Ready {
    advisory: Advisory,
    expected: i64,
    changes: Changes,
    /// The newest word is told once more, and no new one.
    again: bool,
    entries: Vec<Entry>,
    /// How it goes out; nobody is asked where somebody is only caught up.
    sending: Option<Sending>,
}

impl Ready {
    async fn publish(self, app: &App, caller: &Caller, beside: &[Beside]) -> Result<Answer> {
        let newest = match self.again {
            true => self.advisory.told_last(),
            false => self.advisory.updates.last(),
        };
        let occasion = Occasion {
            update: newest.map(|w| w.number),
            again: self.again,
            ..Occasion::default()
        };
        let status = match (self.again, self.expected) {
            (false, 0) => 201,
            (false, _) => status_of(&self.advisory),
            (true, _) => 200,
        };
        let event = Event::Advisory(self.advisory.clone());
        let (told, consent) = (&self.changes.add, Consent::default());
        if let Some(sending) = self.sending {
            sending.check(app, &event, told).await?;
        }
        silent::refuse(app, &event, told, &occasion).await?;
        let (given, awaiting) =
            approval::at_once(app, caller, &event, told, &occasion, &consent).await?;
        let mut beside = beside.to_vec();
        beside.push(Beside::Approved(given));
        let notices = told_by(&self.changes);
        let (advisory, changes) = match awaiting.is_empty() || self.again {
            true => (self.advisory, self.changes),
            false => held::as_heard(app, self.advisory, self.changes).await?,
        };
        let answer = Answer {
            notices,
            version: self.expected + 1,
            advisory,
        };
        let event = Event::Advisory(answer.advisory.clone());
        let published = Published {
            event: &event,
            expected: self.expected,
            changes: &changes,
            occasion: &occasion,
            awaiting: &awaiting,
            entries: &self.entries,
            plan: None,
            answer: kept(caller, status, &answer.json()),
        };
        let now = app.clock.now();
        app.store
            .publish_together(&[published], &beside, now)
            .await?;
        if !awaiting.is_empty() {
            approval::settle(app, &event, &caller.actor).await?;
        }
        Ok(answer)
    }
}

/// A further word is something new; that it is closed is a change.
fn status_of(advisory: &Advisory) -> i64 {
    match advisory.status.is_open() {
        true => 201,
        false => 200,
    }
}

fn told_by(changes: &Changes) -> Vec<Notice> {
    let told = changes.add.iter().filter(|n| !is_team_notice(&n.milestone));
    told.cloned().collect()
}

/// Takes the newest word back before anybody was told: as if it had never been said. Its text is the draft of whoever takes it back, and
/// the promise before it has its timers again.
///
/// # Errors
/// When it has gone out already, or was said without time to undo it.
pub async fn undo(app: &App, caller: &Caller, id: &str) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (advisory, expected) = load(app, id).await?;
        let now = app.clock.now();
        let said = advisory.updates.last().cloned();
        let before = advisory.undo(now)?;
        let number = said.as_ref().map(|word| word.number);
        let catalogue = app.store.catalogue().await?;
        let ready = Ready {
            changes: unsaid(app, &before, number, &catalogue).await?,
            entries: vec![Entry::new(&caller.actor, "advisory.undone", id).with(
                json!({"update": number, "status": before.status, "next_update_at": before.promise().map(|p| p.due)}),
            )],
            advisory: before,
            expected,
            again: true,
            sending: None,
        };
        let beside = Beside::Unsaid {
            event: id.to_owned(),
            author: caller.actor.clone(),
            text: said.and_then(|word| word.text).unwrap_or_default(),
        };
        match ready.publish(app, caller, &[beside]).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// What the word of this number was to tell is withdrawn, and the promise before it stands again.
async fn unsaid(
    app: &App,
    before: &Advisory,
    number: Option<u32>,
    catalogue: &Catalogue,
) -> Result<Changes> {
    let (stored, _) = app.store.planned(before.id.as_str()).await?;
    let mut changes = owners_reminded_again(before, catalogue, &stored, app.clock.now());
    for notice in stored.iter().filter(|s| s.open) {
        let occasion = app.store.notice_occasion(&notice.id).await?;
        let kept =
            changes.add.iter().any(|n| n.id == notice.id) || changes.withdrawn.contains(&notice.id);
        if !kept && occasion.is_some_and(|o| o.update == number && !o.again) {
            changes.withdrawn.push(notice.id.clone());
        }
    }
    Ok(changes)
}

/// Somebody agrees to what waits for a person's word: a word that owners must agree to, or what a restore held back. `node` is as
/// for a maintenance.
///
/// # Errors
/// When there is no advisory of this id, nothing of it waits, or somebody else must agree.
pub async fn approve(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<(Advisory, i64)> {
    held::put_on_record(app, caller, id).await?;
    let (advisory, sequence) = load(app, id).await?;
    let now = app.clock.now();
    held::can_be_told(&advisory, now)?;
    let consent = read(node, |node, problems| {
        Consent::read(node, &caller.actor, now, problems)
    })?;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let event = Event::Advisory(advisory.clone());
    let waiting = approval::waiting(app, &event).await?;
    if waiting.approved && app.store.notices(&held, 1).await?.is_empty() {
        let refused = advisory.refuse(advisory.status);
        return Err(refused.cannot("be approved: nothing of it waits").into());
    }
    approval::agree(app, caller, &event, sequence, &waiting, &consent).await?;
    load(app, id).await
}

/// The advisory and its version.
///
/// # Errors
/// When there is none.
pub async fn load(app: &App, id: &str) -> Result<(Advisory, i64)> {
    match app.store.event(id).await? {
        Some(StoredEvent {
            event: Event::Advisory(advisory),
            sequence,
            ..
        }) => Ok((advisory, sequence)),
        _ => Err(ApiError::NotFound(format!("advisory {id}"))),
    }
}

/// Adds somebody to an open advisory: they get the newest word at once, and all that come.
///
/// # Errors
/// When it is closed, or what is added does not exist.
pub async fn add(app: &App, caller: &Caller, id: &str, addition: &Addition) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut advisory, expected) = load(app, id).await?;
        if !advisory.status.is_open() {
            let act = "have people added: only what is open can, and stays so";
            let refused = advisory.refuse(advisory::Status::Open);
            return Err(refused.cannot(act).into());
        }
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        let mut added = advisory.added.clone();
        let new = recipient::put(caller, id, addition, &mut added)?;
        advisory.added = added;
        advisory.told.extend(Id::parse(&new.audience).ok());
        let notice = catch_up_on_advisory(&advisory, &new.audience, &new.key, &catalogue, now);
        let detail = new.detail.clone();
        let ready = Ready {
            advisory,
            expected,
            changes: Changes {
                add: notice.into_iter().collect(),
                ..Changes::default()
            },
            again: true,
            entries: vec![Entry::new(&caller.actor, "advisory.recipient_added", id).with(detail)],
            sending: None,
        };
        match ready.publish(app, caller, &new.beside()).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}
