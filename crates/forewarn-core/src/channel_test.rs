//! Trying a channel out: what the test message says, and what an administrator does about its failure.

use crate::id::{Id, derive};
use crate::message::Content;
use jiff::{SignedDuration, Timestamp};

/// How long a test means anything.
pub const LASTS: SignedDuration = SignedDuration::from_mins(10);

/// A test message. It says so, asks for nothing, and is about no event.
pub fn content(
    organisation: &str,
    public_url: &str,
    nonce: &str,
    now: Timestamp,
) -> Option<Content> {
    let id = Id::parse(&format!("test-{}", derive(&["test", nonce]))).ok()?;
    Some(Content {
        title: "A test".into(),
        url: public_url.to_owned(),
        ..Content::apart(id, "test", "test", organisation, now)
    })
}

/// What stands in a failure's words, all of it and in any case, and what to do then. The first that fits counts.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["no mail relay is configured"],
        "Set FOREWARN_SMTP_URL (or --smtp) to your mail server and start Forewarn again.",
    ),
    (
        &["no provider of text messages"],
        "Set FOREWARN_TWILIO_SID, _TOKEN and _FROM and start Forewarn again.",
    ),
    (
        &["needs a telephone number in forewarn_twilio_from"],
        "Add a number in international form to FOREWARN_TWILIO_FROM: a messaging service can send texts but cannot call.",
    ),
    (
        &["refused", "plain http"],
        "Use https. For an address in your own network, name its network with --allow-private-targets.",
    ),
    (
        &["refused:"],
        "Forewarn does not connect to this kind of address. If it is one of your own network, name its network with --allow-private-targets.",
    ),
    (
        &["name could not be resolved"],
        "The host's name is not known: look for a slip in the address, and ask this machine's DNS for it.",
    ),
    (
        &["the name has no address"],
        "The host's name is not known: look for a slip in the address, and ask this machine's DNS for it.",
    ),
    (
        &["failed to lookup address"],
        "The host's name is not known: look for a slip in the address, and ask this machine's DNS for it.",
    ),
    (
        &["certificate", "expired"],
        "The server's certificate has run out: whoever runs the server renews it. If it is new, look at this machine's clock.",
    ),
    (
        &["certificate", "not valid for name"],
        "The server's certificate is for another name: use the name that stands in it.",
    ),
    (
        &["certificate"],
        "The server's certificate is not trusted. Add its authority to this machine's certificates, or for mail name it with ?ca=FILE in FOREWARN_SMTP_URL.",
    ),
    (
        &["starttls is required"],
        "The mail server offers no encryption on this port. Use its port for submission, mostly 587, or smtps:// with 465.",
    ),
    (
        &["tls:"],
        "Encryption could not be agreed. Look whether the port is right: smtps:// is for 465, smtp+starttls:// for 587.",
    ),
    (
        &["connection refused"],
        "The machine is there, but nothing listens at this port: look at the port, and whether the server runs.",
    ),
    (
        &["no connection in time"],
        "Nothing answered: a firewall may be in between, or the address is wrong.",
    ),
    (
        &["connect: no answer within"],
        "Nothing answered: a firewall may be in between, or the address is wrong.",
    ),
    (
        &["no route to host"],
        "This machine has no way to that address: look at its network and firewall.",
    ),
    (
        &["535"],
        "The mail server does not know this user or password: look at those in FOREWARN_SMTP_URL; some servers want a password for programs.",
    ),
    (
        &["530"],
        "The mail server wants a user and password, or encryption first: set them in FOREWARN_SMTP_URL.",
    ),
    (
        &["auth"],
        "The mail server does not take this user or password: look at those in FOREWARN_SMTP_URL.",
    ),
    (
        &["relay", "denied"],
        "The mail server does not send mail on for us: allow this machine there, or set a user and password.",
    ),
    (
        &["5.1.1"],
        "There is no such mailbox: look for a slip in the address.",
    ),
    (
        &["20003"],
        "The provider does not know the account or its token: look at FOREWARN_TWILIO_SID and _TOKEN.",
    ),
    (
        &["21211"],
        "The provider says that this is no telephone number: look for a slip, and at the country code.",
    ),
    (
        &["21610"],
        "The owner of this number said STOP. Only they can take that back, by sending START.",
    ),
    (
        &["21614"],
        "This number is no mobile telephone: it can be called, but gets no text messages.",
    ),
    (
        &["21606"],
        "The number in FOREWARN_TWILIO_FROM cannot send: use one of the account's own.",
    ),
    (
        &["channel_is_archived"],
        "The room was archived: bring it back, or make a webhook for another one.",
    ),
    (
        &["invalid_token"],
        "This webhook was withdrawn or its address is not whole: make a new one and put its address into the contact.",
    ),
    (
        &["no_service"],
        "This webhook was withdrawn: make a new one and put its address into the contact.",
    ),
    (
        &["no_team"],
        "The workspace is not there any more: look at the address.",
    ),
    (
        &["unknown webhook"],
        "This webhook was deleted: make a new one and put its address into the contact.",
    ),
    (
        &["invalid webhook token"],
        "The last part of the webhook's address is wrong: copy the whole address again.",
    ),
    (
        &["workflow"],
        "The workflow in Teams is off or gone: open it in Workflows, turn it on, or make a new one.",
    ),
    (
        &["action_prohibited"],
        "An administrator of the workspace does not let this app post there.",
    ),
    (
        &["redirect"],
        "The server sends us elsewhere, and requests with messages are not sent on: put the address that it names into the contact.",
    ),
    (
        &["character limit"],
        "The post is too long for this network: set `characters` of the contact's chat endpoint to what it takes.",
    ),
    (
        &["401"],
        "The server wants to know who we are: the secret or token in the address is wrong.",
    ),
    (
        &["403"],
        "The server knows us and does not let us: look at what this webhook or account may do.",
    ),
    (
        &["404"],
        "The server is there, but not this address: copy it again from where it was made.",
    ),
    (
        &["410"],
        "The server says that this address is gone for good: make a new one.",
    ),
    (&["413"], "The message is too large for this server."),
    (
        &["429"],
        "The server had too many messages of late. Forewarn waits as long as it asks for; nothing needs to be done.",
    ),
    (
        &["unsubscribed"],
        "They unsubscribed, so nothing is sent to them. Only they can take that back.",
    ),
];

