//! Proofs that a request comes from who it says, as each kind of source gives them. Every comparison takes the same time
//! wherever the two differ.

use crate::hook::Secret;
use crate::token::same;
use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// How far a signed time may be from ours: a request that is older was seen by somebody and sent again.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// More signatures in one header are not looked at.
const MOST_SIGNATURES: usize = 10;

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It carries no proof.
    Unsigned,
    /// Its proof does not fit.
    Wrong,
    /// It was signed too long ago, or came before.
    Replayed,
}

impl Refused {
    /// The name that is counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Refused::Unsigned => "unsigned",
            Refused::Wrong => "wrong_signature",
            Refused::Replayed => "replayed",
        }
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of every length.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// The HMAC-SHA256 of a text under a secret, for those who sign.
pub fn sign(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac(secret, parts)
}

/// Whether any of the given proofs is one under any of the secrets. All are compared, so that nothing is told by the time.
fn fits(
    secrets: &[Secret],
    given: &[Vec<u8>],
    proof: impl Fn(&Secret) -> Vec<u8>,
) -> Result<(), Refused> {
    let mut found = false;
    for secret in secrets {
        let expected = proof(secret);
        for one in given.iter().take(MOST_SIGNATURES) {
            found |= same(&expected, one);
        }
    }
    if found { Ok(()) } else { Err(Refused::Wrong) }
}

/// `Authorization: Bearer SECRET`, or Basic with any name and the secret as password.
///
/// # Errors
/// Why it is refused.
pub fn check_token(secrets: &[Secret], authorization: Option<&str>) -> Result<(), Refused> {
    let value = authorization.ok_or(Refused::Unsigned)?.trim();
    let (scheme, rest) = value.split_once(' ').ok_or(Refused::Unsigned)?;
    let given = if scheme.eq_ignore_ascii_case("bearer") {
        rest.trim().as_bytes().to_vec()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let plain = BASE64
            .decode(rest.trim().as_bytes())
            .map_err(|_| Refused::Wrong)?;
        let colon = plain
            .iter()
            .position(|b| *b == b':')
            .ok_or(Refused::Wrong)?;
        plain[colon + 1..].to_vec()
    } else {
        return Err(Refused::Unsigned);
    };
    // Hashed first: also their lengths are not told.
    let hashed = [mac(b"token", &[&given])];
    fits(secrets, &hashed, |secret| {
        mac(b"token", &[secret.reveal().as_bytes()])
    })
}

/// `NAME=HEX` signatures over the body, several with commas between: `v1` of PagerDuty, `sha256` of many others.
///
/// # Errors
/// Why it is refused.
pub fn check_body(
    secrets: &[Secret],
    header: Option<&str>,
    version: &str,
    body: &[u8],
) -> Result<(), Refused> {
    let given: Vec<Vec<u8>> = header
        .ok_or(Refused::Unsigned)?
        .split(',')
        .filter_map(|one| one.trim().split_once('='))
        .filter(|(name, _)| *name == version)
        .filter_map(|(_, hex)| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok())
        .collect();
    fits(secrets, &given, |secret| {
        mac(secret.reveal().as_bytes(), &[body])
    })
}

fn in_time(seconds: Option<&str>, now: Timestamp) -> Result<&str, Refused> {
    let text = seconds.ok_or(Refused::Unsigned)?.trim();
    let at = text
        .parse::<i64>()
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok());
    let at = at.ok_or(Refused::Wrong)?;
    match now.duration_since(at).abs() > TOLERANCE {
        true => Err(Refused::Replayed),
        false => Ok(text),
    }
}

/// Slack's scheme: `v0=HEX` over `v0:{time}:{body}`.
///
/// # Errors
/// Why it is refused.
pub fn check_slack(
    secrets: &[Secret],
    time: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let signature = signature.ok_or(Refused::Unsigned)?.trim();
    let hex = signature.strip_prefix("v0=").ok_or(Refused::Wrong)?;
    let given = HEXLOWER_PERMISSIVE
        .decode(hex.as_bytes())
        .map_err(|_| Refused::Wrong)?;
    let text = time.ok_or(Refused::Unsigned)?.trim();
    fits(secrets, &[given], |secret| {
        mac(
            secret.reveal().as_bytes(),
            &[b"v0:", text.as_bytes(), b":", body],
        )
    })?;
    in_time(time, now).map(|_| ())
}

