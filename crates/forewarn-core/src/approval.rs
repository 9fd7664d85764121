//! Approval: who must agree before a notice goes out, and whether they agreed with what it says now.
//!
//! An approval is of words, not of an event: it holds the hash of a [`Sheet`]. Where facts, texts,
//! templates or times are changed, the hash is another one and the approval is of no use any more.

use crate::acknowledge::unconfirmed;
use crate::audience::Level;
use crate::change_request::{Override, read_override};
use crate::contact::{Channel, EmailAddress};
use crate::document::{Catalogue, Fields, Node, Problems, Value, line};
use crate::editing::HELP_NEEDED;
use crate::event::{Event, Occasion};
use crate::id::derive;
use crate::incident::Nature;
use crate::message::{Sheet, templates_for};
use crate::plan::{APPROVERS, COPY_DUE, Notice, is_inside, is_team_notice};
use crate::policy::{self, Approver};
use crate::template::Template;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The notice that asks those who must agree.
pub const APPROVAL_NEEDED: &str = "approval_needed";

/// The purpose of the seal in a link by which somebody approves.
pub const APPROVAL_LINK: &str = "approval";

/// Everybody who has a role in which somebody must agree to something of this event.
pub fn approvers(event: &Event, catalogue: &Catalogue) -> Vec<EmailAddress> {
    let policy = policy::of_event(event, &catalogue.policies);
    let asked = policy.into_iter().flat_map(|p| p.approval.values());
    let mut all: Vec<EmailAddress> = asked
        .flatten()
        .flat_map(|role| holders(event, *role, catalogue))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Those who must agree are asked, once for each set of words; `hash` is of those. Nobody is where nobody is named.
pub fn ask(event: &Event, hash: &str, catalogue: &Catalogue, now: Timestamp) -> Option<Notice> {
    if approvers(event, catalogue).is_empty() {
        return None;
    }
    let zone = &catalogue.organisation.time_zone;
    Some(Notice {
        id: derive(&["approval", event.id().as_str(), hash]),
        milestone: APPROVAL_NEEDED.to_owned(),
        offset: Some(hash.chars().take(16).collect()),
        stands_for: Vec::new(),
        audience: APPROVERS.to_owned(),
        level: Level::NonTechnical,
        channels: vec![Channel::Email],
        due: now,
        due_local: zone.at(now).to_string(),
        copy_due: None,
        because: "at once; what it says waits for somebody to agree".to_owned(),
        held: false,
        tells: Vec::new(),
    })
}

/// Somebody who must agree, and who can do so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Need {
    /// As what they agree.
    pub role: Approver,
    /// Any one of these; where nobody is named, whoever runs events.
    pub holders: Vec<EmailAddress>,
}

/// That somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The hash of what they agreed to.
    pub hash: String,
    /// As what; nothing for an override, which stands for everybody.
    pub role: Option<Approver>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why nobody who should was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// What somebody says when they approve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// They are not asked, and it cannot wait.
    pub overridden: Option<Override>,
    /// The words that they saw.
    pub hash: Option<String>,
    /// To how many they know that it goes.
    pub recipients: Option<i64>,
}

impl Consent {
    /// Reads `{override: {by, reason}, hash, recipients}`, recording all problems; nothing is consent too.
    pub fn read(
        node: &Node,
        caller: &str,
        now: Timestamp,
        problems: &mut Problems,
    ) -> Option<Consent> {
        if node.value == Value::Null {
            return Some(Consent::default());
        }
        let mut fields = Fields::of(node, "", problems)?;
        let overridden = read_override(&mut fields, caller, now, problems);
        let hash = fields.optional("hash", problems, line(100));
        let recipients = fields.optional("recipients", problems, parse_count);
        fields.finish(problems);
        Some(Consent {
            overridden,
            hash,
            recipients,
        })
    }
}

/// Reads a number as people type it: `12,345` too.
///
/// # Errors
/// Says that a number is wanted.
pub fn parse_count(text: &str) -> Result<i64, String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | ' ' | '\u{a0}'))
        .collect();
    match digits.parse::<i64>() {
        Ok(count) if count >= 0 => Ok(count),
        _ => Err("must be the number of recipients, such as 1234".into()),
    }
}

/// Whether a notice may go out as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Who has not agreed to it as it is now.
    pub missing: Vec<Approver>,
    /// Somebody agreed, but to other words.
    pub stale: bool,
}

