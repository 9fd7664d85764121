//! Where a handler of the console stands: who is signed in, what the page's frame needs, and how a failure is shown.

use super::guard::{Fields, sealed, see_other, set_cookie};
use super::{DemoBar, ErrorPage, Flash, FlashKind, Frame, Nav};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{COME_AGAIN, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use forewarn_core::document::Catalogue;
use forewarn_store::{Lane, Role};

/// The cookie that carries what came of the last action to the page after it.
pub(super) const FLASH: &str = "forewarn_flash";
/// A redirect is followed at once; what came of an action is not shown on a page opened later.
const FLASH_SECONDS: u32 = 60;

/// Who is signed in, and what their pages need.
#[derive(Clone)]
pub(super) struct Desk {
    pub app: App,
    pub caller: Caller,
    csrf: String,
    flash: Option<Flash>,
    known: bool,
}

/// Something that did not work, to be shown as a page by the guard.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    status: StatusCode,
    what: String,
    advice: String,
}

impl Failed {
    pub fn new(status: StatusCode, what: &str, advice: &str) -> Failed {
        Failed {
            status,
            what: what.to_owned(),
            advice: advice.to_owned(),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What handlers of pages answer.
pub(super) type Shown = std::result::Result<Response, Failed>;

impl Desk {
    /// The desk of somebody who is signed in.
    pub fn new(app: &App, caller: Caller, flash: Option<Flash>) -> Desk {
        let csrf = app
            .key
            .form_token(caller.session.as_deref().unwrap_or_default());
        Desk {
            app: app.clone(),
            caller,
            csrf,
            flash,
            known: true,
        }
    }

    /// The desk of nobody: only failures are shown from it.
    pub fn nobody(app: &App) -> Desk {
        Desk {
            app: app.clone(),
            caller: Caller {
                actor: String::new(),
                role: Role::Viewer,
                session: None,
                key: None,
            },
            csrf: String::new(),
            flash: None,
            known: false,
        }
    }

    /// The frame of a page.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn frame(&self, catalogue: &Catalogue, title: &str, nav: Nav) -> Result<Frame> {
        let demo = match self.app.demo.as_ref().filter(|_| self.known) {
            None => None,
            Some(demo) => {
                let mut next = demo.next_act();
                for lane in Lane::ALL {
                    let due = self.app.store.next_due(lane).await?;
                    next = next.into_iter().chain(due).min();
                }
                Some(DemoBar {
                    next_notice: next,
                    caught: demo.count() as u64,
                })
            }
        };
        Ok(Frame {
            title: title.to_owned(),
            nav,
            organisation: catalogue.organisation.name.clone(),
            zone: catalogue.organisation.time_zone.clone(),
            now: self.app.clock.now(),
            user: self.known.then(|| self.caller.actor.clone()),
            csrf: self.csrf.clone(),
            demo,
            flash: self.flash.clone(),
        })
    }

    /// The page that says what did not work. It is shown also when the store is away.
    pub async fn failed(&self, failed: &Failed) -> Response {
        // While the database is away, it is not asked for the rest of the page: each question would wait in vain.
        let away = failed.status == StatusCode::SERVICE_UNAVAILABLE;
        let catalogue = match away {
            true => Catalogue::default(),
            false => self.app.store.catalogue().await.unwrap_or_default(),
        };
        let frame = match away {
            true => None,
            false => self
                .frame(&catalogue, &failed.what, Nav::Elsewhere)
                .await
                .ok(),
        };
        let frame = match frame {
            Some(frame) => frame,
            None => Frame {
                title: failed.what.clone(),
                nav: Nav::Elsewhere,
                organisation: catalogue.organisation.name.clone(),
                zone: catalogue.organisation.time_zone.clone(),
                now: self.app.clock.now(),
                user: self.known.then(|| self.caller.actor.clone()),
                csrf: self.csrf.clone(),
                demo: None,
                flash: None,
            },
        };
        let page = ErrorPage {
            frame,
            status: failed.status.as_u16(),
            what: failed.what.clone(),
            advice: failed.advice.clone(),
        };
        let mut response = (failed.status, Html(page.render())).into_response();
        if away {
            let seconds = HeaderValue::from_static(COME_AGAIN);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }

    /// To another page, which says what was done.
    pub fn done(&self, to: &str, said: impl Into<String>) -> Response {
        self.told(to, FlashKind::Done, said)
    }

    /// To another page, which says what came of it.
    pub fn told(&self, to: &str, kind: FlashKind, said: impl Into<String>) -> Response {
        let flash = Flash {
            kind,
            text: said.into(),
        };
        let mut response = see_other(to);
        let value = sealed(&self.app, &flash);
        set_cookie(&mut response, &self.app, FLASH, &value, FLASH_SECONDS);
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Desk {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Desk, Failed> {
        parts.extensions.get::<Desk>().cloned().ok_or_else(outside)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Fields, Failed> {
        parts
            .extensions
            .get::<Fields>()
            .cloned()
            .ok_or_else(outside)
    }
}

/// A route outside the guard gets nothing to work with.
fn outside() -> Failed {
    Failed::new(
        StatusCode::FORBIDDEN,
        "This address is not open",
        "It stands outside the console's guard.",
    )
}

/// A page of the console.
pub(super) fn page(status: StatusCode, text: String) -> Response {
    (status, Html(text)).into_response()
}

/// A text with its first letter large.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
