//! Severity by impact and urgency: how many are hurt, and how soon it hurts more.

use super::{Impact, Incident, NewUpdate, Severity, Status};
use crate::document::{Fields, Problems};
use crate::facts::Facts;
use crate::id::Id;
use crate::problem::{InvalidTransition, unknown};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How much or how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nearly everybody; at once.
    High,
    /// Some; within hours.
    Medium,
    /// Few; it can wait.
    Low,
}

impl Grade {
    /// Every grade, the gravest first.
    pub const ALL: [Grade; 3] = [Grade::High, Grade::Medium, Grade::Low];

    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        ["high", "medium", "low"][self as usize]
    }

    /// Reads a grade.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Grade, String> {
        let text = text.trim();
        let known = Self::ALL.into_iter().find(|g| g.as_str() == text);
        known.ok_or_else(|| unknown("grade", text, Self::ALL.map(Grade::as_str)))
    }
}

/// The severity that follows from impact and urgency.
pub fn severity_by(impact: Grade, urgency: Grade) -> Severity {
    use Severity::{P1, P2, P3, P4, P5};
    [[P1, P2, P3], [P2, P3, P4], [P3, P4, P5]][impact as usize][urgency as usize]
}

impl Incident {
    /// Says that it is graver than was declared: the severity, the impact where it is worse, and what people notice where nobody
    /// has said it. Nothing is ever made milder by this.
    ///
    /// # Errors
    /// When it is over.
    pub fn worsen(
        mut self,
        severity: Severity,
        services: &BTreeMap<Id, Impact>,
        effect: Option<&str>,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Result<Incident, InvalidTransition> {
        if !self.status.is_open() {
            let act = "become graver: only what is open can, and is investigating then";
            return Err(self.refuse(Status::Investigating).cannot(act));
        }
        self.severity = self.severity.min(severity);
        let known = |id: &Id| self.services.get(id).copied().unwrap_or(Impact::None);
        let worse = services.iter().filter(|(id, impact)| **impact > known(id));
        let services = worse.map(|(id, impact)| (id.clone(), *impact)).collect();
        let unsaid = effect.filter(|_| self.facts.effect.is_none());
        let new = NewUpdate {
            facts: Facts {
                effect: unsaid.map(str::to_owned),
                ..Facts::default()
            },
            services,
            ..NewUpdate::nothing()
        };
        self.update(new, next_update, now)
    }
}

/// Reads `severity`, or `impact` with `urgency` in its place; `None` where none of them is given.
pub(super) fn read_severity(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Severity> {
    let severity = fields.optional("severity", problems, Severity::parse);
    let impact = fields.optional("impact", problems, Grade::parse);
    let urgency = fields.optional("urgency", problems, Grade::parse);
    let given = |fields: &mut Fields<'_>, name| fields.node(name).is_some();
    let (has_impact, has_urgency) = (given(fields, "impact"), given(fields, "urgency"));
    if given(fields, "severity") && (has_impact || has_urgency) {
        let problem = "and severity exclude each other";
        let name = if has_impact { "impact" } else { "urgency" };
        fields.problem(name, problem, problems);
        return severity;
    }
    match (has_impact, has_urgency) {
        (true, false) => fields.problem("urgency", "is missing: it goes with impact", problems),
        (false, true) => fields.problem("impact", "is missing: it goes with urgency", problems),
        _ => {}
    }
    let by = impact.zip(urgency);
    severity.or(by.map(|(impact, urgency)| severity_by(impact, urgency)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_follows_from_impact_and_urgency() {
        use Grade::{High, Low, Medium};
        for (impact, urgency, severity) in [
            (High, High, "P1"),
            (High, Medium, "P2"),
            (High, Low, "P3"),
            (Medium, High, "P2"),
            (Medium, Medium, "P3"),
            (Medium, Low, "P4"),
            (Low, High, "P3"),
            (Low, Medium, "P4"),
            (Low, Low, "P5"),
        ] {
            let found = severity_by(impact, urgency).as_str();
            assert_eq!(found, severity, "{impact:?} {urgency:?}");
        }
    }
}
