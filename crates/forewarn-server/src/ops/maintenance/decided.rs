//! Whether clients must be told, and what the owners made of the answer.

use super::{Answer, Said, act};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use forewarn_core::contact::EmailAddress;
use forewarn_core::decision::{self, Answers, OwnDecision, Recorded};
use forewarn_core::document::Catalogue;
use forewarn_core::id::Id;
use forewarn_core::incident::is_same_person;
use forewarn_core::maintenance::Maintenance;
use forewarn_store::Entry;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the owners say beside the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Nothing: what they decided before stands.
    SayNothing,
    /// That the recommendation holds again.
    Withdraw,
    /// Their own decision.
    Decide(OwnDecision),
}

/// The last word is that of the services' owners, where any are known.
pub(in crate::ops) fn owners_decide(
    catalogue: &Catalogue,
    services: &[Id],
    own: &OwnDecision,
) -> std::result::Result<(), String> {
    let named = catalogue
        .services
        .iter()
        .filter(|s| services.contains(&s.id));
    let owners: BTreeSet<&str> = named
        .flat_map(|s| [&s.owner, &s.business_owner])
        .flatten()
        .map(EmailAddress::as_str)
        .collect();
    let decides = |owner: &&str| is_same_person(owner, &own.by);
    match owners.is_empty() || owners.iter().any(decides) {
        true => Ok(()),
        false => {
            let owners: Vec<&str> = owners.into_iter().collect();
            Err(format!(
                "must be an owner of the services, who have the last word: {}",
                owners.join(" or ")
            ))
        }
    }
}

/// A decision as it stands in the journal: what was recommended, what the owners made of it, and on which answers.
pub(super) fn decided_as(recorded: &Recorded) -> Value {
    let recommended = decision::decide(&recorded.answers).verdict;
    json!({"recommended": recommended, "own": recorded.own, "answers": recorded.answers})
}

/// Whether clients must be told, with the owners' own word where it differs. The rest is planned again.
///
/// # Errors
/// When there is no such maintenance.
pub async fn decide(
    app: &App,
    caller: &Caller,
    id: &str,
    answers: &Answers,
    own: &Owners,
) -> Result<Answer> {
    act(app, caller, id, |m, _| {
        let before = m.decision.as_ref().and_then(|d| d.own.clone());
        let recorded = Recorded {
            answers: *answers,
            own: match own {
                Owners::SayNothing => before,
                Owners::Withdraw => None,
                Owners::Decide(own) => Some(own.clone()),
            },
        };
        let entry = Entry::new(&caller.actor, "maintenance.decided", id);
        let entry = entry.with(decided_as(&recorded));
        let m = Maintenance {
            decision: Some(recorded),
            ..m
        };
        Ok((m, Said::default(), entry))
    })
    .await
}
