//! `forewarn plan FILE...`: the schedule of a maintenance or an announcement from files alone, without server or network.

use super::{schedule, source};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour};
use anyhow::anyhow;
use clap::Args;
use forewarn_core::audience::Audience;
use forewarn_core::contact::Contact;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::id::Id;
use forewarn_core::plan::{Input, Plan, Planned, plan};
use forewarn_core::policy::{self, Policy};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::Clock;
use jiff::Timestamp;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `plan`.
#[derive(Args)]
pub struct PlanArgs {
    /// Documents: organisation, services, audiences, policies and one maintenance or announcement; - is standard input
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
    let (title, planned, policy) = one_of(&documents, &catalogue)
        .map_err(|invalid| InvalidInput::of(names.join(", "), invalid))?;
    let mut plan = plan(Input {
        planned,
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
    plan.warnings.extend(documents.advice());
    if args.json {
        terminal::print_json(&plan)?;
    } else {
        let zone = &planned.start.zone;
        terminal::print(&schedule::show(&plan, title, zone, Colour::of_stdout()))?;
    }
    Ok(if plan.breaches.is_empty() {
        Exit::Done
    } else {
        Exit::Warned
    }
    .into())
}

/// The one thing that is planned, with its title and its policy.
fn one_of<'a>(
    documents: &'a Documents,
    catalogue: &'a Catalogue,
) -> Result<(&'a str, Planned<'a>, &'a Policy), Invalid> {
    let own = &catalogue.policies;
    let named = |id: &Option<Id>| id.as_ref().and_then(|id| policy::find(id.as_str(), own));
    match (&documents.maintenance, &documents.announcement) {
        (Some(work), None) => {
            let usual = || policy::for_maintenance(&work.kind, own);
            let policy = named(&work.policy).unwrap_or_else(usual);
            Ok((&work.title, work.into(), policy))
        }
        (None, Some(announced)) => {
            let usual = || policy::for_announcement(&announced.kind, own);
            let policy = named(&announced.policy).unwrap_or_else(usual);
            Ok((&announced.title, announced.into(), policy))
        }
        (Some(_), Some(_)) => {
            let problem = "stands beside a maintenance: a plan is made of one of them";
            Err(Invalid::one("announcement", problem))
        }
        (None, None) => {
            let problem = "is missing: a plan is made of one maintenance, or of one announcement";
            Err(Invalid::one("maintenance", problem))
        }
    }
}

fn read(texts: &[(String, String)]) -> Result<(Documents, Catalogue), Invalid> {
    let known = Catalogue::default();
    let mut documents = Documents::parse_yaml(texts, &known, "MNT-1")?;
    if documents.announcement.is_some() {
        // What names no id gets one of its own kind.
        documents = Documents::parse_yaml(texts, &known, "ANN-1")?;
    }
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
        })
        .filter_map(|(n, audience)| {
            let problem = reaches_nobody(audience, contacts, plan)?;
            Some(Problem::new(format!("audiences[{n}]"), problem))
        })
        .collect()
}

/// Why nobody of an audience would be reached, if so: listed or picked, by one of its channels, about one of its services.
fn reaches_nobody(audience: &Audience, contacts: &[Contact], plan: &Plan) -> Option<String> {
    let id = &audience.id;
    let picks = |c: &&Contact| audience.members.as_ref().is_some_and(|rule| rule.picks(c));
    let belongs = |c: &&Contact| c.audiences.contains(id) || picks(c);
    let members: Vec<&Contact> = contacts.iter().filter(belongs).collect();
    if members.is_empty() {
        return Some(format!(
            "'{id}' has no contacts: its notices would reach nobody"
        ));
    }
    let channels = audience.first_channels();
    let used = |service: &Id| {
        plan.affected.iter().any(|a| a.service == *service) && audience.uses(service)
    };
    let is_reached = |c: &&Contact| {
        let hears = c.services.is_empty() || c.services.iter().any(used);
        hears && c.endpoints.iter().any(|e| channels.contains(&e.channel()))
    };
    match members.iter().any(is_reached) {
        true => None,
        false => Some(format!(
            "none of the {} contacts of '{id}' has one of its channels and hears of these services: its notices would reach nobody",
            members.len()
        )),
    }
}
