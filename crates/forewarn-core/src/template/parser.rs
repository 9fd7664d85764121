//! Reading a template's text into parts, with every fault and its place.

use super::engine::Part;
use super::variable::Variable;
use std::fmt;

/// Conditions inside conditions, at most so deep.
const MAX_DEPTH: usize = 8;
/// Faults beyond these are not told: they would bury the first ones.
const MAX_FAULTS: usize = 20;

/// Something wrong in a template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the text, from 1.
    pub line: usize,
    /// Character in that line, from 1.
    pub column: usize,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault {
            line,
            column,
            problem,
        } = self;
        write!(f, "line {line}, column {column} of the text: {problem}")
    }
}

/// Reads a text in one pass.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, Vec<Fault>> {
    let mut parser = Parser {
        text,
        open: Vec::new(),
        parts: Vec::new(),
        faults: Vec::new(),
    };
    let bytes = text.as_bytes();
    let (mut from, mut at) = (0, 0);
    while at + 1 < bytes.len() && parser.faults.len() < MAX_FAULTS {
        match &bytes[at..at + 2] {
            b"{{" => {
                at = parser.tag(from, at);
                from = at;
            }
            b"}}" => {
                parser.fault(at, "'}}' closes nothing; write {{variable}}");
                at += 2;
            }
            _ => at += 1,
        }
    }
    parser.push_text(&text[from..]);
    parser.finish()
}

struct Parser<'a> {
    text: &'a str,
    open: Vec<Open>,
    parts: Vec<Part>,
    faults: Vec<Fault>,
}

/// A condition whose end has not come yet.
struct Open {
    at: usize,
    variable: Option<Variable>,
    outside: Vec<Part>,
    then: Option<Vec<Part>>,
}

enum Tag<'a> {
    Variable(&'a str),
    If(&'a str),
    Else,
    End,
}

impl<'a> Parser<'a> {
    fn fault(&mut self, at: usize, problem: impl Into<String>) {
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        self.faults.push(Fault {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            problem: problem.into(),
        });
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    /// Reads the tag that opens at `at`, after the text that began at `from`. Answers where to go on.
    fn tag(&mut self, from: usize, at: usize) -> usize {
        let text = self.text;
        let inside = &text[at + 2..];
        // A tag stays on its line, so a brace that was never closed is found where it stands.
        let end = inside
            .find(['}', '{', '\n'])
            .filter(|end| inside[*end..].starts_with("}}"));
        let Some(end) = end else {
            self.fault(at, "'{{' is not closed by '}}' on its line");
            self.push_text(&text[from..at]);
            return at + 2;
        };
        let after = at + 2 + end + 2;
        let tag = read_tag(inside[..end].trim());
        let (before, after) = match tag {
            Tag::Variable(_) => (at, after),
            _ => self.own_line(at, after),
        };
        self.push_text(&text[from..before.max(from)]);
        self.apply(tag, at);
        after
    }

    /// A condition that stands alone on its line takes the line with it.
    fn own_line(&self, at: usize, after: usize) -> (usize, usize) {
        let blank = |c: char| c == ' ' || c == '\t';
        let before = self.text[..at].trim_end_matches(blank);
        let rest = self.text[after..].trim_start_matches(blank);
        if (before.is_empty() || before.ends_with('\n'))
            && (rest.is_empty() || rest.starts_with('\n'))
        {
            let end = self.text.len() - rest.len();
            (before.len(), end + usize::from(!rest.is_empty()))
        } else {
            (at, after)
        }
    }

    fn apply(&mut self, tag: Tag<'_>, at: usize) {
        match tag {
            Tag::Variable(name) => {
                if let Some(variable) = self.variable(name, at) {
                    self.parts.push(Part::Variable(variable));
                }
            }
            Tag::If(name) => {
                if self.open.len() == MAX_DEPTH {
                    self.fault(
                        at,
                        format!("more than {MAX_DEPTH} conditions inside one another"),
                    );
                }
                let variable = self.variable(name, at);
                self.open.push(Open {
                    at,
                    variable,
                    outside: std::mem::take(&mut self.parts),
                    then: None,
                });
            }
            Tag::Else => match self.open.last_mut() {
                Some(open) if open.then.is_none() => {
                    open.then = Some(std::mem::take(&mut self.parts));
                }
                Some(_) => self.fault(at, "a second {{else}} in one condition"),
                None => self.fault(at, "{{else}} outside a condition"),
            },
            Tag::End => match self.open.pop() {
                Some(open) => self.close(open),
                None => self.fault(
                    at,
                    "{{/if}} closes nothing; write {{#if variable}} before it",
                ),
            },
        }
    }

    fn close(&mut self, open: Open) {
        let last = std::mem::replace(&mut self.parts, open.outside);
        let (then, otherwise) = match open.then {
            Some(then) => (then, last),
            None => (last, Vec::new()),
        };
        if let Some(variable) = open.variable {
            self.parts.push(Part::If {
                variable,
                then,
                otherwise,
            });
        }
    }

    fn variable(&mut self, name: &str, at: usize) -> Option<Variable> {
        match Variable::parse(name) {
            Ok(variable) => Some(variable),
            Err(problem) => {
                self.fault(at, problem);
                None
            }
        }
    }

    fn finish(mut self) -> Result<Vec<Part>, Vec<Fault>> {
        while let Some(open) = self.open.pop() {
            self.fault(open.at, "this condition is not closed; add {{/if}}");
        }
        if self.faults.is_empty() {
            Ok(self.parts)
        } else {
            self.faults.sort_by_key(|f| (f.line, f.column));
            self.faults.truncate(MAX_FAULTS);
            Err(self.faults)
        }
    }
}

fn read_tag(inside: &str) -> Tag<'_> {
    match inside {
        "else" => Tag::Else,
        "/if" => Tag::End,
        _ => match inside.strip_prefix("#if") {
            Some(name) if name.starts_with([' ', '\t']) => Tag::If(name.trim()),
            _ => Tag::Variable(inside),
        },
    }
}
