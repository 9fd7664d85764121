//! `POST /hooks/{id}`: what other programs tell. A request is cut off when it is too large, refused when it is not proven,
//! and counted whatever becomes of it.

use super::door::{header, proven};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, problem};
use crate::ops::{acknowledgement, bounce, call_list, chat, draft, maintenance, upstream};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header as names};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use forewarn_core::alert::{self, Batch, alertmanager, cloudevents, generic, pagerduty};
use forewarn_core::change_request::from_system;
use forewarn_core::document::parse_json;
use forewarn_core::hook::{Hook, Kind, Publish};
use forewarn_core::problem::Invalid;
use forewarn_core::slack::{self, Press};
use forewarn_store::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// The largest body that is read. A group of 200 alerts with long texts stays under it.
const MAX_BODY: usize = 1 << 20;
/// Slack waits for three seconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_500);

/// The route of every hook.
pub fn routes() -> Router<App> {
    Router::new().route("/hooks/{id}", post(receive))
}

/// How a request ended: what is counted, why, and the answer.
struct Ended {
    outcome: &'static str,
    detail: String,
    answer: Response,
}

impl Ended {
    fn refused(outcome: &'static str, status: StatusCode, detail: &str) -> Ended {
        Ended {
            outcome,
            detail: detail.to_owned(),
            answer: problem(status, detail, &[]),
        }
    }

    fn failed(error: ApiError) -> Ended {
        let outcome = match error.status() {
            status if status.is_server_error() => "failed",
            _ => "invalid",
        };
        let problems = error.problems().iter().take(5).map(ToString::to_string);
        let problems = problems.collect::<Vec<_>>().join("; ");
        Ended {
            outcome,
            detail: format!("{}: {problems}", error.said()),
            answer: error.into_response(),
        }
    }

    fn accepted(outcome: &'static str, detail: String, body: &Value) -> Ended {
        let kind = [(names::CONTENT_TYPE, "application/json")];
        Ended {
            outcome,
            detail,
            answer: (StatusCode::OK, kind, body.to_string()).into_response(),
        }
    }
}

async fn receive(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let hooks = match app.store.hooks().await {
        Ok(hooks) => hooks,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let Some(hook) = hooks.into_iter().find(|hook| hook.id == *id) else {
        let labels = [("hook", "unknown"), ("outcome", "unknown_hook")];
        metrics::counter!("forewarn_hook_requests_total", &labels).increment(1);
        return ApiError::NotFound("hook of this id".into()).into_response();
    };
    let ended = match take(&app, &hook, request).await {
        Ok(ended) | Err(ended) => ended,
    };
    let now = app.clock.now();
    app.hooks
        .count(hook.id.as_str(), ended.outcome, &ended.detail, now);
    ended.answer
}

async fn take(app: &App, hook: &Hook, request: Request) -> Result<Ended, Ended> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        let said = format!("the body is larger than {MAX_BODY} bytes or was cut off");
        Ended::refused("too_large", StatusCode::PAYLOAD_TOO_LARGE, &said)
    })?;
    let request = proven(hook, &parts.headers, &body, app.clock.now()).map_err(|refused| {
        let said = "the request is not proven; see how this kind of hook signs or authorizes";
        Ended::refused(refused.as_str(), StatusCode::UNAUTHORIZED, said)
    })?;
    if let Some(system) = hook.kind.change_system() {
        return change(app, hook, system, &body).await;
    }
    match hook.kind {
        Kind::Slack => command(app, hook, request, &body).await,
        Kind::Maintnote => provider(app, hook, &parts.headers, &body).await,
        Kind::Bounces => returned(app, &body).await,
        _ => alerts(app, hook, request, &parts.headers, &body).await,
    }
}

