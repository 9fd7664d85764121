//! The log: on standard error, filtered by `FOREWARN_LOG`, as JSON lines with `FOREWARN_LOG_FORMAT=json`.

use crate::cli::Command;
use crate::terminal;
use tracing_subscriber::EnvFilter;

/// Begins logging. Commands that end by themselves say only what is wrong; those that go on tell what they do.
pub fn begin(command: &Command) {
    let usual = match command {
        Command::Serve(_) | Command::Demo(_) => "info",
        _ => "error",
    };
    let wanted = std::env::var("FOREWARN_LOG").unwrap_or_default();
    let wanted = if wanted.is_empty() { usual } else { &wanted };
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|problem| {
        terminal::caution(&format!(
            "FOREWARN_LOG is not a filter such as info or forewarn_engine=debug: {problem}"
        ));
        EnvFilter::new(usual)
    });
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::env::var("FOREWARN_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().init();
    } else {
        lines.with_ansi(false).init();
    }
}
