//! Who must agree to what an event's notices say, and who does. An approval holds the hash of the words, and the engine sends no
//! other words ([`forewarn_core::approval`]).

use super::silent;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::approval::{
    APPROVAL_LINK, Consent, Given, Need, Standing, Wording, approvers, ask, needs, standing,
};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::{Catalogue, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::derive;
use forewarn_core::incident::is_same_person;
use forewarn_core::maintenance::Status;
use forewarn_core::message::Sheet;
use forewarn_core::plan::{Changes, Notice, REQUESTERS, owners_reminded_again, timers_again};
use forewarn_core::policy::{self, Approver};
use forewarn_core::promise::Thread;
use forewarn_core::service::affected;
use forewarn_core::template::Template;
use forewarn_store::{
    Approval, Entry, EventFilter, NoticeFilter, NoticeRow, Published, Reached, Role,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// More open notices than any plan has.
const MOST: i64 = 5_000;

/// More open events than any organisation has.
const MOST_EVENTS: i64 = 5_000;

/// One of the texts of a notice, as it goes out.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    /// Who reads it in this way.
    pub level: Level,
    /// By which channel.
    pub channel: Channel,
    /// In which language.
    pub language: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as a fragment of HTML.
    pub html: String,
}

/// A notice that somebody must agree to.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// The notice.
    pub notice: String,
    /// Which notice of its event.
    pub milestone: String,
    /// Its place: `5bd`.
    pub offset: Option<String>,
    /// Who is told.
    pub audience: String,
    /// When it is due.
    pub due: Timestamp,
    /// `planned` or `awaiting_approval`.
    pub status: String,
    /// The hash of all that it says.
    pub hash: String,
    /// Who must agree.
    pub needed: Vec<Need>,
    /// Who agreed to these words.
    pub given: Vec<Given>,
    /// Whether it may go out.
    #[serde(flatten)]
    pub standing: Standing,
    /// What it says.
    pub texts: Vec<Text>,
}

/// All of an event that somebody must agree to.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// The event.
    pub event: String,
    /// The hash of all notices together: who approves can say which words they saw.
    pub hash: String,
    /// How many mailboxes, telephones and programs they reach together.
    pub recipients: i64,
    /// So many that whoever approves must give the number.
    pub count_needed: bool,
    /// Nothing waits for anybody.
    pub approved: bool,
    /// The notices.
    pub notices: Vec<Item>,
}

/// What a notice is worked out from.
struct Asked {
    id: String,
    occasion: Occasion,
    audience: String,
    level: Level,
    channels: Vec<Channel>,
    due: Timestamp,
    status: String,
}

/// What all notices of an event are worked out from.
struct Desk<'a> {
    event: &'a Event,
    catalogue: &'a Catalogue,
    templates: &'a [Template],
    public_url: &'a str,
    given: &'a [Approval],
}

impl Desk<'_> {
    fn item(&self, asked: &Asked) -> Option<Item> {
        let needed = needs(self.event, &asked.audience, &asked.occasion, self.catalogue);
        if needed.is_empty() {
            return None;
        }
        let named = self.catalogue.audiences.iter();
        let audience = named.clone().find(|a| a.id == *asked.audience);
        let mut content = self.event.content(
            &asked.occasion,
            audience,
            self.catalogue,
            self.public_url,
            asked.due,
        );
        content.requested = asked.audience == REQUESTERS;
        let sheet = Sheet::new(
            &asked.audience,
            asked.level,
            &asked.channels,
            self.catalogue,
            self.templates,
        );
        let texts = sheet.texts(&content, self.templates).into_iter();
        let mut seen = BTreeSet::new();
        let texts = texts
            .filter(|(v, m)| seen.insert((v.level, v.channel, m.language.clone())))
            .map(|(variant, message)| Text {
                level: variant.level,
                channel: variant.channel,
                language: message.language,
                subject: message.subject,
                text: message.text,
                html: message.html,
            })
            .collect();
        let hash = Wording::of(&content, sheet, self.templates).hash;
        let other = |a: &&Approval| a.notice == asked.id && a.given.hash != hash;
        let before = self.given.iter().any(|a| other(&a));
        let all: Vec<Given> = self.given.iter().map(|a| a.given.clone()).collect();
        Some(Item {
            notice: asked.id.clone(),
            milestone: asked.occasion.milestone.clone(),
            offset: asked.occasion.offset.clone(),
            audience: asked.audience.clone(),
            due: asked.due,
            status: asked.status.clone(),
            standing: standing(&needed, &hash, &all, before),
            given: all.into_iter().filter(|g| g.hash == hash).collect(),
            needed,
            hash,
            texts,
        })
    }
}

