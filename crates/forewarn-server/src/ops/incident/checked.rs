//! What is looked at before a declaration or an update happens: all problems at once, and words that readers may not see.

use super::kin;
use crate::app::App;
use crate::error::Result;
use crate::ops::review::{self, OPEN, words};
use crate::ops::{gathered, text_at};
use forewarn_core::document::{Catalogue, Node, Problems};
use forewarn_core::id::Id;
use forewarn_core::incident::{NewIncident, PostedUpdate, Severity};
use forewarn_core::offset::Offset;
use forewarn_core::plan::next_update;
use forewarn_core::problem::Invalid;
use jiff::Timestamp;
use serde_json::Value;

/// A declaration that can be carried out.
pub(super) struct Whole {
    /// What was declared.
    pub new: NewIncident,
    /// What its readers should not see and why it goes out all the same, for the record.
    pub open: Option<Value>,
}

/// A declaration, or everything that is wrong with it, also by what there is: services, a parent, times that a calendar has, words
/// in `typed` that readers may not see.
pub(super) async fn whole(
    app: &App,
    node: &Node,
    typed: &Node,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Whole> {
    let mut problems = Problems::default();
    let new = NewIncident::read(node, "", &mut problems);
    problems.look_up(catalogue);
    let past = new.as_ref().is_some_and(|new| new.past.is_some());
    let parent = text_at(node, "parent").and_then(|text| Id::parse(text).ok());
    let fits = kin::check_parent(app, parent.as_ref(), None, past).await;
    gathered(fits, &mut problems)?;
    if !past {
        promise_that_can_be(node, catalogue, now, &mut problems);
    }
    let past = new.as_ref().and_then(|new| new.past.as_ref());
    if past.is_some_and(|past| past.resolved_at > now) {
        let problem = format!("is still to come: it must not be later than {now}");
        problems.add("resolved_at", None, problem);
    }
    let because = new.as_ref().and_then(|new| new.open_because.as_deref());
    let because = because.or_else(|| text_at(node, OPEN));
    let open = review::open(app, &words(typed), because).await;
    let open = gathered(open, &mut problems)?.flatten();
    match new {
        Some(new) if problems.0.is_empty() => Ok(Whole { new, open }),
        _ => Err(Invalid {
            problems: problems.0,
        }
        .into()),
    }
}

/// An update, with what goes on record of words that its readers should not see; or everything that is wrong with it before
/// anybody looks at the incident.
pub(super) async fn whole_update(app: &App, node: &Node) -> Result<(PostedUpdate, Option<Value>)> {
    let catalogue = app.store.catalogue().await?;
    let mut problems = Problems::default();
    let posted = PostedUpdate::read(node, "", &mut problems);
    problems.look_up(&catalogue);
    promise_that_can_be(node, &catalogue, app.clock.now(), &mut problems);
    let because = posted.as_ref().and_then(|new| new.open_because.as_deref());
    let because = because.or_else(|| text_at(node, OPEN));
    let open = review::open(app, &words(node), because).await;
    let open = gathered(open, &mut problems)?.flatten();
    match posted {
        Some(posted) if problems.0.is_empty() => Ok((posted, open)),
        _ => Err(Invalid {
            problems: problems.0,
        }
        .into()),
    }
}

/// Refuses a time to the next update that no calendar has.
fn promise_that_can_be(
    node: &Node,
    catalogue: &Catalogue,
    now: Timestamp,
    problems: &mut Problems,
) {
    let given = text_at(node, "next_update_in").and_then(|text| Offset::parse(text).ok());
    if let Some(given) = given
        && let Err(problem) = next_update(Some(given), Severity::P1, catalogue, now)
    {
        problems.add("next_update_in", None, problem);
    }
}
