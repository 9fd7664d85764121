//! What the HTTP tests share: a scripted resolver, hooks to send, and a channel on both.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use forewarn_engine::channel::guard::Guard;
use forewarn_engine::channel::http::{HttpClient, Wire};
use forewarn_engine::channel::webhook::{Hook, Webhooks};
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::RootCertStore;

/// 24 bytes: 0, 1, 2, ...
pub const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

pub fn now() -> Timestamp {
    "2026-11-22T09:30:00Z".parse().unwrap()
}

pub fn hook(url: &str) -> Hook {
    Hook {
        id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W".into(),
        url: url.into(),
        secrets: vec![SECRET.into()],
        body: br#"{"type":"incident.opened"}"#.to_vec(),
    }
}

/// A channel that may connect to these networks besides public ones, and whose names are in `names`.
pub fn channel(allow: &[&str], names: Names) -> Webhooks {
    let wire = Wire {
        resolver: Arc::new(names),
        roots: RootCertStore::empty(),
        timeout: Duration::from_secs(15),
    };
    channel_on(allow, wire)
}

pub fn channel_on(allow: &[&str], wire: Wire) -> Webhooks {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Webhooks::with_client(HttpClient::new(Guard::new(allow), wire), 8)
}

/// A resolver: every name has these answers in turn, the last one then for ever.
#[derive(Clone, Default)]
pub struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    /// No name has an address.
    pub fn none() -> Names {
        Names::default()
    }

    pub fn always(addresses: &[&str]) -> Names {
        Names::in_turn(&[addresses])
    }

    pub fn in_turn(answers: &[&[&str]]) -> Names {
        let parse = |answer: &&[&str]| answer.iter().map(|a| a.parse().unwrap()).collect();
        Names {
            answers: answers.iter().map(parse).collect(),
            asked: Arc::default(),
        }
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self
            .answers
            .get(turn)
            .or(self.answers.last())
            .cloned()
            .unwrap_or_default();
        Box::pin(async move {
            Ok(Box::new(answer.into_iter().map(|address| (address, 0u16).into())) as Addrs)
        })
    }
}
