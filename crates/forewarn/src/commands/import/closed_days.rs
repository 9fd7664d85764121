//! `forewarn import closed-days FILE.ics`: an organisation's closed days from a calendar that it keeps already.

use super::source;
use crate::client::{Body, Client, Remote};
use crate::commands::apply;
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, clean};
use anyhow::anyhow;
use clap::Args;
use forewarn_core::calendar::ics::{Days, read_days};
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::organisation::Organisation;
use forewarn_core::problem::Invalid;
use forewarn_core::time::{Zone, parse_date};
use forewarn_store::Clock;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `import closed-days`.
#[derive(Args)]
pub struct ClosedDaysArgs {
    /// The iCalendar file; - is standard input
    file: PathBuf,
    /// The first day that is taken; the first of this year when absent
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    from: Option<Date>,
    /// How many years are taken
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(i16).range(1..=20))]
    years: i16,
    /// Add the days to those of the organisation in this file and print the whole organisation
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
    /// Send that organisation to the server instead of printing it
    #[arg(long, requires = "organisation")]
    apply: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the days, or the organisation with them, or sends it.
///
/// # Errors
/// Files that cannot be read or are not valid, a server that refuses or cannot be reached.
pub async fn run(args: ClosedDaysArgs, remote: &Remote) -> anyhow::Result<ExitCode> {
    let (name, text) = source::text(&args.file)?;
    let this_year = Zone::utc().at(Clock::System.now()).date().first_of_year();
    let from = args.from.unwrap_or(this_year);
    let to = from.saturating_add(args.years.years()).yesterday()?;
    let Days { days, problems } = read_days(&text, from, to);
    for problem in &problems {
        terminal::caution(&clean(&format!("{name}: {problem}")));
    }
    let organisation = args.organisation.as_deref().map(read).transpose()?;
    let organisation = organisation.map(|organisation| with_days(organisation, &days));
    if args.apply {
        let body = Body::Json(json!({ "organisation": organisation }));
        let answer = Client::new(remote)?.post(&["documents"], &[], body).await?;
        apply::print(answer, false, args.json)?;
    } else if args.json {
        match organisation {
            Some(organisation) => terminal::print_json(&json!({ "organisation": organisation }))?,
            None => terminal::print_json(&json!({ "days": days, "problems": problems }))?,
        }
    } else {
        terminal::print(&show(organisation.as_ref(), &days))?;
    }
    Ok(match problems.is_empty() {
        true => Exit::Done.into(),
        false => Exit::Warned.into(),
    })
}

fn read(path: &Path) -> anyhow::Result<Organisation> {
    let (name, text) = source::text(path)?;
    let documents = Documents::parse_yaml(&[(name.clone(), text)], &Catalogue::default(), "MNT-1")
        .map_err(|invalid| InvalidInput::of(&name, invalid))?;
    documents.organisation.ok_or_else(|| {
        let invalid = Invalid::one("organisation", "is missing: the days are added to one");
        anyhow!(InvalidInput::of(&name, invalid))
    })
}

/// Days on which it works anyway stay working days.
fn with_days(mut organisation: Organisation, days: &BTreeMap<Date, String>) -> Organisation {
    let works = organisation.working_days.clone();
    let new = days.keys().filter(|day| !works.contains(day));
    organisation.closed_days.extend(new);
    organisation.closed_days.sort();
    organisation.closed_days.dedup();
    organisation
}

/// As a document, the names as comments: they are for people only.
fn show(organisation: Option<&Organisation>, days: &BTreeMap<Date, String>) -> String {
    let (mut text, mut indent) = (String::new(), "");
    let mut closed: Vec<Date> = days.keys().copied().collect();
    if let Some(organisation) = organisation {
        text.push_str("organisation:\n");
        let fields = serde_json::to_value(organisation).unwrap_or_default();
        for (name, value) in fields.as_object().into_iter().flatten() {
            if name != "closed_days" {
                // JSON is YAML too.
                text.push_str(&format!("  {name}: {value}\n"));
            }
        }
        closed.clone_from(&organisation.closed_days);
        indent = "  ";
    }
    if closed.is_empty() {
        text.push_str(&format!("{indent}closed_days: []\n"));
        return text;
    }
    text.push_str(&format!("{indent}closed_days:\n"));
    for day in closed {
        let name = days.get(&day).map(|name| format!(" # {}", clean(name)));
        text.push_str(&format!("{indent}  - {day}{}\n", name.unwrap_or_default()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_keeps_its_own_days_and_can_be_read_again() {
        let text = "organisation: {name: 'Example: \"University\"', time_zone: Europe/Berlin, calendar: DE-BE, \
                    closed_days: [2027-01-04], working_days: [2026-12-28], languages: [en, de]}";
        let parse = |text: &str| {
            let texts = [(String::new(), text.to_owned())];
            Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1")
                .unwrap()
                .organisation
                .unwrap()
        };
        let days = [
            ("2026-12-28", "Between the years"),
            ("2026-12-24", "Christmas: Eve"),
        ];
        let days = days.map(|(day, name)| (day.parse().unwrap(), name.to_owned()));
        let days = BTreeMap::from(days);
        let organisation = with_days(parse(text), &days);
        let shown = show(Some(&organisation), &days);
        assert!(
            shown
                .ends_with("  closed_days:\n    - 2026-12-24 # Christmas: Eve\n    - 2027-01-04\n"),
            "{shown}"
        );
        assert_eq!(parse(&shown), organisation);
    }
}
