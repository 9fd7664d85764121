//! Who is called by telephone when a service fails: the few for whom a message is not enough, in their order, and what is said
//! to them. A call is a notice to an audience of one, so that it is planned, sent and put on record like any other.

use crate::audience::Level;
use crate::contact::{Channel, Endpoint, PhoneNumber};
use crate::document::{Catalogue, Fields, Node, Problems, line, prose};
use crate::event::{Event, Occasion};
use crate::id::{Id, derive};
use crate::incident::{Incident, Severity};
use crate::message::{Content, Variant, render};
use crate::plan::Notice;
use crate::service::affected;
use crate::template::Template;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Somebody who is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callee {
    /// A contact.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<Id>,
    /// The name of somebody who is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Their number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<PhoneNumber>,
    /// At which severities; at every one when empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub severities: BTreeSet<Severity>,
    /// What is said to them, with the variables of templates; the short text of the newest message when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub script: Option<String>,
}

impl Callee {
    /// Reads somebody who is called, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Callee> {
        let mut fields = Fields::of(node, path, problems)?;
        let contact = fields.optional("contact", problems, Id::parse);
        let name = fields.optional("name", problems, line(100));
        let number = fields.optional("number", problems, PhoneNumber::parse);
        let severities = fields.list("severities", problems, Severity::parse);
        let script = fields.optional("script", problems, prose(1_000));
        for fault in script
            .iter()
            .flat_map(|text| crate::template::faults(text, Some(Level::NonTechnical), None))
        {
            fields.problem("script", fault.to_string(), problems);
        }
        let given = ["contact", "name", "number"].map(|field| fields.node(field).is_some());
        match given {
            [true, false, false] | [false, true, true] => {}
            [true, ..] => {
                let problem =
                    "stands beside name or number: give a contact, or a name and a number";
                fields.problem("contact", problem, problems);
            }
            [false, true, false] => fields.problem("number", "is missing", problems),
            [false, false, true] => fields.problem("name", "is missing", problems),
            [false, false, false] => {
                fields.problem(
                    "contact",
                    "is missing: give a contact, or a name and a number",
                    problems,
                );
            }
        }
        fields.finish(problems);
        Some(Callee {
            contact,
            name,
            number,
            severities: severities.unwrap_or_default().into_iter().collect(),
            script,
        })
    }

    /// By what they are known: the contact's id; for others something that follows from the number and does not tell it.
    pub fn key(&self) -> String {
        match (&self.contact, &self.number) {
            (Some(contact), _) => contact.to_string(),
            (None, Some(number)) => derive(&["callee", number.as_str()])[..12].to_owned(),
            (None, None) => String::new(),
        }
    }
}

/// What an audience of one who is called begins with.
const PREFIX: &str = "call-list-";

/// The name of such audiences.
pub const NAME: &str = "The call list";

/// The audience of somebody who is called.
pub fn audience_of(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// Who is called, if this is the audience of somebody who is.
pub fn key_of(audience: &str) -> Option<&str> {
    audience.strip_prefix(PREFIX).filter(|key| !key.is_empty())
}

/// Whom an incident's services want called at its severity, each once, in the order of the documents.
pub fn callees<'a>(incident: &Incident, catalogue: &'a Catalogue) -> Vec<(&'a Id, &'a Callee)> {
    let named: Vec<Id> = incident.services.keys().cloned().collect();
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for reached in affected(&named, &catalogue.services) {
        let service = catalogue.services.iter().find(|s| s.id == reached.service);
        for (id, callee) in service
            .iter()
            .flat_map(|s| s.call_list.iter().map(|c| (&s.id, c)))
        {
            let wanted =
                callee.severities.is_empty() || callee.severities.contains(&incident.severity);
            if wanted && seen.insert(callee.key()) {
                all.push((id, callee));
            }
        }
    }
    all
}

/// Where somebody on the call list who is no contact is reached by a channel; `None` for contacts, whose endpoints the store has.
pub fn own_endpoint(key: &str, channel: Channel, catalogue: &Catalogue) -> Option<Endpoint> {
    let lists = catalogue.services.iter().flat_map(|s| &s.call_list);
    let number = lists
        .filter(|c| c.key() == key)
        .find_map(|c| c.number.clone())?;
    match channel {
        Channel::Sms => Some(Endpoint::Sms { number }),
        Channel::Voice => Some(Endpoint::Voice { number }),
        Channel::Email | Channel::Chat | Channel::Webhook | Channel::Push => None,
    }
}

