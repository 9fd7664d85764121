//! What people do about their own subscription, without signing in: ask for it, confirm it by the link in the mail, change
//! it, see what is kept, end it. Links show pages; only forms change anything, because programs that look into mail follow links.

use crate::app::App;
use crate::attempts::{Attempts, is_outside, network};
use crate::console::{PlainPage, dressed, plain};
use crate::error::{ApiError, Result};
use crate::ops::subscription;
use crate::status_page::subscription::{PATH, Place, SubscriptionForm, Typed};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use forewarn_core::document::{Catalogue, from_json};
use forewarn_core::subscription::{Choices, State as Confirmed};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// One network asks so often in [`WINDOW`] at most.
const MAX_ASKED: usize = 20;
/// One subscriber fetches what is kept about them so often in [`WINDOW`] at most.
const MAX_EXPORTS: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// A form has a few fields, and one for each service; ids are short.
const MAX_FIELDS: usize = 500;
const MAX_FORM: usize = 64 * 1024;

/// The routes. The form itself is one of the public pages in memory.
pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, post(ask).get(crate::public::page))
        .route("/subscription/{token}", get(show))
        .route("/subscription/{token}/confirm", post(confirm))
        .route("/subscription/{token}/save", post(save))
        .route("/subscription/{token}/export", post(export))
        .route("/subscription/{token}/end", post(end))
        .layer(Extension(Arc::new(Attempts::new(WINDOW))))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .route_layer(middleware::from_fn(at_home))
}

/// What is a subscriber's own stays between them and us; public pages keep their own headers.
async fn at_home(request: Request, next: Next) -> Response {
    let public = request.method() == axum::http::Method::GET && request.uri().path() == PATH;
    let response = next.run(request).await;
    match public {
        true => response,
        false => dressed(response),
    }
}

/// A form's fields.
fn typed(body: &Bytes) -> Typed {
    let mut typed = Typed::default();
    for (name, value) in url::form_urlencoded::parse(body).take(MAX_FIELDS) {
        let value = value.trim().to_owned();
        match name.as_ref() {
            "email" => typed.email = value,
            "services" => typed.services.push(value),
            "kinds" => typed.kinds.push(value),
            "time_zone" => typed.time_zone = value,
            _ => {}
        }
    }
    typed
}

/// The same as the API takes it.
fn asked(typed: &Typed, with_email: bool) -> Value {
    let mut body = json!({"services": typed.services, "kinds": typed.kinds});
    if with_email {
        body["email"] = json!(typed.email);
    }
    if !typed.time_zone.is_empty() {
        body["time_zone"] = json!(typed.time_zone);
    }
    body
}

fn html(status: StatusCode, page: &SubscriptionForm) -> Response {
    (status, Html(page.html())).into_response()
}

/// A page with words, and perhaps a button.
fn words(
    app: &App,
    status: StatusCode,
    title: &str,
    words: String,
    button: Option<(String, String)>,
) -> Response {
    let page = PlainPage {
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words,
        button,
    };
    plain(status, &page)
}

fn problems(error: &ApiError) -> Vec<String> {
    let said = |field: &str| match field {
        "email" => "Mail address",
        "time_zone" => "Time zone",
        "kinds" => "What you want to hear of",
        _ => "Services",
    };
    error
        .problems()
        .iter()
        .map(|p| {
            format!(
                "{}: {}",
                said(p.field.split('[').next().unwrap_or("")),
                p.problem
            )
        })
        .collect()
}

