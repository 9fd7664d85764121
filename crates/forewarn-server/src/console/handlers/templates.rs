//! The template library: list, text, trial, versions.

use super::previews::with_mails;
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::{Fields, see_other};
use crate::console::{
    Choice, FlashKind, Nav, Shown as Look, TemplateDiff, TemplateGroup, TemplateLink, TemplateList,
    TemplatePage, TemplateRow, Typed,
};
use crate::error::{ApiError, Result};
use crate::ops::template::{self, BUILT_IN, Listed};
use crate::status_page::milestone_words;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Node, Value, silent};
use forewarn_core::message::{MILESTONES, milestones_of};
use forewarn_core::problem::Problem;
use forewarn_core::routing::KINDS;
use forewarn_core::template::Template;
use forewarn_store::{EventFilter, Role};

/// Events that a template can be tried on.
const EVENTS: i64 = 20;

fn asked(RawQuery(query): &RawQuery, name: &str) -> String {
    let query = query.as_deref().unwrap_or_default();
    let found = url::form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}

/// `GET /console/templates`, with `language`.
pub(in crate::console) async fn list(desk: Desk, query: RawQuery) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let all = template::library(&desk.app).await?;
    let mut tags: Vec<&str> = Vec::new();
    for listed in &all {
        if !tags.contains(&listed.template.language.as_str()) {
            tags.push(&listed.template.language);
        }
    }
    tags.sort();
    let first = catalogue.organisation.languages.first();
    let wanted = asked(&query, "language");
    let mut languages = [wanted.as_str(), first.map_or("en", String::as_str), "en"].into_iter();
    let language = languages.find(|tag| tags.contains(tag)).unwrap_or("en");
    let choice = |id: &str, name: &str| Choice {
        id: id.to_owned(),
        name: name.to_owned(),
        group: None,
    };
    let shown = all
        .iter()
        .filter(|listed| listed.template.language == language);
    let view = TemplateList {
        frame: desk.frame(&catalogue, "Templates", Nav::Templates).await?,
        typed: Typed {
            fields: vec![("language".into(), language.to_owned())],
            problems: Vec::new(),
        },
        languages: tags
            .iter()
            .map(|tag| choice(tag, crate::console::language_name(tag)))
            .collect(),
        milestones: MILESTONES
            .iter()
            .map(|name| choice(name, &milestone_words(name)))
            .collect(),
        groups: groups(shown),
        own: all.iter().filter(|listed| listed.own.is_some()).count(),
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// Texts by what they are about: those for one kind of event there, others where their story is told first.
fn groups<'a>(shown: impl Iterator<Item = &'a Listed>) -> Vec<TemplateGroup> {
    const TITLES: [&str; 5] = [
        "Planned work",
        "Incidents",
        "Known faults",
        "Announcements",
        "The team and subscriptions",
    ];
    let place = |template: &Template| {
        let of_kind = template.event.as_deref();
        let kind = of_kind.and_then(|event| KINDS.iter().position(|kind| *kind == event));
        let order = ["maintenance", "incident", "advisory", "announcement"];
        let named = kind.and_then(|kind| order.iter().position(|name| *name == KINDS[kind]));
        let told = |kind: &&str| milestones_of(kind).contains(&template.milestone.as_str());
        named.or_else(|| order.iter().position(told)).unwrap_or(4)
    };
    let mut groups = TITLES.map(|title| TemplateGroup {
        title,
        rows: Vec::new(),
    });
    for listed in shown {
        let rows = &mut groups[place(&listed.template)].rows;
        let milestone = &listed.template.milestone;
        let row = match rows.iter().position(|row| row.milestone == *milestone) {
            Some(found) => found,
            None => {
                rows.push(TemplateRow {
                    milestone: milestone.clone(),
                    texts: Vec::new(),
                });
                rows.len() - 1
            }
        };
        rows[row].texts.push(TemplateLink {
            template: listed.template.clone(),
            version: listed.own.as_ref().map(|own| own.version),
        });
    }
    let story = |milestone: &str| MILESTONES.iter().position(|name| *name == milestone);
    for group in &mut groups {
        group.rows.sort_by_key(|row| story(&row.milestone));
        for row in &mut group.rows {
            row.texts.sort_by_key(|link| {
                let Template {
                    readers,
                    level,
                    channel,
                    ..
                } = link.template;
                (readers, level, channel)
            });
        }
    }
    let filled = groups.into_iter().filter(|group| !group.rows.is_empty());
    filled.collect()
}

