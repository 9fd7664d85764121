//! `forewarn import`: contacts from a table, closed days and rotas from a calendar, maintenance from a provider's notice.

mod closed_days;
mod maintnote;
mod rota;

use super::source;
use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, clean};
use anyhow::Context;
use clap::{Args, Subcommand};
use forewarn_core::contact::csv::{Rejected, rejected_csv};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Rejected lines that are shown; all of them stand in the report.
const SHOWN: usize = 20;

/// Flags of `import`.
#[derive(Args)]
pub struct ImportArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Contacts from a CSV file; lines with mistakes are left out and told, the others are loaded
    Contacts {
        /// The file; - is standard input
        file: PathBuf,
        /// Write the rejected lines to this CSV file
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The organisation's closed days from the all-day events of an iCalendar file, printed as a document or applied
    ClosedDays(closed_days::ClosedDaysArgs),
    /// A provider's notice of maintenance: a mail (.eml) or a calendar (.ics) with MAINTNOTE
    Maintnote {
        /// The file; - is standard input
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// A rota from the shifts of an iCalendar file, printed as a document or applied
    Rota(rota::RotaArgs),
}

/// What the server did.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Imported {
    created: u64,
    changed: u64,
    unchanged: u64,
    rejected: Vec<Rejected>,
}

/// Sends the file and prints what came of it.
///
/// # Errors
/// When the file cannot be read, or the server refuses or cannot be reached.
pub async fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let (file, report, json) = match args.what {
        What::Contacts { file, report, json } => (file, report, json),
        What::Maintnote { file, json } => return maintnote::run(&file, json, &args.remote).await,
        What::Rota(rota) => return rota::run(rota, &args.remote).await,
        What::ClosedDays(days) => return closed_days::run(days, &args.remote).await,
    };
    let client = Client::new(&args.remote)?;
    let (_, bytes) = source::bytes(&file)?;
    let body = Body::Bytes("text/csv", bytes);
    let answer = client.post(&["contacts", "import"], &[], body).await?;
    let imported = Imported::deserialize(&answer)
        .context("the server's answer to the import cannot be understood")?;
    if let Some(path) = &report {
        std::fs::write(path, rejected_csv(&imported.rejected)).with_context(|| {
            format!(
                "the contacts are loaded, but cannot write {}",
                path.display()
            )
        })?;
    }
    if json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&imported))?;
    }
    Ok(if imported.rejected.is_empty() {
        Exit::Done
    } else {
        Exit::Warned
    }
    .into())
}

fn show(imported: &Imported) -> String {
    let mut lines: Vec<u64> = imported.rejected.iter().map(|r| r.line).collect();
    lines.dedup();
    let mut text = format!(
        "{} created, {} changed, {} unchanged, {} rejected\n",
        imported.created,
        imported.changed,
        imported.unchanged,
        lines.len()
    );
    for rejected in imported.rejected.iter().take(SHOWN) {
        let mut line = format!("  line {}", rejected.line);
        if !rejected.column.is_empty() {
            line.push_str(&format!(", {}", rejected.column));
        }
        // Most reasons name the value themselves.
        if !rejected.value.is_empty() && !rejected.reason.contains(&rejected.value) {
            line.push_str(&format!(" '{}'", rejected.value));
        }
        line.push_str(&format!(": {}", rejected.reason));
        text.push_str(&format!("{}\n", clean(&line).replace('\n', " ")));
    }
    if imported.rejected.len() > SHOWN {
        text.push_str(&format!(
            "  and {} more; --report FILE writes all of them\n",
            imported.rejected.len() - SHOWN
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_lines_are_counted_once_and_told_in_full() {
        let rejected = |line, column: &str, value: &str| Rejected {
            line,
            column: column.into(),
            value: value.into(),
            reason: "is wrong".into(),
        };
        let imported = Imported {
            created: 2,
            rejected: vec![
                rejected(3, "email", "x"),
                rejected(3, "id", ""),
                rejected(9, "sms", "1"),
            ],
            ..Imported::default()
        };
        assert_eq!(
            show(&imported),
            "2 created, 0 changed, 0 unchanged, 2 rejected\n  line 3, email 'x': is wrong\n  \
             line 3, id: is wrong\n  line 9, sms '1': is wrong\n"
        );
    }
}
