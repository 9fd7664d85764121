//! A button that somebody pressed in Slack (`block_actions`), as the app's interactivity address is told.

use crate::alert::harmless;
use crate::contact::HookUrl;
use crate::message::ACKNOWLEDGE;
use serde::Deserialize;

/// The longest name that is shown.
const MOST_NAME: usize = 80;

/// Somebody says by a button that they have read a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Who, by their id in Slack.
    pub user: String,
    /// The name that their colleagues know, as one harmless line.
    pub name: String,
    /// What the button brings.
    pub token: String,
    /// Where something can be put in the message's place, for half an hour.
    pub answer_url: Option<HookUrl>,
}

#[derive(Deserialize)]
struct Payload {
    r#type: String,
    user: User,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    response_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

#[derive(Deserialize)]
struct Action {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: Option<String>,
}

impl Press {
    /// Reads the field `payload`. Nothing where another button was pressed, such as one that only leads somewhere.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(payload: &str) -> Result<Option<Press>, String> {
        let payload: Payload = serde_json::from_str(payload)
            .map_err(|problem| format!("the payload cannot be read: {problem}"))?;
        if payload.r#type != "block_actions" {
            return Ok(None);
        }
        let mut actions = payload.actions.into_iter();
        let Some(action) = actions.find(|action| action.action_id == ACKNOWLEDGE) else {
            return Ok(None);
        };
        let token = action.value.unwrap_or_default();
        if token.is_empty() {
            return Err("the button brings nothing".into());
        }
        let answer_url = payload.response_url.as_deref().map(HookUrl::parse);
        let answer_url = answer_url
            .transpose()
            .map_err(|problem| format!("response_url {problem}"))?;
        let user = payload.user;
        let name = user.name.or(user.username);
        let name = name.filter(|name| !name.trim().is_empty());
        Ok(Some(Press {
            name: harmless(name.as_ref().unwrap_or(&user.id), MOST_NAME),
            user: user.id,
            token,
            answer_url,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_press_is_read_and_other_buttons_are_left_alone() {
        let payload = |kind: &str, action: &str, value: Option<&str>| {
            json!({"type": kind, "user": {"id": "U1", "username": "ann", "name": "ann.lee", "team_id": "T1"},
                "api_app_id": "A1", "trigger_id": "1.2", "response_url": "https://hooks.slack.test/actions/T1/1/x",
                "message": {"type": "message", "text": "x", "blocks": []}, "channel": {"id": "C1", "name": "ops"},
                "actions": [{"type": "button", "block_id": "b", "action_ts": "1", "action_id": action, "value": value}]})
            .to_string()
        };
        let press = Press {
            user: "U1".into(),
            name: "ann.lee".into(),
            token: "n.e.s".into(),
            answer_url: HookUrl::parse("https://hooks.slack.test/actions/T1/1/x").ok(),
        };
        let read = |kind, action, value| Press::read(&payload(kind, action, value));
        assert_eq!(
            read("block_actions", "acknowledge", Some("n.e.s")),
            Ok(Some(press))
        );
        assert_eq!(read("block_actions", "open", None), Ok(None));
        assert_eq!(read("view_submission", "acknowledge", Some("x")), Ok(None));
        for wrong in [
            payload("block_actions", "acknowledge", None),
            "{}".into(),
            "not JSON".into(),
            r#"{"type":"block_actions","user":{"id":"U1"},"response_url":"ftp://x/","actions":[{"action_id":"acknowledge","value":"x"}]}"#.into(),
        ] {
            assert!(Press::read(&wrong).is_err(), "{wrong}");
        }
    }
}
