//! Standard output and error: aligned tables, colour only where a person looks on, and nothing that a stranger's text
//! could do to a terminal.

use std::io::{ErrorKind, IsTerminal, Write};

/// A style for what a person should find first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As everything else.
    Plain,
    /// A heading.
    Bold,
    /// Secondary.
    Dim,
    /// Something that should be looked at.
    Warning,
    /// Something that is wrong.
    Failure,
    /// Something that is right.
    Success,
}

/// Whether colours are used on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// It is a terminal, and nobody asked for none.
    On,
    /// It is a file or a pipe, or `NO_COLOR` is set.
    Off,
}

impl Colour {
    /// What suits standard output (<https://no-color.org>).
    pub fn of_stdout() -> Colour {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        if std::io::stdout().is_terminal() && !refused && !dumb {
            Colour::On
        } else {
            Colour::Off
        }
    }

    /// A text in a style.
    pub fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => return text.to_owned(),
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Warning => "33",
            Style::Failure => "31",
            Style::Success => "32",
        };
        match self {
            Colour::On if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// The text without what a terminal would obey. Server replies and documents come from others.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            // Also the marks that turn the direction of text around.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                '\u{fffd}'
            }
            c => c,
        })
        .collect()
}

/// Columns that stand under each other.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<(Style, Vec<String>)>,
}

impl Table {
    /// A table with a heading.
    pub fn new(heading: &[&str]) -> Table {
        let mut table = Table::default();
        table.row(Style::Dim, heading.iter().map(|h| (*h).to_owned()));
        table
    }

    /// Adds a row.
    pub fn row(&mut self, style: Style, cells: impl IntoIterator<Item = String>) {
        let one_line = |cell: String| clean(&cell).replace(['\n', '\t'], " ");
        self.rows
            .push((style, cells.into_iter().map(one_line).collect()));
    }

    /// The table as lines, each column as wide as its widest cell, the last one unbounded.
    pub fn show(&self, colour: Colour) -> String {
        let columns = self.rows.iter().map(|(_, r)| r.len()).max().unwrap_or(0);
        let width = |n: usize| {
            let cells = self.rows.iter().filter_map(|(_, row)| row.get(n));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (style, row) in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            text.push_str(&colour.paint(*style, line.trim_end()));
            text.push('\n');
        }
        text
    }
}

/// Writes to standard output. A reader that went away (`| head`) is no failure.
///
/// # Errors
/// When it cannot be written for another reason, such as a full disk.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(problem) if problem.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(problem).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}

/// Writes a value as JSON, for programs.
///
/// # Errors
/// As [`print()`].
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Writes an answer for programs or for people, whose words are made only then.
///
/// # Errors
/// As [`print()`].
pub fn answer(
    value: &serde_json::Value,
    as_json: bool,
    words: impl Fn(&serde_json::Value) -> String,
) -> anyhow::Result<()> {
    match as_json {
        true => print_json(value),
        false => print(&words(value)),
    }
}

/// Says on standard error what went wrong. Nothing can be done if that cannot be written.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "error: {text}");
}

/// Says on standard error what should be looked at.
pub fn caution(text: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(&["what", "why"]);
        table.row(Style::Plain, ["größer".to_owned(), "it is".to_owned()]);
        table.row(Style::Plain, ["x".to_owned(), String::new()]);
        assert_eq!(table.show(Colour::Off), "what    why\ngrößer  it is\nx\n");
    }

    #[test]
    fn a_strangers_text_moves_no_cursor() {
        assert_eq!(
            clean("250 \x1b[2J\rok\u{202e}"),
            "250 \u{fffd}[2J\u{fffd}ok\u{fffd}"
        );
    }

    #[test]
    fn without_a_terminal_there_is_no_colour() {
        assert_eq!(Colour::Off.paint(Style::Failure, "no"), "no");
        assert_eq!(Colour::On.paint(Style::Failure, "no"), "\x1b[31mno\x1b[0m");
    }
}
