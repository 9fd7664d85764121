//! `forewarn plan` as its users run it: the program, on files.

use insta::assert_snapshot;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of the program left.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("standard output is JSON")
    }
}

/// Runs the program in the repository with nothing in its environment, and gives it `input`.
fn forewarn(arguments: &[&str], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_forewarn"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends without reading has said why.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

const MINIMAL: &str = "examples/minimal.yaml";

#[test]
fn the_json_is_the_contracts() {
    let run = forewarn(
        &["plan", MINIMAL, "--at", "2026-11-21T17:00:00Z", "--json"],
        "",
    );
    assert_eq!((run.code, run.err.as_str()), (3, ""));
    let plan = run.json();
    assert_eq!(
        keys(&plan),
        [
            "affected", "at", "breaches", "event", "notices", "revision", "warnings", "window"
        ]
    );
    for (key, expected) in [
        ("event", json!("MNT-1")),
        ("revision", json!(1)),
        ("at", json!("2026-11-21T17:00:00Z")),
        (
            "window",
            json!({"start": "2026-12-01T06:00:00Z", "end": "2026-12-01T10:00:00Z", "inside_standard_window": false}),
        ),
        (
            "breaches",
            json!([{"audience": "customers", "milestone": "announcement", "offset": "5bd", "late_by_seconds": 86400,
                    "earliest_compliant_start": "2026-12-02T06:00:00Z"}]),
        ),
        (
            "affected",
            json!([{"service": "database", "path": ["database"], "audiences": ["engineers"]},
                   {"service": "portal", "path": ["database", "portal"], "audiences": ["customers"]}]),
        ),
        ("warnings", json!([])),
    ] {
        assert_eq!(plan[key], expected, "{key}");
    }
    let notices = plan["notices"].as_array().unwrap();
    let of_customers: Vec<Value> = notices
        .iter()
        .filter(|n| n["audience"] == "customers")
        .take(2)
        .map(|notice| {
            let mut notice = notice.clone();
            assert_eq!(notice["id"].as_str().unwrap().len(), 20);
            notice.as_object_mut().unwrap().remove("id");
            notice
        })
        .collect();
    assert_eq!(
        of_customers,
        [
            json!({"milestone": "announcement", "offset": null, "stands_for": ["5bd"], "audience": "customers", "level": "non_technical",
                   "channels": ["email"], "due": "2026-11-21T17:00:00Z", "due_local": "2026-11-21T09:00:00-08:00[America/Los_Angeles]",
                   "because": "late: 5 business days before the start was 20 November 09:00"}),
            json!({"milestone": "reminder", "offset": "1bd", "stands_for": [], "audience": "customers", "level": "non_technical",
                   "channels": ["email"], "due": "2026-11-27T17:00:00Z", "due_local": "2026-11-27T09:00:00-08:00[America/Los_Angeles]",
                   "because": "1 business day before the start"}),
        ]
    );
    let order: Vec<_> = notices
        .iter()
        .map(|n| {
            (
                n["due"].as_str(),
                n["audience"].as_str(),
                n["milestone"].as_str(),
            )
        })
        .collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn planned_in_time_there_is_no_breach() {
    let run = forewarn(
        &["plan", MINIMAL, "--at", "2026-11-14T17:00:00Z", "--json"],
        "",
    );
    assert_eq!(run.code, 0);
    let plan = run.json();
    assert_eq!(plan["breaches"], json!([]));
    let first = &plan["notices"][0];
    assert_eq!(
        json!([
            first["milestone"],
            first["offset"],
            first["stands_for"],
            first["due"]
        ]),
        json!(["announcement", "5bd", [], "2026-11-20T17:00:00Z"])
    );
}

#[test]
fn the_table_can_be_read() {
    let run = forewarn(
        &[
            "plan",
            MINIMAL,
            "--at",
            "2026-11-21T09:00[America/Los_Angeles]",
        ],
        "",
    );
    assert_eq!((run.code, run.err.as_str()), (3, ""));
    assert_snapshot!(run.out);
}

#[test]
fn the_full_example_warns_of_an_audience_without_contacts() {
    let run = forewarn(
        &[
            "plan",
            "examples/everything.yaml",
            "--at",
            "2026-11-10T17:00:00Z",
            "--json",
        ],
        "",
    );
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let warnings = json!([{"field": "audiences[2]", "problem": "'leadership' has no contacts: its notices would reach nobody"}]);
    assert_eq!(run.json()["warnings"], warnings);
}

#[test]
fn without_a_time_it_is_planned_for_now_and_several_files_are_one() {
    let text = std::fs::read_to_string(root().join(MINIMAL)).unwrap();
    let (catalogue, maintenance) = text.split_at(text.find("maintenance:").unwrap());
    let folder = std::env::temp_dir().join(format!("forewarn-plan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("catalogue.yaml");
    std::fs::write(&file, catalogue).unwrap();
    // The start is long over whenever this test runs, so this plan is the same on every day.
    let maintenance = maintenance.replace("2026-1", "2024-1");
    let run = forewarn(
        &["plan", file.to_str().unwrap(), "-", "--json"],
        &maintenance,
    );
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((run.code, run.err.as_str()), (3, ""));
    let plan = run.json();
    let warning = json!({"field": "maintenance.end", "problem": "lies in the past"});
    assert_eq!(plan["warnings"], json!([warning]));
}

/// Wrong documents, and all that is said of them.
const WRONG: &[(&str, &[&str])] = &[
    (
        "",
        &["maintenance: is missing: a plan is made of one maintenance, or of one announcement"],
    ),
    (
        "maintenance: [1, 2",
        &["line 2, column 1: not YAML: while parsing a flow sequence, expected ',' or ']'"],
    ),
    (
        "organisaton: {name: X, time_zone: UTC}",
        &[
            "line 1, column 1: organisaton: unknown part 'organisaton'; did you mean 'organisation'?",
        ],
    ),
    (
        "services: {id: a}",
        &["line 1, column 11: services: must be a list"],
    ),
    (
        "services:\n  - {id: a, name: A, ownr: x@example.org}\n",
        &["line 2, column 22: services[0].ownr: unknown field 'ownr'; did you mean 'owner'?"],
    ),
    (
        "audiences:\n  - id: all\n    name: All\n    level: techncal\n    channels: [email, pager]\n    time_zone: Europe/Berlni\n",
        &[
            "line 4, column 12: audiences[0].level: unknown level 'techncal'; did you mean 'technical'?",
            "line 5, column 23: audiences[0].channels[1]: unknown channel 'pager'; known are email, sms, voice, chat, webhook, push",
            "line 6, column 16: audiences[0].time_zone: unknown time zone 'Europe/Berlni'; did you mean 'Europe/Berlin'?",
        ],
    ),
    // What is there and wrong is not missing as well.
    (
        "services:\n  - {id: b}\n  - {id: ab, name: A, depends_on: [b, ac]}\n",
        &[
            "line 2, column 5: services[0].name: is missing",
            "line 3, column 39: services[1].depends_on[1]: unknown service 'ac'; known are ab, b",
        ],
    ),
    (
        "maintenance:\n  title: T\n  services: [portl]\n  policy: rutine\n  start: 2026-12-02T22:00\n  end: 2026-12-01T22:00\n\
         ---\nservices: [{id: portal, name: P}]\n",
        &[
            "line 3, column 14: maintenance.services[0]: unknown service 'portl'; did you mean 'portal'? (standard input)",
            "line 4, column 11: maintenance.policy: unknown policy 'rutine'; did you mean 'routine'? (standard input)",
            "line 6, column 8: maintenance.end: before the start (standard input)",
        ],
    ),
    (
        "services:\n  - {id: a, name: A, depends_on: [b]}\n  - {id: b, name: B, depends_on: [a]}\n  - {id: a, name: Again}\n",
        &[
            "line 4, column 10: services[2].id: 'a' stands twice",
            "services: depend on each other in a circle: a -> b -> a",
        ],
    ),
    // 22:00 is no number of minutes, 2026-12-24 no date object, yes no boolean: scalars are read by their meaning.
    (
        "organisation: {name: yes, time_zone: 22:00, closed_days: [2026-13-24]}",
        &[
            "line 1, column 38: organisation.time_zone: unknown time zone '22:00'",
            "line 1, column 59: organisation.closed_days[0]: must be a date such as 2026-12-24",
        ],
    ),
];

#[test]
fn all_that_is_wrong_is_said_with_its_place() {
    for (text, expected) in WRONG {
        let run = forewarn(&["plan", "-"], text);
        let many = match expected.len() {
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        let expected = format!(
            "error: standard input is not valid, {many}\n  {}\n",
            expected.join("\n  ")
        );
        assert_eq!(
            (run.code, run.out, run.err),
            (1, String::new(), expected),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_could_not_run() {
    for (arguments, says) in [
        (
            &["plan", "no/such/file.yaml"][..],
            "error: cannot read no/such/file.yaml: No such file",
        ),
        (
            &["plan", MINIMAL, "--at", "tomorrow"],
            "error: --at must be a time such as",
        ),
        (&["plan"], "required arguments were not provided"),
        (&["plan", "-"], "error: standard input is not UTF-8"),
    ] {
        let run = if arguments == ["plan", "-"] {
            not_utf8()
        } else {
            forewarn(arguments, "")
        };
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
    }
}

fn not_utf8() -> Run {
    let file = std::env::temp_dir().join(format!("forewarn-bytes-{}", std::process::id()));
    std::fs::write(&file, b"maintenance: \xff\n").unwrap();
    let run = forewarn(&["plan", file.to_str().unwrap()], "");
    std::fs::remove_file(&file).unwrap();
    let name = file.to_str().unwrap();
    Run {
        err: run.err.replace(name, "standard input"),
        ..run
    }
}

#[test]
fn every_example_is_read() {
    use forewarn_core::contact::csv::read_contacts;
    use forewarn_core::document::{Catalogue, Documents, Problems, parse_json};
    use forewarn_core::incident::Declaration;

    let read = |name: &str| std::fs::read_to_string(root().join("examples").join(name)).unwrap();
    let documents = |name: &str, known: &Catalogue| {
        Documents::parse_yaml(&[(name.to_owned(), read(name))], known, "MNT-9").unwrap()
    };
    let minimal = documents("minimal.yaml", &Catalogue::default());
    assert!(minimal.maintenance.is_some());
    let everything = documents("everything.yaml", &Catalogue::default());
    assert_eq!(
        (everything.contacts.len(), everything.templates.len()),
        (2, 1)
    );
    let catalogue = everything.over(&Catalogue::default());
    let alone = documents("maintenance.yaml", &catalogue);
    assert_eq!(alone.maintenance.unwrap().id.as_str(), "MNT-9");
    let contacts = read_contacts(read("contacts.csv").as_bytes(), &catalogue).unwrap();
    assert_eq!((contacts.contacts.len(), contacts.rejected), (4, vec![]));
    let mut problems = Problems::default();
    let incident = parse_json(&read("incident.json")).unwrap();
    assert!(Declaration::read(&incident, "", &mut problems).is_some());
    assert_eq!(problems.0, []);
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = forewarn(&["completions", shell], "");
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{shell}");
        for word in ["maintenance", "incident", "--dry-run", "deliveries"] {
            let word = if shell == "fish" {
                word.trim_start_matches('-')
            } else {
                word
            };
            assert!(run.out.contains(word), "{shell} knows no {word}");
        }
    }
}

#[test]
fn a_decision_is_made_from_a_file_of_answers() {
    let answers = "client_action: before\ninterruption: yes\nimpact: medium\naudience: {count: 2000, identifiable: no}\n";
    let run = forewarn(&["decide", "-"], answers);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_snapshot!(run.out);
    let run = forewarn(&["decide", "-", "--json"], answers);
    let json = run.json();
    assert_eq!(
        (
            run.code,
            &json["verdict"],
            &json["planned_outage"],
            &json["leadership_notice"]
        ),
        (0, &json!("required"), &json!(true), &json!(true))
    );
    assert_eq!(
        json["notices"],
        json!(["pre_event", "reminder", "advance_notice"])
    );
    let run = forewarn(&["decide", "-", "--json"], "");
    assert_eq!(
        (run.code, &run.json()["verdict"]),
        (0, &json!("not needed"))
    );
    let run = forewarn(
        &["decide", "-"],
        "impact: huge\nwindow: inside\ncolour: red\n",
    );
    assert_eq!(run.code, 1);
    for told in ["impact", "window", "colour"] {
        assert!(run.err.contains(told), "{}", run.err);
    }
    assert_eq!(forewarn(&["decide", "/no/such/file"], "").code, 2);
}

#[test]
fn a_recorded_decision_rules_the_plan() {
    let minimal = std::fs::read_to_string(root().join(MINIMAL)).unwrap();
    let with = |decision: &str| {
        let text = minimal.replace("  services: [database]\n  start", &format!("  decision: {decision}\n  services: [database]\n  start"))
            .replace("audiences:\n", "audiences:\n  - {id: leadership, name: CIO council, level: semi_technical, services: [], channels: [email]}\n");
        assert!(
            text.contains("decision:") && text.contains("CIO council"),
            "{text}"
        );
        forewarn(
            &["plan", "-", "--json", "--at", "2026-11-10T17:00:00Z"],
            &text,
        )
        .json()
    };
    let named = |plan: &Value, what: &str| -> Vec<String> {
        plan["notices"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|n| n["milestone"] == what)
            .map(|n| {
                format!(
                    "{} {}",
                    n["audience"].as_str().unwrap(),
                    n["due_local"].as_str().unwrap()
                )
            })
            .collect()
    };
    let plan = with("{answers: {interruption: yes, impact: high}}");
    // The first announcement is on Friday 20 November.
    assert_eq!(
        named(&plan, "leadership"),
        ["leadership 2026-11-19T09:00:00-08:00[America/Los_Angeles]"]
    );
    let plan = with("{answers: {client_action: before}}");
    assert!(
        plan["warnings"]
            .to_string()
            .contains("policy 'major' is proposed"),
        "{}",
        plan["warnings"]
    );
    let plan = with(
        "{answers: {interruption: yes}, own: {verdict: not needed, by: dba, reason: nobody is there}}",
    );
    let notices = plan["notices"].as_array().unwrap().iter();
    let told: Vec<(&Value, &Value)> = notices.map(|n| (&n["audience"], &n["milestone"])).collect();
    let (internal, start, check) = (json!("internal"), json!("start"), json!("overrun_check"));
    assert_eq!(told, [(&internal, &start), (&internal, &check)]);
}

#[test]
fn an_overridden_policy_is_shown_with_its_reason() {
    let text = std::fs::read_to_string(root().join(MINIMAL)).unwrap();
    let exception = "policy: routine\n  override: {before: [2bd, 30min], at: '08:00', progress: [every 60min], reason: The vendor gave two days of notice.}";
    let text = text.replace("policy: routine", exception);
    let at = ["plan", "-", "--at", "2026-11-21T17:00:00Z"];
    let run = forewarn(&at, &text);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let line = "policy routine, overridden for this event: The vendor gave two days of notice.\n";
    assert!(run.out.contains(line), "{}", run.out);
    let plan = forewarn(&[&at[..], &["--json"]].concat(), &text).json();
    let expected = json!({"policy": "routine", "reason": "The vendor gave two days of notice."});
    assert_eq!(plan["overridden"], expected);
    let offsets: Vec<&Value> = plan["notices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|n| n["audience"] == "customers")
        .map(|n| &n["offset"])
        .collect();
    let expected = json!(["2bd", "30min", null, "60min", "120min", "180min", null]);
    assert_eq!(json!(offsets), expected);
    let run = forewarn(&at, &text.replace("reason:", "resaon:"));
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("maintenance.override.reason: is missing"),
        "{}",
        run.err
    );
    assert!(run.err.contains("did you mean 'reason'"), "{}", run.err);
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20251224\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas Eve\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART:20260601T090000Z\r\nSUMMARY:Party\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn closed_days_of_a_calendar_are_printed_as_a_document() {
    let import = [
        "import",
        "closed-days",
        "-",
        "--from",
        "2026-01-01",
        "--years",
        "2",
    ];
    let run = forewarn(&import, HOLIDAYS);
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (
            3,
            "closed_days:\n  - 2026-12-24 # Christmas Eve\n  - 2027-12-24 # Christmas Eve\n",
            "warning: standard input: line 7, column 1: 'Party' has a time of day; only events of whole days are taken\n",
        )
    );
    // With the organisation they go into, they can be planned by at once.
    let run = forewarn(
        &[&import[..], &["--organisation", MINIMAL]].concat(),
        HOLIDAYS,
    );
    assert!(run.out.starts_with("organisation:\n"), "{}", run.out);
    assert!(
        run.out
            .contains("    - 2026-12-24 # Christmas Eve\n    - 2027-12-24"),
        "{}",
        run.out
    );
    let text = std::fs::read_to_string(root().join(MINIMAL)).unwrap();
    let rest = text
        .lines()
        .filter(|line| !line.starts_with("organisation:"));
    let whole = run.out + &rest.collect::<Vec<_>>().join("\n");
    let run = forewarn(&["plan", "-", "--at", "2026-11-14T17:00:00Z"], &whole);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

const RELEASE: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Student portal}]
audiences: [{id: students, name: Students, level: non_technical, services: [portal]}]
announcement: {title: Portal 5, services: [portal], effective: 2026-12-08T10:00}
"#;

#[test]
fn an_announcement_is_planned_without_a_server() {
    let at = ["plan", "-", "--at", "2026-11-21T17:00:00Z"];
    let run = forewarn(&at, RELEASE);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_snapshot!(run.out);
    let run = forewarn(&[at.as_slice(), &["--json"]].concat(), RELEASE);
    let plan = run.json();
    assert_eq!(plan["event"], "ANN-1");
    assert_eq!(
        plan["window"],
        json!({"start": "2026-12-08T18:00:00Z", "inside_standard_window": false})
    );
    let both = format!(
        "{RELEASE}maintenance: {{title: Work, services: [portal], start: 2026-12-08T10:00, end: 2026-12-08T11:00}}\n"
    );
    let run = forewarn(&at, &both);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("a plan is made of one of them"),
        "{}",
        run.err
    );
    let slip = RELEASE.replace("effective:", "efective:");
    let run = forewarn(&at, &slip);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("did you mean 'effective'?") && run.err.contains("is missing"),
        "{}",
        run.err
    );
}
