//! Audiences: groups of people who get the same notice at the same level, and what they hear of.

use crate::acknowledge::Acknowledge;
use crate::contact::{Channel, EmailAddress};
use crate::document::{Fields, Named, Node, Problems, Value, boolean, line, scalar};
use crate::id::Id;
use crate::membership::Membership;
use crate::offset::Offset;
use crate::reader::Reader;
use crate::routing::{About, Routing};
use crate::service::Affected;
use crate::time::{Zone, parse_duration};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How much detail a text has. An audience has exactly one; a richer one contains what a poorer one may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Which services, what people notice, what to do.
    NonTechnical,
    /// Which systems in plain terms, impact, workaround.
    SemiTechnical,
    /// Everything but secrets and personal data.
    Technical,
}

impl Level {
    /// Every level, poorest first.
    pub const ALL: [Level; 3] = [Level::NonTechnical, Level::SemiTechnical, Level::Technical];

    /// The name used in documents, the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::NonTechnical => "non_technical",
            Level::SemiTechnical => "semi_technical",
            Level::Technical => "technical",
        }
    }

    /// Reads a level's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Level, String> {
        Self::ALL
            .into_iter()
            .find(|l| l.as_str() == text)
            .ok_or_else(|| crate::problem::unknown("level", text, Self::ALL.map(Level::as_str)))
    }

    /// Richness as a number, so that the store can take the richest.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The level with this rank.
    pub fn from_rank(rank: i64) -> Option<Level> {
        Self::ALL.into_iter().find(|l| l.rank() == rank)
    }
}

/// A channel of an audience and when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelChoice {
    /// The channel.
    pub channel: Channel,
    /// Used only if the ones before it did not deliver within this time; at once when absent.
    pub after: Option<SignedDuration>,
}

/// Which services an audience uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `["*"]`
    All,
    /// Those listed.
    Services(Vec<Id>),
}

/// A group of people who get the same notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Level of detail of its texts.
    pub level: Level,
    /// What its people read a notice for; the text of their level where nobody said it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub readers: Option<Reader>,
    /// Its channels in order.
    #[serde(with = "channels_text")]
    pub channels: Vec<ChannelChoice>,
    /// Services it uses.
    #[serde(with = "scope_text")]
    pub services: Scope,
    /// Events it hears of.
    #[serde(skip_serializing_if = "is_default", default)]
    pub routing: Routing,
    /// Its zone; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<Zone>,
    /// Its holiday calendar; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calendar: Option<String>,
    /// Who belongs to it without being listed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub members: Option<Membership>,
    /// People may subscribe to it by themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub self_service: bool,
    /// It has a page of its own, which only its members and people who run the communication read.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub private_page: bool,
    /// Its members have people of their own to tell: their messages bring a version to forward.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub forwardable: bool,
    /// Paying customers come first: notices due at the same moment go out in this order, the lowest first.
    #[serde(skip_serializing_if = "is_default", default)]
    pub order: i32,
    /// What it would hear on one day before several events start comes in one message.
    #[serde(skip_serializing_if = "is_true", default = "yes")]
    pub digest: bool,
    /// Its members are asked to confirm that they have read what they are told first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acknowledge: Option<Acknowledge>,
    /// An address list that Forewarn does not hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external: Option<External>,
}

/// People that Forewarn does not hold, reached by way of one address, a newsletter or a bulletin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// The list's address; without one people carry the text there by hand, as into a newsletter or bulletin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<EmailAddress>,
    /// How long before a notice is due its text must be there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub copy_deadline: Option<Offset>,
}

