//! `forewarn lint` as its users run it: the program, on files.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs the program with nothing in its environment, gives it `input`, and returns exit code, output and errors.
fn lint(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_forewarn"))
        .arg("lint")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends without reading has said why.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const GOOD: &str = "Some of you cannot open the student portal or may be logged out. A disk in one of our servers failed, and we are replacing it; no data is lost.\nUntil it is done the portal may be slow or refuse to load. You do not need to do anything. We are sorry for the trouble. The web team is on it; the next update comes here and by mail by 12:30 PST (UTC-08:00): https://status.example.edu";

#[test]
fn the_pages_bad_and_good_example() {
    let (code, out, err) = lint(&["-", "--json"], "The server is unavailable.");
    assert_eq!((code, err.as_str()), (1, ""));
    let review: Value = serde_json::from_str(&out).unwrap();
    let errors: Vec<&str> = review["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["severity"] == "error")
        .map(|f| f["rule"].as_str().unwrap())
        .collect();
    assert!(errors.contains(&"Q2") && errors.contains(&"Q4"), "{out}");
    let (code, out, err) = lint(&["-", "--json"], GOOD);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let review: Value = serde_json::from_str(&out).unwrap();
    assert!(
        review["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["severity"] == "note"),
        "{out}"
    );
}

#[test]
fn people_see_the_place_and_no_colour_in_a_pipe() {
    let (code, out, _) = lint(
        &["-", "--subject", "INC0048213 down"],
        "Some of you cannot sign in since 14:00.",
    );
    assert_eq!(code, 1);
    assert!(out.contains("error Q12: "), "{out}");
    assert!(out.contains("  line 1  Some of you cannot sign in since 14:00.\n                                           ^^^^^\n"), "{out}");
    assert!(
        out.contains("  subject  INC0048213 down\n           ^^^^^^^^^^\n"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "{out}");
}

#[test]
fn what_cannot_be_reviewed_is_told_and_is_no_error_of_the_text() {
    let folder = std::env::temp_dir().join(format!("forewarn-lint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let context = folder.join("context.yaml");
    std::fs::write(
        &context,
        "vendor: [Acme]\ninternal_domains: [a b]\nemployees: [x]\n",
    )
    .unwrap();
    let context = context.to_str().unwrap();
    for (arguments, input, parts) in [
        (
            &[
                "-",
                "--level",
                "tecnical",
                "--stage",
                "holdin",
                "--channel",
                "mail",
            ][..],
            "x",
            &[
                "did you mean 'technical'",
                "did you mean 'holding'",
                "unknown channel 'mail'",
            ][..],
        ),
        (
            &["-", "--subject", "a\u{7}b"],
            "x",
            &["subject: has the control character U+0007"],
        ),
        (
            &["-", "--context", context],
            "x",
            &[
                "3 problems",
                "unknown field 'vendor'; did you mean 'vendors'?",
                "line 2",
                "must be a domain",
                "too short",
            ],
        ),
        (&["/nowhere/at/all"], "", &["cannot read /nowhere/at/all"]),
    ] {
        let (code, out, err) = lint(arguments, input);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?} {err}");
        for part in parts {
            assert!(err.contains(part), "{part} in {err}");
        }
    }
    let began = std::time::Instant::now();
    let (code, _, err) = lint(&["-"], &"a".repeat(1_000_000));
    assert_eq!(code, 2);
    assert!(
        err.contains("text: is 1000000 bytes long; at most 250000 are reviewed"),
        "{err}"
    );
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    std::fs::remove_dir_all(&folder).unwrap();
}
