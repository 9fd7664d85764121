//! Self-service subscription: who asked, what they chose, and whether they have proved that the mailbox or telephone is theirs.
//!
//! Whoever enters an address gets a mail with a link, or a text message with a code, and only who follows or types it is subscribed
//! (double opt-in). The message that an address gets which is subscribed already leads to its choices: an answer never tells whether
//! an address is known.

use crate::contact::{Channel, Contact, EmailAddress, Endpoint, HookUrl, PhoneNumber, PushKeys};
use crate::document::{Fields, Node, Problems};
use crate::id::{Id, derive};
use crate::message::Content;
use crate::problem::unknown;
use crate::time::Zone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kinds of event that can be chosen.
pub const KINDS: [&str; 4] = ["maintenance", "incident", "advisory", "announcement"];

/// The tag of contacts that subscribed by themselves: audiences with `self_service` pick it.
pub const TAG: &str = "self-service";

/// How long a link that confirms works.
pub const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// How long a link that leads to one's choices works.
pub const MANAGE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How long a code works that came by text message: as long as somebody keeps the page open on which it is typed.
pub const CODE_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Where a code is typed, on our pages.
pub const CODE_PATH: &str = "/subscribe/code";

/// Where a subscriber is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// By mail.
    Email(EmailAddress),
    /// By text message.
    Sms(PhoneNumber),
}

impl Address {
    /// Reads an address of a channel.
    ///
    /// # Errors
    /// When it is none, or nobody can subscribe by that channel.
    pub fn parse(channel: Channel, text: &str) -> Result<Address, String> {
        match channel {
            Channel::Email => EmailAddress::parse(text).map(Address::Email),
            Channel::Sms => PhoneNumber::parse(text).map(Address::Sms),
            Channel::Voice | Channel::Chat | Channel::Webhook | Channel::Push => {
                Err(format!("nobody can subscribe by {}", channel.as_str()))
            }
        }
    }

    /// Its channel.
    pub fn channel(&self) -> Channel {
        match self {
            Address::Email(_) => Channel::Email,
            Address::Sms(_) => Channel::Sms,
        }
    }

    /// The mailbox or number.
    pub fn as_str(&self) -> &str {
        match self {
            Address::Email(address) => address.as_str(),
            Address::Sms(number) => number.as_str(),
        }
    }

    /// Where messages to it go.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Address::Email(address) => Endpoint::Email {
                address: address.clone(),
            },
            Address::Sms(number) => Endpoint::Sms {
                number: number.clone(),
            },
        }
    }

    /// The id of whoever has it, as a contact. Who writes a mail address in capitals is the same.
    pub fn subscriber(&self) -> String {
        let derived = match self {
            Address::Email(address) => derive(&["subscriber", &address.as_str().to_lowercase()]),
            Address::Sms(number) => derive(&["subscriber", "sms", number.as_str()]),
        };
        format!("subscriber-{derived}")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

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

/// What can be subscribed to, by channel.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// Services that can be subscribed to by mail.
    pub email: &'a [&'a str],
    /// Services that can be subscribed to by text message; nothing where telephones are not asked for.
    pub sms: Option<&'a [&'a str]>,
}

/// Somebody asks to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where.
    pub address: Address,
    /// Of what.
    pub choices: Choices,
}

impl Request {
    /// Reads a request, recording all problems.
    pub fn read(
        node: &Node,
        path: &str,
        open: Open<'_>,
        problems: &mut Problems,
    ) -> Option<Request> {
        let mut fields = Fields::of(node, path, problems)?;
        let email = fields.optional("email", problems, EmailAddress::parse);
        let sms = fields.optional("sms", problems, PhoneNumber::parse);
        let given = (fields.node("email").is_some(), fields.node("sms").is_some());
        let wrong = match (given, open.sms) {
            ((_, true), None) => Some(("sms", "telephones cannot be subscribed here")),
            ((true, true), Some(_)) => Some((
                "sms",
                "give a mail address or a telephone number; each is subscribed by itself",
            )),
            ((false, false), None) => Some(("email", "is missing")),
            ((false, false), Some(_)) => {
                Some(("email", "give a mail address or a telephone number"))
            }
            _ => None,
        };
        if let Some((field, problem)) = wrong {
            fields.problem(field, problem, problems);
        }
        let address = match (email, sms, wrong) {
            (Some(address), None, None) => Some(Address::Email(address)),
            (None, Some(number), None) => Some(Address::Sms(number)),
            _ => None,
        };
        let known = open.sms.filter(|_| given.1).unwrap_or(open.email);
        let choices = Choices::read(&mut fields, known, problems);
        fields.finish(problems);
        Some(Request {
            address: address?,
            choices,
        })
    }
}

