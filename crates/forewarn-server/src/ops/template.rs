//! The organisation's own templates: the library, versions, what differs between two, and trial before saving.

use super::{previewed, read, review};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::document::{Fields, Node, parse_json};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::message::{Preview, Trial, milestones_of, readers};
use forewarn_core::problem::{Invalid, unknown};
use forewarn_core::review::Context;
use forewarn_core::template::{Change, Line, Template, built_in, difference};
use forewarn_core::words::LANGUAGES;
use forewarn_store::{Role, SavedTemplate, TemplateVersion};
use serde_json::{Value, json};

/// The version that stands for the built-in text.
pub const BUILT_IN: i64 = 0;

/// A text of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it says and what it is for.
    pub template: Template,
    /// Where it is the organisation's own: its newest version.
    pub own: Option<TemplateVersion>,
}

/// Two versions of a template beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The template's id.
    pub template: String,
    /// The older one.
    pub from: TemplateVersion,
    /// The newer one.
    pub to: TemplateVersion,
    /// Their subjects.
    pub subject: Vec<Line>,
    /// Their bodies.
    pub body: Vec<Line>,
}

impl Listed {
    /// As the API tells it.
    pub fn json(&self) -> Value {
        let mut body = serde_json::to_value(&self.template).unwrap_or_default();
        body["id"] = self.template.id().into();
        body["origin"] = match self.own {
            Some(_) => "own".into(),
            None => "built_in".into(),
        };
        if let Some(own) = &self.own {
            body["version"] = own.version.into();
            body["changed_at"] = json!(own.at);
            body["changed_by"] = own.author.clone().into();
        }
        body
    }
}

impl Compared {
    /// How many lines went and came.
    pub fn counts(&self) -> (usize, usize) {
        let lines = || self.subject.iter().chain(&self.body);
        let of = |change| lines().filter(|line| line.change == change).count();
        (of(Change::Removed), of(Change::Added))
    }

    /// As the API tells it.
    pub fn json(&self) -> Value {
        let (removed, added) = self.counts();
        json!({"template": self.template, "from": said(&self.from), "to": said(&self.to),
            "removed": removed, "added": added, "subject": self.subject, "body": self.body})
    }
}

/// A version without its text.
pub fn said(version: &TemplateVersion) -> Value {
    let author = Some(&version.author).filter(|author| !author.is_empty());
    json!({"version": version.version, "author": author, "at": version.at,
        "removed": version.body.is_none(), "restored": version.restored})
}

/// Every text there is: of each language the organisation's own and then the built-in ones that none of them took the place of.
///
/// # Errors
/// When the database cannot be read.
pub async fn library(app: &App) -> Result<Vec<Listed>> {
    let own = app.store.newest_templates().await?;
    let mut all: Vec<Listed> = own
        .into_iter()
        .filter_map(|version| {
            Some(Listed {
                template: version.body.clone()?,
                own: Some(version),
            })
        })
        .collect();
    let taken: Vec<String> = all.iter().map(|listed| listed.template.id()).collect();
    let built_in = LANGUAGES.into_iter().flat_map(built_in);
    let free = built_in.filter(|template| !taken.contains(&template.id()));
    all.extend(free.map(|template| Listed {
        template: template.clone(),
        own: None,
    }));
    Ok(all)
}

/// The built-in text of this id.
pub fn built_in_of(id: &str) -> Option<&'static Template> {
    let all = LANGUAGES.into_iter().flat_map(built_in);
    all.into_iter().find(|template| template.id() == id)
}

fn missing(id: &str) -> ApiError {
    ApiError::NotFound(format!("template {id}"))
}

/// The versions of a template, the newest first; none of one that is built in.
///
/// # Errors
/// [`ApiError::NotFound`] where there is and was none.
pub async fn versions(app: &App, id: &str) -> Result<Vec<TemplateVersion>> {
    let found = app.store.template_versions(id).await?;
    match found.is_empty() && built_in_of(id).is_none() {
        true => Err(missing(id)),
        false => Ok(found),
    }
}

/// One version; [`BUILT_IN`] is the text that the organisation's own took the place of.
///
/// # Errors
/// [`ApiError::NotFound`] where there is none.
pub async fn version(app: &App, id: &str, number: i64) -> Result<TemplateVersion> {
    one(id, &versions(app, id).await?, number)
}

