//! Routing: which events an audience hears of, and which parts of their story.

use crate::document::{Fields, Node, Problems};
use crate::incident::Severity;
use crate::message::{MILESTONES, milestones_of};
use crate::problem::unknown;
use serde::{Deserialize, Serialize};

/// Where the trouble comes from, as far as it matters for who is told: developers hear of faults in applications and not of
/// a failed disk, legal hears of security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A program of our own.
    Application,
    /// Machines, networks, power, and what runs on them for everybody.
    Infrastructure,
    /// An attack, a leak, a hole.
    Security,
    /// Somebody whom we buy it from.
    ThirdParty,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 4] = [
        Cause::Application,
        Cause::Infrastructure,
        Cause::Security,
        Cause::ThirdParty,
    ];

    /// The name used in documents and the API.
    pub fn as_str(self) -> &'static str {
        ["application", "infrastructure", "security", "third_party"][self as usize]
    }

    /// Reads a cause.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Cause, String> {
        let known = Self::ALL.into_iter().find(|c| c.as_str() == text.trim());
        known.ok_or_else(|| unknown("cause", text, Self::ALL.map(Cause::as_str)))
    }
}

/// What routing looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// `maintenance`, `incident`, ...
    pub kind: &'static str,
    /// How grave (incidents).
    pub severity: Option<Severity>,
    /// Where it comes from; absent while nobody knows.
    pub cause: Option<Cause>,
}

/// Which events an audience hears of. An absent list admits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Kinds of event: `maintenance`, `incident`, ...
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub events: Option<Vec<String>>,
    /// Severities of incidents.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severities: Option<Vec<Severity>>,
    /// Causes. While nobody knows the cause, an audience that asks for certain ones is not told; it hears from the moment
    /// at which it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub causes: Option<Vec<Cause>>,
    /// Milestones: `announcement`, `completion`, `holding`, `resolution`, ...
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stages: Option<Vec<String>>,
}

/// Kinds of event of which people are told.
pub const KINDS: [&str; 4] = ["maintenance", "incident", "announcement", "advisory"];

/// Reads a kind of event.
///
/// # Errors
/// Offers the nearest known name.
pub(crate) fn parse_kind(text: &str) -> Result<String, String> {
    match KINDS.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(unknown("kind of event", text, KINDS)),
    }
}