/// Whether the mailbox or telephone was proved to be the subscriber's.
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

    /// The milestone of the message that an address in this state gets when somebody enters it.
    pub fn milestone(self) -> &'static str {
        match self {
            State::Pending => "confirm_subscription",
            State::Active => "manage_subscription",
        }
    }

    /// How long what that message brings works: a mail's link, a text message's code.
    pub fn lasts(self, channel: Channel) -> SignedDuration {
        match (channel, self) {
            (Channel::Sms, _) => CODE_WITHIN,
            (_, State::Pending) => CONFIRM_WITHIN,
            (_, State::Active) => MANAGE_WITHIN,
        }
    }
}

/// A browser that is asked to show notices. Who asks sits before it: there is nothing to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where its push service takes messages for it.
    pub url: HookUrl,
    /// What they are encrypted for.
    pub keys: PushKeys,
    /// What its owner wants to hear of.
    pub choices: Choices,
}

impl Device {
    /// Reads what a page of ours sends for the browser, recording all problems. `known` are the services that can be chosen;
    /// `services` the hosts of push services that are believed, for nobody is to have us send elsewhere.
    pub fn read(
        node: &Node,
        known: &[&str],
        services: &[String],
        problems: &mut Problems,
    ) -> Option<Device> {
        let mut fields = Fields::of(node, "", problems)?;
        let url = fields.required("endpoint", problems, |text| push_url(text, services));
        let p256dh = fields.required("p256dh", problems, |text| Ok(text.to_owned()));
        let auth = fields.required("auth", problems, |text| Ok(text.to_owned()));
        let keys = match (p256dh, auth) {
            (Some(p256dh), Some(auth)) => match PushKeys::parse(&p256dh, &auth) {
                Ok(keys) => Some(keys),
                Err(problem) => {
                    fields.problem("p256dh", problem, problems);
                    None
                }
            },
            _ => None,
        };
        let choices = Choices::read(&mut fields, known, problems);
        fields.finish(problems);
        Some(Device {
            url: url?,
            keys: keys?,
            choices,
        })
    }

    /// The id of the browser as a contact.
    pub fn subscriber(url: &HookUrl) -> String {
        format!(
            "subscriber-{}",
            derive(&["subscriber", "push", url.as_str()])
        )
    }

    /// The contact that it becomes.
    ///
    /// # Errors
    /// Never: its id is derived.
    pub fn contact(&self) -> Result<Contact, String> {
        let id = Id::parse(&Device::subscriber(&self.url))?;
        let endpoint = Endpoint::Push {
            url: self.url.clone(),
            keys: self.keys.clone(),
        };
        Ok(contact(id, endpoint, &self.choices))
    }
}

/// The address of a subscription, at one of these hosts or, where that begins with a dot, below it.
fn push_url(text: &str, services: &[String]) -> Result<HookUrl, String> {
    let url = HookUrl::parse(text)?;
    let parsed = url::Url::parse(url.as_str()).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or("");
    let believed = services
        .iter()
        .any(|service| match service.strip_prefix('.') {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => host == service,
        });
    match believed {
        true => Ok(url),
        false => Err(format!("'{host}' is no push service that is known here")),
    }
}

/// The contact that a confirmed subscription makes.
pub fn contact(id: Id, endpoint: Endpoint, choices: &Choices) -> Contact {
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
        endpoints: vec![endpoint],
    }
}

