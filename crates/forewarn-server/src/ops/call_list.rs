//! The call list of an incident: who is to be called, what is said to them, who was reached; who was not is reached in another way.
//!
//! What came of each call stands in the journal and nowhere else, so that nothing is ever written over.

use super::{AGAIN, incident, overtaken, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::call_list::{self, CallOutcome, Callee, NEXT_METHODS, Tick, callees, key_of};
use forewarn_core::contact::Channel;
use forewarn_core::delivery::Receipt;
use forewarn_core::document::{Catalogue, Node};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::Incident;
use forewarn_core::plan::Changes;
use forewarn_core::problem::unknown;
use forewarn_store::{DeliveryFilter, Entry, Published, StoredEvent};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// In the journal: somebody was called.
const CALLED: &str = "incident.called";
/// More entries of an incident than it ever has.
const JOURNAL: i64 = 10_000;

/// What came of the last attempt to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Called {
    /// How it came out.
    pub outcome: CallOutcome,
    /// What was said of it.
    pub note: Option<String>,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody on the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// By what they are ticked off: the contact's id, or what stands for one who is none.
    pub contact: String,
    /// Their name.
    pub name: String,
    /// Their number, if they have one.
    pub number: Option<String>,
    /// The service that wants them called.
    pub service: String,
    /// What is said to them.
    pub script: String,
    /// What came of the last call.
    pub last: Option<Called>,
    /// Where the messages and calls stand that were sent to them by themselves: channel and status.
    pub automatic: Vec<(String, String)>,
    /// By which channels they are tried when they do not answer.
    pub otherwise: Vec<Channel>,
    /// They are to be called next: the first who was not reached and for whom nothing else is under way.
    pub next: bool,
}

/// The call list of an incident as it stands.
///
/// # Errors
/// When there is no such incident.
pub async fn list(app: &App, id: &str) -> Result<Vec<Line>> {
    let incident = incident::show(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let templates = app.store.templates().await?;
    let said = said(app, id).await?;
    let filter = DeliveryFilter {
        event: Some(id.to_owned()),
        ..DeliveryFilter::default()
    };
    let deliveries = app.store.deliveries(&filter, 10_000).await?;
    let now = app.clock.now();
    let mut lines = Vec::new();
    for (service, callee) in callees(&incident, &catalogue) {
        let key = callee.key();
        let reach = reach(app, callee).await?;
        let theirs = deliveries.iter().filter(|d| {
            d.contact == key
                || reach
                    .number
                    .as_ref()
                    .is_some_and(|n| d.contact == format!("address:{n}"))
        });
        let script = call_list::script(
            &incident,
            &key,
            &catalogue,
            &templates,
            &app.public_url,
            now,
        );
        let last = said
            .iter()
            .find(|(of, _)| *of == key)
            .map(|(_, called)| called.clone());
        lines.push(Line {
            name: reach.name.clone(),
            number: reach.number.clone(),
            service: service.to_string(),
            script,
            last,
            automatic: theirs
                .map(|d| (d.channel.as_str().to_owned(), d.status.as_str().to_owned()))
                .collect(),
            otherwise: NEXT_METHODS
                .into_iter()
                .filter(|m| reach.methods.contains(m))
                .collect(),
            next: false,
            contact: key,
        });
    }
    let open = lines.iter_mut().find(|line| line.last.is_none());
    if let Some(line) = open.filter(|_| incident.status.is_open()) {
        line.next = true;
    }
    Ok(lines)
}

/// How somebody can be reached.
pub(super) struct Reachable {
    pub(super) name: String,
    pub(super) number: Option<String>,
    methods: Vec<Channel>,
}

pub(super) async fn reach(app: &App, callee: &Callee) -> Result<Reachable> {
    let number = |n: &forewarn_core::contact::PhoneNumber| n.as_str().to_owned();
    let Some(id) = &callee.contact else {
        return Ok(Reachable {
            name: callee.name.clone().unwrap_or_default(),
            number: callee.number.as_ref().map(number),
            methods: vec![Channel::Voice, Channel::Sms],
        });
    };
    let found = app.store.contact(id.as_str()).await?;
    let contact = found.map(|row| row.contact);
    let endpoints = contact.iter().flat_map(|c| &c.endpoints);
    let of = |channel: Channel| {
        let mut all = endpoints.clone();
        all.find(|e| e.channel() == channel)
            .map(|e| e.address().to_owned())
    };
    Ok(Reachable {
        name: contact
            .as_ref()
            .and_then(|c| c.name.clone())
            .unwrap_or_else(|| id.to_string()),
        number: of(Channel::Voice).or_else(|| of(Channel::Sms)),
        methods: endpoints.clone().map(|e| e.channel()).collect(),
    })
}

/// What was said of calls, the newest first.
async fn said(app: &App, id: &str) -> Result<Vec<(String, Called)>> {
    let entries = app.store.journal(Some(id), None, JOURNAL).await?;
    let calls = entries.into_iter().filter(|e| e.action == CALLED);
    let read = calls.filter_map(|entry| {
        let text = |name: &str| entry.detail[name].as_str().map(str::to_owned);
        let called = Called {
            outcome: CallOutcome::parse(&text("outcome")?).ok()?,
            note: text("note"),
            by: entry.actor.clone(),
            at: entry.at,
        };
        Some((text("contact")?, called))
    });
    Ok(read.collect())
}

/// Ticks somebody off. Whoever was not reached is sent a text message, and when that was tried already, a mail.
///
/// # Errors
/// When there is no such incident or nobody of this id on its list, or it is over.
pub async fn tick(
    app: &App,
    caller: &Caller,
    id: &str,
    key: &str,
    node: &Node,
) -> Result<Vec<Line>> {
    load(app, id).await?;
    let tick = read(node, |node, problems| Tick::read(node, "", problems))?;
    note(app, &caller.actor, id, key, &tick).await?;
    list(app, id).await
}

async fn note(app: &App, actor: &str, id: &str, key: &str, tick: &Tick) -> Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (incident, sequence) = load(app, id).await?;
        let catalogue = app.store.catalogue().await?;
        let on_list = callees(&incident, &catalogue);
        let Some((_, callee)) = on_list.iter().find(|(_, c)| c.key() == key) else {
            let keys: Vec<String> = on_list.iter().map(|(_, c)| c.key()).collect();
            return Err(ApiError::NotFound(unknown(
                "call",
                key,
                keys.iter().map(String::as_str),
            )));
        };
        let reach = reach(app, callee).await?;
        let before = said(app, id).await?;
        let misses = before
            .iter()
            .filter(|(of, c)| of == key && c.outcome != CallOutcome::Reached);
        let next = match tick.outcome {
            CallOutcome::Reached => None,
            CallOutcome::NoAnswer | CallOutcome::WrongNumber => NEXT_METHODS
                .into_iter()
                .filter(|method| reach.methods.contains(method))
                .nth(misses.count()),
        };
        let now = app.clock.now();
        let mut changes = Changes::default();
        if let Some(channel) = next.filter(|_| incident.status.is_open()) {
            let because = "at once; a call did not reach them";
            changes.add.push(call_list::notice(
                &incident, key, channel, because, &catalogue, now,
            ));
        }
        let mut detail = json!({"contact": key, "outcome": tick.outcome});
        if let Some(note) = &tick.note {
            detail["note"] = json!(note);
        }
        if let Some(channel) = next {
            detail["then"] = json!(channel);
        }
        let entry = Entry::new(actor, CALLED, id).with(detail);
        match publish(app, &incident, sequence, &changes, entry).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
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
    incident: &Incident,
    expected: i64,
    changes: &Changes,
    entry: Entry,
) -> Result<()> {
    let now = app.clock.now();
    if changes.add.is_empty() {
        return Ok(app.store.append_journal(&[entry], now).await?);
    }
    let occasion = Occasion {
        update: incident.updates.last().map(|u| u.number),
        ..Occasion::default()
    };
    let published = Published {
        event: &Event::Incident(incident.clone()),
        expected,
        changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[entry],
        plan: None,
        answer: None,
    };
    app.store.publish(published, now).await?;
    Ok(())
}

