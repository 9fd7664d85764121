//! Private pages: the status page as an audience hears it, for its members and for the people who run the communication.
//!
//! Whoever may not read a page gets the same answer, be there such a page or not: a form for their mail address. A member gets a link by
//! mail, which opens the page once it is pressed; users of the console need none. Each request looks again whether whoever asks may
//! read ([`PageReader`]), and nothing of what is answered may be kept by anybody between.

use crate::app::App;
use crate::caller::{self, by_session, cookie};
use crate::console::{Fields, VISIT, dressed, not_found, read_form, see_other, set_cookie};
use crate::error::Result;
use crate::password::random_token;
use crate::status_page::private::{document, feed};
use crate::status_page::{self, Page, Speech, Texts, assets, icons, language_of, private_snapshot};
use crate::visitor::{Visitor, open_to_all};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use forewarn_core::audience::Audience;
use forewarn_core::contact::EmailAddress;
use forewarn_core::id::{Id, encode};
use forewarn_core::message::Content;
use forewarn_core::token::fingerprint;
use forewarn_store::{NewKeys, PageReader, Shown};
use jiff::{SignedDuration, Timestamp};

/// The cookie of a member's session. It opens private pages and nothing else.
pub const COOKIE: &str = "forewarn_reader";

/// How long a member's session lasts; also how long the browser keeps what its forms are known by.
const SESSION_SECONDS: u32 = 30 * 24 * 3600;
/// One network asks for links so often at most, and follows so many.
const MAX_ASKED: usize = 20;
/// A form has two fields.
const MAX_FORM: usize = 8 * 1024;

/// The routes.
pub fn routes(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/for/{audience}", get(first))
        .route("/for/{audience}/", get(first))
        .route("/for/{audience}/{*page}", get(read))
        .route("/for/{audience}/feed/{token}/{*page}", get(read_feed))
        .route("/for/{audience}/sign-in", post(ask))
        .route("/for/{audience}/enter/{token}", get(link).post(enter))
        .route("/for/{audience}/sign-out", post(sign_out))
        .route("/for/{audience}/other-feeds", post(other_feeds))
        .route_layer(middleware::from_fn_with_state(app.clone(), guarded));
    open_to_all(routes, MAX_FORM)
}