/// What the message with the link or code says.
pub fn content(
    subscriber: Id,
    state: State,
    organisation: &str,
    url: String,
    at: Timestamp,
) -> Content {
    Content {
        title: "Your subscription".to_owned(),
        status: state.as_str().to_owned(),
        url,
        ..Content::apart(
            subscriber,
            "subscription",
            state.milestone(),
            organisation,
            at,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::from_json;
    use serde_json::json;

    fn read(body: serde_json::Value) -> (Option<Request>, Vec<String>) {
        let mut problems = Problems::default();
        let open = Open {
            email: &["portal", "wiki"],
            sms: Some(&["portal"]),
        };
        let request = Request::read(&from_json(body), "", open, &mut problems);
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
    fn a_telephone_is_asked_for_by_itself_and_where_that_is_open() {
        let (request, problems) = read(json!({"sms": "+1 415-555-0100", "services": ["portal"]}));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(request.unwrap().address.as_str(), "+14155550100");
        let (_, problems) = read(json!({"sms": "0415", "services": ["wiki"]}));
        assert_eq!(problems.len(), 2, "{problems:?}");
        let (_, problems) = read(json!({"sms": "+14155550100", "email": "ann@example.edu"}));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let mut problems = Problems::default();
        let open = Open {
            email: &["portal"],
            sms: None,
        };
        let body = from_json(json!({"sms": "+14155550100"}));
        assert_eq!(Request::read(&body, "", open, &mut problems), None);
        let fields: Vec<&str> = problems.0.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["sms"]);
    }

    #[test]
    fn a_browser_is_believed_only_with_a_push_service_that_is_known() {
        let services = [".push.apple.com", "fcm.googleapis.com"].map(str::to_owned);
        let point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let read = |endpoint: &str| {
            let body = json!({"endpoint": endpoint, "p256dh": point, "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                "services": ["portal"], "kinds": ["incident"]});
            let mut problems = Problems::default();
            let device = Device::read(&from_json(body), &["portal"], &services, &mut problems);
            (device, problems.0.len())
        };
        for right in [
            "https://fcm.googleapis.com/fcm/send/x",
            "https://web.push.apple.com/Q",
        ] {
            let (device, problems) = read(right);
            assert_eq!(problems, 0, "{right}");
            let contact = device.unwrap().contact().unwrap();
            assert_eq!(
                (contact.tags, contact.kinds),
                (vec![TAG.to_owned()], vec!["incident".to_owned()])
            );
            assert_eq!(contact.endpoints[0].channel(), Channel::Push);
        }
        for wrong in [
            "https://internal.example/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://xpush.apple.com/x",
            "https://push.apple.com/x",
            "http://user@fcm.googleapis.com/x",
            "nothing",
        ] {
            assert_eq!(read(wrong), (None, 1), "{wrong}");
        }
        let mut problems = Problems::default();
        let body = json!({"endpoint": "https://a.example/", "p256dh": "x", "auth": "y", "kinds": ["wedding"]});
        assert_eq!(
            Device::read(&from_json(body), &[], &services, &mut problems),
            None
        );
        assert_eq!(problems.0.len(), 3, "{problems:?}");
    }

    #[test]
    fn one_mailbox_or_telephone_is_one_subscriber() {
        let id = |channel, text| Address::parse(channel, text).unwrap().subscriber();
        let mail = |text| id(Channel::Email, text);
        assert_eq!(mail("Ann@Example.edu"), mail("ann@example.EDU"));
        assert_ne!(mail("ann@example.edu"), mail("bob@example.edu"));
        assert!(Id::parse(&mail("ann@example.edu")).is_ok());
        let phone = |text| id(Channel::Sms, text);
        assert_eq!(phone("+1 (415) 555-0100"), phone("+14155550100"));
        assert!(Id::parse(&phone("+14155550100")).is_ok());
        assert!(Address::parse(Channel::Voice, "+14155550100").is_err());
    }
}
