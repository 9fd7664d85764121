//! The program: reads the command line, does what it says, and answers with an exit code.

mod cli;
mod client;
mod commands;
mod demo;
mod exit;
mod http;
mod installation;
mod keys;
mod lock;
mod log;
mod publish;
mod push_key;
mod settings;
mod signals;
mod terminal;
mod waiting;
mod zone_data;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    zone_data::choose();
    log::begin(&cli.command);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(problem) => return exit::report(&anyhow::anyhow!(problem).context("cannot start")),
    };
    match runtime.block_on(commands::run(cli.command)) {
        Ok(code) => code,
        Err(error) => exit::report(&error),
    }
}
