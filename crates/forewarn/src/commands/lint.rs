//! `forewarn lint FILE`: the review of a message before it leaves, from files alone, without server or network.

use super::source;
use crate::exit::{self, Exit, InvalidInput};
use crate::terminal::{self, Colour, Style, clean};
use clap::Args;
use forewarn_core::audience::Level;
use forewarn_core::document::{Problems, parse_yaml};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::review::{
    Context, Finding, Medium, Part, Review, Severity, Stage, Text, review,
};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// More of a line than a terminal shows is left out around the place.
const WIDTH: usize = 100;

/// Flags of `lint`.
#[derive(Args)]
pub struct LintArgs {
    /// The text; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who reads it: technical, semi_technical, non_technical
    #[arg(long, value_name = "L", default_value = "non_technical")]
    level: String,
    /// Which notice it is, or an incident's state: holding, update, resolution, announcement, ...
    #[arg(long, value_name = "S", default_value = "update")]
    stage: String,
    /// Where it is read: email, sms, voice, chat, web
    #[arg(long, value_name = "C", default_value = "email")]
    channel: String,
    /// Its subject
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// A flat YAML map: lists employees, vendors, code_names, internal_domains, allow; previous, the last message
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints findings and measures. 1 when a finding is an error, 2 when there was no review.
///
/// # Errors
/// What could not be written.
pub fn run(args: LintArgs) -> anyhow::Result<ExitCode> {
    let (text, context) = match read(&args) {
        Ok(read) => read,
        Err(error) => {
            // A text that is not reviewed is no text with errors: a script must be able to tell.
            exit::report(&error);
            return Ok(Exit::CouldNotRun.into());
        }
    };
    let review = review(&text, &context);
    if args.json {
        terminal::print_json(&review)?;
    } else {
        terminal::print(&show(&text, &review, Colour::of_stdout()))?;
    }
    Ok(match review.has_errors() {
        true => Exit::Refused,
        false => Exit::Done,
    }
    .into())
}

fn read(args: &LintArgs) -> anyhow::Result<(Text, Context)> {
    let mut problems = Vec::new();
    let mut note = |flag: &str, problem: String| problems.push(Problem::new(flag, problem));
    let level = Level::parse(&args.level)
        .map_err(|problem| note("--level", problem))
        .ok();
    let stage = Stage::parse(&args.stage)
        .map_err(|problem| note("--stage", problem))
        .ok();
    let medium = Medium::parse(&args.channel)
        .map_err(|problem| note("--channel", problem))
        .ok();
    let (Some(level), Some(stage), Some(medium)) = (level, stage, medium) else {
        return Err(InvalidInput::of("the command line", Invalid { problems }).into());
    };
    let context = match &args.context {
        None => Context::default(),
        Some(path) => context(path)?,
    };
    let (name, text) = source::text(&args.file)?;
    let text = Text::new(&text, args.subject.as_deref(), level, stage, medium)
        .map_err(|invalid| InvalidInput::of(name, invalid))?;
    Ok((text, context))
}

fn context(path: &Path) -> anyhow::Result<Context> {
    let (name, text) = source::text(path)?;
    parsed(&text).map_err(|invalid| InvalidInput::of(name, invalid).into())
}

fn parsed(text: &str) -> Result<Context, Invalid> {
    let nodes = parse_yaml(text)?;
    let node = match nodes.as_slice() {
        [] => return Ok(Context::default()),
        [node] => node,
        more => {
            let problem = format!("must be one map; here are {} documents", more.len());
            return Err(Invalid::one("", problem));
        }
    };
    let mut problems = Problems::default();
    match Context::read(node, "", &mut problems) {
        Some(context) if problems.0.is_empty() => Ok(context),
        _ => Err(Invalid {
            problems: problems.0,
        }),
    }
}

/// Each finding under the line where it stands, with a mark under its place, then the figures.
fn show(text: &Text, review: &Review, colour: Colour) -> String {
    let mut out = String::new();
    for finding in &review.findings {
        let style = style(finding.severity);
        let kind = finding
            .kind
            .map(|kind| format!(" {}", kind.as_str()))
            .unwrap_or_default();
        let title = format!(
            "{} {}{kind}",
            finding.severity.as_str(),
            finding.rule.as_str()
        );
        out.push_str(&format!(
            "{}: {}\n",
            colour.paint(style, &title),
            clean(&finding.because)
        ));
        let (name, part) = match finding.part {
            Part::Text => ("line", text.text()),
            Part::Subject => ("subject", text.subject().unwrap_or_default()),
        };
        out.push_str(&place(name, part, finding, colour));
        out.push_str(&format!("  {}\n\n", clean(&finding.suggestion)));
    }
    let m = &review.measures;
    let measures = format!(
        "{} words, {} sentences, the longest {} words, grade {}, {} SMS segments ({}), subject {} characters",
        m.words,
        m.sentences,
        m.longest_sentence,
        m.grade,
        m.sms_segments,
        m.sms_encoding.as_str(),
        m.subject_length
    );
    out.push_str(&format!("{}\n", colour.paint(Style::Dim, &measures)));
    let count = |severity| {
        review
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    };
    let (errors, warnings, notes) = (
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note),
    );
    let summary = format!("{errors} errors, {warnings} warnings, {notes} notes");
    let style = match (errors, warnings) {
        (0, 0) => Style::Success,
        (0, _) => Style::Warning,
        _ => Style::Failure,
    };
    out.push_str(&format!("{}\n", colour.paint(style, &summary)));
    out
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::Failure,
        Severity::Warning => Style::Warning,
        Severity::Note => Style::Dim,
    }
}

