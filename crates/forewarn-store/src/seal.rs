//! Secrets at rest: what the database must keep to send or to check, and nobody may read who has only the database or a backup of it.
//!
//! Each is sealed by itself, where it stands: AES-256-GCM (NIST SP 800-38D) under a key that the store is given and never keeps, with
//! its place (table, row, field) as associated data, so that what is moved to another place cannot be opened there. What is stored
//! names the form and the key: `sealed:1:KEY:BASE64`.
//!
//! The nonce is made from the place and the secret by HMAC, not by chance. A nonce of GCM must never serve two texts, and here equal
//! nonces mean equal texts, so no copy of a machine and no weak source of chance can break that. The same secret in the same place is
//! the same text as before: URLs can still be compared in SQL, nothing is written that did not change, and two backups of the same
//! content are the same. What it gives away is no more than that.
//!
//! A store without a key writes secrets as they are, and what it cannot open it hands on as it is: whoever would use it asks
//! [`is_sealed`].

use data_encoding::BASE64URL_NOPAD;
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::token::{Key, SEALED, is_sealed};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The form in which secrets are stored.
const FORM: &str = "sealed:1:";
/// What is shown in the place of an address that cannot be opened.
const UNREADABLE: &str = "(cannot be read: its key is not here)";
/// Every URL to which messages go is sealed in one place, so that those that lead to the same room can be found.
const ADDRESS: &str = "address";

/// Fields of contacts and endpoints that are secrets. The URL of a chat room is one by itself, and many of webhooks hold one.
pub(crate) const OF_CONTACTS: &[&str] = &["secret", "url"];

/// Fields that are secrets in the documents of a kind.
pub(crate) fn of_documents(kind: &str) -> &'static [&'static str] {
    match kind {
        "hooks" => &["secret"],
        // The change system's.
        "organisation" => &["secret", "url"],
        // The address of a private calendar is what opens it.
        "rotas" => &["feed"],
        _ => &[],
    }
}

/// Seals with the newest key, and opens with every one.
#[derive(Clone, Default)]
pub struct Sealer(Arc<[Sealing]>);

struct Sealing {
    /// By which what it sealed is known.
    name: String,
    print: String,
    seal: LessSafeKey,
    nonces: hmac::Key,
}

impl Sealer {
    /// With these keys, the newest first.
    pub fn new(keys: &[Key]) -> Sealer {
        Sealer(keys.iter().map(Sealing::of).collect())
    }

    /// The print of the key that seals.
    pub fn print(&self) -> Option<&str> {
        self.0.first().map(|key| key.print.as_str())
    }

    /// A secret as it is stored in this place. One that was sealed already stays as it is.
    pub(crate) fn seal(&self, place: &str, secret: &str) -> String {
        match self.0.first() {
            Some(key) if !is_sealed(secret) => key.seal(place, secret),
            _ => secret.to_owned(),
        }
    }

    /// A secret as it was; what cannot be opened stays as it is.
    pub(crate) fn open(&self, place: &str, stored: &str) -> String {
        let rest = stored.strip_prefix(FORM).and_then(|t| t.split_once(':'));
        let opened = rest.and_then(|(name, sealed)| {
            let mut keys = self.0.iter().filter(|key| key.name == name);
            keys.find_map(|key| key.open(place, sealed))
        });
        opened.unwrap_or_else(|| stored.to_owned())
    }

