//! Variables and conditions in texts: parsed once, filled from a map, nothing else.
//!
//! Templates are written by operators, so there are no calls, loops or includes here. A template is
//! text, `{{variable}}` and `{{#if variable}} ... {{else}} ... {{/if}}`; whatever else stands between
//! double braces is refused when the template is read. Values are never read as templates.

use super::direction::isolated;
use super::parser::{self, Fault};
use super::variable::Variable;
use crate::audience::Level;
use crate::message::markdown;
use std::collections::BTreeMap;

/// No text made from a template is longer, in bytes; longer ones are cut.
const MAX_OUTPUT: usize = 100_000;

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Plain text, which must not act as Markdown or HTML.
    Plain(String),
    /// Markdown that was made here or written by the spokesperson.
    Markdown(String),
}

/// What the variables of one message stand for. It holds nothing that its level may not see.
#[derive(Clone, Debug)]
pub struct Values {
    level: Level,
    map: BTreeMap<Variable, Value>,
}

impl Values {
    /// No values yet, for readers of this level.
    pub fn new(level: Level) -> Values {
        Values {
            level,
            map: BTreeMap::new(),
        }
    }

    /// Sets a plain text; empty texts and what the level may not see are left out.
    pub fn set(&mut self, variable: Variable, text: impl Into<String>) {
        self.put(variable, Value::Plain(markdown::tidy(&text.into())));
    }

    /// Sets a plain text that was made here of tidy parts: it may hold marks that keep the direction of writing.
    pub fn set_made(&mut self, variable: Variable, text: impl Into<String>) {
        self.put(variable, Value::Plain(text.into()));
    }

    /// Sets a Markdown text; empty texts and what the level may not see are left out.
    pub fn set_markdown(&mut self, variable: Variable, text: impl Into<String>) {
        self.put(variable, Value::Markdown(text.into()));
    }

    fn put(&mut self, variable: Variable, value: Value) {
        let (Value::Plain(text) | Value::Markdown(text)) = &value;
        if text.trim().is_empty() {
            self.map.remove(&variable);
        } else if variable.level() <= self.level {
            self.map.insert(variable, value);
        }
    }

    /// Keeps what is written from left to right apart from text that is written the other way.
    pub fn isolate(&mut self) {
        for value in self.map.values_mut() {
            match value {
                Value::Plain(text) => *text = isolated(text, false),
                Value::Markdown(text) => *text = isolated(text, true),
            }
        }
    }

    /// Takes a value away, so that conditions on it fail.
    pub fn clear(&mut self, variable: Variable) {
        self.map.remove(&variable);
    }

    /// The value of a variable, when it has one.
    pub fn get(&self, variable: Variable) -> Option<&Value> {
        self.map.get(&variable)
    }

    fn has(&self, variable: Variable) -> bool {
        self.map.contains_key(&variable)
    }
}

/// What a template is filled in as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Markdown: plain values are escaped.
    Markdown,
    /// One line of plain text: a subject or a text message.
    Line,
}

/// A template's text, read and found right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(Variable),
    If {
        variable: Variable,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
}

impl Parsed {
    /// Reads a text.
    ///
    /// # Errors
    /// Everything that is wrong: unknown variables, conditions that do not close, braces that stand alone.
    pub fn parse(text: &str) -> Result<Parsed, Vec<Fault>> {
        parser::parse(text).map(|parts| Parsed { parts })
    }

    /// This text with another after it.
    pub fn followed_by(mut self, more: Parsed) -> Parsed {
        self.parts.extend(more.parts);
        self
    }

    /// Whether this variable stands anywhere in it.
    pub fn mentions(&self, variable: Variable) -> bool {
        fn anywhere(parts: &[Part], wanted: Variable) -> bool {
            parts.iter().any(|part| match part {
                Part::Text(_) => false,
                Part::Variable(v) => *v == wanted,
                Part::If {
                    then, otherwise, ..
                } => anywhere(then, wanted) || anywhere(otherwise, wanted),
            })
        }
        anywhere(&self.parts, variable)
    }

