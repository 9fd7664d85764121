//! What people do about their own subscription, without signing in: ask for it, confirm it by the link in the mail or the code in
//! the text message, change it, see what is kept, end it. Links show pages; only forms change anything, because programs that look into mail follow links.

use crate::app::App;
use crate::console::{Fields, dressed, read_fields};
use crate::error::{ApiError, Result};
use crate::ops::subscription;
use crate::status_page::subscription::{CodeForm, PATH, Place, SubscriptionForm, Typed};
use crate::status_page::{Speech, Texts};
use crate::visitor::{Visitor, open_to_all};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use forewarn_core::contact::PhoneNumber;
use forewarn_core::document::from_json;
use forewarn_core::subscription::{Address, CODE_PATH, State as Confirmed};
use forewarn_core::time::Zone;
use forewarn_store::Subscription;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One network asks so often at most.
const MAX_ASKED: usize = 20;
/// One network types codes so often at most.
const MAX_TRIED: usize = 30;
/// One subscriber fetches what is kept about them so often at most.
const MAX_EXPORTS: usize = 5;
/// A form has a few fields, and one for each service; ids are short.
const MAX_FORM: usize = 64 * 1024;

/// The routes. The form itself is one of the public pages in memory.
pub fn routes(app: &App) -> Router<App> {
    let routes = Router::new()
        .route(PATH, post(ask).get(crate::public::page))
        .route(CODE_PATH, get(code).post(try_code))
        .route("/subscription/{token}", get(show))
        .route("/subscription/{token}/confirm", post(confirm))
        .route("/subscription/{token}/save", post(save))
        .route("/subscription/{token}/export", post(export))
        .route("/subscription/{token}/end", post(end))
        .route_layer(middleware::from_fn_with_state(app.clone(), at_home));
    open_to_all(routes, MAX_FORM)
}

/// What is a subscriber's own stays between them and us; public pages keep their own headers.
async fn at_home(visitor: Visitor, request: Request, next: Next) -> Response {
    let public = request.method() == Method::GET && request.uri().path() == PATH;
    let response = visitor.passed(read_fields(request).await, next).await;
    match public {
        true => response,
        false => dressed(response),
    }
}

