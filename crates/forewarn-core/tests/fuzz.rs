//! Hostile input for the parsers (promise K20): no panic, and no input takes over a second.
//!
//! A short run belongs to every test run; for a longer one:
//! `FOREWARN_FUZZ_SECONDS=60 cargo test --release -p forewarn-core --test fuzz -- --ignored --nocapture`.
//! Inputs are mutations of real documents by a generator with a printed seed; `FOREWARN_FUZZ_SEED` replays one.

use forewarn_core::alert::{Mapping, alertmanager, cloudevents, generic, pagerduty};
use forewarn_core::audience::Level;
use forewarn_core::calendar::ics::read_days;
use forewarn_core::contact::csv::read_contacts;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::hook::Kind;
use forewarn_core::maintnote;
use forewarn_core::message::render_markdown;
use forewarn_core::privacy::Known;
use forewarn_core::review::{Context, Medium, Part, Stage, Text, review};
use forewarn_core::slack;
use forewarn_core::template::Parsed;
use std::time::{Duration, Instant};

const EVERYTHING: &str = include_str!("../../../examples/everything.yaml");
const MINIMAL: &str = include_str!("../../../examples/minimal.yaml");
const CONTACTS: &str = include_str!("../../../examples/contacts.csv");
const MARKDOWN: &str = "# Head\n\nSome *words* and [a link](https://example.org \"t\"), `code`, <b>raw</b>.\n\n- a\n- b\n\n> quote\n\n```\nx\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![i](javascript:x) &amp; &#x41; \\* **b** ~~s~~\n";
const TEMPLATE: &str = "{{organisation}}: {{#if effect}}{{effect}}{{else}}{{title}}{{/if}}\n{{#if start}}From {{start}} to {{end}}{{/if}}";

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY;BYMONTH=12;COUNT=9\r\nEXDATE;VALUE=DATE:20271224\r\nSUMMARY;LANGUAGE=\"en\":Closed\\, over\r\n  Christmas\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;VALUE=DATE:20281224\r\nDTSTART;VALUE=DATE:20281227\r\nDURATION:P2D\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// What other programs send to hooks.
const ALERTMANAGER: &str = r#"{"version":"4","groupKey":"{}:{job=\"x\"}","status":"firing","commonAnnotations":{"summary":"down"},"alerts":[{"status":"firing","labels":{"alertname":"A","service":"portal","severity":"critical"},"annotations":{"description":"é <b>"},"startsAt":"2026-11-21T17:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p.example/g","fingerprint":"aa"}]}"#;
const PAGERDUTY: &str = r#"{"event":{"id":"01","event_type":"incident.triggered","occurred_at":"2026-11-21T17:00:00Z","data":{"id":"P1","title":"Down","html_url":"https://a.example","service":{"id":"S","summary":"portal"},"priority":{"summary":"P1"},"created_at":"2026-11-21T17:00:00Z"}}}"#;
const CLOUDEVENT: &str = r#"[{"specversion":"1.0","id":"A","source":"/s","type":"t","subject":"x","time":"2026-11-21T17:00:00Z","data":{"title":"T","service":"portal","severity":1,"status":"ok"}},{"specversion":"1.0","id":"B","source":"/s","type":"t","data_base64":"e30="}]"#;
const COMMAND: &str =
    "declare portal major_outage P1 Some people &lt;cannot&gt; sign in [next 30m]";
const MAINTNOTE: &str = include_str!("maintnote/objects-with-their-own-impact.ics");
const MAINTNOTE_ZONE: &str = include_str!("maintnote/zone.ics");

/// A message with something for every rule and detector.
const MESSAGE: &str = "Dear all,\n\nDue to a failed switch (sw-core-01.corp.example.edu, 10.12.0.4) you cannot use http://wiki/x since 8. We hope to fix it in 2 hours.\n- **When:** 22:00 to 02:00 CET\n\n    Traceback (most recent call last):\n      File \"/srv/a.py\", line 2, in f\n\nThe password is Sommer2024!x; see C:\\Program Files\\a.dll, INC0048213, v4.18.1 and jane.doe@example.edu. Acme's fault! SORRY FOR ALL THAT TROUBLE. Next update by 15:30 UTC (+00:00): https://status.example.edu\n";

