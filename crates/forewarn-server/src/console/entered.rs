//! A form's fields as the tree that documents are read from: form, API and file share one reader.

use forewarn_core::document::{Node, Value};

/// Fields of the form itself.
const OWN: [&str; 2] = ["csrf", "do"];

/// The tree of a form. Dotted names become maps, what comes several times a list, `services.{id}` a map by service;
/// empty fields were not filled in and are left out.
pub(super) fn tree(fields: &[(String, String)]) -> Node {
    let mut root = Vec::new();
    for (name, value) in fields {
        if OWN.contains(&name.as_str()) || value.trim().is_empty() {
            continue;
        }
        put(&mut root, &path(name), text(value));
    }
    map(root)
}

/// No form of ours nests deeper.
const MAX_DEPTH: usize = 4;

/// Ids of services may have dots of their own.
fn path(name: &str) -> Vec<&str> {
    match name.split_once('.') {
        Some(("services", id)) => vec!["services", id],
        _ if name.matches('.').count() >= MAX_DEPTH => vec![name],
        _ => name.split('.').collect(),
    }
}

type Entries = Vec<(String, Option<(usize, usize)>, Node)>;

fn put(entries: &mut Entries, path: &[&str], value: Node) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    let place = match entries.iter().position(|(known, _, _)| known == name) {
        Some(place) => place,
        None => {
            let empty = if rest.is_empty() {
                value.clone()
            } else {
                map(Vec::new())
            };
            entries.push(((*name).to_owned(), None, empty));
            if rest.is_empty() {
                return;
            }
            entries.len() - 1
        }
    };
    let known = &mut entries[place].2.value;
    match known {
        Value::Map(inner) if !rest.is_empty() => put(inner, rest, value),
        Value::List(items) if rest.is_empty() => items.push(value),
        Value::Text { .. } if rest.is_empty() => {
            let first = std::mem::replace(known, Value::Null);
            *known = Value::List(vec![node(first), value]);
        }
        // `a=1&a.b=2` means nothing that we sent; the first stays.
        Value::Null | Value::Text { .. } | Value::List(_) | Value::Map(_) => {}
    }
}

fn node(value: Value) -> Node {
    Node { value, place: None }
}

fn map(entries: Entries) -> Node {
    node(Value::Map(entries))
}

/// A text as a field holds it. Browsers end lines with CR LF.
fn text(value: &str) -> Node {
    node(Value::Text {
        text: value.replace("\r\n", "\n"),
        plain: false,
    })
}

/// People who asked for something stand one a line, and so do the steps of the work.
pub(super) fn one_by_one(fields: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        match name.as_str() {
            "requesters" => {
                let lines = value.split([',', ';', '\n']);
                all.extend(lines.map(|line| (name.clone(), line.trim().to_owned())));
            }
            "steps" => {
                let lines = value.lines().map(str::trim);
                all.extend(lines.map(|line| (name.clone(), line.to_owned())));
            }
            _ => all.push((name.clone(), value.clone())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_core::document::parse_json;

    fn tree_of(form: &str) -> Node {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
            .into_owned()
            .collect();
        tree(&fields)
    }

    #[test]
    fn a_form_is_the_same_tree_as_the_document() {
        let form = "csrf=x&do=create&title=Up&services=a&services=b&facts.action.what=Save&facts.action.when=before\
                    &facts.effect=+&facts.why=One%0D%0ATwo";
        let document = r#"{"title": "Up", "services": ["a", "b"],
            "facts": {"action": {"what": "Save", "when": "before"}, "why": "One\nTwo"}}"#;
        let (one, other) = (tree_of(form), parse_json(document).unwrap());
        assert_eq!(sorted(one), sorted(other));
        let impacts = "services.portal.eu=major_outage&services.db=none";
        let document = r#"{"services": {"portal.eu": "major_outage", "db": "none"}}"#;
        let (one, other) = (tree_of(impacts), parse_json(document).unwrap());
        assert_eq!(sorted(one), sorted(other));
    }

    fn sorted(mut node: Node) -> Node {
        if let Value::Map(entries) = &mut node.value {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, _, inner) in entries.iter_mut() {
                *inner = sorted(inner.clone());
            }
        }
        node
    }

    #[test]
    fn names_that_contradict_each_other_do_no_harm() {
        let deep = format!("{}=1", "a.".repeat(100_000));
        for form in [
            "a=1&a.b=2",
            "a.b=2&a=1",
            "=1",
            ".=1&..=2",
            "services=1&services.x=2",
            &deep,
        ] {
            let _ = tree_of(form);
        }
        assert_eq!(tree_of("a=1&a.b=2"), parse_json(r#"{"a": "1"}"#).unwrap());
    }
}
