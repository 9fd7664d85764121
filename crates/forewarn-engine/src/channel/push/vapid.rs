//! Who sends (VAPID, RFC 8292): a key pair of the installation, by which push services and browsers know it again. A browser takes
//! messages only from the key that it subscribed to, so the key is kept as long as the installation.

use data_encoding::BASE64URL_NOPAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// A proof holds for so long; 24 hours at most are allowed (RFC 8292 2).
const HOLDS: SignedDuration = SignedDuration::from_hours(12);
/// And is used for so long: making one costs more than sending.
const USED: SignedDuration = SignedDuration::from_hours(1);
/// Push services there are; whoever invents more makes us sign more often.
const MOST_SERVICES: usize = 100;
const NONCE_BYTES: usize = 12;

/// The key pair, and whom a push service asks when something is wrong.
pub struct Vapid {
    pair: EcdsaKeyPair,
    contact: String,
    /// By push service, the proof that is in use and since when.
    proofs: Mutex<HashMap<String, (Timestamp, String)>>,
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vapid").field(&self.public()).finish()
    }
}

/// A new key pair, closed up with `secret`: as it is kept.
///
/// # Errors
/// When no randomness can be had.
pub fn make(secret: &[u8; 32]) -> Result<String, String> {
    let random = SystemRandom::new();
    let unwell = |_| "no randomness can be had".to_owned();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let mut sealed = pair.map_err(unwell)?.as_ref().to_vec();
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce).map_err(unwell)?;
    lock(secret)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut sealed,
        )
        .map_err(unwell)?;
    Ok(BASE64.encode(&[&nonce[..], &sealed].concat()))
}

fn lock(secret: &[u8; 32]) -> Result<LessSafeKey, String> {
    let key = UnboundKey::new(&AES_256_GCM, secret);
    Ok(LessSafeKey::new(key.map_err(|_| "no key".to_owned())?))
}

impl Vapid {
    /// The key pair that was [made](make). `contact` is a `mailto:` or `https:` address.
    ///
    /// # Errors
    /// When it was closed up with another secret, or is none.
    pub fn open(kept: &str, secret: &[u8; 32], contact: &str) -> Result<Vapid, String> {
        let other = || "it was made with another link key".to_owned();
        let kept = BASE64.decode(kept.as_bytes()).map_err(|_| other())?;
        let (nonce, sealed) = kept.split_at_checked(NONCE_BYTES).ok_or_else(other)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| other())?;
        let mut sealed = sealed.to_vec();
        let pair = lock(secret)?
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .map_err(|_| other())?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair, &random);
        Ok(Vapid {
            pair: pair.map_err(|e| e.to_string())?,
            contact: contact.to_owned(),
            proofs: Mutex::default(),
        })
    }

    /// The public key as browsers want it: base64url of an uncompressed point.
    pub fn public(&self) -> String {
        BASE64.encode(self.pair.public_key().as_ref())
    }

    /// The value of `Authorization` for a request to this address.
    ///
    /// # Errors
    /// When the address names no host.
    pub fn authorization(&self, url: &str, now: Timestamp) -> Result<String, String> {
        let url = Url::parse(url).map_err(|e| format!("not a usable web address: {e}"))?;
        let audience = url.origin().ascii_serialization();
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, proof)) = proofs.get(&audience)
            && now.duration_since(*since).abs() < USED
        {
            return Ok(proof.clone());
        }
        let proof = self.proof(&audience, now)?;
        if proofs.len() >= MOST_SERVICES {
            proofs.clear();
        }
        proofs.insert(audience, (now, proof.clone()));
        Ok(proof)
    }

    fn proof(&self, audience: &str, now: Timestamp) -> Result<String, String> {
        let head = json!({"typ": "JWT", "alg": "ES256"});
        let expires = (now + HOLDS).as_second();
        let claims = json!({"aud": audience, "exp": expires, "sub": self.contact});
        let part = |value: &serde_json::Value| BASE64.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| "no randomness can be had".to_owned())?;
        let signature = BASE64.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature},k={}", self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    fn claims(authorization: &str, key: &str) -> serde_json::Value {
        let (token, public) = authorization
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(",k="))
            .unwrap();
        assert_eq!(public, key);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let point = BASE64.decode(public.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(
                signed.as_bytes(),
                &BASE64.decode(signature.as_bytes()).unwrap(),
            )
            .unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let head = BASE64.decode(head.as_bytes()).unwrap();
        assert_eq!(head, br#"{"alg":"ES256","typ":"JWT"}"#);
        serde_json::from_slice(&BASE64.decode(claims.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_proof_is_for_one_push_service_and_holds_for_less_than_a_day() {
        let secret = [7; 32];
        let kept = make(&secret).unwrap();
        let vapid = Vapid::open(&kept, &secret, "mailto:it@example.edu").unwrap();
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let first = vapid
            .authorization("https://push.example.net/send/abc?x=1", now)
            .unwrap();
        let expected = json!({"aud": "https://push.example.net", "exp": now.as_second() + 43_200, "sub": "mailto:it@example.edu"});
        assert_eq!(claims(&first, &vapid.public()), expected);
        // The same for an hour, and another for another service.
        let later = now + SignedDuration::from_mins(59);
        assert_eq!(
            vapid
                .authorization("https://push.example.net/other", later)
                .unwrap(),
            first
        );
        let later = now + SignedDuration::from_mins(61);
        assert_ne!(
            vapid
                .authorization("https://push.example.net/other", later)
                .unwrap(),
            first
        );
        let port = vapid
            .authorization("https://push.example.net:8443/x", now)
            .unwrap();
        assert_eq!(
            claims(&port, &vapid.public())["aud"],
            "https://push.example.net:8443"
        );
        assert!(vapid.authorization("nowhere", now).is_err());
    }

    #[test]
    fn a_key_is_the_same_at_every_start_and_only_with_its_secret() {
        let kept = make(&[7; 32]).unwrap();
        let open = |secret: u8| Vapid::open(&kept, &[secret; 32], "mailto:a@example.edu");
        assert_eq!(open(7).unwrap().public(), open(7).unwrap().public());
        assert!(open(8).is_err());
        assert!(Vapid::open("x", &[7; 32], "").is_err());
        assert_ne!(kept, make(&[7; 32]).unwrap());
    }
}
