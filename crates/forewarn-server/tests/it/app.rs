//! The server as a test has it. Every request that goes through it is checked for what holds of all answers.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use forewarn_core::token::{Key, fingerprint};
use forewarn_server::demo::{CaughtItem, Demo};
use forewarn_server::push::Door;
use forewarn_server::status_page::Live;
use forewarn_server::{App, Shared, router};
use forewarn_store::{Clock, Location, Role, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tower::ServiceExt;

/// Makes a test for each database of a function that takes a [`TestApp`].
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {
        $(
            $(#[$meta])*
            mod $name {
                #[allow(unused_imports)]
                use super::*;
                async fn holds($app: TestApp) $body
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    holds(TestApp::on(crate::app::Kind::Sqlite).await).await;
                }
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    holds(TestApp::on(crate::app::Kind::Postgres).await).await;
                }
            }
        )*
    };
}

/// What browsers subscribe to (RFC 8291, appendix A).
pub const PUSH_KEY: &str =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
pub const PUBLIC_URL: &str = "https://status.example.test";

/// A small university: two services, one of which stands on the other.
pub const CAMPUS: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-12-24]}
services:
  - {id: database, name: Student database, owner: dba@example.edu, business_owner: registrar@example.edu,
     windows: [{rrule: 'FREQ=WEEKLY;BYDAY=SU', start: '22:00', duration: PT4H}]}
  - {id: portal, name: Student portal, depends_on: [database]}
audiences:
  - {id: customers, name: Students, level: non_technical, channels: [email], services: [portal]}
  - {id: engineers, name: On-call engineers, level: technical, channels: [email, webhook], services: [database],
     time_zone: Europe/Berlin, calendar: DE-BE}
contacts:
  - {id: alice, name: Alice, audiences: [customers], endpoints: {email: alice@example.edu}}
  - {id: bob, name: Bob, audiences: [engineers], endpoints: {email: bob@example.edu}}
policies:
  - id: careful
    for: {event: maintenance, kind: careful}
    before: [5bd, 1bd]
    approval: {default: [service_owner]}
";

