//! What is posted about an advisory: the report of the fault, further words, the fix, that it is withdrawn.

use crate::contact::EmailAddress;
use crate::document::{Fields, Named, Node, Problems, line, prose};
use crate::facts::{Action, Facts, When};
use crate::id::Id;
use crate::incident::{NewPromise, Severity, version};
use crate::privacy::read_override;
use crate::routing::Cause;
use crate::texts::Texts;

/// A fault as it is reported: the `advisory` document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its id; made by the program when absent.
    pub id: Option<Id>,
    /// What it is, in one line; made from the services when absent.
    pub title: Option<String>,
    /// Services that have the fault; not empty.
    pub services: Vec<Id>,
    /// How grave it is.
    pub severity: Option<Severity>,
    /// Where it comes from, if that is known already.
    pub cause: Option<Cause>,
    /// What is known; the effect always is.
    pub facts: Facts,
    /// The text of a level where somebody edited that of the discovery.
    pub texts: Texts,
    /// People who asked for the fix.
    pub requesters: Vec<EmailAddress>,
    /// When the next word comes; as soon as the fix is ready when absent.
    pub next_update: Option<NewPromise>,
}

impl Report {
    /// Reads an advisory document, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Report> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.optional("id", problems, Id::parse);
        let title = fields.optional("title", problems, line(200));
        let services = fields.references("services", Named::Service, problems);
        if services.as_ref().is_none_or(Vec::is_empty)
            && fields.node("services").is_none_or(Node::is_empty)
        {
            fields.problem("services", "names no service", problems);
        }
        let severity = fields.optional("severity", problems, Severity::parse);
        let cause = fields.optional("cause", problems, Cause::parse);
        let facts = read_facts(&mut fields, problems);
        let effect = facts.as_ref().is_some_and(|f| f.effect.is_some());
        if !effect && fields.node("effect").is_none() && facts.is_some() {
            let problem = "is missing: say what people notice, in their words";
            fields.problem("effect", problem, problems);
        }
        let texts = Texts::read(&mut fields, problems);
        let requesters = fields.list("requesters", problems, EmailAddress::parse);
        let next_update = NewPromise::read_fields(&mut fields, problems);
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Report {
            id,
            title,
            services: services?,
            severity,
            cause,
            facts: facts?,
            texts,
            requesters: requesters.unwrap_or_default(),
            next_update,
        })
    }
}

/// A further word while the fix is being worked on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewWord {
    /// Somebody's own words.
    pub text: Option<String>,
    /// The text of a level where somebody edited it: there it comes before their own words.
    pub texts: Texts,
    /// What is newly known.
    pub facts: Facts,
    /// Services that have the fault too.
    pub services: Vec<Id>,
    /// How grave it is from now on; unchanged when absent.
    pub severity: Option<Severity>,
    /// Where it comes from, if that is newly known.
    pub cause: Option<Cause>,
    /// More people who asked for the fix.
    pub requesters: Vec<EmailAddress>,
    /// When the next word comes; as soon as the fix is ready when absent.
    pub next_update: Option<NewPromise>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl NewWord {
    /// Reads a further word, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewWord> {
        let mut fields = Fields::of(node, path, problems)?;
        let text = fields.optional("text", problems, prose(10_000));
        let texts = Texts::read(&mut fields, problems);
        let facts = read_facts(&mut fields, problems);
        let services = fields.references("services", Named::Service, problems);
        let severity = fields.optional("severity", problems, Severity::parse);
        let cause = fields.optional("cause", problems, Cause::parse);
        let requesters = fields.list("requesters", problems, EmailAddress::parse);
        let next_update = NewPromise::read_fields(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        let told = [
            "text",
            "facts",
            "effect",
            "next_update_in",
            "next_update_at",
        ];
        let is_edited = Texts::are_given(&mut fields);
        if !is_edited && told.into_iter().all(|name| fields.node(name).is_none()) {
            let problem = "says nothing: give a text, facts or the time of the next word";
            fields.problem("text", problem, problems);
        }
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(NewWord {
            text,
            texts,
            facts: facts?,
            services: services.unwrap_or_default(),
            severity,
            cause,
            requesters: requesters.unwrap_or_default(),
            next_update,
            version,
        })
    }
}

/// The fix is out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// Somebody's own words.
    pub text: Option<String>,
    /// The text of a level where somebody edited it: there it comes before their own words.
    pub texts: Texts,
    /// What is known, with what people do to get the fix.
    pub facts: Facts,
    /// More people who asked for it.
    pub requesters: Vec<EmailAddress>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Fix {
    /// Reads a fix, recording all problems. Nothing need be said: there may be nothing to do.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Fix> {
        if node.value == crate::document::Value::Null {
            return Some(Fix::default());
        }
        let mut fields = Fields::of(node, path, problems)?;
        let text = fields.optional("text", problems, prose(10_000));
        let texts = Texts::read(&mut fields, problems);
        let facts = read_facts(&mut fields, problems);
        let action = fields.optional("action", problems, prose(1_000));
        let twice = facts.as_ref().is_some_and(|f| f.action.is_some());
        if action.is_some() && twice {
            fields.problem("action", TWICE, problems);
        }
        let requesters = fields.list("requesters", problems, EmailAddress::parse);
        let version = fields.optional("version", problems, version);
        read_override(&mut fields, problems);
        fields.finish(problems);
        let mut facts = facts?;
        if let Some(what) = action {
            let when = When::After;
            facts.action = Some(Action { what, when });
        }
        Some(Fix {
            text,
            texts,
            facts,
            requesters: requesters.unwrap_or_default(),
            version,
        })
    }
}

