//! Every behaviour of a server, and what it must make of a batch.

use std::collections::HashMap;
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::smtp::{Limits, Mail};
use forewarn_engine::peer::smtp::{Act, Fault, Script, SmtpPeer, Stage};

use super::{Tally, batch, plain, start, tally};

/// No mail is lost, doubled, or said to be where it is not.
fn audit(case: &str, batch: &[Mail], outcomes: &[Outcome], peer: &SmtpPeer) {
    assert_eq!(batch.len(), outcomes.len(), "{case}");
    let mut ledger: HashMap<String, usize> = HashMap::new();
    for received in peer.ledger() {
        *ledger.entry(received.to.clone()).or_default() += 1;
    }
    for (mail, outcome) in batch.iter().zip(outcomes) {
        let copies = ledger.get(&mail.to).copied().unwrap_or(0);
        let right = match outcome {
            Outcome::Accepted { receipt } => copies == 1 && receipt.starts_with('2'),
            Outcome::TransientFailure {
                maybe_sent, reason, ..
            } => (copies == 0 || *maybe_sent) && !reason.is_empty() && !reason.starts_with('5'),
            Outcome::PermanentFailure { reason, .. } => copies == 0 && reason.starts_with('5'),
            Outcome::Withheld | Outcome::Paced { .. } => false,
        };
        assert!(
            right,
            "{case}: {} is {copies} times in the ledger and {outcome:?}",
            mail.to
        );
    }
}

/// Behaviours, and what they must make of a batch of 20, with PIPELINING, without, and with CHUNKING.
fn behaviours() -> Vec<(&'static str, Script, Tally)> {
    let one = |stage, words| Script::default().fault(Fault::reply(stage, words));
    let to_03 = |stage, words| Script::default().fault(Fault::reply(stage, words).only_to("r03"));
    let first_3 = |stage, words| Script::default().fault(Fault::reply(stage, words).times(3));
    let after_5 = |stage, act| Script::default().fault(Fault::new(stage, act).after(5).times(1));
    let say = |words: &str| Act::Reply(words.into());
    let maybe = |accepted, transient| Tally {
        maybe_sent: 1,
        ..tally(accepted, transient, 0)
    };
    let gone = Tally {
        gone: 1,
        ..tally(19, 0, 1)
    };
    vec![
        ("no fault", Script::default(), tally(20, 0, 0)),
        (
            "no 8BITMIME",
            Script::default().without("8BITMIME"),
            tally(20, 0, 0),
        ),
        (
            "tarpit",
            Script::default().delay(Duration::from_millis(1)),
            tally(20, 0, 0),
        ),
        (
            "greeting 421",
            one(Stage::Greeting, "421 4.3.2 down"),
            tally(0, 20, 0),
        ),
        (
            "greeting 554",
            one(Stage::Greeting, "554 no"),
            tally(0, 20, 0),
        ),
        (
            "greeting nonsense",
            one(Stage::Greeting, "SSH-2.0-dropbear"),
            tally(0, 20, 0),
        ),
        (
            "greeting cut",
            Script::default().fault(Fault::new(Stage::Greeting, Act::Cut)),
            tally(0, 20, 0),
        ),
        (
            "greeting hang",
            Script::default().fault(Fault::new(Stage::Greeting, Act::Hang)),
            tally(0, 20, 0),
        ),
        (
            "EHLO 451",
            one(Stage::Ehlo, "451 4.3.0 later"),
            tally(0, 20, 0),
        ),
        (
            "EHLO 421",
            one(Stage::Ehlo, "421 4.3.0 down"),
            tally(0, 20, 0),
        ),
        (
            "EHLO 502, HELO known",
            one(Stage::Ehlo, "502 what?"),
            tally(20, 0, 0),
        ),
        (
            "MAIL 451",
            first_3(Stage::Mail, "451 4.3.0 later"),
            tally(17, 3, 0),
        ),
        (
            "MAIL 550",
            first_3(Stage::Mail, "550 5.7.1 not you"),
            tally(17, 0, 3),
        ),
        (
            "MAIL 421",
            after_5(Stage::Mail, say("421 4.7.0 enough")),
            tally(5, 15, 0),
        ),
        ("MAIL cut", after_5(Stage::Mail, Act::Cut), tally(5, 15, 0)),
        (
            "MAIL hang",
            after_5(Stage::Mail, Act::Hang),
            tally(5, 15, 0),
        ),
        (
            "MAIL nonsense",
            after_5(Stage::Mail, say("moo")),
            tally(5, 15, 0),
        ),
        (
            "MAIL 354",
            after_5(Stage::Mail, say("354 go on")),
            tally(5, 15, 0),
        ),
        (
            "RCPT 450 greylisted",
            first_3(Stage::Rcpt, "450 4.2.0 greylisted"),
            tally(17, 3, 0),
        ),
        (
            "RCPT 452 of one",
            to_03(Stage::Rcpt, "452 4.2.2 full"),
            tally(19, 1, 0),
        ),
        ("RCPT 550 5.1.1", to_03(Stage::Rcpt, "550 5.1.1 who?"), gone),
        (
            "RCPT 550 5.7.1",
            to_03(Stage::Rcpt, "550 5.7.1 blocked"),
            tally(19, 0, 1),
        ),
        (
            "RCPT 552",
            to_03(Stage::Rcpt, "552 5.2.2 full"),
            tally(19, 0, 1),
        ),
        (
            "RCPT 554 for all",
            one(Stage::Rcpt, "554 5.7.1 no"),
            tally(0, 0, 20),
        ),
        (
            "RCPT 421",
            to_03(Stage::Rcpt, "421 4.7.0 enough"),
            tally(3, 17, 0),
        ),
        ("RCPT cut", after_5(Stage::Rcpt, Act::Cut), tally(5, 15, 0)),
        (
            "DATA 451",
            first_3(Stage::Data, "451 4.3.0 later"),
            tally(17, 3, 0),
        ),
        (
            "DATA 554",
            first_3(Stage::Data, "554 5.6.0 no"),
            tally(17, 0, 3),
        ),
        (
            "DATA 421",
            after_5(Stage::Data, say("421 4.7.0 enough")),
            tally(5, 15, 0),
        ),
        ("DATA cut", after_5(Stage::Data, Act::Cut), tally(5, 15, 0)),
        (
            "DATA 250",
            after_5(Stage::Data, say("250 2.0.0 what?")),
            tally(5, 15, 0),
        ),
        ("body cut", after_5(Stage::Body, Act::Cut), maybe(5, 15)),
        (
            "dot 452",
            first_3(Stage::Dot, "452 4.3.1 full"),
            tally(17, 3, 0),
        ),
        (
            "dot 554",
            first_3(Stage::Dot, "554 5.7.1 spam"),
            tally(17, 0, 3),
        ),
        (
            "dot 550 5.1.1",
            to_03(Stage::Dot, "550 5.1.1 late"),
            tally(19, 0, 1),
        ),
        (
            "dot 421",
            after_5(Stage::Dot, say("421 4.3.0 down")),
            tally(5, 15, 0),
        ),
        ("dot cut", after_5(Stage::Dot, Act::Cut), maybe(5, 15)),
        (
            "dot taken, then cut",
            after_5(Stage::Dot, Act::AcceptAndCut),
            maybe(5, 15),
        ),
        ("dot hang", after_5(Stage::Dot, Act::Hang), maybe(5, 15)),
        (
            "dot nonsense",
            after_5(Stage::Dot, say("moo")),
            maybe(5, 15),
        ),
        (
            "dot 354",
            after_5(Stage::Dot, say("354 go on")),
            maybe(5, 15),
        ),
        (
            "closes after 5",
            Script::default().close_after(5),
            tally(5, 15, 0),
        ),
        (
            "RCPT 550, DATA 354 all the same",
            to_03(Stage::Rcpt, "550 5.7.1 no").fault(Fault::reply(Stage::Data, "354 go on")),
            tally(19, 0, 1),
        ),
        (
            "RCPT 550, RSET refused",
            to_03(Stage::Rcpt, "550 5.7.1 no").fault(Fault::reply(Stage::Rset, "500 what?")),
            tally(3, 16, 1),
        ),
    ]
}