    /// Where an endpoint leads, as it is stored and compared.
    pub(crate) fn address<'e>(&self, endpoint: &'e Endpoint) -> Cow<'e, str> {
        match endpoint.channel() {
            Channel::Chat | Channel::Webhook | Channel::Push => {
                self.seal(ADDRESS, endpoint.address()).into()
            }
            _ => endpoint.address().into(),
        }
    }

    /// The same as it is compared with others.
    pub(crate) fn place<'e>(&self, endpoint: &'e Endpoint) -> Cow<'e, str> {
        match endpoint {
            Endpoint::Email { .. } => endpoint.place(),
            other => self.address(other),
        }
    }

    /// As [`Sealer::address`], but as it stands in the row of an endpoint already.
    pub(crate) fn seal_address(&self, address: &str) -> String {
        self.seal(ADDRESS, address)
    }

    /// An address as it is shown.
    pub(crate) fn shown(&self, stored: String) -> String {
        if !is_sealed(&stored) {
            return stored;
        }
        let opened = self.open(ADDRESS, &stored);
        match is_sealed(&opened) {
            true => UNREADABLE.to_owned(),
            false => opened,
        }
    }

    /// A document in JSON with the secrets in these fields sealed, however deep they stand.
    pub(crate) fn seal_in(&self, place: &str, fields: &[&str], body: String) -> String {
        let holds = |field: &&str| body.contains(&format!("\"{field}\":"));
        if self.0.is_empty() || !fields.iter().any(holds) {
            return body;
        }
        self.each(place, fields, body, |place, text| self.seal(place, text))
    }

    /// The same document as it was.
    pub(crate) fn open_in(&self, place: &str, fields: &[&str], body: String) -> String {
        if !body.contains(SEALED) {
            return body;
        }
        self.each(place, fields, body, |place, text| self.open(place, text))
    }

    fn each(
        &self,
        place: &str,
        fields: &[&str],
        body: String,
        change: impl Fn(&str, &str) -> String,
    ) -> String {
        let Ok(mut document) = serde_json::from_str(&body) else {
            return body;
        };
        walk(&mut document, place, fields, &change);
        document.to_string()
    }
}

/// Whether a document in JSON has a secret in one of these fields that is still sealed.
pub(crate) fn has_sealed(fields: &[&str], body: &str) -> bool {
    let sealed = |field: &&str| {
        [
            format!("\"{field}\":\"{SEALED}"),
            format!("\"{field}\":[\"{SEALED}"),
        ]
        .iter()
        .any(|start| body.contains(start.as_str()))
    };
    fields.iter().any(sealed)
}

