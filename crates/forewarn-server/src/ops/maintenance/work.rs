//! Work begins, goes on step by step, moves, is done, or does not happen: what people are told of each.

use super::{Answer, Said, act, change, guarded, load, open, policy_of};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::previewed::{self, Previewed};
use crate::ops::review::Guard;
use crate::ops::sending::{Posted, Sending};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::maintenance::{
    Maintenance, Words, read_cancellation, read_completion, read_delay, read_extension, read_start,
};
use forewarn_core::plan::{Change, Input, Plan, plan};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::texts::Texts;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::Entry;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What is done with work that people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It begins.
    Start,
    /// It is done.
    Complete,
    /// It will not happen.
    Cancel,
    /// It happens at another time.
    Delay,
    /// It ends later than promised.
    Extend,
}

impl Act {
    /// The act of this name in the API.
    pub fn parse(name: &str) -> Option<Act> {
        match name {
            "start" => Some(Act::Start),
            "complete" => Some(Act::Complete),
            "cancel" => Some(Act::Cancel),
            "delay" => Some(Act::Delay),
            "extend" => Some(Act::Extend),
            _ => None,
        }
    }

    /// Of what was planned anyway, whoever approved it knows already to how many it goes. Time to undo a slip is asked for all the same.
    fn sending(self, sending: Sending) -> Sending {
        let planned_anyway = matches!(self, Act::Start | Act::Complete);
        Sending {
            unasked: sending.unasked || planned_anyway,
            ..sending
        }
    }
}

/// Work that begins longer than this before its window is begun by mistake more often than not.
const EARLY: SignedDuration = SignedDuration::from_hours(1);

/// How a program says that it means it; a page has a button for that.
pub const IF_MEANT: &str =
    ": set this to true if that is meant, else move it to the new time first";

/// Acts, and tells people.
///
/// # Errors
/// What is wrong with what was posted; when the state does not allow it.
pub async fn tell(
    app: &App,
    caller: &Caller,
    id: &str,
    act: Act,
    posted: &Posted,
) -> Result<Answer> {
    let acting = Acting::of(app, act, posted).await?;
    let sending = act.sending(posted.sending);
    change(app, caller, id, sending, |m, now| {
        let (name, detail, after, said) = acting.acted(m, now)?;
        let entry = Entry::new(&caller.actor, name, id).with(detail);
        Ok((after, said, entry))
    })
    .await
}

/// What people would be told if somebody acted so now. Nothing is stored.
///
/// # Errors
/// Everything for which the act itself would be refused, but for what its readers may not see.
pub async fn preview_act(app: &App, id: &str, act: Act, posted: &Posted) -> Result<Previewed> {
    let (before, _) = load(app, id).await?;
    let acting = Acting {
        guard: Guard::default(),
        ..Acting::of(app, act, posted).await?
    };
    let (_, _, after, said) = acting.acted(before, app.clock.now())?;
    let catalogue = app.store.catalogue().await?;
    let (_, told) = app.store.planned(id).await?;
    let milestone = acting.milestone(&said);
    let change = said.milestone.map(|milestone| Change {
        milestone,
        counter: 0,
    });
    let Plan { notices, .. } = plan(Input {
        planned: (&after).into(),
        policy: policy_of(&after, &catalogue),
        catalogue: &catalogue,
        now: app.clock.now(),
        told: &told,
        others: &open(app).await?,
        change,
    });
    let occasion = Occasion {
        milestone: milestone.to_owned(),
        reason: said.reason,
        previous: said.previous,
        ..Occasion::default()
    };
    let event = Event::Maintenance(after);
    previewed::of_plan(app, &catalogue, (&event, &occasion), &notices).await
}

/// Begins.
///
/// # Errors
/// As for [`tell`].
pub async fn start(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Start, posted).await
}

/// Is done.
///
/// # Errors
/// As for [`tell`].
pub async fn complete(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Complete, posted).await
}

/// It will not happen. It may be said why.
///
/// # Errors
/// As for [`tell`].
pub async fn cancel(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Cancel, posted).await
}

/// It happens at another time.
///
/// # Errors
/// As for [`tell`].
pub async fn delay(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Delay, posted).await
}

/// It ends later than promised.
///
/// # Errors
/// As for [`tell`].
pub async fn extend(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Extend, posted).await
}

/// An act, with what is known before the work is looked at.
struct Acting<'a> {
    act: Act,
    posted: &'a Posted,
    guard: Guard,
    zone: Zone,
    /// When people hear of it.
    from: Timestamp,
}

