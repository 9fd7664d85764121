//! Drafts that alerts opened, and the hooks.

use super::{journal, rows};
use crate::app::App;
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::{Fields, see_other};
use crate::console::{Alerts, DraftCard, DraftPage, FlashKind, HookList, HookRow, Nav};
use crate::error::Result;
use crate::ops::draft;
use axum::extract::Path;
use axum::http::StatusCode;
use forewarn_core::alert::intake::Standing;
use forewarn_core::document::Catalogue;

/// Drafts on the first page; more are in the list of the API.
const MOST_CARDS: i64 = 20;
/// Alerts that a card names.
const NAMED: usize = 3;

/// The drafts that wait, for the first page.
pub(super) async fn cards(app: &App, catalogue: &Catalogue) -> Result<Vec<DraftCard>> {
    let mut cards = Vec::new();
    for draft in app.store.drafts(true, MOST_CARDS).await? {
        let alerts = app.store.alerts(draft.id.as_str()).await?;
        let said = alerts.iter().take(NAMED).map(|a| a.alert.title.clone());
        cards.push(DraftCard {
            services: rows::service_names(catalogue, draft.services.keys()),
            alerts: said.collect(),
            draft,
        });
    }
    Ok(cards)
}

/// The alerts of a draft or incident.
pub(super) async fn alerts(app: &App, id: &str) -> Result<Alerts> {
    Ok(Alerts {
        alerts: app.store.alerts(id).await?,
        notes: Vec::new(),
    })
}

/// `GET /console/drafts/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let app = &desk.app;
    let found = draft::show(app, &id).await?;
    if found.status == Standing::Published {
        return Ok(see_other(&format!("/console/incidents/{id}")));
    }
    let catalogue = app.store.catalogue().await?;
    let services = found.services.iter().map(|(service, impact)| {
        let state = crate::status_page::state::ServiceState::from(*impact);
        (
            rows::service_name(&catalogue, service.as_str()),
            state.words(),
        )
    });
    let texts = draft::holding(app, &found).await?;
    let view = DraftPage {
        frame: desk.frame(&catalogue, &found.title, Nav::Incidents).await?,
        services: services.collect(),
        holding: texts
            .into_iter()
            .map(|(level, m)| (level, m.subject, m.text))
            .collect(),
        alerts: Alerts {
            notes: app.store.notes(&id).await?,
            ..alerts(app, &id).await?
        },
        journal: journal::rows(&app.store.journal(Some(&id), None, 50).await?),
        draft: found,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `POST /console/drafts/{id}/publish`
pub(in crate::console) async fn publish(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    let done = draft::publish(&desk.app, &desk.caller, &id, &node).await?;
    let to = format!("/console/incidents/{}", done.incident.id);
    Ok(match done.notices.is_empty() {
        true => {
            let said =
                "The incident is declared. No audience hears of it: tell people in another way.";
            desk.told(&to, FlashKind::Warning, said)
        }
        false => desk.done(
            &to,
            "The incident is declared, and the first word goes out now.",
        ),
    })
}

/// `POST /console/drafts/{id}/discard`
pub(in crate::console) async fn discard(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let node = tree(&fields.0);
    draft::discard(&desk.app, &desk.caller, &id, &node).await?;
    Ok(desk.done(
        "/console",
        format!("The draft {id} is discarded. Nobody outside heard of it."),
    ))
}

/// `GET /console/hooks`
pub(in crate::console) async fn hooks(desk: Desk) -> Shown {
    let app = &desk.app;
    let catalogue = app.store.catalogue().await?;
    let hooks = app.store.hooks().await?;
    let items = hooks.into_iter().map(|hook| {
        let tally = app.hooks.of(hook.id.as_str());
        HookRow {
            counts: tally.counts.into_iter().collect(),
            last: tally
                .last
                .into_iter()
                .map(|s| (s.at, s.outcome, s.detail))
                .collect(),
            hook,
        }
    });
    let view = HookList {
        items: items.collect(),
        frame: desk.frame(&catalogue, "Hooks", Nav::Hooks).await?,
        public_url: app.public_url.clone(),
    };
    Ok(page(StatusCode::OK, view.render()))
}
