//! Incidents that belong together: duplicates, parts, and those entered afterwards.

use super::{Answer, BROKEN, Ready, id_of, load, promised, publish, seen, team, title_of};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::{AGAIN, gathered, overtaken, read, text_at, whole};
use forewarn_core::document::{Catalogue, Fields, Node, Problems};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::incident::{Incident, NewIncident, NewUpdate, Past, version};
use forewarn_core::plan::{Changes, timers_again};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::promise::Thread;
use forewarn_store::{Beside, Entry, EventFilter};
use jiff::Timestamp;
use serde_json::{Value, json};

/// More parts of one incident are not told with it.
const MOST_PARTS: i64 = 1_000;

/// Enters an incident that is over. Nobody is told.
pub(super) async fn enter(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    new: NewIncident,
    past: Past,
    open: Option<Value>,
) -> Result<Answer> {
    let id = id_of(app, &new.declaration).await?;
    let title = title_of(&new.declaration, catalogue);
    let mut detail = json!({"severity": new.declaration.severity, "services": new.declaration.services,
        "started_at": past.started_at, "resolved_at": past.resolved_at});
    if let Some(open) = open {
        detail["privacy_override"] = open;
    }
    let incident = Incident::entered(new, past, id, title);
    let entry = Entry::new(&caller.actor, "incident.entered", incident.id.as_str()).with(detail);
    let mut ready = Ready::quiet(incident, 0, Changes::default(), None, entry);
    // It is made, although it says nothing.
    ready.occasion.again = false;
    publish(app, caller, catalogue, &[ready], &[]).await
}

/// A parent exists, is open where its part is, is no part itself, and does not make a part of what has parts.
pub(super) async fn check_parent(
    app: &App,
    parent: Option<&Id>,
    child: Option<&Incident>,
    is_over: bool,
) -> Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    let wrong = |problem: String| ApiError::from(Invalid::one("parent", problem));
    if child.is_some_and(|child| child.id == *parent) {
        return Err(wrong("is the incident itself".into()));
    }
    let found = match load(app, parent.as_str()).await {
        Err(ApiError::NotFound(_)) => return Err(wrong(format!("there is no incident {parent}"))),
        found => found?.0,
    };
    if let Some(into) = &found.merged_into {
        return Err(wrong(format!(
            "{parent} was merged into {into}: name that one"
        )));
    }
    // Nothing is said of it any more that its part could say too. What is over itself may belong to what is over.
    if !found.status.is_open() && !is_over {
        let status = found.status.as_str();
        return Err(wrong(format!(
            "{parent} is {status} and can have no open parts"
        )));
    }
    if let Some(above) = &found.parent {
        return Err(wrong(format!("{parent} is a part of {above} itself")));
    }
    if let Some(child) = child
        && !parts(app, child.id.as_str()).await?.is_empty()
    {
        return Err(wrong(format!("{} has parts of its own", child.id)));
    }
    Ok(())
}

/// The incidents that are a part of this one, with their versions.
///
/// # Errors
/// When the store cannot be read.
pub async fn parts(app: &App, id: &str) -> Result<Vec<(Incident, i64)>> {
    let filter = EventFilter {
        kind: Some("incident"),
        ..EventFilter::default()
    };
    let events = app.store.events(&filter, MOST_PARTS).await?;
    let parts = events.into_iter().filter_map(|stored| match stored.event {
        Event::Incident(i) if i.parent.as_ref().is_some_and(|p| *p == *id) => {
            Some((i, stored.sequence))
        }
        _ => None,
    });
    Ok(parts.collect())
}

/// That parts of an incident that is over are open still: their people hear nothing of the end.
pub(super) async fn left_open(app: &App, id: &str) -> Result<Option<Problem>> {
    let parts = parts(app, id).await?.into_iter();
    let open = parts.filter(|(part, _)| part.status.is_open());
    let open: Vec<String> = open.map(|(part, _)| part.id.to_string()).collect();
    Ok((!open.is_empty()).then(|| {
        let problem = format!(
            "its parts are open still, and their promises stand: {}; end them too, or say the same of them with 'carry'",
            open.join(", ")
        );
        Problem::new("carry", problem)
    }))
}

/// What the open parts of an incident say when it says something: its words, and its status where that can follow.
pub(super) async fn carried(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    incident: &Incident,
    now: Timestamp,
) -> Result<Vec<Ready>> {
    let Some(said) = incident.updates.last() else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (part, sequence) in parts(app, incident.id.as_str()).await? {
        if !part.status.is_open() {
            continue;
        }
        let next = match said.promise {
            Some(promise) => promise.due,
            None => promised(now, None, part.severity, catalogue)?,
        };
        let new = NewUpdate {
            status: Some(said.status).filter(|status| part.may_become(*status)),
            facts: said.facts.clone(),
            cause: incident.cause,
            text: said.text.clone(),
            texts: said.texts.clone(),
            services: Default::default(),
            next_update_in: None,
        };
        let part = part
            .clone()
            .update(new, next, now)?
            .undoable(&part, app.clock.now());
        let entry = Entry::new(&caller.actor, "incident.updated", part.id.as_str())
            .with(json!({"status": part.status, "carried_from": incident.id}));
        all.push(Ready::update(app, catalogue, part, sequence, vec![entry], now).await?);
    }
    Ok(all)
}