/// Changes the texts of these fields. A place is told by its names alone: a contact's endpoints may change their order.
fn walk(value: &mut Value, place: &str, fields: &[&str], change: &impl Fn(&str, &str) -> String) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                let place = format!("{place}/{name}");
                match value {
                    Value::String(text) if fields.contains(&name.as_str()) => {
                        *text = change(&place, text);
                    }
                    Value::Array(items) if fields.contains(&name.as_str()) => {
                        for item in items {
                            if let Value::String(text) = item {
                                *text = change(&place, text);
                            }
                        }
                    }
                    other => walk(other, &place, fields, change),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(item, place, fields, change);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Sealing {
    fn of(key: &Key) -> Sealing {
        let print = key.print();
        let bytes = key.derived("secrets at rest");
        let seal = UnboundKey::new(&AES_256_GCM, &bytes);
        Sealing {
            name: print.chars().take(8).collect(),
            print,
            seal: LessSafeKey::new(seal.expect("a key of AES-256 has 32 bytes")),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, &key.derived("nonces of secrets at rest")),
        }
    }

    fn seal(&self, place: &str, secret: &str) -> String {
        let mut nonce = [0; NONCE_LEN];
        let mut mac = hmac::Context::with_key(&self.nonces);
        mac.update(place.as_bytes());
        mac.update(&[0]);
        mac.update(secret.as_bytes());
        nonce.copy_from_slice(&mac.sign().as_ref()[..NONCE_LEN]);
        let mut sealed = secret.as_bytes().to_vec();
        let tag = self.seal.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.as_bytes()),
            &mut sealed,
        );
        let tag = tag.expect("a secret is shorter than 64 gigabytes");
        let all = [&nonce[..], &sealed, tag.as_ref()].concat();
        format!("{FORM}{}:{}", self.name, BASE64URL_NOPAD.encode(&all))
    }

    fn open(&self, place: &str, sealed: &str) -> Option<String> {
        let mut bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, secret) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from(place.as_bytes());
        let opened = self.seal.open_in_place(nonce, aad, secret).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[&str]) -> Sealer {
        let keys: Vec<Key> = keys.iter().map(|text| Key::new(text)).collect();
        Sealer::new(&keys)
    }

    #[test]
    fn a_secret_opens_in_its_own_place_with_its_own_key() {
        let own = sealer(&["one"]);
        let sealed = own.seal("contacts/ann/secret", "whsec_x");
        assert!(
            sealed.starts_with(SEALED) && !sealed.contains("whsec"),
            "{sealed}"
        );
        assert_eq!(own.open("contacts/ann/secret", &sealed), "whsec_x");
        // Somewhere else, with another key, changed, cut: it stays closed.
        assert_eq!(own.open("contacts/bob/secret", &sealed), sealed);
        assert_eq!(
            sealer(&["two"]).open("contacts/ann/secret", &sealed),
            sealed
        );
        assert_eq!(
            Sealer::default().open("contacts/ann/secret", &sealed),
            sealed
        );
        for n in FORM.len()..sealed.len() {
            let other = if sealed.as_bytes()[n] == b'A' {
                "B"
            } else {
                "A"
            };
            let mut changed = sealed.clone();
            changed.replace_range(n..=n, other);
            let opened = own.open("contacts/ann/secret", &changed);
            // The last letter of base64 may carry bits that mean nothing; those are refused too.
            assert_eq!(opened, changed, "letter {n}");
            let cut = &sealed[..n];
            assert_eq!(own.open("contacts/ann/secret", cut), cut);
        }
        // What is sealed is not sealed again; the same is the same; other secrets and places share nothing.
        assert_eq!(own.seal("contacts/ann/secret", &sealed), sealed);
        assert_eq!(own.seal("contacts/ann/secret", "whsec_x"), sealed);
        assert_ne!(own.seal("contacts/bob/secret", "whsec_x"), sealed);
        assert_eq!(format!("{own:?}"), "Sealer(1 keys)");
    }

    #[test]
    fn older_keys_open_and_the_newest_seals() {
        let (old, both) = (sealer(&["old"]), sealer(&["new", "old"]));
        let before = old.seal("x", "secret");
        assert_eq!(both.open("x", &before), "secret");
        let after = both.seal("x", &both.open("x", &before));
        assert_ne!(after, before);
        assert_eq!(old.open("x", &after), after);
        assert_eq!(sealer(&["new"]).open("x", &after), "secret");
    }

    #[test]
    fn only_what_is_a_secret_is_sealed() {
        let sealer = sealer(&["one"]);
        let body = r#"{"endpoints":[{"channel":"webhook","secret":"whsec_x","url":"https://a/b"}],"name":"url"}"#;
        let sealed = sealer.seal_in("contacts/ann", OF_CONTACTS, body.to_owned());
        assert!(
            !sealed.contains("whsec_x") && !sealed.contains("https://a/b"),
            "{sealed}"
        );
        assert!(sealed.contains(r#""name":"url""#), "{sealed}");
        assert!(has_sealed(OF_CONTACTS, &sealed) && !has_sealed(OF_CONTACTS, body));
        assert_eq!(
            sealer.open_in("contacts/ann", OF_CONTACTS, sealed.clone()),
            body
        );
        assert_eq!(
            sealer.open_in("contacts/bob", OF_CONTACTS, sealed.clone()),
            sealed
        );
        let hook = r#"{"id":"prom","secret":["new","old"]}"#;
        let sealed = sealer.seal_in("hooks/prom", of_documents("hooks"), hook.to_owned());
        assert!(
            !sealed.contains("\"new\"") && !sealed.contains("\"old\""),
            "{sealed}"
        );
        assert!(has_sealed(&["secret"], &sealed));
        assert_eq!(sealer.open_in("hooks/prom", &["secret"], sealed), hook);
        let plain = r#"{"endpoints":[{"address":"ann@example.edu","channel":"email"}]}"#;
        assert_eq!(
            sealer.seal_in("contacts/ann", OF_CONTACTS, plain.into()),
            plain
        );
    }
}