/// The calls that go out by themselves when an incident is declared; none where no provider is configured.
pub fn automatic(app: &App, incident: &Incident, catalogue: &Catalogue, now: Timestamp) -> Changes {
    let first = incident.updates.len() == 1;
    let add = match app.twilio_token.is_some() && first {
        true => call_list::calls(incident, catalogue, now),
        false => Vec::new(),
    };
    Changes {
        add,
        ..Changes::default()
    }
}

/// What became of a call that was made by itself: one that nobody answered is escalated as if a person had ticked it off.
///
/// # Errors
/// When the store cannot be used.
pub async fn came_back(app: &App, delivery: &str, receipt: &Receipt) -> Result<()> {
    let Receipt::Failed { said, .. } = receipt else {
        return Ok(());
    };
    let Some((event, audience, channel)) = app.store.delivery_audience(delivery).await? else {
        return Ok(());
    };
    let Some(key) = key_of(&audience).filter(|_| channel == Channel::Voice) else {
        return Ok(());
    };
    // The provider may say so several times, and somebody may have been faster.
    if self::said(app, &event)
        .await?
        .iter()
        .any(|(of, _)| of == key)
    {
        return Ok(());
    }
    let tick = Tick {
        outcome: CallOutcome::NoAnswer,
        note: Some(said.clone()),
    };
    note(app, "engine", &event, key, &tick).await
}

/// Somebody who was called by itself pressed the key.
///
/// # Errors
/// When the store cannot be used.
pub async fn confirmed(app: &App, notice: &str) -> Result<()> {
    let Some(found) = app.store.notice(notice).await? else {
        return Ok(());
    };
    let Some(key) = key_of(&found.audience) else {
        return Ok(());
    };
    let known = said(app, &found.event).await?;
    if known
        .iter()
        .find(|(of, _)| of == key)
        .is_some_and(|(_, c)| c.outcome == CallOutcome::Reached)
    {
        return Ok(());
    }
    let tick = Tick {
        outcome: CallOutcome::Reached,
        note: Some("confirmed by key".into()),
    };
    note(app, "recipient", &found.event, key, &tick).await
}
