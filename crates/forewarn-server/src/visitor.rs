//! Somebody whom we do not know, at one of our public forms: in which language they are answered, how often they may ask, and the pages
//! with a few words that all these forms answer with.

use crate::app::App;
use crate::attempts::{Attempts, is_outside, network};
use crate::console::{Failed, PlainPage, plain};
use crate::error::{ApiError, COME_AGAIN, Result};
use crate::status_page::Speech;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Extension, Router};
use jiff::SignedDuration;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// For how long an attempt counts.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// The form behind a link has a button and no field.
pub(crate) const NO_BODY: usize = 1024;

/// Routes whose forms everybody may send: how often they do is counted together, and no body is larger than so many bytes.
pub(crate) fn open_to_all(routes: Router<App>, largest: usize) -> Router<App> {
    routes
        .layer(Extension(Arc::new(Attempts::new(WINDOW))))
        .layer(DefaultBodyLimit::max(largest))
}

/// Whoever asks at such a route.
pub(crate) struct Visitor {
    /// The installation.
    pub app: App,
    /// The language they read: what the address names, else what the browser likes, else the organisation's.
    pub speech: Speech,
    query: Option<String>,
    liked: Option<String>,
    address: Option<IpAddr>,
    attempts: Arc<Attempts>,
}

impl FromRequestParts<App> for Visitor {
    /// A route that is not [`open_to_all`] has no visitors.
    type Rejection = ExtensionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &App,
    ) -> std::result::Result<Self, Self::Rejection> {
        let Extension(attempts) = Extension::from_request_parts(parts, app).await?;
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let query = parts.uri.query().map(str::to_owned);
        let liked = liked(&parts.headers).map(str::to_owned);
        Ok(Visitor {
            app: app.clone(),
            speech: app
                .live
                .pages()
                .speech(query.as_deref(), None, liked.as_deref()),
            query,
            liked,
            address: connected.map(|connected| connected.0.ip()),
            attempts,
        })
    }
}

/// The languages that a browser likes.
pub(crate) fn liked(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()
}

impl Visitor {
    /// They once chose a language: that counts unless the address names another.
    pub fn knows(&mut self, language: Option<&str>) {
        let (query, liked) = (self.query.as_deref(), self.liked.as_deref());
        self.speech = self.app.live.pages().speech(query, language, liked);
    }

    /// Whose pages these are.
    pub fn organisation(&self) -> String {
        self.app.live.pages().organisation().to_owned()
    }

    /// Counts that somebody of this network does it once more.
    ///
    /// # Errors
    /// When they did `most` times of late.
    pub fn once_more(&self, what: &str, most: usize) -> Result<()> {
        self.counted(&self.network(what, most))
    }

    /// The key of this network's attempts. An inner address may be a proxy that everybody comes through; the limits for each mailbox
    /// and for all of them remain.
    pub fn network(&self, what: &str, most: usize) -> Vec<(String, usize)> {
        let outside = self
            .address
            .filter(|address| is_outside(*address))
            .into_iter();
        outside
            .map(|address| (format!("{what} {}", network(address)), most))
            .collect()
    }

    /// Counts one more attempt under each of these keys, which have so many.
    ///
    /// # Errors
    /// When one of them had that many of late; it is not counted then.
    pub fn counted(&self, keys: &[(String, usize)]) -> Result<()> {
        let now = self.app.clock.now();
        if self.attempts.wait(keys, now).is_some() {
            let said = "this was asked for too often of late; try again in some minutes";
            return Err(ApiError::TooMany(said.into()));
        }
        self.attempts.failed(keys, now);
        Ok(())
    }

    /// Lets a form pass that could be read; `form` has its fields.
    pub async fn passed(&self, form: std::result::Result<Request, Failed>, next: Next) -> Response {
        match form {
            Ok(request) => next.run(request).await,
            Err(failed) => {
                let texts = &self.speech.texts.subscribe;
                self.says(
                    (failed.status(), texts.failed, texts.failed_words.to_owned()),
                    None,
                )
            }
        }
    }

    /// A page with a title and words, and perhaps a button: where it posts to, and what it says.
    pub fn says(
        &self,
        (status, title, words): (StatusCode, &str, String),
        button: Option<(String, String)>,
    ) -> Response {
        let page = PlainPage {
            speech: self.speech,
            organisation: self.organisation(),
            title: title.into(),
            words,
            button,
        };
        plain(status, &page)
    }

    /// What was done, or why it was not.
    pub fn answered(&self, answer: Result<Response>) -> Response {
        answer.unwrap_or_else(|error| self.failed(&error))
    }

    /// A failure as a page.
    fn failed(&self, error: &ApiError) -> Response {
        let status = error.status();
        if status.is_server_error() {
            tracing::error!(%status, problem = %error, "a public form failed");
        }
        let texts = &self.speech.texts.subscribe;
        let (title, said) = match error {
            ApiError::NotFound(_) => (texts.dead, texts.dead_words),
            ApiError::Conflict(_) => (texts.closed, texts.closed_words),
            ApiError::TooMany(_) => (texts.too_often, texts.too_often_words),
            _ => (texts.failed, texts.failed_words),
        };
        let mut response = self.says((status, title, said.to_owned()), None);
        let later = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(HeaderValue::from(WINDOW.as_secs())),
            StatusCode::SERVICE_UNAVAILABLE => Some(HeaderValue::from_static(COME_AGAIN)),
            _ => None,
        };
        if let Some(later) = later {
            response.headers_mut().insert(header::RETRY_AFTER, later);
        }
        response
    }
}
