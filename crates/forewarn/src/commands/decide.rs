//! `forewarn decide FILE`: is client communication needed? From a file of answers alone, without server or network.

use super::source;
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour, Style};
use clap::Args;
use forewarn_core::decision::{Answers, Decision, decide};
use forewarn_core::document::{Problems, parse_yaml};
use forewarn_core::problem::Invalid;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `decide`.
#[derive(Args)]
pub struct DecideArgs {
    /// A flat YAML map of answers; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the verdict and every rule that fired.
///
/// # Errors
/// Answers that are not valid, a file that cannot be read.
pub fn run(args: DecideArgs) -> anyhow::Result<ExitCode> {
    let (name, text) = source::text(&args.file)?;
    let answers = read(&text).map_err(|invalid| InvalidInput::of(name, invalid))?;
    let decision = decide(&answers);
    if args.json {
        terminal::print_json(&decision)?;
    } else {
        terminal::print(&show(&decision, Colour::of_stdout()))?;
    }
    Ok(Exit::Done.into())
}

/// The answers in a file as the API takes them: those that were given, so that the catalogue knows what was not.
///
/// # Errors
/// Answers that are not valid, a file that cannot be read.
pub fn answers(file: &Path) -> anyhow::Result<Value> {
    let (name, text) = source::text(file)?;
    let refused = |invalid| InvalidInput::of(name.as_str(), invalid);
    read(&text).map_err(refused)?;
    let nodes = parse_yaml(&text).map_err(refused)?;
    Ok(nodes.first().map_or_else(|| json!({}), source::json_of))
}

fn read(text: &str) -> Result<Answers, Invalid> {
    let nodes = parse_yaml(text)?;
    let node = match nodes.as_slice() {
        // Nothing answered is an answer too.
        [] => return Ok(Answers::default()),
        [node] => node,
        more => {
            let problem = format!(
                "must be one map of answers; here are {} documents",
                more.len()
            );
            return Err(Invalid::one("", problem));
        }
    };
    let mut problems = Problems::default();
    match Answers::read(node, "", &mut problems) {
        Some(answers) if problems.0.is_empty() => Ok(answers),
        _ => Err(Invalid {
            problems: problems.0,
        }),
    }
}

fn show(decision: &Decision, colour: Colour) -> String {
    let verdict = format!("Client communication is {}", decision.verdict.as_str());
    let mut text = format!("{}\n", colour.paint(Style::Bold, &verdict));
    let words = |names: &[&str]| names.join(", ").replace('_', " ");
    if !decision.notices.is_empty() {
        text.push_str(&format!("  notices: {}\n", words(&decision.notices)));
    }
    if decision.planned_outage {
        text.push_str("  put a planned outage with its period on the change request\n");
    }
    if decision.leadership_notice {
        text.push_str("  tell the leadership before the rest\n");
    }
    if decision.dependents_told {
        text.push_str("  tell the audiences of the services that depend on it\n");
    }
    if !decision.channels.is_empty() {
        text.push_str(&format!(
            "  broad channels: {}\n",
            words(&decision.channels)
        ));
    }
    if let Some(policy) = decision.policy {
        text.push_str(&format!(
            "  plan it by policy '{policy}': clients must prepare\n"
        ));
    }
    text.push_str("because\n");
    for fired in &decision.rules {
        text.push_str(&format!("  {} ({})\n", fired.because, fired.rule));
    }
    text
}
