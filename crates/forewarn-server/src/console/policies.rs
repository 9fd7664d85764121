//! Policies: what each says in words, and what it would do with work that somebody imagines.

use super::layout::text;
use super::{Choice, Frame, Plan};
use crate::status_page::when;
use askama::Template;
use forewarn_core::incident::Severity;
use forewarn_core::offset::Offset;
use forewarn_core::policy::{Approver, Policy, Progress};

/// Every policy.
///
/// Its form (GET) takes `start`, when the example starts, and `service`, what it is about.
#[derive(Template)]
#[template(path = "console/policies.html")]
pub struct PolicyList {
    /// The frame.
    pub frame: Frame,
    /// When the example starts, as the field of the form says it.
    pub start: String,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// The service that the example is about; all of them when empty.
    pub service: String,
    /// Services to choose among.
    pub services: Vec<Choice>,
    /// Policies, the organisation's own first.
    pub items: Vec<PolicyCard>,
}

/// A policy with its example.
pub struct PolicyCard {
    /// The policy.
    pub policy: Policy,
    /// The organisation wrote it.
    pub own: bool,
    /// What it would do, where it plans ahead.
    pub example: Option<Plan>,
}

impl PolicyList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl PolicyCard {
    fn name(&self) -> String {
        super::sentence(&self.policy.id.as_str().replace(['_', '-'], " "))
    }

    /// "Maintenance of the kind 'major'"
    fn is_for(&self) -> String {
        let applies_to = &self.policy.applies_to;
        let event = super::sentence(&applies_to.event);
        match &applies_to.kind {
            Some(kind) => format!("{event} of the kind “{}”", kind.replace('_', " ")),
            None => event,
        }
    }

    /// All that it says, by what it is about.
    fn words(&self) -> Vec<(&'static str, String)> {
        let policy = &self.policy;
        let is_work = policy.applies_to.event == "maintenance";
        let said = [
            ("People hear", ahead(policy)),
            ("During the work", progress(policy).filter(|_| is_work)),
            ("Who agrees first", approval(policy)),
            ("Afterwards", hypercare(policy)),
            ("The next word comes", cadence(policy)),
            ("Whoever speaks is warned", warned(policy)),
            ("Whoever is called answers", answers(policy)),
            ("Goes out by itself", by_itself(policy)),
            ("An explanation needs", explained(policy)),
        ];
        let known = said.into_iter();
        known
            .filter_map(|(name, words)| Some((name, words?)))
            .collect()
    }
}

/// "5 business days, 1 business day and 30 minutes before the start, at 09:00"
fn ahead(policy: &Policy) -> Option<String> {
    if policy.before.is_empty() {
        return None;
    }
    let words = |offset: &Offset| offset.words();
    let later = policy.before.iter().filter(|o| **o != Offset::AtOnce);
    let later: Vec<String> = later.map(words).collect();
    let mut said = Vec::new();
    if policy.before.contains(&Offset::AtOnce) {
        said.push("at once".to_owned());
    }
    if !later.is_empty() {
        let what = match policy.applies_to.event.as_str() {
            "maintenance" => "the start",
            _ => "it takes effect",
        };
        said.push(format!("{} before {what}", listed(&later)));
    }
    let in_days = |offset: &Offset| offset.elapsed().is_none() && *offset != Offset::AtOnce;
    let mut said = said.join("; ");
    if policy.before.iter().any(in_days) {
        let at = policy.at.strftime("%H:%M");
        said += &format!("; what is counted in days goes out at {at} on each audience's clocks");
    }
    Some(said)
}

fn progress(policy: &Policy) -> Option<String> {
    let each = policy.progress.iter().map(|progress| match progress {
        Progress::Percent(share) => format!("at {share}%"),
        Progress::Every(minutes) => format!("every {minutes} minutes"),
        Progress::Steps => "when a step is done".to_owned(),
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| {
        let least = when::lasts(policy.min_window);
        format!("{}, in windows of at least {least}", listed(&each))
    })
}

fn approval(policy: &Policy) -> Option<String> {
    let each = policy.approval.iter().map(|(audience, roles)| {
        let roles: Vec<String> = roles.iter().map(|r: &Approver| r.words().into()).collect();
        match audience.as_str() {
            "default" => listed(&roles),
            audience => format!("for {audience}: {}", listed(&roles)),
        }
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join("; "))
}

fn hypercare(policy: &Policy) -> Option<String> {
    let care = policy.hypercare.as_ref()?;
    let (lasts, every) = (care.lasts.words(), care.every.words());
    Some(format!("people are asked for {lasts}, every {every}"))
}

fn cadence(policy: &Policy) -> Option<String> {
    if policy.applies_to.event != "incident" {
        return None;
    }
    let each = Severity::ALL.map(|severity| {
        let after = policy.cadence_of(severity).words();
        format!("{}: after {after}", severity.as_str())
    });
    Some(each.join("; "))
}

fn warned(policy: &Policy) -> Option<String> {
    let each = policy
        .warn_before
        .iter()
        .map(|before| when::lasts(before.0));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("{} before a promised word is due", listed(&each)))
}

fn answers(policy: &Policy) -> Option<String> {
    (policy.applies_to.event == "incident").then(|| {
        let within = when::lasts(policy.acknowledge_within());
        format!("within {within}, or the next one is called")
    })
}

fn by_itself(policy: &Policy) -> Option<String> {
    let kept = policy.keep_automatically.iter().filter(|(_, keep)| **keep);
    let kept: Vec<String> = kept.map(|(s, _)| s.as_str().to_owned()).collect();
    (!kept.is_empty()).then(|| {
        let which = listed(&kept);
        format!("that nothing is new yet, before a promise lapses, at {which}")
    })
}

fn explained(policy: &Policy) -> Option<String> {
    let each = policy.follow_up_approval.iter().map(ToString::to_string);
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("the word of {}", listed(&each)))
}

/// "a, b and c"
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
