//! The handlers of the console's pages and forms. They fill the views; what is done is done by the operations.

pub(super) mod accounts;
pub(super) mod advisories;
pub(super) mod announcements;
pub(super) mod approvals;
pub(super) mod calendar;
pub(super) mod calls;
pub(super) mod catalogue;
pub(super) mod caught;
pub(super) mod changes;
pub(super) mod decision;
pub(super) mod drafts;
pub(super) mod editing;
pub(super) mod incidents;
mod journal;
pub(super) mod kept;
mod level_texts;
pub(super) mod lists;
pub(super) mod live;
pub(super) mod maintenances;
pub(super) mod now;
pub(super) mod outage_plans;
pub(super) mod people;
pub(super) mod policies;
pub(super) mod postmortems;
pub(super) mod previews;
pub(super) mod rows;
mod sample;
pub(super) mod settings;
pub(super) mod sign_in;
pub(super) mod team;
pub(super) mod telling;
pub(super) mod templates;

use jiff::Timestamp;

/// What was done, and when people hear of it. `held`: somebody must agree first.
fn told_when(done: &str, undoable_until: Option<Timestamp>, held: bool) -> String {
    match undoable_until {
        _ if held => format!("{done} Nobody is told before its owners agree."),
        Some(_) => format!("{done} People are told when it can no longer be undone."),
        None => format!("{done} People are told now."),
    }
}
