//! The communication decision: is client communication needed, and why? A questionnaire of few answers, a table of rules.
//!
//! [`decide`] is pure: the command line, the API and the console all call it. The rules are those of the design's planning
//! page and keep their names there.

use crate::document::{Catalogue, Fields, Node, Problems, boolean, line, prose};
use crate::maintenance::Maintenance;
use crate::plan::inside_standard_window;
use crate::problem::unknown;
use crate::service::affected;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// More clients than this make something that is required a matter for the leadership.
const MANY_CLIENTS: u64 = 1_000;

/// Enums that are written by name.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $what:literal, default $default:ident, { $($(#[$variant_doc:meta])* $variant:ident = $text:literal $(| $also:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl Default for $name {
            fn default() -> $name { $name::$default }
        }

        impl $name {
            /// Every one of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Its name in documents and answers.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Reads a name.
            ///
            /// # Errors
            /// Offers the nearest known name.
            pub fn parse(text: &str) -> Result<$name, String> {
                match text.trim().to_ascii_lowercase().as_str() {
                    $($text $(| $also)* => Ok($name::$variant),)+
                    _ => Err(unknown($what, text, [$($text),+])),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                $name::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

named!(
    /// When clients must do something.
    ClientAction, "answer", default None, {
        /// Nothing.
        None = "none",
        /// Before the change.
        Before = "before",
        /// After it.
        After = "after",
        /// Both.
        Both = "both",
    }
);

named!(
    /// Whether the service is interrupted; seconds count.
    Interruption, "answer", default No, {
        /// It is not.
        No = "no" | "false",
        /// It may be.
        Maybe = "maybe",
        /// It is.
        Yes = "yes" | "true",
    }
);

named!(
    /// Where the change lies.
    InWindow, "answer", default Outside, {
        /// Wholly in the standard window of the service.
        Standard = "standard",
        /// Elsewhere.
        Outside = "outside",
    }
);

named!(
    /// How visible or grave an outage is.
    Gravity, "answer", default Low, {
        /// Few notice.
        Low = "low",
        /// Many notice.
        Medium = "medium",
        /// Work stops, or the newspaper calls.
        High = "high",
    }
);

named!(
    /// Whether clients must be told.
    Verdict, "verdict", default NotNeeded, {
        /// No rule asks for it.
        NotNeeded = "not needed" | "not_needed",
        /// It does no harm.
        Optional = "optional",
        /// Better so.
        Recommended = "recommended",
        /// Without it clients come to harm.
        Required = "required",
    }
);

/// Who is affected, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clients {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
    /// Whether they can be listed one by one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub identifiable: Option<bool>,
}

/// The answers to the questionnaire. What is not known has its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// When clients must do something.
    pub client_action: ClientAction,
    /// Whether they know of it already.
    pub clients_already_know: bool,
    /// Whether the service is interrupted.
    pub interruption: Interruption,
    /// Whether that happens in the standard window.
    pub window: InWindow,
    /// How visible or grave it is.
    pub impact: Gravity,
    /// Whether clients notice a difference afterwards.
    pub visible_change: bool,
    /// How many services depend on it.
    pub dependents: u64,
    /// Who is affected.
    pub audience: Clients,
}

impl Answers {
    /// Reads a flat map of answers, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Answers> {
        let mut fields = Fields::of(node, path, problems)?;
        let count = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| "must be a whole number, 0 or more".to_owned())
        };
        let answers = Answers {
            client_action: fields
                .optional("client_action", problems, ClientAction::parse)
                .unwrap_or_default(),
            clients_already_know: fields
                .optional("clients_already_know", problems, boolean)
                .unwrap_or_default(),
            interruption: fields
                .optional("interruption", problems, Interruption::parse)
                .unwrap_or_default(),
            window: fields
                .optional("window", problems, InWindow::parse)
                .unwrap_or_default(),
            impact: fields
                .optional("impact", problems, Gravity::parse)
                .unwrap_or_default(),
            visible_change: fields
                .optional("visible_change", problems, boolean)
                .unwrap_or_default(),
            dependents: fields
                .optional("dependents", problems, count)
                .unwrap_or_default(),
            audience: match fields.node("audience") {
                None => Clients::default(),
                Some(node) => {
                    let mut of = Fields::of(node, &fields.path_of("audience"), problems)?;
                    let clients = Clients {
                        count: of.optional("count", problems, count),
                        identifiable: of.optional("identifiable", problems, boolean),
                    };
                    of.finish(problems);
                    clients
                }
            },
        };
        fields.finish(problems);
        Some(answers)
    }
}

