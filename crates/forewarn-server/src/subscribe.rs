//! What people do about their own subscription, without signing in: ask for it, confirm it by the link in the mail or the code in
//! the text message, change it, see what is kept, end it. Links show pages; only forms change anything, because programs that look into mail follow links.

use crate::app::App;
use crate::attempts::{Attempts, is_outside, network};
use crate::console::{PlainPage, dressed, plain};
use crate::error::{ApiError, Result};
use crate::ops::subscription;
use crate::public::Asking;
use crate::status_page::subscription::{CodeForm, PATH, Place, SubscriptionForm, Typed};
use crate::status_page::{Speech, Texts};
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

/// The same as the API takes it, with the language that somebody chose.
fn asked(typed: &Typed, with_address: bool, language: Option<&str>) -> Value {
    let mut body = json!({"services": typed.services, "kinds": typed.kinds});
    if let Some(language) = language {
        body["language"] = json!(language);
    }
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

/// The language that somebody chose to read and to be told in.
fn chosen(speech: Speech) -> Option<&'static str> {
    speech.is_chosen.then_some(speech.texts.code)
}

/// A page with words, and perhaps a button.
fn words(
    app: &App,
    speech: Speech,
    (status, title, words): (StatusCode, &str, String),
    button: Option<(String, String)>,
) -> Response {
    let page = PlainPage {
        speech,
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words,
        button,
    };
    plain(status, &page)
}

/// What is wrong, field by field: in English with the detail, in other languages as what to look at.
fn problems(error: &ApiError, speech: Speech) -> Vec<String> {
    let texts = speech.texts;
    let each = error.problems().iter().map(|problem| {
        let field = problem.field.split('[').next().unwrap_or("");
        let said = texts.subscribe.wrong[match field {
            "email" => 0,
            "sms" => 1,
            "time_zone" => 2,
            "kinds" => 3,
            _ => 4,
        }];
        match texts.code {
            "en" => format!("{said}: {}", problem.problem),
            _ => said.to_owned(),
        }
    });
    each.collect()
}

/// Runs `make` with what the form needs to know of the place; `address` is that of whoever is subscribed already.
fn placed<T>(
    app: &App,
    speech: Speech,
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
        speech,
        organisation: &organisation.name,
        zone: organisation.time_zone.name(),
        services: &services,
        phones: organisation.sms.as_ref().filter(|_| by_phone),
        push: subscription::open_by_push(app, catalogue).is_some(),
    }))
}

/// A failure as a page.
fn failed(app: &App, speech: Speech, error: &ApiError) -> Response {
    let status = error.status();
    if status.is_server_error() {
        tracing::error!(%status, problem = %error, "a subscription page failed");
    }
    let texts = &speech.texts.subscribe;
    let (title, said) = match error {
        ApiError::NotFound(_) => (texts.dead, texts.dead_words.to_owned()),
        ApiError::Conflict(_) => (texts.closed, texts.closed_words.to_owned()),
        ApiError::TooMany(_) => (texts.too_often, texts.too_often_words.to_owned()),
        other if speech.texts.code == "en" => (texts.failed, format!("{}.", other.said())),
        _ => (texts.failed, texts.failed_words.to_owned()),
    };
    let mut response = words(app, speech, (status, title, said), None);
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
    speech: Speech,
    Extension(attempts): Extension<Arc<Attempts>>,
    connected: Connected,
    body: Bytes,
) -> Response {
    if too_often(&app, &attempts, connected, "", MAX_ASKED) {
        return failed(&app, speech, &ApiError::TooMany(String::new()));
    }
    let texts = &speech.texts.subscribe;
    let typed = typed(&body);
    let node = from_json(asked(&typed, true, chosen(speech)));
    match subscription::ask(&app, &node).await {
        Ok(asked) => match asked.address {
            Address::Email(_) => {
                let said = texts.mail_sent.replace("{address}", &typed.email);
                words(&app, speech, (StatusCode::OK, texts.mailbox, said), None)
            }
            Address::Sms(number) => {
                let said = texts.text_sent.replace("{address}", number.as_str());
                typing(&app, speech, (StatusCode::OK, said), number.as_str(), None)
            }
        },
        Err(error) if !error.problems().is_empty() => {
            let again = app.store.catalogue().await.map_err(ApiError::from);
            let page = again.and_then(|catalogue| {
                placed(&app, speech, &catalogue, None, |place| {
                    SubscriptionForm::new(place, &typed, problems(&error, speech))
                })
            });
            match page {
                Ok(page) => html(StatusCode::UNPROCESSABLE_ENTITY, &page),
                Err(error) => failed(&app, speech, &error),
            }
        }
        Err(error) => failed(&app, speech, &error),
    }
}

/// The page on which a code is typed.
fn typing(
    app: &App,
    speech: Speech,
    (status, words): (StatusCode, String),
    sms: &str,
    problem: Option<String>,
) -> Response {
    let page = CodeForm {
        speech,
        organisation: app.live.pages().organisation().to_owned(),
        words,
        problem,
        sms: sms.to_owned(),
    };
    (status, Html(page.html())).into_response()
}

/// `GET /subscribe/code`
async fn code(State(app): State<App>, speech: Speech) -> Response {
    let said = speech.texts.subscribe.code.words.to_owned();
    typing(&app, speech, (StatusCode::OK, said), "", None)
}