/// Lets no form through that is not from one of this browser's own pages, and lets nobody between keep an answer.
async fn guarded(visitor: Visitor, request: Request, next: Next) -> Response {
    let visit = visit(request.headers()).unwrap_or_default();
    let form = read_form(&visitor.app, &visit, request).await;
    let mut response = visitor.passed(form, next).await;
    let private = HeaderValue::from_static("private, no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, private);
    dressed(response)
}

/// By what the forms of this browser are known.
fn visit(headers: &HeaderMap) -> Option<String> {
    cookie(headers, VISIT).filter(|visit| visit.len() == random_token().len())
}

/// The same, or a new one; and what to do so that the browser keeps it.
fn known_visit(app: &App, headers: &HeaderMap) -> (String, impl Fn(&mut Response)) {
    let kept = visit(headers);
    let is_new = kept.is_none();
    let visit = kept.unwrap_or_else(random_token);
    let (app, value) = (app.clone(), visit.clone());
    let keep = move |response: &mut Response| {
        if is_new {
            set_cookie(response, &app, VISIT, &value, SESSION_SECONDS);
        }
    };
    (visit, keep)
}

/// What is asked of somebody who is on the way in.
#[derive(Clone, Debug)]
pub enum Step {
    /// The address to which a link goes.
    Ask {
        /// Where the form goes.
        action: String,
        /// Its token.
        csrf: String,
        /// What was typed.
        email: String,
    },
    /// To press the button.
    Open {
        /// Where the form goes.
        action: String,
        /// Its token.
        csrf: String,
    },
    /// To ask for another link.
    Again {
        /// Where the form is.
        page: String,
    },
    /// Nothing.
    Sent,
}

/// A page on the way in.
#[derive(Clone, Debug, Template)]
#[template(path = "public/reader.html")]
pub struct WayIn {
    /// The language of whoever reads it.
    pub speech: Speech,
    /// The organisation's name.
    pub organisation: String,
    /// The heading.
    pub title: String,
    /// The words under it.
    pub words: String,
    /// What is wrong.
    pub problem: Option<String>,
    /// What is asked.
    pub step: Step,
    /// Where users of the console sign in.
    pub staff: Option<String>,
}

impl WayIn {
    /// The page.
    pub fn html(&self) -> String {
        // Rendering writes into a string and every value is at hand: it cannot fail.
        self.render().unwrap_or_default()
    }

    /// The form in which a mail address is typed, at the page of this audience.
    pub fn form(speech: Speech, organisation: String, audience: &str, csrf: String) -> WayIn {
        let texts = &speech.texts.private;
        WayIn {
            speech,
            organisation,
            title: texts.title.to_owned(),
            words: texts.words.to_owned(),
            problem: None,
            step: Step::Ask {
                action: speech.answered(&at(audience, "/sign-in")),
                csrf,
                email: String::new(),
            },
            staff: Some("/console/sign-in".to_owned()),
        }
    }

    /// What follows when an address was typed.
    pub fn sent(speech: Speech, organisation: String, address: &str) -> WayIn {
        let said = speech.texts.private.sent.replace("{address}", address);
        WayIn::words(
            speech,
            organisation,
            (speech.texts.subscribe.mailbox, said),
            Step::Sent,
        )
    }

    /// What stands behind the link in the mail.
    pub fn open(speech: Speech, organisation: String, action: String, csrf: String) -> WayIn {
        let [title, said, _] = speech.texts.private.open;
        let step = Step::Open { action, csrf };
        WayIn::words(speech, organisation, (title, said.to_owned()), step)
    }

    /// What stands behind one that does not work.
    pub fn dead(speech: Speech, organisation: String, audience: &str) -> WayIn {
        let page = at(audience, &speech.at("/"));
        let said = speech.texts.private.dead_words.to_owned();
        let said = (speech.texts.subscribe.dead, said);
        WayIn::words(speech, organisation, said, Step::Again { page })
    }

    fn words(
        speech: Speech,
        organisation: String,
        (title, words): (&str, String),
        step: Step,
    ) -> WayIn {
        WayIn {
            speech,
            organisation,
            title: title.to_owned(),
            words,
            problem: None,
            step,
            staff: None,
        }
    }
}

fn answer(status: StatusCode, page: &WayIn) -> Response {
    (status, Html(page.html())).into_response()
}

/// The form for whoever may not read the page, or who nobody knows.
fn form(
    visitor: &Visitor,
    (audience, page): (&str, &str),
    headers: &HeaderMap,
    refused: Option<&str>,
) -> Response {
    let (visit, keep) = known_visit(&visitor.app, headers);
    let next: String =
        url::form_urlencoded::byte_serialize(at(audience, page).as_bytes()).collect();
    let csrf = visitor.app.key.form_token(&visit);
    let mut form = WayIn::form(visitor.speech, visitor.organisation(), audience, csrf);
    form.staff = Some(format!("/console/sign-in?next={next}"));
    if let (Some(typed), Step::Ask { email, .. }) = (refused, &mut form.step) {
        form.problem = Some(visitor.speech.texts.subscribe.wrong.email.to_owned());
        typed.clone_into(email);
    }
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::FORBIDDEN,
    };
    let mut response = answer(status, &form);
    keep(&mut response);
    response
}

/// Where a path of an audience's page is. What was asked for may be any text.
fn at(audience: &str, path: &str) -> String {
    let audience: String = url::form_urlencoded::byte_serialize(audience.as_bytes()).collect();
    format!("/for/{audience}{path}")
}

/// Whoever asks, if they may read the page of this audience: by a member's session, else by one of the console.
async fn reader(app: &App, headers: &HeaderMap, audience: &str) -> Result<Option<PageReader>> {
    let now = app.clock.now();
    let theirs = cookie(headers, COOKIE).map(|token| fingerprint(&token));
    let staff = cookie(headers, caller::COOKIE).map(|token| fingerprint(&token));
    let shown = [
        theirs.as_deref().map(Shown::Session),
        staff.as_deref().map(Shown::Console),
    ];
    for shown in shown.into_iter().flatten() {
        if let Some(reader) = app.store.page_reader(audience, shown, now).await? {
            return Ok(Some(reader));
        }
    }
    Ok(None)
}

