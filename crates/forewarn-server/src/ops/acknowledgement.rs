//! Acknowledgements: who has read a message and says so, and who has not.

use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::acknowledge::{
    Acknowledge, asked as asked_to, is_warning, reminder, unconfirmed,
};
use forewarn_core::audience::Level;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::hook::Hook;
use forewarn_core::message::{Confirmed, Content};
use forewarn_core::plan::{Changes, Notice, built_in_name};
use forewarn_core::slack::Press;
use forewarn_store::{
    Acknowledgement, Confirmation, Direct, Entry, NoticeFilter, NoticeRow, Published, Purpose,
    StoredEvent, To,
};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Slack takes something in a message's place for half an hour.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_mins(29);

/// How somebody said that they have read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the link in it.
    Link,
    /// By a key in a call.
    Key,
    /// By a button in a chat room.
    Button,
}

impl How {
    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Link => "link",
            How::Key => "key",
            How::Button => "button",
        }
    }
}

/// What a token leads to; it is the same for the link in a message and the key in a call.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The event.
    pub event: String,
    /// The notice.
    pub notice: String,
    /// The endpoint that it went to.
    pub endpoint: String,
    /// Whose that is: a contact's id, or the address of somebody who is none.
    pub who: String,
}

/// What a token leads to, if it is one of ours and what it is about is still there.
///
/// # Errors
/// When the store cannot be used.
pub async fn asked(app: &App, token: &str) -> Result<Option<Asked>> {
    let Some((notice, endpoint)) = app.key.read_acknowledgement_token(token) else {
        return Ok(None);
    };
    let Some(found) = app.store.notice(&notice).await? else {
        return Ok(None);
    };
    let Some(who) = app.store.endpoint_owner(&endpoint).await? else {
        return Ok(None);
    };
    Ok(Some(Asked {
        event: found.event,
        notice,
        endpoint,
        who,
    }))
}

/// Notes that the bearer of a token has read it. Only the first time counts; again does no harm.
///
/// # Errors
/// When the store cannot be used.
pub async fn by_token(app: &App, token: &str, how: How) -> Result<Option<Asked>> {
    let Some(asked) = asked(app, token).await? else {
        return Ok(None);
    };
    let acknowledgement = Acknowledgement {
        event: asked.event.clone(),
        notice: asked.notice.clone(),
        endpoint: asked.endpoint.clone(),
        who: asked.who.clone(),
        at: app.clock.now(),
    };
    app.store
        .acknowledge(&acknowledgement, how.as_str())
        .await?;
    Ok(Some(asked))
}

/// Notes that somebody pressed the button in a chat room. What stands there says who did, in the place of the button: that is a
/// message like all others, which the engine sends.
///
/// # Errors
/// When the store cannot be used.
pub async fn by_button(app: &App, hook: &Hook, press: &Press) -> Result<Option<Asked>> {
    let Some(asked) = asked(app, &press.token).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    let person = hook.person(&press.user);
    let presser = person.unwrap_or_else(|| format!("slack:{}", press.user));
    let acknowledgement = Acknowledgement {
        event: asked.event.clone(),
        notice: asked.notice.clone(),
        endpoint: asked.endpoint.clone(),
        who: format!("{}, {presser}", asked.who),
        at: now,
    };
    let how = How::Button.as_str();
    app.store.acknowledge(&acknowledgement, how).await?;
    let (Some(answer_url), Some((content, audience))) = (
        press.answer_url.clone(),
        app.store.notice_content(&asked.notice).await?,
    ) else {
        return Ok(Some(asked));
    };
    let found = app.store.notice(&asked.notice).await?;
    let content = Content {
        confirmed: Some(Confirmed {
            by: press.name.clone(),
            audience,
            answer_url,
        }),
        ..content
    };
    let direct = Direct {
        purpose: Purpose::Answer,
        content: &content,
        level: found.map_or(Level::NonTechnical, |notice| notice.level),
        to: To::Known(&asked.endpoint),
        // Of two who press at once the first is named.
        nonce: &press.token,
        expires: now + ANSWER_WITHIN,
        actor: "recipient",
    };
    app.store.send_directly(direct, now).await?;
    Ok(Some(asked))
}

/// What was asked to be confirmed by one notice, and who has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmations {
    /// The notice.
    pub notice: String,
    /// Its milestone.
    pub milestone: String,
    /// Its audience.
    pub audience: String,
    /// The audience's name.
    pub audience_name: String,
    /// How many must confirm; 0 where they are only asked to.
    pub needed: usize,
    /// How many were told and asked.
    pub asked: usize,
    /// How many have confirmed.
    pub confirmed: usize,
    /// Whether that is enough.
    pub reached: bool,
    /// Who has confirmed, when and how; the first of them.
    pub people: Vec<Confirmation>,
    /// Who has not; the first of them.
    pub missing: Vec<String>,
    /// A reminder went out to somebody.
    pub reminded: bool,
}

