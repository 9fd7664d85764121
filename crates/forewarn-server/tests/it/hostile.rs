//! Nonsense from outside is refused: no answer of ours is ever our fault.

use crate::app::{As, TestApp, upgrade};
use crate::openapi::described;
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

/// A generator that gives the same numbers on every day (xorshift64).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.next(of.len())].clone()
    }
}

const WORDS: [&str; 40] = [
    "",
    " ",
    "x",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "99999999999999999999999",
    "MNT-1",
    "INC-1",
    "portal",
    "database",
    "routine",
    "P1",
    "major_outage",
    "none",
    "resolved",
    "2026-11-30T22:00",
    "2026-12-01T02:00",
    "-009999-01-02T01:59:59Z",
    "9999-12-30T22:00:00Z",
    "2026-03-08T02:30[America/Los_Angeles]",
    "2026-11-30T22:00[Mars/Olympus]",
    "PT30M",
    "PT0S",
    "P99999Y",
    "5bd",
    "400bd",
    "FREQ=SECONDLY",
    "a@b.c",
    "http://[::1]/x",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{organisation}}",
    "\u{0}",
    "\u{202e}\u{feff}😀",
    "line\r\nBcc: x@y.z",
];

const KEYS: [&str; 40] = [
    "id",
    "title",
    "kind",
    "policy",
    "services",
    "start",
    "end",
    "facts",
    "effect",
    "action",
    "what",
    "when",
    "steps",
    "lead",
    "change_request",
    "number",
    "state",
    "severity",
    "status",
    "text",
    "next_update_in",
    "reason",
    "organisation",
    "name",
    "time_zone",
    "calendar",
    "audiences",
    "level",
    "channels",
    "routing",
    "external",
    "email",
    "contacts",
    "endpoints",
    "policies",
    "for",
    "before",
    "approval",
    "windows",
    "\u{0}",
];

fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.next(if depth == 0 { 4 } else { 8 }) {
        0 => Value::Null,
        1 => json!(dice.next(2) == 0),
        2 => json!(dice.0 as i64),
        3 => json!(dice.one(&WORDS)),
        4 => json!(dice.one(&WORDS).repeat(dice.0 as usize % 400)),
        5 => (0..dice.next(5)).map(|_| value(dice, depth - 1)).collect(),
        _ => Value::Object(
            (0..dice.next(8))
                .map(|_| (dice.one(&KEYS).to_owned(), value(dice, depth - 1)))
                .collect(),
        ),
    }
}

/// A document that is right, with one place replaced.
fn nearly_right(dice: &mut Dice, mut right: Value) -> Value {
    let keys: Vec<String> = right
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default();
    let key = dice.one(&keys);
    right[key] = value(dice, 3);
    right
}

fn body(dice: &mut Dice) -> String {
    match dice.next(9) {
        0 => String::new(),
        1 => "[".repeat(1 + dice.next(200_000)),
        2 => "{\"a\":".repeat(1 + dice.next(50_000)),
        3 => (0..dice.next(300))
            .map(|_| char::from(dice.next(256) as u8))
            .collect(),
        4 => nearly_right(dice, upgrade()).to_string(),
        5 => {
            let right = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "x",
                "title": "t", "lead": "l", "spokesperson": "s", "next_update_in": "PT1H"});
            nearly_right(dice, right).to_string()
        }
        6 => nearly_right(
            dice,
            json!({"status": "identified", "text": "x", "facts": {}, "services": {}, "next_update_in": "1h"}),
        )
        .to_string(),
        _ => value(dice, 6).to_string(),
    }
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

fn path(dice: &mut Dice, path: &str) -> String {
    let word = |dice: &mut Dice| match dice.next(3) {
        0 => escaped(dice.one(&WORDS)),
        1 => "MNT-1".to_owned(),
        _ => "INC-1".to_owned(),
    };
    let kinds = ["services", "audiences", "contacts", "policies", "templates"];
    let actions = ["approve", "start", "complete", "cancel", "delay", "extend"];
    let mut path = path.replace("{kind}", dice.one(&kinds));
    path = path.replace("{action}", dice.one(&actions));
    path = path
        .replace("{id}", &word(dice))
        .replace("{n}", &word(dice));
    let query: Vec<String> = (0..dice.next(4))
        .map(|_| {
            let names = [
                "after", "limit", "status", "event", "notice", "channel", "open", "dry_run",
            ];
            format!("{}={}", dice.one(&names), escaped(dice.one(&WORDS)))
        })
        .collect();
    match query.is_empty() {
        true => path,
        false => format!("{path}?{}", query.join("&")),
    }
}

