//! What people type after a slash command, and the buttons that they press.

mod press;

pub use press::Press;

use crate::incident::{Impact, Severity};
use crate::offset::Offset;
use crate::problem::unknown;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say what can be typed.
    Help,
    /// Declare an incident.
    Declare {
        /// The service as it was typed.
        service: String,
        /// What is wrong with it.
        impact: Impact,
        /// How grave it is.
        severity: Severity,
        /// What people see.
        effect: Option<String>,
        /// Why it goes out although its readers should not see it.
        open_because: Option<String>,
    },
    /// Tell people more.
    Update {
        /// The incident.
        incident: String,
        /// What.
        text: String,
        /// When the next update comes.
        next: Option<Offset>,
        /// Why it goes out although its readers should not see it.
        open_because: Option<String>,
    },
    /// Tell people that it is over.
    Resolve {
        /// The incident.
        incident: String,
        /// What.
        text: String,
        /// Why it goes out although its readers should not see it.
        open_because: Option<String>,
    },
    /// A note for those who speak, which is never sent.
    Note {
        /// The incident.
        incident: String,
        /// What.
        text: String,
    },
}

/// No service's name has more words.
const MOST_WORDS: usize = 12;

/// What can be typed.
pub const HELP: &str = "declare SERVICE IMPACT SEVERITY WHAT PEOPLE SEE\n\
    update INCIDENT TEXT next 30m\n\
    resolve INCIDENT TEXT\n\
    note INCIDENT TEXT (for the team, never sent)\n\
    help\n\
    Add [override: WHY] at the end where something is refused that readers may not see and that must go out; WHY stays on record.\n\
    Impacts: degraded_performance, partial_outage, major_outage. Severities: P1 to P5.";

/// Reads what was typed. Slack writes `&`, `<` and `>` as `&amp;`, `&lt;` and `&gt;`.
///
/// # Errors
/// What is wrong, and what to type instead.
pub fn parse(text: &str) -> Result<Command, String> {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let (word, rest) = first(&text);
    match word.to_lowercase().as_str() {
        "" | "help" => Ok(Command::Help),
        "declare" => declare(rest),
        "update" => update(rest),
        "resolve" => {
            let (rest, open_because) = overridden(rest)?;
            about(rest, "resolve").map(|(incident, text)| Command::Resolve {
                incident,
                text: text.to_owned(),
                open_because,
            })
        }
        "note" => about(rest, "note").map(|(incident, text)| Command::Note {
            incident,
            text: text.to_owned(),
        }),
        other => {
            let known = ["declare", "update", "resolve", "note", "help"];
            Err(format!(
                "{}. Type: {HELP}",
                unknown("command", other, known)
            ))
        }
    }
}

