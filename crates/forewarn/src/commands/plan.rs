//! `forewarn plan FILE...`: the schedule of a maintenance from files alone, without server or network.

use super::{schedule, source};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour};
use anyhow::anyhow;
use clap::Args;
use forewarn_core::contact::Contact;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::plan::{Input, Plan, plan};
use forewarn_core::policy;
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::Clock;
use jiff::Timestamp;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `plan`.
#[derive(Args)]
pub struct PlanArgs {
    /// Documents: organisation, services, audiences, policies and one maintenance; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Plan as if it were this time: 2026-11-21T17:00:00Z or 2026-11-21T09:00[America/Los_Angeles]; now when absent
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the plan.
///
/// # Errors
/// Documents that are not valid, files that cannot be read.
pub fn run(args: PlanArgs) -> anyhow::Result<ExitCode> {
    let texts = args
        .files
        .iter()
        .map(|path| source::text(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    let (documents, catalogue) =
        read(&texts).map_err(|invalid| InvalidInput::of(names.join(", "), invalid))?;
    let now = time_of_planning(args.at.as_deref(), &catalogue.organisation.time_zone)?;
    let Some(maintenance) = &documents.maintenance else {
        let problem = "is missing: a plan is made of one maintenance";
        let invalid = Invalid::one("maintenance", problem);
        return Err(InvalidInput::of(names.join(", "), invalid).into());
    };
    let policy = match &maintenance.policy {
        Some(id) => policy::find(id.as_str(), &catalogue.policies)
            .ok_or_else(|| anyhow!("the policy {id} was found and is gone"))?,
        None => policy::for_maintenance(&maintenance.kind, &catalogue.policies),
    };
    let mut plan = plan(Input {
        maintenance,
        policy,
        catalogue: &catalogue,
        now,
        told: &[],
        others: &[],
        change: None,
    });
    plan.warnings.extend(audiences_without_contacts(
        &catalogue,
        &documents.contacts,
        &plan,
    ));
    if args.json {
        terminal::print_json(&plan)?;
    } else {
        let zone = &maintenance.start.zone;
        terminal::print(&schedule::show(
            &plan,
            &maintenance.title,
            zone,
            Colour::of_stdout(),
        ))?;
    }
    Ok(if plan.breaches.is_empty() {
        Exit::Done
    } else {
        Exit::Warned
    }
    .into())
}

fn read(texts: &[(String, String)]) -> Result<(Documents, Catalogue), Invalid> {
    let known = Catalogue::default();
    let documents = Documents::parse_yaml(texts, &known, "MNT-1")?;
    let catalogue = documents.over(&known);
    Ok((documents, catalogue))
}

fn time_of_planning(text: Option<&str>, zone: &Zone) -> anyhow::Result<Timestamp> {
    match text {
        None => Ok(Clock::System.now()),
        Some(text) => CivilTime::parse(text, zone)
            .map(|time| time.instant())
            .map_err(|problem| anyhow!("--at {problem}")),
    }
}

/// Audiences whose notices would reach nobody. Only where contacts were given: most plans are made from files without.
fn audiences_without_contacts(
    catalogue: &Catalogue,
    contacts: &[Contact],
    plan: &Plan,
) -> Vec<Problem> {
    if contacts.is_empty() {
        return Vec::new();
    }
    let audiences = catalogue.audiences.iter().enumerate();
    audiences
        .filter(|(_, audience)| {
            plan.notices
                .iter()
                .any(|n| n.audience == audience.id.as_str())
                && audience.external.is_none()
                && !contacts.iter().any(|c| c.audiences.contains(&audience.id))
        })
        .map(|(n, audience)| {
            let problem = format!(
                "'{}' has no contacts: its notices would reach nobody",
                audience.id
            );
            Problem::new(format!("audiences[{n}]"), problem)
        })
        .collect()
}