impl Standing {
    /// It may go out.
    pub fn is_approved(&self) -> bool {
        self.missing.is_empty()
    }

    /// Why it may not, in words.
    pub fn because(&self) -> String {
        let names: Vec<&str> = self.missing.iter().map(|role| role.words()).collect();
        match self.stale {
            true => format!(
                "what it says was changed after it was approved; {} must agree again",
                names.join(" and ")
            ),
            false => format!("{} has not agreed to it yet", names.join(" and ")),
        }
    }
}

/// What was approved, frozen when its notice begins: the texts are made from this and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The hash that the approvers agreed to.
    pub hash: String,
    /// The texts that it covers.
    pub sheet: Sheet,
    /// The organisation's templates at that moment, as far as the notice may use them.
    pub templates: Vec<Template>,
}

impl Wording {
    /// Of content as it is about to be sent, or to be approved.
    pub fn of(content: &crate::message::Content, sheet: Sheet, templates: &[Template]) -> Wording {
        let templates = templates_for(&content.milestone, templates);
        Wording {
            hash: sheet.hash(content, &templates),
            sheet,
            templates,
        }
    }

    /// Whether this content still makes the texts that were approved.
    pub fn holds_for(&self, content: &crate::message::Content) -> bool {
        self.sheet.hash(content, &self.templates) == self.hash
    }
}

/// Who must agree before this notice of the event goes out. Nobody for what the team tells itself, for the first word about an
/// incident, for what Forewarn says by itself where a policy lets it, and for a reminder to confirm: it says once more what its readers
/// were told, which was agreed to.
pub fn needs(
    event: &Event,
    audience: &str,
    occasion: &Occasion,
    catalogue: &Catalogue,
) -> Vec<Need> {
    match is_said_by_itself(event, occasion) {
        true => Vec::new(),
        false => needs_beside_waiting(event, audience, occasion, catalogue),
    }
}

/// The same while something else of the event waits: what Forewarn says by itself tells what is known by then, and so what waits too.
pub fn needs_beside_waiting(
    event: &Event,
    audience: &str,
    occasion: &Occasion,
    catalogue: &Catalogue,
) -> Vec<Need> {
    let Some(policy) = policy::of_event(event, &catalogue.policies) else {
        return Vec::new();
    };
    if is_inside(audience) || unconfirmed(audience).is_some() || is_free(occasion) {
        return Vec::new();
    }
    let roles = policy.approvers(audience).into_iter();
    roles
        .map(|role| Need {
            role,
            holders: holders(event, role, catalogue),
        })
        .collect()
}

/// What the team tells itself, and the first word about an incident.
fn is_free(occasion: &Occasion) -> bool {
    let milestone = occasion.milestone.as_str();
    let is_first = milestone == "holding" && occasion.update.unwrap_or(0) == 0;
    is_first
        || is_team_notice(milestone)
        || matches!(milestone, COPY_DUE | APPROVAL_NEEDED | HELP_NEEDED)
}

/// Nobody's words: that nothing is new, or by when somebody will write.
fn is_said_by_itself(event: &Event, occasion: &Occasion) -> bool {
    let Event::Incident(incident) = event else {
        return false;
    };
    let update = occasion
        .update
        .and_then(|n| incident.updates.iter().find(|u| u.number == n));
    update.is_some_and(|u| matches!(u.nature, Nature::Automatic | Nature::Moved))
}

/// Who has this role for one of the event's services.
fn holders(event: &Event, role: Approver, catalogue: &Catalogue) -> Vec<EmailAddress> {
    let named = event.services();
    let services = catalogue.services.iter().filter(|s| named.contains(&s.id));
    let holders = services.filter_map(|service| role.of(service));
    let mut holders: Vec<EmailAddress> = holders.cloned().collect();
    holders.sort();
    holders.dedup();
    holders
}

/// Where a notice stands: `given` are the approvals of its event, `before` those that were given for this notice when it
/// said something else.
pub fn standing(needs: &[Need], hash: &str, given: &[Given], before: bool) -> Standing {
    let fits = |role: Approver| {
        let mut given = given.iter().filter(|g| g.hash == hash);
        given.any(|g| g.role.is_none_or(|given| given == role))
    };
    let missing: Vec<Approver> = needs
        .iter()
        .map(|need| need.role)
        .filter(|role| !fits(*role))
        .collect();
    Standing {
        stale: before && !missing.is_empty(),
        missing,
    }
}