/// The event as its notices tell of it: once people hear of work, it is scheduled.
fn told(event: &Event) -> Event {
    match event {
        Event::Maintenance(m) if m.status == Status::AwaitingApproval => {
            let mut m = m.clone();
            m.status = Status::Scheduled;
            Event::Maintenance(m)
        }
        other => other.clone(),
    }
}

/// Whether anybody must agree to anything, by the event's policy.
fn is_asked_for(event: &Event, catalogue: &Catalogue) -> bool {
    let policy = policy::of_event(event, &catalogue.policies);
    policy.is_some_and(|p| p.approval.values().any(|roles| !roles.is_empty()))
}

async fn items(app: &App, event: &Event, asked: &[Asked]) -> Result<Vec<Item>> {
    let catalogue = app.store.catalogue().await?;
    let seen = event.added().map(|added| added.over(&catalogue));
    let desk = Desk {
        event: &told(event),
        catalogue: seen.as_deref().unwrap_or(&catalogue),
        templates: &app.store.templates().await?,
        public_url: &app.public_url,
        given: &app.store.approvals(event.id().as_str()).await?,
    };
    Ok(asked.iter().filter_map(|a| desk.item(a)).collect())
}

/// The event's notices that have not begun, as they are stored.
async fn open(app: &App, event: &Event) -> Result<Vec<Asked>> {
    let mut all = Vec::new();
    for status in ["planned", "awaiting_approval"] {
        let filter = NoticeFilter {
            event: Some(event.id().to_string()),
            status: Some(status.into()),
            ..NoticeFilter::default()
        };
        for notice in app.store.notices(&filter, MOST).await? {
            let occasion = app.store.notice_occasion(&notice.id).await?;
            all.push(asked_by(notice, occasion.unwrap_or_default()));
        }
    }
    all.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    Ok(all)
}

fn asked_by(notice: NoticeRow, occasion: Occasion) -> Asked {
    Asked {
        id: notice.id,
        occasion,
        audience: notice.audience,
        level: notice.level,
        channels: notice.channels,
        due: notice.due,
        status: notice.status,
    }
}

/// All of an event that somebody must agree to, with what it says and to how many.
///
/// # Errors
/// When the store cannot be read.
pub async fn waiting(app: &App, event: &Event) -> Result<Waiting> {
    let catalogue = app.store.catalogue().await?;
    let notices = match is_asked_for(event, &catalogue) {
        true => items(app, event, &open(app, event).await?).await?,
        false => Vec::new(),
    };
    let mut hashes: Vec<&str> = notices.iter().map(|n| n.hash.as_str()).collect();
    hashes.sort_unstable();
    let told = notices.iter().map(|n| n.audience.as_str()).collect();
    let recipients = reached(app, event, &catalogue, &told).await?;
    Ok(Waiting {
        event: event.id().to_string(),
        hash: derive(&hashes),
        recipients,
        count_needed: recipients > catalogue.organisation.confirm_above(),
        approved: notices.iter().all(|n| n.standing.is_approved()),
        notices,
    })
}

/// The same by the event's id.
///
/// # Errors
/// When there is no such event.
pub async fn of(app: &App, id: &str) -> Result<Waiting> {
    let found = app.store.event(id).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("event {id}")))?;
    waiting(app, &found.event).await
}

/// How many mailboxes, telephones and programs these audiences are together, as far as they use what the event is about.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn reached(
    app: &App,
    event: &Event,
    catalogue: &Catalogue,
    told: &BTreeSet<&str>,
) -> Result<i64> {
    let seen = event.added().map(|added| added.over(catalogue));
    let catalogue = seen.as_deref().unwrap_or(catalogue);
    let services = affected(&event.services(), &catalogue.services);
    let audiences = catalogue.audiences.iter();
    let asked: Vec<Reached> = audiences
        .filter(|a| told.contains(a.id.as_str()))
        .map(|audience| super::reach::of(event, audience, &services, catalogue))
        .collect();
    match asked.is_empty() {
        true => Ok(0),
        false => Ok(app.store.reach(&asked).await?.1),
    }
}