fn first(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// A service: one word, words in quotes, or all words before an impact.
fn service(rest: &str) -> (&str, &str) {
    let rest = rest.trim();
    for (open, close) in [('"', '"'), ('\u{201c}', '\u{201d}')] {
        let quoted = rest.strip_prefix(open);
        if let Some((name, after)) = quoted.and_then(|rest| rest.split_once(close)) {
            return (name.trim(), after.trim());
        }
    }
    let (word, after) = first(rest);
    if Impact::parse(first(after).0).is_ok() {
        return (word, after);
    }
    // "Student portal major_outage P1": what is no impact and stands before one belongs to the name.
    let words = rest.split(char::is_whitespace).filter(|w| !w.is_empty());
    let impact = words
        .take(MOST_WORDS)
        .skip(2)
        .find(|w| Impact::parse(w).is_ok());
    let at = impact.map(|word| word.as_ptr() as usize - rest.as_ptr() as usize);
    match at {
        Some(at) => (rest[..at].trim(), &rest[at..]),
        None => (word, after),
    }
}

fn update(rest: &str) -> Result<Command, String> {
    let (rest, last) = overridden(rest)?;
    let (incident, text) = about(rest, "update")?;
    let (text, next) = promise(text)?;
    // The reason may stand before the time or after it.
    let (said, before) = match last {
        Some(_) => (text.as_str(), None),
        None => overridden(&text)?,
    };
    if said.is_empty() {
        return Err("the update says nothing. Type: update INCIDENT TEXT next 30m".into());
    }
    Ok(Command::Update {
        incident,
        text: said.to_owned(),
        next,
        open_because: last.or(before),
    })
}

/// `... [override: WHY]` at the end. The brackets keep a text that speaks of an override whole.
fn overridden(text: &str) -> Result<(&str, Option<String>), String> {
    let text = text.trim();
    let open = text
        .strip_suffix(']')
        .and_then(|inner| inner.rsplit_once('['));
    let Some((said, why)) = open.and_then(|(said, inner)| Some((said, override_of(inner)?))) else {
        return Ok((text, None));
    };
    match why.is_empty() {
        true => {
            Err("the override needs its reason. Such as: [override: the name is public]".into())
        }
        false => Ok((said.trim_end(), Some(why.to_owned()))),
    }
}

/// What follows `override:` or `override`, in any case.
fn override_of(inner: &str) -> Option<&str> {
    const WORD: &str = "override";
    let inner = inner.trim();
    let word = inner.get(..WORD.len())?;
    let after = &inner[word.len()..];
    let is_it = word.eq_ignore_ascii_case(WORD) && !after.starts_with(char::is_alphanumeric);
    let after = after.trim_start();
    is_it.then(|| after.strip_prefix(':').unwrap_or(after).trim())
}

fn declare(rest: &str) -> Result<Command, String> {
    let (rest, open_because) = overridden(rest)?;
    let (service, rest) = service(rest);
    let (impact, rest) = first(rest);
    let (severity, effect) = first(rest);
    let form = "Type: declare SERVICE IMPACT SEVERITY WHAT PEOPLE SEE, such as: declare portal major_outage P1 Some people cannot sign in";
    if service.is_empty() || impact.is_empty() || severity.is_empty() {
        return Err(format!("something is missing. {form}"));
    }
    let (read_impact, read_severity) = (Impact::parse(impact), Severity::parse(severity));
    let problems: Vec<&String> = [read_impact.as_ref().err(), read_severity.as_ref().err()]
        .into_iter()
        .flatten()
        .collect();
    match (&read_impact, &read_severity) {
        (Ok(impact), Ok(severity)) => Ok(Command::Declare {
            service: service.to_owned(),
            impact: *impact,
            severity: *severity,
            effect: (!effect.is_empty()).then(|| effect.to_owned()),
            open_because,
        }),
        _ => {
            let said: Vec<&str> = problems.into_iter().map(String::as_str).collect();
            Err(format!("{}. {form}", said.join("; ")))
        }
    }
}

fn about<'a>(rest: &'a str, command: &str) -> Result<(String, &'a str), String> {
    let (incident, text) = first(rest);
    match incident.is_empty() || text.is_empty() {
        true => Err(format!(
            "something is missing. Type: {command} INCIDENT TEXT, such as: {command} INC-1 The cause is known"
        )),
        false => Ok((incident.to_owned(), text)),
    }
}

