//! `forewarn completions SHELL`: the script that lets a shell complete commands and flags.

use crate::cli::Cli;
use crate::exit::Exit;
use crate::terminal;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::process::ExitCode;

/// Flags of `completions`.
#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "forewarn", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done.into())
}
