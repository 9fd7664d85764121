//! Refuses what would say nothing to somebody: a template may be all of what a level may not see.

use super::approval::Waiting;
use crate::app::App;
use crate::console::language_name;
use crate::error::Result;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::message::Sheet;
use forewarn_core::plan::{Notice, is_inside, is_team_notice};
use forewarn_core::problem::{Invalid, Problem};
use std::collections::BTreeSet;

/// Refuses notices of which some text would be empty, before they are stored. The first word about an incident is never held up.
///
/// # Errors
/// Each empty text with its notice, audience, level, channel and language.
pub(super) async fn refuse(
    app: &App,
    event: &Event,
    told: &[Notice],
    occasion: &Occasion,
) -> Result<()> {
    let templates = app.store.templates().await?;
    // The built-in texts always say something.
    if templates.is_empty() {
        return Ok(());
    }
    let stored = app.store.catalogue().await?;
    let seen = event.added().map(|added| added.over(&stored));
    let catalogue = seen.as_deref().unwrap_or(&stored);
    let (mut looked_at, mut problems) = (BTreeSet::new(), Vec::new());
    for notice in told {
        let milestone = notice.milestone.as_str();
        if is_inside(&notice.audience) || is_team_notice(milestone) || milestone == "holding" {
            continue;
        }
        let mut audiences = catalogue.audiences.iter();
        let audience = audiences.find(|a| a.id == *notice.audience);
        let readers = audience.and_then(|a| a.readers);
        // Ten thousand audiences that read the same are one.
        if !looked_at.insert((milestone, notice.level, readers, &notice.channels)) {
            continue;
        }
        let occasion = Occasion {
            milestone: notice.milestone.clone(),
            offset: notice.offset.clone(),
            ..occasion.clone()
        };
        let content = event.content(&occasion, audience, catalogue, &app.public_url, notice.due);
        let sheet = Sheet::new(
            &notice.audience,
            notice.level,
            &notice.channels,
            catalogue,
            &templates,
        );
        let name = audience.map_or(notice.audience.as_str(), |a| &a.name);
        let silent = sheet.silent(&content, &templates).into_iter();
        problems
            .extend(silent.map(|v| problem((milestone, name), (v.level, v.channel, &v.language))));
    }
    told_if_any(problems)
}

/// Refuses to agree to notices of which some text is empty.
///
/// # Errors
/// As [`refuse`].
pub(super) fn check(waiting: &Waiting) -> Result<()> {
    let empty = waiting.notices.iter().flat_map(|notice| {
        let of = (notice.milestone.as_str(), notice.audience.as_str());
        let texts = notice.texts.iter().filter(|t| t.text.trim().is_empty());
        texts.map(move |t| problem(of, (t.level, t.channel, &t.language)))
    });
    told_if_any(empty.collect())
}

fn told_if_any(problems: Vec<Problem>) -> Result<()> {
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Invalid { problems }.into()),
    }
}

fn problem(
    (milestone, audience): (&str, &str),
    (level, channel, language): (Level, Channel, &str),
) -> Problem {
    let (level, channel) = (level.as_str(), channel.as_str());
    let said = format!(
        "the {milestone} to {audience} would say nothing at level {level}, by {channel}, in {}; write its template so that something is left there",
        language_name(language)
    );
    Problem::new("text", said)
}
