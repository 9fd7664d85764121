//! Outage plans and their cards.

use crate::app::App;
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::outage_plan::{OutageCard, OutagePlanList, OutagePlanPage};
use crate::console::{Nav, Typed};
use crate::error::{ApiError, Result};
use crate::ops::outage_plan;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// The card wears its own styles and loads nothing: it must look the same from a file.
const CARD_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

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

/// The card of a service as an answer.
pub(crate) async fn card(app: &App, id: &str) -> Result<Response> {
    let catalogue = app.store.catalogue().await?;
    let zone = &catalogue.organisation.time_zone;
    let now = app.clock.now().to_zoned(zone.tz().clone());
    let card = OutageCard {
        judged: outage_plan::show(app, id).await?,
        organisation: catalogue.organisation.name.clone(),
        declare: format!(
            "{}/console/incidents/new?service={id}",
            app.public_url.trim_end_matches('/')
        ),
        made: now.strftime("%-d %B %Y, %H:%M %Q").to_string(),
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, CARD_POLICY)];
    Ok((policy, Html(card.render())).into_response())
}
