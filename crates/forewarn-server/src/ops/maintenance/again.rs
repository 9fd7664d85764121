//! What is open is planned again when the catalogue that it was planned by is another one.

use super::{Said, act, open, policy_of};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use forewarn_core::document::Catalogue;
use forewarn_core::maintenance::Maintenance;
use forewarn_core::plan::{Input, plan};
use forewarn_store::Entry;

/// Plans anew the open works whose plan is another by what the catalogue says now: other audiences, days, dependencies, policies.
/// `before` is what it said. Says which.
///
/// # Errors
/// When the store cannot be read or written; what was done so far stays done.
pub async fn plan_again(app: &App, caller: &Caller, before: &Catalogue) -> Result<Vec<String>> {
    // The key of the request belongs to what it asked for.
    let caller = Caller {
        key: None,
        ..caller.clone()
    };
    let after = app.store.catalogue().await?;
    let now = app.clock.now();
    let works = open(app).await?;
    let mut again = Vec::new();
    for work in &works {
        let id = work.id.as_str();
        let (_, told) = app.store.planned(id).await?;
        let by = |catalogue| {
            plan(Input {
                planned: work.into(),
                policy: policy_of(work, catalogue),
                catalogue,
                now,
                told: &told,
                others: &works,
                change: None,
            })
        };
        if by(before) == by(&after) {
            continue;
        }
        let as_it_is = |work: Maintenance| {
            let entry = Entry::new(&caller.actor, "maintenance.planned_again", id);
            (work, Said::default(), entry)
        };
        act(app, &caller, id, |work, _| Ok(as_it_is(work))).await?;
        again.push(id.to_owned());
    }
    Ok(again)
}
