//! `forewarn bench`: what it measures went out whole.

use crate::running::{ended, program};
use serde_json::Value;

#[tokio::test]
async fn every_webhook_of_the_benchmark_is_sent_and_recorded() {
    let command = program(&["bench", "webhook", "--recipients", "300", "--json"]);
    let (code, said, errors) = ended(command).await;
    assert_eq!(code, 0, "{said}{errors}");
    let measured: Value = serde_json::from_str(&said).expect("one JSON document");
    assert_eq!(
        (&measured["recipients"], &measured["sent"]),
        (&300.into(), &300.into())
    );
    for figure in [
        "per_second",
        "baseline_per_second",
        "ratio",
        "seconds",
        "cpu_us_per_message",
    ] {
        assert!(
            measured[figure].as_f64().is_some_and(|f| f > 0.0),
            "{figure}: {measured}"
        );
    }
    assert_eq!(measured["connections"], 16);
    assert!(
        measured["message_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 1_000),
        "{measured}"
    );
}

#[tokio::test]
async fn what_a_message_costs_is_compared_with_fewer() {
    let command = program(&[
        "bench",
        "webhook",
        "--recipients",
        "200",
        "--few",
        "100",
        "--json",
    ]);
    let (code, said, errors) = ended(command).await;
    assert_eq!(code, 0, "{said}{errors}");
    let measured: Value = serde_json::from_str(&said).expect("one JSON document");
    let growth = &measured["growth"];
    assert_eq!(
        (&measured["sent"], &growth["from"], &growth["rounds"]),
        (&200.into(), &100.into(), &10.into())
    );
    assert!(growth["cost_grows_percent"].is_number(), "{measured}");
}

#[tokio::test]
async fn what_is_for_mail_is_refused_for_webhooks() {
    let command = program(&["bench", "webhook", "--recipients", "3", "--chunking"]);
    let (code, said, errors) = ended(command).await;
    assert!(
        code != 0 && errors.contains("bench mail"),
        "{code} {said}{errors}"
    );
}
