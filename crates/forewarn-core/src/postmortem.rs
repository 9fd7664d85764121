//! What is explained after an incident: what happened, why, whom it hurt, what went well and what changes. The first draft is
//! made of what is on record; people write the rest. Nothing technical enters by itself: neither notes nor technical facts.

mod draft;
mod edit;

pub use draft::{Moment, draft};
pub use edit::Edit;

use crate::contact::EmailAddress;
use crate::id::derive;
use crate::problem::{Invalid, Problem};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The whole text is an update, and no longer than one may be.
pub const MOST_CHARS: usize = 10_000;

/// Who must agree before it is published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// The lawyers.
    Legal,
    /// Whoever speaks to the press.
    Pr,
    /// A person.
    #[serde(untagged)]
    Person(EmailAddress),
}

impl Reviewer {
    /// Reads a reviewer: `legal`, `pr`, or a mail address.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Reviewer, String> {
        match text.trim() {
            "legal" => Ok(Reviewer::Legal),
            "pr" => Ok(Reviewer::Pr),
            address if address.contains('@') => EmailAddress::parse(address).map(Reviewer::Person),
            other => Err(format!(
                "{}; or give a mail address",
                crate::problem::unknown("reviewer", other, ["legal", "pr"])
            )),
        }
    }
}

impl fmt::Display for Reviewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reviewer::Legal => f.write_str("legal"),
            Reviewer::Pr => f.write_str("pr"),
            Reviewer::Person(address) => write!(f, "{address}"),
        }
    }
}

/// Somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Who.
    pub reviewer: Reviewer,
    /// With which text.
    pub hash: String,
    /// Who put that on record.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Something that will be done so that it does not happen again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What.
    pub what: String,
    /// Who does it; not published.
    pub owner: String,
    /// By when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Date>,
    /// It is done.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub done: bool,
}

/// What is explained after an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postmortem {
    /// What happened, with times.
    pub happened: String,
    /// What went wrong, in words anybody may read.
    pub cause: String,
    /// Whom it hurt, and for how long.
    pub impact: String,
    /// What went well.
    pub went_well: String,
    /// What changes.
    pub actions: Vec<Action>,
    /// We are sorry.
    pub apology: String,
}

impl Postmortem {
    /// As it is published: Markdown without the names of those who do the work.
    pub fn text(&self) -> String {
        let action = |action: &Action| {
            let by = action.due.map(|due| format!(" (by {})", day(due)));
            format!("- {}{}", action.what, by.unwrap_or_default())
        };
        let actions: Vec<String> = self.actions.iter().map(action).collect();
        let sections = [
            ("**What happened**", &self.happened),
            ("**Why it happened**", &self.cause),
            ("**Who was affected**", &self.impact),
            ("**What went well**", &self.went_well),
            ("**What we are changing**", &actions.join("\n")),
            ("", &self.apology),
        ];
        let said = sections.iter().filter(|(_, text)| !text.is_empty());
        let said = said.map(|(heading, text)| match *heading {
            "" => (*text).clone(),
            heading => format!("{heading}\n\n{text}"),
        });
        said.collect::<Vec<String>>().join("\n\n")
    }

    /// What reviewers agree with: all of it but whether an action is done.
    pub fn hash(&self, incident: &str) -> String {
        let mut substance = self.clone();
        substance.actions.iter_mut().for_each(|a| a.done = false);
        let text = serde_json::to_string(&substance).unwrap_or_default();
        derive(&["postmortem", incident, &text])
    }

    /// Whose agreement with this text is missing.
    pub fn missing<'a>(
        &self,
        incident: &str,
        reviewers: &'a [Reviewer],
        approvals: &[Approval],
    ) -> Vec<&'a Reviewer> {
        let hash = self.hash(incident);
        let agreed = |who: &&Reviewer| {
            let mut given = approvals.iter();
            given.any(|a| a.reviewer == **who && a.hash == hash)
        };
        reviewers.iter().filter(|who| !agreed(who)).collect()
    }

    /// What keeps it from being published: readers are owed what happened, why, and an apology.
    ///
    /// # Errors
    /// Everything that is missing.
    pub fn complete(&self) -> Result<(), Invalid> {
        let owed = [
            ("happened", &self.happened),
            ("cause", &self.cause),
            ("apology", &self.apology),
        ];
        let missing = owed.iter().filter(|(_, text)| text.is_empty());
        let problems: Vec<Problem> = missing
            .map(|(name, _)| Problem::new(*name, "is missing: readers are owed it"))
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Invalid { problems }),
        }
    }
}

/// A day as readers see it.
fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Postmortem {
        Postmortem {
            happened: "The portal was down.".into(),
            cause: "A disk was full.".into(),
            actions: vec![Action {
                what: "Watch the disks".into(),
                owner: "kim@example.edu".into(),
                due: Some(jiff::civil::date(2026, 12, 1)),
                done: false,
            }],
            apology: "We are sorry.".into(),
            ..Postmortem::default()
        }
    }

    fn agreed(reviewer: &Reviewer, text: &Postmortem) -> Approval {
        Approval {
            reviewer: reviewer.clone(),
            hash: text.hash("INC-1"),
            by: "ann".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_approval_is_for_one_text_and_ticking_off_changes_no_text() {
        let reviewers = ["legal", "pr", "dean@example.edu"].map(|r| Reviewer::parse(r).unwrap());
        let text = written();
        let approvals: Vec<Approval> = reviewers.iter().map(|r| agreed(r, &text)).collect();
        assert!(text.missing("INC-1", &reviewers, &approvals).is_empty());
        assert_eq!(
            text.missing("INC-1", &reviewers, &approvals[..1]),
            [&reviewers[1], &reviewers[2]]
        );
        let mut ticked = text.clone();
        ticked.actions[0].done = true;
        assert!(ticked.missing("INC-1", &reviewers, &approvals).is_empty());
        let mut edited = text.clone();
        edited.actions[0].owner = "lee@example.edu".into();
        assert_eq!(edited.missing("INC-1", &reviewers, &approvals).len(), 3);
        // Nor is it for the same words about another incident.
        assert_eq!(text.missing("INC-2", &reviewers, &approvals).len(), 3);
    }

    #[test]
    fn what_is_published_names_nobody_who_does_the_work() {
        assert_eq!(
            written().text(),
            "**What happened**\n\nThe portal was down.\n\n**Why it happened**\n\nA disk was full.\n\n\
             **What we are changing**\n\n- Watch the disks (by 1 December 2026)\n\nWe are sorry."
        );
    }

    #[test]
    fn readers_are_owed_what_happened_why_and_an_apology() {
        assert!(written().complete().is_ok());
        let problems = Postmortem::default().complete().unwrap_err().problems;
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["happened", "cause", "apology"]);
    }

    #[test]
    fn reviewers_are_roles_or_addresses() {
        assert_eq!(
            Reviewer::parse("legl").unwrap_err(),
            "unknown reviewer 'legl'; did you mean 'legal'?; or give a mail address"
        );
        for text in ["legal", "pr", "dean@example.edu"] {
            let reviewer = Reviewer::parse(text).unwrap();
            assert_eq!(reviewer.to_string(), text);
            let json = serde_json::to_string(&reviewer).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Reviewer>(&json).unwrap(), reviewer);
        }
    }
}