/// The end of the address of a member's feeds: it follows from what is stored and the installation's key, and from neither alone.
fn feed_token(app: &App, nonce: &str) -> String {
    encode(&app.key.derived(&format!("page feeds {nonce}"))[..20])
}

/// `GET /for/{audience}`
async fn first(visitor: Visitor, headers: HeaderMap, Path(audience): Path<String>) -> Response {
    read(visitor, headers, Path((audience, String::new()))).await
}

/// `GET /for/{audience}/{page}`
async fn read(
    mut visitor: Visitor,
    headers: HeaderMap,
    Path((audience, page)): Path<(String, String)>,
) -> Response {
    let path = format!("/{page}");
    let path = match language_of(&path) {
        Some((texts, path)) => {
            visitor.speech = Speech {
                texts,
                is_chosen: true,
            };
            path
        }
        None => &path,
    };
    let shown = page_for(&visitor, &headers, (&audience, path)).await;
    visitor.answered(shown)
}

/// What whoever asks may see of a page: it, or the form that leads to it.
async fn page_for(
    visitor: &Visitor,
    headers: &HeaderMap,
    (audience, path): (&str, &str),
) -> Result<Response> {
    let (app, speech) = (&visitor.app, visitor.speech);
    let Some(reader) = reader(app, headers, audience).await? else {
        return Ok(match by_session(app, headers).await? {
            // Whoever works here may know that there is none.
            Some(_) => not_found(app, speech),
            None => form(visitor, (audience, path), headers, None),
        });
    };
    let (visit, keep) = known_visit(app, headers);
    let feeds = reader.feed().map(|nonce| feed_token(app, nonce));
    let csrf = app.key.form_token(&visit);
    let snapshot = private_snapshot(app, &reader, speech.texts, (csrf, feeds)).await?;
    Ok(match document(&snapshot, speech, path) {
        Some(page) => {
            let mut response = served(page, speech.texts);
            keep(&mut response);
            response
        }
        None => not_found(app, speech),
    })
}

/// `GET /for/{audience}/feed/{token}/{page}`: programs have no session.
async fn read_feed(
    visitor: Visitor,
    Path((audience, token, page)): Path<(String, String, String)>,
) -> Response {
    let (app, texts) = (&visitor.app, Texts::english());
    let shown = async {
        let (hash, now) = (fingerprint(&token), app.clock.now());
        let found = app.store.page_reader(&audience, Shown::Feed(&hash), now);
        let page = match found.await? {
            Some(reader) => {
                let all = (String::new(), Some(token));
                let snapshot = private_snapshot(app, &reader, texts, all).await?;
                feed(&snapshot, &format!("/{page}"))
            }
            None => None,
        };
        let nothing = (StatusCode::NOT_FOUND, "there is nothing at this address\n");
        Ok(page.map_or_else(|| nothing.into_response(), |page| served(page, texts)))
    };
    visitor.answered(shown.await)
}

/// A document with the headers of what only its reader may keep.
fn served(page: Page, texts: &Texts) -> Response {
    let headers = [
        (header::CONTENT_TYPE, page.content_type),
        (
            header::CONTENT_SECURITY_POLICY,
            status_page::CONTENT_SECURITY_POLICY,
        ),
        (header::CONTENT_LANGUAGE, texts.code),
    ];
    (headers, page.body).into_response()
}

/// `POST /for/{audience}/sign-in`: the answer is the same, whoever has the address and whatever the audience.
async fn ask(
    visitor: Visitor,
    headers: HeaderMap,
    Path(audience): Path<String>,
    fields: Fields,
) -> Response {
    let asked = async {
        visitor.once_more("ask", MAX_ASKED)?;
        let typed = fields.value("email").trim();
        let Ok(address) = EmailAddress::parse(typed) else {
            return Ok(form(&visitor, (&audience, "/"), &headers, Some(typed)));
        };
        send_link(&visitor, &audience, &address).await?;
        let page = WayIn::sent(visitor.speech, visitor.organisation(), typed);
        Ok(answer(StatusCode::OK, &page))
    };
    visitor.answered(asked.await)
}

