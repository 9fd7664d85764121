//! What stands before every page and form of the console: who is signed in, what they may do, and whether a form
//! was really sent from one of our pages. A route inside it needs no check of its own, so none can be forgotten.

use super::desk::{Desk, FLASH, Failed};
use super::{CONTENT_SECURITY_POLICY, Flash, FlashKind};
use crate::app::App;
use crate::caller::{Caller, by_session, cookie};
use crate::error::ApiError;
use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use forewarn_core::token::same;
use forewarn_store::Role;

/// The largest form that is read; the longest text of one field is 10,000 characters.
const MAX_FORM: usize = 512 * 1024;
/// A form has a few dozen fields, and two for each service.
const MAX_FIELDS: usize = 2_000;
/// A cookie that a browser has before it has a session, so that the sign-in form can prove where it came from.
pub(crate) const VISIT: &str = "forewarn_visit";
/// Forms that whoever is signed in may send; all others change something.
const FOR_ALL: [&str; 2] = ["/console/sign-out", "/console/accounts/password"];

/// The fields of a form that was read; behind [`read_form`] its token was right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a field; empty when it was not sent.
    pub fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Lets through who is signed in, with forms whose token is right.
pub(super) async fn signed_in(State(app): State<App>, request: Request, next: Next) -> Response {
    let looks = looks(request.method());
    let path = request.uri().path().to_owned();
    let caller = match by_session(&app, request.headers()).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return dressed(to_sign_in(&request)),
        Err(error) => return dressed(Desk::nobody(&app).failed(&Failed::from(error)).await),
    };
    let flash = cookie(request.headers(), FLASH).filter(|_| looks);
    let desk = Desk::new(
        &app,
        caller,
        flash.as_deref().and_then(|f| unsealed(&app, f)),
    );
    let session = desk.caller.session.clone().unwrap_or_default();
    let passed = match looks {
        true => Ok(request),
        false => proven(&app, &desk.caller, &session, request).await,
    };
    let response = match passed {
        Ok(mut request) => {
            request.extensions_mut().insert(desk.clone());
            next.run(request).await
        }
        Err(failed) => failed.into_response(),
    };
    let mut response = match response.extensions().get::<Failed>().cloned() {
        Some(failed) => desk.failed(&failed).await,
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let failed = Failed::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not take that",
                "Go back and use the page's own buttons.",
            );
            desk.failed(&failed).await
        }
        None => response,
    };
    if !looks && response.status() == StatusCode::SEE_OTHER {
        forget(&desk, &path).await;
    }
    if flash.is_some() && !response.status().is_redirection() {
        set_cookie(&mut response, &desk.app, FLASH, "", 0);
    }
    dressed(response)
}

/// A form was taken: what was kept of it while it was typed has been said.
async fn forget(desk: &Desk, path: &str) {
    let (store, who, now) = (&desk.app.store, &desk.caller.actor, desk.app.clock.now());
    // What was asked for is done; a text that is offered once more does no harm.
    if let Err(error) = store.keep_form(path, who, "", now).await {
        tracing::warn!(%path, problem = %error, "what was typed could not be forgotten");
    }
}

/// Lets everybody through to the sign-in page, with a form whose token is right.
pub(super) async fn visitor(State(app): State<App>, request: Request, next: Next) -> Response {
    let visit = cookie(request.headers(), VISIT).unwrap_or_default();
    let response = match read_form(&app, &visit, request).await {
        Ok(request) => next.run(request).await,
        Err(failed) => failed.into_response(),
    };
    match response.extensions().get::<Failed>().cloned() {
        Some(failed) => dressed(Desk::nobody(&app).failed(&failed).await),
        None => dressed(response),
    }
}

