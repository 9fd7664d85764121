//! What is posted: a declaration or an update with what surrounds it.

use super::assessment::read_severity;
use super::{Declaration, NewUpdate, Severity};
use crate::change_request::{Override, read_override};
use crate::document::{Fields, Node, Problems, boolean, prose};
use crate::id::Id;
use jiff::Timestamp;

/// Reads the version of an event that somebody saw.
pub(crate) fn version(text: &str) -> Result<i64, String> {
    let number = text.trim().parse().ok().filter(|n| *n > 0);
    number.ok_or_else(|| "must be the version that the event showed: a whole number".to_owned())
}

/// An incident that is over and was not declared when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub resolved_at: Timestamp,
    /// How it ended.
    pub text: Option<String>,
}

/// A declaration as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIncident {
    /// The declaration.
    pub declaration: Declaration,
    /// The incident that it is a part of.
    pub parent: Option<Id>,
    /// Why one person is lead and spokesperson, where that must be.
    pub both_because: Option<String>,
    /// It is entered afterwards and tells nobody.
    pub past: Option<Past>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    super::promise::parse_instant(text)
}

impl NewIncident {
    /// Reads a declaration, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewIncident> {
        let mut fields = Fields::of(node, path, problems)?;
        let declaration = Declaration::read_fields(&mut fields, problems);
        let parent = fields.optional("parent", problems, Id::parse);
        let both_because = fields.optional("override", problems, prose(500));
        let past = read_past(&mut fields, problems);
        fields.finish(problems);
        Some(NewIncident {
            declaration: declaration?,
            parent,
            both_because,
            past,
        })
    }
}

fn read_past(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Past> {
    let backfilled = fields.optional("backfilled", problems, boolean) == Some(true);
    let started_at = fields.optional("started_at", problems, instant);
    let resolved_at = fields.optional("resolved_at", problems, instant);
    let text = fields.optional("text", problems, prose(10_000));
    if !backfilled {
        for name in ["started_at", "resolved_at", "text"] {
            if fields.node(name).is_some() {
                let problem = "goes with backfilled: an incident that is declared begins now";
                fields.problem(name, problem, problems);
            }
        }
        return None;
    }
    for name in ["started_at", "resolved_at"] {
        if fields.node(name).is_none() {
            fields.problem(
                name,
                "is missing: what is entered afterwards is over",
                problems,
            );
        }
    }
    let (started_at, resolved_at) = (started_at?, resolved_at?);
    if started_at >= resolved_at {
        fields.problem("resolved_at", "must be later than started_at", problems);
    }
    Some(Past {
        started_at,
        resolved_at,
        text,
    })
}

/// An update as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedUpdate {
    /// The update.
    pub update: NewUpdate,
    /// How grave it is from now on; unchanged when absent.
    pub severity: Option<Severity>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
    /// The open incidents that are a part of this one say the same.
    pub carry: bool,
    /// It goes out although owners must agree first and have not: why.
    pub overridden: Option<Override>,
}

impl PostedUpdate {
    /// Reads an update, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<PostedUpdate> {
        let mut fields = Fields::of(node, path, problems)?;
        let update = NewUpdate::read_fields(&mut fields, problems);
        let severity = read_severity(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        let carry = fields.optional("carry", problems, boolean).unwrap_or(false);
        // Who and when is known where it is carried out.
        let overridden = read_override(&mut fields, "", Timestamp::UNIX_EPOCH, problems);
        fields.finish(problems);
        Some(PostedUpdate {
            update: update?,
            severity,
            version,
            carry,
            overridden,
        })
    }
}
