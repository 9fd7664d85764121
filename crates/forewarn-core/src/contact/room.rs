//! Chat rooms, and public accounts in social networks: where messages are posted by one request.

use super::{Endpoint, HookUrl};
use crate::document::{Fields, Node, Problems, boolean};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which product a chat room is in, and so what its messages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// Slack's incoming webhooks.
    Slack,
    /// A workflow of Microsoft Teams that posts what it is sent.
    Teams,
    /// Mattermost's incoming webhooks.
    Mattermost,
    /// Discord's webhooks.
    Discord,
    /// Anything that takes `{"text": ...}`.
    Generic,
    /// An account on Mastodon, or on a server that is asked in the same way: everybody reads it.
    Mastodon,
    /// A service that posts what it is sent where everybody reads it.
    Social,
}

impl ChatKind {
    /// Every kind.
    pub const ALL: [ChatKind; 7] = [
        ChatKind::Slack,
        ChatKind::Teams,
        ChatKind::Mattermost,
        ChatKind::Discord,
        ChatKind::Generic,
        ChatKind::Mastodon,
        ChatKind::Social,
    ];

    /// The name used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            ChatKind::Slack => "slack",
            ChatKind::Teams => "teams",
            ChatKind::Mattermost => "mattermost",
            ChatKind::Discord => "discord",
            ChatKind::Generic => "generic",
            ChatKind::Mastodon => "mastodon",
            ChatKind::Social => "social",
        }
    }

    /// Reads a product's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<ChatKind, String> {
        let known = Self::ALL.map(ChatKind::as_str);
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| crate::problem::unknown("chat product", text, known))
    }

    /// How many characters a post has at most where everybody reads it, unless somebody says otherwise; nothing for rooms.
    pub fn public_characters(self) -> Option<u32> {
        match self {
            ChatKind::Mastodon => Some(500),
            // What the strictest networks take.
            ChatKind::Social => Some(280),
            ChatKind::Slack
            | ChatKind::Teams
            | ChatKind::Mattermost
            | ChatKind::Discord
            | ChatKind::Generic => None,
        }
    }

    /// Whether everybody reads what is posted there.
    pub fn is_public(self) -> bool {
        self.public_characters().is_some()
    }
}

/// What lets us post to an account (RFC 6750). Never shown in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessToken(String);

impl AccessToken {
    /// Reads a token.
    ///
    /// # Errors
    /// Says the accepted form, never the token.
    pub fn parse(text: &str) -> Result<AccessToken, String> {
        let text = text.trim();
        let form = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        match (8..=1_000).contains(&text.len()) && text.chars().all(form) {
            true => Ok(AccessToken(text.to_owned())),
            false => Err("must be an access token: 8 to 1,000 letters, digits and -._~+/=".into()),
        }
    }

    /// The token as text, for sending.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("...")
    }
}

/// A headline and an address must fit.
fn characters(text: &str) -> Result<u32, String> {
    let count = text.parse().ok();
    let fits = count.filter(|count| (140..=10_000).contains(count));
    fits.ok_or_else(|| "must be 140 to 10,000".into())
}

/// Reads `endpoints.chat`, recording all problems.
pub(super) fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Endpoint> {
    let mut chat = Fields::of(node, path, problems)?;
    let kind = chat.optional("kind", problems, ChatKind::parse);
    let kind = kind.unwrap_or(ChatKind::Generic);
    let url = chat.required("url", problems, HookUrl::parse);
    let interactive = chat.optional("interactive", problems, boolean);
    let interactive = interactive.unwrap_or_default();
    if interactive && kind != ChatKind::Slack {
        let problem = "is for the kind slack: others have a link in place of a button";
        chat.problem("interactive", problem, problems);
    }
    let secret = match kind {
        ChatKind::Mastodon => chat.required("secret", problems, AccessToken::parse),
        _ => chat.optional("secret", problems, AccessToken::parse),
    };
    let most = chat.optional("characters", problems, characters);
    for (field, is_given) in [("secret", secret.is_some()), ("characters", most.is_some())] {
        if is_given && !kind.is_public() {
            let problem = "is for public accounts: mastodon, social";
            chat.problem(field, problem, problems);
        }
    }
    chat.finish(problems);
    Some(Endpoint::Chat {
        kind,
        url: url?,
        interactive,
        secret,
        characters: most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_room_is_read_with_its_product() {
        let parse = |yaml: &str| {
            let nodes = crate::document::parse_yaml(yaml).unwrap();
            let mut problems = Problems::default();
            let room = read(&nodes[0], "chat", &mut problems);
            let problems: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            (room, problems.join("; "))
        };
        let url = HookUrl::parse("https://hooks.example.test/T/B/X").unwrap();
        let room = |kind, interactive| {
            let url = url.clone();
            Some(Endpoint::Chat {
                kind,
                url,
                interactive,
                secret: None,
                characters: None,
            })
        };
        let yaml = "{kind: slack, url: 'https://hooks.example.test/T/B/X', interactive: yes}";
        assert_eq!(parse(yaml), (room(ChatKind::Slack, true), String::new()));
        let yaml = "{url: 'https://hooks.example.test/T/B/X'}";
        assert_eq!(parse(yaml), (room(ChatKind::Generic, false), String::new()));
        for (yaml, said) in [
            (
                "{kind: slak, url: 'https://a.example/'}",
                "did you mean 'slack'?",
            ),
            (
                "{kind: teams, url: 'https://a.example/', interactive: yes}",
                "is for the kind slack",
            ),
            ("{kind: teams}", "chat.url"),
            ("{url: 'https://a.example/', rooms: 2}", "rooms"),
            (
                "{url: 'https://a.example/', characters: 300}",
                "is for public accounts",
            ),
            (
                "{url: 'https://a.example/', secret: abcdefgh}",
                "is for public accounts",
            ),
            ("{kind: mastodon, url: 'https://a.example/'}", "chat.secret"),
            (
                "{kind: mastodon, url: 'https://a.example/', secret: (kept)}",
                "must be an access token",
            ),
            (
                "{kind: social, url: 'https://a.example/', characters: 20}",
                "must be 140 to 10,000",
            ),
        ] {
            let problems = parse(yaml).1;
            assert!(problems.contains(said), "{yaml}: {problems}");
        }
        let stored =
            r#"{"channel":"chat","kind":"slack","url":"https://hooks.example.test/T/B/X"}"#;
        let known: Endpoint = serde_json::from_str(stored).unwrap();
        assert_eq!(Some(&known), room(ChatKind::Slack, false).as_ref());
        assert_eq!(serde_json::to_string(&known).unwrap(), stored);
    }

    #[test]
    fn an_account_is_read_with_its_token_which_is_never_shown() {
        let yaml = "{kind: mastodon, url: 'https://social.example/api/v1/statuses', secret: Ab-1_x.y~z+/==, characters: 1000}";
        let nodes = crate::document::parse_yaml(yaml).unwrap();
        let mut problems = Problems::default();
        let account = read(&nodes[0], "chat", &mut problems).unwrap();
        assert!(problems.0.is_empty());
        let Endpoint::Chat {
            kind,
            secret,
            characters,
            ..
        } = &account
        else {
            panic!("{account:?}");
        };
        assert_eq!((*kind, *characters), (ChatKind::Mastodon, Some(1_000)));
        assert_eq!(secret.as_ref().unwrap().reveal(), "Ab-1_x.y~z+/==");
        assert!(!format!("{account:?}").contains("Ab-1"));
    }
}
