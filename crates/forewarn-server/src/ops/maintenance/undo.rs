//! Taking a change of planned work back before anybody was told: the work and its plan are as they were.

use super::{Answer, Said, act};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use forewarn_core::undo::Undoable;
use forewarn_store::Entry;
use serde_json::{Value, json};

/// Until when the last change can be undone stands beside the event; how it was before is nobody's business.
pub fn shape(body: &mut Value) {
    let pending = body.as_object_mut().and_then(|b| b.remove("pending"));
    body["undo_until"] = pending.map_or(Value::Null, |pending| pending["until"].clone());
}

/// Takes the last change back.
///
/// # Errors
/// When people have been told of it already.
pub async fn undo(app: &App, caller: &Caller, id: &str) -> Result<Answer> {
    act(app, caller, id, |m, now| {
        let detail = json!({"from": m.start, "to_end": m.end, "status": m.status});
        let entry = Entry::new(&caller.actor, "maintenance.undone", id).with(detail);
        let said = Said {
            undone: true,
            ..Said::default()
        };
        Ok((m.undo(now)?, said, entry))
    })
    .await
}
