//! Chat messages from full, sparse and hostile facts, for every product, within its limits.

use super::*;
use crate::contact::Channel;
use crate::message::samples::*;
use crate::message::{MILESTONES, render};
use std::fmt::Write as _;

const CONFIRM: &str = "https://status.example.edu/confirm/notice.endpoint.sig";

const ROOMS: [ChatKind; 5] = [
    ChatKind::Slack,
    ChatKind::Teams,
    ChatKind::Mattermost,
    ChatKind::Discord,
    ChatKind::Generic,
];

fn body(kind: ChatKind, content: &Content, level: Level, ask: Ask<'_>) -> Value {
    let variant = variant(level, Channel::Chat);
    let message = render(content, &variant, &[]);
    let body = chat_body(kind, content, &message, &variant, ask);
    serde_json::from_slice(&body).expect("JSON")
}

/// Bodies as people read them.
fn show<'a>(bodies: impl IntoIterator<Item = (ChatKind, &'a Content, Level, Ask<'a>)>) -> String {
    let mut out = String::new();
    for (kind, content, level, ask) in bodies {
        let body = body(kind, content, level, ask);
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        let milestone = &content.milestone;
        let _ = writeln!(out, "== {} {milestone}\n{pretty}\n", kind.as_str());
    }
    out
}

/// Every text in a body, wherever it stands.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The limits that each product publishes.
fn assert_within(kind: ChatKind, body: &Value) {
    let whole = body.to_string();
    let len = |text: &Value| text.as_str().map_or(0, marks::units);
    match kind {
        ChatKind::Slack => {
            let blocks = body["blocks"].as_array().unwrap();
            assert!(blocks.len() <= 50);
            for block in blocks {
                let most = match block["type"].as_str().unwrap() {
                    "header" => 150,
                    "section" => 3_000,
                    _ => continue,
                };
                let length = len(&block["text"]["text"]);
                assert!((1..=most).contains(&length), "{length} of {most}: {block}");
            }
            assert!(marks::units(&whole) < 13_000);
            assert!(len(&body["text"]) > 0);
        }
        ChatKind::Teams => assert!(whole.len() <= 28_000, "{}", whole.len()),
        ChatKind::Mattermost => assert!(marks::units(&whole) < 16_000),
        ChatKind::Discord => {
            let embed = &body["embeds"][0];
            assert!(len(&body["content"]) <= 2_000);
            assert!(len(&embed["title"]) <= 256);
            assert!((1..=2_000).contains(&len(&embed["description"])), "{embed}");
            assert_eq!(body["allowed_mentions"], json!({"parse": []}));
        }
        ChatKind::Generic => assert!(len(&body["text"]) <= 4_000),
        ChatKind::Mastodon => assert!((1..=500).contains(&len(&body["status"])), "{body}"),
        ChatKind::Social => assert!((1..=280).contains(&len(&body["text"])), "{body}"),
    }
}

#[test]
fn an_update_in_every_product() {
    let content = full("update");
    let all = ROOMS.map(|kind| (kind, &content, Level::SemiTechnical, Ask::Link(CONFIRM)));
    insta::assert_snapshot!(show(all));
}

#[test]
fn an_announcement_with_little_known() {
    let content = sparse("announcement");
    let all = ROOMS.map(|kind| (kind, &content, Level::NonTechnical, Ask::Nothing));
    insta::assert_snapshot!(show(all));
}

#[test]
fn what_an_enemy_would_write() {
    let content = Content {
        title: "<!channel> @everyone *x* [a](https://evil.example) <https://evil.example|bank>"
            .into(),
        services: vec!["<@U024BE7LH> & @here_now".into()],
        ..hostile("holding")
    };
    let all = ROOMS.map(|kind| (kind, &content, Level::Technical, Ask::Link(CONFIRM)));
    insta::assert_snapshot!(show(all));
}

#[test]
fn slack_has_a_button_and_says_who_pressed_it() {
    let content = full("holding");
    let asks = [
        Ask::Button("notice.endpoint.sig"),
        Ask::ConfirmedBy("Ann <!here>"),
    ];
    let both = asks.map(|ask| (ChatKind::Slack, &content, Level::NonTechnical, ask));
    insta::assert_snapshot!(show(both));
}