/// A rule that fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// Its name.
    pub rule: &'static str,
    /// What it says of this change.
    pub because: &'static str,
}

/// What follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether clients must be told: the strongest of all rules that fired.
    pub verdict: Verdict,
    /// Which notices: `pre_event`, `reminder`, `post_event_reminder`, `advance_notice`.
    pub notices: Vec<&'static str>,
    /// Whether a planned outage with its period stands on the change request.
    pub planned_outage: bool,
    /// Whether the leadership hears before the rest.
    pub leadership_notice: bool,
    /// Broad channels, where clients cannot be listed one by one.
    pub channels: Vec<&'static str>,
    /// Whether the audiences of services that depend on this one are told too.
    pub dependents_told: bool,
    /// The policy that is proposed, where the usual one gives too little time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'static str>,
    /// Every rule that fired, in the order of the table.
    pub rules: Vec<Fired>,
}

impl Decision {
    fn fire(
        &mut self,
        rule: &'static str,
        verdict: Verdict,
        notices: &[&'static str],
        because: &'static str,
    ) {
        self.verdict = self.verdict.max(verdict);
        for notice in notices {
            if !self.notices.contains(notice) {
                self.notices.push(notice);
            }
        }
        self.rules.push(Fired { rule, because });
    }
}

/// Goes through the rules.
pub fn decide(answers: &Answers) -> Decision {
    let mut decision = Decision {
        verdict: Verdict::NotNeeded,
        notices: Vec::new(),
        planned_outage: false,
        leadership_notice: false,
        channels: Vec::new(),
        dependents_told: false,
        policy: None,
        rules: Vec::new(),
    };
    action(answers, &mut decision);
    outage(answers, &mut decision);
    if answers.visible_change {
        decision.fire(
            "visible-change",
            Verdict::Recommended,
            &["advance_notice"],
            "clients will notice a difference and should have it explained",
        );
    }
    if answers.dependents > 0 && answers.interruption != Interruption::No {
        decision.dependents_told = true;
        decision.fire(
            "dependents",
            Verdict::Recommended,
            &[],
            "other services depend on this one: their clients feel it too",
        );
    }
    reach(answers, &mut decision);
    if decision.rules.is_empty() {
        decision.fire(
            "none",
            Verdict::NotNeeded,
            &[],
            "clients need not act, nothing is interrupted, and nothing looks different",
        );
    }
    decision
}

fn action(answers: &Answers, decision: &mut Decision) {
    use ClientAction as Act;
    if answers.client_action == Act::None {
        return;
    }
    if matches!(answers.client_action, Act::Before | Act::Both) {
        decision.policy = Some("major");
    }
    let after = matches!(answers.client_action, Act::After | Act::Both);
    if answers.clients_already_know {
        decision.fire(
            "client-action-known",
            Verdict::Recommended,
            &["pre_event"],
            "clients must act, and know it already: remind them",
        );
    } else if after {
        decision.fire(
            "client-action",
            Verdict::Required,
            &["pre_event", "reminder", "post_event_reminder"],
            "clients must act after the change and do not know yet",
        );
    } else {
        decision.fire(
            "client-action",
            Verdict::Required,
            &["pre_event", "reminder"],
            "clients must act before the change and do not know yet",
        );
    }
}

fn outage(answers: &Answers, decision: &mut Decision) {
    if answers.interruption == Interruption::No {
        return;
    }
    decision.planned_outage = true;
    match (answers.window, answers.impact) {
        (InWindow::Standard, Gravity::Low) => decision.fire(
            "outage-standard",
            Verdict::Optional,
            &[],
            "an interruption of low impact in the standard window, which clients know",
        ),
        (InWindow::Standard, Gravity::Medium) => decision.fire(
            "outage-standard",
            Verdict::Recommended,
            &[],
            "an interruption of medium impact, although in the standard window",
        ),
        (InWindow::Standard, Gravity::High) => decision.fire(
            "outage-standard",
            Verdict::Required,
            &[],
            "an interruption of high impact, although in the standard window",
        ),
        (InWindow::Outside, Gravity::Low) => decision.fire(
            "outage-outside",
            Verdict::Recommended,
            &["advance_notice"],
            "an interruption outside the standard window, where nobody expects it",
        ),
        (InWindow::Outside, Gravity::Medium | Gravity::High) => decision.fire(
            "outage-outside",
            Verdict::Required,
            &["advance_notice"],
            "a grave or visible interruption outside the standard window, where nobody expects it",
        ),
    }
}

/// Who else hears and by which channels. Never changes the verdict.
fn reach(answers: &Answers, decision: &mut Decision) {
    if decision.verdict < Verdict::Recommended {
        return;
    }
    let verdict = decision.verdict;
    let many = answers.audience.count.is_some_and(|n| n > MANY_CLIENTS);
    if answers.impact == Gravity::High || (verdict == Verdict::Required && many) {
        decision.leadership_notice = true;
        let because = if answers.impact == Gravity::High {
            "the impact is high: the leadership hears before the rest"
        } else {
            "more than 1,000 clients must be told: the leadership hears before the rest"
        };
        decision.fire("leadership", verdict, &[], because);
    }
    if answers.audience.identifiable == Some(false) {
        decision.channels = vec!["status_page", "banner", "newsletter"];
        decision.fire(
            "broad-reach",
            verdict,
            &[],
            "clients cannot be listed one by one: broad channels reach them",
        );
    }
}

/// What the catalogue knows about work, so that nobody need answer it: whether it lies in the standard window, and how many other
/// services depend on those that it works on.
pub fn known_of(maintenance: &Maintenance, catalogue: &Catalogue) -> (InWindow, u64) {
    let services = &maintenance.services;
    let window = match inside_standard_window(services, maintenance.window(), catalogue) {
        true => InWindow::Standard,
        false => InWindow::Outside,
    };
    let all = affected(services, &catalogue.services).len();
    (window, all.saturating_sub(services.len()) as u64)
}

/// A decision that stands with its event: the answers, and what the owners made of the recommendation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was answered.
    pub answers: Answers,
    /// The owners' own decision, where it differs from the recommendation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub own: Option<OwnDecision>,
}

