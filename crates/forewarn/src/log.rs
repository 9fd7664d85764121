//! The log: on standard error, filtered by `FOREWARN_LOG`, as JSON lines with `FOREWARN_LOG_FORMAT=json`.

use crate::cli::Command;
use crate::terminal;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins logging. Commands that end by themselves say only what is wrong; those that go on tell what they do.
pub fn begin(command: &Command) {
    let usual = match command {
        Command::Serve(_) | Command::Demo(_) => LevelFilter::INFO,
        _ => LevelFilter::ERROR,
    };
    let wanted = std::env::var("FOREWARN_LOG").unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if std::env::var("FOREWARN_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().boxed()
    } else {
        lines.with_ansi(false).boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(&wanted, usual)))
        .init();
}

/// Levels by target, such as `info` or `info,forewarn_engine=debug`. What is no filter is said, and the usual one taken.
fn filter(wanted: &str, usual: LevelFilter) -> Targets {
    let usual = Targets::new().with_default(usual);
    if wanted.is_empty() {
        return usual;
    }
    wanted.parse().unwrap_or_else(|problem| {
        terminal::caution(&format!(
            "FOREWARN_LOG is not a filter such as info or forewarn_engine=debug: {problem}"
        ));
        usual
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_filter_sets_a_level_for_all_and_others_for_parts() {
        let filter = filter("warn,forewarn_engine=debug", LevelFilter::INFO);
        assert!(filter.would_enable("forewarn_engine::run", &Level::DEBUG));
        assert!(filter.would_enable("sqlx", &Level::WARN));
        assert!(!filter.would_enable("sqlx", &Level::INFO));
    }

    #[test]
    fn nothing_and_nonsense_are_the_usual() {
        for wanted in ["", "forewarn=loud"] {
            let filter = filter(wanted, LevelFilter::INFO);
            assert!(filter.would_enable("forewarn", &Level::INFO));
            assert!(!filter.would_enable("forewarn", &Level::DEBUG));
        }
    }
}