/// Makes an incident a part of another, or of none: `{"parent": ID}` or `{"parent": null}`.
///
/// # Errors
/// When there is no such parent, or it cannot be one.
pub async fn set_parent(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let (mut incident, sequence) = load(app, id).await?;
    let mut problems = Problems::default();
    let asked = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let parent = fields.optional("parent", problems, Id::parse);
        if !fields.has("parent") {
            let problem = "is missing: an incident's id, or null where it is to be a part of none";
            fields.problem("parent", problem, problems);
        }
        let version = fields.optional("version", problems, version);
        fields.finish(problems);
        Some((parent, version))
    });
    let asked = gathered(asked, &mut problems)?;
    let parent = text_at(node, "parent").and_then(|text| Id::parse(text).ok());
    let is_over = !incident.status.is_open();
    let fits = check_parent(app, parent.as_ref(), Some(&incident), is_over).await;
    gathered(fits, &mut problems)?;
    let (parent, version) = whole(node, asked, problems)?;
    seen(app, id, version, sequence).await?;
    let catalogue = app.store.catalogue().await?;
    let entry = Entry::new(&caller.actor, "incident.parent_set", id)
        .with(json!({"from": incident.parent, "to": parent}));
    incident.parent = parent;
    let ready = Ready::quiet(incident, sequence, Changes::default(), None, entry);
    publish(app, caller, &catalogue, &[ready], &[]).await
}

/// Closes a duplicate towards the incident that survives. Its audiences hear the survivor's next messages. Asked again it changes
/// nothing.
///
/// # Errors
/// When one of the two is not open, or they are one.
pub async fn merge(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let named = text_at(node, "into").and_then(|text| Id::parse(text).ok());
    let found = match &named {
        Some(into) => app.store.event(into.as_str()).await?,
        None => None,
    };
    let is_incident = found.is_some_and(|stored| matches!(stored.event, Event::Incident(_)));
    let (into, own_version, into_version) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let into = fields.required("into", problems, |text| match Id::parse(text)? {
            into if *into.as_str() == *id => Err("is the incident itself".to_owned()),
            into if !is_incident => Err(format!("there is no incident {into}")),
            into => Ok(into),
        });
        let own = fields.optional("version", problems, version);
        let other = fields.optional("into_version", problems, version);
        fields.finish(problems);
        Some((into?, own, other))
    })?;
    let mut tries = 0;
    loop {
        tries += 1;
        let versions = (own_version, into_version);
        // A notice of one of them may begin to go out between reading and writing.
        match merge_as_they_are(app, caller, id, &into, versions).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

async fn merge_as_they_are(
    app: &App,
    caller: &Caller,
    id: &str,
    into: &Id,
    (own_version, into_version): (Option<i64>, Option<i64>),
) -> Result<Answer> {
    let (gone, sequence) = load(app, id).await?;
    let (survivor, survivors) = load(app, into.as_str()).await?;
    // Asked once more it is as it is: nobody has to find out whether the answer to the first was lost.
    if gone.merged_into.as_ref() == Some(into) {
        let catalogue = app.store.catalogue().await?;
        return Ok(Answer {
            notices: Vec::new(),
            version: sequence,
            people: team::people(&gone, &catalogue),
            incident: gone,
            warnings: Vec::new(),
        });
    }
    seen(app, id, own_version, sequence).await?;
    seen(app, into.as_str(), into_version, survivors).await?;
    if !parts(app, id).await?.is_empty() {
        let problem = format!("{id} has parts of its own: merge or part those first");
        return Err(ApiError::Conflict(problem));
    }
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    let promised = survivor.promise().map(|p| p.due);
    let lapsed = gone.lapsed(now).map(|promise| gone.breach(promise, now));
    let (gone, mut survivor) = gone.merge_into(survivor, now)?;
    if survivor.parent.as_ref() == Some(&gone.id) {
        survivor.parent = None;
    }
    let (stored, _) = app.store.planned(id).await?;
    let withdrawn = stored.into_iter().filter(|s| s.open).map(|s| s.id);
    let theirs = Changes {
        withdrawn: withdrawn.collect(),
        ..Changes::default()
    };
    let (stored, _) = app.store.planned(into.as_str()).await?;
    let own = match survivor.promise().map(|p| p.due) == promised {
        true => Changes::default(),
        false => timers_again(&survivor, &catalogue, &stored, now),
    };
    let entry =
        |action, subject: &str, detail| Entry::new(&caller.actor, action, subject).with(detail);
    let closed = entry("incident.merged_into", id, json!({"into": into}));
    let grown = entry(
        "incident.merged",
        into.as_str(),
        json!({"duplicate": id, "next_update_at": survivor.promise().map(|p| p.due)}),
    );
    let mut closing = Ready::quiet(gone, sequence, theirs, None, closed);
    if let Some(breach) = lapsed {
        closing.entries.insert(0, entry(BROKEN, id, breach));
    }
    let all = [closing, Ready::quiet(survivor, survivors, own, None, grown)];
    let beside = [Beside::CarriedOver(id.to_owned(), into.to_string())];
    publish(app, caller, &catalogue, &all, &beside).await
}