/// What the owners decided themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnDecision {
    /// Their verdict.
    pub verdict: Verdict,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl OwnDecision {
    /// Reads the owners' own decision, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<OwnDecision> {
        let mut own = Fields::of(node, path, problems)?;
        let verdict = own.required("verdict", problems, Verdict::parse);
        let by = own.required("by", problems, line(200));
        let reason = own.required("reason", problems, prose(1_000));
        own.finish(problems);
        Some(OwnDecision {
            verdict: verdict?,
            by: by?,
            reason: reason?,
        })
    }
}

impl Recorded {
    /// Reads a recorded decision, recording all problems: `answers`, and `own: {verdict, by, reason}`.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Recorded> {
        let mut fields = Fields::of(node, path, problems)?;
        let answers = match fields.node("answers") {
            Some(node) => Answers::read(node, &fields.path_of("answers"), problems),
            None => Some(Answers::default()),
        };
        let own = fields
            .node("own")
            .map(|node| OwnDecision::read(node, &fields.path_of("own"), problems));
        fields.finish(problems);
        Some(Recorded {
            answers: answers?,
            own: match own {
                None => None,
                Some(read) => Some(read?),
            },
        })
    }

    /// What holds: the owners' word, else the recommendation.
    pub fn verdict(&self) -> Verdict {
        match &self.own {
            Some(own) => own.verdict,
            None => decide(&self.answers).verdict,
        }
    }

    /// Whether the leadership hears before the rest.
    pub fn tells_leadership(&self) -> bool {
        self.verdict() != Verdict::NotNeeded && decide(&self.answers).leadership_notice
    }
}

#[cfg(test)]
mod tests;