/// Sends a link to this address, if it is that of a member.
async fn send_link(visitor: &Visitor, audience: &str, address: &EmailAddress) -> Result<()> {
    let app = &visitor.app;
    let (now, nonce) = (app.clock.now(), random_token());
    let ours = visitor.organisation();
    let mail = |audience: &Audience, contact: Id| {
        // The rest of the token is made when the message leaves: who reads the database cannot follow the link.
        let link = at(audience.id.as_str(), &format!("/enter/{contact}.{nonce}"));
        let url = format!("{}{link}", app.public_url);
        invitation(audience, contact, &ours, url, now)
    };
    let asked = app.store.ask_to_read(audience, address, &nonce, mail, now);
    Ok(asked.await?)
}

/// What the mail with the link says.
fn invitation(
    audience: &Audience,
    contact: Id,
    organisation: &str,
    url: String,
    at: Timestamp,
) -> Content {
    Content {
        title: audience.name.clone(),
        url,
        ..Content::apart(contact, "subscription", "sign_in", organisation, at)
    }
}

/// A link that does not work.
fn dead(visitor: &Visitor, audience: &str) -> Response {
    let page = WayIn::dead(visitor.speech, visitor.organisation(), audience);
    answer(StatusCode::NOT_FOUND, &page)
}

/// `GET /for/{audience}/enter/{token}`: programs that look into mail follow links, so only the button opens.
async fn link(
    visitor: Visitor,
    headers: HeaderMap,
    Path((audience, token)): Path<(String, String)>,
) -> Response {
    let (app, speech) = (&visitor.app, visitor.speech);
    if app.key.read_subscription_token(&token).is_none() {
        return dead(&visitor, &audience);
    }
    let (visit, keep) = known_visit(app, &headers);
    let action = speech.answered(&at(&audience, &format!("/enter/{token}")));
    let csrf = app.key.form_token(&visit);
    let page = WayIn::open(speech, visitor.organisation(), action, csrf);
    let mut response = answer(StatusCode::OK, &page);
    keep(&mut response);
    response
}

/// `POST /for/{audience}/enter/{token}`
async fn enter(visitor: Visitor, Path((audience, token)): Path<(String, String)>) -> Response {
    let app = &visitor.app;
    let entered = async {
        visitor.once_more("enter", MAX_ASKED)?;
        let Some((contact, nonce)) = app.key.read_subscription_token(&token) else {
            return Ok(dead(&visitor, &audience));
        };
        let (now, session, own) = (app.clock.now(), random_token(), random_token());
        let keys = NewKeys {
            session: &fingerprint(&session),
            until: now + SignedDuration::from_secs(i64::from(SESSION_SECONDS)),
            feed: (&own, &fingerprint(&feed_token(app, &own))),
        };
        let link = (contact.as_str(), nonce.as_str());
        if !app.store.come_in(&audience, link, keys, now).await? {
            return Ok(dead(&visitor, &audience));
        }
        let mut response = to_page(&visitor, &audience);
        set_cookie(&mut response, app, COOKIE, &session, SESSION_SECONDS);
        Ok(response)
    };
    visitor.answered(entered.await)
}

/// Leads to the audience's first page.
fn to_page(visitor: &Visitor, audience: &str) -> Response {
    see_other(&at(audience, &visitor.speech.at("/")))
}

/// `POST /for/{audience}/sign-out`
async fn sign_out(visitor: Visitor, headers: HeaderMap, Path(audience): Path<String>) -> Response {
    let app = &visitor.app;
    let left = async {
        if let Some(session) = cookie(&headers, COOKIE) {
            app.store.stop_reading(&fingerprint(&session)).await?;
        }
        let mut response = to_page(&visitor, &audience);
        set_cookie(&mut response, app, COOKIE, "", 0);
        Ok(response)
    };
    visitor.answered(left.await)
}

/// `POST /for/{audience}/other-feeds`
async fn other_feeds(
    visitor: Visitor,
    headers: HeaderMap,
    Path(audience): Path<String>,
) -> Response {
    let app = &visitor.app;
    let own = random_token();
    let print = fingerprint(&feed_token(app, &own));
    let moved = async {
        if let Some(reader) = reader(app, &headers, &audience).await? {
            app.store.move_feeds(&reader, (&own, &print)).await?;
        }
        Ok(to_page(&visitor, &audience))
    };
    visitor.answered(moved.await)
}
