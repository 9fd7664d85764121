//! What is posted about an announcement: another moment, other words, that it will not happen.

use super::Announcement;
use crate::contact::EmailAddress;
use crate::document::{Fields, Named, Node, Problems, Value, line, prose};
use crate::facts::Facts;
use crate::id::Id;
use crate::incident::version;
use crate::maintenance::past_problem;
use crate::privacy::read_override;
use crate::texts::Texts;
use crate::time::{CivilTime, Zone};
use jiff::Timestamp;

/// Another moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// When it takes effect from now on.
    pub effective: CivilTime,
    /// Why.
    pub reason: Option<String>,
    /// What somebody edited of the message that tells it.
    pub texts: Texts,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Move {
    /// Reads `{effective, reason, texts, version}`, recording all problems. The moment lies after `now`.
    pub fn read(
        node: &Node,
        zone: &Zone,
        old: &Announcement,
        now: Timestamp,
        problems: &mut Problems,
    ) -> Option<Move> {
        let mut fields = Fields::of(node, "", problems)?;
        let effective = fields.required("effective", problems, |t| CivilTime::parse(t, zone));
        let reason = fields.optional("reason", problems, prose(1_000));
        let texts = Texts::read(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        let same = |new: &CivilTime| new.instant() == old.effective.instant();
        if effective.as_ref().is_some_and(same) {
            fields.problem("effective", "is the planned time already", problems);
        } else if let Some(problem) = effective.as_ref().and_then(|at| past_problem(at, now)) {
            fields.problem("effective", problem, problems);
        }
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Move {
            effective: effective?,
            reason,
            texts,
            version,
        })
    }
}

/// Other words for the notices that are still to come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What changes, in one line.
    pub title: Option<String>,
    /// Services that change, in place of those named before.
    pub services: Option<Vec<Id>>,
    /// Facts, laid over those that are known.
    pub facts: Facts,
    /// People who asked for it, in place of those named before.
    pub requesters: Option<Vec<EmailAddress>>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Edit {
    /// Reads `{title, services, facts, requesters, version}`, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Edit> {
        let mut fields = Fields::of(node, path, problems)?;
        let title = fields.optional("title", problems, line(200));
        let services = fields.references("services", Named::Service, problems);
        if services.as_ref().is_some_and(Vec::is_empty) {
            fields.problem("services", "names no service", problems);
        }
        let facts = match fields.node("facts") {
            Some(node) => Facts::read(node, &fields.path_of("facts"), problems),
            None => Some(Facts::default()),
        };
        let requesters = fields.list("requesters", problems, EmailAddress::parse);
        let version = fields.optional("version", problems, version);
        let named = ["title", "services", "facts", "requesters"];
        if named.into_iter().all(|name| fields.node(name).is_none()) {
            let problem = format!("changes nothing; name one of {}", named.join(", "));
            fields.problem("title", problem, problems);
        }
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Edit {
            title,
            services,
            facts: facts?,
            requesters,
            version,
        })
    }
}

/// That it is in effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// What somebody edited of the message that tells it.
    pub texts: Texts,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Effect {
    /// Reads `{texts, version}`, recording all problems; nothing at all will do.
    pub fn read(node: &Node, problems: &mut Problems) -> Option<Effect> {
        if node.value == Value::Null {
            return Some(Effect::default());
        }
        let mut fields = Fields::of(node, "", problems)?;
        let texts = Texts::read(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Effect { texts, version })
    }
}

/// That it will not happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawal {
    /// Why.
    pub reason: Option<String>,
    /// What somebody edited of the message that tells it.
    pub texts: Texts,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Withdrawal {
    /// Reads `{reason, texts, version}`, recording all problems; nothing at all will do.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Withdrawal> {
        if node.value == Value::Null {
            return Some(Withdrawal::default());
        }
        let mut fields = Fields::of(node, path, problems)?;
        let reason = fields.optional("reason", problems, prose(1_000));
        let texts = Texts::read(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        read_override(&mut fields, problems);
        fields.finish(problems);
        Some(Withdrawal {
            reason,
            texts,
            version,
        })
    }
}
