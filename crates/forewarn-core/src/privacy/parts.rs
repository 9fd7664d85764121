//! Names of what a service is made of: queues, tables, jobs. Programs are called so, and nothing else in a message is.

use super::pieces::Piece;

/// Before or behind a name these say what it is the name of.
const KINDS: &[&str] = &[
    "queue",
    "queues",
    "topic",
    "exchange",
    "bucket",
    "index",
    "stream",
    "table",
    "schema",
    "namespace",
    "deployment",
    "pod",
    "pods",
    "container",
    "job",
    "cronjob",
    "database",
    "collection",
    "keyspace",
    "daemonset",
    "statefulset",
    "workflow",
    "dag",
    "pipeline",
    "tablespace",
    "volume",
    "dataset",
    "lambda",
    "function",
    "microservice",
    "service",
];

/// Of these a hyphen is enough: no ordinary word with one stands behind them.
const WITH_HYPHEN: &[&str] = &[
    "queue",
    "queues",
    "bucket",
    "namespace",
    "deployment",
    "pod",
    "pods",
    "container",
    "cronjob",
    "keyspace",
    "daemonset",
    "statefulset",
    "dag",
    "lambda",
    "microservice",
];

/// How long the name of a part is that a piece begins with: `tbl_orders_2026`, the queue `orders.dlq`.
pub(super) fn part(text: &str, pieces: &[Piece<'_>], n: usize) -> Option<usize> {
    let name = pieces[n].text;
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b);
    let shaped = (4..=80).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(small)
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("__")
        && name.contains(['_', '-', '.']);
    // `{{time_zone}}` is a variable of a template; `#winter_fair_2026` and `@town_hall_north` are names among people.
    if !shaped || text[..pieces[n].start].ends_with(['{', '#', '@', '/', '\\']) || is_file(name) {
        return None;
    }
    let joined = name.matches('_').count();
    if super::machines::is_setting(&name.split('_').collect::<Vec<&str>>()) {
        return None;
    }
    let near = |list: &[&str]| {
        let said = |at: Option<&Piece<'_>>| {
            at.is_some_and(|piece| list.contains(&piece.text.to_ascii_lowercase().as_str()))
        };
        said(n.checked_sub(1).map(|at| &pieces[at])) || (joined > 0 && said(pieces.get(n + 1)))
    };
    let dotted = name.contains('.')
        && near(KINDS)
        && !is_public(name)
        && !name.bytes().all(|b| !b.is_ascii_alphabetic());
    let hyphened = || {
        name.contains('-')
            && n > 0
            && WITH_HYPHEN.contains(&pieces[n - 1].text.to_ascii_lowercase().as_str())
    };
    (joined > 1 || (joined == 1 && near(KINDS)) || dotted || hyphened()).then_some(name.len())
}

/// A file that people send each other: `field_trip_form.pdf`.
fn is_file(name: &str) -> bool {
    name.contains('_') && name.contains('.')
}

/// `status.example.edu`: a place that everybody may see.
fn is_public(name: &str) -> bool {
    crate::review::words::words(name)
        .first()
        .is_some_and(|word| word.lower.starts_with('<'))
}