/// Where a change stands, as its system tells it. Telling it twice changes nothing.
async fn change(app: &App, hook: &Hook, system: &str, body: &[u8]) -> Result<Ended, Ended> {
    let invalid = |invalid: Invalid| Ended::failed(invalid.into());
    let text = String::from_utf8_lossy(body);
    let node = parse_json(&text).map_err(invalid)?;
    let (number, new) = from_system(system, &node).map_err(invalid)?;
    let done = maintenance::set_change_by_number(app, &caller(hook), &number, &new).await;
    let done = done.map_err(Ended::failed)?;
    let ids: Vec<&str> = done.iter().map(|d| d.maintenance.id.as_str()).collect();
    let said = format!("{number} is {} for {}", new.state.as_str(), ids.join(", "));
    let body = json!({"change_request": number, "state": new.state, "maintenances": ids});
    Ok(Ended::accepted("accepted", said, &body))
}

fn caller(hook: &Hook) -> Caller {
    Caller {
        actor: format!("hook:{}", hook.id),
        role: Role::Operator,
        session: None,
        key: None,
    }
}

fn json_body(body: &[u8]) -> Result<Value, Invalid> {
    serde_json::from_slice(body).map_err(|e| {
        let place = Some((e.line(), e.column()));
        let problem = forewarn_core::problem::Problem::new("", format!("not JSON: {e}"));
        Invalid {
            problems: vec![problem.at(place)],
        }
    })
}

/// Reads a body by the hook's kind.
fn batch(hook: &Hook, headers: &HeaderMap, body: &[u8]) -> Result<Batch, Invalid> {
    match hook.kind {
        Kind::Pagerduty => pagerduty::read(&json_body(body)?),
        Kind::Json => generic::read(&json_body(body)?, &hook.mapping()),
        Kind::Cloudevents if headers.contains_key("ce-id") => {
            let texts = headers.keys().filter_map(|name| {
                let value = header(headers, name.as_str())?;
                Some((name.as_str().to_owned(), value.to_owned()))
            });
            let event = cloudevents::from_headers(&texts.collect::<Vec<_>>(), body)?;
            cloudevents::read(&event, &hook.mapping())
        }
        Kind::Cloudevents => cloudevents::read(&json_body(body)?, &hook.mapping()),
        _ => alertmanager::read(&json_body(body)?),
    }
}

