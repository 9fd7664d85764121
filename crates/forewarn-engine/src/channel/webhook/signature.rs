//! Signing secrets and signatures after Standard Webhooks (version 1, symmetric).

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A signing secret: 24 to 64 bytes, written `whsec_` and base64. It cannot be wrong, and it does
/// not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// Why a text is no signing secret. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Something else than `whsec_` in front.
    #[error("a signing secret begins with whsec_")]
    Prefix,
    /// Not standard, padded base64 (RFC 4648, section 4).
    #[error("a signing secret is whsec_ followed by base64")]
    Base64,
    /// Fewer than 24 or more than 64 bytes.
    #[error("a signing secret holds 24 to 64 bytes")]
    Length,
}

impl Secret {
    /// Reads `whsec_<base64>`.
    pub fn parse(text: &str) -> Result<Secret, BadSecret> {
        let encoded = text.strip_prefix("whsec_").ok_or(BadSecret::Prefix)?;
        let key = BASE64
            .decode(encoded.as_bytes())
            .map_err(|_| BadSecret::Base64)?;
        match key.len() {
            24..=64 => Ok(Secret(key)),
            _ => Err(BadSecret::Length),
        }
    }

    /// The signature of one attempt, `v1,<base64>`: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver that knows
/// only the old or only the new one of a rotation finds its own.
pub fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let each: Vec<String> = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect();
    each.join(" ")
}