#[test]
fn every_message_keeps_the_limits_and_pings_nobody() {
    let long = |milestone: &str| {
        let content = hostile(milestone);
        let text = "We know more: @everyone look at <!channel> & [this](https://evil.example/x). ";
        Content {
            text: Some(text.repeat(200)),
            services: vec!["A rather long name of a service & more".into(); 60],
            next_update: full(milestone).next_update,
            url: format!("https://status.example.edu/{}", "a".repeat(150)),
            ..content
        }
    };
    let contents: [fn(&str) -> Content; 4] = [full, sparse, hostile, long];
    for content in contents {
        for (n, milestone) in MILESTONES.into_iter().enumerate() {
            let content = content(milestone);
            for kind in ChatKind::ALL {
                let asks = [Ask::Nothing, Ask::Link(CONFIRM), Ask::ConfirmedBy("Ann")];
                let body = body(kind, &content, Level::Technical, asks[n % 3]);
                assert_within(kind, &body);
                for text in texts(&body) {
                    for ping in ["@everyone", "<!", "<@", "|this>", "[this]("] {
                        assert!(!text.contains(ping), "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_text_that_was_cut_says_when_the_next_one_comes_and_where_all_of_it_stands() {
    let content = Content {
        text: Some("We are still looking for the cause. ".repeat(300)),
        ..full("update")
    };
    for kind in ChatKind::ALL {
        let all = texts(&body(kind, &content, Level::NonTechnical, Ask::Nothing)).join("\n");
        assert!(all.contains("Next update: by 12:30 PST"), "{kind:?}: {all}");
        assert!(
            all.contains("https://status.example.edu/events/INC-7"),
            "{all}"
        );
        assert!(kind.is_public() || all.contains("Read all of it"), "{all}");
        let cut = all.match_indices("cause.").last().unwrap().0;
        let after = all[cut + 6..].trim_start();
        assert!(
            !after.starts_with("We"),
            "{kind:?} ends with a sentence: {after}"
        );
    }
}

#[test]
fn the_colour_goes_with_the_word() {
    for (status, severity, said) in [
        (
            "investigating",
            Severity::P1,
            "\u{1f534} We are looking for the cause",
        ),
        (
            "investigating",
            Severity::P3,
            "\u{1f7e0} We are looking for the cause",
        ),
        ("monitoring", Severity::P1, "\u{1f7e0} Fix in place"),
        ("resolved", Severity::P1, "\u{1f7e2} Solved"),
    ] {
        let content = Content {
            status: status.into(),
            severity: Some(severity),
            ..full("update")
        };
        let body = body(
            ChatKind::Generic,
            &content,
            Level::NonTechnical,
            Ask::Nothing,
        );
        let text = body["text"].as_str().unwrap();
        assert!(
            text.contains(&format!("{said} \u{b7} Student portal")),
            "{text}"
        );
    }
    for milestone in ["test", "digest"] {
        let body = body(
            ChatKind::Discord,
            &full(milestone),
            Level::NonTechnical,
            Ask::Nothing,
        );
        assert_eq!(
            body["content"],
            Value::Null,
            "{milestone} is about no event"
        );
    }
}

#[test]
fn an_account_keeps_its_characters_and_leads_to_the_page() {
    let long = |milestone: &str| Content {
        text: Some("We are still looking for the cause. ".repeat(100)),
        ..full(milestone)
    };
    let contents: [fn(&str) -> Content; 4] = [full, sparse, hostile, long];
    let variant = variant(Level::NonTechnical, Channel::Chat);
    for milestone in MILESTONES {
        for content in contents.map(|content| content(milestone)) {
            let message = render(&content, &variant, &[]);
            for most in [140, 280, 300, 500, 5_000] {
                let of = |kind| post_body(kind, most, &content, &message, &variant);
                let json: Value = serde_json::from_slice(&of(ChatKind::Social)).unwrap();
                let text = json["text"].as_str().unwrap();
                assert!(marks::units(text) <= most as usize, "{most}: {text}");
                let page = safe_url(&content.url);
                let leads = page.as_deref().is_none_or(|page| text.contains(page));
                assert!(leads, "{milestone}, {most}: {text}");
                let form: Vec<(String, String)> =
                    url::form_urlencoded::parse(&of(ChatKind::Mastodon))
                        .into_owned()
                        .collect();
                let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                assert_eq!(form, [pair("language", "en"), pair("status", text)]);
            }
        }
    }
}

#[test]
fn nobody_is_asked_to_confirm_what_everybody_reads() {
    let content = full("update");
    for kind in [ChatKind::Mastodon, ChatKind::Social] {
        let body = body(kind, &content, Level::NonTechnical, Ask::Link(CONFIRM));
        assert!(!body.to_string().contains("/confirm/"), "{body}");
    }
}
