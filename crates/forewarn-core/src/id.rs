//! Ids: short names that people give, and ids derived from what a thing is.
//!
//! A derived id is a hash of the thing's identity, so planning or expanding twice makes the same
//! row twice, which the store then keeps once.

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

/// A name given by people to a service, an audience, a policy, an event: letters, digits, `.`, `_`, `-`; up to 64.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// Reads an id.
    ///
    /// # Errors
    /// Says which characters are allowed.
    pub fn parse(text: &str) -> Result<Id, String> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if fits {
            Ok(Id(text.to_owned()))
        } else {
            Err(
                "must be an id: a letter or digit, then up to 63 letters, digits, '.', '_' or '-'"
                    .into(),
            )
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    // Crockford's alphabet in lower case: no i, l, o, u to misread or to spell words with.
    specification
        .symbols
        .push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE32_NOPAD)
});

/// An id derived from parts: 100 bits of SHA-256 over the length-prefixed parts, 20 characters.
pub fn derive(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = BASE32.encode(&hash.finalize()[..15]);
    text.truncate(20);
    text
}

/// The same ids without repetitions, each where it stands first.
pub fn each_once(ids: Vec<Id>) -> Vec<Id> {
    let mut seen = BTreeSet::new();
    ids.into_iter()
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

/// Bytes as text in the same alphabet, for tokens.
pub fn encode(bytes: &[u8]) -> String {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().div_ceil(5) * 5, 0);
    BASE32.encode(&padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_stable_and_see_where_a_part_ends() {
        assert_eq!(
            derive(&["MNT-1", "1", "start"]),
            derive(&["MNT-1", "1", "start"])
        );
        assert_ne!(derive(&["ab", "c"]), derive(&["a", "bc"]));
        assert_eq!(derive(&["x"]).len(), 20);
    }

    #[test]
    fn ids_are_short_words() {
        assert!(Id::parse("MNT-1").is_ok());
        for bad in ["", "-a", "a b", "a/b", "ü", &"x".repeat(65), "a\n"] {
            assert!(Id::parse(bad).is_err() || bad.trim() != bad, "{bad:?}");
        }
    }
}
