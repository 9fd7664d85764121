//! The questionnaire: must clients be told, and what did the owners make of the answer?

use super::layout::text;
use super::{Frame, Typed};
use askama::Template;
use forewarn_core::decision::{Answers, Decision, Recorded, Verdict, decide};

/// The questionnaire of a maintenance, with the decision that stands.
///
/// Fields: those of `POST /api/v1/decisions`, dotted where they are nested: `client_action`, `clients_already_know`,
/// `interruption`, `window`, `impact`, `visible_change`, `audience.count`, `audience.identifiable`, `own.verdict`, `own.by`,
/// `own.reason`.
#[derive(Template)]
#[template(path = "console/decision.html")]
pub struct DecisionPage {
    /// The frame.
    pub frame: Frame,
    /// The maintenance's id.
    pub id: String,
    /// The maintenance's title.
    pub title: String,
    /// What was typed, or what stands.
    pub typed: Typed,
    /// The decision that stands.
    pub recorded: Option<Recorded>,
    /// How many people hear, while nobody has been told yet.
    pub people: Option<u64>,
}

type Options = &'static [(&'static str, &'static str)];

impl DecisionPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// What the rules say of the answers that stand.
    fn recommended(&self) -> Option<Decision> {
        self.recorded.as_ref().map(|r| decide(&r.answers))
    }

    fn tone(&self, verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::NotNeeded => "near",
            Verdict::Optional => "info",
            Verdict::Recommended => "slow",
            Verdict::Required => "part",
        }
    }

    fn notices(&self, decision: &Decision) -> String {
        decision.notices.join(", ").replace('_', " ")
    }

    fn channels(&self, decision: &Decision) -> String {
        decision.channels.join(", ").replace('_', " ")
    }

    fn actions(&self) -> Options {
        &[
            ("none", "nothing"),
            ("before", "something before the change"),
            ("after", "something after it"),
            ("both", "something before and after"),
        ]
    }

    fn yes_no(&self) -> Options {
        &[("no", "no"), ("yes", "yes")]
    }

    fn interruptions(&self) -> Options {
        &[
            ("no", "no"),
            ("maybe", "perhaps"),
            ("yes", "yes, if only for seconds"),
        ]
    }

    fn windows(&self) -> Options {
        &[
            ("", "as the plan says"),
            ("standard", "in the standard window"),
            ("outside", "outside"),
        ]
    }

    fn impacts(&self) -> Options {
        &[
            ("low", "few notice"),
            ("medium", "many notice"),
            ("high", "work stops, or the newspaper calls"),
        ]
    }

    fn listed(&self) -> Options {
        &[
            ("", "not known"),
            ("yes", "yes, one by one"),
            ("no", "no, only broadly"),
        ]
    }

    fn verdicts(&self) -> Options {
        &[
            ("", "as recommended"),
            ("not needed", "not needed"),
            ("optional", "optional"),
            ("recommended", "recommended"),
            ("required", "required"),
        ]
    }
}

/// A decision as the form holds it.
pub fn as_typed(recorded: &Recorded) -> Typed {
    let Answers {
        client_action,
        clients_already_know,
        interruption,
        window,
        impact,
        visible_change,
        dependents: _,
        audience,
    } = recorded.answers;
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let mut fields = vec![
        ("client_action", client_action.as_str().to_owned()),
        ("clients_already_know", yes(clients_already_know)),
        ("interruption", interruption.as_str().to_owned()),
        ("window", window.as_str().to_owned()),
        ("impact", impact.as_str().to_owned()),
        ("visible_change", yes(visible_change)),
    ];
    fields.extend(audience.count.map(|n| ("audience.count", n.to_string())));
    let listed = audience.identifiable.map(yes);
    fields.extend(listed.map(|text| ("audience.identifiable", text)));
    if let Some(own) = &recorded.own {
        fields.extend([
            ("own.verdict", own.verdict.as_str().to_owned()),
            ("own.by", own.by.clone()),
            ("own.reason", own.reason.clone()),
        ]);
    }
    Typed {
        fields: fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        problems: Vec::new(),
    }
}
