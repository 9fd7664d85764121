//! Announcements: the list, the form for a new one, one of them with its forms.

use super::maintenances::{in_words, kind_words, previewed, stored_plan};
use super::{decision, journal, level_texts, rows, team, told_when};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::{one_by_one, tree};
use crate::console::guard::Fields;
use crate::console::readings::settle;
use crate::console::{
    AnnouncementList, AnnouncementPage, AnnouncementRow, Choice, Flash, FlashKind, Nav,
    NewAnnouncement, Plan, Typed,
};
use crate::error::ApiError;
use crate::ops::announcement::{self, Act, Answer};
use crate::ops::previewed::Previewed;
use crate::ops::sending::Sending;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::plan;
use forewarn_core::policy::{self, announcement_kinds};
use forewarn_core::problem::Problem;
use forewarn_core::undo::Undoable;
use forewarn_store::{EventFilter, NoticeFilter, Role};

const LIST: &str = "/console/announcements";

/// `GET /console/announcements`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    let filter = EventFilter {
        kind: Some("announcement"),
        ..EventFilter::default()
    };
    let mut all: Vec<AnnouncementRow> = Vec::new();
    for stored in store.events(&filter, 500).await? {
        if let Event::Announcement(announcement) = stored.event {
            all.push(AnnouncementRow {
                services: rows::service_names(&catalogue, &announcement.services),
                announcement,
            });
        }
    }
    all.sort_by_key(|row| row.announcement.effective.instant());
    let (ahead, mut past): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|row| row.announcement.status.is_open());
    past.reverse();
    let view = AnnouncementList {
        frame: desk
            .frame(&catalogue, "Announcements", Nav::Announcements)
            .await?,
        ahead,
        past,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/announcements/new`
pub(in crate::console) async fn new(desk: Desk) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    form(&desk, StatusCode::OK, Typed::default(), None).await
}

async fn form(desk: &Desk, status: StatusCode, typed: Typed, preview: Option<&Answer>) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let view = NewAnnouncement {
        levels: level_texts::of_first(said(desk, &typed.fields).await, &typed.fields),
        frame: desk
            .frame(&catalogue, "Announce a change", Nav::Announcements)
            .await?,
        typed,
        services: rows::service_choices(&catalogue),
        kinds: kinds(&catalogue),
        preview: preview.map(|answer| Plan {
            digests: in_words(&answer.digests),
            ..previewed(&catalogue, &answer.plan)
        }),
    };
    Ok(page(status, view.render()))
}

/// What people would be told ahead of the change that is being described.
pub(super) async fn said(desk: &Desk, typed: &[(String, String)]) -> Result<Previewed, ApiError> {
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let (named, _) = level_texts::edited(typed);
    let (settled, _) = settle(&named, &zone);
    let posted = Sending::of(&tree(&one_by_one(&settled)));
    let planned = announcement::preview(&desk.app, &posted).await;
    planned.map(|(_, said)| said)
}

/// Every kind for which there is a policy, with how far ahead people hear; releases first.
fn kinds(catalogue: &Catalogue) -> Vec<Choice> {
    let mut kinds = announcement_kinds(&catalogue.policies);
    kinds.sort_by_key(|kind| *kind != forewarn_core::announcement::USUAL_KIND);
    kinds.dedup();
    let choice = |kind: &str| Choice {
        id: kind.to_owned(),
        name: kind_words(kind, policy::for_announcement(kind, &catalogue.policies)),
        group: None,
    };
    kinds.into_iter().map(choice).collect()
}

/// `POST /console/announcements`: `do=preview` shows the plan, `do=create` stores it.
pub(in crate::console) async fn create(desk: Desk, fields: Fields) -> Shown {
    let creates = fields.value("do") == "create";
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let (named, emptied) = level_texts::edited(&fields.0);
    let (settled, asked) = settle(&named, &zone);
    let node = tree(&one_by_one(&settled));
    let mut posted = Sending::of(&node);
    posted.wrong.extend(emptied);
    let made = if creates {
        posted.wrong.extend(asked);
        announcement::create(&desk.app, &desk.caller, &posted).await
    } else {
        let planned = announcement::preview(&desk.app, &posted).await;
        planned.map(|(answer, _)| answer)
    };
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    match made {
        Ok(Answer { announcement, .. }) if creates => {
            let to = format!("{LIST}/{}", announcement.id);
            Ok(desk.done(&to, format!("{} is announced.", announcement.id)))
        }
        Ok(made) => form(&desk, StatusCode::OK, typed(Vec::new()), Some(&made)).await,
        Err(ApiError::Invalid(invalid)) => {
            let typed = typed(invalid.problems);
            form(&desk, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
        }
        Err(ApiError::CountNeeded(count)) => {
            let mut typed = typed(Vec::new());
            typed.count_needed(count);
            // The button that announces it stands with the plan.
            let (made, _) = announcement::preview(&desk.app, &posted).await?;
            form(&desk, StatusCode::CONFLICT, typed, Some(&made)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /console/announcements/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    one(&desk, &id, StatusCode::OK, Typed::default(), None).await
}

async fn one(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    typed: Typed,
    flash: Option<Flash>,
) -> Shown {
    let store = &desk.app.store;
    let (announcement, version, plan) = announcement::show(&desk.app, id).await?;
    let plan = serde_json::from_value::<plan::Plan>(plan).ok();
    let catalogue = store.catalogue().await?;
    let filter = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let notices = store.notices(&filter, 1000).await?;
    let begun: Vec<_> = notices
        .iter()
        .filter(|n| n.sent_at.is_some())
        .cloned()
        .collect();
    let digests = match &plan {
        Some(plan) => announcement::digests(&desk.app, &announcement, plan).await?,
        None => Vec::new(),
    };
    let mut frame = desk
        .frame(&catalogue, &announcement.title, Nav::Announcements)
        .await?;
    frame.flash = flash.or(frame.flash);
    let view = AnnouncementPage {
        frame,
        version,
        services: rows::service_names(&catalogue, &announcement.services),
        typed,
        plan: Plan {
            digests: in_words(&digests),
            ..stored_plan(&catalogue, None, plan.as_ref(), &notices)
        },
        added: team::added(&desk.app, &announcement.id, &announcement.added).await?,
        audiences: rows::audience_choices(&catalogue),
        notices: rows::notices(&desk.app, &catalogue, &begun).await?,
        journal: journal::rows(&store.journal(Some(id), None, 50).await?),
        announcement,
    };
    Ok(page(status, view.render()))
}

/// `GET /console/announcements/{id}/reach`, with `contact` to ask about one.
pub(in crate::console) async fn who_hears(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let (announcement, _) = announcement::load(&desk.app, &id).await?;
    let event = Event::Announcement(announcement);
    decision::hears(&desk, &event, Nav::Announcements, query).await
}

/// Names in the forms and in the document, by action: a page has one field of a name.
pub(super) fn names(action: &str) -> &'static [(&'static str, &'static str)] {
    match action {
        "move" => &[
            ("effective", "effective"),
            ("reason", "reason"),
            ("moved_override", "privacy_override"),
            ("version", "version"),
            ("recipients", "recipients"),
        ],
        "change" => &[
            ("title", "title"),
            ("facts.effect", "facts.effect"),
            ("facts.why", "facts.why"),
            ("facts.action.what", "facts.action.what"),
            ("changed_override", "privacy_override"),
            ("version", "version"),
        ],
        "effective" => &[("version", "version"), ("recipients", "recipients")],
        "cancel" => &[
            ("why", "reason"),
            ("why_override", "privacy_override"),
            ("version", "version"),
            ("recipients", "recipients"),
        ],
        "recipients" => &[
            ("email", "email"),
            ("contact", "contact"),
            ("audience", "audience"),
            ("webhook_url", "webhook_url"),
            ("level", "level"),
        ],
        _ => &[],
    }
}

/// What was done, and when people hear of it.
async fn told(desk: &Desk, id: &str, done: &str) -> Result<String, ApiError> {
    let (announcement, _, _) = announcement::show(&desk.app, id).await?;
    let held = NoticeFilter {
        event: Some(id.to_owned()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let held = !desk.app.store.notices(&held, 1).await?.is_empty();
    let until = announcement.waits_until(desk.app.clock.now());
    Ok(told_when(done, until, held))
}

/// `POST /console/announcements/{id}/{action}`
pub(in crate::console) async fn act(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let names = names(&action);
    let (app, who) = (&desk.app, &desk.caller);
    let zone = app.store.catalogue().await?.organisation.time_zone;
    let (settled, asked) = settle(&fields.0, &zone);
    let mut typed = team::only(&Fields(settled), names);
    let is_told = matches!(action.as_str(), "move" | "effective" | "cancel");
    if is_told {
        typed.push(("undo".into(), "true".into()));
    }
    let node = tree(&typed);
    let mut posted = Sending::of(&node);
    if action == "move" {
        posted.wrong.extend(asked);
    }
    let done = match action.as_str() {
        "move" => announcement::tell(app, who, &id, Act::Move, &posted)
            .await
            .map(|_| "It is moved.".into()),
        "effective" => announcement::tell(app, who, &id, Act::Effect, &posted)
            .await
            .map(|_| "It is in effect.".into()),
        "change" => announcement::edit(app, who, &id, &node)
            .await
            .map(|_| "The notices to come say it so.".into()),
        "cancel" => announcement::tell(app, who, &id, Act::Cancel, &posted)
            .await
            .map(|_| "It is cancelled.".into()),
        "undo" => announcement::undo(app, who, &id)
            .await
            .map(|_| "It is as it was; nobody was told.".into()),
        "recipients" => announcement::add(app, who, &id, &node)
            .await
            .map(|_| "They get the newest message now, and all that come.".into()),
        _ => Err(ApiError::NotFound("such page".into())),
    };
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    match done {
        Ok(said) => {
            let said: String = said;
            let said = match is_told {
                true => told(&desk, &id, &said).await?,
                false => said,
            };
            Ok(desk.done(&format!("{LIST}/{id}"), said))
        }
        Err(ApiError::Invalid(invalid)) => {
            let problems = invalid.problems.into_iter().map(|problem| {
                let known = names.iter().find(|(_, name)| *name == problem.field);
                match known {
                    Some((form, _)) => Problem::new(*form, problem.problem),
                    None => problem,
                }
            });
            let typed = typed(problems.collect());
            one(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
        }
        Err(ApiError::CountNeeded(count)) => {
            let mut typed = typed(Vec::new());
            typed.count_needed(count);
            one(&desk, &id, StatusCode::CONFLICT, typed, None).await
        }
        // Somebody was faster, or where it stands does not allow it: the page as it is now says so.
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let flash = Flash {
                kind: FlashKind::Refused,
                text: sentence(&error.said()),
            };
            let typed = typed(Vec::new());
            one(&desk, &id, StatusCode::CONFLICT, typed, Some(flash)).await
        }
        Err(error) => Err(error.into()),
    }
}