/// Standard Webhooks: `v1,BASE64` signatures over `{id}.{time}.{body}`, several with spaces between.
///
/// # Errors
/// Why it is refused.
pub fn check_standard(
    secrets: &[Secret],
    id: Option<&str>,
    time: Option<&str>,
    signatures: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let (id, signatures) = (
        id.ok_or(Refused::Unsigned)?,
        signatures.ok_or(Refused::Unsigned)?,
    );
    let text = time.ok_or(Refused::Unsigned)?.trim();
    let given: Vec<Vec<u8>> = signatures
        .split_ascii_whitespace()
        .filter_map(|one| one.strip_prefix("v1,"))
        .filter_map(|encoded| BASE64.decode(encoded.as_bytes()).ok())
        .collect();
    fits(secrets, &given, |secret| {
        let key = secret.reveal();
        // A secret in the standard's form is base64 of the key; another one is the key.
        let key = match key.strip_prefix("whsec_") {
            Some(encoded) => BASE64
                .decode(encoded.as_bytes())
                .or_else(|_| BASE64_NOPAD.decode(encoded.as_bytes()))
                .unwrap_or_else(|_| key.as_bytes().to_vec()),
            None => key.as_bytes().to_vec(),
        };
        mac(&key, &[id.as_bytes(), b".", text.as_bytes(), b".", body])
    })?;
    in_time(time, now).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Vec<Secret> {
        ["the new secret-0123456789", "the-old-secret-0123456789"]
            .map(|text| Secret::parse(&text.replace(' ', "-")).unwrap())
            .to_vec()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        HEXLOWER_PERMISSIVE.encode(bytes)
    }

    #[test]
    fn tokens_come_as_bearer_or_password() {
        let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
        for (given, expected) in [
            (Some("Bearer the-new-secret-0123456789".to_owned()), Ok(())),
            (Some("bearer the-old-secret-0123456789".to_owned()), Ok(())),
            (Some(basic("anybody:the-new-secret-0123456789")), Ok(())),
            (
                Some(basic("the-new-secret-0123456789")),
                Err(Refused::Wrong),
            ),
            (
                Some("Bearer the-new-secret-012345678".to_owned()),
                Err(Refused::Wrong),
            ),
            (Some("Basic ???".to_owned()), Err(Refused::Wrong)),
            (Some("Digest x".to_owned()), Err(Refused::Unsigned)),
            (Some(String::new()), Err(Refused::Unsigned)),
            (None, Err(Refused::Unsigned)),
        ] {
            assert_eq!(
                check_token(&secrets(), given.as_deref()),
                expected,
                "{given:?}"
            );
        }
        assert_eq!(
            check_token(&[], Some("Bearer x")),
            Err(Refused::Wrong),
            "no secret lets nobody in"
        );
    }

    #[test]
    fn of_several_signatures_one_must_fit() {
        let good = hex(&sign(b"the-old-secret-0123456789", &[b"body"]));
        let check = |header: Option<&str>| check_body(&secrets(), header, "v1", b"body");
        assert_eq!(
            check(Some(&format!("v1={},v1={good}", "0".repeat(64)))),
            Ok(())
        );
        assert_eq!(check(Some(&format!("v2={good}"))), Err(Refused::Wrong));
        assert_eq!(check(Some(&good)), Err(Refused::Wrong));
        assert_eq!(check(None), Err(Refused::Unsigned));
        assert_eq!(
            check_body(&secrets(), Some(&format!("v1={good}")), "v1", b"bodY"),
            Err(Refused::Wrong)
        );
        let flood = format!("{}v1={good}", "v1=00,".repeat(50));
        assert_eq!(check(Some(&flood)), Err(Refused::Wrong));
    }

    #[test]
    fn slack_signs_the_time_with_the_body() {
        let time = at(0).as_second().to_string();
        let good = format!(
            "v0={}",
            hex(&sign(
                b"the-new-secret-0123456789",
                &[b"v0:", time.as_bytes(), b":", b"text=help"]
            ))
        );
        let check = |body: &[u8], now| check_slack(&secrets(), Some(&time), Some(&good), body, now);
        assert_eq!(check(b"text=help", at(299)), Ok(()));
        assert_eq!(check(b"text=help", at(301)), Err(Refused::Replayed));
        assert_eq!(check(b"text=help", at(-301)), Err(Refused::Replayed));
        assert_eq!(check(b"text=declare", at(0)), Err(Refused::Wrong));
        let other = (at(0).as_second() + 1).to_string();
        assert_eq!(
            check_slack(&secrets(), Some(&other), Some(&good), b"text=help", at(0)),
            Err(Refused::Wrong)
        );
        assert_eq!(
            check_slack(&secrets(), None, Some(&good), b"text=help", at(0)),
            Err(Refused::Unsigned)
        );
    }

    /// The worked example of Slack's own page, "Verifying requests from Slack".
    #[test]
    fn the_request_that_slack_publishes_is_believed() {
        let secrets = [Secret::parse("8f742231b10e8888abcd99yyyzzz85a5").unwrap()];
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
            &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
            &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
            &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let sent = Timestamp::from_second(1_531_420_618).unwrap();
        let check = |body: &str| {
            let (time, signature) = (Some("1531420618"), Some(signature));
            check_slack(&secrets, time, signature, body.as_bytes(), sent)
        };
        assert_eq!(check(body), Ok(()));
        assert_eq!(
            check(&body.replace("foobar", "foobaz")),
            Err(Refused::Wrong)
        );
    }

    #[test]
    fn standard_webhooks_are_signed_with_id_and_time() {
        let key = [7u8; 24];
        let secrets = [Secret::parse(&format!("whsec_{}", BASE64.encode(&key))).unwrap()];
        let time = at(0).as_second().to_string();
        let good = BASE64.encode(&sign(&key, &[b"msg_1", b".", time.as_bytes(), b".", b"{}"]));
        let header = format!("v1,AAAA v1,{good}");
        let check = |id, now| check_standard(&secrets, id, Some(&time), Some(&header), b"{}", now);
        assert_eq!(check(Some("msg_1"), at(0)), Ok(()));
        assert_eq!(check(Some("msg_2"), at(0)), Err(Refused::Wrong));
        assert_eq!(check(Some("msg_1"), at(400)), Err(Refused::Replayed));
        assert_eq!(check(None, at(0)), Err(Refused::Unsigned));
    }
}
