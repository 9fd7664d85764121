//! Outage plans and their cards.

use crate::app::App;
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::{Fields, dressed};
use crate::console::outage_plan::{OutageCard, OutageCards, OutagePlanList, OutagePlanPage};
use crate::console::{Nav, Typed};
use crate::error::{ApiError, Result};
use crate::ops::outage_plan;
use crate::ops::outage_plan::Judged;
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use forewarn_core::document::Catalogue;
use forewarn_core::service::Service;
use serde_json::json;

/// The card wears its own styles and loads nothing: it must look the same from a file.
const CARD_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// The keeper asks our own server and loads nothing.
const KEEPER_POLICY: &str = "default-src 'none'; connect-src 'self'";

/// `GET /console/outage-plans`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let view = OutagePlanList {
        frame: desk
            .frame(&catalogue, "Outage plans", Nav::Services)
            .await?,
        items: outage_plan::list(&desk.app).await?,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/services/{id}/outage-plan`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    plan(&desk, &id, StatusCode::OK, Typed::default()).await
}

async fn plan(desk: &Desk, id: &str, status: StatusCode, typed: Typed) -> Shown {
    let judged = outage_plan::show(&desk.app, id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let view = OutagePlanPage {
        frame: desk.frame(&catalogue, "Outage plan", Nav::Services).await?,
        judged,
        typed,
    };
    Ok(page(status, view.render()))
}

/// `POST /console/services/{id}/outage-plan`: a stakeholder agrees.
pub(in crate::console) async fn sign_off(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    match outage_plan::sign_off(&desk.app, &desk.caller, &id, &tree(&fields.0)).await {
        Ok(_) => {
            let to = format!("/console/services/{id}/outage-plan");
            Ok(desk.done(&to, "The agreement is on record.".to_owned()))
        }
        Err(ApiError::Invalid(invalid)) => {
            let typed = Typed {
                fields: fields.0,
                problems: invalid.problems,
            };
            plan(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /console/services/{id}/card`
pub(in crate::console) async fn show_card(desk: Desk, Path(id): Path<String>) -> Shown {
    Ok(card(&desk.app, &id).await?)
}

/// `GET /console/cards`: all cards by name.
pub(in crate::console) async fn show_cards(desk: Desk) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let print = Print::of(&desk.app, &catalogue);
    let mut items: Vec<(String, String)> = catalogue.services.iter().map(card_of).collect();
    items.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(print.sheet(print.list(items)))
}

/// `GET /console/cards.json`: the list and every card, for the part of the browser that keeps them.
pub(in crate::console) async fn all_cards(desk: Desk) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let print = Print::of(&desk.app, &catalogue);
    let mut items = Vec::new();
    let mut cards = Vec::new();
    for judged in outage_plan::list(&desk.app).await? {
        let path = card_path(judged.plan.service.as_str());
        items.push((path.clone(), judged.plan.name.clone()));
        cards.push(json!({"path": path, "html": print.card(judged)}));
    }
    items.sort_by_key(|(_, name)| name.to_lowercase());
    cards.push(json!({"path": CARDS, "html": print.list(items)}));
    let all = json!({"made": print.made, "policy": CARD_POLICY, "cards": cards});
    Ok(Json(all).into_response())
}

/// `GET /console/cards.js`: what keeps them. It is not told apart by who asks, and may stand before all of the console.
pub(in crate::console) async fn keeper() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, KEEPER_POLICY),
        (
            HeaderName::from_static("service-worker-allowed"),
            "/console",
        ),
    ];
    dressed((headers, include_str!("../../../assets/cards.js")).into_response())
}

/// Where all cards stand.
const CARDS: &str = "/console/cards";

fn card_path(service: &str) -> String {
    format!("/console/services/{service}/card")
}

fn card_of(service: &Service) -> (String, String) {
    (card_path(service.id.as_str()), service.name.clone())
}

/// The card of a service as an answer.
pub(crate) async fn card(app: &App, id: &str) -> Result<Response> {
    let catalogue = app.store.catalogue().await?;
    let print = Print::of(app, &catalogue);
    Ok(print.sheet(print.card(outage_plan::show(app, id).await?)))
}

/// What all cards that are made at one moment have in common.
struct Print {
    organisation: String,
    public_url: String,
    made: String,
}

impl Print {
    fn of(app: &App, catalogue: &Catalogue) -> Print {
        let zone = &catalogue.organisation.time_zone;
        let now = app.clock.now().to_zoned(zone.tz().clone());
        Print {
            organisation: catalogue.organisation.name.clone(),
            public_url: app.public_url.trim_end_matches('/').to_owned(),
            made: now.strftime("%-d %B %Y, %H:%M %Q").to_string(),
        }
    }

    fn card(&self, judged: Judged) -> String {
        let service = &judged.plan.service;
        let card = OutageCard {
            organisation: self.organisation.clone(),
            declare: format!(
                "{}/console/incidents/new?service={service}",
                self.public_url
            ),
            made: self.made.clone(),
            judged,
        };
        card.render()
    }

    fn list(&self, items: Vec<(String, String)>) -> String {
        let cards = OutageCards {
            organisation: self.organisation.clone(),
            items,
            made: self.made.clone(),
        };
        cards.render()
    }

    /// A page that stands alone, and says when it was made to whoever keeps it.
    fn sheet(&self, html: String) -> Response {
        let made = HeaderValue::from_str(&self.made).ok();
        let mut response = Html(html).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CARD_POLICY),
        );
        headers.extend(made.map(|made| (HeaderName::from_static("forewarn-made"), made)));
        response
    }
}