/// Runs `make` with what the form needs to know of the place.
fn placed<T>(catalogue: &Catalogue, make: impl FnOnce(&Place<'_>) -> T) -> Result<T> {
    let services = subscription::open(catalogue)?;
    Ok(make(&Place {
        organisation: &catalogue.organisation.name,
        zone: catalogue.organisation.time_zone.name(),
        services: &services,
    }))
}

/// A failure as a page.
fn failed(app: &App, error: &ApiError) -> Response {
    let status = error.status();
    if status.is_server_error() {
        tracing::error!(%status, problem = %error, "a subscription page failed");
    }
    let (title, said) = match error {
        ApiError::NotFound(_) => (
            "This link does not work any more",
            "Links work once, and not for long. Enter your address on the page where you subscribed, and you get a new one."
                .to_owned(),
        ),
        ApiError::Conflict(_) => (
            "Nobody can subscribe here",
            "The people who run this page have not opened it to subscription.".to_owned(),
        ),
        ApiError::TooMany(_) => (
            "That was asked for too often just now",
            "Nothing was sent. Please try again in some minutes.".to_owned(),
        ),
        other => ("That did not work", format!("{}.", other.said())),
    };
    let mut response = words(app, status, title, said, None);
    if status == StatusCode::TOO_MANY_REQUESTS {
        let later = HeaderValue::from(WINDOW.as_secs());
        response.headers_mut().insert(header::RETRY_AFTER, later);
    }
    response
}

/// `POST /subscribe`
async fn ask(
    State(app): State<App>,
    Extension(attempts): Extension<Arc<Attempts>>,
    connected: Option<Extension<ConnectInfo<SocketAddr>>>,
    body: Bytes,
) -> Response {
    let now = app.clock.now();
    let address = connected.map(|Extension(c)| c.0.ip());
    // An inner address may be a proxy that everybody comes through; the limits for each address and for all remain.
    let outside = address.filter(|address| is_outside(*address)).into_iter();
    let keys: Vec<_> = outside
        .map(|address| (network(address), MAX_ASKED))
        .collect();
    if attempts.wait(&keys, now).is_some() {
        return failed(&app, &ApiError::TooMany(String::new()));
    }
    attempts.failed(&keys, now);
    let typed = typed(&body);
    match subscription::ask(&app, &from_json(asked(&typed, true))).await {
        Ok(_) => words(
            &app,
            StatusCode::OK,
            "Look into your mailbox",
            format!(
                "A mail is on its way to {}. Its link is the way to your subscription. If nothing comes within some minutes, \
                 look among unwanted mail, or enter the address again.",
                typed.email
            ),
            None,
        ),
        Err(error) if !error.problems().is_empty() => {
            let again = app.store.catalogue().await.map_err(ApiError::from);
            let page = again.and_then(|catalogue| {
                placed(&catalogue, |place| {
                    SubscriptionForm::new(place, &typed, problems(&error))
                })
            });
            match page {
                Ok(page) => html(StatusCode::UNPROCESSABLE_ENTITY, &page),
                Err(error) => failed(&app, &error),
            }
        }
        Err(error) => failed(&app, &error),
    }
}

/// `GET /subscription/{token}`
async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    let (found, _) = match subscription::by_token(&app, &token, app.clock.now()).await {
        Ok(found) => found,
        Err(error) => return failed(&app, &error),
    };
    let link = format!("/subscription/{token}");
    if found.state == Confirmed::Pending {
        let said = format!(
            "{} will hear of planned work and problems by mail.",
            found.email
        );
        let button = (format!("{link}/confirm"), "Confirm".to_owned());
        return words(
            &app,
            StatusCode::OK,
            "Confirm your subscription",
            said,
            Some(button),
        );
    }
    let said = format!("{} hears of what you choose here.", found.email);
    manage(
        &app,
        &link,
        &found.choices,
        "Your subscription",
        said,
        Vec::new(),
    )
    .await
}

async fn manage(
    app: &App,
    link: &str,
    choices: &Choices,
    title: &'static str,
    said: String,
    problems: Vec<String>,
) -> Response {
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let catalogue = app.store.catalogue().await.map_err(ApiError::from);
    let page = catalogue.and_then(|catalogue| {
        placed(&catalogue, |place| {
            SubscriptionForm::manage(place, link, choices, title, said, problems)
        })
    });
    match page {
        Ok(page) => html(status, &page),
        Err(error) => failed(app, &error),
    }
}

/// `POST /subscription/{token}/confirm`
async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Response {
    match subscription::confirm(&app, &token).await {
        Ok(link) => (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response(),
        Err(error) => failed(&app, &error),
    }
}

/// `POST /subscription/{token}/save`
async fn save(State(app): State<App>, Path(token): Path<String>, body: Bytes) -> Response {
    let (found, _) = match subscription::by_token(&app, &token, app.clock.now()).await {
        Ok(found) => found,
        Err(error) => return failed(&app, &error),
    };
    let link = format!("/subscription/{token}");
    let node = from_json(asked(&typed(&body), false));
    match subscription::change(&app, "recipient", found.id.as_str(), &node).await {
        Ok(changed) => {
            let said = format!("From now on {} hears of this.", changed.email);
            manage(
                &app,
                &link,
                &changed.choices,
                "Your choices are kept",
                said,
                Vec::new(),
            )
            .await
        }
        Err(error) if !error.problems().is_empty() => {
            let said = "Nothing was changed.".to_owned();
            manage(
                &app,
                &link,
                &found.choices,
                "Your subscription",
                said,
                problems(&error),
            )
            .await
        }
        Err(error) => failed(&app, &error),
    }
}

/// `POST /subscription/{token}/export`
async fn export(
    State(app): State<App>,
    Extension(attempts): Extension<Arc<Attempts>>,
    Path(token): Path<String>,
) -> Response {
    let now = app.clock.now();
    let all = async {
        let (found, _) = subscription::by_token(&app, &token, now).await?;
        // Whoever has the link has the mailbox; how often the same is read for them is limited all the same.
        let keys = [(format!("export {}", found.id), MAX_EXPORTS)];
        if attempts.wait(&keys, now).is_some() {
            return Err(ApiError::TooMany(String::new()));
        }
        attempts.failed(&keys, now);
        Ok(app.store.export_contact(found.id.as_str()).await?)
    };
    match all.await {
        Ok(all) => (
            [
                (header::CONTENT_TYPE, "application/json"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"subscription.json\"",
                ),
            ],
            serde_json::to_string_pretty(&all).unwrap_or_default(),
        )
            .into_response(),
        Err(error) => failed(&app, &error),
    }
}

/// `POST /subscription/{token}/end`
async fn end(State(app): State<App>, Path(token): Path<String>) -> Response {
    let now = app.clock.now();
    let ended = async {
        let (found, _) = subscription::by_token(&app, &token, now).await?;
        let id = found.id.as_str();
        Ok::<_, ApiError>(app.store.remove_contact(id, "recipient", now).await?)
    };
    match ended.await {
        Ok(_) => words(
            &app,
            StatusCode::OK,
            "You are unsubscribed",
            "This address gets no more messages, and what was kept about it is deleted. Messages that were sent already may \
             still arrive."
                .into(),
            None,
        ),
        Err(error) => failed(&app, &error),
    }
}