/// What a form says.
fn typed(fields: &Fields) -> Typed {
    let mut typed = Typed::default();
    for (name, value) in &fields.0 {
        let value = value.trim().to_owned();
        match name.as_str() {
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

/// What is wrong, field by field, in the reader's language.
fn problems(error: &ApiError, typed: &Typed, place: &Place<'_>) -> Vec<String> {
    let wrong = &place.speech.texts.subscribe.wrong;
    let mut said = Vec::new();
    for problem in error.problems() {
        let all = match problem.field.split('[').next().unwrap_or("") {
            "email" if typed.email.is_empty() && place.phones.is_some() => {
                vec![wrong.neither.to_owned()]
            }
            "email" => vec![wrong.email.to_owned()],
            "sms" if place.phones.is_none() => vec![wrong.no_phones.to_owned()],
            "sms" => {
                let is_number = PhoneNumber::parse(&typed.sms).is_ok();
                let both = (!typed.email.is_empty()).then_some(wrong.both);
                let all = (!is_number).then_some(wrong.phone).into_iter().chain(both);
                all.map(str::to_owned).collect()
            }
            "time_zone" => {
                let meant = Zone::meant(&typed.time_zone);
                let example = meant.as_ref().map_or(place.zone, Zone::name);
                vec![wrong.zone.replace("{example}", example)]
            }
            "kinds" => vec![wrong.kinds.to_owned()],
            _ => vec![wrong.services.to_owned()],
        };
        said.extend(all);
    }
    let mut seen = BTreeSet::new();
    said.retain(|sentence| seen.insert(sentence.clone()));
    said
}

/// Makes a form of what it needs to know of the place where it stands; `address` is that of whoever is subscribed already.
async fn placed(
    Visitor { app, speech, .. }: &Visitor,
    address: Option<&Address>,
    make: impl FnOnce(&Place<'_>) -> SubscriptionForm,
) -> Result<SubscriptionForm> {
    let catalogue = &app.store.catalogue().await?;
    let services = match address {
        Some(address) => subscription::open_to(app, catalogue, address)?,
        None => subscription::open(catalogue)?,
    };
    let by_phone = subscription::open_by_phone(app, catalogue).is_some();
    let organisation = &catalogue.organisation;
    Ok(make(&Place {
        speech: *speech,
        organisation: &organisation.name,
        zone: organisation.time_zone.name(),
        services: &services,
        phones: organisation.sms.as_ref().filter(|_| by_phone),
        push: subscription::open_by_push(app, catalogue).is_some(),
    }))
}

/// `POST /subscribe`
async fn ask(visitor: Visitor, fields: Fields) -> Response {
    visitor.answered(asks(&visitor, &typed(&fields)).await)
}

async fn asks(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    visitor.once_more("ask", MAX_ASKED)?;
    let (app, speech) = (&visitor.app, visitor.speech);
    let texts = &speech.texts.subscribe;
    let node = from_json(asked(typed, true, chosen(speech)));
    match subscription::ask(app, &node).await {
        Ok(asked) => Ok(match asked.address {
            Address::Email(_) => {
                let said = texts.mail_sent.replace("{address}", &typed.email);
                visitor.says((StatusCode::OK, texts.mailbox, said), None)
            }
            Address::Sms(number) => {
                let said = texts.text_sent.replace("{address}", number.as_str());
                typing(visitor, (StatusCode::OK, said), number.as_str(), None)
            }
        }),
        Err(error) if !error.problems().is_empty() => {
            let page = placed(visitor, None, |place| {
                let problems = problems(&error, typed, place);
                SubscriptionForm::new(place).refused(typed, problems)
            });
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page.await?))
        }
        Err(error) => Err(error),
    }
}

/// The page on which a code is typed.
fn typing(
    visitor: &Visitor,
    (status, words): (StatusCode, String),
    sms: &str,
    problem: Option<String>,
) -> Response {
    let page = CodeForm {
        speech: visitor.speech,
        organisation: visitor.organisation(),
        words,
        problem,
        sms: sms.to_owned(),
    };
    (status, Html(page.html())).into_response()
}

/// `GET /subscribe/code`
async fn code(visitor: Visitor) -> Response {
    let said = visitor.speech.texts.subscribe.code.words.to_owned();
    typing(&visitor, (StatusCode::OK, said), "", None)
}

/// `POST /subscribe/code`
async fn try_code(visitor: Visitor, fields: Fields) -> Response {
    visitor.answered(tries(&visitor, &fields).await)
}

async fn tries(visitor: &Visitor, fields: &Fields) -> Result<Response> {
    visitor.once_more("code", MAX_TRIED)?;
    let speech = visitor.speech;
    let texts = &speech.texts.subscribe;
    let (sms, code) = (fields.value("sms").trim(), fields.value("code").trim());
    let refused = |problem: String| {
        let said = texts.code.words.to_owned();
        let said = (StatusCode::UNPROCESSABLE_ENTITY, said);
        Ok(typing(visitor, said, sms, Some(problem)))
    };
    let Ok(number) = PhoneNumber::parse(sms) else {
        return refused(texts.wrong.phone.to_owned());
    };
    match subscription::confirm_code(&visitor.app, number, code).await? {
        Some(link) => Ok(see(speech, &link)),
        None => refused(texts.code.wrong.to_owned()),
    }
}

/// Leads to somebody's own page, in the language that they read.
fn see(speech: Speech, link: &str) -> Response {
    let link = speech.answered(link);
    (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response()
}

/// Whoever follows the link to their own subscription, in the language that they chose when they subscribed.
async fn subscriber(visitor: &mut Visitor, token: &str) -> Result<Subscription> {
    let now = visitor.app.clock.now();
    let (found, _) = subscription::by_token(&visitor.app, token, now).await?;
    visitor.knows(found.choices.language.as_deref());
    Ok(found)
}

/// `GET /subscription/{token}`
async fn show(mut visitor: Visitor, Path(token): Path<String>) -> Response {
    let shown = shows(&mut visitor, &token).await;
    visitor.answered(shown)
}

async fn shows(visitor: &mut Visitor, token: &str) -> Result<Response> {
    let found = subscriber(visitor, token).await?;
    let speech = visitor.speech;
    let texts = &speech.texts.subscribe;
    let link = format!("/subscription/{token}");
    let address = found.address.as_str();
    if found.state == Confirmed::Pending {
        let said = texts.confirm_words.replace("{address}", address);
        let action = speech.answered(&format!("{link}/confirm"));
        let button = (action, texts.confirm.to_owned());
        let said = (StatusCode::OK, texts.confirm_title, said);
        return Ok(visitor.says(said, Some(button)));
    }
    let said = (texts.yours, texts.hears.replace("{address}", address));
    let page = manage(visitor, (&link, &found), said, None);
    Ok(html(StatusCode::OK, &page.await?))
}

/// Somebody's own page; where what they typed was refused, with that.
async fn manage(
    visitor: &Visitor,
    (link, subscriber): (&str, &Subscription),
    (title, said): (&'static str, String),
    refused: Option<(&Typed, &ApiError)>,
) -> Result<SubscriptionForm> {
    let page = placed(visitor, Some(&subscriber.address), |place| {
        let form = SubscriptionForm::manage(place, link, &subscriber.choices, title, said);
        match refused {
            Some((typed, error)) => form.refused(typed, problems(error, typed, place)),
            None => form,
        }
    });
    page.await
}

/// `POST /subscription/{token}/confirm`
async fn confirm(visitor: Visitor, Path(token): Path<String>) -> Response {
    let link = subscription::confirm(&visitor.app, &token).await;
    visitor.answered(link.map(|link| see(visitor.speech, &link)))
}

/// `POST /subscription/{token}/save`
async fn save(mut visitor: Visitor, Path(token): Path<String>, fields: Fields) -> Response {
    let saved = saves(&mut visitor, &token, &typed(&fields)).await;
    visitor.answered(saved)
}

async fn saves(visitor: &mut Visitor, token: &str, typed: &Typed) -> Result<Response> {
    let found = subscriber(visitor, token).await?;
    let speech = visitor.speech;
    let texts = &speech.texts.subscribe;
    let link = format!("/subscription/{token}");
    // A language of templates that the pages do not come in stays as it was.
    let language = match &found.choices.language {
        Some(kept) if Texts::find(kept).is_none() => Some(kept.as_str()),
        _ => chosen(speech),
    };
    let node = from_json(asked(typed, false, language));
    match subscription::change(&visitor.app, "recipient", found.id.as_str(), &node).await {
        Ok(changed) => {
            let address = changed.address.as_str();
            let said = texts.hears_now.replace("{address}", address);
            let page = manage(visitor, (&link, &changed), (texts.kept, said), None);
            Ok(html(StatusCode::OK, &page.await?))
        }
        Err(error) if !error.problems().is_empty() => {
            let said = (texts.yours, texts.unchanged.to_owned());
            let page = manage(visitor, (&link, &found), said, Some((typed, &error)));
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page.await?))
        }
        Err(error) => Err(error),
    }
}

/// `POST /subscription/{token}/export`
async fn export(visitor: Visitor, Path(token): Path<String>) -> Response {
    let (app, now) = (&visitor.app, visitor.app.clock.now());
    let all = async {
        let (found, _) = subscription::by_token(app, &token, now).await?;
        // Whoever has the link has the mailbox; how often the same is read for them is limited all the same.
        visitor.counted(&[(format!("export {}", found.id), MAX_EXPORTS)])?;
        let all = app.store.export_contact(found.id.as_str()).await?;
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"subscription.json\"",
            ),
        ];
        let all = serde_json::to_string_pretty(&all).unwrap_or_default();
        Ok((headers, all).into_response())
    };
    visitor.answered(all.await)
}

/// `POST /subscription/{token}/end`
async fn end(visitor: Visitor, Path(token): Path<String>) -> Response {
    let (app, now) = (&visitor.app, visitor.app.clock.now());
    let ended = async {
        let (found, _) = subscription::by_token(app, &token, now).await?;
        let id = found.id.as_str();
        app.store.remove_contact(id, "recipient", now).await?;
        let texts = &visitor.speech.texts.subscribe;
        let said = (StatusCode::OK, texts.ended, texts.ended_words.to_owned());
        Ok(visitor.says(said, None))
    };
    visitor.answered(ended.await)
}