/// The name in the journal with what stands there, the work, and what is said.
type Acted = (&'static str, Value, Maintenance, Said);

impl<'a> Acting<'a> {
    async fn of(app: &App, act: Act, posted: &'a Posted) -> Result<Acting<'a>> {
        Ok(Acting {
            act,
            posted,
            guard: guarded(app, posted, "").await?,
            zone: app.store.catalogue().await?.organisation.time_zone,
            from: posted.sending.from(app, app.clock.now()).await?,
        })
    }

    /// The message by which people hear of it.
    fn milestone(&self, said: &Said) -> &'static str {
        match self.act {
            Act::Start => "start",
            Act::Complete => "completion",
            Act::Cancel | Act::Delay | Act::Extend => said.milestone.unwrap_or_default(),
        }
    }

    fn acted(&self, m: Maintenance, now: Timestamp) -> Result<Acted> {
        let (name, detail, after, said, texts) = match self.act {
            Act::Start => self.started(m, now)?,
            Act::Complete => self.completed(m, now)?,
            Act::Cancel => self.cancelled(m, now)?,
            Act::Delay => self.delayed(m, now)?,
            Act::Extend => self.extended(m, now)?,
        };
        let mut detail = self.guard.on_record(detail);
        if !texts.is_empty() {
            detail["texts"] = json!(texts);
        }
        let texts = after.texts.clone().with(self.milestone(&said), texts);
        Ok((name, detail, Maintenance { texts, ..after }, said))
    }

    /// When somebody asks for another time; a program says what is so elsewhere, and is not refused for being late.
    fn asked_at(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.posted.sending.unasked).then_some(now)
    }

    /// Long before its window that is told to whoever begins it, as a warning; who says `early: false` is refused instead, and who says
    /// `early: true` means it.
    fn started(&self, m: Maintenance, now: Timestamp) -> Result<Moved> {
        let (early, texts) = self.posted.guarded(&self.guard, read_start)?;
        let (opens, _) = m.window();
        // What can be undone is dated ahead: people hear of it then.
        let started = m.start(now.max(self.from))?;
        let mut said = Said::default();
        if early != Some(true) && opens.duration_since(now) > EARLY {
            let opens = CivilTime::of(opens, &self.zone);
            let problem = format!(
                "the window begins at {opens}; people hear now that work has started{IF_MEANT}"
            );
            if early == Some(false) {
                return Err(Invalid::one("early", problem).into());
            }
            said.warnings.push(Problem::new("early", problem));
        }
        Ok(("maintenance.started", Value::Null, started, said, texts))
    }

    fn completed(&self, m: Maintenance, now: Timestamp) -> Result<Moved> {
        let texts = self.posted.guarded(&self.guard, read_completion)?;
        // What can be undone is dated ahead: people hear of it then.
        let done = m.complete(now.max(self.from))?;
        let name = "maintenance.completed";
        Ok((name, Value::Null, done, Said::default(), texts))
    }

    fn cancelled(&self, m: Maintenance, now: Timestamp) -> Result<Moved> {
        let Words { reason, texts } = self.posted.guarded(&self.guard, read_cancellation)?;
        let detail = json!({"reason": reason});
        let said = Said::of("cancellation", reason, None);
        let name = "maintenance.cancelled";
        Ok((name, detail, m.cancel(now)?, said, texts))
    }

    fn delayed(&self, m: Maintenance, now: Timestamp) -> Result<Moved> {
        let now = self.asked_at(now);
        let (start, end, words) = self.posted.guarded(&self.guard, |node, problems| {
            read_delay(node, &self.zone, &m, now, problems)
        })?;
        let milestone = match start.instant() > m.start.instant() {
            true => "delay",
            false => "reschedule",
        };
        let detail = json!({"from": m.start, "to": start, "end": end, "reason": words.reason});
        let previous = (m.start.clone(), m.end.clone());
        let said = Said::of(milestone, words.reason, Some(previous));
        let name = "maintenance.delayed";
        Ok((name, detail, m.delay(start, end)?, said, words.texts))
    }

    fn extended(&self, m: Maintenance, now: Timestamp) -> Result<Moved> {
        let now = self.asked_at(now);
        let (end, words) = self.posted.guarded(&self.guard, |node, problems| {
            read_extension(node, &self.zone, &m, now, problems)
        })?;
        let detail = json!({"from": m.end, "to": end, "reason": words.reason});
        let previous = (m.start.clone(), m.end.clone());
        let said = Said::of("extension", words.reason, Some(previous));
        let name = "maintenance.extended";
        Ok((name, detail, m.extend(end)?, said, words.texts))
    }
}

/// As [`Acted`], with what was edited of the message that tells it.
type Moved = (&'static str, Value, Maintenance, Said, Texts);

/// A step of the work is done; `number` counts from 1.
///
/// # Errors
/// When there is no such step or work is not under way.
pub async fn step_done(app: &App, caller: &Caller, id: &str, number: usize) -> Result<Answer> {
    act(app, caller, id, |m, now| {
        let entry =
            Entry::new(&caller.actor, "maintenance.step_done", id).with(json!({"step": number}));
        Ok((m.step_done(number, now)?, Said::default(), entry))
    })
    .await
}
