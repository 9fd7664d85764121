//! An announcement moves, takes effect, or is called off: what people are told of each.

use super::{Answer, Said, load, planned, tell_later};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::previewed::{self, Previewed};
use crate::ops::review::Guard;
use crate::ops::sending::Posted;
use forewarn_core::announcement::{Announcement, Effect, Move, Withdrawal};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::Change;
use forewarn_core::texts::Texts;
use forewarn_core::time::Zone;
use forewarn_store::Entry;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is done with an announcement that people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It takes effect at another moment: the rest is planned again.
    Move,
    /// It is in effect before its moment: nothing more is planned.
    Effect,
    /// It will not happen.
    Cancel,
}

impl Act {
    /// The act of this name in the API.
    pub fn parse(name: &str) -> Option<Act> {
        match name {
            "move" => Some(Act::Move),
            "effective" => Some(Act::Effect),
            "cancel" => Some(Act::Cancel),
            _ => None,
        }
    }
}

/// Acts, and tells people at once.
///
/// # Errors
/// What is wrong with what was posted; when it is in effect or cancelled, or the version is not the newest.
pub async fn tell(
    app: &App,
    caller: &Caller,
    id: &str,
    act: Act,
    posted: &Posted,
) -> Result<Answer> {
    load(app, id).await?;
    let guard = Guard::of(app, &posted.node, "").await?;
    tell_later(app, caller, id, posted.sending, |before, catalogue, now| {
        let zone = &catalogue.organisation.time_zone;
        let acted = acted(act, (posted, &guard), zone, before, now)?;
        let entry = Entry::new(&caller.actor, acted.name, id).with(guard.on_record(acted.detail));
        Ok(((acted.after, acted.said, entry), acted.version))
    })
    .await
}

/// What people would be told if somebody acted so now. Nothing is stored.
///
/// # Errors
/// Everything for which the act itself would be refused, but for what its readers may not see and for its version.
pub async fn preview_act(app: &App, id: &str, act: Act, posted: &Posted) -> Result<Previewed> {
    let (before, _) = load(app, id).await?;
    let (catalogue, now) = (app.store.catalogue().await?, app.clock.now());
    let zone = &catalogue.organisation.time_zone;
    let acted = acted(act, (posted, &Guard::default()), zone, before, now)?;
    let (_, told) = app.store.planned(id).await?;
    let change = acted.said.milestone.map(|milestone| Change {
        milestone,
        counter: 0,
    });
    let plan = planned(app, &acted.after, &catalogue, &told, (change, None)).await?;
    let previous = acted.said.previous;
    let occasion = Occasion {
        milestone: acted.said.milestone.unwrap_or("effective").to_owned(),
        reason: acted.said.reason,
        previous: previous.map(|before| (before.clone(), before)),
        ..Occasion::default()
    };
    let event = Event::Announcement(acted.after);
    previewed::of_plan(app, &catalogue, (&event, &occasion), &plan.notices).await
}

/// What comes of an act.
struct Acted {
    after: Announcement,
    said: Said,
    /// In the journal.
    name: &'static str,
    detail: Value,
    /// The version that was seen.
    version: Option<i64>,
}

impl Acted {
    /// With what somebody edited of the message that tells it.
    fn saying(self, texts: Texts) -> Acted {
        let mut detail = self.detail;
        if !texts.is_empty() {
            detail["texts"] = json!(texts);
        }
        let milestone = self.said.milestone.unwrap_or("effective");
        let texts = self.after.texts.clone().with(milestone, texts);
        Acted {
            after: Announcement {
                texts,
                ..self.after
            },
            detail,
            ..self
        }
    }
}

fn acted(
    act: Act,
    (posted, guard): (&Posted, &Guard),
    zone: &Zone,
    before: Announcement,
    now: Timestamp,
) -> Result<Acted> {
    match act {
        Act::Move => moved((posted, guard), zone, before, now),
        Act::Effect => in_effect((posted, guard), before, now),
        Act::Cancel => cancelled((posted, guard), before, now),
    }
}

fn moved(
    (posted, guard): (&Posted, &Guard),
    zone: &Zone,
    before: Announcement,
    now: Timestamp,
) -> Result<Acted> {
    let to = posted.guarded(guard, |node, problems| {
        Move::read(node, zone, &before, now, problems)
    })?;
    let milestone = match to.effective.instant() > before.effective.instant() {
        true => "delay",
        false => "reschedule",
    };
    let acted = Acted {
        name: "announcement.moved",
        detail: json!({"from": before.effective, "to": to.effective, "reason": to.reason}),
        said: Said {
            milestone: Some(milestone),
            reason: to.reason,
            previous: Some(before.effective.clone()),
            ..Said::default()
        },
        after: before.put_off(to.effective)?,
        version: to.version,
    };
    Ok(acted.saying(to.texts))
}

fn in_effect(
    (posted, guard): (&Posted, &Guard),
    before: Announcement,
    now: Timestamp,
) -> Result<Acted> {
    let effect = posted.guarded(guard, Effect::read)?;
    let acted = Acted {
        name: "announcement.effective",
        detail: json!({"planned": before.effective}),
        said: Said::default(),
        // What can be undone is dated ahead: people hear of it then.
        after: before.is_there(now)?,
        version: effect.version,
    };
    Ok(acted.saying(effect.texts))
}

fn cancelled(
    (posted, guard): (&Posted, &Guard),
    before: Announcement,
    now: Timestamp,
) -> Result<Acted> {
    let off = posted.guarded(guard, |node, problems| Withdrawal::read(node, "", problems))?;
    let acted = Acted {
        name: "announcement.cancelled",
        detail: json!({"reason": off.reason}),
        said: Said {
            milestone: Some("cancellation"),
            reason: off.reason,
            ..Said::default()
        },
        after: before.cancel(now)?,
        version: off.version,
    };
    Ok(acted.saying(off.texts))
}