/// It was no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Why, for those who were told of it.
    pub text: String,
    /// The text of a level where somebody edited it.
    pub texts: Texts,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Withdrawal {
    /// Reads a withdrawal, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Withdrawal> {
        let mut fields = Fields::of(node, path, problems)?;
        let text = fields.optional("text", problems, prose(10_000));
        let texts = Texts::read(&mut fields, problems);
        if fields.node("text").is_none() {
            let problem = "is missing: people were told of it, and hear why it no longer holds";
            fields.problem("text", problem, problems);
        }
        let version = fields.optional("version", problems, version);
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Withdrawal {
            text: text?,
            texts,
            version,
        })
    }
}

const TWICE: &str = "stands in the facts too; give it once";

/// The facts, and the effect where it stands beside them.
fn read_facts(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Facts> {
    let facts = match fields.node("facts") {
        Some(node) => Facts::read(node, &fields.path_of("facts"), problems),
        None => Some(Facts::default()),
    };
    let effect = fields.optional("effect", problems, prose(1_000));
    let mut facts = facts?;
    if effect.is_some() && facts.effect.is_some() {
        fields.problem("effect", TWICE, problems);
    }
    facts.effect = effect.or(facts.effect);
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::from_json;
    use serde_json::{Value, json};

    fn said<T>(
        body: Value,
        read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
    ) -> (Option<T>, Vec<String>) {
        let mut problems = Problems::default();
        let found = read(&from_json(body), "", &mut problems);
        let problems = problems.0.iter().map(ToString::to_string).collect();
        (found, problems)
    }

    #[test]
    fn a_report_is_read_whole_or_refused_with_every_problem() {
        let (report, problems) = said(
            json!({"services": ["portal"], "effect": "The export leaves out a line", "severity": "p3", "cause": "application",
                "facts": {"workaround": "Add a line"}, "requesters": "ann@example.edu", "next_update_in": "2bd"}),
            Report::read,
        );
        assert_eq!(problems, Vec::<String>::new());
        let report = report.unwrap();
        assert_eq!(
            report.facts.effect.as_deref(),
            Some("The export leaves out a line")
        );
        assert_eq!(report.requesters.len(), 1);
        assert!(report.next_update.is_some());
        let (_, problems) = said(
            json!({"services": [], "severity": "P9", "cause": "aplication", "requesters": ["ann"], "next_update_in": "1h",
                "next_update_at": "2026-11-22T19:30:00Z", "titel": "x"}),
            Report::read,
        );
        let fields: Vec<&str> = problems
            .iter()
            .filter_map(|p| p.split(':').next())
            .collect();
        assert_eq!(
            fields,
            [
                "services",
                "severity",
                "cause",
                "effect",
                "requesters[0]",
                "next_update_at",
                "titel"
            ],
            "{problems:?}"
        );
        let (_, problems) = said(
            json!({"services": ["portal"], "effect": "a", "facts": {"effect": "b"}}),
            Report::read,
        );
        assert_eq!(problems, ["effect: stands in the facts too; give it once"]);
    }

    #[test]
    fn a_word_says_something_and_a_withdrawal_says_why() {
        assert_eq!(said(json!({}), NewWord::read).1.len(), 1);
        assert_eq!(said(json!({"severity": "P2"}), NewWord::read).1.len(), 1);
        assert_eq!(said(json!({"text": "News."}), NewWord::read).1.len(), 0);
        assert_eq!(
            said(json!({"next_update_in": "2bd"}), NewWord::read)
                .1
                .len(),
            0
        );
        assert_eq!(said(json!({}), Withdrawal::read).1.len(), 1);
        assert_eq!(said(json!({"text": ""}), Withdrawal::read).1.len(), 1);
        let (fix, problems) = said(json!({"action": "Install 4.2.1", "version": 3}), Fix::read);
        assert_eq!(problems, Vec::<String>::new());
        let fix = fix.unwrap();
        assert_eq!(fix.version, Some(3));
        assert_eq!(fix.facts.action.unwrap().when, When::After);
        assert_eq!(said(Value::Null, Fix::read).0, Some(Fix::default()));
        let twice = json!({"action": "a", "facts": {"action": "b"}});
        assert_eq!(
            said(twice, Fix::read).1,
            ["action: stands in the facts too; give it once"]
        );
    }
}
