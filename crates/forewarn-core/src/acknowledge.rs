//! Confirming that one has read a message: which audiences are asked to, how many of them must, and the one reminder to those who
//! have not.

use crate::audience::Audience;
use crate::document::Catalogue;
use crate::id::derive;
use crate::plan::{Notice, PROMISE_BROKEN, PROMISE_WARNING};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether the members of an audience are asked to confirm that they have read a message, and how many must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Acknowledge {
    /// They are asked, and it is shown who has.
    Asked,
    /// All of them must.
    Required,
    /// At least so many must.
    AtLeast(u32),
}

impl Acknowledge {
    /// Reads `asked`, `required`, or how many must at least.
    ///
    /// # Errors
    /// Says the forms.
    pub fn parse(text: &str) -> Result<Acknowledge, String> {
        match text.trim() {
            "asked" => Ok(Acknowledge::Asked),
            "required" => Ok(Acknowledge::Required),
            number => match number.parse::<u32>() {
                Ok(number) if number > 0 => Ok(Acknowledge::AtLeast(number)),
                _ => Err(
                    "must be asked, required (all must confirm), or how many must at least".into(),
                ),
            },
        }
    }

    /// How many of so many must confirm.
    pub fn needed(self, of: usize) -> usize {
        match self {
            Acknowledge::Asked => 0,
            Acknowledge::Required => of,
            Acknowledge::AtLeast(number) => number as usize,
        }
    }
}

impl From<Acknowledge> for String {
    fn from(acknowledge: Acknowledge) -> String {
        match acknowledge {
            Acknowledge::Asked => "asked".into(),
            Acknowledge::Required => "required".into(),
            Acknowledge::AtLeast(number) => number.to_string(),
        }
    }
}

impl TryFrom<String> for Acknowledge {
    type Error = String;

    fn try_from(text: String) -> Result<Acknowledge, String> {
        Acknowledge::parse(&text)
    }
}

/// What is to be confirmed: the first word of an event and every change of its times. Who was told of trouble is not asked again
/// with each update.
const ASKED: [&str; 8] = [
    "announcement",
    "holding",
    "delay",
    "reschedule",
    "extension",
    "cancellation",
    "discovery",
    "planned_outage",
];

/// Those who have not confirmed get one reminder after this time.
pub const REMIND_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The audience that is asked to confirm this notice, and how.
pub fn asked<'a>(
    milestone: &str,
    audience: &str,
    catalogue: &'a Catalogue,
) -> Option<(&'a Audience, Acknowledge)> {
    let found = catalogue.audiences.iter().find(|a| a.id == *audience)?;
    let how = found.acknowledge.filter(|_| ASKED.contains(&milestone))?;
    Some((found, how))
}

/// Whether those who run an event are asked to confirm it, by a link of their own: that a promise is due, or broken. Nobody is
/// reminded of it: the next warning comes by itself.
pub fn is_warning(milestone: &str) -> bool {
    matches!(milestone, PROMISE_WARNING | PROMISE_BROKEN)
}

/// What the audience of those who have not confirmed a notice begins with.
const PREFIX: &str = "unconfirmed-";

/// The name of such audiences.
pub const NAME: &str = "Those who have not confirmed";

/// The notice that the members of this audience have not confirmed.
pub fn unconfirmed(audience: &str) -> Option<&str> {
    audience
        .strip_prefix(PREFIX)
        .filter(|notice| !notice.is_empty())
}

/// The one reminder to those who will not have confirmed a notice by then. Made twice it is the same.
pub fn reminder(event: &str, of: &Notice, at: Timestamp, catalogue: &Catalogue) -> Notice {
    let audience = format!("{PREFIX}{}", of.id);
    Notice {
        id: derive(&["notice", event, "confirm", &audience]),
        offset: Some("confirm".into()),
        stands_for: Vec::new(),
        audience,
        due: at,
        due_local: catalogue.organisation.time_zone.at(at).to_string(),
        because: "to those who have not confirmed".into(),
        held: false,
        tells: Vec::new(),
        ..of.clone()
    }
}

/// The reminders that these notices bring with them.
pub fn reminders(event: &str, notices: &[Notice], catalogue: &Catalogue) -> Vec<Notice> {
    let asked = notices
        .iter()
        .filter(|n| asked(&n.milestone, &n.audience, catalogue).is_some());
    asked
        .map(|n| reminder(event, n, n.due + REMIND_AFTER, catalogue))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_some_or_nobody_must_confirm() {
        for (text, of_seven) in [("asked", 0), ("required", 7), ("2", 2)] {
            let read = Acknowledge::parse(text).unwrap();
            assert_eq!(read.needed(7), of_seven, "{text}");
            assert_eq!(String::from(read), text);
        }
        for wrong in ["", "0", "-1", "all of them", "1.5"] {
            assert!(Acknowledge::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reminder_knows_of_what() {
        assert_eq!(unconfirmed("unconfirmed-n1"), Some("n1"));
        assert_eq!(
            (unconfirmed("unconfirmed-"), unconfirmed("students")),
            (None, None)
        );
    }
}
