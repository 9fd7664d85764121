//! What an update, or the next notice of any event, would say, before anybody hears of it.

use super::incidents::declared;
use super::rows::event_path;
use super::{advisories, announcements, level_texts, maintenances};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{EventPreview, LevelLook, Nav, PREVIEW_POLICY, PreviewPage, Shown as Look};
use crate::error::{ApiError, Result};
use crate::ops::previewed::Previewed;
use crate::ops::{incident, template};
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use forewarn_core::event::Event;
use forewarn_core::message::milestones_of;
use forewarn_core::problem::Problem;
use forewarn_core::texts::NewTexts;
use forewarn_store::Role;

/// `POST /console/incidents/{id}/preview`, with the fields of the form of the next update.
pub(in crate::console) async fn update(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let (incident, _) = incident::load(&desk.app, &id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let (mut named, emptied) = level_texts::edited(&fields.0);
    named.retain(|(name, value)| !(name == "severity" && value.is_empty()));
    named.retain(|(name, _)| name != "recipients");
    let shown = incident::preview::update(&desk.app, &id, &tree(&named)).await;
    let (shown, problems) = or_why_not(shown, &emptied)?;
    let view = PreviewPage {
        frame: desk
            .frame(&catalogue, "What would go out", Nav::Incidents)
            .await?,
        path: format!("/console/incidents/{id}"),
        title: incident.title,
        stale: level_texts::stale(&fields.0, &shown.texts),
        levels: shown.texts.into_iter().map(LevelLook::of).collect(),
        messages: shown.messages.into_iter().map(Look).collect(),
        problems,
    };
    Ok(with_mails(page(StatusCode::OK, view.render())))
}

/// `POST /console/incidents/new/preview`, with the fields of the form that declares one.
pub(in crate::console) async fn declaration(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let catalogue = desk.app.store.catalogue().await?;
    let (named, emptied) = level_texts::edited(&fields.0);
    let (named, _) = declared(&named, &catalogue.organisation.time_zone);
    let shown = incident::preview::declaration(&desk.app, &tree(&named)).await;
    let (shown, problems) = or_why_not(shown, &emptied)?;
    let view = PreviewPage {
        frame: desk
            .frame(&catalogue, "What would go out", Nav::Incidents)
            .await?,
        path: "/console/incidents/new".to_owned(),
        title: "Declare an incident".to_owned(),
        stale: level_texts::stale(&fields.0, &shown.texts),
        levels: shown.texts.into_iter().map(LevelLook::of).collect(),
        messages: shown.messages.into_iter().map(Look).collect(),
        problems,
    };
    Ok(with_mails(page(StatusCode::OK, view.render())))
}

/// `POST /console/maintenances/new/preview`, with the fields of the form that plans some.
pub(in crate::console) async fn maintenance(desk: Desk, fields: Fields) -> Shown {
    let said = maintenances::said(&desk, &fields.0).await;
    first_words(&desk, &fields.0, said, Nav::Maintenances).await
}

/// `POST /console/announcements/new/preview`, with the fields of the form for a new one.
pub(in crate::console) async fn announcement(desk: Desk, fields: Fields) -> Shown {
    let said = announcements::said(&desk, &fields.0).await;
    first_words(&desk, &fields.0, said, Nav::Announcements).await
}

/// `POST /console/advisories/new/preview`, with the fields of the form that makes a fault known.
pub(in crate::console) async fn advisory(desk: Desk, fields: Fields) -> Shown {
    let said = advisories::said(&desk, &fields.0).await;
    first_words(&desk, &fields.0, said, Nav::Advisories).await
}

/// What people would be told first of something that is being described.
async fn first_words(
    desk: &Desk,
    typed: &[(String, String)],
    said: Result<Previewed>,
    nav: Nav,
) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let (_, emptied) = level_texts::edited(typed);
    let (shown, problems) = or_why_not(said, &emptied)?;
    let catalogue = desk.app.store.catalogue().await?;
    let (path, title) = match nav {
        Nav::Announcements => ("/console/announcements/new", "Announce a change"),
        Nav::Advisories => ("/console/advisories/new", "Tell of a fault"),
        _ => ("/console/maintenances/new", "Plan maintenance"),
    };
    let view = PreviewPage {
        frame: desk.frame(&catalogue, "What would go out", nav).await?,
        path: path.to_owned(),
        title: title.to_owned(),
        stale: level_texts::stale(typed, &shown.texts),
        levels: shown.texts.into_iter().map(LevelLook::of).collect(),
        messages: shown.messages.into_iter().map(Look).collect(),
        problems,
    };
    Ok(with_mails(page(StatusCode::OK, view.render())))
}

/// What would go out, or in sentences why nothing would.
pub(super) fn or_why_not(
    shown: Result<Previewed>,
    emptied: &[Problem],
) -> Result<(Previewed, Vec<String>)> {
    let said = |problem: &Problem| sentence(&format!("{problem}"));
    let emptied = emptied.iter().map(said);
    match shown {
        Ok(shown) => Ok((shown, emptied.collect())),
        Err(ApiError::Invalid(invalid)) => {
            let problems = emptied.chain(invalid.problems.iter().map(said));
            Ok((Previewed::default(), problems.collect()))
        }
        Err(error) if error.status() == StatusCode::CONFLICT => {
            Ok((Previewed::default(), vec![sentence(&error.said())]))
        }
        Err(error) => Err(error),
    }
}

/// `GET /console/events/{id}/preview`, with `milestone`.
pub(in crate::console) async fn event(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let event = template::load(&desk.app, &id).await?;
    let known = milestones_of(event.kind());
    let query = query.unwrap_or_default();
    let asked = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "milestone")
        .and_then(|(_, value)| known.iter().find(|known| **known == value).copied());
    let milestone = asked.unwrap_or_else(|| template::next_milestone(&event));
    let asked = template::Asked {
        templates: Vec::new(),
        event: Some(id),
        milestone: Some(milestone.to_owned()),
    };
    let messages = template::preview(&desk.app, &asked).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let nav = match event.kind() {
        "maintenance" => Nav::Maintenances,
        "advisory" => Nav::Advisories,
        "announcement" => Nav::Announcements,
        _ => Nav::Incidents,
    };
    let view = EventPreview {
        frame: desk
            .frame(&catalogue, "What each audience reads", nav)
            .await?,
        event: event.id().to_string(),
        title: event.title().to_owned(),
        path: event_path(&event),
        milestone: milestone.to_owned(),
        milestones: known.iter().map(|known| (*known).to_owned()).collect(),
        editable: desk.caller.role >= Role::Operator && can_be_edited(&event, milestone),
        messages: messages.into_iter().map(Look).collect(),
    };
    Ok(with_mails(page(StatusCode::OK, view.render())))
}

/// Whether this message of the event is still to come, and has a text of its own.
fn can_be_edited(event: &Event, milestone: &str) -> bool {
    let planned = matches!(event, Event::Maintenance(_) | Event::Announcement(_));
    let mut known = NewTexts::messages(event.kind());
    planned && event.is_open() && known.any(|known| known == milestone)
}

/// A page in whose frames mails stand with their own styles.
pub(super) fn with_mails(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(PREVIEW_POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
