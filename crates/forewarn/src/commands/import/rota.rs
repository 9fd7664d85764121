//! `forewarn import rota FILE.ics`: who is on duty when, from the calendar of an on-call tool.

use super::source;
use crate::client::{Body, Client, Remote};
use crate::commands::apply;
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, clean};
use clap::Args;
use forewarn_core::calendar::shifts::{Shifts, read_shifts};
use forewarn_core::contact::EmailAddress;
use forewarn_core::id::Id;
use forewarn_core::problem::Invalid;
use forewarn_core::rota::{Rota, shifts_of};
use forewarn_core::time::Zone;
use forewarn_store::Clock;
use jiff::SignedDuration;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `import rota`.
#[derive(Args)]
pub struct RotaArgs {
    /// The iCalendar file; - is standard input
    file: PathBuf,
    /// The rota's id
    #[arg(long, value_parser = Id::parse)]
    id: Id,
    /// Whom a name in an event's title means: NAME=ADDRESS; once for each person
    #[arg(long = "person", value_name = "NAME=ADDRESS", value_parser = person)]
    people: Vec<(String, EmailAddress)>,
    /// A service that the rota is for; all when absent
    #[arg(long = "service", value_name = "ID", value_parser = Id::parse)]
    services: Vec<Id>,
    /// Zone of times that have none
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = Zone::parse)]
    time_zone: Zone,
    /// For how many days ahead
    #[arg(long, value_name = "N", default_value_t = 92, value_parser = clap::value_parser!(i64).range(1..=1000))]
    days: i64,
    /// Send the rota to the server instead of printing it; the shifts that it had are replaced
    #[arg(long)]
    apply: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn person(text: &str) -> Result<(String, EmailAddress), String> {
    let (name, address) = text.split_once('=').ok_or("must be NAME=ADDRESS")?;
    Ok((name.trim().to_owned(), EmailAddress::parse(address)?))
}

/// Prints the rota as a document, or sends it.
///
/// # Errors
/// A file that cannot be read or holds no shift, a server that refuses or cannot be reached.
pub async fn run(args: RotaArgs, remote: &Remote) -> anyhow::Result<ExitCode> {
    let (name, text) = source::text(&args.file)?;
    let now = Clock::System.now();
    // What began yesterday may last until now.
    let from = now - SignedDuration::from_hours(24);
    let to = now + SignedDuration::from_hours(24 * args.days);
    let Shifts { shifts, problems } = read_shifts(&text, &args.time_zone, from, to);
    for problem in &problems {
        terminal::caution(&clean(&format!("{name}: {problem}")));
    }
    let people = args.people.into_iter().collect();
    let (exceptions, unknown) = shifts_of(shifts, &people, &args.time_zone);
    for name in &unknown {
        let told = format!("'{name}' names no mail address; give --person 'NAME=ADDRESS'");
        terminal::caution(&clean(&told));
    }
    if exceptions.is_empty() {
        let invalid = Invalid::one("", "holds no shift of anybody in this time");
        return Err(InvalidInput::of(&name, invalid).into());
    }
    let rota = Rota {
        id: args.id,
        time_zone: Some(args.time_zone),
        services: args.services,
        weekly: Vec::new(),
        exceptions,
        feed: None,
        people: BTreeMap::new(),
        shifts: Vec::new(),
    };
    let document = json!({"rotas": [rota]});
    if args.apply {
        let client = Client::new(remote)?;
        let answer = client
            .post(&["documents"], &[], Body::Json(document))
            .await?;
        apply::print(answer, false, args.json)?;
    } else if args.json {
        terminal::print_json(&document)?;
    } else {
        terminal::print(&show(&rota))?;
    }
    Ok(match problems.is_empty() && unknown.is_empty() {
        true => Exit::Done.into(),
        false => Exit::Warned.into(),
    })
}

/// As a document; JSON is YAML too.
fn show(rota: &Rota) -> String {
    let mut text = format!("rotas:\n  - id: {}\n", rota.id);
    if let Some(zone) = &rota.time_zone {
        text.push_str(&format!("    time_zone: {}\n", zone.name()));
    }
    if !rota.services.is_empty() {
        text.push_str(&format!("    services: {}\n", json!(rota.services)));
    }
    text.push_str("    exceptions:\n");
    for exception in &rota.exceptions {
        text.push_str(&format!("      - {}\n", json!(exception)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_core::document::{Catalogue, Documents};

    #[test]
    fn a_feed_becomes_a_document_that_is_read_again() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:On call - Kim Lee\nDTSTART:20261024T220000Z\nDTEND:20261025T070000Z\nEND:VEVENT\n\
            BEGIN:VEVENT\nSUMMARY:On call - Somebody\nDTSTART:20261025T070000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR";
        let at = |text: &str| text.parse().unwrap();
        let (from, to) = (at("2026-10-20T00:00:00Z"), at("2026-11-20T00:00:00Z"));
        let shifts = read_shifts(text, &zone, from, to).shifts;
        let people = BTreeMap::from([person("kim lee = kim@example.edu").unwrap()]);
        let (exceptions, unknown) = shifts_of(shifts, &people, &zone);
        assert_eq!(unknown, ["On call - Somebody"]);
        let rota = Rota {
            id: Id::parse("main").unwrap(),
            time_zone: Some(zone.clone()),
            services: Vec::new(),
            weekly: Vec::new(),
            exceptions,
            feed: None,
            people: BTreeMap::new(),
            shifts: Vec::new(),
        };
        let shown = show(&rota);
        let texts = [(String::new(), shown.clone())];
        let read =
            Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1").expect("a document");
        assert_eq!(read.rotas, [rota], "{shown}");
        let duty = |time: &str| {
            read.rotas[0]
                .on_duty(&zone, at(time))
                .map(ToString::to_string)
        };
        assert_eq!(
            duty("2026-10-25T00:30:00Z").as_deref(),
            Some("kim@example.edu")
        );
        assert_eq!(duty("2026-10-25T07:00:00Z"), None);
    }
}
