//! What a message says that somebody edits before it goes out: of planned work, and of an announcement.

use super::previewed::{self, Previewed};
use super::review::Guard;
use super::sending::Posted;
use super::{announcement, maintenance, template};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::event::Event;
use forewarn_core::texts::NewTexts;
use forewarn_store::Entry;
use serde_json::{Value, json};

/// Keeps the texts of a message that is to come. Nobody is told of that by itself, and who agreed to other words is asked again.
///
/// # Errors
/// Everything that is wrong with them; when the event is over, or has no such messages.
pub async fn put(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Value> {
    let event = planned(app, id).await?;
    let guard = Guard::of(app, &posted.node, "").await?;
    let new = posted.guarded(&guard, |node, problems| {
        NewTexts::read(event.kind(), node, problems)
    })?;
    match event {
        Event::Announcement(_) => {
            let done = announcement::put_texts(app, caller, id, (&new, &guard)).await?;
            Ok(done.json())
        }
        _ => {
            let done = maintenance::put_texts(app, caller, id, (&new, &guard)).await?;
            Ok(done.json())
        }
    }
}

/// What the message would say with these texts. Nothing is stored.
///
/// # Errors
/// What is wrong with them; when there is no such event, or it has no such messages.
pub(super) async fn preview(app: &App, id: &str, posted: &Posted) -> Result<Previewed> {
    let mut event = planned(app, id).await?;
    let kind = event.kind();
    let new = posted.read(|node, problems| NewTexts::read(kind, node, problems))?;
    match &mut event {
        Event::Maintenance(m) => m.texts.put(new.milestone, new.texts),
        Event::Announcement(a) => a.texts.put(new.milestone, new.texts),
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {}
    }
    previewed::of_message(app, &event, new.milestone).await
}

/// Planned work or an announcement.
async fn planned(app: &App, id: &str) -> Result<Event> {
    let event = template::load(app, id).await?;
    match event {
        Event::Maintenance(_) | Event::Announcement(_) => Ok(event),
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {
            let said = format!(
                "{id} is an {}: its texts come with what is said",
                event.kind()
            );
            Err(ApiError::Conflict(said))
        }
    }
}

/// Refuses what was written for other times than there are by now: it may name the old day.
pub(super) fn of_these_times(id: &str, new: &NewTexts, revision: u32) -> Result<()> {
    match new.are_for(revision) {
        true => Ok(()),
        false => Err(ApiError::Conflict(format!(
            "{id} has other times than your texts were written for: look at it again, and write them anew"
        ))),
    }
}

/// In the journal: which message says what.
pub(super) fn entry(
    caller: &Caller,
    action: &'static str,
    id: &str,
    (new, guard): (&NewTexts, &Guard),
) -> Entry {
    let detail = json!({"milestone": new.milestone, "texts": new.texts});
    Entry::new(&caller.actor, action, id).with(guard.on_record(detail))
}
