//! `forewarn bench`: how fast this machine sends, against receivers of its own.

use crate::settings::Settings;
use anyhow::bail;
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Mails to an SMTP server of its own
    Mail,
    /// Signed requests to an HTTP server of its own
    Webhook,
    /// Requests for the status page
    Page,
}

/// Flags of `bench`.
#[derive(Args)]
pub struct BenchArgs {
    /// What to measure
    pub what: What,
    /// How many recipients
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub recipients: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Measures once and prints.
///
/// # Errors
/// When it could not be measured.
pub async fn run(_args: BenchArgs, _settings: Settings) -> anyhow::Result<ExitCode> {
    bail!("not wired yet")
}