impl Routing {
    /// Reads routing, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Routing> {
        let one_of = |what: &'static str, known: &'static [&'static str]| {
            move |text: &str| match known.contains(&text) {
                true => Ok(text.to_owned()),
                false => Err(unknown(what, text, known.iter().copied())),
            }
        };
        let mut fields = Fields::of(node, path, problems)?;
        let routing = Routing {
            events: fields.list("events", problems, parse_kind),
            severities: fields.list("severities", problems, Severity::parse),
            causes: fields.list("causes", problems, Cause::parse),
            stages: fields.list("stages", problems, one_of("milestone", &MILESTONES)),
        };
        fields.finish(problems);
        Some(routing)
    }

    /// Whether events like this one are heard of.
    pub fn admits(&self, about: &About) -> bool {
        self.keeps_away(about).is_none()
    }

    /// Why events like this one are not heard of, in words; `None` where they are.
    pub fn keeps_away(&self, about: &About) -> Option<String> {
        if !admits(&self.events, |kind| kind == about.kind) {
            let kinds = self.events.iter().flatten().map(String::as_str);
            return Some(format!("hears of {} only", listed(kinds)));
        }
        if let Some(severity) = about.severity
            && !admits(&self.severities, |s| *s == severity)
        {
            let heard = self.severities.iter().flatten().map(|s| s.as_str());
            let (heard, this) = (listed(heard), severity.as_str());
            return Some(format!(
                "hears of severity {heard} only, and this is {this}"
            ));
        }
        if !admits(&self.causes, |cause| Some(*cause) == about.cause) {
            let heard = listed(self.causes.iter().flatten().map(|c| c.as_str()));
            let this = match about.cause {
                Some(cause) => format!("this is {}", cause.as_str()),
                None => "nobody has said the cause of this".to_owned(),
            };
            return Some(format!("hears of the cause {heard} only, and {this}"));
        }
        None
    }

    /// Why nothing of the story of such events is heard although they are admitted, in words: none of their parts is. `None` where
    /// something is.
    pub fn hears_no_part_of(&self, kind: &str) -> Option<String> {
        let stages = self.stages.as_ref()?;
        let parts = milestones_of(kind);
        let hears = parts.is_empty() || parts.iter().any(|part| self.admits_stage(part));
        let stages = listed(stages.iter().map(String::as_str));
        (!hears)
            .then(|| format!("hears of the stages {stages} only, and no {kind} has one of them"))
    }

    /// Whether this part of their story is.
    pub fn admits_stage(&self, milestone: &str) -> bool {
        admits(&self.stages, |stage| stage == milestone)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn admits<T>(list: &Option<Vec<T>>, wanted: impl Fn(&T) -> bool) -> bool {
    list.as_ref().is_none_or(|list| list.iter().any(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of who hears: routing, kind, severity, cause, and the answer.
    #[test]
    fn who_hears_of_what() {
        let executives = Routing {
            severities: Some(vec![Severity::P1, Severity::P2]),
            ..Routing::default()
        };
        let developers = Routing {
            causes: Some(vec![Cause::Application]),
            ..Routing::default()
        };
        let legal = Routing {
            events: Some(vec!["incident".into()]),
            causes: Some(vec![Cause::Security]),
            ..Routing::default()
        };
        let everybody = Routing::default();
        let about = |kind, severity, cause| About {
            kind,
            severity,
            cause,
        };
        use Cause::*;
        use Severity::*;
        // executives, developers, legal, everybody
        let table = [
            (
                about("incident", Some(P1), None),
                [true, false, false, true],
            ),
            (
                about("incident", Some(P3), None),
                [false, false, false, true],
            ),
            (
                about("incident", Some(P2), Some(Application)),
                [true, true, false, true],
            ),
            (
                about("incident", Some(P4), Some(Infrastructure)),
                [false, false, false, true],
            ),
            (
                about("incident", Some(P5), Some(Security)),
                [false, false, true, true],
            ),
            (
                about("incident", Some(P1), Some(ThirdParty)),
                [true, false, false, true],
            ),
            (about("maintenance", None, None), [true, false, false, true]),
            (
                about("maintenance", None, Some(Application)),
                [true, true, false, true],
            ),
            (
                about("maintenance", None, Some(Security)),
                [true, false, false, true],
            ),
        ];
        for (about, expected) in table {
            let hear = [&executives, &developers, &legal, &everybody].map(|r| r.admits(&about));
            assert_eq!(hear, expected, "{about:?}");
        }
        let fault = about("incident", Some(P3), Some(Application));
        let why = |routing: &Routing, about| routing.keeps_away(&about).unwrap_or_default();
        assert_eq!(
            [
                why(&executives, fault),
                why(&legal, fault),
                why(
                    &legal,
                    About {
                        cause: None,
                        ..fault
                    }
                ),
                why(
                    &legal,
                    About {
                        kind: "maintenance",
                        ..fault
                    }
                ),
                why(&developers, fault),
            ],
            [
                "hears of severity P1, P2 only, and this is P3",
                "hears of the cause security only, and this is application",
                "hears of the cause security only, and nobody has said the cause of this",
                "hears of incident only",
                "",
            ]
        );
    }

    #[test]
    fn stages_are_parts_of_the_story() {
        let ends = Routing {
            stages: Some(vec!["holding".into(), "resolution".into()]),
            ..Routing::default()
        };
        assert!(ends.admits_stage("holding") && ends.admits_stage("resolution"));
        assert!(!ends.admits_stage("update") && Routing::default().admits_stage("update"));
        let why =
            "hears of the stages holding, resolution only, and no maintenance has one of them";
        assert_eq!(ends.hears_no_part_of("maintenance").as_deref(), Some(why));
        assert_eq!(ends.hears_no_part_of("incident"), None);
        assert_eq!(ends.hears_no_part_of("window"), None);
        assert_eq!(Routing::default().hears_no_part_of("maintenance"), None);
    }
}
