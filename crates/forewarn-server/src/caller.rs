//! Who is calling, and what they may do.

use crate::app::App;
use crate::error::{ApiError, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use forewarn_core::token::{fingerprint, same};
use forewarn_store::{Role, Session};

/// The cookie of a console session.
pub const COOKIE: &str = "forewarn_session";

/// Somebody who proved who they are.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The name that goes into the journal.
    pub actor: String,
    /// What they may do.
    pub role: Role,
    /// The session's token, for those who came by the console.
    pub session: Option<String>,
    /// The idempotency key of this request, if it has one.
    pub key: Option<String>,
}

impl Caller {
    /// The program itself, for what it does without being asked.
    pub fn system(name: &str) -> Caller {
        Caller {
            actor: name.to_owned(),
            role: Role::Administrator,
            session: None,
            key: None,
        }
    }

    /// Refuses whoever may do less than `role`.
    ///
    /// # Errors
    /// Says what is needed.
    pub fn at_least(&self, role: Role) -> Result<()> {
        if self.role >= role {
            Ok(())
        } else {
            Err(ApiError::Forbidden(format!(
                "this needs the role {}; yours is {}",
                role.as_str(),
                self.role.as_str()
            )))
        }
    }
}

/// The caller by bearer token.
pub async fn by_token(app: &App, headers: &HeaderMap) -> Result<Option<Caller>> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok());
    let Some(token) = value.and_then(|v| {
        v.strip_prefix("Bearer ")
            .or_else(|| v.strip_prefix("bearer "))
    }) else {
        return Ok(None);
    };
    let token = token.trim();
    let key = headers
        .get("idempotency-key")
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned);
    if app
        .admin_token
        .as_deref()
        .is_some_and(|admin| same(admin.as_bytes(), token.as_bytes()))
    {
        return Ok(Some(Caller {
            actor: "token:admin".into(),
            role: Role::Administrator,
            session: None,
            key,
        }));
    }
    let found = app
        .store
        .token(&fingerprint(token), app.clock.now())
        .await?;
    Ok(found.map(|Session { user, role }| Caller {
        actor: user,
        role,
        session: None,
        key,
    }))
}

/// The caller by session cookie.
pub async fn by_session(app: &App, headers: &HeaderMap) -> Result<Option<Caller>> {
    let Some(token) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    let found = app
        .store
        .session(&fingerprint(&token), app.clock.now())
        .await?;
    Ok(found.map(|Session { user, role }| Caller {
        actor: user,
        role,
        session: Some(token),
        key: None,
    }))
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The caller that the router's guard has found; a route outside the guard has none and is refused.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller> {
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or(ApiError::Unauthorized)
    }
}