async fn world(app: &TestApp) {
    app.apply_campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
    app.post("/api/v1/incidents", &body).await.is(201);
}

on_both_databases! {
    /// What every answer is checked for (no 5xx, problem documents, headers) is the test.
    async fn six_hundred_nonsense_calls_are_answered_properly(app: TestApp) {
        world(&app).await;
        let calls = described(&app).await;
        let mut dice = Dice(0x5eed_00ff_f02e_3a12);
        for n in 0..600 {
            let (method, template) = dice.one(&calls);
            let path = path(&mut dice, &format!("/api/v1{template}"));
            let mut request = Request::builder()
                .method(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap())
                .uri(&path)
                .header(header::AUTHORIZATION, format!("Bearer {}", As::Administrator.token()));
            if n % 3 == 0 {
                request = request.header("idempotency-key", format!("key {}", dice.next(50)));
            }
            if n % 5 == 0 {
                request = request.header(header::CONTENT_TYPE, dice.one(&["application/json", "text/plain", "x", ""]));
            }
            let request = request.body(Body::from(body(&mut dice)));
            // Not everything that was thought of can be sent at all.
            let Ok(request) = request else { continue };
            app.send(request).await;
        }
        // And it still works.
        world_still_works(&app).await;
    }
}

async fn world_still_works(app: &TestApp) {
    let mut work = upgrade();
    work["id"] = json!("MNT-after");
    app.apply_campus().await;
    app.post("/api/v1/maintenances", &work).await.is(201);
    app.refresh().await;
    app.page(As::Viewer, "/console").await.is(200);
    let verdict = app.get("/api/v1/audit/verify").await.json();
    assert_eq!(verdict["broken"], Value::Null);
}

#[tokio::test]
async fn nonsense_in_the_console_is_answered_properly() {
    let app = TestApp::campus().await;
    world(&app).await;
    let paths = [
        "/console/maintenances",
        "/console/maintenances/MNT-1/delay",
        "/console/maintenances/MNT-1/extend",
        "/console/maintenances/MNT-1/cancel",
        "/console/maintenances/MNT-1/steps/1/done",
        "/console/incidents",
        "/console/incidents/INC-1/updates",
        "/console/incidents/INC-1/promise",
        "/console/demo/advance",
    ];
    let mut dice = Dice(0x00c0_ffee_5eed);
    for _ in 0..250 {
        let fields: Vec<(String, String)> = (0..dice.next(8))
            .map(|_| {
                let name = match dice.next(3) {
                    0 => format!("services.{}", dice.one(&WORDS)),
                    1 => format!("facts.{}", dice.one(&KEYS)),
                    _ => dice.one(&KEYS).to_owned(),
                };
                (name, dice.one(&WORDS).repeat(1 + dice.next(3)))
            })
            .collect();
        let mut fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        fields.push(("do", dice.one(&["preview", "create", ""])));
        app.form(As::Operator, dice.one(&paths), &fields).await;
        let list = dice.one(&[
            "notices",
            "deliveries",
            "journal",
            "caught",
            "maintenances/x",
        ]);
        let word = escaped(dice.one(&WORDS));
        let page =
            format!("/console/{list}?after={word}&status={word}&event={word}&channel={word}");
        app.page(As::Viewer, &page).await;
    }
    world_still_works(&app).await;
}

#[tokio::test]
async fn a_nul_in_the_address_is_refused_before_anything_reads_it() {
    let app = TestApp::new().await;
    for path in [
        "/api/v1/contacts/%00",
        "/api/v1/notices?event=a%00b",
        "/console/maintenances/%00",
        "/u/%00",
        "/events/%00",
    ] {
        app.request(As::Administrator, "GET", path, "")
            .await
            .is(400);
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let app = TestApp::new().await;
    let long = "x".repeat(600_000);
    app.form(As::Operator, "/console/incidents", &[("title", &long)])
        .await
        .is(413);
    let many: Vec<(String, String)> = (0..3_000).map(|n| (format!("f{n}"), "1".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    app.form(As::Operator, "/console/incidents", &many)
        .await
        .is(413);
    let request = Request::post("/api/v1/documents")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", As::Administrator.token()),
        )
        .header(header::CONTENT_LENGTH, "1000000000");
    app.send(request.body(Body::empty()).unwrap()).await.is(413);
}
