//! The channel of chat rooms against scripted rooms: what each answer means.

use crate::wire::{Names, now};
use forewarn_core::contact::{AccessToken, ChatKind};
use forewarn_core::delivery::Outcome;
use forewarn_engine::Leave;
use forewarn_engine::channel::chat::{Chats, Post};
use forewarn_engine::channel::guard::Guard;
use forewarn_engine::channel::http::{HttpClient, Wire};
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use rustls::RootCertStore;
use std::sync::Arc;
use std::time::Duration;

fn chats(allow: &[&str]) -> Chats {
    let wire = Wire {
        resolver: Arc::new(Names::none()),
        roots: RootCertStore::empty(),
        timeout: Duration::from_secs(15),
    };
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Chats::with_client(HttpClient::new(Guard::new(allow), wire), 8)
}

fn local() -> Chats {
    chats(&["127.0.0.1/32"])
}

fn post(kind: ChatKind, url: &str, id: &str) -> Post {
    Post {
        id: id.into(),
        kind,
        url: url.into(),
        secret: None,
        body: br#"{"text":"a message"}"#.to_vec(),
    }
}

async fn peer(script: Script) -> HttpPeer {
    HttpPeer::start(script).await.unwrap()
}

/// The outcome of one message to a room that answers so.
async fn outcome_of(kind: ChatKind, reply: Reply) -> Outcome {
    let room = peer(Script::new().always(reply)).await;
    let posts = [post(kind, &room.url("/T/B/X"), "d1")];
    let outcome = local().send(&posts, now()).await.remove(0);
    assert_eq!(room.count(), 1, "one attempt is one request");
    outcome
}

fn accepted(receipt: &str) -> Outcome {
    Outcome::Accepted {
        receipt: receipt.into(),
    }
}

#[tokio::test]
async fn a_room_gets_json_and_an_id_that_stays() {
    let room = peer(Script::new().always(Reply::status(200).body("ok"))).await;
    let channel = local();
    let posts = [post(
        ChatKind::Mattermost,
        &room.url("/hooks/x"),
        "notice-endpoint-1",
    )];
    for _ in 0..2 {
        assert_eq!(channel.send(&posts, now()).await, [accepted("200 OK: ok")]);
    }
    for request in room.requests() {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/hooks/x")
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("webhook-id"), Some("notice-endpoint-1"));
        assert_eq!(request.body, posts[0].body);
    }
    assert!(
        !format!("{:?}", posts[0]).contains("hooks/x"),
        "the address is a secret"
    );
}

#[tokio::test]
async fn every_2xx_is_success() {
    for (kind, status, receipt) in [
        (ChatKind::Slack, 200, "200 OK"),
        (ChatKind::Teams, 202, "202 Accepted"),
        (ChatKind::Discord, 204, "204 No Content"),
    ] {
        assert_eq!(
            outcome_of(kind, Reply::status(status)).await,
            accepted(receipt)
        );
    }
}

#[tokio::test]
async fn what_is_refused_for_good_says_so_in_the_products_own_words() {
    for (kind, status, body, gone) in [
        (ChatKind::Slack, 403, "invalid_token", true),
        (ChatKind::Slack, 410, "channel_is_archived", true),
        (ChatKind::Slack, 404, "no_service", true),
        (ChatKind::Slack, 404, "no_team", true),
        (ChatKind::Slack, 400, "invalid_blocks", false),
        (
            ChatKind::Teams,
            404,
            "{\"error\":{\"code\":\"WorkflowNotFound\"}}",
            false,
        ),
        (ChatKind::Teams, 410, "", true),
        (ChatKind::Teams, 413, "", false),
        (ChatKind::Mattermost, 404, "", false),
        (
            ChatKind::Discord,
            404,
            "{\"message\": \"Unknown Webhook\", \"code\": 10015}",
            true,
        ),
        (
            ChatKind::Discord,
            401,
            "{\"message\": \"Invalid Webhook Token\", \"code\": 50027}",
            true,
        ),
        (ChatKind::Generic, 400, "no", false),
        (
            ChatKind::Mastodon,
            422,
            r#"{"error":"Validation failed: Text character limit of 500 exceeded"}"#,
            false,
        ),
    ] {
        let outcome = outcome_of(kind, Reply::status(status).body(body)).await;
        let Outcome::PermanentFailure {
            reason,
            endpoint_gone,
        } = outcome
        else {
            panic!("{status} {body}: {outcome:?}");
        };
        assert_eq!(endpoint_gone, gone, "{status} {body}");
        assert!(reason.starts_with(&status.to_string()), "{reason}");
        assert!(reason.ends_with(body), "{reason}");
    }
}

#[tokio::test]
async fn what_may_be_mended_is_tried_again() {
    for (status, body) in [
        (401, ""),
        (403, "action_prohibited"),
        (408, ""),
        (429, "rate_limited"),
        (500, "rollup_error"),
        (502, ""),
        (503, "no_service"),
    ] {
        let outcome = outcome_of(ChatKind::Slack, Reply::status(status).body(body)).await;
        let Outcome::TransientFailure {
            reason, maybe_sent, ..
        } = outcome
        else {
            panic!("{status} {body}: {outcome:?}");
        };
        assert!(reason.ends_with(body) && !maybe_sent, "{reason}");
    }
    let outcome = outcome_of(
        ChatKind::Generic,
        Reply::redirect("https://elsewhere.example/"),
    )
    .await;
    let Outcome::TransientFailure { reason, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(reason.ends_with("is not followed"), "{reason}");
    let outcome = outcome_of(ChatKind::Generic, Reply::cut_before()).await;
    let Outcome::TransientFailure { maybe_sent, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(maybe_sent);
}

#[tokio::test]
async fn a_room_inside_our_own_network_is_not_spoken_to() {
    let room = peer(Script::new()).await;
    let posts = [post(ChatKind::Slack, &room.url("/1"), "a")];
    let outcome = chats(&[]).send(&posts, now()).await.remove(0);
    assert!(
        matches!(outcome, Outcome::PermanentFailure { .. }),
        "{outcome:?}"
    );
    assert_eq!(room.connections(), 0);
    let leave = Leave::new(|| false);
    let outcome = local().send_while(&posts, now(), &leave).await.remove(0);
    assert_eq!((outcome, room.count()), (Outcome::Withheld, 0));
}

#[tokio::test]
async fn an_account_gets_its_token_and_a_key_that_stays() {
    let server = peer(Script::new().first(1, Reply::status(503))).await;
    let account = |kind: ChatKind, secret: &str| Post {
        secret: AccessToken::parse(secret).ok(),
        body: b"language=en&status=a+message".to_vec(),
        ..post(kind, &server.url("/api/v1/statuses"), "d1.inst")
    };
    let mastodon = account(ChatKind::Mastodon, "Ab-1_x.y");
    assert!(!format!("{mastodon:?}").contains("Ab-1"));
    let channel = local();
    for _ in 0..2 {
        channel.send(std::slice::from_ref(&mastodon), now()).await;
    }
    channel.send(&[account(ChatKind::Social, "")], now()).await;
    let found: Vec<_> = server
        .requests()
        .iter()
        .map(|r| {
            ["content-type", "idempotency-key", "authorization"]
                .map(|name| r.header(name).map(str::to_owned))
        })
        .collect();
    let said = |text: &str| Some(text.to_owned());
    let form = [
        said("application/x-www-form-urlencoded"),
        said("d1.inst"),
        said("Bearer Ab-1_x.y"),
    ];
    let json = [said("application/json"), said("d1.inst"), None];
    assert_eq!(found, [form.clone(), form, json]);
}
