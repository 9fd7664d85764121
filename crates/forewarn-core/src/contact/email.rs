//! Mail addresses: which can be sent to, and which of them are one mailbox.

use super::shorten;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A mail address that can stand in an envelope: one `@`, no spaces, brackets or control characters, at most 254 bytes.
///
/// It stays as it was written, for that is what a message is sent to; two that differ in the case of their letters only are the same
/// mailbox. (RFC 5321 2.4 leaves the case of the local part to its host; no host in use tells two mailboxes apart by it.)
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl PartialEq for EmailAddress {
    fn eq(&self, other: &EmailAddress) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &EmailAddress) -> Ordering {
        let folded = |address: &EmailAddress| address.0.to_ascii_lowercase();
        folded(self).cmp(&folded(other))
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &EmailAddress) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl EmailAddress {
    /// Reads an address (RFC 5321 mailbox in its common form; letters beyond ASCII are allowed, quoted local parts are not).
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<EmailAddress, String> {
        let text = text.trim();
        let wrong = || {
            format!(
                "'{}' is not a mail address such as name@example.org",
                shorten(text)
            )
        };
        if text.len() > 254 {
            return Err("is longer than a mail address can be (254 bytes)".into());
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let local_fits = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || (!c.is_ascii() && c.is_alphanumeric())
                    || "!#$%&'*+-/=?^_`{|}~.".contains(c)
            });
        let domain_fits = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        }) && domain.chars().any(char::is_alphabetic);
        if local_fits && domain_fits {
            Ok(EmailAddress(format!("{local}@{}", domain.to_lowercase())))
        } else {
            Err(wrong())
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, d)| d)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashSet};

    #[test]
    fn addresses_that_could_hurt_an_envelope_do_not_exist() {
        assert_eq!(
            EmailAddress::parse(" Ada.L+x@Example.ORG ")
                .unwrap()
                .as_str(),
            "Ada.L+x@example.org"
        );
        assert!(EmailAddress::parse("jürgen@müller.example").is_ok());
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b c.d",
            "a@b\r\nRCPT TO:<x@y>",
            "a b@c.d",
            "<a@b.c>",
            "a@-b.c",
            "a@b..c",
            ".a@b.c",
            "a..b@c.d",
            "a@1.2.3.4",
            "a\"b@c.d",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letters_of_another_case_are_the_same_mailbox_as_it_was_written() {
        let read = |text| EmailAddress::parse(text).unwrap();
        let (one, same, other) = (
            read("Ada.L@Example.org"),
            read("ada.l@example.ORG"),
            read("ada@example.org"),
        );
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(one.to_string(), "Ada.L@example.org");
        let all = [one, same, other];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 2);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 2);
    }
}
