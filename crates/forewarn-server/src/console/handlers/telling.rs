//! Something that people are told of, with the texts of its message: seen, edited, and done.

use super::rows::event_path;
use super::{advisories, announcements, level_texts, previews};
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::{one_by_one, tree};
use crate::console::guard::Fields;
use crate::console::readings::settle;
use crate::console::{Nav, Shown as Look, TellPage, Typed};
use crate::error::{ApiError, Result};
use crate::ops::previewed::{self, Previewed};
use crate::ops::sending::{Posted, Sending};
use crate::ops::{advisory, announcement, maintenance, planned_texts, template};
use axum::extract::Path;
use axum::http::StatusCode;
use forewarn_core::event::Event;
use forewarn_core::texts::NewTexts;
use forewarn_store::Role;

/// Which act of which event.
struct Act {
    event: Event,
    /// Its name in the API.
    name: String,
    /// Of texts that are edited: which message has them.
    message: Option<&'static str>,
}

/// Before the name of a message whose texts are edited: each is a form of its own, and kept as such while it is typed.
const TEXTS: &str = "texts-";

impl Act {
    /// # Errors
    /// When there is no such event, or people are told of no such act.
    async fn load(desk: &Desk, id: &str, name: String) -> Result<Act> {
        desk.caller.at_least(Role::Operator)?;
        let event = template::load(&desk.app, id).await?;
        if let Some(message) = name.strip_prefix(TEXTS) {
            let planned = matches!(event, Event::Maintenance(_) | Event::Announcement(_));
            let mut known = NewTexts::messages(event.kind()).filter(|_| planned);
            let message = known.find(|known| *known == message);
            return match message {
                Some(_) => Ok(Act {
                    event,
                    name: "texts".to_owned(),
                    message,
                }),
                None => Err(ApiError::NotFound("such page".into())),
            };
        }
        let known = match &event {
            Event::Maintenance(_) => maintenance::Act::parse(&name).is_some(),
            Event::Announcement(_) => announcement::Act::parse(&name).is_some(),
            Event::Advisory(_) => advisory::Act::parse(&name).is_some(),
            Event::Incident(_) | Event::Window(_) | Event::Reminder(_) => false,
        };
        match known {
            true => Ok(Act {
                event,
                name,
                message: None,
            }),
            false => Err(ApiError::NotFound("such page".into())),
        }
    }

    /// Where its form is sent, before `/words` and `/preview`.
    fn path(&self) -> String {
        let id = self.id();
        match self.message {
            Some(message) => format!("/console/events/{id}/{TEXTS}{message}"),
            None => format!("/console/events/{id}/{}", self.name),
        }
    }

    fn id(&self) -> &str {
        self.event.id().as_str()
    }

    fn nav(&self) -> Nav {
        match &self.event {
            Event::Announcement(_) => Nav::Announcements,
            Event::Advisory(_) => Nav::Advisories,
            _ => Nav::Maintenances,
        }
    }

    /// The message that tells it, as far as that is known before its form is filled in.
    fn milestone(&self) -> &str {
        match self.name.as_str() {
            "texts" => self.message.unwrap_or_default(),
            "complete" => "completion",
            "cancel" => "cancellation",
            "delay" | "move" => "delay",
            "extend" => "extension",
            "fix" => "fixed",
            "updates" | "withdraw" => "update",
            other => other,
        }
    }

    /// The fields as the API names them: a page with several forms has one field of a name.
    fn named(&self, fields: Vec<(String, String)>) -> Vec<(String, String)> {
        let names = match &self.event {
            Event::Announcement(_) => announcements::names(&self.name),
            Event::Advisory(_) => advisories::names(&self.name),
            _ => &[],
        };
        let named = |(name, value): (String, String)| {
            let found = names.iter().find(|(form, _)| *form == name);
            (found.map_or(name, |(_, name)| (*name).to_owned()), value)
        };
        fields.into_iter().map(named).collect()
    }
}

/// `GET /console/events/{id}/{action}/words`, where the action is one of the API, or `texts-` and a message.
pub(in crate::console) async fn begin(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
) -> Shown {
    let act = Act::load(&desk, &id, action).await?;
    // What was edited before goes out unless somebody changes it here; with new times it ends.
    let kept = match act.name.as_str() {
        "start" | "complete" | "cancel" => edited(&act.event, act.milestone()),
        _ => Vec::new(),
    };
    let mut fields = act.message.map_or(kept, |m| edited(&act.event, m));
    if act.name == "texts" {
        fields.extend(revision(&act.event).map(|seen| ("revision".into(), seen.to_string())));
    }
    let typed = Typed {
        fields,
        problems: Vec::new(),
    };
    shown(&desk, &act, StatusCode::OK, typed).await
}

/// The texts that somebody edited before, as the form holds them.
fn edited(event: &Event, milestone: &str) -> Vec<(String, String)> {
    let texts = match event {
        Event::Maintenance(m) => m.texts.of(milestone),
        Event::Announcement(a) => a.texts.of(milestone),
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {
            return Vec::new();
        }
    };
    level_texts::as_typed(&texts)
}