fn yes() -> bool {
    true
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_true(on: &bool) -> bool {
    *on
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Audience {
    /// Reads an audience, recording all problems. References are checked by the catalogue.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Audience> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, |t| match crate::plan::built_in_meaning(t) {
            Some(meaning) => Err(format!("'{t}' is built in: it is {meaning}")),
            None => Id::parse(t),
        });
        let name = fields.required("name", problems, line(100));
        let level = fields.required("level", problems, Level::parse);
        let readers = fields.optional("readers", problems, Reader::parse);
        let channels: Vec<ChannelChoice> = fields
            .nodes("channels", problems)
            .into_iter()
            .filter_map(|(path, node)| read_channel(node, &path, problems))
            .collect();
        let services = fields.references_or("services", Named::Service, problems, |t| {
            if t == "*" {
                Ok(None)
            } else {
                Id::parse(t).map(Some)
            }
        });
        let routing = match fields.node("routing") {
            Some(node) => Routing::read(node, &fields.path_of("routing"), problems),
            None => Some(Routing::default()),
        };
        let time_zone = fields.optional("time_zone", problems, Zone::parse);
        let calendar = fields.optional("calendar", problems, crate::organisation::parse_calendar);
        let members = fields
            .node("members")
            .and_then(|node| Membership::read(node, &fields.path_of("members"), problems));
        let order = fields.optional("order", problems, |text| {
            let number = text.parse::<i32>();
            number.map_err(|_| "must be a whole number; the lowest is told first".to_owned())
        });
        let flag = |fields: &mut Fields<'_>, name, usual, problems: &mut Problems| {
            fields.optional(name, problems, boolean).unwrap_or(usual)
        };
        let self_service = flag(&mut fields, "self_service", false, problems);
        let private_page = flag(&mut fields, "private_page", false, problems);
        if private_page && self_service {
            let problem = "anybody can subscribe to it, so nothing on its page would be private: leave this or 'self_service' out";
            fields.problem("private_page", problem, problems);
        }
        let forwardable = flag(&mut fields, "forwardable", false, problems);
        let digest = flag(&mut fields, "digest", true, problems);
        let has_room = channels.is_empty() || channels.iter().any(|c| c.channel.tells_of_several());
        if digest && fields.has("digest") && !has_room {
            let problem = "one message can tell of several events by email, in chat and by text message only, and it has none of these: leave it out, or add one of them";
            fields.problem("digest", problem, problems);
        }
        let acknowledge = fields.optional("acknowledge", problems, Acknowledge::parse);
        let external = fields.node("external").and_then(|node| {
            let mut fields = Fields::of(node, &fields.path_of("external"), problems)?;
            let email = fields.optional("email", problems, EmailAddress::parse);
            let copy_deadline = fields.optional("copy_deadline", problems, parse_deadline);
            fields.finish(problems);
            Some(External {
                email,
                copy_deadline,
            })
        });
        fields.finish(problems);
        Some(Audience {
            id: id?,
            name: name?,
            level: level?,
            readers,
            channels: if channels.is_empty() {
                vec![ChannelChoice {
                    channel: Channel::Email,
                    after: None,
                }]
            } else {
                channels
            },
            services: match services {
                None => Scope::All,
                Some(list) if list.contains(&None) => Scope::All,
                Some(list) => Scope::Services(list.into_iter().flatten().collect()),
            },
            routing: routing?,
            time_zone,
            calendar,
            members,
            self_service,
            private_page,
            forwardable,
            order: order.unwrap_or_default(),
            digest,
            acknowledge,
            external,
        })
    }

    /// Whether one message may tell it of several events. What is to be confirmed is asked for by itself: nobody should have to
    /// guess which of several they confirm.
    pub fn hears_together(&self) -> bool {
        self.digest && self.acknowledge.is_none()
    }

    /// Whether it uses this service.
    pub fn uses(&self, service: &Id) -> bool {
        match &self.services {
            Scope::All => true,
            Scope::Services(list) => list.contains(service),
        }
    }

    /// The path by which an event reaches it, if it does and its routing admits the event.
    pub fn reached_by<'a>(&self, about: &About, affected: &'a [Affected]) -> Option<&'a Affected> {
        match self.routing.admits(about) {
            true => self.affected_by(affected),
            false => None,
        }
    }

    /// The path by which it is affected, whatever its routing says.
    pub fn affected_by<'a>(&self, affected: &'a [Affected]) -> Option<&'a Affected> {
        affected.iter().find(|a| self.uses(&a.service))
    }

    /// Channels that are used where those before did not do, each with its time after the notice goes out, the earliest first.
    pub fn later_channels(&self) -> Vec<(Channel, SignedDuration)> {
        let later = self.channels.iter();
        let later = later.filter_map(|c| Some((c.channel, c.after?)));
        let mut later: Vec<_> = later.collect();
        later.sort_by_key(|(_, after)| *after);
        later
    }

    /// Channels that are used at once.
    pub fn first_channels(&self) -> Vec<Channel> {
        self.channels
            .iter()
            .filter(|c| c.after.is_none())
            .map(|c| c.channel)
            .collect()
    }
}

fn parse_deadline(text: &str) -> Result<Offset, String> {
    match Offset::parse(text) {
        Ok(Offset::AtOnce) | Err(_) => Err("must be a time ahead such as 2bd, 1w or PT4H".into()),
        other => other,
    }
}

fn read_channel(node: &Node, path: &str, problems: &mut Problems) -> Option<ChannelChoice> {
    let Value::Map(entries) = &node.value else {
        return scalar(node, path, problems, Channel::parse).map(|channel| ChannelChoice {
            channel,
            after: None,
        });
    };
    let [(name, place, options)] = entries.as_slice() else {
        problems.add(
            path,
            node.place,
            "must be a channel or one channel with options, such as {sms: {after: PT15M}}",
        );
        return None;
    };
    let channel = Channel::parse(name)
        .map_err(|problem| problems.add(path, *place, problem))
        .ok();
    let mut fields = Fields::of(options, &format!("{path}.{name}"), problems)?;
    let after = fields.optional("after", problems, parse_duration);
    fields.finish(problems);
    Some(ChannelChoice {
        channel: channel?,
        after,
    })
}

/// Channels as documents write them.
mod channels_text {
    use super::*;
    use serde::{Deserializer, Serializer};
    use std::collections::BTreeMap;

    #[derive(Serialize, Deserialize)]
    struct Options {
        #[serde(with = "crate::time::duration_text")]
        after: SignedDuration,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Plain(Channel),
        With(BTreeMap<Channel, Options>),
    }

    pub fn serialize<S: Serializer>(channels: &[ChannelChoice], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(channels.iter().map(|c| match c.after {
            None => Shape::Plain(c.channel),
            Some(after) => Shape::With(BTreeMap::from([(c.channel, Options { after })])),
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<ChannelChoice>, D::Error> {
        let shapes = Vec::<Shape>::deserialize(d)?;
        Ok(shapes
            .into_iter()
            .flat_map(|shape| match shape {
                Shape::Plain(channel) => vec![ChannelChoice {
                    channel,
                    after: None,
                }],
                Shape::With(map) => map
                    .into_iter()
                    .map(|(channel, o)| ChannelChoice {
                        channel,
                        after: Some(o.after),
                    })
                    .collect(),
            })
            .collect())
    }
}

/// Services as documents write them.
mod scope_text {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(scope: &Scope, s: S) -> Result<S::Ok, S::Error> {
        match scope {
            Scope::All => s.collect_seq(["*"]),
            Scope::Services(list) => s.collect_seq(list),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Scope, D::Error> {
        let list = Vec::<String>::deserialize(d)?;
        if list.iter().any(|s| s == "*") {
            return Ok(Scope::All);
        }
        list.iter()
            .map(|s| Id::parse(s))
            .collect::<Result<_, _>>()
            .map(Scope::Services)
            .map_err(serde::de::Error::custom)
    }
}
