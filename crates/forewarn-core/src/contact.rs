//! People and machines that are told, and where they are reached.

pub mod csv;
mod email;
mod push;
mod quiet;
mod room;

pub use email::EmailAddress;
pub use push::PushKeys;
pub use quiet::QuietHours;
pub use room::{AccessToken, ChatKind};

use crate::document::Value;
use crate::document::{Fields, Named, Node, Problems, boolean, line, scalar};
use crate::id::Id;
use crate::subscription::KINDS;
use crate::time::Zone;
use crate::token::is_sealed;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Electronic mail.
    Email,
    /// Text message.
    Sms,
    /// Phone call.
    Voice,
    /// A chat room or person.
    Chat,
    /// A signed HTTP request (Standard Webhooks).
    Webhook,
    /// Web push (RFC 8030).
    Push,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Channel; 6] = [
        Channel::Email,
        Channel::Sms,
        Channel::Voice,
        Channel::Chat,
        Channel::Webhook,
        Channel::Push,
    ];

    /// The name used in documents, the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::Voice => "voice",
            Channel::Chat => "chat",
            Channel::Webhook => "webhook",
            Channel::Push => "push",
        }
    }

    /// Whether it rings or buzzes: what can wait does so outside of somebody's quiet hours.
    pub fn rings(self) -> bool {
        match self {
            Channel::Sms | Channel::Voice | Channel::Push => true,
            Channel::Email | Channel::Chat | Channel::Webhook => false,
        }
    }

    /// Whether one message by it can tell of several events: a text message names them, and leads to more. Programs want one for
    /// each, and nobody keeps several in mind who hears them once, in a call.
    pub fn tells_of_several(self) -> bool {
        match self {
            Channel::Email | Channel::Chat | Channel::Sms => true,
            Channel::Voice | Channel::Webhook | Channel::Push => false,
        }
    }

    /// Reads a channel's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Channel, String> {
        Self::ALL
            .into_iter()
            .find(|c| c.as_str() == text)
            .ok_or_else(|| crate::problem::unknown("channel", text, Self::ALL.map(Channel::as_str)))
    }
}

/// A phone number in E.164 form: `+` and 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number; spaces, dashes, dots and brackets between digits are dropped.
    ///
    /// # Errors
    /// Says the accepted form.
    pub fn parse(text: &str) -> Result<PhoneNumber, String> {
        let text = text.trim();
        let wrong = || {
            format!(
                "'{}' is not a phone number with country code such as +14155550100",
                shorten(text)
            )
        };
        let rest = text.strip_prefix('+').ok_or_else(wrong)?;
        if !rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'))
        {
            return Err(wrong());
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        if (7..=15).contains(&digits.len()) && !digits.starts_with('0') {
            Ok(PhoneNumber(format!("+{digits}")))
        } else {
            Err(wrong())
        }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address to which requests may be sent: `https` or `http`, a host, no user info. Where the host leads is checked when it is dialled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HookUrl(String);

impl HookUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<HookUrl, String> {
        let text = text.trim();
        if text.len() > 2048 || text.chars().any(char::is_control) {
            return Err("must be a URL of at most 2048 characters".into());
        }
        let url =
            url::Url::parse(text).map_err(|e| format!("'{}' is not a URL: {e}", shorten(text)))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("must start with https://".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password".into());
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("names no host".into());
        }
        Ok(HookUrl(url.to_string()))
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret with which a webhook is signed: `whsec_` and base64 of 24 to 64 bytes. Never shown in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HookSecret(String);

impl HookSecret {
    /// Reads a secret.
    ///
    /// # Errors
    /// Says the accepted form, never the secret.
    pub fn parse(text: &str) -> Result<HookSecret, String> {
        let text = text.trim();
        let form = "must be whsec_ and base64 of 24 to 64 random bytes";
        let encoded = text.strip_prefix("whsec_").ok_or(form)?;
        let bytes = data_encoding::BASE64
            .decode(encoded.as_bytes())
            .or_else(|_| data_encoding::BASE64_NOPAD.decode(encoded.as_bytes()))
            .map_err(|_| form)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(HookSecret(text.to_owned()))
        } else {
            Err(form.into())
        }
    }

    /// The secret as text, for signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_...")
    }
}

/// Where somebody is reached by one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Endpoint {
    /// A mailbox.
    Email {
        /// Its address.
        address: EmailAddress,
    },
    /// A phone that takes text messages.
    Sms {
        /// Its number.
        number: PhoneNumber,
    },
    /// A phone that is called.
    Voice {
        /// Its number.
        number: PhoneNumber,
    },
    /// A chat room's incoming webhook, or a public account.
    Chat {
        /// Which product.
        kind: ChatKind,
        /// Its URL, which is a secret of its own.
        url: HookUrl,
        /// Presses of its buttons are posted to a hook of ours (Slack's interactivity).
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        interactive: bool,
        /// By which an account is posted to.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        secret: Option<AccessToken>,
        /// How many characters a post has at most; as many as the product usually takes where absent.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        characters: Option<u32>,
    },
    /// A machine that takes signed requests.
    Webhook {
        /// Where.
        url: HookUrl,
        /// Signed with this.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        secret: Option<HookSecret>,
        /// One message after the other, in the order in which they were made: none leaves before those before it have ended.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        ordered: bool,
    },
    /// A browser that somebody asked to show notices. Only its page makes one; no document holds it.
    Push {
        /// Where its push service takes messages for it: a secret of its own.
        url: HookUrl,
        /// What they are encrypted for.
        keys: PushKeys,
    },
}