/// Pieces that parsers trip over.
const PIECES: &[&str] = &[
    "&a ",
    "*a",
    "---\n",
    "...\n",
    "!!str ",
    "? ",
    "|\n",
    ">-\n",
    "\t",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{2028}",
    "{{",
    "}}",
    "{{#if ",
    "{{/if}}",
    "[[[[",
    "]]]]",
    "{{{{",
    "((((",
    "****",
    "____",
    "````",
    "<!--",
    "<script>",
    "](",
    "![",
    "\"",
    "'",
    ",",
    ";",
    "\r",
    "\n\n",
    "999999999999999999999",
    "-1",
    "0x",
    "1e999",
    "~",
    "null",
    "2026-02-30T25:61",
    "9999-12-31T23:59",
    "+14155550100",
    "a@b",
    "whsec_",
    "FREQ=SECONDLY",
    "FREQ=DAILY;COUNT=100000",
    "BEGIN:VEVENT\r\n",
    "19000101",
    "5bd",
    "P99999Y",
    "é",
    "🙂",
    "\\",
    "\\u0000",
    "%00",
];

/// A small generator: the same seed gives the same inputs on every machine (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// A few changes to a sound input: pieces put in, parts repeated, dropped or overwritten.
fn mutated(sound: &str, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = sound.as_bytes().to_vec();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(6) {
            0 => {
                let piece = PIECES[chance.below(PIECES.len())].as_bytes();
                let times = if chance.below(20) == 0 {
                    1 + chance.below(2_000)
                } else {
                    1
                };
                bytes.splice(at..at, piece.repeat(times));
            }
            1 => {
                let end = (at + chance.below(200)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + chance.below(400)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part.repeat(1 + chance.below(20)));
            }
            3 => bytes.insert(at, chance.below(256) as u8),
            4 if at < bytes.len() => bytes[at] = chance.below(256) as u8,
            _ => bytes.truncate(at.max(1)),
        }
        bytes.truncate(200_000);
    }
    bytes
}

/// Feeds mutations of `sound` to `parse` for as long as `time`, and says how many there were.
fn fuzz(name: &str, time: Duration, sound: &[&str], parse: impl Fn(&[u8])) {
    let seed = std::env::var("FOREWARN_FUZZ_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0x0f02_e3a1);
    let mut chance = Chance(seed);
    let (began, mut inputs, mut slowest) = (Instant::now(), 0u64, Duration::ZERO);
    while began.elapsed() < time {
        let input = mutated(sound[chance.below(sound.len())], &mut chance);
        let one = Instant::now();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parse(&input)));
        slowest = slowest.max(one.elapsed());
        inputs += 1;
        assert!(
            outcome.is_ok(),
            "{name}: input {inputs} of seed {seed} panicked:\n{}",
            String::from_utf8_lossy(&input)
        );
        assert!(
            one.elapsed() < Duration::from_secs(1),
            "{name}: input {inputs} of seed {seed} took {:?}:\n{}",
            one.elapsed(),
            String::from_utf8_lossy(&input)
                .chars()
                .take(2_000)
                .collect::<String>()
        );
    }
    println!(
        "{name}: {inputs} inputs in {:?}, the slowest {slowest:?}, seed {seed}",
        began.elapsed()
    );
}