/// Refuses whoever saw other words, or did not say to how many a wide audience they go; and what would say nothing to somebody.
///
/// # Errors
/// Says what is different, which text is empty, or which number is to be given.
pub fn check(waiting: &Waiting, consent: &Consent) -> Result<()> {
    if consent.hash.as_ref().is_some_and(|h| *h != waiting.hash) {
        return Err(ApiError::Conflict(format!(
            "what the notices of {} say was changed after you looked; look at it again",
            waiting.event
        )));
    }
    // Where it cannot wait, the others hear of it all the same.
    if consent.overridden.is_none() {
        silent::check(waiting)?;
    }
    if waiting.count_needed && consent.recipients != Some(waiting.recipients) {
        return Err(ApiError::CountNeeded(waiting.recipients));
    }
    Ok(())
}

/// As what somebody agrees to a notice: in the roles they have for it, an administrator in all of them.
fn roles(caller: &Caller, needed: &[Need]) -> Vec<Approver> {
    let has = |need: &&Need| {
        let holders = &need.holders;
        caller.role >= Role::Administrator
            // Nobody is named: whoever runs events.
            || (holders.is_empty() && caller.role >= Role::Operator)
            || holders
                .iter()
                .any(|holder| is_same_person(holder.as_str(), &caller.actor))
    };
    needed.iter().filter(has).map(|need| need.role).collect()
}

fn signed(
    app: &App,
    caller: &Caller,
    event: &str,
    item: &Item,
    consent: &Consent,
) -> Vec<Approval> {
    let roles: Vec<Option<Approver>> = match &consent.overridden {
        Some(_) => vec![None],
        None => roles(caller, &item.needed).into_iter().map(Some).collect(),
    };
    let by = consent.overridden.as_ref().map(|o| o.by.clone());
    let approval = |role| Approval {
        event: event.to_owned(),
        notice: item.notice.clone(),
        given: Given {
            hash: item.hash.clone(),
            role,
            by: by.clone().unwrap_or_else(|| caller.actor.clone()),
            at: app.clock.now(),
            reason: consent.overridden.as_ref().map(|o| o.reason.clone()),
        },
    };
    roles.into_iter().map(approval).collect()
}

/// What somebody signs, and whether nobody else must agree then.
///
/// # Errors
/// When they may not agree to anything of it.
pub fn sign(
    app: &App,
    caller: &Caller,
    waiting: &Waiting,
    consent: &Consent,
) -> Result<(Vec<Approval>, bool)> {
    let mut given = Vec::new();
    let mut complete = true;
    for item in &waiting.notices {
        let own = signed(app, caller, &waiting.event, item, consent);
        let mut all: Vec<Given> = item.given.clone();
        all.extend(own.iter().map(|a| a.given.clone()));
        complete &= standing(&item.needed, &item.hash, &all, false).is_approved();
        given.extend(own);
    }
    if given.is_empty() && !waiting.approved {
        let holders = waiting.notices.iter().flat_map(|n| &n.needed);
        let names: BTreeSet<&str> = holders
            .flat_map(|need| need.holders.iter().map(|h| h.as_str()))
            .collect();
        let names: Vec<&str> = names.into_iter().collect();
        return Err(ApiError::Forbidden(format!(
            "{} must agree; where it cannot wait, give \"override\": {{\"reason\": ...}}",
            names.join(" or ")
        )));
    }
    Ok((given, complete))
}

/// A notice that is about to be stored.
fn asked_of(notice: &Notice, occasion: &Occasion) -> Asked {
    Asked {
        id: notice.id.clone(),
        occasion: Occasion {
            milestone: notice.milestone.clone(),
            offset: notice.offset.clone(),
            ..occasion.clone()
        },
        audience: notice.audience.clone(),
        level: notice.level,
        channels: notice.channels.clone(),
        due: notice.due,
        status: "planned".into(),
    }
}