/// Which of its times the texts on the page were written for.
fn revision(event: &Event) -> Option<u32> {
    match event {
        Event::Maintenance(m) => Some(m.revision),
        Event::Announcement(a) => Some(a.revision),
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => None,
    }
}

/// `POST /console/events/{id}/{action}/preview`, with the fields of a form of the event's page, or of this one.
pub(in crate::console) async fn preview(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let act = Act::load(&desk, &id, action).await?;
    let typed = Typed {
        fields: act.named(fields.0),
        problems: Vec::new(),
    };
    shown(&desk, &act, StatusCode::OK, typed).await
}

/// `POST /console/events/{id}/{action}/words`: it is done.
pub(in crate::console) async fn tell(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let act = Act::load(&desk, &id, action).await?;
    let mut typed = Typed {
        fields: act.named(fields.0),
        problems: Vec::new(),
    };
    match done(&desk, &act, &typed).await {
        Ok(()) => {
            let said = match act.name.as_str() {
                "texts" => "The message says it so when it goes out.",
                _ => "It is done. People are told when it can no longer be undone.",
            };
            Ok(desk.done(&event_path(&act.event), said.to_owned()))
        }
        Err(ApiError::Invalid(invalid)) => {
            typed.problems = invalid.problems;
            shown(&desk, &act, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        Err(ApiError::CountNeeded(count)) => {
            typed.count_needed(count);
            shown(&desk, &act, StatusCode::CONFLICT, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn done(desk: &Desk, act: &Act, typed: &Typed) -> Result<()> {
    let (app, caller, id) = (&desk.app, &desk.caller, act.id());
    let posted = posted(desk, act, typed, true).await?;
    let unknown = || ApiError::NotFound("such page".into());
    match &act.event {
        _ if act.name == "texts" => {
            planned_texts::put(app, caller, id, &posted).await?;
        }
        Event::Maintenance(_) => {
            let act = maintenance::Act::parse(&act.name).ok_or_else(unknown)?;
            maintenance::tell(app, caller, id, act, &posted).await?;
        }
        Event::Announcement(_) => {
            let act = announcement::Act::parse(&act.name).ok_or_else(unknown)?;
            announcement::tell(app, caller, id, act, &posted).await?;
        }
        Event::Advisory(_) => {
            let act = advisory::Act::parse(&act.name).ok_or_else(unknown)?;
            advisory::tell(app, caller, id, act, &posted).await?;
        }
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) => return Err(unknown()),
    }
    Ok(())
}

/// What was typed, as the API is told it; what is wrong with it already stands beside.
async fn posted(desk: &Desk, act: &Act, typed: &Typed, acts: bool) -> Result<Posted> {
    let (mut named, emptied) = level_texts::edited(&typed.fields);
    let is_told = act.name != "texts";
    if is_told && acts {
        named.push(("undo".into(), "true".into()));
    }
    // Somebody is there to be asked.
    if act.name == "start" && acts && typed.value("early").is_empty() {
        named.push(("early".into(), "false".into()));
    }
    if !acts {
        named.retain(|(name, _)| !matches!(name.as_str(), "recipients" | "early"));
    }
    if let Some(message) = act.message {
        named.push(("milestone".into(), message.into()));
    }
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let (settled, asked) = settle(&named, &zone);
    let mut node = tree(&one_by_one(&settled));
    if !is_told {
        level_texts::all_made(&mut node);
    }
    let mut posted = Sending::of(&node);
    posted.wrong.extend(asked);
    posted.wrong.extend(emptied);
    Ok(posted)
}

async fn shown(desk: &Desk, act: &Act, status: StatusCode, typed: Typed) -> Shown {
    let app = &desk.app;
    let posted = posted(desk, act, &typed, false).await?;
    let told = previewed::act(app, act.id(), &act.name, &posted).await;
    let (told, problems) = previews::or_why_not(told, &[])?;
    // What is not filled in yet is told where it stands; what is made is seen all the same.
    let made = match told.texts.is_empty() {
        true => previewed::of_message(app, &act.event, act.milestone()).await?,
        false => Previewed::default(),
    };
    let texts = told.texts.into_iter().chain(made.texts);
    let texts: Vec<_> = texts.collect();
    let catalogue = app.store.catalogue().await?;
    let begun = typed.problems.is_empty();
    let view = TellPage {
        frame: desk
            .frame(&catalogue, "What would go out", act.nav())
            .await?,
        back: event_path(&act.event),
        title: act.event.title().to_owned(),
        kind: act.event.kind(),
        path: act.path(),
        action: act.name.clone(),
        message: act.message,
        stale: level_texts::stale(&typed.fields, &texts),
        levels: level_texts::looks(texts, &typed.fields),
        messages: told.messages.into_iter().map(Look).collect(),
        // Each problem once: beside its field where the form was sent.
        problems: problems.into_iter().filter(|_| begun).collect(),
        typed,
    };
    Ok(previews::with_mails(page(status, view.render())))
}