fn all(time: Duration) {
    let known = Documents::parse_yaml(
        &[(String::new(), EVERYTHING.into())],
        &Catalogue::default(),
        "MNT-1",
    )
    .expect("the example is sound")
    .over(&Catalogue::default());
    fuzz("documents", time, &[EVERYTHING, MINIMAL], |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        let _ = Documents::parse_yaml(&[(String::new(), text)], &Catalogue::default(), "MNT-1");
    });
    fuzz("contacts", time, &[CONTACTS], |input| {
        let _ = read_contacts(input, &known);
    });
    let (from, to) = (
        jiff::civil::date(2026, 1, 1),
        jiff::civil::date(2035, 12, 31),
    );
    fuzz("calendars", time, &[CALENDAR], |input| {
        let read = read_days(&String::from_utf8_lossy(input), from, to);
        assert!(read.days.keys().all(|day| (from..=to).contains(day)));
    });
    fuzz("markdown", time, &[MARKDOWN], |input| {
        let html = render_markdown(&String::from_utf8_lossy(input));
        assert!(
            !html.contains("<script") && !html.to_lowercase().contains("href=\"javascript"),
            "{html}"
        );
    });
    let hooks = [ALERTMANAGER, PAGERDUTY, CLOUDEVENT];
    fuzz("webhooks", time, &hooks, |input| {
        let headers = [(
            "ce-id".to_owned(),
            String::from_utf8_lossy(input).into_owned(),
        )];
        let _ = cloudevents::from_headers(&headers, input);
        let Ok(body) = serde_json::from_slice(input) else {
            return;
        };
        let read = [
            alertmanager::read(&body),
            pagerduty::read(&body),
            cloudevents::read(&body, &Mapping::usual(Kind::Cloudevents)),
            generic::read(&body, &Mapping::usual(Kind::Json)),
        ];
        for alert in read.into_iter().flatten().flat_map(|batch| batch.alerts) {
            let shown = [&alert.key, &alert.title, &alert.text];
            assert!(
                shown.iter().all(|text| !text.chars().any(char::is_control)),
                "{alert:?}"
            );
            assert!(alert.title.chars().count() <= 200, "{alert:?}");
        }
    });
    fuzz(
        "maintenance notices",
        time,
        &[MAINTNOTE, MAINTNOTE_ZONE],
        |input| {
            let read = maintnote::read(&String::from_utf8_lossy(input));
            for notice in read.into_iter().flat_map(|read| read.notices) {
                assert!(
                    notice.window.is_none_or(|(start, end)| start < end),
                    "{notice:?}"
                );
            }
        },
    );
    fuzz("commands", time, &[COMMAND], |input| {
        let _ = slack::parse(&String::from_utf8_lossy(input));
    });
    let known = Known {
        employees: vec!["Jane Doe".into()],
        vendors: vec!["Acme Hosting".into()],
        ..Known::default()
    };
    fuzz("messages", time, &[MESSAGE], |input| {
        let text = String::from_utf8_lossy(input);
        let (at, stages) = (input.len(), Stage::names().count());
        let stage = Stage::names()
            .nth(at % stages)
            .and_then(|name| Stage::parse(name).ok());
        let subject: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(at % 90)
            .collect();
        let level = Level::ALL[at % 3];
        let Ok(message) = Text::new(
            &text,
            Some(&subject),
            level,
            stage.unwrap_or_default(),
            Medium::ALL[at % 5],
        ) else {
            return;
        };
        let context = Context {
            known: known.clone(),
            previous: Some(MESSAGE.into()),
        };
        for finding in review(&message, &context).findings {
            let part = match finding.part {
                Part::Text => &*text,
                Part::Subject => &subject,
            };
            assert!(
                part.get(finding.start..finding.end).is_some(),
                "{finding:?}"
            );
        }
    });
    fuzz("templates", time, &[TEMPLATE], |input| {
        let _ = Parsed::parse(&String::from_utf8_lossy(input));
    });
}

#[test]
fn a_few_thousand_hostile_inputs() {
    all(Duration::from_millis(700));
}

#[test]
#[ignore = "as long as FOREWARN_FUZZ_SECONDS for each parser"]
fn hostile_inputs_for_a_while() {
    let seconds = std::env::var("FOREWARN_FUZZ_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(60);
    all(Duration::from_secs(seconds));
}
