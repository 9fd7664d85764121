//! The text of each level in a form: made of the facts until somebody changes it.
//!
//! Each stands in a field that begins with what was made, and beside it, hidden, what that was. So a text that nobody touched is made
//! anew when the form is sent, and one that was edited while the facts changed is told.

use super::incidents::declared;
use crate::console::LevelLook;
use crate::console::desk::Desk;
use crate::console::entered::tree;
use crate::console::level_look::plain;
use crate::error::Result;
use crate::ops::incident::preview;
use crate::ops::previewed::Previewed;
use forewarn_core::audience::Level;
use forewarn_core::document::{Node, Value, from_json};
use forewarn_core::message::LevelText;
use forewarn_core::problem::Problem;
use forewarn_core::texts::Texts;
use forewarn_core::time::Zone;
use forewarn_store::Writing;
use serde_json::json;

/// Before the name of a level: the field that holds what was made when the page was.
const MADE: &str = "made";

/// The field of a level's text.
fn field(level: Level) -> String {
    format!("{}.{}", Texts::FIELD, level.as_str())
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// What was made when the page was, of a level whose text somebody has changed since.
fn made_before(fields: &[(String, String)], level: Level) -> Option<String> {
    let made = plain(value(fields, &format!("{MADE}.{}", level.as_str())).unwrap_or_default());
    let typed = value(fields, &field(level)).map(plain);
    typed.filter(|typed| *typed != made).map(|_| made)
}

/// The fields without the texts that nobody changed; and of those that were changed the ones that say nothing any more.
pub(super) fn edited(fields: &[(String, String)]) -> (Vec<(String, String)>, Vec<Problem>) {
    let mut named = fields.to_vec();
    let mut problems = Vec::new();
    for level in Level::ALL {
        let own = field(level);
        named.retain(|(name, _)| *name != format!("{MADE}.{}", level.as_str()));
        if made_before(fields, level).is_none() {
            named.retain(|(name, _)| *name != own);
        } else if value(fields, &own).is_none_or(|text| text.trim().is_empty()) {
            let problem =
                "is empty: put back what was made, or write what these people are to read";
            problems.push(Problem::new(own, problem));
        }
    }
    (named, problems)
}

/// Of the edited texts those whose facts have changed since, in sentences.
pub(super) fn stale(fields: &[(String, String)], now: &[LevelText]) -> Vec<String> {
    // An edit that comes from elsewhere does not say what it began with.
    let began = |level: Level| value(fields, &format!("{MADE}.{}", level.as_str())).is_some();
    let changed = now.iter().filter(|text| {
        let made = made_before(fields, text.level).filter(|_| began(text.level));
        made.is_some_and(|made| made != plain(&text.made))
    });
    let said = |text: &LevelText| {
        format!(
            "What is made {} has changed since its text was edited. Look whether the edited one still fits.",
            LevelLook::words(text.level)
        )
    };
    changed.map(said).collect()
}

/// The texts of an open incident's next update as they are made of what was typed so far, or of where it stands.
pub(super) async fn of_update(
    desk: &Desk,
    id: &str,
    status: &str,
    typed: &[(String, String)],
) -> Vec<LevelLook> {
    let app = &desk.app;
    let stands = [("status".to_owned(), status.to_owned())];
    let (mut named, _) = edited(typed);
    named.retain(|(name, value)| {
        !value.is_empty() && !matches!(name.as_str(), "recipients" | "undo" | "note" | "promise")
    });
    let shown = match preview::update(app, id, &tree(&named)).await {
        Ok(shown) => shown,
        // What was typed is wrong, which is told where it stands.
        Err(_) => {
            let stands = preview::update(app, id, &tree(&stands)).await;
            stands.unwrap_or_default()
        }
    };
    looks(shown.texts, typed)
}

/// The texts of the first word about an incident as far as it is described; none before it can be made.
pub(super) async fn of_declaration(
    desk: &Desk,
    typed: &[(String, String)],
    zone: &Zone,
) -> Vec<LevelLook> {
    let (named, _) = edited(typed);
    let (named, _) = declared(&named, zone);
    of_first(preview::declaration(&desk.app, &tree(&named)).await, typed)
}

/// The texts of the first word about something that is being described; none before it can be made.
pub(super) fn of_first(said: Result<Previewed>, typed: &[(String, String)]) -> Vec<LevelLook> {
    let texts = said.map_or_else(|_| Vec::new(), |said| said.texts);
    match texts.is_empty() {
        true => {
            let empty = Level::ALL.into_iter().map(LevelLook::empty);
            empty.map(|look| look.typed(typed)).collect()
        }
        false => looks(texts, typed),
    }
}

/// These texts, with what somebody typed.
pub(super) fn looks(texts: Vec<LevelText>, typed: &[(String, String)]) -> Vec<LevelLook> {
    let looks = texts.into_iter().map(LevelLook::of);
    looks.map(|look| look.typed(typed)).collect()
}

/// Texts that were edited before, as the fields of a form.
pub(super) fn as_typed(texts: &Texts) -> Vec<(String, String)> {
    let levels = Level::ALL.into_iter();
    let typed = levels.filter_map(|level| Some((field(level), texts.at(level)?.to_owned())));
    typed.collect()
}

/// Where no text is edited all of them are made: that is said.
pub(super) fn all_made(node: &mut Node) {
    if let Value::Map(entries) = &mut node.value
        && entries.iter().all(|(name, ..)| name != Texts::FIELD)
    {
        entries.push((Texts::FIELD.to_owned(), None, from_json(json!({}))));
    }
}

/// Of a form that was kept while it was typed, the texts that somebody edited.
pub(super) fn kept(own: Option<Writing>) -> Vec<(String, String)> {
    let fields = own.map(|own| serde_json::from_str(&own.text).unwrap_or_default());
    let mut fields: Vec<(String, String)> = fields.unwrap_or_default();
    fields.retain(|(name, _)| Level::ALL.iter().any(|level| field(*level) == *name));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let all = all.iter();
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_nobody_changed_is_made_anew_and_what_was_emptied_is_told() {
        let typed = fields(&[
            ("status", "identified"),
            ("made.non_technical", "It is slow.\n\n- One"),
            ("texts.non_technical", "It is slow.\r\n\r\n- One\r\n"),
            ("made.semi_technical", "It is slow."),
            ("texts.semi_technical", "It is very slow."),
            ("made.technical", "It is slow."),
            ("texts.technical", " \r\n"),
        ]);
        let (named, problems) = edited(&typed);
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["status", "texts.semi_technical", "texts.technical"]);
        let told: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(told, ["texts.technical"]);
    }
}
