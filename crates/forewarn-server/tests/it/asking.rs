//! How long the answer takes to whoever asks that an address be told: for those that are known as long as for strangers. A
//! measurement, not a check: nothing is asserted but that each try was answered alike. Run with
//! `cargo test -p forewarn-server --test it how_long_asking_takes -- --ignored --nocapture --test-threads 1`.

use crate::app::{Kind, TestApp};
use forewarn_core::contact::Channel;
use forewarn_core::subscription::{Address, Choices, Request, content};
use forewarn_store::Proof;
use std::time::{Duration, Instant};

const OPEN: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, sms: {countries: [US], daily_cap: 100000}}
services: [{id: portal, name: Student portal}]
audiences:
  - {id: everybody, name: Everybody, level: non_technical, channels: [email, sms], services: [portal], self_service: yes}
";

const TRIES: usize = 500;

/// Only so many may ask in an hour.
const AT_ONCE: usize = 100;

/// The nth address that is known, or that is not.
fn address(channel: Channel, known: bool, n: usize) -> String {
    match (channel, known) {
        (Channel::Sms, true) => format!("+1415555{n:04}"),
        (Channel::Sms, false) => format!("+1212555{n:04}"),
        (_, true) => format!("known{n}@example.edu"),
        (_, false) => format!("stranger{n}@example.edu"),
    }
}

async fn subscribe(app: &TestApp, address: &str, channel: Channel) {
    let (store, now) = (&app.app.store, app.app.clock.now());
    let request = Request {
        address: Address::parse(channel, address).unwrap(),
        choices: Choices::default(),
    };
    let nonce = address;
    let message = |id, state| {
        let url = format!("https://x.test/subscription/{id}.{nonce}");
        content(id, state, "Us", url, now)
    };
    store
        .ask_to_subscribe(&request, nonce, Proof::Link, message, now)
        .await
        .unwrap();
    let id = request.address.subscriber();
    let confirmed = store.confirm_subscription(&id, nonce, "next", now);
    confirmed.await.unwrap().expect("it is confirmed");
}

/// Asks in turn for addresses that are subscribed and for others.
async fn measure(kind: Kind, channel: Channel) {
    let app = TestApp::on(kind).await;
    app.yaml("/api/v1/documents", OPEN).await.is(200);
    app.refresh().await;
    for n in 0..TRIES {
        if n % AT_ONCE == 0 {
            app.advance(120);
        }
        subscribe(&app, &address(channel, true, n), channel).await;
    }
    app.advance(60 * 48);
    let field = if channel == Channel::Sms {
        "sms"
    } else {
        "email"
    };
    let mut asking = [Vec::new(), Vec::new()];
    let mut guessing = [Vec::new(), Vec::new()];
    for n in 0..TRIES {
        if n % AT_ONCE == 0 {
            app.advance(120);
        }
        // Whichever comes first warms what the other uses, so they take turns at that too.
        for kind in [n % 2, 1 - n % 2] {
            let address = address(channel, kind == 0, n);
            let fields = [(field, address.as_str()), ("services", "portal")];
            let since = Instant::now();
            app.form_with("", "/subscribe", &fields, &[]).await.is(200);
            asking[kind].push(since.elapsed());
            if channel == Channel::Sms {
                let fields = [("sms", address.as_str()), ("code", "000000")];
                let since = Instant::now();
                let answer = app.form_with("", "/subscribe/code", &fields, &[]).await;
                // One in a million codes is right.
                assert!([303, 422].contains(&answer.status.as_u16()));
                guessing[kind].push(since.elapsed());
            }
        }
    }
    show(&format!("{kind:?} {field}: asking"), asking);
    if channel == Channel::Sms {
        show(&format!("{kind:?} {field}: guessing a code"), guessing);
    }
}

fn show(what: &str, took: [Vec<Duration>; 2]) {
    for (name, mut times) in ["known", "unknown"].into_iter().zip(took) {
        times.sort();
        let (middle, tenth, ninth) = (times[TRIES / 2], times[TRIES / 10], times[TRIES * 9 / 10]);
        println!("{what}: {name}: median {middle:?}, 10 percent {tenth:?}, 90 percent {ninth:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn how_long_asking_takes_on_sqlite() {
    measure(Kind::Sqlite, Channel::Email).await;
    measure(Kind::Sqlite, Channel::Sms).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn how_long_asking_takes_on_postgres() {
    measure(Kind::Postgres, Channel::Email).await;
    measure(Kind::Postgres, Channel::Sms).await;
}
