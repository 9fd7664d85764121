//! Self-service subscription: who asked, what they chose, and whether they have proved that the mailbox is theirs.
//!
//! Whoever enters an address gets a mail with a link, and only who follows it is subscribed (double opt-in). The mail that
//! an address gets which is subscribed already leads to its choices: an answer never tells whether an address is known.

use crate::contact::{Contact, EmailAddress, Endpoint};
use crate::document::{Fields, Node, Problems};
use crate::facts::Facts;
use crate::id::{Id, derive};
use crate::message::Content;
use crate::problem::unknown;
use crate::time::Zone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kinds of event that can be chosen.
pub const KINDS: [&str; 3] = ["maintenance", "incident", "advisory"];

/// The tag of contacts that subscribed by themselves: audiences with `self_service` pick it.
pub const TAG: &str = "self-service";

/// How long a link that confirms works.
pub const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// How long a link that leads to one's choices works.
pub const MANAGE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What a subscriber wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Services; all when empty.
    #[serde(default)]
    pub services: Vec<Id>,
    /// Kinds of event; all when empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Language to be addressed in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// Zone of times; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<Zone>,
}

impl Choices {
    /// Reads choices, recording all problems. `known` are the services that can be subscribed to.
    pub fn read(fields: &mut Fields<'_>, known: &[&str], problems: &mut Problems) -> Choices {
        let among = |what: &'static str, known: &[&str], text: &str| match known.contains(&text) {
            true => Ok(text.to_owned()),
            false => Err(unknown(what, text, known.iter().copied())),
        };
        let services = fields.list("services", problems, |text| {
            Id::parse(&among("service", known, text)?)
        });
        let kinds = fields.list("kinds", problems, |text| {
            among("kind of event", &KINDS, text)
        });
        Choices {
            services: services.unwrap_or_default(),
            kinds: kinds.unwrap_or_default(),
            language: fields.optional("language", problems, crate::organisation::parse_language),
            time_zone: fields.optional("time_zone", problems, Zone::parse),
        }
    }
}

/// Somebody asks to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where.
    pub email: EmailAddress,
    /// Of what.
    pub choices: Choices,
}

impl Request {
    /// Reads a request, recording all problems.
    pub fn read(
        node: &Node,
        path: &str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Request> {
        let mut fields = Fields::of(node, path, problems)?;
        let email = fields.required("email", problems, EmailAddress::parse);
        let choices = Choices::read(&mut fields, known, problems);
        fields.finish(problems);
        Some(Request {
            email: email?,
            choices,
        })
    }
}

/// Whether the mailbox was proved to be the subscriber's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for, not confirmed: nothing is sent but the link.
    Pending,
    /// Confirmed.
    Active,
}

impl State {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Active => "active",
        }
    }

    /// The milestone of the mail that an address in this state gets when somebody enters it.
    pub fn milestone(self) -> &'static str {
        match self {
            State::Pending => "confirm_subscription",
            State::Active => "manage_subscription",
        }
    }

    /// How long that mail's link works.
    pub fn link_lasts(self) -> SignedDuration {
        match self {
            State::Pending => CONFIRM_WITHIN,
            State::Active => MANAGE_WITHIN,
        }
    }
}

/// The id of whoever has this mailbox, as a contact. Who writes the address in capitals is the same.
pub fn subscriber_id(email: &EmailAddress) -> String {
    format!(
        "subscriber-{}",
        derive(&["subscriber", &email.as_str().to_lowercase()])
    )
}

/// The contact that a confirmed subscription makes.
pub fn contact(id: Id, email: &EmailAddress, choices: &Choices) -> Contact {
    Contact {
        id,
        name: None,
        audiences: Vec::new(),
        services: choices.services.clone(),
        kinds: choices.kinds.clone(),
        tags: vec![TAG.to_owned()],
        organisation: None,
        role: None,
        language: choices.language.clone(),
        time_zone: choices.time_zone.clone(),
        quiet_hours: None,
        endpoints: vec![Endpoint::Email {
            address: email.clone(),
        }],
    }
}

/// What the mail with the link says.
pub fn content(
    subscriber: Id,
    state: State,
    organisation: &str,
    url: String,
    at: Timestamp,
) -> Content {
    Content {
        ack_url: None,
        event: subscriber,
        event_kind: "subscription".to_owned(),
        title: "Your subscription".to_owned(),
        milestone: state.milestone().to_owned(),
        offset: None,
        organisation: organisation.to_owned(),
        services: Vec::new(),
        dependents: Vec::new(),
        severity: None,
        status: state.as_str().to_owned(),
        facts: Facts::default(),
        text: None,
        reason: None,
        start: None,
        end: None,
        previous: None,
        began_at: None,
        next_update: None,
        missed: None,
        works: Vec::new(),
        moved_from: None,
        unchanged: false,
        promised_to: Vec::new(),
        late_by_seconds: 0,
        requested: false,
        reply_to: None,
        change_request: None,
        forwardable: false,
        url,
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::from_json;
    use serde_json::json;

    fn read(body: serde_json::Value) -> (Option<Request>, Vec<String>) {
        let mut problems = Problems::default();
        let request = Request::read(&from_json(body), "", &["portal", "wiki"], &mut problems);
        (
            request,
            problems.0.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn a_request_is_read_whole_or_refused_with_every_problem() {
        let (request, problems) = read(
            json!({"email": "Ann@Example.edu", "services": ["portal"], "kinds": ["incident"]}),
        );
        assert_eq!(problems, Vec::<String>::new());
        let request = request.expect("a request");
        assert_eq!(request.choices.kinds, ["incident"]);
        let (_, problems) = read(
            json!({"email": "ann", "services": ["portl"], "kinds": ["wedding"], "time_zone": "Berlin"}),
        );
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(
            problems[1].contains("did you mean 'portal'"),
            "{problems:?}"
        );
    }

    #[test]
    fn one_mailbox_is_one_subscriber() {
        let id = |text| subscriber_id(&EmailAddress::parse(text).expect("an address"));
        assert_eq!(id("Ann@Example.edu"), id("ann@example.EDU"));
        assert_ne!(id("ann@example.edu"), id("bob@example.edu"));
        assert!(Id::parse(&id("ann@example.edu")).is_ok());
    }
}