/// `POST /subscribe/code`
async fn try_code(
    State(app): State<App>,
    speech: Speech,
    Extension(attempts): Extension<Arc<Attempts>>,
    connected: Connected,
    body: Bytes,
) -> Response {
    if too_often(&app, &attempts, connected, "code ", MAX_TRIED) {
        return failed(&app, speech, &ApiError::TooMany(String::new()));
    }
    let field = |name: &str| {
        let mut fields = url::form_urlencoded::parse(&body).take(MAX_FIELDS);
        let found = fields.find(|(n, _)| n == name);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let (sms, code) = (field("sms"), field("code"));
    let texts = &speech.texts.subscribe;
    let refused = |problem: String| {
        let said = (
            StatusCode::UNPROCESSABLE_ENTITY,
            texts.code.words.to_owned(),
        );
        typing(&app, speech, said, &sms, Some(problem))
    };
    let number = match PhoneNumber::parse(&sms) {
        Ok(number) => number,
        Err(problem) if speech.texts.code == "en" => {
            return refused(format!("{}: {problem}", texts.phone));
        }
        Err(_) => return refused(texts.wrong[1].to_owned()),
    };
    match subscription::confirm_code(&app, number, &code).await {
        Ok(Some(link)) => see(speech, &link),
        Ok(None) => refused(texts.code.wrong.to_owned()),
        Err(error) => failed(&app, speech, &error),
    }
}

/// Leads to somebody's own page, in the language that they read.
fn see(speech: Speech, link: &str) -> Response {
    let link = speech.answered(link);
    (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response()
}

/// The language of a subscriber's own page: what the address names, else what they chose when they subscribed, else what the browser
/// likes.
fn speech_of(app: &App, parts: &Asking, subscriber: &Subscription) -> Speech {
    let known = subscriber.choices.language.as_deref();
    let (query, liked) = (parts.query.as_deref(), parts.liked.as_deref());
    app.live.pages().speech(query, known, liked)
}

/// `GET /subscription/{token}`
async fn show(
    State(app): State<App>,
    asking: Asking,
    speech: Speech,
    Path(token): Path<String>,
) -> Response {
    let (found, _) = match subscription::by_token(&app, &token, app.clock.now()).await {
        Ok(found) => found,
        Err(error) => return failed(&app, speech, &error),
    };
    let speech = speech_of(&app, &asking, &found);
    let texts = &speech.texts.subscribe;
    let link = format!("/subscription/{token}");
    let address = found.address.as_str();
    if found.state == Confirmed::Pending {
        let said = texts.confirm_words.replace("{address}", address);
        let action = speech.answered(&format!("{link}/confirm"));
        let button = (action, texts.confirm.to_owned());
        let said = (StatusCode::OK, texts.confirm_title, said);
        return words(&app, speech, said, Some(button));
    }
    let said = texts.hears.replace("{address}", address);
    manage(
        &app,
        speech,
        (&link, &found),
        (texts.yours, said),
        Vec::new(),
    )
    .await
}

async fn manage(
    app: &App,
    speech: Speech,
    (link, subscriber): (&str, &Subscription),
    (title, said): (&'static str, String),
    problems: Vec<String>,
) -> Response {
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let catalogue = app.store.catalogue().await.map_err(ApiError::from);
    let page = catalogue.and_then(|catalogue| {
        placed(
            app,
            speech,
            &catalogue,
            Some(&subscriber.address),
            |place| {
                SubscriptionForm::manage(place, link, &subscriber.choices, title, said, problems)
            },
        )
    });
    match page {
        Ok(page) => html(status, &page),
        Err(error) => failed(app, speech, &error),
    }
}

/// `POST /subscription/{token}/confirm`
async fn confirm(State(app): State<App>, speech: Speech, Path(token): Path<String>) -> Response {
    match subscription::confirm(&app, &token).await {
        Ok(link) => see(speech, &link),
        Err(error) => failed(&app, speech, &error),
    }
}

/// `POST /subscription/{token}/save`
async fn save(
    State(app): State<App>,
    asking: Asking,
    speech: Speech,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let (found, _) = match subscription::by_token(&app, &token, app.clock.now()).await {
        Ok(found) => found,
        Err(error) => return failed(&app, speech, &error),
    };
    let speech = speech_of(&app, &asking, &found);
    let texts = &speech.texts.subscribe;
    let link = format!("/subscription/{token}");
    // A language of templates that the pages do not come in stays as it was.
    let language = match &found.choices.language {
        Some(kept) if Texts::find(kept).is_none() => Some(kept.as_str()),
        _ => chosen(speech),
    };
    let node = from_json(asked(&typed(&body), false, language));
    match subscription::change(&app, "recipient", found.id.as_str(), &node).await {
        Ok(changed) => {
            let said = texts
                .hears_now
                .replace("{address}", changed.address.as_str());
            let said = (texts.kept, said);
            manage(&app, speech, (&link, &changed), said, Vec::new()).await
        }
        Err(error) if !error.problems().is_empty() => {
            let said = (texts.yours, texts.unchanged.to_owned());
            let problems = problems(&error, speech);
            manage(&app, speech, (&link, &found), said, problems).await
        }
        Err(error) => failed(&app, speech, &error),
    }
}

/// `POST /subscription/{token}/export`
async fn export(
    State(app): State<App>,
    speech: Speech,
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
        Err(error) => failed(&app, speech, &error),
    }
}

/// `POST /subscription/{token}/end`
async fn end(State(app): State<App>, speech: Speech, Path(token): Path<String>) -> Response {
    let now = app.clock.now();
    let ended = async {
        let (found, _) = subscription::by_token(&app, &token, now).await?;
        let id = found.id.as_str();
        Ok::<_, ApiError>(app.store.remove_contact(id, "recipient", now).await?)
    };
    let texts = &speech.texts.subscribe;
    match ended.await {
        Ok(_) => {
            let said = (StatusCode::OK, texts.ended, texts.ended_words.to_owned());
            words(&app, speech, said, None)
        }
        Err(error) => failed(&app, speech, &error),
    }
}
