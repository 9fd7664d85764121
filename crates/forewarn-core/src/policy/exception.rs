//! One event's exception from its policy, with the reason for it.

use super::order::out_of_order;
use super::{Policy, Progress, nine, progress_problem};
use crate::document::{Fields, Node, Problems, prose};
use crate::offset::Offset;
use crate::time::{duration_text, parse_duration, parse_time_of_day};
use jiff::SignedDuration;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// What one event does otherwise than its policy says, and why. What is absent is as the policy says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Notices before the start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Vec<Offset>>,
    /// Time of day of notices counted in days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Time>,
    /// When progress is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub progress: Option<Vec<Progress>>,
    /// Progress only in windows at least this long.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub min_window: Option<LongEnough>,
    /// Why.
    pub reason: String,
}

/// A duration written as ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongEnough(#[serde(with = "duration_text")] pub SignedDuration);

impl Exception {
    /// Reads `{before, at, progress, min_window, reason}`, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Exception> {
        let mut fields = Fields::of(node, path, problems)?;
        let before = fields.list("before", problems, Offset::parse);
        let at = fields.optional("at", problems, parse_time_of_day);
        let progress = fields.list("progress", problems, Progress::parse);
        let min_window = fields.optional("min_window", problems, parse_duration);
        let reason = fields.required("reason", problems, prose(1_000));
        let named = ["before", "at", "progress", "min_window"];
        if named.into_iter().all(|name| fields.node(name).is_none()) {
            let problem = format!("overrides nothing; name one of {}", named.join(", "));
            problems.add(path, node.place, problem);
        }
        if let Some(problem) = progress.as_deref().and_then(progress_problem) {
            fields.problem("progress", problem, problems);
        }
        let time = at.unwrap_or_else(nine);
        if let Some(problem) = before
            .as_deref()
            .and_then(|before| out_of_order(before, time))
        {
            fields.problem("before", problem, problems);
        }
        fields.finish(problems);
        Some(Exception {
            before,
            at,
            progress,
            min_window: min_window.map(LongEnough),
            reason: reason?,
        })
    }

    /// The policy as it holds for this event.
    pub fn laid_over(&self, policy: &Policy) -> Policy {
        let mut policy = policy.clone();
        if let Some(before) = &self.before {
            policy.before.clone_from(before);
        }
        if let Some(progress) = &self.progress {
            policy.progress.clone_from(progress);
        }
        policy.at = self.at.unwrap_or(policy.at);
        policy.min_window = self
            .min_window
            .map_or(policy.min_window, |LongEnough(length)| length);
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;
    use crate::policy::BUILT_IN;

    fn read(text: &str) -> (Option<Exception>, Vec<String>) {
        let mut problems = Problems::default();
        let exception = Exception::read(
            &parse_yaml(text).unwrap()[0],
            "maintenance.override",
            &mut problems,
        );
        let told = problems
            .0
            .iter()
            .map(|p| format!("{}: {}", p.field, p.problem));
        (exception, told.collect())
    }

    #[test]
    fn what_is_named_differs_and_the_rest_stays() {
        let text = "{before: [2bd, 30min], at: '08:00', progress: every 30min, reason: The vendor gave two days' notice.}";
        let (exception, problems) = read(text);
        assert_eq!(problems, Vec::<String>::new());
        let routine = &BUILT_IN[0];
        assert_eq!(
            exception.unwrap().laid_over(routine),
            Policy {
                before: vec![Offset::BusinessDays(2), Offset::Minutes(30)],
                at: jiff::civil::time(8, 0, 0, 0),
                progress: vec![Progress::Every(30)],
                ..routine.clone()
            }
        );
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let (_, problems) = read(
            "{before: [1bd, 2bd], att: '08:00', progress: [often, 50%, 50%], min_window: long}",
        );
        assert_eq!(
            problems,
            [
                "maintenance.override.progress[0]: must be a percentage of the window such as 25%, a time such as every 30min, or steps",
                "maintenance.override.min_window: must be a duration such as PT30M, PT2H, 30min or 2h",
                "maintenance.override.reason: is missing",
                "maintenance.override.progress: 50% stands twice",
                "maintenance.override.before: must go from the earliest to the latest, but 1bd is never before 2bd",
                "maintenance.override.att: unknown field 'att'; did you mean 'at'?",
            ]
        );
        let (_, problems) = read("{reason: Because.}");
        assert_eq!(
            problems,
            [
                "maintenance.override: overrides nothing; name one of before, at, progress, min_window"
            ]
        );
    }
}
