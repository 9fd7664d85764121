//! Signing in and out. Names that do not exist take as long as wrong passwords; who fails often has to wait,
//! and nobody else does.

use crate::app::App;
use crate::attempts::{Attempts, is_outside, network};
use crate::caller::{COOKIE, by_session, cookie};
use crate::console::SignIn;
use crate::console::desk::{Desk, Shown, page};
use crate::console::guard::{Fields, VISIT, see_other, set_cookie};
use crate::error::Result;
use crate::password::{hash_password, random_token, verify_password};
use axum::Extension;
use axum::extract::{ConnectInfo, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use forewarn_core::token::fingerprint;
use forewarn_store::{StoreError, User};
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// How long a session lasts.
const SESSION_SECONDS: u32 = 12 * 3600;
/// Failures within [`WINDOW`] after which a name at an address must wait.
const MAX_FAILURES: usize = 10;
/// Failures of one address, whatever the names.
const MAX_FAILURES_OF_ADDRESS: usize = 100;
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Passwords checked at once: each takes 19 MiB and most of a processor for a moment.
const AT_ONCE: usize = 2;
/// Longer names and passwords belong to nobody.
const MAX_NAME: usize = 200;
const MAX_PASSWORD: usize = 1_000;

/// Failed attempts of late, and how many passwords are checked at once.
#[derive(Debug)]
pub(in crate::console) struct Door {
    attempts: Attempts,
    checking: Semaphore,
}

impl Default for Door {
    fn default() -> Door {
        Door {
            attempts: Attempts::new(WINDOW),
            checking: Semaphore::new(AT_ONCE),
        }
    }
}

impl Door {
    /// How long whoever failed too often must wait.
    pub(super) fn wait(&self, keys: &[(String, usize)], now: Timestamp) -> Option<SignedDuration> {
        self.attempts.wait(keys, now)
    }

    /// Counts an attempt.
    pub(super) fn came_out(&self, keys: &[(String, usize)], well: bool, now: Timestamp) {
        match well {
            true => self.attempts.succeeded(&keys[0].0),
            false => self.attempts.failed(keys, now),
        }
    }
}

/// What is counted: the name at this address, so that nobody locks out somebody elsewhere, and the address.
pub(super) fn counted(name: &str, address: Option<IpAddr>) -> Vec<(String, usize)> {
    let from = address.map(network);
    let place = from.clone().unwrap_or_default();
    let mut keys = vec![(format!("{place} {}", fingerprint(name)), MAX_FAILURES)];
    // An inner address may be a proxy that everybody comes through.
    if let Some(from) = from.filter(|_| address.is_some_and(is_outside)) {
        keys.push((from, MAX_FAILURES_OF_ADDRESS));
    }
    keys
}

/// A path of the console and nothing that leads elsewhere.
pub(in crate::console) fn own_path(path: &str) -> Option<String> {
    beneath(path, "/console")
}

/// A path at or below this one.
fn beneath(path: &str, above: &str) -> Option<String> {
    let rest = path.strip_prefix(above)?;
    let fits = (rest.is_empty() || rest.starts_with(['/', '?']))
        && path.len() <= 2_000
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    fits.then(|| path.to_owned())
}

fn wanted(next: &str) -> String {
    own_path(next)
        .filter(|path| !path.starts_with("/console/sign-"))
        // Whoever has a password reads private pages too.
        .or_else(|| beneath(next, "/for"))
        .unwrap_or_else(|| "/console".into())
}

/// `GET /console/sign-in`
pub(in crate::console) async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Shown {
    let query = query.unwrap_or_default();
    let next = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "next")
        .map(|(_, next)| next.into_owned())
        .unwrap_or_default();
    let next = wanted(&next);
    if by_session(&app, &headers).await?.is_some() {
        return Ok(see_other(&next));
    }
    let kept = cookie(&headers, VISIT).filter(|visit| visit.len() == 32);
    let visit = kept.clone().unwrap_or_else(random_token);
    let mut response = form(&app, StatusCode::OK, &visit, "", &next, None).await?;
    if kept.is_none() {
        set_cookie(&mut response, &app, VISIT, &visit, SESSION_SECONDS);
    }
    Ok(response)
}

async fn form(
    app: &App,
    status: StatusCode,
    visit: &str,
    user: &str,
    next: &str,
    problem: Option<String>,
) -> Result<Response> {
    let hint = app.demo.as_ref().map(|_| {
        "This is a demonstration: its name and password stand where it was started.".to_owned()
    });
    let view = SignIn {
        organisation: app.store.catalogue().await?.organisation.name,
        csrf: app.key.form_token(visit),
        user: user.to_owned(),
        problem,
        next: next.to_owned(),
        hint,
    };
    Ok(page(status, view.render()))
}

