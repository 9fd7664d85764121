//! The commands, a file for each noun.

pub mod accounts;
pub mod advisory;
pub mod announcement;
pub mod apply;
pub mod approve;
pub mod audit;
pub mod backup;
pub mod bench;
mod calls;
pub mod channel;
pub mod completions;
pub mod decide;
pub mod deliveries;
pub mod demo;
pub mod doctor;
pub mod editing;
pub mod hooks;
pub mod import;
pub mod incident;
pub mod incident_around;
pub mod level_texts;
pub mod lint;
pub mod maintenance;
pub mod notices;
pub mod outage_plan;
pub mod plan;
pub mod postmortem;
pub mod publish;
pub mod serve;
pub mod template;

mod pages;
mod reach;
mod schedule;
mod sending;
mod source;

use crate::cli::Command;
use std::process::ExitCode;

/// Does what the command line says.
///
/// # Errors
/// What kept it from being done; [`crate::exit::report`] knows the exit code.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(local) => serve::run(local.args, local.settings.read()?).await,
        Command::Demo(local) => demo::run(local.args, local.settings.read()?).await,
        Command::Plan(args) => plan::run(args),
        Command::Decide(args) => decide::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Apply(args) => apply::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Maintenance(args) => maintenance::run(args).await,
        Command::Incident(args) => incident::run(*args).await,
        Command::Advisory(args) => advisory::run(args).await,
        Command::Announcement(args) => announcement::run(args).await,
        Command::Channel(args) => channel::run(args).await,
        Command::Editing(args) => editing::run(args).await,
        Command::Hooks(args) => hooks::run(args).await,
        Command::Notices(args) => notices::run(args).await,
        Command::Deliveries(args) => deliveries::run(args).await,
        Command::OutagePlan(args) => outage_plan::run(args).await,
        Command::Template(args) => template::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::User(args) => accounts::run_user(args).await,
        Command::Token(args) => accounts::run_token(args).await,
        Command::Doctor(local) => doctor::run(local.args, local.settings.read()?).await,
        Command::Backup(local) => backup::run(local.args, local.settings.read()?).await,
        Command::Restore(local) => backup::restore(local.args, local.settings.read()?).await,
        Command::Publish(local) => publish::run(local.args, local.settings.read()?).await,
        Command::Bench(local) => bench::run(local.args, local.settings.read()?).await,
        Command::Completions(args) => completions::run(args),
    }
}