/// What the server offers beside the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Pipelining,
    Nothing,
    Chunking,
}

#[tokio::test]
async fn every_behaviour_gives_every_mail_its_outcome() {
    // Only a silent server is given little time, so that a busy machine is not taken for one.
    let patient = Limits::default();
    let impatient = Limits {
        greeting: Duration::from_millis(500),
        envelope: Duration::from_millis(500),
        dot: Duration::from_millis(500),
        ..patient
    };
    for offer in [Offer::Pipelining, Offer::Nothing, Offer::Chunking] {
        for (name, script, expected) in behaviours() {
            let case = format!("{name}, {offer:?}");
            let script = match offer {
                Offer::Pipelining => script,
                Offer::Nothing => script.without("PIPELINING"),
                // There is no DATA then.
                Offer::Chunking if name.starts_with("DATA") => continue,
                Offer::Chunking => script.with("CHUNKING"),
            };
            let limits = if name.ends_with("hang") {
                impatient
            } else {
                patient
            };
            let peer = start(script).await;
            let outcomes = plain(&peer).limits(limits).send(&batch()).await;
            audit(&case, &batch(), &outcomes, &peer);
            let mut tally = Tally::of(&outcomes);
            if offer == Offer::Chunking && tally.maybe_sent > expected.maybe_sent {
                // All that were on their way are in doubt, which the audit has looked at.
                tally.maybe_sent = expected.maybe_sent;
            }
            assert_eq!(tally, expected, "{case}: {outcomes:#?}");
        }
    }
}
