//! What is looked at before a declaration or an update happens: all problems at once, and words that readers may not see.

use super::kin;
use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::audience::Level;
use forewarn_core::document::{Catalogue, Node, Problems, Value as Tree};
use forewarn_core::id::Id;
use forewarn_core::incident::{NewIncident, PostedUpdate, Severity};
use forewarn_core::offset::Offset;
use forewarn_core::plan::next_update;
use forewarn_core::problem::{Invalid, Problem, unknown};
use jiff::Timestamp;

/// A declaration, or everything that is wrong with it, also by what there is: services, a parent, times that a calendar has.
pub(super) async fn whole(
    app: &App,
    node: &Node,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<NewIncident> {
    let mut problems = Problems::default();
    let new = NewIncident::read(node, "", &mut problems);
    problems
        .0
        .extend(unknown_services(named_in(node), catalogue));
    let text = |name: &str| field(node, name).and_then(scalar_of);
    let past = new.as_ref().is_some_and(|new| new.past.is_some());
    if let Some(parent) = text("parent").and_then(|text| Id::parse(text).ok())
        && let Err(error) = kin::check_parent(app, Some(&parent), None, past).await
    {
        match error {
            ApiError::Invalid(invalid) => problems.0.extend(invalid.problems),
            other => return Err(other),
        }
    }
    let given = text("next_update_in").and_then(|text| Offset::parse(text).ok());
    if let Some(given) = given.filter(|_| !past)
        && let Err(problem) = next_update(Some(given), Severity::P1, catalogue, now)
    {
        problems.add("next_update_in", None, problem);
    }
    match new {
        Some(new) if problems.0.is_empty() => Ok(new),
        _ => Err(Invalid {
            problems: problems.0,
        }
        .into()),
    }
}

fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Tree::Map(entries) = &node.value else {
        return None;
    };
    let found = entries.iter().find(|(known, _, _)| known == name);
    found.map(|(_, _, node)| node)
}

fn scalar_of(node: &Node) -> Option<&str> {
    match &node.value {
        Tree::Text { text, .. } => Some(text),
        _ => None,
    }
}

/// The services that a declaration names, whatever else is wrong with it.
fn named_in(node: &Node) -> Vec<Id> {
    let services = field(node, "services").map(|node| &node.value);
    let Some(Tree::Map(entries)) = services else {
        return Vec::new();
    };
    let ids = entries
        .iter()
        .filter_map(|(name, _, _)| Id::parse(name).ok());
    ids.collect()
}

/// Refuses services that do not exist.
pub(super) fn known_services<'a>(
    named: impl Iterator<Item = &'a Id>,
    catalogue: &Catalogue,
) -> Result<()> {
    let problems = unknown_services(named.cloned().collect(), catalogue);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Invalid { problems }.into()),
    }
}

fn unknown_services(named: Vec<Id>, catalogue: &Catalogue) -> Vec<Problem> {
    let known: Vec<&str> = catalogue.services.iter().map(|s| s.id.as_str()).collect();
    let problem = |id: &Id| {
        Problem::new(
            format!("services.{id}"),
            unknown("service", id.as_str(), known.iter().copied()),
        )
    };
    let named = named.iter();
    let unknown = named.filter(|id| !known.contains(&id.as_str()));
    unknown.map(problem).collect()
}

/// What somebody wrote for an update, with the level of who reads it: all of it stands on the public page, but for what is
/// technical.
pub(super) fn words(posted: &PostedUpdate) -> Vec<(&'static str, &str, Level)> {
    let facts = &posted.update.facts;
    let action = facts.action.as_ref().map(|action| &action.what);
    let open = [
        ("title", posted.title.as_ref()),
        ("text", posted.update.text.as_ref()),
        ("facts.effect", facts.effect.as_ref()),
        ("facts.why", facts.why.as_ref()),
        ("facts.cause", facts.cause.as_ref()),
        ("facts.action", action),
        ("facts.workaround", facts.workaround.as_ref()),
        ("facts.risk", facts.risk.as_ref()),
        ("facts.fallback", facts.fallback.as_ref()),
        ("facts.cost", facts.cost.as_ref()),
    ];
    let open = open.map(|(field, text)| (field, text, Level::NonTechnical));
    let technical = (
        "facts.technical",
        facts.technical.as_ref(),
        Level::Technical,
    );
    let all = open.into_iter().chain([technical]);
    let mut words: Vec<_> = all
        .filter_map(|(field, text, level)| Some((field, text?.as_str(), level)))
        .collect();
    for q in &facts.questions {
        let said = [&q.question, &q.answer];
        words.extend(said.map(|text| ("facts.questions", text.as_str(), q.level)));
    }
    words
}
