//! What one maintenance does otherwise than its policy says.

use super::{Answer, Said, act};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::read;
use forewarn_core::document::{Fields, Node, prose};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::policy::Exception;
use forewarn_store::Entry;
use serde_json::json;

/// From now on this maintenance does otherwise than its policy, for a reason that stands in the plan. What is named replaces
/// what an earlier exception said; the notices that have not gone out are planned again.
///
/// # Errors
/// What is wrong with it; when the work is over.
pub async fn except(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let given = read(node, |node, problems| Exception::read(node, "", problems))?;
    act(app, caller, id, |m, _| {
        not_over(&m)?;
        let detail = json!({"from": m.exception, "to": given, "reason": given.reason});
        let entry = Entry::new(&caller.actor, "maintenance.override", id).with(detail);
        let m = Maintenance {
            exception: Some(given.clone()),
            ..m
        };
        Ok((m, Said::default(), entry))
    })
    .await
}

/// From now on this maintenance does as its policy says again, for a reason; the notices that have not gone out are planned again, and
/// nobody hears twice what they heard already.
///
/// # Errors
/// When no reason is given; when it does nothing otherwise, or is over.
pub async fn follow_policy(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let reason = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let reason = fields.required("reason", problems, prose(1_000));
        fields.finish(problems);
        reason
    })?;
    act(app, caller, id, |m, _| {
        not_over(&m)?;
        if m.exception.is_none() {
            let said = format!("maintenance {id} does nothing otherwise than its policy");
            return Err(ApiError::Conflict(said));
        }
        let detail = json!({"from": m.exception, "to": null, "reason": reason});
        let entry = Entry::new(&caller.actor, "maintenance.override_removed", id).with(detail);
        let m = Maintenance {
            exception: None,
            ..m
        };
        Ok((m, Said::default(), entry))
    })
    .await
}

/// What is over is planned no more.
fn not_over(m: &Maintenance) -> Result<()> {
    let act = "be planned otherwise: only what is scheduled, awaiting_approval or in_progress can";
    match m.status.is_over() {
        true => Err(m.refuse(Status::Scheduled).cannot(act).into()),
        false => Ok(()),
    }
}
