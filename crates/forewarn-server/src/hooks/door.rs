//! Who may pass: each kind of hook proves its requests in the way that its sender knows.

use axum::http::HeaderMap;
use forewarn_core::hook::{Hook, Kind};
use forewarn_core::id::derive;
use forewarn_core::signature::{Refused, check_body, check_slack, check_standard, check_token};
use forewarn_core::token::fingerprint;
use jiff::Timestamp;

/// A header that stands once; of one that stands twice nobody knows which is meant.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    match values.next() {
        None => first.to_str().ok(),
        Some(_) => None,
    }
}

/// Lets a request pass, and says what tells it from others, where its proof does.
///
/// # Errors
/// Why it is refused.
pub(super) fn proven(
    hook: &Hook,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<String>, Refused> {
    let get = |name| header(headers, name);
    let secrets = &hook.secrets;
    match hook.kind {
        Kind::Alertmanager | Kind::Grafana | Kind::Maintnote | Kind::Bounces => {
            check_token(secrets, get("authorization")).map(|()| None)
        }
        Kind::Pagerduty => {
            check_body(secrets, get("x-pagerduty-signature"), "v1", body).map(|()| None)
        }
        Kind::Slack => {
            let (time, signature) = (get("x-slack-request-timestamp"), get("x-slack-signature"));
            check_slack(secrets, time, signature, body, now)?;
            Ok(signature.map(|s| derive(&["slack", s])))
        }
        Kind::Cloudevents | Kind::Json | Kind::Change | Kind::Servicenow | Kind::Jira => {
            any(hook, headers, body, now)
        }
    }
}

/// Senders of any JSON sign as Standard Webhooks, or over the body alone, or send the secret itself.
fn any(
    hook: &Hook,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<String>, Refused> {
    let get = |name| header(headers, name);
    let secrets = &hook.secrets;
    if headers.contains_key("webhook-signature") {
        let (id, time) = (get("webhook-id"), get("webhook-timestamp"));
        check_standard(secrets, id, time, get("webhook-signature"), body, now)?;
        return Ok(id.map(|id| derive(&["webhook", id])));
    }
    for name in ["x-signature-256", "x-hub-signature-256"] {
        if headers.contains_key(name) {
            check_body(secrets, get(name), "sha256", body)?;
            // Nothing else in such a request cannot be sent again by whoever saw it.
            return Ok(Some(derive(&[
                "body",
                &fingerprint(&String::from_utf8_lossy(body)),
            ])));
        }
    }
    check_token(secrets, get("authorization")).map(|()| None)
}
