//! What a browser gives out so that messages to it can be encrypted (W3C Push API, RFC 8291 section 2): keys that cannot be wrong.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An uncompressed point of P-256: a 4 and two coordinates.
const POINT_BYTES: usize = 65;
const AUTH_BYTES: usize = 16;

/// The keys of one browser's subscription. They do not show themselves in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushKeys {
    p256dh: String,
    // By this name it is kept out of answers, as all secrets are.
    #[serde(rename = "secret")]
    auth: String,
}

impl PushKeys {
    /// Reads both as the browser writes them: base64url, with or without padding.
    ///
    /// # Errors
    /// Says the accepted form, never the keys. Whether the point lies on the curve shows when a message is encrypted.
    pub fn parse(p256dh: &str, auth: &str) -> Result<PushKeys, String> {
        let p256dh = p256dh.trim_end_matches('=');
        let auth = auth.trim_end_matches('=');
        let point = bytes(p256dh).filter(|b| b.len() == POINT_BYTES && b[0] == 4);
        point.ok_or("p256dh must be base64url of an uncompressed point of P-256, 65 bytes")?;
        let secret = bytes(auth).filter(|b| b.len() == AUTH_BYTES);
        secret.ok_or("auth must be base64url of 16 bytes")?;
        Ok(PushKeys {
            p256dh: p256dh.to_owned(),
            auth: auth.to_owned(),
        })
    }

    /// The browser's public key: an uncompressed point of P-256.
    pub fn point(&self) -> Vec<u8> {
        bytes(&self.p256dh).unwrap_or_default()
    }

    /// The secret that only the browser and we know.
    pub fn auth(&self) -> Vec<u8> {
        bytes(&self.auth).unwrap_or_default()
    }

    /// Whether the secret could not be opened.
    pub fn is_sealed(&self) -> bool {
        crate::token::is_sealed(&self.auth)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

impl fmt::Debug for PushKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8291, appendix A.
    const POINT: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn keys_have_one_form_and_stay_out_of_logs() {
        let keys = PushKeys::parse(POINT, &format!("{AUTH}==")).unwrap();
        assert_eq!(keys, PushKeys::parse(POINT, AUTH).unwrap());
        assert_eq!((keys.point().len(), keys.auth().len()), (65, 16));
        assert_eq!(format!("{keys:?}"), "PushKeys(..)");
        let compressed = format!("A{}", &POINT[1..44]);
        for (point, auth) in [
            ("", AUTH),
            (&compressed, AUTH),
            (&POINT[1..], AUTH),
            (POINT, "short"),
            (POINT, ""),
            (POINT, "not base64url!+/"),
        ] {
            assert!(PushKeys::parse(point, auth).is_err(), "{point} {auth}");
        }
    }
}