/// `GET /console/templates/new`: to the page of the template that is chosen.
pub(in crate::console) async fn new(_desk: Desk, query: RawQuery) -> Shown {
    let parts = ["milestone", "level", "channel", "language"].map(|name| asked(&query, name));
    let mut id = parts.map(|part| part.trim().to_owned()).join(".");
    for narrowed in ["event", "readers"].map(|name| asked(&query, name)) {
        if !narrowed.is_empty() {
            id = format!("{id}.{narrowed}");
        }
    }
    let template = of(&id)?;
    Ok(see_other(&format!("/console/templates/{}", template.id())))
}

/// The template that an id means, with the text that is read where nobody wrote one.
fn of(id: &str) -> Result<Template> {
    Template::from_id(id).map_err(|_| ApiError::NotFound(format!("template {id}")))
}

fn at(id: &str) -> String {
    format!("/console/templates/{id}")
}

/// `GET /console/templates/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    shown(&desk, &id, StatusCode::OK, None, None).await
}

/// The page, with what was typed and what it would say.
async fn shown(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    typed: Option<Typed>,
    messages: Option<Vec<Look>>,
) -> Shown {
    let blank = of(id)?;
    let versions = desk.app.store.template_versions(&blank.id()).await?;
    let own = versions.first().and_then(|newest| newest.body.clone());
    let is_own = own.is_some();
    let template = own.unwrap_or(blank);
    let newest = versions.first().map_or(BUILT_IN, |newest| newest.version);
    let fields = [
        ("subject", template.subject.clone().unwrap_or_default()),
        ("body", template.body.clone()),
        ("version", newest.to_string()),
    ];
    let stands = || Typed {
        fields: fields
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        problems: Vec::new(),
    };
    let catalogue = desk.app.store.catalogue().await?;
    let view = TemplatePage {
        frame: desk.frame(&catalogue, "Template", Nav::Templates).await?,
        events: events(desk, &template).await?,
        is_own,
        may_save: desk.caller.role >= Role::Administrator,
        typed: typed.unwrap_or_else(stands),
        messages,
        versions,
        template,
    };
    Ok(with_mails(page(status, view.render())))
}

/// The last events of which such a notice can be told.
async fn events(desk: &Desk, template: &Template) -> Result<Vec<Choice>> {
    let filter = EventFilter::default();
    let found = desk.app.store.events(&filter, 100).await?.into_iter();
    let fits = |kind: &str| {
        milestones_of(kind).contains(&template.milestone.as_str())
            && template.event.as_deref().is_none_or(|event| event == kind)
    };
    let fitting = found.map(|stored| stored.event).filter(|e| fits(e.kind()));
    let choices = fitting.take(EVENTS as usize).map(|event| Choice {
        id: event.id().to_string(),
        name: event.title().to_owned(),
        group: None,
    });
    Ok(choices.collect())
}

/// The form as the document that a file would have.
fn document(template: &Template, fields: &Fields) -> Node {
    let level = template.level.map(|level| level.as_str().to_owned());
    let readers = template.readers.map(|readers| readers.as_str().to_owned());
    let channel = template.channel.map(|channel| channel.as_str().to_owned());
    let parts = [
        ("milestone", Some(template.milestone.clone())),
        ("event", template.event.clone()),
        ("level", level),
        ("readers", readers),
        ("channel", channel),
        ("language", Some(template.language.clone())),
    ];
    let mut named: Vec<(String, String)> = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    for name in ["subject", "body"] {
        named.push((name.to_owned(), fields.value(name).to_owned()));
    }
    let mut node = tree(&named);
    // A template without a text has a problem with that, not with the form.
    if let Value::Map(entries) = &mut node.value
        && !entries.iter().any(|(name, _, _)| name == "body")
    {
        let text = String::new();
        let value = Value::Text { text, plain: false };
        entries.push(("body".into(), None, Node { value, place: None }));
    }
    node
}