/// The newest message of an incident, told to one who is called.
pub fn notice(
    incident: &Incident,
    key: &str,
    channel: Channel,
    because: &str,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Notice {
    let milestone = incident
        .updates
        .last()
        .map_or("holding", Incident::milestone_of);
    let number = incident.updates.last().map_or(0, |u| u.number).to_string();
    let audience = audience_of(key);
    let id = [
        "notice",
        incident.id.as_str(),
        "1",
        milestone,
        &number,
        &audience,
        channel.as_str(),
    ];
    Notice {
        id: derive(&id),
        milestone: milestone.to_owned(),
        offset: (milestone == "update").then(|| format!("#{number}")),
        stands_for: Vec::new(),
        audience,
        level: Level::NonTechnical,
        channels: vec![channel],
        due: now,
        due_local: catalogue.organisation.time_zone.at(now).to_string(),
        copy_due: None,
        because: because.to_owned(),
        held: false,
        tells: Vec::new(),
    }
}

/// The calls that are made by themselves when an incident is declared.
pub fn calls(incident: &Incident, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
    let because = "at once; on the call list";
    let called = callees(incident, catalogue).into_iter();
    called
        .map(|(_, callee)| {
            notice(
                incident,
                &callee.key(),
                Channel::Voice,
                because,
                catalogue,
                now,
            )
        })
        .collect()
}

/// The texts of an organisation with the script of one who is called before them.
pub fn with_script(
    key: &str,
    milestone: &str,
    language: &str,
    catalogue: &Catalogue,
    templates: &[Template],
) -> Vec<Template> {
    let lists = catalogue.services.iter().flat_map(|s| &s.call_list);
    let script = lists
        .filter(|c| c.key() == key)
        .find_map(|c| c.script.clone());
    let own = script.map(|body| Template {
        milestone: milestone.to_owned(),
        event: None,
        // Nothing fits better.
        level: Some(Level::NonTechnical),
        readers: None,
        channel: Some(Channel::Voice),
        language: language.to_owned(),
        subject: None,
        body,
    });
    own.into_iter().chain(templates.iter().cloned()).collect()
}

/// What is said to one who is called, as things stand: their own script, or the short text of the newest message.
pub fn script(
    incident: &Incident,
    key: &str,
    catalogue: &Catalogue,
    templates: &[Template],
    public_url: &str,
    now: Timestamp,
) -> String {
    let content = content(incident, catalogue, public_url, now);
    let organisation = &catalogue.organisation;
    let variant = Variant {
        level: Level::NonTechnical,
        channel: Channel::Voice,
        language: organisation.language().to_owned(),
        zone: organisation.time_zone.clone(),
    };
    let templates = with_script(
        key,
        &content.milestone,
        &variant.language,
        catalogue,
        templates,
    );
    render(&content, &variant, &templates).text
}

fn content(
    incident: &Incident,
    catalogue: &Catalogue,
    public_url: &str,
    now: Timestamp,
) -> Content {
    let newest = incident.updates.last();
    let occasion = Occasion {
        milestone: newest.map_or("holding", Incident::milestone_of).to_owned(),
        update: newest.map(|u| u.number),
        ..Occasion::default()
    };
    Event::Incident(incident.clone()).content(&occasion, None, catalogue, public_url, now)
}

/// How an attempt to reach somebody came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// They know.
    Reached,
    /// Nobody answered.
    NoAnswer,
    /// The number is not theirs.
    WrongNumber,
}

impl CallOutcome {
    /// Every outcome.
    pub const ALL: [CallOutcome; 3] = [
        CallOutcome::Reached,
        CallOutcome::NoAnswer,
        CallOutcome::WrongNumber,
    ];

    /// The name in the API and the journal.
    pub fn as_str(self) -> &'static str {
        ["reached", "no_answer", "wrong_number"][self as usize]
    }

    /// Reads an outcome.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<CallOutcome, String> {
        let known = Self::ALL.into_iter().find(|o| o.as_str() == text.trim());
        known.ok_or_else(|| {
            crate::problem::unknown("outcome", text, Self::ALL.map(CallOutcome::as_str))
        })
    }
}

/// What somebody says of a call that they made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// How it came out.
    pub outcome: CallOutcome,
    /// Anything worth keeping.
    pub note: Option<String>,
}

impl Tick {
    /// Reads what somebody says of a call, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Tick> {
        let mut fields = Fields::of(node, path, problems)?;
        let outcome = fields.required("outcome", problems, CallOutcome::parse);
        let note = fields.optional("note", problems, prose(500));
        fields.finish(problems);
        Some(Tick {
            outcome: outcome?,
            note,
        })
    }
}

/// How else somebody is reached who did not answer, in this order.
pub const NEXT_METHODS: [Channel; 2] = [Channel::Sms, Channel::Email];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_or_a_name_with_a_number_is_called() {
        for (yaml, problems) in [
            ("{contact: ann}", vec![]),
            (
                "{contact: ann, severities: [P1, P2], script: 'Hello. {{effect}}'}",
                vec![],
            ),
            ("{name: The mayor, number: '+1 415 555 0100'}", vec![]),
            ("{}", vec!["contact"]),
            ("{contact: ann, number: '+14155550100'}", vec!["contact"]),
            ("{name: The mayor}", vec!["number"]),
            ("{number: '+14155550100'}", vec!["name"]),
            (
                "{name: The mayor, number: '0100', severities: [P9], script: '{{nothing}}', x: 1}",
                vec!["number", "severities[0]", "script", "x"],
            ),
        ] {
            let node = &crate::document::parse_yaml(yaml).unwrap()[0];
            let mut found = Problems::default();
            Callee::read(node, "", &mut found);
            let fields: Vec<&str> = found.0.iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, problems, "{yaml}");
        }
    }

    #[test]
    fn a_key_does_not_tell_the_number() {
        let node =
            &crate::document::parse_yaml("{name: The mayor, number: '+14155550100'}").unwrap()[0];
        let mayor = Callee::read(node, "", &mut Problems::default()).unwrap();
        let key = mayor.key();
        assert!(Id::parse(&audience_of(&key)).is_ok(), "{key}");
        assert!(!key.contains("4155550100"));
        assert_eq!(key_of(&audience_of(&key)), Some(key.as_str()));
        assert_eq!((key_of("call-list-"), key_of("call-center")), (None, None));
    }

    #[test]
    fn outcomes_are_read_and_the_nearest_is_offered() {
        for outcome in CallOutcome::ALL {
            assert_eq!(CallOutcome::parse(outcome.as_str()), Ok(outcome));
        }
        assert!(
            CallOutcome::parse("no answer")
                .unwrap_err()
                .contains("no_answer")
        );
    }
}