/// What to do about a failure, by the words in which it was told.
pub fn advice(said: &str) -> Option<&'static str> {
    let said = said.to_lowercase();
    let fits = |words: &&[&str]| words.iter().all(|word| said.contains(word));
    let found = ADVICE.iter().find(|(words, _)| fits(words));
    found.map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_explained() {
        for (said, advised) in [
            (
                "the name could not be resolved: no address",
                "ask this machine's DNS",
            ),
            (
                "could not connect: Connection refused (os error 111)",
                "nothing listens at this port",
            ),
            (
                "could not connect: invalid peer certificate: UnknownIssuer",
                "is not trusted",
            ),
            (
                "could not connect: invalid peer certificate: Expired",
                "has run out",
            ),
            (
                "535 5.7.8 Error: authentication failed",
                "does not know this user or password",
            ),
            (
                "refused: 10.0.0.7 is a private address",
                "--allow-private-targets",
            ),
            ("403 Forbidden: invalid_token", "make a new one"),
            ("410 Gone: channel_is_archived", "The room was archived"),
            (
                r#"422 Unprocessable Content: {"error":"Validation failed: Text character limit of 500 exceeded"}"#,
                "set `characters`",
            ),
            (
                "404 Not Found: {\"message\": \"Unknown Webhook\", \"code\": 10015}",
                "was deleted",
            ),
            (
                "400 Bad Request: 21211 The 'To' number is not a valid phone number",
                "no telephone number",
            ),
            ("550 5.1.1 no such user", "no such mailbox"),
            ("429 Too Many Requests", "nothing needs to be done"),
            (
                "302 Found: the redirect to https://x is not followed",
                "put the address that it names",
            ),
        ] {
            let advice = advice(said).unwrap_or_default();
            assert!(advice.contains(advised), "{said}: {advice}");
        }
        assert_eq!(advice("500 Internal Server Error: oh"), None);
    }
}