/// `POST /console/sign-in`
pub(in crate::console) async fn sign_in(
    State(app): State<App>,
    Extension(door): Extension<Arc<Door>>,
    fields: Fields,
    request: Request,
) -> Shown {
    let address = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|connected| connected.0.ip());
    let visit = cookie(request.headers(), VISIT).unwrap_or_default();
    let (name, password) = (fields.value("user").trim(), fields.value("password"));
    let next = wanted(fields.value("next"));
    let now = app.clock.now();
    let keys = counted(name, address);
    if let Some(wait) = door.wait(&keys, now) {
        let minutes = wait.as_secs() / 60 + 1;
        let said = format!("Too many attempts failed. Try again in {minutes} min.");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = form(&app, status, &visit, name, &next, Some(said)).await?;
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        return Ok(response);
    }
    let user = proven(&app, &door, name, password).await?;
    door.came_out(&keys, user.is_some(), now);
    let Some(user) = user else {
        let said = "The name or the password is wrong.".to_owned();
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(form(&app, status, &visit, name, &next, Some(said)).await?);
    };
    let token = random_token();
    let expires = now + lifetime(&app);
    app.store
        .put_session(&fingerprint(&token), &user, expires, now)
        .await?;
    let mut response = see_other(&next);
    set_cookie(&mut response, &app, COOKIE, &token, SESSION_SECONDS);
    set_cookie(&mut response, &app, VISIT, "", 0);
    Ok(response)
}

/// How long a session lasts on the installation's clock. The demo's jumps over weeks; there the cookie's age is the limit.
fn lifetime(app: &App) -> SignedDuration {
    match app.demo {
        Some(_) => SignedDuration::from_hours(24 * 365 * 10),
        None => SignedDuration::from_secs(i64::from(SESSION_SECONDS)),
    }
}

/// The user, if the password is theirs. A name that nobody has is checked against a hash of nothing, for the same time.
pub(super) async fn proven(
    app: &App,
    door: &Door,
    name: &str,
    password: &str,
) -> Result<Option<User>> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let broken = |problem: String| StoreError::Corrupt(problem);
    let readable = name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    let user = match readable {
        true => app.store.user(name).await?,
        false => None,
    };
    let known = user.is_some();
    let hash = user.as_ref().map(|user| user.password.clone());
    let password: String = password.chars().take(MAX_PASSWORD).collect();
    let _turn = door
        .checking
        .acquire()
        .await
        .map_err(|e| broken(e.to_string()))?;
    let right = tokio::task::spawn_blocking(move || {
        // Made at the first attempt, whoever's that is.
        let nobody = NOBODY.get_or_init(|| hash_password(&random_token()).unwrap_or_default());
        verify_password(&password, hash.as_ref().unwrap_or(nobody))
    })
    .await
    .map_err(|e| broken(e.to_string()))?;
    Ok(user.filter(|_| right && known))
}

/// `POST /console/sign-out`
pub(in crate::console) async fn sign_out(desk: Desk) -> Shown {
    if let Some(token) = &desk.caller.session {
        desk.app.store.end_session(&fingerprint(token)).await?;
    }
    let mut response = see_other("/console/sign-in");
    set_cookie(&mut response, &desk.app, COOKIE, "", 0);
    // The copies of cards go with the session, also where no script saw the form.
    let storage = HeaderValue::from_static("\"storage\"");
    response.headers_mut().insert("clear-site-data", storage);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_the_console() {
        for good in ["/console", "/console?x=1", "/console/incidents/INC-1?a=b"] {
            assert_eq!(own_path(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "/",
            "//evil.test",
            "/consoles",
            "/console.evil.test",
            "https://evil.test/console",
            "/console/\r\nx",
            "/console\\evil",
            "/console/ä",
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
        assert_eq!(wanted("/console/sign-out"), "/console");
        assert_eq!(wanted("/for/staff/de/"), "/for/staff/de/");
        assert_eq!(wanted("/forever"), "/console");
    }

    #[test]
    fn who_fails_often_waits_and_nobody_else_does() {
        let attempts = Attempts::new(WINDOW);
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let keys = counted("alice", Some("203.0.113.7".parse().unwrap()));
        for _ in 0..MAX_FAILURES {
            assert_eq!(attempts.wait(&keys, now), None);
            attempts.failed(&keys, now);
        }
        assert_eq!(attempts.wait(&keys, now), Some(WINDOW));
        for other in [
            counted("bob", Some("203.0.113.7".parse().unwrap())),
            counted("alice", Some("203.0.113.8".parse().unwrap())),
        ] {
            assert_eq!(attempts.wait(&other, now), None, "{other:?}");
        }
        assert_eq!(attempts.wait(&keys, now + WINDOW), None);
        attempts.succeeded(&keys[0].0);
        assert_eq!(attempts.wait(&keys, now), None);
    }

    #[test]
    fn one_address_cannot_try_every_name() {
        let attempts = Attempts::new(WINDOW);
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let at = |n: usize, address: &str| counted(&n.to_string(), Some(address.parse().unwrap()));
        for n in 0..MAX_FAILURES_OF_ADDRESS {
            attempts.failed(&at(n, "2001:db8::1"), now);
            attempts.failed(&at(n, "10.0.0.1"), now);
        }
        assert!(attempts.wait(&at(999, "2001:db8::2"), now).is_some());
        assert_eq!(attempts.wait(&at(999, "2001:db8:0:1::1"), now), None);
        assert_eq!(attempts.wait(&at(999, "10.0.0.1"), now), None);
    }
}
