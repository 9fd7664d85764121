//! What people do about their own subscription, without signing in: ask for it, confirm it by the link in the mail or the code in
//! the text message, change it, see what is kept, end it. Links show pages; only forms change anything, because programs that look into mail follow links.

use crate::app::App;
use crate::attempts::{Attempts, is_outside, network};
use crate::console::{PlainPage, dressed, plain};
use crate::error::{ApiError, Result};
use crate::ops::subscription;
use crate::status_page::subscription::{CodeForm, PATH, Place, SubscriptionForm, Typed};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use forewarn_core::contact::PhoneNumber;
use forewarn_core::document::{Catalogue, from_json};
use forewarn_core::subscription::{Address, CODE_PATH, State as Confirmed};
use forewarn_store::Subscription;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// One network asks so often in [`WINDOW`] at most.
const MAX_ASKED: usize = 20;
/// One network types codes so often in [`WINDOW`] at most.
const MAX_TRIED: usize = 30;
/// One subscriber fetches what is kept about them so often in [`WINDOW`] at most.
const MAX_EXPORTS: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// A form has a few fields, and one for each service; ids are short.
const MAX_FIELDS: usize = 500;
const MAX_FORM: usize = 64 * 1024;

/// What the page for codes says.
const TYPE_IT: &str = "Type the code from the text message that we sent you.";

/// The routes. The form itself is one of the public pages in memory.
pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, post(ask).get(crate::public::page))
        .route(CODE_PATH, get(code).post(try_code))
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
            "sms" => typed.sms = value,
            "services" => typed.services.push(value),
            "kinds" => typed.kinds.push(value),
            "time_zone" => typed.time_zone = value,
            _ => {}
        }
    }
    typed
}

/// The same as the API takes it.
fn asked(typed: &Typed, with_address: bool) -> Value {
    let mut body = json!({"services": typed.services, "kinds": typed.kinds});
    // A field that was left empty was not meant, unless both were.
    if with_address && !typed.sms.is_empty() {
        body["sms"] = json!(typed.sms);
    }
    if with_address && (typed.sms.is_empty() || !typed.email.is_empty()) {
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
        "sms" => "Telephone number",
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

/// Runs `make` with what the form needs to know of the place; `address` is that of whoever is subscribed already.
fn placed<T>(
    app: &App,
    catalogue: &Catalogue,
    address: Option<&Address>,
    make: impl FnOnce(&Place<'_>) -> T,
) -> Result<T> {
    let services = match address {
        Some(address) => subscription::open_to(app, catalogue, address)?,
        None => subscription::open(catalogue)?,
    };
    let by_phone = subscription::open_by_phone(app, catalogue).is_some();
    let organisation = &catalogue.organisation;
    Ok(make(&Place {
        organisation: &organisation.name,
        zone: organisation.time_zone.name(),
        services: &services,
        phones: organisation.sms.as_ref().filter(|_| by_phone),
        push: subscription::open_by_push(app, catalogue).is_some(),
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
            "Links work once, and not for long. Enter your address or number on the page where you subscribed, and you get a new one."
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

/// Who is at the other end, where that is known.
pub(crate) type Connected = Option<Extension<ConnectInfo<SocketAddr>>>;

/// Whether somebody from this network tried too often of late; counts this time.
pub(crate) fn too_often(
    app: &App,
    attempts: &Attempts,
    connected: Connected,
    what: &str,
    most: usize,
) -> bool {
    let now = app.clock.now();
    let address = connected.map(|Extension(c)| c.0.ip());
    // An inner address may be a proxy that everybody comes through; the limits for each address and for all remain.
    let outside = address.filter(|address| is_outside(*address)).into_iter();
    let keys: Vec<_> = outside
        .map(|address| (format!("{what}{}", network(address)), most))
        .collect();
    if attempts.wait(&keys, now).is_some() {
        return true;
    }
    attempts.failed(&keys, now);
    false
}

/// `POST /subscribe`
async fn ask(
    State(app): State<App>,
    Extension(attempts): Extension<Arc<Attempts>>,
    connected: Connected,
    body: Bytes,
) -> Response {
    if too_often(&app, &attempts, connected, "", MAX_ASKED) {
        return failed(&app, &ApiError::TooMany(String::new()));
    }
    let typed = typed(&body);
    match subscription::ask(&app, &from_json(asked(&typed, true))).await {
        Ok(asked) => match asked.address {
            Address::Email(_) => words(
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
            Address::Sms(number) => {
                let said = format!(
                    "If we can send to {}, a text message with a code is on its way. We send at most three a day. Nothing comes to a \
                     number that once replied STOP until it replies START.",
                    number.as_str()
                );
                typing(&app, StatusCode::OK, said, number.as_str(), None)
            }
        },
        Err(error) if !error.problems().is_empty() => {
            let again = app.store.catalogue().await.map_err(ApiError::from);
            let page = again.and_then(|catalogue| {
                placed(&app, &catalogue, None, |place| {
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

/// The page on which a code is typed.
fn typing(
    app: &App,
    status: StatusCode,
    words: String,
    sms: &str,
    problem: Option<String>,
) -> Response {
    let page = CodeForm {
        organisation: app.live.pages().organisation().to_owned(),
        words,
        problem,
        sms: sms.to_owned(),
    };
    (status, Html(page.html())).into_response()
}

/// `GET /subscribe/code`
async fn code(State(app): State<App>) -> Response {
    typing(&app, StatusCode::OK, TYPE_IT.to_owned(), "", None)
}

/// `POST /subscribe/code`
async fn try_code(
    State(app): State<App>,
    Extension(attempts): Extension<Arc<Attempts>>,
    connected: Connected,
    body: Bytes,
) -> Response {
    if too_often(&app, &attempts, connected, "code ", MAX_TRIED) {
        return failed(&app, &ApiError::TooMany(String::new()));
    }
    let field = |name: &str| {
        let mut fields = url::form_urlencoded::parse(&body).take(MAX_FIELDS);
        let found = fields.find(|(n, _)| n == name);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let (sms, code) = (field("sms"), field("code"));
    let refused = |problem: String| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        typing(&app, status, TYPE_IT.to_owned(), &sms, Some(problem))
    };
    let number = match PhoneNumber::parse(&sms) {
        Ok(number) => number,
        Err(problem) => return refused(format!("Telephone number: {problem}")),
    };
    match subscription::confirm_code(&app, number, &code).await {
        Ok(Some(link)) => (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response(),
        Ok(None) => refused(
            "This is not the code, or not any more. After five tries, or ten minutes, ask for another one."
                .into(),
        ),
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
            found.address
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
    let said = format!("{} hears of what you choose here.", found.address);
    manage(&app, &link, &found, "Your subscription", said, Vec::new()).await
}

async fn manage(
    app: &App,
    link: &str,
    subscriber: &Subscription,
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
        placed(app, &catalogue, Some(&subscriber.address), |place| {
            SubscriptionForm::manage(place, link, &subscriber.choices, title, said, problems)
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
            let said = format!("From now on {} hears of this.", changed.address);
            manage(
                &app,
                &link,
                &changed,
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
                &found,
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
            "No more messages go there, and what was kept about it is deleted. Messages that were sent already may \
             still arrive."
                .into(),
            None,
        ),
        Err(error) => failed(&app, &error),
    }
}