    /// What stands in the place of a variable that has no value: the `{{else}}` of every condition on it, one after the other. What
    /// the text with a value says under a condition is said beside it, and left out here.
    pub fn instead_of(&self, variable: Variable) -> Parsed {
        Parsed {
            parts: instead_of(&self.parts, variable),
        }
    }

    /// Every variable in it, in the order of the text.
    pub fn variables(&self) -> Vec<Variable> {
        fn collect(parts: &[Part], found: &mut Vec<Variable>) {
            for part in parts {
                match part {
                    Part::Text(_) => {}
                    Part::Variable(v) => found.push(*v),
                    Part::If {
                        variable,
                        then,
                        otherwise,
                    } => {
                        found.push(*variable);
                        collect(then, found);
                        collect(otherwise, found);
                    }
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.parts, &mut found);
        found
    }

    /// The text with its variables filled in.
    pub fn render(&self, values: &Values, format: Format) -> String {
        let mut out = String::new();
        write_parts(&self.parts, values, format, &mut out);
        match format {
            Format::Markdown => join_paragraphs(&out),
            // A condition that failed may have left the comma before it.
            Format::Line => join_words(&out)
                .trim_end_matches([',', ':', '\u{60c}', ' '])
                .to_owned(),
        }
    }
}

fn instead_of(parts: &[Part], wanted: Variable) -> Vec<Part> {
    let mut found = Vec::new();
    for part in parts {
        let Part::If {
            variable,
            then,
            otherwise,
        } = part
        else {
            continue;
        };
        if *variable == wanted {
            found.push(Part::Text("\n\n".to_owned()));
            found.extend(unsaid(otherwise, then));
            found.push(Part::Text("\n\n".to_owned()));
            continue;
        }
        let [then, otherwise] = [then, otherwise].map(|parts| instead_of(parts, wanted));
        if !(then.is_empty() && otherwise.is_empty()) {
            found.push(Part::If {
                variable: *variable,
                then,
                otherwise,
            });
        }
    }
    found
}

/// These parts without what `beside` says under the same condition with the same variables.
fn unsaid(parts: &[Part], beside: &[Part]) -> Vec<Part> {
    let told = |part: &Part| match part {
        Part::If { variable, then, .. } => {
            let then = then.iter().filter_map(|part| match part {
                Part::Variable(variable) => Some(*variable),
                Part::Text(_) | Part::If { .. } => None,
            });
            Some((*variable, then.collect::<Vec<Variable>>()))
        }
        Part::Text(_) | Part::Variable(_) => None,
    };
    let rest = |part: &Part| match part {
        Part::If {
            variable,
            otherwise,
            ..
        } if beside.iter().any(|other| told(other) == told(part)) => Part::If {
            variable: *variable,
            then: Vec::new(),
            otherwise: otherwise.clone(),
        },
        other => other.clone(),
    };
    parts.iter().map(rest).collect()
}

fn write_parts(parts: &[Part], values: &Values, format: Format, out: &mut String) {
    for part in parts {
        if out.len() >= MAX_OUTPUT {
            return;
        }
        match part {
            Part::Text(text) => {
                // Facts are sentences that bring their own full stop.
                let said = out.trim_end_matches('\u{2069}');
                let text = match text.strip_prefix('.') {
                    Some(rest) if said.ends_with(['.', '!', '?', '\u{61f}']) => rest,
                    _ => text,
                };
                out.push_str(text);
            }
            Part::Variable(variable) => match (values.get(*variable), format) {
                (None, _) => {}
                (Some(Value::Plain(text)), Format::Markdown) => markdown::escape_into(text, out),
                (Some(Value::Markdown(text)), Format::Markdown) => out.push_str(text),
                (Some(Value::Plain(text)), Format::Line) => out.push_str(text),
                (Some(Value::Markdown(text)), Format::Line) => {
                    out.push_str(&markdown::to_text(text))
                }
            },
            Part::If {
                variable,
                then,
                otherwise,
            } => {
                let chosen = if values.has(*variable) {
                    then
                } else {
                    otherwise
                };
                write_parts(chosen, values, format, out);
            }
        }
    }
}

/// Never more than one empty line, none at the ends: conditions leave holes.
fn join_paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        empty = 0;
    }
    out
}

fn join_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
