//! `forewarn apply FILE...`: configuration as code, with the difference shown.

use super::source;
use crate::client::{Body, Client, Refusal, Remote};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour, Style, clean};
use clap::Args;
use forewarn_core::document::{Catalogue, Documents, parse_yaml};
use forewarn_core::problem::Problem;
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `apply`.
#[derive(Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    remote: Remote,
    /// Documents; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the server did or would do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Applied {
    created: Vec<String>,
    changed: Vec<String>,
    unchanged: u64,
    differences: Vec<Difference>,
    warnings: Vec<Problem>,
    planned_again: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Difference {
    of: String,
    field: String,
    before: Value,
    after: Value,
}

/// Sends the documents and prints what they changed.
///
/// # Errors
/// Documents that are refused, files that cannot be read, a server that cannot be reached.
pub async fn run(args: ApplyArgs) -> anyhow::Result<ExitCode> {
    let texts = args
        .files
        .iter()
        .map(|path| source::text(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    check_syntax(&texts)?;
    let client = Client::new(&args.remote)?;
    let query: &[_] = if args.dry_run {
        &[("dry_run", "true")]
    } else {
        &[]
    };
    let joined = Joined::of(&texts);
    let body = Body::Text("application/yaml", joined.text.clone());
    let answer = match client.post(&["documents"], query, body).await {
        Err(error) => return Err(joined.name_files(error)),
        Ok(answer) => answer,
    };
    print(answer, args.dry_run, args.json)?;
    Ok(Exit::Done.into())
}

/// Prints what the server did with documents, or would do; also what it left out, which is no failure: another command does it.
///
/// # Errors
/// When its answer cannot be understood or standard output cannot be written.
pub fn print(answer: Value, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let applied: Applied = serde_json::from_value(answer.clone())?;
    if json {
        terminal::print_json(&answer)?;
    } else {
        for Problem { field, problem, .. } in &applied.warnings {
            terminal::caution(&clean(&format!("{field}: {problem}")));
        }
        terminal::print(&show(&applied, dry_run, Colour::of_stdout()))?;
    }
    Ok(())
}

/// What no server is needed for: whether the files are YAML at all. Where one is not, what is wrong with the others is told
/// with it, but for what they refer to: only the server knows that, and it needs all of them.
fn check_syntax(texts: &[(String, String)]) -> Result<(), InvalidInput> {
    if texts.iter().all(|(_, text)| parse_yaml(text).is_ok()) {
        return Ok(());
    }
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    match Documents::parse_yaml(texts, &Catalogue::default(), "MNT-0") {
        Ok(_) => Ok(()),
        Err(invalid) => Err(InvalidInput::of(names.join(", "), invalid)),
    }
}

/// Several files as one text, and which line came from which.
struct Joined {
    text: String,
    /// The line before the first of each file, and the file's name.
    starts: Vec<(usize, String)>,
}

impl Joined {
    fn of(texts: &[(String, String)]) -> Joined {
        let (mut text, mut starts, mut lines) = (String::new(), Vec::new(), 0);
        for (name, part) in texts {
            if !text.is_empty() {
                text.push_str("---\n");
                lines += 1;
            }
            starts.push((lines, name.clone()));
            text.push_str(part.strip_prefix('\u{feff}').unwrap_or(part));
            if !text.ends_with('\n') {
                text.push('\n');
            }
            lines = text.lines().count();
        }
        Joined { text, starts }
    }

    /// The server counts lines in what it got; people look them up in their files.
    fn name_files(&self, error: anyhow::Error) -> anyhow::Error {
        let mut refusal = match error.downcast::<Refusal>() {
            Ok(refusal) => refusal,
            Err(other) => return other,
        };
        for error in &mut refusal.errors {
            let Some(line) = error.line else {
                continue;
            };
            let file = self.starts.iter().rfind(|(before, _)| *before < line);
            if let Some((before, name)) = file.filter(|_| self.starts.len() > 1) {
                error.line = Some(line - before);
                error.problem = format!("{} ({name})", error.problem);
            }
        }
        refusal.into()
    }
}

fn show(applied: &Applied, dry_run: bool, colour: Colour) -> String {
    let mut text = String::new();
    for of in &applied.created {
        let line = format!("+ {}", clean(of));
        text.push_str(&format!("{}\n", colour.paint(Style::Success, &line)));
    }
    for of in &applied.changed {
        let line = format!("~ {}", clean(of));
        text.push_str(&format!("{}\n", colour.paint(Style::Warning, &line)));
        for difference in applied.differences.iter().filter(|d| d.of == *of) {
            text.push_str(&format!(
                "    {}: {} -> {}\n",
                clean(&difference.field),
                value(&difference.before),
                value(&difference.after)
            ));
        }
    }
    let would = if dry_run { "would be " } else { "" };
    text.push_str(&format!(
        "{} {would}created, {} {would}changed, {} unchanged\n",
        applied.created.len(),
        applied.changed.len(),
        applied.unchanged
    ));
    if !applied.planned_again.is_empty() {
        let ids: Vec<String> = applied.planned_again.iter().map(|id| clean(id)).collect();
        text.push_str(&format!("planned again: {}\n", ids.join(", ")));
    }
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        other => clean(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::FieldError;
    use serde_json::json;

    #[test]
    fn a_difference_can_be_read() {
        let applied = serde_json::from_value(json!({
            "created": ["services/portal"], "changed": ["services/database"], "unchanged": 3,
            "differences": [
                {"of": "services/database", "field": "owner", "before": null, "after": "dba@example.edu"},
                {"of": "services/database", "field": "tier", "before": "standard", "after": "critical"},
            ]
        }))
        .unwrap();
        assert_eq!(
            show(&applied, true, Colour::Off),
            "+ services/portal\n~ services/database\n    owner: nothing -> \"dba@example.edu\"\n    \
             tier: \"standard\" -> \"critical\"\n1 would be created, 1 would be changed, 3 unchanged\n"
        );
    }

    #[test]
    fn problems_are_found_in_the_file_they_stand_in() {
        let texts = [("a.yaml", "a: 1\nb: 2"), ("b.yaml", "\u{feff}c: 3\nd: 4\n")];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let joined = Joined::of(&texts);
        assert_eq!(joined.text, "a: 1\nb: 2\n---\nc: 3\nd: 4\n");
        let at = |line| FieldError {
            problem: "x".into(),
            line: Some(line),
            column: Some(1),
            ..FieldError::default()
        };
        let refusal = Refusal {
            status: 422,
            title: "invalid".into(),
            errors: vec![at(2), at(5)],
        };
        let named = joined.name_files(refusal.into()).to_string();
        assert_eq!(
            named,
            "invalid (status 422)\n  line 2, column 1: x (a.yaml)\n  line 2, column 1: x (b.yaml)"
        );
    }
}
