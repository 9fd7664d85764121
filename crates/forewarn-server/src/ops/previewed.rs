//! What an event would say on an occasion, to whom, before anybody hears of it: the same for every kind.

use super::sending::Posted;
use super::{advisory, announcement, incident, maintenance, planned_texts, review, template};
use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::message::{LevelText, Preview, Proof, readers};
use forewarn_core::plan::Notice;
use forewarn_core::review::Context;
use forewarn_core::texts::AHEAD;
use jiff::Timestamp;
use serde::Serialize;

/// What nobody has been told.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Previewed {
    /// The texts by channel and audience, each with its review.
    pub messages: Vec<Preview>,
    /// The text of each level, with which an edit of it begins.
    pub texts: Vec<LevelText>,
}

/// What these notices would say `at` some moment. The event need not be stored.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of(
    app: &App,
    catalogue: &Catalogue,
    (event, occasion): (&Event, &Occasion),
    notices: &[Notice],
    at: Timestamp,
) -> Result<Previewed> {
    shown(app, catalogue, (event, occasion), |proof| Previewed {
        messages: proof.previews(notices),
        texts: proof.texts(notices, at),
    })
    .await
}

/// What a message of an event would say now to everybody who hears of that, and on its page.
///
/// # Errors
/// When the store cannot be read.
pub async fn of_message(app: &App, event: &Event, milestone: &str) -> Result<Previewed> {
    let catalogue = app.store.catalogue().await?;
    let told = readers(event, milestone, &catalogue);
    let at = app.clock.now();
    let occasion = Occasion {
        milestone: milestone.to_owned(),
        ..Occasion::default()
    };
    shown(app, &catalogue, (event, &occasion), |proof| Previewed {
        messages: proof.told(&told, at),
        texts: proof.texts_for(&told, at),
    })
    .await
}

async fn shown(
    app: &App,
    catalogue: &Catalogue,
    (event, occasion): (&Event, &Occasion),
    shown: impl FnOnce(Proof<'_>) -> Previewed,
) -> Result<Previewed> {
    let context = Context {
        known: review::known(app).await?,
        previous: None,
    };
    Ok(shown(Proof {
        event,
        occasion,
        catalogue,
        templates: &app.store.templates().await?,
        public_url: &app.public_url,
        context: &context,
    }))
}

/// What people would be told ahead by such a plan.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn ahead(
    app: &App,
    catalogue: &Catalogue,
    event: &Event,
    planned: &[Notice],
) -> Result<Previewed> {
    let occasion = Occasion {
        milestone: AHEAD.to_owned(),
        ..Occasion::default()
    };
    of_plan(app, catalogue, (event, &occasion), planned).await
}

/// Of a plan the notices of one message, and what they would say.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of_plan(
    app: &App,
    catalogue: &Catalogue,
    (event, occasion): (&Event, &Occasion),
    planned: &[Notice],
) -> Result<Previewed> {
    let notices = planned.iter();
    let notices = notices.filter(|notice| notice.milestone == occasion.milestone);
    let notices: Vec<Notice> = notices.cloned().collect();
    let at = app.clock.now();
    of(app, catalogue, (event, occasion), &notices, at).await
}

/// What people would be told if somebody did so now, by the name that it has in the API; `texts` edits a message that is planned. Nothing is
/// stored.
///
/// # Errors
/// Everything for which it would be refused itself, but for what its readers may not see; when there is no such event, or people are told of
/// no such act.
pub async fn act(app: &App, id: &str, action: &str, posted: &Posted) -> Result<Previewed> {
    if action == "texts" {
        return planned_texts::preview(app, id, posted).await;
    }
    let event = template::load(app, id).await?;
    let work = maintenance::Act::parse(action);
    let moment = announcement::Act::parse(action);
    let fault = advisory::Act::parse(action);
    match (&event, work, moment, fault) {
        (Event::Maintenance(_), Some(act), _, _) => {
            maintenance::preview_act(app, id, act, posted).await
        }
        (Event::Announcement(_), _, Some(act), _) => {
            announcement::preview_act(app, id, act, posted).await
        }
        (Event::Advisory(_), _, _, Some(act)) => advisory::preview_act(app, id, act, posted).await,
        (Event::Incident(_), ..) if action == "updates" => {
            incident::preview::update(app, id, &posted.node).await
        }
        _ => {
            let what = format!(
                "action '{action}' that people are told of, of {} {id}",
                event.kind()
            );
            Err(ApiError::NotFound(what))
        }
    }
}