/// Headers of every page of the console, so that none is kept by anybody between.
pub(crate) fn dressed(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // With `no-referrer` browsers send our own forms with `Origin: null`.
        (HeaderName::from_static("referrer-policy"), "same-origin"),
    ] {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

fn looks(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn to_sign_in(request: &Request) -> Response {
    let wanted = request
        .uri()
        .path_and_query()
        .filter(|_| looks(request.method()))
        .map_or("/console", |p| p.as_str());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", wanted)
        .finish();
    see_other(&format!("/console/sign-in?{query}"))
}

/// A redirect after which the browser GETs.
pub(crate) fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

async fn proven(
    app: &App,
    caller: &Caller,
    session: &str,
    request: Request,
) -> Result<Request, Failed> {
    let path = request.uri().path().to_owned();
    let request = read_form(app, session, request).await?;
    if !FOR_ALL.contains(&path.as_str()) {
        caller.at_least(Role::Operator)?;
    }
    Ok(request)
}

/// Reads a form and its token: whoever knows the token has read one of this browser's own pages. A request that only looks has none.
pub(crate) async fn read_form(app: &App, proof: &str, request: Request) -> Result<Request, Failed> {
    if looks(request.method()) {
        return Ok(request);
    }
    let refused = |why: &str| {
        Failed::new(
            StatusCode::FORBIDDEN,
            "This form was not accepted",
            &format!("{why} Go back, load the page again and send it once more."),
        )
    };
    if is_foreign(request.headers(), &app.public_url) {
        return Err(refused("It was sent from another site."));
    }
    let request = read_fields(request).await?;
    let fields = request.extensions().get::<Fields>();
    let token = fields.map_or("", |fields| fields.value("csrf"));
    let right = app.key.form_token(proof);
    if proof.is_empty() || !same(right.as_bytes(), token.as_bytes()) {
        return Err(refused("It is older than your session, or not from here."));
    }
    Ok(request)
}

/// Reads the fields of a form, as large as its route takes one at most. A request that only looks has none.
pub(crate) async fn read_fields(request: Request) -> Result<Request, Failed> {
    if looks(request.method()) {
        return Ok(request);
    }
    let (mut parts, body) = request.with_limited_body().into_parts();
    let too_large = || {
        Failed::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This form is too large",
            "Say it in fewer words.",
        )
    };
    let body = to_bytes(body, MAX_FORM).await.map_err(|_| too_large())?;
    let read = url::form_urlencoded::parse(&body).into_owned();
    let fields = Fields(read.take(MAX_FIELDS + 1).collect());
    if fields.0.len() > MAX_FIELDS {
        return Err(too_large());
    }
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// Whether a request was made by a page of another site. Browsers say so in `Sec-Fetch-Site` (over https) and in `Origin`.
fn is_foreign(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().ok().and_then(|o| url::Url::parse(o).ok());
    let ours = url::Url::parse(public_url).ok();
    match origin {
        // A proxy may end TLS before us: the host is what both sides know.
        Some(origin) => {
            let named = text("host").and_then(|h| url::Url::parse(&format!("http://{h}")).ok());
            let same_host = named.is_some_and(|named| {
                named.host() == origin.host()
                    && (named.port() == origin.port() || origin.port().is_none())
            });
            !same_host && ours.is_none_or(|ours| ours.origin() != origin.origin())
        }
        None => true,
    }
}

/// Sets a cookie that only we read; `seconds` 0 takes it away.
pub(crate) fn set_cookie(
    response: &mut Response,
    app: &App,
    name: &str,
    value: &str,
    seconds: u32,
) {
    let secure = if app.public_url.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// A flash for a cookie.
pub(super) fn sealed(app: &App, flash: &Flash) -> String {
    let kind = match flash.kind {
        FlashKind::Done => "done",
        FlashKind::Warning => "warning",
        FlashKind::Refused => "refused",
    };
    app.key.seal("flash", &format!("{kind} {}", flash.text))
}

fn unsealed(app: &App, sealed: &str) -> Option<Flash> {
    let text = app.key.unseal("flash", sealed)?;
    let (kind, text) = text.split_once(' ')?;
    let kind = match kind {
        "done" => FlashKind::Done,
        "warning" => FlashKind::Warning,
        _ => FlashKind::Refused,
    };
    Some(Flash {
        kind,
        text: text.to_owned(),
    })
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Failed {
        let (what, advice) = match &error {
            ApiError::NotFound(what) => (
                format!("There is no {what}"),
                "The address may be mistyped, or what stood here is gone.",
            ),
            ApiError::Forbidden(_) => (
                "You may not do this".to_owned(),
                "Ask somebody who administers Forewarn for the role that it needs.",
            ),
            ApiError::Transition(_) => (
                error.said(),
                "Look at it again: somebody may have changed it meanwhile.",
            ),
            _ => (error.said(), "Nothing was changed."),
        };
        let status = error.status();
        if status.is_server_error() {
            tracing::error!(%status, problem = %error, "a page failed");
        }
        Failed::new(status, &super::desk::sentence(&what), advice)
    }
}

impl From<forewarn_store::StoreError> for Failed {
    fn from(error: forewarn_store::StoreError) -> Failed {
        ApiError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_foreign() {
        let cases: [(&[(&str, &str)], bool); 12] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "null")],
                false,
            ),
            (&[("origin", "null")], true),
            (&[("origin", "https://evil.test")], true),
            (&[("origin", "https://status.example.test")], false),
            (&[("origin", "http://status.example.test")], true),
            (
                &[
                    ("origin", "http://10.0.0.7:8080"),
                    ("host", "10.0.0.7:8080"),
                ],
                false,
            ),
            (
                &[
                    ("origin", "http://10.0.0.7:8081"),
                    ("host", "10.0.0.7:8080"),
                ],
                true,
            ),
        ];
        for (headers, foreign) in cases {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(
                is_foreign(&map, "https://status.example.test"),
                foreign,
                "{headers:?}"
            );
        }
    }
}