/// The line of a finding's beginning, cut to what a terminal shows, and a mark under the place.
fn place(name: &str, part: &str, finding: &Finding, colour: Colour) -> String {
    let before = &part[..finding.start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = part[finding.start..]
        .find('\n')
        .map_or(part.len(), |at| finding.start + at);
    let line: Vec<char> = clean(&part[line_start..line_end])
        .replace('\t', " ")
        .chars()
        .collect();
    let from = part[line_start..finding.start].chars().count();
    let length = part[finding.start..finding.end.min(line_end).max(finding.start)]
        .chars()
        .count()
        .max(1);
    // The place stays in view, with some words before it.
    let skip = if from + length > WIDTH {
        from.saturating_sub(WIDTH / 4)
    } else {
        0
    };
    let shown: String = line.iter().skip(skip).take(WIDTH).collect();
    let more = if line.len() > skip + WIDTH { "..." } else { "" };
    let lead = if skip > 0 { "..." } else { "" };
    let number = match finding.part {
        Part::Text => format!("{name} {}", before.matches('\n').count() + 1),
        Part::Subject => name.to_owned(),
    };
    let marks = "^".repeat(length.min(WIDTH.saturating_sub(from - skip)).max(1));
    let indent = " ".repeat(2 + number.chars().count() + 2 + lead.len() + from - skip);
    format!(
        "  {}  {lead}{}{more}\n{indent}{}\n",
        colour.paint(Style::Dim, &number),
        shown.trim_end(),
        colour.paint(style(finding.severity), &marks)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_place() {
        let stage = Stage::parse("announcement").unwrap();
        let source = "First line.\n  Größe auf db01.corp.local: 10.0.0.1";
        let text = Text::new(source, None, Level::SemiTechnical, stage, Medium::Email).unwrap();
        let review = review(&text, &Context::default());
        let shown = show(&text, &review, Colour::Off);
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines
            .iter()
            .position(|l| l.starts_with("error Q15 host_name"))
            .expect("the host is found");
        assert_eq!(
            lines[at + 1],
            "  line 2    Größe auf db01.corp.local: 10.0.0.1"
        );
        assert_eq!(lines[at + 2], "                      ^^^^^^^^^^^^^^^");
    }
}
