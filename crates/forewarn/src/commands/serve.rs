//! `forewarn serve`.

use crate::settings::Settings;
use anyhow::bail;
use clap::Args;
use std::process::ExitCode;

/// Flags of `serve` beside the settings.
#[derive(Args)]
pub struct ServeArgs {}

/// Runs it until it is told to stop.
///
/// # Errors
/// When it cannot begin.
pub async fn run(_args: ServeArgs, _settings: Settings) -> anyhow::Result<ExitCode> {
    bail!("not wired yet")
}