impl Endpoint {
    /// A room where nobody presses anything, or an account to which everybody may post.
    pub fn room(kind: ChatKind, url: HookUrl) -> Endpoint {
        Endpoint::Chat {
            kind,
            url,
            interactive: false,
            secret: None,
            characters: None,
        }
    }

    /// A machine that is signed to with a secret of ours, and takes messages in any order.
    pub fn webhook(url: HookUrl) -> Endpoint {
        Endpoint::Webhook {
            url,
            secret: None,
            ordered: false,
        }
    }

    /// Its channel.
    pub fn channel(&self) -> Channel {
        match self {
            Endpoint::Email { .. } => Channel::Email,
            Endpoint::Sms { .. } => Channel::Sms,
            Endpoint::Voice { .. } => Channel::Voice,
            Endpoint::Chat { .. } => Channel::Chat,
            Endpoint::Webhook { .. } => Channel::Webhook,
            Endpoint::Push { .. } => Channel::Push,
        }
    }

    /// Its address as text: mailbox, number or URL.
    pub fn address(&self) -> &str {
        match self {
            Endpoint::Email { address } => address.as_str(),
            Endpoint::Sms { number } | Endpoint::Voice { number } => number.as_str(),
            Endpoint::Chat { url, .. }
            | Endpoint::Webhook { url, .. }
            | Endpoint::Push { url, .. } => url.as_str(),
        }
    }

    /// Its address as it is compared: of a mailbox the case of its letters says nothing.
    pub fn place(&self) -> Cow<'_, str> {
        match self {
            Endpoint::Email { address } => address.as_str().to_ascii_lowercase().into(),
            other => other.address().into(),
        }
    }

    /// What stands for it where it is no contact's: the address, or of a URL, which is a secret, the host and by what it is told from
    /// others there.
    pub fn stand_in(&self) -> String {
        match self {
            Endpoint::Chat { url, .. }
            | Endpoint::Webhook { url, .. }
            | Endpoint::Push { url, .. } => {
                let parsed = url::Url::parse(url.as_str()).ok();
                let host = parsed.as_ref().and_then(|url| url.host_str());
                let hash = crate::id::derive(&["place", url.as_str()]);
                format!("{}#{}", host.unwrap_or_default(), &hash[..10])
            }
            Endpoint::Email { .. } | Endpoint::Sms { .. } | Endpoint::Voice { .. } => {
                self.address().to_owned()
            }
        }
    }

    /// Whether its URL or secret could not be opened, so that nothing can be sent there.
    pub fn is_sealed(&self) -> bool {
        match self {
            Endpoint::Email { .. } | Endpoint::Sms { .. } | Endpoint::Voice { .. } => false,
            Endpoint::Chat { url, secret, .. } => {
                let secret = secret.as_ref().map(AccessToken::reveal);
                is_sealed(url.as_str()) || secret.is_some_and(is_sealed)
            }
            Endpoint::Webhook { url, secret, .. } => {
                let secret = secret.as_ref().map(HookSecret::reveal);
                is_sealed(url.as_str()) || secret.is_some_and(is_sealed)
            }
            Endpoint::Push { url, keys } => is_sealed(url.as_str()) || keys.is_sealed(),
        }
    }

    /// Its derived id: one per contact, channel and address.
    pub fn id(&self, contact: &str) -> String {
        crate::id::derive(&["endpoint", contact, self.channel().as_str(), self.address()])
    }
}