fn one(id: &str, versions: &[TemplateVersion], number: i64) -> Result<TemplateVersion> {
    let found = versions.iter().find(|version| version.version == number);
    if let Some(found) = found {
        return Ok(found.clone());
    }
    if number != BUILT_IN {
        return Err(ApiError::NotFound(format!(
            "version {number} of the template {id}"
        )));
    }
    let own = versions.iter().find_map(|version| version.body.as_ref());
    let body = built_in_of(id).or_else(|| own.and_then(Template::stands_for));
    Ok(TemplateVersion {
        template: id.to_owned(),
        version: BUILT_IN,
        author: "built in".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        body: body.cloned(),
        restored: None,
    })
}

/// What differs between two versions: the newest and the one before it, where none are named.
///
/// # Errors
/// [`ApiError::NotFound`] where there is no such version.
pub async fn compare(
    app: &App,
    id: &str,
    (from, to): (Option<i64>, Option<i64>),
) -> Result<Compared> {
    let versions = versions(app, id).await?;
    let newest = versions.first().map_or(BUILT_IN, |version| version.version);
    let to = to.unwrap_or(newest);
    let from = from.unwrap_or((to - 1).max(BUILT_IN));
    let (from, to) = (one(id, &versions, from)?, one(id, &versions, to)?);
    let subject = |version: &TemplateVersion| {
        let subject = version.body.as_ref().and_then(|t| t.subject.clone());
        subject.unwrap_or_default()
    };
    let body = |version: &TemplateVersion| version.body.as_ref().map_or("", |t| &t.body).to_owned();
    Ok(Compared {
        template: id.to_owned(),
        subject: difference(&subject(&from), &subject(&to)),
        body: difference(&body(&from), &body(&to)),
        from,
        to,
    })
}

/// Reads a template as it stands in a file.
///
/// # Errors
/// Everything that is wrong with it, its texts by line and column.
pub fn parse(node: &Node) -> Result<Template> {
    read(node, |node, problems| Template::read(node, "", problems))
}

/// Saves a template. `expected` is the newest version that the author has seen.
///
/// # Errors
/// When somebody else saved it meanwhile; then nothing is stored.
pub async fn save(
    app: &App,
    caller: &Caller,
    template: &Template,
    expected: Option<i64>,
) -> Result<SavedTemplate> {
    caller.at_least(Role::Administrator)?;
    let now = app.clock.now();
    let saved = app
        .store
        .save_template(template, expected, None, &caller.actor, now)
        .await?;
    app.store.hint();
    Ok(saved)
}

/// Gives a template the text again that it had: `version`, and `expected`, the newest one that was seen.
///
/// # Errors
/// [`ApiError::NotFound`] where there is no such template; when that version has no text, is refused by the rules of today, or has the text that stands already.
pub async fn restore(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<SavedTemplate> {
    caller.at_least(Role::Administrator)?;
    versions(app, id).await?;
    let whole = |text: &str| {
        let number = text.parse::<i64>().ok().filter(|n| *n >= 0);
        number.ok_or_else(|| "must be the number of a version".to_owned())
    };
    let (number, expected) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let number = fields.required("version", problems, whole);
        let expected = fields.optional("expected", problems, whole);
        fields.finish(problems);
        Some((number?, expected))
    })?;
    let old = version(app, id, number).await?;
    let Some(template) = old.body else {
        let problem = format!("version {number} has no text: the template was taken away then");
        return Err(Invalid::one("version", problem).into());
    };
    // What was right when it was written may be wrong by now.
    let text = serde_json::to_string(&template).unwrap_or_default();
    let template = parse(&parse_json(&text)?)?;
    if template.id() != id {
        let problem =
            "is the built-in text for another level or channel; write one of your own from it";
        return Err(Invalid::one("version", problem).into());
    }
    let now = app.clock.now();
    let saved = app
        .store
        .save_template(&template, expected, Some(number), &caller.actor, now)
        .await?;
    if !saved.is_new {
        return Err(ApiError::Conflict(format!(
            "the template {id} has the text of version {number} already"
        )));
    }
    app.store.hint();
    Ok(saved)
}

