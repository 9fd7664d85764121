//! Technical notes and drafts: what is written about an incident and sent to nobody.

use super::load;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::read;
use forewarn_core::document::{Fields, Node, prose};
use forewarn_store::{Note, Writing};

/// As long as an update may be.
const MOST_CHARS: usize = 10_000;

fn text_of(node: &Node, is_required: bool) -> Result<String> {
    read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let text = match is_required {
            true => fields.required("text", problems, prose(MOST_CHARS)),
            false => Some(
                fields
                    .optional("text", problems, prose(MOST_CHARS))
                    .unwrap_or_default(),
            ),
        };
        fields.finish(problems);
        text
    })
}

/// Writes a technical note down. It is never sent.
///
/// # Errors
/// When there is no such incident, or the note says nothing.
pub async fn add(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Note> {
    load(app, id).await?;
    let text = text_of(node, true)?;
    let note = app
        .store
        .add_note(id, &caller.actor, &text, app.clock.now())
        .await?;
    Ok(note)
}

/// The notes of an incident, newest first.
///
/// # Errors
/// When there is no such incident.
pub async fn all(app: &App, id: &str) -> Result<Vec<Note>> {
    load(app, id).await?;
    Ok(app.store.notes(id).await?)
}

/// Keeps what somebody is typing; an empty text says that they stopped. The answer is who else is writing.
///
/// # Errors
/// When there is no such incident.
pub async fn say_writing(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<Vec<Writing>> {
    load(app, id).await?;
    let text = text_of(node, false)?;
    let now = app.clock.now();
    app.store
        .save_writing(id, &caller.actor, &text, now)
        .await?;
    writing(app, id).await
}

/// Who is writing an update of an incident.
///
/// # Errors
/// When there is no such incident.
pub async fn writing(app: &App, id: &str) -> Result<Vec<Writing>> {
    load(app, id).await?;
    Ok(app.store.writing(id, app.clock.now()).await?)
}