/// The work of the planning page: Monday evening in California.
pub fn upgrade() -> Value {
    serde_json::json!({
        "id": "MNT-1", "title": "Student database upgrade", "policy": "routine", "services": ["database"],
        "start": "2026-11-30T22:00", "end": "2026-12-01T02:00",
        "steps": ["Stop writers", "Upgrade", "Start writers"],
        "facts": {"effect": "You cannot sign in to the student portal."}
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Nobody,
    Viewer,
    Operator,
    Administrator,
}

impl As {
    pub const ALL: [As; 4] = [As::Nobody, As::Viewer, As::Operator, As::Administrator];

    pub fn role(self) -> Option<Role> {
        match self {
            As::Nobody => None,
            As::Viewer => Some(Role::Viewer),
            As::Operator => Some(Role::Operator),
            As::Administrator => Some(Role::Administrator),
        }
    }

    /// Their API token, of the length that real ones have.
    pub fn token(self) -> String {
        format!("{:0>32}", self.role().map_or("nobody", Role::as_str))
    }

    /// Their session's token.
    pub fn session(self) -> String {
        format!("{:1>32}", self.role().map_or("nobody", Role::as_str))
    }
}

pub struct TestApp {
    pub app: App,
    router: Router,
    /// Dropped last.
    _database: Database,
}

/// The database of one test; dropped however the test ends.
struct Database {
    kind: Kind,
    name: String,
    folder: PathBuf,
}

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {} {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    }

    /// The value that a cookie was set to.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all(header::SET_COOKIE).iter();
        set.filter_map(|v| v.to_str().ok())
            .filter_map(|v| v.split(';').next()?.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The problems of a refusal: `field: problem`.
    pub fn problems(&self) -> Vec<String> {
        let errors = self.json()["errors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let said = |e: &Value| {
            format!(
                "{}: {}",
                e["field"].as_str().unwrap_or("?"),
                e["problem"].as_str().unwrap_or("?")
            )
        };
        errors.iter().map(said).collect()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The first form token on the page.
    #[track_caller]
    pub fn csrf(&self) -> String {
        let text = self.text();
        let (_, after) = text
            .split_once("name=\"csrf\" value=\"")
            .expect("the page has a form");
        after.split('"').next().unwrap_or_default().to_owned()
    }
}

impl TestApp {
    pub async fn new() -> TestApp {
        TestApp::on(Kind::Sqlite).await
    }

    pub async fn on(kind: Kind) -> TestApp {
        TestApp::with(kind, None).await
    }

    pub async fn with(kind: Kind, demo: Option<Arc<dyn Demo>>) -> TestApp {
        TestApp::built(kind, demo, Some(crate::twilio::TOKEN)).await
    }

    /// As [`TestApp::with`], with the token of a provider of text messages.
    pub async fn built(
        kind: Kind,
        demo: Option<Arc<dyn Demo>>,
        twilio_token: Option<&str>,
    ) -> TestApp {
        let (database, location) = Database::fresh(kind);
        let store = Store::open(&location).await.expect("a fresh store opens");
        let clock = Clock::manual(start());
        let app = App::new(Shared {
            store,
            clock,
            public_url: PUBLIC_URL.into(),
            mail_domain: "example.test".into(),
            key: Key::new("a key that only tests know 01234"),
            admin_token: Some("the token of the settings 012345".into()),
            live: Live::with_phones(twilio_token.is_some()).and_push(true),
            hooks: Default::default(),
            push: Some(Door {
                key: PUSH_KEY.into(),
                services: vec!["push.example.net".into()],
            }),
            metrics: Box::new(|| "# no metrics\n".into()),
            twilio_token: twilio_token.map(str::to_owned),
            configured: Vec::new(),
            pulse: Default::default(),
            demo,
        });
        let test = TestApp {
            router: router(app.clone()),
            app,
            _database: database,
        };
        test.people().await;
        test
    }

    /// With the catalogue of [`CAMPUS`].
    pub async fn campus() -> TestApp {
        let app = TestApp::new().await;
        app.apply_campus().await;
        app
    }

    pub async fn apply_campus(&self) {
        self.yaml("/api/v1/documents", CAMPUS).await.is(200);
    }

    async fn people(&self) {
        let (store, now) = (&self.app.store, self.app.clock.now());
        for who in As::ALL {
            let Some(role) = who.role() else { continue };
            let name = role.as_str();
            let never = Some(now + SignedDuration::from_hours(24 * 400));
            let print = fingerprint(&who.token());
            store
                .put_token(&print, name, role, never, "test", now)
                .await
                .expect("a token");
            store
                .put_user(name, "no password", role, "test", now)
                .await
                .expect("a user");
            let user = store.user(name).await.expect("a store").expect("the user");
            let expires = now + SignedDuration::from_hours(24 * 400);
            store
                .put_session(&fingerprint(&who.session()), &user, expires, now)
                .await
                .expect("a session");
        }
    }

    pub fn advance(&self, minutes: i64) {
        self.app.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// Any request; what must hold of all answers is checked here.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().to_string());
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.expect("the router is infallible").into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a whole body");
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        let shown: String = path.chars().take(200).collect();
        check(&answer, &method, &shown);
        answer
    }

    pub async fn request(&self, who: As, method: &str, path: &str, body: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(path);
        if who != As::Nobody {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", who.token()));
        }
        self.send(
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(As::Administrator, "GET", path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let body = match body {
            Value::Null => String::new(),
            other => other.to_string(),
        };
        self.request(As::Administrator, "POST", path, &body).await
    }

    pub async fn yaml(&self, path: &str, body: &str) -> Answer {
        let token = format!("Bearer {}", As::Administrator.token());
        let request = Request::post(path)
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/yaml");
        self.send(
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
        )
        .await
    }

    /// A POST with an idempotency key.
    pub async fn keyed(&self, key: &str, path: &str, body: &Value) -> Answer {
        let token = format!("Bearer {}", As::Administrator.token());
        let request = Request::post(path)
            .header(header::AUTHORIZATION, token)
            .header("idempotency-key", key);
        self.send(
            request
                .body(Body::from(body.to_string()))
                .expect("a request"),
        )
        .await
    }

    /// A page of the console, with somebody's session.
    pub async fn page(&self, who: As, path: &str) -> Answer {
        let mut request = Request::get(path);
        if who != As::Nobody {
            let cookie = format!("forewarn_session={}", who.session());
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// A form of the console with the session's own token.
    pub async fn form(&self, who: As, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.app.key.form_token(&who.session());
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let headers: &[(&str, &str)] = &[];
        self.raw_form(who, path, &all, headers).await
    }

    /// A form as it is given.
    pub async fn raw_form(
        &self,
        who: As,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let cookie = match who {
            As::Nobody => String::new(),
            who => format!("forewarn_session={}", who.session()),
        };
        self.form_with(&cookie, path, fields, headers).await
    }

    pub async fn form_with(
        &self,
        cookies: &str,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).expect("a request"))
            .await
    }

    /// The public pages as they are now.
    pub async fn refresh(&self) {
        self.app
            .live
            .refresh(&self.app.store, &self.app.clock, PUBLIC_URL)
            .await
            .expect("the pages are made");
    }

    /// Sends every due notice as far as the outbox goes: deliveries are made, and nothing leaves.
    pub async fn expand_due(&self) {
        let (store, now) = (&self.app.store, self.app.clock.now());
        let catalogue = store.catalogue().await.expect("a catalogue");
        for lane in forewarn_store::Lane::ALL {
            for due in store.due_notices(lane, now, 100).await.expect("notices") {
                let audience = catalogue.audiences.iter().find(|a| a.id == *due.audience);
                let content =
                    due.event
                        .content(&due.occasion, audience, &catalogue, PUBLIC_URL, now);
                store
                    .begin_notice(&due, &content, None, now)
                    .await
                    .expect("it begins");
                let built_in = due.event.built_in_audience(&due.audience, &catalogue);
                let called = forewarn_core::call_list::key_of(&due.audience);
                let own: Vec<_> = called
                    .iter()
                    .flat_map(|key| due.channels.iter().map(move |c| (key, *c)))
                    .filter_map(|(key, c)| {
                        forewarn_core::call_list::own_endpoint(key, c, &catalogue)
                    })
                    .collect();
                let members = match built_in {
                    _ if forewarn_core::acknowledge::unconfirmed(&due.audience).is_some() => {
                        let of = forewarn_core::acknowledge::unconfirmed(&due.audience);
                        forewarn_store::Recipients::Unconfirmed(of.unwrap_or_default().to_owned())
                    }
                    _ if !own.is_empty() => forewarn_store::Recipients::Addresses(own),
                    _ if called.is_some() => forewarn_store::Recipients::Contact(
                        forewarn_core::id::Id::parse(called.unwrap_or_default()).expect("an id"),
                    ),
                    Some(endpoints) if acts(&due.audience) => forewarn_store::Recipients::Team {
                        mailboxes: endpoints.clone(),
                        called: endpoints,
                    },
                    Some(endpoints) => forewarn_store::Recipients::Addresses(endpoints),
                    None if forewarn_core::recipient::added_level(&due.audience).is_some() => {
                        forewarn_store::Recipients::Added
                    }
                    None => forewarn_store::Recipients::Members {
                        services: Vec::new(),
                        fallback: forewarn_store::Fallback::default(),
                    },
                };
                store
                    .expand(&due.id, &members, now)
                    .await
                    .expect("it expands");
            }
        }
    }
}

/// Whether those in an audience must act: they are told on their telephones too, as the engine does.
fn acts(audience: &str) -> bool {
    use forewarn_core::plan::{BACKUP, SPOKESPERSON};
    matches!(audience, SPOKESPERSON | BACKUP) || audience.starts_with("backup-")
}

/// When every test begins: Saturday morning in California, as in the planning page.
pub fn start() -> Timestamp {
    "2026-11-21T17:00:00Z".parse().expect("a time")
}

/// What holds of every answer.
#[track_caller]
fn check(answer: &Answer, method: &Method, path: &str) {
    let what = format!("{method} {path}: {} {}", answer.status, answer.text());
    assert!(
        answer.status.as_u16() < 500 || answer.status == StatusCode::SERVICE_UNAVAILABLE,
        "{what}"
    );
    for name in [
        "x-content-type-options",
        "referrer-policy",
        "content-security-policy",
        "x-frame-options",
        "permissions-policy",
    ] {
        assert!(!answer.header(name).is_empty(), "without {name}: {what}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    if path.starts_with("/api/v1") && !answer.status.is_success() {
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{what}"
        );
        if method != Method::HEAD {
            let problem = answer.json();
            assert_eq!(problem["status"], answer.status.as_u16(), "{what}");
            for key in ["type", "title", "detail"] {
                assert!(problem[key].is_string(), "without {key}: {what}");
            }
        }
    }
    let console = path == "/console" || path.starts_with("/console/");
    let reached = !matches!(answer.status.as_u16(), 400 | 413)
        || answer.header("content-type").starts_with("text/html");
    if console && reached {
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    }
}

impl Database {
    fn fresh(kind: Kind) -> (Database, Location) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("forewarn_server_{}_{n}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let location = match kind {
            Kind::Sqlite => Location::File(folder.join("forewarn.sqlite")),
            Kind::Postgres => {
                psql(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
                ));
                let server = server();
                let (head, _) = server.rsplit_once('/').expect("the URL names a database");
                Location::Server(format!("{head}/{name}"))
            }
        };
        (Database { kind, name, folder }, location)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn server() -> String {
    std::env::var("FOREWARN_TEST_POSTGRES").expect(
        "FOREWARN_TEST_POSTGRES must be the URL of a PostgreSQL server: scripts/postgres.sh start DIR prints one",
    )
}

/// Only the store may know SQL by a library; making a database is left to PostgreSQL's own program.
fn psql(sql: &str) {
    let program = std::env::var_os("FOREWARN_TEST_PGBIN").map_or_else(
        || PathBuf::from("psql"),
        |folder| PathBuf::from(folder).join("psql"),
    );
    let done = Command::new(program)
        .args(["--no-psqlrc", "--quiet", "--command", sql, &server()])
        .output()
        .expect("psql runs");
    assert!(
        done.status.success() || std::thread::panicking(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A demo whose messages are given and whose clock is moved at once.
pub struct GivenDemo {
    pub caught: Vec<CaughtItem>,
    pub moved: std::sync::Mutex<Vec<Option<i64>>>,
}

impl GivenDemo {
    pub fn of(messages: &[(bool, &str)]) -> Arc<GivenDemo> {
        let caught = messages
            .iter()
            .enumerate()
            .map(|(id, (is_mail, raw))| CaughtItem {
                id,
                is_mail: *is_mail,
                to: "alice@example.edu".into(),
                at: start(),
                raw: raw.as_bytes().to_vec(),
            });
        Arc::new(GivenDemo {
            caught: caught.collect(),
            moved: std::sync::Mutex::default(),
        })
    }
}

impl Demo for GivenDemo {
    fn caught(&self) -> Vec<CaughtItem> {
        self.caught.clone()
    }

    fn advance<'a>(
        &'a self,
        minutes: Option<i64>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(async move {
            self.moved.lock().expect("not poisoned").push(minutes);
            match minutes {
                Some(13) => Err("the clock is stuck".into()),
                _ => Ok("The clock was moved.".into()),
            }
        })
    }
}