/// Who was asked to confirm what about an event, and who has.
///
/// # Errors
/// When the store cannot be used.
pub async fn list(app: &App, event: &str) -> Result<Vec<Confirmations>> {
    /// Nobody reads more names.
    const NAMED: usize = 1_000;
    let catalogue = app.store.catalogue().await?;
    let notices = notices(app, event).await?;
    let mut all = Vec::new();
    for notice in &notices {
        let Some((audience_name, how)) = asked_by(notice, &catalogue) else {
            continue;
        };
        let told = app.store.confirmations(&notice.id).await?;
        let (people, missing): (Vec<_>, Vec<_>) = told.into_iter().partition(|c| c.at.is_some());
        let (asked, confirmed) = (people.len() + missing.len(), people.len());
        // Of the warnings that nobody confirmed the newest says enough.
        let newer = |n: &NoticeRow| {
            n.audience == notice.audience && n.due > notice.due && is_asked_warning(n)
        };
        if is_warning(&notice.milestone) && confirmed == 0 && notices.iter().any(newer) {
            continue;
        }
        let needed = how.needed(asked);
        let reminds = |n: &&NoticeRow| unconfirmed(&n.audience) == Some(notice.id.as_str());
        let missing = missing.into_iter().map(|c| c.contact);
        all.push(Confirmations {
            notice: notice.id.clone(),
            milestone: notice.milestone.clone(),
            audience: notice.audience.clone(),
            audience_name,
            needed,
            asked,
            confirmed,
            reached: confirmed >= needed,
            people: people.into_iter().take(NAMED).collect(),
            missing: missing.take(NAMED).collect(),
            reminded: notices.iter().any(|n| reminds(&n) && has_reached(n)),
        });
    }
    Ok(all)
}

/// It has begun, and there was somebody to remind.
fn has_reached(reminder: &NoticeRow) -> bool {
    let on_its_way = reminder.status == "sending";
    reminder.sent_at.is_some() && (on_its_way || !reminder.counts.is_empty())
}

async fn notices(app: &App, event: &str) -> Result<Vec<NoticeRow>> {
    let filter = NoticeFilter {
        event: Some(event.to_owned()),
        ..NoticeFilter::default()
    };
    Ok(app.store.notices(&filter, 10_000).await?)
}

/// The name of the audience that a notice asked to confirm, once it has gone out, and how.
fn asked_by(notice: &NoticeRow, catalogue: &Catalogue) -> Option<(String, Acknowledge)> {
    if is_asked_warning(notice) {
        let name = built_in_name(&notice.audience).unwrap_or(&notice.audience);
        return Some((name.to_owned(), Acknowledge::Asked));
    }
    let asked = asked_to(&notice.milestone, &notice.audience, catalogue);
    let (audience, how) = asked.filter(|_| has_left(notice))?;
    Some((audience.name.clone(), how))
}

fn has_left(notice: &NoticeRow) -> bool {
    matches!(notice.status.as_str(), "sending" | "sent")
}

/// It warned somebody who runs the event.
fn is_asked_warning(notice: &NoticeRow) -> bool {
    is_warning(&notice.milestone) && has_left(notice) && !notice.counts.is_empty()
}

/// An event that exists.
///
/// # Errors
/// When there is none of this id.
pub async fn event(app: &App, id: &str) -> Result<StoredEvent> {
    let found = app.store.event(id).await?;
    found.ok_or_else(|| ApiError::NotFound(format!("event {id}")))
}

/// Reminds those who have not confirmed, now instead of when it was planned. Of each message they are reminded once, whoever asks
/// for it.
///
/// # Errors
/// When there is no such event, or nothing to remind of.
pub async fn remind(app: &App, caller: &Caller, id: &str) -> Result<usize> {
    let stored = event(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    let rows = notices(app, id).await?;
    let begun: BTreeSet<&str> = rows
        .iter()
        .filter(|n| n.sent_at.is_some() || n.due <= now)
        .filter_map(|n| unconfirmed(&n.audience))
        .collect();
    let open: Vec<String> = list(app, id)
        .await?
        .into_iter()
        .filter(|c| !is_warning(&c.milestone))
        .filter(|c| !begun.contains(c.notice.as_str()) && !c.missing.is_empty())
        .map(|c| c.notice)
        .collect();
    let due = rows.iter().filter(|n| open.contains(&n.id));
    let add: Vec<Notice> = due
        .map(|row| reminder(id, &as_planned(row), now, &catalogue))
        .collect();
    if add.is_empty() {
        return Err(ApiError::Conflict(
            "nobody is left to be reminded, or they were reminded already".into(),
        ));
    }
    let reminded = add.len();
    let occasion = Occasion {
        update: match &stored.event {
            Event::Incident(incident) => incident.updates.last().map(|u| u.number),
            Event::Advisory(advisory) => advisory.updates.last().map(|w| w.number),
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Announcement(_) => None,
        },
        again: true,
        ..Occasion::default()
    };
    let changes = Changes {
        add,
        ..Changes::default()
    };
    let entry = Entry::new(&caller.actor, "notice.reminded", id).with(json!({"notices": open}));
    let published = Published {
        event: &stored.event,
        expected: stored.sequence,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[entry],
        plan: None,
        answer: None,
    };
    app.store.publish(published, now).await?;
    Ok(reminded)
}

fn as_planned(row: &NoticeRow) -> Notice {
    Notice {
        id: row.id.clone(),
        milestone: row.milestone.clone(),
        offset: row.offset.clone(),
        stands_for: Vec::new(),
        audience: row.audience.clone(),
        level: row.level,
        channels: row.channels.clone(),
        due: row.due,
        due_local: row.due_local.clone(),
        copy_due: None,
        because: row.because.clone(),
        held: false,
        tells: Vec::new(),
    }
}
