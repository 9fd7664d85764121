//! Somebody agrees to what a maintenance's notices say.

use super::{Answer, Said, load, publish};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::approval::{self, Waiting};
use crate::ops::{AGAIN, overtaken, read};
use forewarn_core::approval::Consent;
use forewarn_core::document::Node;
use forewarn_core::event::Event;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_store::{Approval, Entry, NoticeFilter};
use serde_json::json;
use std::collections::BTreeSet;

/// Somebody agrees to what its notices say. `node` may hold an `override` for a change request that is not approved or owners who
/// cannot be asked, the `hash` of what was seen, and how many `recipients` it goes to. Once everybody agreed that must, what
/// waited may go out.
///
/// # Errors
/// When it does not wait for approval, its change request is not approved, what it says is not what was seen, or somebody else
/// must agree.
pub async fn approve(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let now = app.clock.now();
    let consent = read(node, |node, problems| {
        Consent::read(node, &caller.actor, now, problems)
    })?;
    let mut tries = 0;
    loop {
        tries += 1;
        match agree(app, caller, id, &consent).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            other => return other,
        }
    }
}

/// One reading holds for all of it: what is judged, what is signed, and what is stored if nobody changed it meanwhile.
async fn agree(app: &App, caller: &Caller, id: &str, consent: &Consent) -> Result<Answer> {
    let catalogue = app.store.catalogue().await?;
    let (mut maintenance, sequence) = load(app, id).await?;
    let waiting = approval::waiting(app, &Event::Maintenance(maintenance.clone())).await?;
    approval::check(&waiting, consent)?;
    let (given, complete) = approval::sign(app, caller, &waiting, consent)?;
    if let Some(change) = maintenance.change_request.as_mut() {
        change.overridden = consent.overridden.clone().or(change.overridden.take());
    }
    change_must_be_approved(&maintenance)?;
    let is_untold = maintenance.status == Status::AwaitingApproval;
    if complete && is_untold || !is_untold && !some_wait(app, id).await? {
        maintenance = maintenance.approve()?;
    }
    let said = Said {
        approved: complete,
        signed: Some((caller.clone(), consent.clone())),
        ..Said::default()
    };
    let entry = entry(caller, id, &given, &waiting, consent);
    publish(
        app,
        caller,
        &catalogue,
        maintenance,
        sequence,
        said,
        entry,
        200,
    )
    .await
}

/// After a change, or a restore, single notices of a maintenance that was approved long ago may wait for a person's word.
async fn some_wait(app: &App, id: &str) -> Result<bool> {
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    Ok(!app.store.notices(&held, 1).await?.is_empty())
}

/// People outside are not told of a change that is not approved.
fn change_must_be_approved(maintenance: &Maintenance) -> Result<()> {
    match &maintenance.change_request {
        Some(change) if !change.lets_tell() => Err(ApiError::Conflict(format!(
            "change request {} is {}, so nobody outside is told of {}; approve the change, or give \"override\": {{\"reason\": ...}}",
            change.number,
            change.state.as_str(),
            maintenance.id
        ))),
        _ => Ok(()),
    }
}

fn entry(
    caller: &Caller,
    id: &str,
    given: &[Approval],
    waiting: &Waiting,
    consent: &Consent,
) -> Entry {
    let mut detail = json!({});
    let roles: BTreeSet<_> = given.iter().filter_map(|a| a.given.role).collect();
    if !roles.is_empty() {
        detail["as"] = json!(roles);
        detail["hash"] = json!(waiting.hash);
    }
    if let Some(given) = &consent.overridden {
        detail["override"] = json!(given);
    }
    let entry = Entry::new(&caller.actor, "maintenance.approved", id);
    match detail == json!({}) {
        true => entry,
        false => entry.with(detail),
    }
}
