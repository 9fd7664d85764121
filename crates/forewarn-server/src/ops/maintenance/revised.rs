//! What is known of planned work changes without its time: what it does, what it touches, in which words.

use super::{Answer, Said, act};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::planned_texts;
use crate::ops::review::Guard;
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::texts::{NewTexts, PlannedTexts};
use forewarn_store::Entry;
use serde_json::json;

/// What work is from now on.
#[derive(Clone, Debug)]
pub struct Revision {
    /// What it is, in one line.
    pub title: String,
    /// What it works on.
    pub services: Vec<Id>,
    /// What is known.
    pub facts: Facts,
    /// People who know of it are told at once, by a new announcement; else by what comes next.
    pub tells: bool,
}

/// Lays a revision over work that is not over. Of work that is under way the next notice tells.
///
/// # Errors
/// When there is no such maintenance.
pub async fn revise(app: &App, caller: &Caller, id: &str, revision: &Revision) -> Result<Answer> {
    act(app, caller, id, |m, _| {
        let entry = Entry::new(&caller.actor, "maintenance.revised", id).with(json!({
            "services": {"from": m.services, "to": revision.services},
            "facts": {"from": m.facts, "to": revision.facts},
        }));
        let tells = revision.tells && m.status == Status::Scheduled;
        let said = Said {
            milestone: tells.then_some("announcement"),
            ..Said::default()
        };
        let m = Maintenance {
            title: revision.title.clone(),
            services: revision.services.clone(),
            facts: revision.facts.clone(),
            // What was announced is announced once more, to the same people.
            revision: m.revision + u32::from(tells),
            // What was edited spoke of what was known then.
            texts: match tells {
                true => PlannedTexts::default(),
                false => m.texts,
            },
            ..m
        };
        Ok((m, said, entry))
    })
    .await
}

/// What one of its messages to come says; nobody is told of that by itself.
///
/// # Errors
/// When it is over.
pub(in crate::ops) async fn put_texts(
    app: &App,
    caller: &Caller,
    id: &str,
    (new, guard): (&NewTexts, &Guard),
) -> Result<Answer> {
    act(app, caller, id, |mut m, _| {
        if m.status.is_over() {
            let act = "have other texts: only what is not over can, and stays so";
            return Err(m.refuse(Status::Scheduled).cannot(act).into());
        }
        planned_texts::of_these_times(id, new, m.revision)?;
        let entry = planned_texts::entry(caller, "maintenance.texts_edited", id, (new, guard));
        m.texts.put(new.milestone, new.texts.clone());
        Ok((m, Said::default(), entry))
    })
    .await
}
