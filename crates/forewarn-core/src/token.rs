//! Tokens in links and secrets derived from the installation's key.
//!
//! A token proves that we made it; nothing about its bearer can be read from it or guessed without the key.

use crate::contact::EmailAddress;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the proof in a return path: eight letters. With them, a delivery's id and two signs a local part of 64 octets has room
/// for [`LONGEST_BOUNCES`] more.
const RETURN_PROOF: usize = 5;

/// The longest local part of an address that return paths are made of, in octets.
pub const LONGEST_BOUNCES: usize = 13;

/// How a secret begins that was sealed for the database. Where one that should be used still begins so, its key was not there.
pub const SEALED: &str = "sealed:";

/// Whether a secret could not be opened.
pub fn is_sealed(secret: &str) -> bool {
    secret.starts_with(SEALED)
}

/// The installation's key, or another of which others are derived.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key from its text; any text will do, a random one is made at the first start.
    pub fn new(text: &str) -> Key {
        Key(text.as_bytes().to_vec())
    }

    /// By which the key is known again where it must not be told.
    pub fn print(&self) -> String {
        let mac = self.mac("print", "").finalize().into_bytes();
        crate::id::encode(&mac[..20])
    }

    /// A key of its own for one purpose.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        self.mac("derived", purpose).finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        // HMAC takes keys of every length; the purpose keeps tokens of one kind from passing for another.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| unreachable!("HMAC takes any key"));
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac
    }

    /// The token in the unsubscribe link of an endpoint and audience (RFC 8058: opaque, per recipient).
    pub fn unsubscribe_token(&self, endpoint: &str, audience: &str) -> String {
        let text = format!("{endpoint}.{audience}");
        let mac = self.mac("unsubscribe", &text).finalize().into_bytes();
        format!("{text}.{}", crate::id::encode(&mac[..15]))
    }

    /// The endpoint and audience of a token that we made.
    pub fn read_unsubscribe_token(&self, token: &str) -> Option<(String, String)> {
        let (text, _) = token.rsplit_once('.')?;
        let (endpoint, audience) = text.split_once('.')?;
        let expected = self.unsubscribe_token(endpoint, audience);
        same(expected.as_bytes(), token.as_bytes())
            .then(|| (endpoint.to_owned(), audience.to_owned()))
    }

    /// The return path of the mail that carries a delivery: `bounces` with the delivery and a proof in its local part (VERP), so that
    /// what comes back says by itself what it is about. Letters stay in lower case, for some servers fold them.
    pub fn return_path(&self, delivery: &str, bounces: &EmailAddress) -> String {
        let mac = self.mac("return path", delivery).finalize().into_bytes();
        let proof = crate::id::encode(&mac[..RETURN_PROOF]);
        let (local, domain) = (bounces.local(), bounces.domain());
        format!("{local}+{delivery}-{proof}@{domain}")
    }

    /// The delivery of an address that we made as a return path.
    pub fn read_return_path(&self, address: &str) -> Option<String> {
        let (local, _) = address.rsplit_once('@')?;
        let (_, text) = local.rsplit_once('+')?;
        let text = text.to_ascii_lowercase();
        let (delivery, proof) = text.rsplit_once('-')?;
        let mac = self.mac("return path", delivery).finalize().into_bytes();
        let expected = crate::id::encode(&mac[..RETURN_PROOF]);
        same(expected.as_bytes(), proof.as_bytes()).then(|| delivery.to_owned())
    }

    /// The token in the link by which the reader of one delivery acknowledges it. It is derived and not stored: every attempt
    /// brings the same bytes, and nobody who reads the database can acknowledge for others.
    pub fn acknowledgement_token(&self, notice: &str, endpoint: &str) -> String {
        let text = format!("{notice}.{endpoint}");
        let mac = self.mac("acknowledgement", &text).finalize().into_bytes();
        format!("{text}.{}", crate::id::encode(&mac[..20]))
    }

    /// The notice and endpoint of a token that we made.
    pub fn read_acknowledgement_token(&self, token: &str) -> Option<(String, String)> {
        let (text, _) = token.rsplit_once('.')?;
        let (notice, endpoint) = text.split_once('.')?;
        let expected = self.acknowledgement_token(notice, endpoint);
        same(expected.as_bytes(), token.as_bytes())
            .then(|| (notice.to_owned(), endpoint.to_owned()))
    }

    /// The token in the link of a mail about a subscription. `nonce` is random and stored beside it until it is used or expires.
    pub fn subscription_token(&self, subscriber: &str, nonce: &str) -> String {
        let text = format!("{subscriber}.{nonce}");
        let mac = self.mac("subscription", &text).finalize().into_bytes();
        format!("{text}.{}", crate::id::encode(&mac[..15]))
    }

    /// A link about a subscription as it leaves, from the one that is stored: that ends in subscriber and nonce, and is no use
    /// to who reads it there.
    pub fn complete_link(&self, stored: &str) -> String {
        let whole = stored.rsplit_once('/').and_then(|(base, text)| {
            let (subscriber, nonce) = text.rsplit_once('.')?;
            Some(format!(
                "{base}/{}",
                self.subscription_token(subscriber, nonce)
            ))
        });
        whole.unwrap_or_else(|| stored.to_owned())
    }

    /// The code in a text message about a subscription: six digits that follow from what is stored and the key, and from neither
    /// alone.
    pub fn subscription_code(&self, subscriber: &str, nonce: &str) -> String {
        let text = format!("{subscriber}.{nonce}");
        let mac = self.mac("subscription code", &text).finalize().into_bytes();
        let number = mac.iter().take(8).fold(0u64, |n, b| n << 8 | u64::from(*b));
        format!("{:06}", number % 1_000_000)
    }

    /// The code that belongs to a link as it is stored ([`Key::complete_link`]).
    pub fn code_of_link(&self, stored: &str) -> Option<String> {
        let (subscriber, nonce) = stored.rsplit_once('/')?.1.rsplit_once('.')?;
        Some(self.subscription_code(subscriber, nonce))
    }

    /// What is stored of a code, to know it again. A plain hash of six digits would be found by trying them all; this needs the key.
    pub fn code_print(&self, subscriber: &str, code: &str) -> String {
        let text = format!("{subscriber}.{code}");
        let mac = self.mac("subscription code print", &text);
        crate::id::encode(&mac.finalize().into_bytes()[..20])
    }

    /// The subscriber and nonce of a token that we made.
    pub fn read_subscription_token(&self, token: &str) -> Option<(String, String)> {
        let (text, _) = token.rsplit_once('.')?;
        let (subscriber, nonce) = text.rsplit_once('.')?;
        let expected = self.subscription_token(subscriber, nonce);
        same(expected.as_bytes(), token.as_bytes())
            .then(|| (subscriber.to_owned(), nonce.to_owned()))
    }

    /// The signing secret of a webhook that was given none of its own (Standard Webhooks form).
    pub fn webhook_secret(&self, endpoint: &str) -> String {
        let mac = self.mac("webhook", endpoint).finalize().into_bytes();
        format!("whsec_{}", data_encoding::BASE64.encode(&mac))
    }

    /// Which installation this is, for ids that the outside sees: another one, or the same set up anew, makes others, so that
    /// nobody takes its first incident for one they have had.
    pub fn installation(&self) -> String {
        let mac = self.mac("installation", "").finalize().into_bytes();
        crate::id::encode(&mac[..5])
    }

    /// The token that every form of a session sends back; `session` is whatever proves the browser (a cookie's value).
    pub fn form_token(&self, session: &str) -> String {
        let mac = self.mac("form", session).finalize().into_bytes();
        crate::id::encode(&mac[..20])
    }

    /// A short text of ours for a browser to keep: anybody can read it, nobody else can make it.
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        let mac = self
            .mac(&format!("seal {purpose}"), text)
            .finalize()
            .into_bytes();
        let text = data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{text}.{}", crate::id::encode(&mac[..20]))
    }

    /// The text that we sealed for this purpose.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Option<String> {
        let (text, _) = sealed.split_once('.')?;
        let text = data_encoding::BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()?;
        let text = String::from_utf8(text).ok()?;
        same(self.seal(purpose, &text).as_bytes(), sealed.as_bytes()).then_some(text)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(...)")
    }
}

