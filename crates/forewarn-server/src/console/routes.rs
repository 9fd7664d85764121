//! The console's routes: the sign-in page for everybody, all others behind the guard.

use super::handlers::{
    accounts, advisories, announcements, approvals, calendar, calls, catalogue, caught, changes,
    decision, drafts, editing, incidents, kept, lists, live, maintenances, now, outage_plans,
    people, policies, postmortems, previews, settings, sign_in, team, telling, templates,
};
use super::{ApiPage, CONTENT_SECURITY_POLICY, Frame, Nav, PlainPage, guard};
use crate::app::App;
use crate::error::ApiError;
use crate::status_page::{Speech, VARY_BY_LANGUAGE};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router, middleware};
use std::sync::Arc;

/// Every page and form of the console.
pub fn router(app: &App) -> Router<App> {
    let pages = Router::new()
        .route("/console", get(now::show))
        .route("/console/live", get(live::beats))
        .route(kept::PATH, get(kept::show).post(kept::keep))
        .route("/console/calendar", get(calendar::show))
        .route("/console/policies", get(policies::show))
        .route("/console/contacts", get(people::list))
        .route("/console/contacts/{id}", get(people::show))
        .route("/console/search", get(people::search))
        .route("/console/settings", get(settings::show))
        .route("/console/accounts", get(accounts::show))
        .route(
            "/console/accounts/password",
            post(accounts::change_password),
        )
        .route("/console/accounts/users", post(accounts::add_user))
        .route(
            "/console/accounts/users/change",
            post(accounts::change_user),
        )
        .route("/console/accounts/tokens", post(accounts::add_token))
        .route(
            "/console/accounts/tokens/revoke",
            post(accounts::revoke_token),
        )
        .route(
            "/console/maintenances",
            get(maintenances::list).post(maintenances::create),
        )
        .route("/console/maintenances/new", get(maintenances::new))
        .route("/console/maintenances/people", get(maintenances::people))
        .route("/console/maintenances/{id}", get(maintenances::show))
        .route(
            "/console/maintenances/{id}/decision",
            get(decision::show).post(decision::decide),
        )
        .route("/console/maintenances/{id}/reach", get(decision::who_hears))
        .route(
            "/console/maintenances/{id}/{action}",
            post(maintenances::act),
        )
        .route(
            "/console/maintenances/{id}/steps/{n}/done",
            post(maintenances::step),
        )
        .route("/console/changes", get(changes::list).post(changes::add))
        .route("/console/changes/new", get(changes::new))
        .route(
            "/console/changes/{id}",
            get(changes::show).post(changes::change),
        )
        .route("/console/changes/{id}/remove", post(changes::remove))
        .route(
            "/console/incidents",
            get(incidents::list).post(incidents::declare),
        )
        .route(
            "/console/advisories",
            get(advisories::list).post(advisories::create),
        )
        .route("/console/advisories/new", get(advisories::new))
        .route("/console/advisories/{id}", get(advisories::show))
        .route("/console/advisories/{id}/reach", get(advisories::who_hears))
        .route("/console/advisories/{id}/{action}", post(advisories::act))
        .route(
            "/console/announcements",
            get(announcements::list).post(announcements::create),
        )
        .route("/console/announcements/new", get(announcements::new))
        .route("/console/announcements/{id}", get(announcements::show))
        .route(
            "/console/announcements/{id}/reach",
            get(announcements::who_hears),
        )
        .route(
            "/console/announcements/{id}/{action}",
            post(announcements::act),
        )
        .route(
            "/console/approvals/{id}",
            get(approvals::show).post(approvals::agree),
        )
        .route(
            "/console/events/{id}/editing",
            get(editing::list).post(editing::ask),
        )
        .route("/console/events/{id}/versions", get(editing::versions))
        .route("/console/editing/{id}", get(editing::show))
        .route("/console/editing/{id}/{action}", post(editing::act))
        .route("/console/drafts/{id}", get(drafts::show))
        .route("/console/drafts/{id}/publish", post(drafts::publish))
        .route("/console/drafts/{id}/discard", post(drafts::discard))
        .route("/console/hooks", get(drafts::hooks))
        .route("/console/incidents/new", get(incidents::new))
        .route("/console/incidents/{id}", get(incidents::show))
        .route("/console/incidents/{id}/reach", get(incidents::who_hears))
        .route("/console/incidents/{id}/updates", post(incidents::update))
        .route("/console/incidents/{id}/preview", post(previews::update))
        .route(
            "/console/incidents/new/preview",
            post(previews::declaration),
        )
        .route("/console/incidents/{id}/undo", post(incidents::undo))
        .route("/console/incidents/{id}/promise", post(incidents::promise))
        .route("/console/incidents/{id}/calls", get(calls::show))
        .route("/console/incidents/{id}/calls/{contact}", post(calls::tick))
        .route(
            "/console/incidents/{id}/writing",
            get(team::who_writes).post(team::say_writing),
        )
        .route(
            "/console/incidents/{id}/postmortem",
            get(postmortems::show).post(postmortems::save),
        )
        .route(
            "/console/incidents/{id}/postmortem/approve",
            post(postmortems::approve),
        )
        .route(
            "/console/incidents/{id}/postmortem/publish",
            post(postmortems::publish),
        )
        .route(
            "/console/incidents/{id}/actions/{number}",
            post(postmortems::tick),
        )
        .route("/console/actions", get(postmortems::actions))
        .route("/console/incidents/{id}/{action}", post(team::act))
        .route("/console/notices", get(lists::notices))
        .route("/console/notices/{id}/copy", get(lists::copied))
        .route("/console/notices/{id}/list.csv", get(lists::list))
        .route("/console/notices/{id}/retry", post(lists::retry))
        .route("/console/deliveries", get(lists::deliveries))
        .route("/console/journal", get(lists::journal))
        .route("/console/services", get(catalogue::services))
        .route("/console/outage-plans", get(outage_plans::list))
        .route(
            "/console/services/{id}/outage-plan",
            get(outage_plans::show).post(outage_plans::sign_off),
        )
        .route("/console/services/{id}/card", get(outage_plans::show_card))
        .route("/console/cards", get(outage_plans::show_cards))
        .route("/console/cards.json", get(outage_plans::all_cards))
        .route("/console/events/{id}/preview", get(previews::event))
        .route(
            "/console/events/{id}/{action}/words",
            get(telling::begin).post(telling::tell),
        )
        .route(
            "/console/events/{id}/{action}/preview",
            post(telling::preview),
        )
        .route(
            "/console/maintenances/new/preview",
            post(previews::maintenance),
        )
        .route(
            "/console/announcements/new/preview",
            post(previews::announcement),
        )
        .route("/console/advisories/new/preview", post(previews::advisory))
        .route("/console/templates", get(templates::list))
        .route("/console/templates/new", get(templates::new))
        .route(
            "/console/templates/{id}",
            get(templates::show).post(templates::save),
        )
        .route("/console/templates/{id}/diff", get(templates::diff))
        .route("/console/templates/{id}/preview", post(templates::preview))
        .route("/console/templates/{id}/restore", post(templates::restore))
        .route("/console/audiences", get(catalogue::audiences))
        .route(
            "/console/audiences/private-page",
            post(catalogue::private_page),
        )
        .route("/console/channels/test", post(catalogue::test_channel))
        .route("/console/caught", get(caught::list))
        .route("/console/caught/{id}", get(caught::show))
        .route("/console/caught/{id}/html", get(caught::show_html))
        .route("/console/demo/next", post(caught::next))
        .route("/console/demo/advance", post(caught::advance))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console/{*rest}", any(nothing))
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            guard::signed_in,
        ));
    let doors = Router::new()
        .route(
            "/console/sign-in",
            get(sign_in::show).post(sign_in::sign_in),
        )
        .route_layer(middleware::from_fn_with_state(app.clone(), guard::visitor));
    Router::new()
        .merge(pages)
        .merge(doors)
        .layer(Extension(Arc::new(sign_in::Door::default())))
        // Without a session: a browser asks for it again by itself, and there is nothing in it.
        .route("/console/cards.js", get(outage_plans::keeper))
        .route("/api", get(api))
}

async fn nothing() -> super::desk::Shown {
    Err(ApiError::NotFound("such page".into()).into())
}

/// The API, readable, for everybody: it says what can be done and nothing that was.
async fn api(State(app): State<App>) -> Response {
    let page = ApiPage {
        frame: Frame {
            title: "API".into(),
            nav: Nav::Elsewhere,
            organisation: app.live.pages().organisation().to_owned(),
            zone: forewarn_core::time::Zone::utc(),
            now: app.clock.now(),
            user: None,
            csrf: String::new(),
            demo: None,
            flash: None,
        },
        operations: crate::api::operations(),
    };
    guard::dressed(Html(page.render()).into_response())
}

/// A page with a few words, for people who are not signed in.
pub fn plain(status: StatusCode, page: &PlainPage) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::VARY, VARY_BY_LANGUAGE),
    ];
    (status, headers, Html(page.render())).into_response()
}

/// The page for an address where nothing is. It asks no database: a crowd may look for what is not there.
pub fn not_found(app: &App, speech: Speech) -> Response {
    let [title, words] = speech.texts.links.nothing_here;
    let page = PlainPage {
        speech,
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words: words.into(),
        button: None,
    };
    plain(StatusCode::NOT_FOUND, &page)
}
