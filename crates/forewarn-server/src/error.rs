//! What went wrong with a request: what is said outside, apart from what is logged inside.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use forewarn_core::problem::{Invalid, InvalidTransition, Problem};
use forewarn_store::StoreError;
use serde_json::{Value, json};

/// After how many seconds a request is worth another try while the database is away.
pub(crate) const COME_AGAIN: &str = "2";

/// A request that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It goes to so many that whoever sends it must give the number.
    #[error(
        "this goes to {0} recipients: give that number as \"recipients\" to show that you mean it"
    )]
    CountNeeded(i64),
    /// The input is wrong; nothing was stored.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// The body cannot be read at all, so nobody knows what was meant; the status says why.
    #[error("{1}")]
    Unreadable(StatusCode, Invalid),
    /// The thing's state does not allow it.
    #[error("{0}")]
    Transition(#[from] InvalidTransition),
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// It was asked too often of late.
    #[error("{0}")]
    TooMany(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// Nobody is signed in.
    #[error("sign in, or send a token as 'Authorization: Bearer TOKEN'")]
    Unauthorized,
    /// Whoever is signed in may not do it.
    #[error("{0}")]
    Forbidden(String),
    /// It was used with another body, or the same request is being worked on.
    #[error("{0}")]
    Key(&'static str),
    /// The store could not do it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The operations' results.
pub type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::Invalid(_) | ApiError::Key(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::Unreadable(status, _) => *status,
            ApiError::Transition(_)
            | ApiError::Conflict(_)
            | ApiError::CountNeeded(_)
            | ApiError::Store(StoreError::Conflict(_)) => StatusCode::CONFLICT,
            ApiError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::Unauthorized => StatusCode::UNAUTHORIZED,
            ApiError::Forbidden(_) => StatusCode::FORBIDDEN,
            ApiError::Store(StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Store(StoreError::Full(_)) => StatusCode::INSUFFICIENT_STORAGE,
            ApiError::Store(StoreError::Corrupt(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a stranger may read.
    pub fn said(&self) -> String {
        match self {
            ApiError::Invalid(invalid) if invalid.problems.len() == 1 => {
                "the input has a problem".into()
            }
            ApiError::Invalid(invalid) => {
                format!("the input has {} problems", invalid.problems.len())
            }
            ApiError::Unreadable(..) => "the body cannot be read".into(),
            ApiError::Store(StoreError::Conflict(text)) => text.clone(),
            ApiError::Store(StoreError::Unavailable(_)) => {
                "the database is not available just now; nothing was changed; try again".into()
            }
            ApiError::Store(StoreError::Full(_)) => {
                "the disk is full; nothing was changed; free some space and try again".into()
            }
            ApiError::Store(StoreError::Corrupt(_)) => {
                "something is wrong inside; it is in the log".into()
            }
            other => other.to_string(),
        }
    }

    /// What is wrong with which field.
    pub fn problems(&self) -> &[Problem] {
        match self {
            ApiError::Invalid(invalid) | ApiError::Unreadable(_, invalid) => &invalid.problems,
            _ => &[],
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(%status, problem = %self, "a request failed");
        }
        let mut response = match &self {
            ApiError::Transition(refused) => {
                let states = json!({"from": refused.from, "to": refused.to});
                problem_with(status, &self.said(), states)
            }
            other => problem(status, &other.said(), other.problems()),
        };
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(COME_AGAIN));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
        }
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            // RFC 9110 15.5.16: what is taken instead.
            let taken = HeaderValue::from_static("application/json, application/yaml");
            headers.insert(header::ACCEPT, taken);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Problem details (RFC 9457).
pub(crate) fn problem(status: StatusCode, said: &str, problems: &[Problem]) -> Response {
    let members = match problems.is_empty() {
        true => json!({}),
        false => json!({"errors": problems}),
    };
    problem_with(status, said, members)
}

/// Problem details with members of our own (RFC 9457 3.2).
fn problem_with(status: StatusCode, said: &str, mut body: Value) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    body["type"] = "about:blank".into();
    body["title"] = title.into();
    body["status"] = status.as_u16().into();
    body["detail"] = if said.is_empty() { title } else { said }.into();
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, body.to_string()).into_response()
}