/// The hash under which a bearer token or session is stored: SHA-256, hexadecimal. Tokens are random, so no salt is needed.
pub fn fingerprint(token: &str) -> String {
    use sha2::Digest;
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Whether two byte strings are the same, in a time that does not tell where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (x, y)| differs | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_for_one_notice_and_endpoint() {
        let key = Key::new("0123456789abcdef0123456789abcdef");
        let token = key.acknowledgement_token("notice1", "endpoint1");
        let read = |token: &str| key.read_acknowledgement_token(token);
        assert_eq!(read(&token), Some(("notice1".into(), "endpoint1".into())));
        assert_eq!(read(&token.replace("notice1", "notice2")), None);
        assert_eq!(read(&key.unsubscribe_token("notice1", "endpoint1")), None);
        for wrong in ["", ".", "..", "a.b.c", "notice1.endpoint1."] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_return_path_is_one_that_every_server_takes_and_only_we_can_make() {
        let key = Key::new("0123456789abcdef0123456789abcdef");
        let bounces = EmailAddress::parse("bounces@example.org").unwrap();
        let delivery = format!(
            "{}.{}",
            crate::id::derive(&["slot"]),
            crate::id::derive(&["endpoint"])
        );
        let path = key.return_path(&delivery, &bounces);
        let (local, domain) = path.split_once('@').unwrap();
        // RFC 5321, section 4.5.3.1.1.
        assert!(local.len() <= 64, "{} octets", local.len());
        assert_eq!(domain, "example.org");
        EmailAddress::parse(&path).unwrap();
        assert_eq!(key.read_return_path(&path), Some(delivery.clone()));
        assert_eq!(
            key.read_return_path(&path.to_uppercase()),
            Some(delivery.clone())
        );
        assert_eq!(Key::new("other").read_return_path(&path), None);
        let forged = path.replace(&delivery[..5], "00000");
        for wrong in [
            forged.as_str(),
            "bounces@example.org",
            "bounces+@example.org",
            "+-@",
            "bounces+x-@x",
            "",
        ] {
            assert_eq!(key.read_return_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_of_one_key_subscriber_and_asking() {
        let key = Key::new("0123456789abcdef0123456789abcdef");
        let code = key.subscription_code("subscriber-1", "nonce");
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        let stored = "https://us.example/subscription/subscriber-1.nonce";
        assert_eq!(key.code_of_link(stored), Some(code.clone()));
        assert_eq!(key.code_of_link("https://us.example/subscription"), None);
        assert_ne!(key.subscription_code("subscriber-1", "other"), code);
        let print = key.code_print("subscriber-1", &code);
        assert_ne!(Key::new("other").code_print("subscriber-1", &code), print);
        assert_ne!(key.code_print("subscriber-2", &code), print);
    }

    #[test]
    fn a_sealed_text_is_read_for_its_purpose_only() {
        let key = Key::new("0123456789abcdef0123456789abcdef");
        let sealed = key.seal("flash", "done Für Elise");
        assert_eq!(key.unseal("flash", &sealed), Some("done Für Elise".into()));
        assert_eq!(key.unseal("other", &sealed), None);
        assert_eq!(Key::new("other").unseal("flash", &sealed), None);
        for bad in ["", ".", "a.b", &sealed[1..], &format!("{sealed}x")] {
            assert_eq!(key.unseal("flash", bad), None, "{bad}");
        }
        assert_ne!(key.form_token("one"), key.form_token("two"));
    }

    #[test]
    fn only_our_own_tokens_are_read() {
        let key = Key::new("0123456789abcdef0123456789abcdef");
        let token = key.unsubscribe_token("ep1", "all-staff.eu");
        assert_eq!(
            key.read_unsubscribe_token(&token),
            Some(("ep1".into(), "all-staff.eu".into()))
        );
        assert_eq!(Key::new("other").read_unsubscribe_token(&token), None);
        for bad in [
            "",
            ".",
            "..",
            "ep1.all-staff.eu",
            &token[1..],
            &format!("{token}x"),
        ] {
            assert_eq!(key.read_unsubscribe_token(bad), None, "{bad}");
        }
    }
}