/// What is asked for in a preview.
#[derive(Debug, Default)]
pub struct Asked {
    /// Templates that need not be saved.
    pub templates: Vec<Template>,
    /// An event, by its id; an invented one without.
    pub event: Option<String>,
    /// Which notice of the event; the template's own where there is a template.
    pub milestone: Option<String>,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(node: &Node) -> Result<Asked> {
        read(node, |node, problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let mut given = fields.nodes("templates", problems);
            given.extend(fields.node("template").map(|one| ("template".into(), one)));
            let mut templates = Vec::with_capacity(given.len());
            for (path, node) in given {
                templates.extend(Template::read(node, &path, problems));
            }
            let text = |text: &str| Ok(text.to_owned());
            let asked = Asked {
                templates,
                event: fields.optional("event", problems, text),
                milestone: fields.optional("milestone", problems, |name| {
                    forewarn_core::message::milestone(name)
                        .map(str::to_owned)
                        .ok_or_else(|| {
                            unknown("milestone", name, forewarn_core::message::MILESTONES)
                        })
                }),
            };
            fields.finish(problems);
            Some(asked)
        })
    }
}

/// The texts that a template or an event's notices would come to. Nothing is stored and nobody is told.
///
/// # Errors
/// When there is no such event, or it has no such notice.
pub async fn preview(app: &App, asked: &Asked) -> Result<Vec<Preview>> {
    let catalogue = app.store.catalogue().await?;
    let context = Context {
        known: review::known(app).await?,
        previous: None,
    };
    let event = match &asked.event {
        None => None,
        Some(id) => Some(load(app, id).await?),
    };
    let now = app.clock.now();
    let mut messages = Vec::new();
    for template in &asked.templates {
        let occasion = occasion(event.as_ref(), &template.milestone)?;
        let trial = Trial {
            template,
            catalogue: &catalogue,
            public_url: &app.public_url,
            context: &context,
        };
        messages.extend(match &event {
            None => trial.on_sample(),
            Some(event) => {
                let to = readers(event, &template.milestone, &catalogue);
                trial.on_event(event, &occasion, &to, now)
            }
        });
    }
    if !asked.templates.is_empty() {
        return Ok(messages);
    }
    let Some(milestone) = &asked.milestone else {
        let problem = "is missing: name a milestone, or give a template";
        return Err(Invalid::one("milestone", problem).into());
    };
    occasion(event.as_ref(), milestone)?;
    let Some(event) = &event else {
        let problem = "is missing: name an event, or give a template";
        return Err(Invalid::one("event", problem).into());
    };
    told(app, event, milestone).await
}

/// What this notice of an event would say to each audience now, each text once. The event need not be stored.
///
/// # Errors
/// When such an event has no such notice.
pub async fn told(app: &App, event: &Event, milestone: &str) -> Result<Vec<Preview>> {
    occasion(Some(event), milestone)?;
    Ok(previewed::of_message(app, event, milestone).await?.messages)
}

/// The occasion of this milestone, where such an event has it.
fn occasion(event: Option<&Event>, milestone: &str) -> Result<Occasion> {
    let known = match event {
        Some(event) => milestones_of(event.kind()),
        None => &forewarn_core::message::MILESTONES[..],
    };
    match known.contains(&milestone) {
        true => Ok(Occasion {
            milestone: milestone.to_owned(),
            ..Occasion::default()
        }),
        false => Err(Invalid::one("event", unfit(event, milestone)).into()),
    }
}

fn unfit(event: Option<&Event>, milestone: &str) -> String {
    let kind = event.map_or("event", Event::kind);
    format!(
        "is {} {kind}, of which there is no '{milestone}'; there is {}",
        match kind.starts_with(['a', 'i']) {
            true => "an",
            false => "a",
        },
        milestones_of(kind).join(", ")
    )
}

/// An event of which people are told.
///
/// # Errors
/// [`ApiError::NotFound`] where there is none.
pub async fn load(app: &App, id: &str) -> Result<Event> {
    let found = app.store.event(id).await?.map(|stored| stored.event);
    let told = found.filter(|event| !milestones_of(event.kind()).is_empty());
    told.ok_or_else(|| ApiError::NotFound(format!("event {id}")))
}

/// Which notice of an event comes next, as far as its state says.
pub fn next_milestone(event: &Event) -> &'static str {
    match (event.kind(), event.status()) {
        ("maintenance", "in_progress") => "completion",
        ("maintenance", "completed") => "completion",
        ("maintenance", "cancelled") | ("announcement", "cancelled") => "cancellation",
        ("maintenance", _) | ("announcement", "scheduled") => "reminder",
        ("announcement", _) => "effective",
        ("incident", "resolved" | "postmortem") => "resolution",
        ("incident", _) => "update",
        ("advisory", "fixed") => "fixed",
        _ => "update",
    }
}
