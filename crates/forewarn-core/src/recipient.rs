//! People nobody planned for, added to an event that runs: a contact, an address or an audience, at a chosen level.
//!
//! Those who were added one by one form an audience of their own for each level, which exists only for this event. What plans
//! and sends then treats them like any other; who they are stands in the store, so that an event holds no address.

use crate::audience::{Audience, ChannelChoice, Level, Scope};
use crate::contact::{Channel, EmailAddress, HookUrl};
use crate::document::{Catalogue, Fields, Named, Node, Problems};
use crate::id::Id;
use crate::routing::Routing;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Who is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A contact, with all its endpoints.
    Contact(Id),
    /// A mailbox.
    Email(EmailAddress),
    /// A program.
    Webhook(HookUrl),
    /// An audience.
    Audience(Id),
}

/// Who is added to an event, and what they read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Who.
    pub who: Who,
    /// At which level.
    pub level: Level,
}

impl Addition {
    /// Reads an addition, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Addition> {
        const ONE: &str = "give one of contact, email, webhook_url, audience";
        let mut fields = Fields::of(node, path, problems)?;
        let contact = fields.optional("contact", problems, Id::parse);
        let email = fields.optional("email", problems, EmailAddress::parse);
        let hook = fields.optional("webhook_url", problems, HookUrl::parse);
        let audience = fields.reference("audience", Named::Audience, problems);
        let level = fields.optional("level", problems, Level::parse);
        let names = ["contact", "email", "webhook_url", "audience"];
        let given = names.into_iter().filter(|n| fields.node(n).is_some());
        match given.count() {
            1 => {}
            0 => fields.problem("contact", format!("is missing: {ONE}"), problems),
            _ => fields.problem("contact", format!("is not alone: {ONE}"), problems),
        }
        fields.finish(problems);
        let who = contact.map(Who::Contact).or(email.map(Who::Email));
        let who = who.or(hook.map(Who::Webhook));
        Some(Addition {
            who: who.or(audience.map(Who::Audience))?,
            level: level.unwrap_or(Level::NonTechnical),
        })
    }
}

/// What an event knows of those who were added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Levels at which there is anybody.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub levels: BTreeSet<Level>,
    /// Audiences, with the level of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub audiences: BTreeMap<Id, Level>,
}

/// What the audience of those who were added at a level begins with.
const PREFIX: &str = "added-";

/// The audience of those who were added at a level.
pub fn added_audience(level: Level) -> String {
    format!("{PREFIX}{}", level.as_str())
}

/// The level of those who were added, if this is their audience.
pub fn added_level(audience: &str) -> Option<Level> {
    Level::parse(audience.strip_prefix(PREFIX)?).ok()
}

/// The name of the audience of those who were added.
pub const ADDED_NAME: &str = "People added to this event";

impl Added {
    /// Nobody was added.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.audiences.is_empty()
    }

    /// With those of another event.
    pub fn extend(&mut self, other: &Added) {
        self.levels.extend(&other.levels);
        for (audience, level) in &other.audiences {
            let known = self.audiences.entry(audience.clone()).or_insert(*level);
            *known = (*known).max(*level);
        }
    }

    /// Whether this audience is told because somebody added it.
    pub fn has(&self, audience: &str) -> bool {
        self.audiences.contains_key(audience)
    }

    /// The catalogue as this event sees it: those who were added are audiences that hear of everything.
    pub fn over<'a>(&self, catalogue: &'a Catalogue) -> Cow<'a, Catalogue> {
        if self.is_empty() {
            return Cow::Borrowed(catalogue);
        }
        let mut all = catalogue.clone();
        for audience in &mut all.audiences {
            if let Some(level) = self.audiences.get(&audience.id) {
                audience.level = *level;
                audience.services = Scope::All;
                audience.routing = Routing::default();
            }
        }
        let own = self.levels.iter().filter_map(|level| own_audience(*level));
        all.audiences.extend(own);
        Cow::Owned(all)
    }
}

fn own_audience(level: Level) -> Option<Audience> {
    let at_once = |channel| ChannelChoice {
        channel,
        after: None,
    };
    Some(Audience {
        id: Id::parse(&added_audience(level)).ok()?,
        name: ADDED_NAME.to_owned(),
        level,
        readers: None,
        channels: [Channel::Email, Channel::Webhook].map(at_once).to_vec(),
        services: Scope::All,
        routing: Routing::default(),
        time_zone: None,
        calendar: None,
        members: None,
        self_service: false,
        private_page: false,
        forwardable: false,
        order: 0,
        digest: false,
        acknowledge: None,
        external: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_contact_address_and_audience_is_added() {
        for (yaml, problem) in [
            ("{contact: ann}", None),
            ("{email: ann@example.edu, level: technical}", None),
            ("{webhook_url: 'https://example.edu/hook'}", None),
            ("{audience: press}", None),
            ("{}", Some("contact")),
            ("{contact: ann, audience: press}", Some("contact")),
            ("{email: ann}", Some("email")),
            ("{contact: ann, level: deep}", Some("level")),
            ("{contact: ann, who: x}", Some("who")),
        ] {
            let nodes = crate::document::parse_yaml(yaml).unwrap();
            let mut problems = Problems::default();
            let read = Addition::read(&nodes[0], "", &mut problems);
            let first = problems.0.first().map(|p| p.field.as_str());
            assert_eq!(first, problem, "{yaml}");
            assert!(problem.is_some() || read.is_some(), "{yaml}");
        }
    }

    #[test]
    fn names_of_their_audiences_are_read_again() {
        for level in Level::ALL {
            assert_eq!(added_level(&added_audience(level)), Some(level));
        }
        assert_eq!(added_level("added-friends"), None);
        assert_eq!(added_level("technical"), None);
    }
}
