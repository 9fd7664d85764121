//! Message encryption for web push (RFC 8291): one record of `aes128gcm` (RFC 8188), with a key pair and a salt of its own each time.

use forewarn_core::contact::PushKeys;
use forewarn_core::message::MOST_PUSH_BYTES;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// The size of a record that is said; a message is one and shorter.
const RECORD_BYTES: u32 = 4_096;
const SALT_BYTES: usize = 16;
/// Stands behind the text of the last record (RFC 8188 2).
const LAST: u8 = 2;

/// Encrypts a message for a browser.
///
/// # Errors
/// When it is too long, or the browser's key is no point of the curve.
pub fn encrypt(message: &[u8], keys: &PushKeys) -> Result<Vec<u8>, String> {
    if message.len() > MOST_PUSH_BYTES {
        return Err("the message is too long for a browser".into());
    }
    let random = SystemRandom::new();
    let unwell = |_| "no randomness can be had".to_owned();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(unwell)?;
    let public = own.compute_public_key().map_err(unwell)?;
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt).map_err(unwell)?;
    let theirs = keys.point();
    let peer = UnparsedPublicKey::new(&ECDH_P256, &theirs);
    let sealed = agree_ephemeral(own, &peer, |shared| {
        Parts {
            shared,
            public: public.as_ref(),
            theirs: &theirs,
            auth: &keys.auth(),
            salt: &salt,
        }
        .seal(message)
    });
    sealed.map_err(|_| "the browser's key is not one of P-256".to_owned())?
}

/// All that the bytes of an encrypted message follow from.
struct Parts<'a> {
    /// What both key pairs come to (ECDH).
    shared: &'a [u8],
    /// Our public key of this message.
    public: &'a [u8],
    /// The browser's public key.
    theirs: &'a [u8],
    /// The browser's secret.
    auth: &'a [u8],
    salt: &'a [u8],
}

impl Parts<'_> {
    fn seal(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let info = [&b"WebPush: info\0"[..], self.theirs, self.public].concat();
        let input = expand(&extract(self.auth, self.shared), &info);
        let key = extract(self.salt, &input);
        let content_key = expand(&key, b"Content-Encoding: aes128gcm\0");
        let nonce = expand(&key, b"Content-Encoding: nonce\0");
        let unfit = |_| "the message could not be encrypted".to_owned();
        let content_key = UnboundKey::new(&AES_128_GCM, &content_key[..16]).map_err(unfit)?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).map_err(unfit)?;
        let mut record = [message, &[LAST]].concat();
        LessSafeKey::new(content_key)
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
            .map_err(unfit)?;
        let length = [self.public.len() as u8];
        let size = RECORD_BYTES.to_be_bytes();
        Ok([self.salt, &size[..], &length[..], self.public, &record[..]].concat())
    }
}

/// HKDF's first half (RFC 5869 2.2).
fn extract(salt: &[u8], input: &[u8]) -> [u8; 32] {
    hash(salt, &[input])
}

/// Its second half, for at most 32 bytes.
fn expand(key: &[u8], info: &[u8]) -> [u8; 32] {
    hash(key, &[info, &[1]])
}

fn hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    }

    const THEIRS: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out_byte_for_byte() {
        let sealed = Parts {
            shared: &bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            public: &bytes(
                "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
            ),
            theirs: &bytes(THEIRS),
            auth: &bytes(AUTH),
            salt: &bytes("DGv6ra1nlYgDCS1FRnbzlw"),
        }
        .seal(b"When I grow up, I want to be a watermelon")
        .unwrap();
        assert_eq!(
            BASE64URL_NOPAD.encode(&sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    /// What a browser does.
    fn open(sealed: &[u8], own: EphemeralPrivateKey, point: &[u8], auth: &[u8]) -> Vec<u8> {
        let (salt, public, record) = (&sealed[..16], &sealed[21..86], &sealed[86..]);
        let peer = UnparsedPublicKey::new(&ECDH_P256, public);
        let key = agree_ephemeral(own, &peer, |shared| {
            let info = [&b"WebPush: info\0"[..], point, public].concat();
            extract(salt, &expand(&extract(auth, shared), &info))
        });
        let key = key.unwrap();
        let content_key = expand(&key, b"Content-Encoding: aes128gcm\0");
        let nonce = expand(&key, b"Content-Encoding: nonce\0");
        let content_key =
            LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key[..16]).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
        let mut record = record.to_vec();
        content_key
            .open_in_place(nonce, Aad::empty(), &mut record)
            .unwrap()
            .to_vec()
    }

    #[test]
    fn a_browser_reads_what_was_written_for_it() {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let point = own.compute_public_key().unwrap().as_ref().to_vec();
        let keys = PushKeys::parse(&BASE64URL_NOPAD.encode(&point), AUTH).unwrap();
        let sealed = encrypt("Grüße 🙂".as_bytes(), &keys).unwrap();
        let read = open(&sealed, own, &point, &bytes(AUTH));
        assert_eq!(read, ["Grüße 🙂".as_bytes(), &[LAST]].concat());
    }

    #[test]
    fn no_two_messages_are_alike_and_none_is_too_long() {
        let keys = PushKeys::parse(THEIRS, AUTH).unwrap();
        let one = encrypt(b"hello", &keys).unwrap();
        let other = encrypt(b"hello", &keys).unwrap();
        assert_ne!(one, other);
        assert_eq!(
            (one.len(), &one[16..21]),
            (86 + 5 + 1 + 16, &[0, 0, 16, 0, 65][..])
        );
        let most = encrypt(&vec![b'x'; MOST_PUSH_BYTES], &keys).unwrap();
        assert_eq!(most.len(), 4_096);
        assert!(encrypt(&vec![b'x'; MOST_PUSH_BYTES + 1], &keys).is_err());
        // A 4 and 64 zeros is no point of the curve.
        let nowhere = format!("B{}", "A".repeat(86));
        let nowhere = PushKeys::parse(&nowhere, AUTH).unwrap();
        assert!(encrypt(b"hello", &nowhere).is_err());
    }
}