async fn alerts(
    app: &App,
    hook: &Hook,
    request: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Ended, Ended> {
    let invalid = |invalid: Invalid| Ended::failed(invalid.into());
    let batch = batch(hook, headers, body).map_err(invalid)?;
    let catalogue = app.store.catalogue().await;
    let catalogue = catalogue.map_err(|e| Ended::failed(e.into()))?;
    let (group, own) = (batch.group.clone(), batch.id.clone());
    let (placed, warnings) = alert::place(hook, batch, &catalogue).map_err(invalid)?;
    let request = own.or(request);
    let count = placed.len();
    let (took, published) =
        draft::take(app, &caller(hook), hook, request.as_deref(), &group, placed)
            .await
            .map_err(Ended::failed)?;
    let outcome = match took.repeated {
        true => "repeated",
        false => "accepted",
    };
    let mut body = json!({"alerts": count, "repeated": took.repeated, "incidents": took.incidents,
        "opened": took.opened, "published": published});
    if !warnings.is_empty() {
        body["warnings"] = json!(warnings);
    }
    if took.opened.is_some() && took.told == 0 && published.is_empty() {
        body["nobody_told"] = json!("no service of the draft has an owner or a spokesperson");
    }
    let about = match took.incidents.as_slice() {
        [] => String::new(),
        ids => format!(" for {}", ids.join(", ")),
    };
    let warned = match warnings.as_slice() {
        [] => String::new(),
        warnings => format!("; {}", warnings.join("; ")),
    };
    Ok(Ended::accepted(
        outcome,
        format!("{count} alerts{about}{warned}"),
        &body,
    ))
}

async fn provider(
    app: &App,
    hook: &Hook,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Ended, Ended> {
    let kind = header(headers, "content-type").unwrap_or_default();
    let automatic = hook.publish == Publish::Automatic;
    let caller = caller(hook);
    let taken = upstream::take(app, &caller, kind, body, automatic, hook.service.as_ref());
    let body = taken.await.map_err(Ended::failed)?;
    let said = body["notices"].as_array().into_iter().flatten().map(|n| {
        let text = |name: &str| n[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("did"), text("event"))
    });
    let said = said.collect::<Vec<_>>().join(", ");
    Ok(Ended::accepted("accepted", said, &body))
}

/// A mail came back.
async fn returned(app: &App, body: &[u8]) -> Result<Ended, Ended> {
    let taken = bounce::take(app, body).await.map_err(Ended::failed)?;
    let outcome = match taken.delivery {
        Some(_) => "accepted",
        None => "ignored",
    };
    let body = json!({"delivery": taken.delivery, "did": taken.did});
    Ok(Ended::accepted(outcome, taken.did, &body))
}

/// A button was pressed. Slack only wants to hear that it came; what changes in the room is posted there.
async fn press(app: &App, hook: &Hook, payload: &str) -> Result<Ended, Ended> {
    let press = Press::read(payload)
        .map_err(|problem| Ended::refused("invalid", StatusCode::UNPROCESSABLE_ENTITY, &problem))?;
    let Some(press) = press else {
        let said = "a button that only leads somewhere";
        return Ok(Ended::accepted("accepted", said.into(), &json!({})));
    };
    let confirmed = acknowledgement::by_button(app, hook, &press).await;
    match confirmed.map_err(Ended::failed)? {
        Some(asked) => {
            call_list::confirmed(app, &asked.notice)
                .await
                .map_err(Ended::failed)?;
            let said = format!("{} confirmed by slack:{}", asked.event, press.user);
            Ok(Ended::accepted("accepted", said, &json!({})))
        }
        None => {
            let said = "the button brings nothing that we know";
            Err(Ended::refused("unknown_token", StatusCode::NOT_FOUND, said))
        }
    }
}

/// A slash command, or a button. Whatever becomes of it, the answer is a text that only its writer sees.
async fn command(
    app: &App,
    hook: &Hook,
    request: Option<String>,
    body: &Bytes,
) -> Result<Ended, Ended> {
    let request = request.unwrap_or_default();
    let taken = app
        .store
        .take_request(hook.id.as_str(), &request, app.clock.now());
    if !taken.await.map_err(|e| Ended::failed(e.into()))? {
        let said = "this request came before";
        return Err(Ended::refused("replayed", StatusCode::UNAUTHORIZED, said));
    }
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    if !field("payload").is_empty() {
        return press(app, hook, field("payload")).await;
    }
    let answer = |outcome, said: String| {
        let body = json!({"response_type": "ephemeral", "text": said});
        Ended::accepted(outcome, said, &body)
    };
    let user = field("user_id");
    let Some(actor) = hook.person(user) else {
        let said = format!(
            "You may not do this here. Whoever runs Forewarn can add you: 'people: {{{user}: NAME}}' in the hook {}.",
            hook.id
        );
        return Ok(answer("forbidden", said));
    };
    let caller = Caller {
        actor,
        ..caller(hook)
    };
    let command = match slack::parse(field("text")) {
        Ok(command) => command,
        Err(problem) => return Ok(answer("invalid", crate::console::sentence(&problem))),
    };
    // It goes on when the answer has to leave before it is done.
    let doing = tokio::spawn({
        let app = app.clone();
        async move { chat::act(&app, &caller, command).await }
    });
    match tokio::time::timeout(ANSWER_WITHIN, doing).await {
        Ok(Ok(Ok(said))) => Ok(answer("accepted", said)),
        Ok(Ok(Err(error))) => {
            let said = chat::refusal(&error);
            let outcome = Ended::failed(error).outcome;
            Ok(answer(outcome, said))
        }
        Ok(Err(_)) => Ok(answer(
            "failed",
            "Something is wrong inside; it is in the log.".into(),
        )),
        Err(_) => {
            let said =
                "This takes longer than usual. Look at the console before you type it again.";
            Ok(answer("accepted", said.into()))
        }
    }
}
