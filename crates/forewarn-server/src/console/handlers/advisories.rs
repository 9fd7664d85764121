//! Known faults: the list, the form that makes one known, one of them with its forms.

use super::{decision, journal, level_texts, rows, team, told_when};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::{one_by_one, tree};
use crate::console::guard::Fields;
use crate::console::{
    AdvisoryList, AdvisoryPage, AdvisoryRow, Discovery, Flash, FlashKind, Nav, NewAdvisory, Typed,
};
use crate::error::{ApiError, Result};
use crate::ops::previewed::Previewed;
use crate::ops::sending::Sending;
use crate::ops::{acknowledgement, advisory, editing, recipient};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::message::{Variant, render_page};
use forewarn_core::plan::is_team_notice;
use forewarn_core::problem::Problem;
use forewarn_core::promise::Thread;
use forewarn_core::undo::Undoable;
use forewarn_store::{EventFilter, NoticeFilter, Role};

const LIST: &str = "/console/advisories";

/// `GET /console/advisories`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    let filter = EventFilter {
        kind: Some("advisory"),
        ..EventFilter::default()
    };
    let mut all: Vec<AdvisoryRow> = Vec::new();
    for stored in store.events(&filter, 500).await? {
        if let Event::Advisory(advisory) = stored.event {
            all.push(AdvisoryRow {
                services: rows::service_names(&catalogue, &advisory.services),
                advisory,
            });
        }
    }
    all.sort_by_key(|row| std::cmp::Reverse(row.advisory.found_at));
    let (open, closed) = all
        .into_iter()
        .partition(|row| row.advisory.status.is_open());
    let view = AdvisoryList {
        frame: desk
            .frame(&catalogue, "Known faults", Nav::Advisories)
            .await?,
        open,
        closed,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/advisories/new`
pub(in crate::console) async fn new(desk: Desk) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    form(&desk, StatusCode::OK, Typed::default(), None).await
}

async fn form(desk: &Desk, status: StatusCode, typed: Typed, preview: Option<Discovery>) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let view = NewAdvisory {
        levels: level_texts::of_first(said(desk, &typed.fields).await, &typed.fields),
        frame: desk
            .frame(&catalogue, "Tell of a fault", Nav::Advisories)
            .await?,
        typed,
        services: rows::service_choices(&catalogue),
        preview,
    };
    Ok(page(status, view.render()))
}

/// What people would be told first of the fault that is being described.
pub(super) async fn said(desk: &Desk, typed: &[(String, String)]) -> Result<Previewed> {
    let (named, _) = level_texts::edited(typed);
    let posted = Sending::of(&tree(&one_by_one(&named)));
    let preview = advisory::preview(&desk.app, &posted).await;
    preview.map(|preview| preview.said)
}

/// `POST /console/advisories`
pub(in crate::console) async fn create(desk: Desk, fields: Fields) -> Shown {
    let (named, emptied) = level_texts::edited(&fields.0);
    let node = tree(&one_by_one(&named));
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    let mut posted = Sending::of(&node);
    posted.wrong.extend(emptied);
    let done = match fields.value("do") {
        "create" => advisory::create(&desk.app, &desk.caller, &posted).await,
        _ => match advisory::preview(&desk.app, &posted).await {
            Ok(preview) => {
                let seen = discovery(&desk, preview).await?;
                return form(&desk, StatusCode::OK, typed(Vec::new()), Some(seen)).await;
            }
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(answer) => {
            let to = format!("{LIST}/{}", answer.advisory.id);
            let (kind, said) = match answer.notices.is_empty() {
                true => (
                    FlashKind::Warning,
                    "The fault is known. No audience hears of it: tell people in another way.",
                ),
                false if answer.advisory.waits() => (
                    FlashKind::Done,
                    "The fault is stored. Nobody is told before its owners agree.",
                ),
                false => (
                    FlashKind::Done,
                    "The fault is known, and people are told now.",
                ),
            };
            Ok(desk.told(&to, kind, said))
        }
        Err(ApiError::Invalid(invalid)) => {
            let problems = invalid.problems.into_iter().map(at_the_services);
            let typed = typed(problems.collect());
            form(&desk, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
        }
        Err(ApiError::CountNeeded(count)) => {
            let mut typed = typed(Vec::new());
            typed.count_needed(count);
            let seen = discovery(&desk, advisory::preview(&desk.app, &posted).await?).await?;
            form(&desk, StatusCode::CONFLICT, typed, Some(seen)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The words of a document do not help in a form that offers every service.
fn at_the_services(problem: Problem) -> Problem {
    match problem.field.as_str() {
        "advisory.services" => Problem::new("services", "choose at least one service"),
        _ => problem,
    }
}

/// What would be told, as it would stand on the fault's own page.
async fn discovery(desk: &Desk, preview: advisory::Preview) -> Result<Discovery> {
    let (store, now) = (&desk.app.store, desk.app.clock.now());
    let catalogue = store.catalogue().await?;
    let templates = store.templates().await?;
    let organisation = &catalogue.organisation;
    let variant = Variant {
        level: Level::NonTechnical,
        channel: Channel::Email,
        language: organisation.language().to_owned(),
        zone: organisation.time_zone.clone(),
    };
    let occasion = Occasion {
        milestone: "discovery".to_owned(),
        update: Some(0),
        ..Occasion::default()
    };
    let event = Event::Advisory(preview.answer.advisory);
    let content = event.content(&occasion, None, &catalogue, &desk.app.public_url, now);
    let message = render_page(&content, &variant, &templates);
    Ok(Discovery {
        subject: message.subject,
        html: message.html,
        reached: decision::reached(preview.reach, &catalogue),
    })
}

/// `GET /console/advisories/{id}`
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
    let (advisory, version) = advisory::load(&desk.app, id).await?;
    let catalogue = store.catalogue().await?;
    let mut typed = typed;
    // A word that they took back.
    if typed.fields.is_empty()
        && let Some(own) = editing::own_draft(&desk.app, id, &desk.caller.actor).await?
    {
        typed.fields.push(("text".into(), own));
    }
    let filter = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let mut notices = store.notices(&filter, 1000).await?;
    // Warnings that were not needed, or are not yet, are no news.
    notices.retain(|n| n.sent_at.is_some() || !is_team_notice(&n.milestone));
    let mut frame = desk
        .frame(&catalogue, &advisory.title, Nav::Advisories)
        .await?;
    frame.flash = flash.or(frame.flash);
    let view = AdvisoryPage {
        frame,
        version,
        services: rows::service_names(&catalogue, &advisory.services),
        typed,
        notices: rows::notices(&desk.app, &catalogue, &notices).await?,
        confirmations: acknowledgement::list(&desk.app, id).await?,
        journal: journal::rows(&store.journal(Some(id), None, 50).await?),
        added: team::added(&desk.app, &advisory.id, &advisory.added).await?,
        audiences: rows::audience_choices(&catalogue),
        advisory,
    };
    Ok(page(status, view.render()))
}

/// `GET /console/advisories/{id}/reach`, with `contact` to ask about one.
pub(in crate::console) async fn who_hears(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let (advisory, _) = advisory::load(&desk.app, &id).await?;
    decision::hears(&desk, &Event::Advisory(advisory), Nav::Advisories, query).await
}

/// Names in the forms and in the document, by action: a page has one field of a name.
pub(super) fn names(action: &str) -> &'static [(&'static str, &'static str)] {
    match action {
        "updates" => &[
            ("text", "text"),
            ("next_update_in", "next_update_in"),
            ("requesters", "requesters"),
            ("privacy_override", "privacy_override"),
            ("version", "version"),
            ("recipients", "recipients"),
        ],
        "fix" => &[
            ("action", "action"),
            ("fixed_text", "text"),
            ("fixed_override", "privacy_override"),
            ("version", "version"),
            ("recipients", "recipients"),
        ],
        "withdraw" => &[
            ("why", "text"),
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

/// Whether there is time to undo what this form does.
fn is_undoable(action: &str) -> bool {
    matches!(action, "updates" | "fix" | "withdraw")
}

/// `POST /console/advisories/{id}/{action}`
pub(in crate::console) async fn act(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let names = names(&action);
    let mut typed = team::only(&fields, names);
    if is_undoable(&action) {
        typed.push(("undo".into(), "true".into()));
    }
    let node = tree(&one_by_one(&typed));
    let (app, who) = (&desk.app, &desk.caller);
    let now = app.clock.now();
    let told = |done: &str, answer: advisory::Answer| {
        let held = answer.advisory.waits();
        told_when(done, answer.advisory.waits_until(now), held)
    };
    let done = match action.as_str() {
        "updates" => advisory::update(app, who, &id, &Sending::of(&node))
            .await
            .map(|answer| told("The update is ready.", answer)),
        "fix" => advisory::fix(app, who, &id, &Sending::of(&node))
            .await
            .map(|answer| told("It is fixed.", answer)),
        "withdraw" => advisory::withdraw(app, who, &id, &Sending::of(&node))
            .await
            .map(|answer| told("It is withdrawn.", answer)),
        "undo" => advisory::undo(app, who, &id)
            .await
            .map(|_| "It is undone. Nobody was told, and your text is your draft again.".into()),
        "recipients" => recipient::add_to_advisory(app, who, &id, &node)
            .await
            .map(|_| "They get the newest message now, and all that come.".into()),
        _ => Err(ApiError::NotFound("such page".into())),
    };
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    match done {
        Ok(said) => Ok(desk.done(&format!("{LIST}/{id}"), said)),
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
            typed.fields.push(("acted".into(), action));
            one(&desk, &id, StatusCode::CONFLICT, typed, None).await
        }
        // Somebody was faster, or where it stands does not allow it: the page as it is now says so.
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let flash = Flash {
                kind: FlashKind::Refused,
                text: sentence(&error.said()),
            };
            one(
                &desk,
                &id,
                StatusCode::CONFLICT,
                typed(Vec::new()),
                Some(flash),
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}