/// `... next 30m` or `... [next 30m]` at the end.
fn promise(text: &str) -> Result<(String, Option<Offset>), String> {
    let inner = text.strip_suffix(']').unwrap_or(text);
    let lower = inner.to_ascii_lowercase();
    let place = ["[next ", " next "]
        .iter()
        .filter_map(|word| lower.rfind(word).map(|at| (at, word.len())))
        .chain(lower.strip_prefix("next ").map(|_| (0, "next ".len())));
    let Some((at, length)) = place.max() else {
        return Ok((text.to_owned(), None));
    };
    let (said, time) = (
        inner[..at].trim_end().trim_end_matches('['),
        inner[at + length..].trim(),
    );
    // "The next one is fine" promises nothing.
    if !time.starts_with(|c: char| c.is_ascii_digit() || c == 'P')
        || time.contains(char::is_whitespace)
    {
        return Ok((text.to_owned(), None));
    }
    let minutes = time
        .strip_suffix('m')
        .filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let written = minutes.map_or_else(|| time.to_owned(), |n| format!("{n}min"));
    let next = Offset::parse(&written)
        .map_err(|problem| format!("next {time}: {problem}. Such as: next 30m"))?;
    Ok((said.trim().to_owned(), Some(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let update = |text: &str, next: Option<&str>| Command::Update {
            incident: "INC-1".into(),
            text: text.into(),
            next: next.map(|n| Offset::parse(n).unwrap()),
            open_because: None,
        };
        let named = |service: &str, effect: Option<&str>| Command::Declare {
            service: service.into(),
            impact: Impact::PartialOutage,
            severity: Severity::P2,
            effect: effect.map(str::to_owned),
            open_because: None,
        };
        for (typed, expected) in [
            ("", Command::Help),
            (" HELP ", Command::Help),
            (
                "declare portal major_outage p1 Some people  cannot sign in",
                Command::Declare {
                    service: "portal".into(),
                    impact: Impact::MajorOutage,
                    severity: Severity::P1,
                    effect: Some("Some people  cannot sign in".into()),
                    open_because: None,
                },
            ),
            (
                "declare Student  portal partial_outage P2",
                named("Student  portal", None),
            ),
            (
                "declare \"Student portal\" partial_outage P2 It is slow",
                named("Student portal", Some("It is slow")),
            ),
            (
                "declare \u{201c}None of it\u{201d} partial_outage P2",
                named("None of it", None),
            ),
            (
                "update INC-1 We know the cause",
                update("We know the cause", None),
            ),
            (
                "update INC-1 We know &lt;more&gt; next 30m",
                update("We know <more>", Some("30min")),
            ),
            (
                "update INC-1 Still looking [next 2h]",
                update("Still looking", Some("2h")),
            ),
            (
                "update INC-1 The next one is fine",
                update("The next one is fine", None),
            ),
            (
                "update INC-1 Straße next PT45M",
                update("Straße", Some("45min")),
            ),
            (
                "resolve INC-1 It works again",
                Command::Resolve {
                    incident: "INC-1".into(),
                    text: "It works again".into(),
                    open_because: None,
                },
            ),
            (
                "note INC-1 sda is full",
                Command::Note {
                    incident: "INC-1".into(),
                    text: "sda is full".into(),
                },
            ),
        ] {
            assert_eq!(parse(typed), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn an_override_stands_in_brackets_at_the_end() {
        let because = |typed: &str| match parse(typed).unwrap() {
            Command::Declare {
                effect,
                open_because,
                ..
            } => (effect.unwrap_or_default(), open_because),
            Command::Update {
                text,
                open_because,
                next,
                ..
            } => {
                assert_eq!(next, Offset::parse("30min").ok());
                (text, open_because)
            }
            Command::Resolve {
                text, open_because, ..
            } => (text, open_because),
            other => panic!("{other:?}"),
        };
        for (typed, text, why) in [
            (
                "declare portal major_outage P1 db-7 is slow [override: it is public]",
                "db-7 is slow",
                Some("it is public"),
            ),
            (
                "update INC-1 db-7 is slow next 30m [Override it is public]",
                "db-7 is slow",
                Some("it is public"),
            ),
            (
                "update INC-1 db-7 is slow [override:it is public] [next 30m]",
                "db-7 is slow",
                Some("it is public"),
            ),
            (
                "resolve INC-1 db-7 works [ OVERRIDE : it is [or was] public ]",
                "db-7 works [ OVERRIDE : it is [or was] public ]",
                None,
            ),
            (
                "resolve INC-1 db-7 works [ OVERRIDE : public ]",
                "db-7 works",
                Some("public"),
            ),
            (
                "resolve INC-1 Fixed by an override: it works",
                "Fixed by an override: it works",
                None,
            ),
            (
                "resolve INC-1 It works [overrides: all]",
                "It works [overrides: all]",
                None,
            ),
            (
                "resolve INC-1 It works [as before]",
                "It works [as before]",
                None,
            ),
        ] {
            assert_eq!(
                because(typed),
                (text.to_owned(), why.map(str::to_owned)),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_slip_is_told_with_what_to_type() {
        for (typed, says) in [
            ("declaer portal", "did you mean 'declare'?"),
            ("declare portal", "something is missing"),
            (
                "declare portal major_outge P9 x",
                "did you mean 'major_outage'?",
            ),
            ("declare portal major_outge P9 x", "unknown severity 'P9'"),
            ("update INC-1", "something is missing"),
            ("update INC-1 text next 99999999m", "next 99999999m"),
            ("note", "note INCIDENT TEXT"),
            ("resolve INC-1 Done [override:]", "needs its reason"),
            ("resolve INC-1 [override: public]", "something is missing"),
            ("update INC-1 [override: public] next 30m", "says nothing"),
            ("update INC-1 next 30m", "says nothing"),
        ] {
            let said = parse(typed).unwrap_err();
            assert!(said.contains(says), "{typed}: {said}");
        }
    }
}