/// Somebody, or something, that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: Id,
    /// Name of the person or machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Audiences it is listed in.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub audiences: Vec<Id>,
    /// Services it chose; when empty, all that its audiences hear of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Id>,
    /// Kinds of event that it chose: `maintenance`, `incident`; when empty, all that its audiences hear of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kinds: Vec<String>,
    /// Tags by which rules pick it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tags: Vec<String>,
    /// The organisation it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organisation: Option<String>,
    /// Its role there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<String>,
    /// Language it reads; the organisation's first when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// Zone it lives in; its audience's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<Zone>,
    /// When it is not to be rung up or buzzed for what can wait, on its own clocks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quiet_hours: Option<QuietHours>,
    /// Where it is reached; never empty.
    pub endpoints: Vec<Endpoint>,
}

impl Contact {
    /// Reads a contact, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Contact> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let name = fields.optional("name", problems, line(200));
        let audiences = fields
            .references("audiences", Named::Audience, problems)
            .unwrap_or_default();
        let services = fields
            .references("services", Named::Service, problems)
            .unwrap_or_default();
        let kinds = fields.list("kinds", problems, |text| match KINDS.contains(&text) {
            true => Ok(text.to_owned()),
            false => Err(crate::problem::unknown("kind of event", text, KINDS)),
        });
        let tags = fields.list("tags", problems, line(64)).unwrap_or_default();
        let organisation = fields.optional("organisation", problems, line(200));
        let role = fields.optional("role", problems, line(100));
        let language = fields.optional("language", problems, crate::organisation::parse_language);
        let time_zone = fields.optional("time_zone", problems, Zone::parse);
        let quiet_hours = fields
            .node("quiet_hours")
            .and_then(|node| QuietHours::read(node, &fields.path_of("quiet_hours"), problems));
        let before = problems.0.len();
        let endpoints = match fields.node("endpoints") {
            Some(node) => read_endpoints(node, &fields.path_of("endpoints"), problems),
            None => Vec::new(),
        };
        if endpoints.is_empty() && problems.0.len() == before {
            fields.problem(
                "endpoints",
                "needs at least one of email, sms, voice, chat, webhook",
                problems,
            );
        }
        fields.finish(problems);
        Some(Contact {
            id: id?,
            name,
            audiences,
            services,
            kinds: kinds.unwrap_or_default(),
            tags,
            organisation,
            role,
            language,
            time_zone,
            quiet_hours,
            endpoints,
        })
    }
}

fn read_endpoints(node: &Node, path: &str, problems: &mut Problems) -> Vec<Endpoint> {
    let Some(mut fields) = Fields::of(node, path, problems) else {
        return Vec::new();
    };
    let mut endpoints = Vec::new();
    endpoints.extend(
        fields
            .optional("email", problems, EmailAddress::parse)
            .map(|address| Endpoint::Email { address }),
    );
    endpoints.extend(
        fields
            .optional("sms", problems, PhoneNumber::parse)
            .map(|number| Endpoint::Sms { number }),
    );
    endpoints.extend(
        fields
            .optional("voice", problems, PhoneNumber::parse)
            .map(|number| Endpoint::Voice { number }),
    );
    if let Some(node) = fields.node("chat") {
        let path = fields.path_of("chat");
        endpoints.extend(room::read(node, &path, problems));
    }
    if let Some(node) = fields.node("webhook") {
        let path = fields.path_of("webhook");
        endpoints.extend(read_webhook(node, &path, problems));
    }
    fields.finish(problems);
    endpoints
}

fn read_webhook(node: &Node, path: &str, problems: &mut Problems) -> Option<Endpoint> {
    if let Value::Text { .. } = node.value {
        return scalar(node, path, problems, HookUrl::parse).map(Endpoint::webhook);
    }
    let mut hook = Fields::of(node, path, problems)?;
    let url = hook.required("url", problems, HookUrl::parse);
    let secret = hook.optional("secret", problems, HookSecret::parse);
    let ordered = hook.optional("ordered", problems, boolean);
    hook.finish(problems);
    url.map(|url| Endpoint::Webhook {
        url,
        secret,
        ordered: ordered.unwrap_or_default(),
    })
}

fn shorten(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_in_one_form() {
        assert_eq!(
            PhoneNumber::parse("+1 (415) 555-0100").unwrap().as_str(),
            "+14155550100"
        );
        for bad in [
            "0415",
            "+0123456789",
            "+1",
            "+1234567890123456",
            "+49x123456",
        ] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hook_urls_carry_no_credentials() {
        assert!(HookUrl::parse("https://ops.example.test/hook").is_ok());
        for bad in [
            "ftp://x/",
            "https://u:p@x/",
            "javascript:alert(1)",
            "https://",
            "/hook",
        ] {
            assert!(HookUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(
            !format!(
                "{:?}",
                HookSecret::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap()
            )
            .contains("MDEy")
        );
        assert!(HookSecret::parse("whsec_c2hvcnQ=").is_err());
    }
}