/// `POST /console/templates/{id}/preview`, with the fields of its form.
pub(in crate::console) async fn preview(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let event = Some(fields.value("event").to_owned()).filter(|event| !event.is_empty());
    let tried = async {
        let asked = template::Asked {
            templates: vec![template::parse(&document(&of(&id)?, &fields))?],
            event,
            milestone: None,
        };
        template::preview(&desk.app, &asked).await
    };
    let (messages, problems) = match tried.await {
        Ok(messages) => (messages, Vec::new()),
        Err(ApiError::Invalid(invalid)) => (Vec::new(), invalid.problems),
        Err(error) => return Err(error.into()),
    };
    let typed = Typed {
        fields: fields.0,
        problems,
    };
    let looks = messages.into_iter().map(Look).collect();
    shown(&desk, &id, StatusCode::OK, Some(typed), Some(looks)).await
}

/// `POST /console/templates/{id}`
pub(in crate::console) async fn save(desk: Desk, Path(id): Path<String>, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let saved = async {
        let template = template::parse(&document(&of(&id)?, &fields))?;
        let expected = fields.value("version").parse().ok();
        let saved = template::save(&desk.app, &desk.caller, &template, expected).await?;
        Ok((saved, silent(&template)))
    };
    let (said, silent) = match saved.await {
        Ok((saved, silent)) if saved.is_new => (
            Ok(format!("It is saved as version {}.", saved.version)),
            silent,
        ),
        Ok((_, silent)) => (Ok("It said that already.".to_owned()), silent),
        Err(error) => (Err(error), None),
    };
    match (said, silent) {
        // It is saved: other templates may speak to those readers. Whoever wrote it is to know.
        (Ok(said), Some(silent)) => {
            let said = format!("{said} The text {silent}.");
            Ok(desk.told(&at(&id), FlashKind::Warning, said))
        }
        (said, _) => answer(&desk, &id, fields, said).await,
    }
}

/// `POST /console/templates/{id}/restore`
pub(in crate::console) async fn restore(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    let done = template::restore(&desk.app, &desk.caller, &id, &node).await;
    let said = done.map(|saved| {
        let from = fields.value("version");
        match from {
            "0" => format!(
                "The built-in text stands again, as version {}.",
                saved.version
            ),
            from => format!("Version {from} stands again, as version {}.", saved.version),
        }
    });
    answer(&desk, &id, Fields(Vec::new()), said).await
}

/// Back to the page; where something was wrong, with what was typed.
async fn answer(desk: &Desk, id: &str, fields: Fields, done: Result<String>) -> Shown {
    let (status, problems) = match done {
        Ok(said) => return Ok(back(desk, id, said)),
        Err(ApiError::Invalid(invalid)) => (StatusCode::UNPROCESSABLE_ENTITY, invalid.problems),
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let problem = Problem::new("", sentence(&error.said()));
            (error.status(), vec![problem])
        }
        Err(error) => return Err(error.into()),
    };
    let fields = match fields.0.is_empty() {
        true => None,
        false => Some(fields.0),
    };
    match fields {
        Some(fields) => {
            let typed = Typed { fields, problems };
            shown(desk, id, status, Some(typed), None).await
        }
        None => {
            let said = problems
                .iter()
                .map(|p| sentence(&p.problem))
                .collect::<Vec<_>>();
            Ok(desk.told(&at(id), FlashKind::Refused, said.join(" ")))
        }
    }
}

fn back(desk: &Desk, id: &str, said: String) -> Response {
    desk.done(&at(id), said)
}

/// `GET /console/templates/{id}/diff`, with `from` and `to`.
pub(in crate::console) async fn diff(desk: Desk, Path(id): Path<String>, query: RawQuery) -> Shown {
    let number = |name: &str| asked(&query, name).parse::<i64>().ok();
    let compared = template::compare(&desk.app, &id, (number("from"), number("to"))).await?;
    let versions = template::versions(&desk.app, &id).await?;
    let newest = versions.first().map_or(BUILT_IN, |newest| newest.version);
    let catalogue = desk.app.store.catalogue().await?;
    let numbers = versions.iter().map(|version| version.version);
    let view = TemplateDiff {
        frame: desk
            .frame(&catalogue, "What changed", Nav::Templates)
            .await?,
        template: of(&id)?,
        numbers: numbers.chain([BUILT_IN]).collect(),
        may_save: desk.caller.role >= Role::Administrator,
        newest,
        compared,
    };
    Ok(page(StatusCode::OK, view.render()))
}
