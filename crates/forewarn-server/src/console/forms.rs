//! What somebody typed into a form, and what is wrong with it.

use super::layout::number;
use forewarn_core::problem::Problem;
use std::fmt;

/// The fields of a form as they came in and the problems found, so that a form shown again keeps what was typed.
///
/// A field's name is its path in the document (`title`, `facts.effect`, `services`), so that problems find their field.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Names and values as they were sent; a name may come several times.
    pub fields: Vec<(String, String)>,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// Something that can be chosen in a form.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub id: String,
    /// What is shown.
    pub name: String,
    /// Heading under which it stands.
    pub group: Option<String>,
}

/// What is kept beside the fields: which form of the page they belong to, where there are several. No field of a form is called so.
const FORM: &str = "\u{0}form";

/// Attributes of a field that is wrong or has a hint: made of the field's name only.
pub(super) struct Aria(String);

impl fmt::Display for Aria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Aria {}

impl Typed {
    /// The first value of a field; empty when it was not sent.
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether this is the value of a field that holds one.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    /// Whether a field was sent with this value, among others.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(n, v)| n == name && v == value)
    }

    /// Whether any of these fields holds something or is wrong, so that a folded part must be open.
    pub(super) fn any(&self, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| !self.value(name).is_empty() || !self.wrong(name).is_empty())
    }

    /// It goes to so many that whoever sends it gives the number: the field appears with it.
    pub(crate) fn count_needed(&mut self, count: i64) {
        self.fields.retain(|(name, _)| name != "recipients");
        let count = number(count);
        let problem = format!("it goes to {count}: type that number to show that you mean it");
        self.problems.push(Problem::new("recipients", problem));
    }

    /// Whether the field for that number is shown.
    pub(super) fn asks_count(&self) -> bool {
        self.any(&["recipients"])
    }

    /// What is wrong with a field.
    pub(super) fn wrong(&self, name: &str) -> Vec<String> {
        self.problems
            .iter()
            .filter(|problem| anchor(problem) == name)
            .map(|problem| sentence(&problem.problem))
            .collect()
    }

    /// The id of the field that a problem belongs to, behind `f-`.
    pub(super) fn anchor(&self, problem: &Problem) -> String {
        self.id(&anchor(problem))
    }

    /// A problem with the field's name in front.
    pub(super) fn said(&self, problem: &Problem) -> String {
        let field = anchor(problem);
        let name = field.rsplit('.').next().unwrap_or_default();
        if name.is_empty() {
            sentence(&problem.problem)
        } else {
            sentence(&format!("{}: {}", name.replace('_', " "), problem.problem))
        }
    }

    /// The same, told apart from fields of that name in other forms of the page: the ids of their elements begin with the form's name.
    pub(super) fn of_form(mut self, form: &str) -> Typed {
        self.fields.retain(|(name, _)| name != FORM);
        self.fields.push((FORM.to_owned(), form.to_owned()));
        self
    }

    /// What stands in the ids of a field's elements, behind `f-`, `h-` and `e-`.
    pub(super) fn id(&self, name: &str) -> String {
        let form = self.value(FORM);
        let whole = match form.is_empty() {
            true => name.to_owned(),
            false => format!("{form}.{name}"),
        };
        // Names are ours, or ids of services, which are letters, digits and three signs.
        whole
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
            .collect()
    }

    /// Attributes that tie a field to its hint and its problem.
    pub(super) fn aria(&self, name: &str, hint: &str) -> Aria {
        let id = self.id(name);
        let mut described = Vec::new();
        if !hint.is_empty() {
            described.push(format!("h-{id}"));
        }
        let wrong = !self.wrong(name).is_empty();
        if wrong {
            described.push(format!("e-{id}"));
        }
        let mut out = String::new();
        if wrong {
            out.push_str(" aria-invalid=\"true\"");
        }
        if !described.is_empty() {
            out.push_str(&format!(" aria-describedby=\"{}\"", described.join(" ")));
        }
        Aria(out)
    }
}

/// The name of the form field that holds what a problem speaks of: `maintenance.services[2]` is `services`.
fn anchor(problem: &Problem) -> String {
    let field = problem.field.as_str();
    let field = [
        "maintenance.",
        "incident.",
        "advisory.",
        "announcement.",
        "update.",
    ]
    .iter()
    .find_map(|prefix| field.strip_prefix(prefix))
    .unwrap_or(field);
    let field = field.split('[').next().unwrap_or_default();
    match field {
        "facts.action" => "facts.action.what".into(),
        _ => field.to_owned(),
    }
}

fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_find_their_fields() {
        let typed = Typed {
            fields: vec![("title".into(), "Upgrade".into())],
            problems: vec![
                Problem::new("maintenance.end", "before the start"),
                Problem::new("services[1]", "unknown service"),
            ],
        };
        assert_eq!(typed.value("title"), "Upgrade");
        assert_eq!(typed.wrong("end"), ["Before the start"]);
        assert_eq!(typed.wrong("services"), ["Unknown service"]);
        assert!(typed.wrong("title").is_empty());
    }
}
