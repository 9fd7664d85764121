//! What the provider of text messages and calls posts to us: receipts, the key that somebody pressed in a call, and text messages
//! that people answer with. Each is signed over the address that was called and every field; what is not is refused and counted.

use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::incident::{self, team};
use crate::ops::{acknowledgement, call_list};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use forewarn_core::contact::PhoneNumber;
use forewarn_core::delivery::Receipt;
use forewarn_core::phone::{
    Keyword, RECEIPTS, call_receipt, is_signed, spoken_answer, text_answer, text_receipt,
};

/// The signature of a request.
const SIGNATURE: &str = "x-twilio-signature";

/// What the provider posts to.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/hooks/twilio/receipts/{token}", post(receipt))
        .route("/hooks/twilio/confirm/{token}", post(confirm))
        .route("/hooks/twilio/messages", post(message))
}

type Form = Vec<(String, String)>;

/// Why a request is not believed.
type Unsigned = (StatusCode, &'static str);

/// The fields of a request that the provider signed, or the refusal.
fn signed(
    app: &App,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> std::result::Result<Form, Unsigned> {
    let refused = |status: StatusCode, outcome: &'static str, said: &'static str| {
        let labels = [("hook", "twilio"), ("outcome", outcome)];
        metrics::counter!("forewarn_hook_requests_total", &labels).increment(1);
        tracing::warn!(
            outcome,
            "a request in the name of the provider of text messages was refused"
        );
        Err((status, said))
    };
    let Some(token) = &app.twilio_token else {
        let said = "no provider of text messages is configured";
        return refused(StatusCode::NOT_FOUND, "not_configured", said);
    };
    let Some(given) = headers.get(SIGNATURE).and_then(|v| v.to_str().ok()) else {
        return refused(
            StatusCode::FORBIDDEN,
            "unsigned",
            "the request is not signed",
        );
    };
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let url = format!("{}{path}", app.public_url);
    if !is_signed(token, &url, &form, given) {
        let said = "the signature does not fit; is FOREWARN_PUBLIC_URL the address that the provider calls?";
        return refused(StatusCode::FORBIDDEN, "wrong_signature", said);
    }
    let labels = [("hook", "twilio"), ("outcome", "accepted")];
    metrics::counter!("forewarn_hook_requests_total", &labels).increment(1);
    Ok(form)
}

fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    let found = form.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str())
}

fn document(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

/// What became of a message or call.
async fn receipt(
    State(app): State<App>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let form = match signed(&app, &uri, &headers, &body) {
        Ok(form) => form,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let receipt = match (field(&form, "CallStatus"), field(&form, "MessageStatus")) {
        (Some(status), _) => call_receipt(status),
        (None, Some(status)) => text_receipt(status, field(&form, "ErrorCode")),
        (None, None) => Receipt::Underway,
    };
    let known = match app.key.unseal(RECEIPTS, &token) {
        Some(delivery) => {
            let known = app.store.receipt(&delivery, &receipt, app.clock.now());
            let known = known.await?;
            call_list::came_back(&app, &delivery, &receipt).await?;
            known
        }
        None => false,
    };
    Ok(match known {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::NOT_FOUND, "no such message\n").into_response(),
    })
}

/// A key was pressed in a call.
async fn confirm(
    State(app): State<App>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let form = match signed(&app, &uri, &headers, &body) {
        Ok(form) => form,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    if field(&form, "Digits") != Some("1") {
        let said = "That was another key. We will not count this as confirmed. Goodbye.";
        return Ok(document(spoken_answer(said)));
    }
    if let Ok(link) = team::by_token(&app, &token).await {
        return Ok(document(spoken_answer(take_call(&app, &link).await?)));
    }
    let confirmed = acknowledgement::by_token(&app, &token, acknowledgement::How::Key).await?;
    if let Some(asked) = &confirmed {
        call_list::confirmed(&app, &asked.notice).await?;
    }
    Ok(document(spoken_answer(match confirmed {
        Some(_) => "Thank you. It is noted that you heard this. Goodbye.",
        None => "This message cannot be confirmed any more. Goodbye.",
    })))
}

/// Whoever presses the key in the call at declaration speaks for the incident, and nobody else is called.
async fn take_call(app: &App, link: &team::Link) -> Result<&'static str> {
    match team::acknowledge_by_link(app, link).await {
        Ok(_) => Ok("Thank you. You speak for this incident now. Goodbye."),
        Err(ApiError::Conflict(_)) => {
            let incident = incident::show(app, link.incident.id.as_str()).await?;
            let waits = incident.call.is_some_and(|call| call.is_open());
            Ok(match waits {
                true => {
                    "You lead the work on this incident, so somebody else must speak for it. Goodbye."
                }
                false => "Somebody else has taken this call already. Goodbye.",
            })
        }
        Err(error) => Err(error),
    }
}

/// Somebody answered a text message.
async fn message(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let form = match signed(&app, &uri, &headers, &body) {
        Ok(form) => form,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let number = field(&form, "From").and_then(|from| PhoneNumber::parse(from).ok());
    let keyword = field(&form, "Body").and_then(Keyword::of);
    let (Some(number), Some(keyword)) = (number, keyword) else {
        // A person's answer is not ours to answer.
        return Ok(document(text_answer(None)));
    };
    let now = app.clock.now();
    let pages = app.live.pages();
    let organisation = pages.organisation();
    // The answer is the same for every number: nobody learns whom we know.
    let said = match keyword {
        Keyword::Stop => {
            app.store.stop_number(number.as_str(), now).await?;
            format!(
                "{organisation}: you get no more messages on this number. Reply START to get them again."
            )
        }
        Keyword::Start => {
            app.store.start_number(number.as_str(), now).await?;
            format!(
                "{organisation}: this number can get messages again. Who had subscribed it on our page does so anew. Reply STOP for no more."
            )
        }
        Keyword::Help => format!(
            "{organisation}: messages about planned work and incidents. Reply STOP for no more, START to get them again. {}",
            app.public_url
        ),
    };
    Ok(document(text_answer(Some(&said))))
}