/// What they sign of notices as they are planned now, which may be others than those that are stored: time has passed.
///
/// # Errors
/// When the store cannot be read.
pub async fn sign_planned(
    app: &App,
    caller: &Caller,
    event: &Event,
    planned: &[Notice],
    occasion: &Occasion,
    consent: &Consent,
) -> Result<Vec<Approval>> {
    let mut asked = open(app, event).await?;
    let known: BTreeSet<String> = asked.iter().map(|a| a.id.clone()).collect();
    let new = planned.iter().filter(|n| !known.contains(&n.id));
    asked.extend(new.map(|n| asked_of(n, occasion)));
    let items = items(app, event, &asked).await?;
    let event = event.id().as_str();
    let all = items
        .iter()
        .flat_map(|item| signed(app, caller, event, item, consent));
    Ok(all.collect())
}

/// Of notices that are told at once: what is signed by saying it, which is what an owner says or an override, and the audiences that
/// wait until somebody else agrees.
///
/// # Errors
/// When the store cannot be read.
pub async fn at_once(
    app: &App,
    caller: &Caller,
    event: &Event,
    told: &[Notice],
    occasion: &Occasion,
    consent: &Consent,
) -> Result<(Vec<Approval>, BTreeSet<String>)> {
    let catalogue = app.store.catalogue().await?;
    if !is_asked_for(event, &catalogue) {
        return Ok((Vec::new(), BTreeSet::new()));
    }
    let asked: Vec<Asked> = told.iter().map(|n| asked_of(n, occasion)).collect();
    let (mut given, mut awaiting) = (Vec::new(), BTreeSet::new());
    let owner = |need: &&Need| {
        let mut holders = need.holders.iter();
        holders.any(|holder| is_same_person(holder.as_str(), &caller.actor))
    };
    for mut item in items(app, event, &asked).await? {
        let whole = item.needed.clone();
        if consent.overridden.is_none() {
            // An administrator who writes it has not been asked as an owner.
            item.needed = whole.iter().filter(owner).cloned().collect();
        }
        let own = signed(app, caller, event.id().as_str(), &item, consent);
        let mut all = item.given.clone();
        all.extend(own.iter().map(|a| a.given.clone()));
        if !standing(&whole, &item.hash, &all, false).is_approved() {
            awaiting.insert(item.audience.clone());
        }
        given.extend(own);
    }
    Ok((given, awaiting))
}

/// Somebody agrees to what waits of an incident or advisory. Once everybody did that must, it goes out.
///
/// # Errors
/// When they may not, saw other words, or somebody else changed it meanwhile.
pub async fn agree(
    app: &App,
    caller: &Caller,
    event: &Event,
    sequence: i64,
    waiting: &Waiting,
    consent: &Consent,
) -> Result<()> {
    check(waiting, consent)?;
    let (given, complete) = sign(app, caller, waiting, consent)?;
    let id = event.id().as_str();
    let action = match event {
        Event::Advisory(_) => "advisory.approved",
        Event::Announcement(_) => "announcement.approved",
        _ => "incident.approved",
    };
    let mut entry = Entry::new(&caller.actor, action, id);
    if !given.is_empty() {
        let roles: BTreeSet<_> = given.iter().map(|a| a.given.role).collect();
        entry =
            entry.with(json!({"as": roles, "hash": waiting.hash, "override": consent.overridden}));
    }
    let now = app.clock.now();
    match event {
        _ if !complete => app.store.agree(&given, entry, now).await?,
        Event::Incident(_) | Event::Advisory(_) if waits_to_be_told(event) => {
            let entries = [entry];
            told_now(app, event, sequence, (&given, &entries), now).await?
        }
        _ => {
            let store = &app.store;
            store.approve(event, sequence, &given, entry, now).await?
        }
    }
    Ok(())
}

fn waits_to_be_told(event: &Event) -> bool {
    match event {
        Event::Incident(incident) => incident.waits(),
        Event::Advisory(advisory) => advisory.waits(),
        Event::Maintenance(_) | Event::Announcement(_) | Event::Window(_) | Event::Reminder(_) => {
            false
        }
    }
}

