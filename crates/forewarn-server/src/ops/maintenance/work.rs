//! Work begins, goes on step by step, and is done.

use super::{Answer, Said, act, change};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::sending::{Posted, Sending};
use forewarn_core::document::{Fields, Node, Problems, Value as Tree, boolean};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::time::CivilTime;
use forewarn_store::Entry;
use jiff::SignedDuration;
use serde_json::json;

/// What whoever approved it knows already: to how many it goes. Time to undo a slip is asked for all the same.
fn planned_anyway(sending: Sending) -> Sending {
    Sending {
        unasked: true,
        ..sending
    }
}

/// Work that begins longer than this before its window is begun by mistake more often than not.
const EARLY: SignedDuration = SignedDuration::from_hours(1);

/// How a program says that it means it; a page has a button for that.
pub const IF_MEANT: &str =
    ": set this to true if that is meant, else move it to the new time first";

/// Work begins. Long before its window that is told to whoever begins it, as a warning; who says `early: false` is refused instead,
/// and who says `early: true` means it.
///
/// # Errors
/// When the state does not allow it, or what was said beside it is wrong.
pub async fn start(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    let from = posted.sending.from(app, app.clock.now()).await?;
    let zone = app.store.catalogue().await?.organisation.time_zone;
    let early = posted.read(read_early)?;
    let sending = planned_anyway(posted.sending);
    change(app, caller, id, sending, |m, now| {
        // What can be undone is dated ahead: people hear of it then.
        let started = m.clone().start(now.max(from))?;
        let (opens, _) = m.window();
        let mut said = Said::default();
        if early != Some(true) && opens.duration_since(now) > EARLY {
            let opens = CivilTime::of(opens, &zone);
            let problem = format!(
                "the window begins at {opens}; people hear now that work has started{IF_MEANT}"
            );
            if early == Some(false) {
                return Err(Invalid::one("early", problem).into());
            }
            said.warnings.push(Problem::new("early", problem));
        }
        let entry = Entry::new(&caller.actor, "maintenance.started", id);
        Ok((started, said, entry))
    })
    .await
}

/// Whether work is meant to begin long before its window.
fn read_early(node: &Node, problems: &mut Problems) -> Option<Option<bool>> {
    if node.value == Tree::Null {
        return Some(None);
    }
    let mut fields = Fields::of(node, "", problems)?;
    let early = fields.optional("early", problems, boolean);
    fields.finish(problems);
    Some(early)
}

/// Work is done.
///
/// # Errors
/// When the state does not allow it.
pub async fn complete(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    let from = posted.sending.from(app, app.clock.now()).await?;
    posted.read(|node, problems| match node.value {
        Tree::Null => Some(()),
        _ => {
            Fields::of(node, "", problems)?.finish(problems);
            Some(())
        }
    })?;
    let sending = planned_anyway(posted.sending);
    change(app, caller, id, sending, |m, now| {
        Ok((
            // What can be undone is dated ahead: people hear of it then.
            m.complete(now.max(from))?,
            Said::default(),
            Entry::new(&caller.actor, "maintenance.completed", id),
        ))
    })
    .await
}

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