/// People are told an update that waited: it keeps the promise that they know, or comes late, and its own has timers from now on.
async fn told_now(
    app: &App,
    event: &Event,
    sequence: i64,
    (given, entries): (&[Approval], &[Entry]),
    now: Timestamp,
) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    let (stored, _) = app.store.planned(event.id().as_str()).await?;
    let (event, changes, update) = match event.clone() {
        Event::Incident(incident) => {
            let incident = incident.let_go(now);
            let changes = timers_again(&incident, &catalogue, &stored, now);
            let update = incident.told_last().map(|update| update.number);
            (Event::Incident(incident), changes, update)
        }
        Event::Advisory(advisory) => {
            let advisory = advisory.let_go(now);
            let changes = owners_reminded_again(&advisory, &catalogue, &stored, now);
            let update = advisory.told_last().map(|word| word.number);
            (Event::Advisory(advisory), changes, update)
        }
        other => (other, Changes::default(), None),
    };
    let occasion = Occasion {
        update,
        ..Occasion::default()
    };
    let published = Published {
        event: &event,
        expected: sequence,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries,
        plan: None,
        answer: None,
    };
    Ok(app.store.publish_approved(published, given, now).await?)
}

/// Whether this notice waits for somebody to agree who can.
pub fn waits_for(item: &Item, caller: &Caller) -> bool {
    let theirs = roles(caller, &item.needed);
    item.standing
        .missing
        .iter()
        .any(|role| theirs.contains(role))
}

/// What a link in the notice that asks for approval leads to: the event, and who approves by it.
///
/// # Errors
/// When the store cannot be read.
pub async fn by_token(app: &App, token: &str) -> Result<Option<(Event, Caller)>> {
    let Some(text) = app.key.unseal(APPROVAL_LINK, token) else {
        return Ok(None);
    };
    let Some((event, address)) = text.split_once(' ') else {
        return Ok(None);
    };
    let Some(stored) = app.store.event(event).await? else {
        return Ok(None);
    };
    // Who was an owner when the link was sent may be none any more.
    let catalogue = app.store.catalogue().await?;
    let holders = approvers(&stored.event, &catalogue);
    if !holders.iter().any(|h| is_same_person(h.as_str(), address)) {
        return Ok(None);
    }
    let caller = Caller {
        actor: address.to_owned(),
        role: Role::Viewer,
        session: None,
        key: None,
    };
    Ok(Some((stored.event, caller)))
}

/// Approves whatever kind of event it is.
///
/// # Errors
/// As the operation of its kind.
pub async fn approve(app: &App, caller: &Caller, event: &Event, node: &Node) -> Result<()> {
    let id = event.id().as_str();
    match event {
        Event::Maintenance(_) => drop(super::maintenance::approve(app, caller, id, node).await?),
        Event::Advisory(_) => drop(super::advisory::approve(app, caller, id, node).await?),
        Event::Announcement(_) => drop(super::announcement::approve(app, caller, id, node).await?),
        _ => drop(super::incident::approve(app, caller, id, node).await?),
    }
    Ok(())
}

/// After a change: notices whose words nobody agreed to wait from now on, each with the reason on record. The engine would not
/// send them either; this says so before they are due.
///
/// # Errors
/// When the store cannot be used.
pub async fn settle(app: &App, event: &Event, actor: &str) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    settle_by(app, &catalogue, event, actor).await
}

/// The same for every event that is not over.
///
/// # Errors
/// When the store cannot be used.
pub async fn settle_all(app: &App, actor: &str) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    let open = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    for stored in app.store.events(&open, MOST_EVENTS).await? {
        settle_by(app, &catalogue, &stored.event, actor).await?;
    }
    Ok(())
}

async fn settle_by(app: &App, catalogue: &Catalogue, event: &Event, actor: &str) -> Result<()> {
    if !is_asked_for(event, catalogue) {
        return Ok(());
    }
    let waiting = waiting(app, event).await?;
    if waiting.approved {
        return Ok(());
    }
    let now = app.clock.now();
    if let Some(asked) = ask(event, &waiting.hash, catalogue, now) {
        app.store.ask(event, &asked).await?;
    }
    if matches!(event, Event::Maintenance(m) if m.status == Status::AwaitingApproval) {
        return Ok(());
    }
    let held: Vec<(String, String)> = waiting
        .notices
        .iter()
        .filter(|i| i.status == "planned" && !i.standing.is_approved())
        .map(|i| (i.notice.clone(), i.standing.because()))
        .collect();
    let event = event.id().as_str();
    app.store.hold_notices(event, &held, actor, now).await?;
    Ok(())
}
