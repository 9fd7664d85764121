//! Signatures by which receivers know that a mail comes from the domain that it names (DKIM, RFC 6376; Ed25519, RFC 8463).
//!
//! Both parts are canonicalised `relaxed`: servers on the way fold headers and trim lines. A signature has no time of its own, so
//! that every attempt sends the same bytes. Headers that must not be added on the way are signed once more than they occur.

use data_encoding::BASE64;
use memchr::memchr;
use ring::digest::{Context, Digest, SHA256};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;

/// Signed once more than they occur: another one of these, added on the way, breaks the signature (RFC 6376, section 8.15).
const SEALED: [&str; 6] = ["from", "reply-to", "to", "subject", "date", "message-id"];

/// Signed where they occur. RFC 8058 wants the two about unsubscribing among them.
const SIGNED: [&str; 9] = [
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// Between selector and domain in the name of the record.
const SPACE: &str = "._domainkey.";

/// Characters of a signature in one line of its header.
const LINE: usize = 72;

/// A key that signs for a domain.
pub struct Signer {
    selector: String,
    domain: String,
    key: Key,
}

enum Key {
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    /// A signer from the name of its record, `selector._domainkey.example.org`, and the private key in PEM: RSA of 2,048 bits or
    /// more, or Ed25519.
    ///
    /// # Errors
    /// Says what is wrong with either, and never repeats the key.
    pub fn read(record: &str, pem: &[u8]) -> Result<Signer, String> {
        let form =
            || format!("'{record}' is not the name of a record such as mail{SPACE}example.org");
        let (selector, domain) = record.split_once(SPACE).ok_or_else(form)?;
        if !is_host_name(selector) || !is_host_name(domain) || !domain.contains('.') {
            return Err(form());
        }
        Ok(Signer {
            selector: selector.to_ascii_lowercase(),
            domain: domain.to_ascii_lowercase(),
            key: Key::read(pem)?,
        })
    }

    /// The domain that it signs for.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The name and text of the TXT record by which receivers check the signatures (RFC 6376, section 3.6.1).
    pub fn record(&self) -> (String, String) {
        let (kind, public) = match &self.key {
            Key::Ed25519(key) => ("ed25519", key.public_key().as_ref().to_vec()),
            Key::Rsa(key) => ("rsa", public_key_info(key.public_key().as_ref())),
        };
        let name = format!("{}{SPACE}{}", self.selector, self.domain);
        let text = format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&public));
        (name, text)
    }

    /// The header that signs a message, with its line end: it goes before all others.
    fn header(&self, parsed: &Parsed<'_>, body_hash: &str) -> Result<String, String> {
        let names = parsed.names_to_sign();
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n s={}; h={};\r\n bh={body_hash};\r\n b=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            folded(&names.join(":"), ':'),
        );
        let signature = self.key.sign(&parsed.signed_bytes(&names, &unsigned))?;
        let signature = BASE64.encode(&signature);
        let lines: Vec<&str> = (0..signature.len())
            .step_by(LINE)
            .map(|at| &signature[at..signature.len().min(at + LINE)])
            .collect();
        Ok(format!("{unsigned}{}\r\n", lines.join("\r\n ")))
    }
}

/// Without the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SPACE}{}", self.selector, self.domain)
    }
}

/// The headers that sign a message, one for each signer.
///
/// # Errors
/// When a key cannot sign, which no message can bring about.
pub fn sign(signers: &[Signer], message: &[u8]) -> Result<String, String> {
    if signers.is_empty() {
        return Ok(String::new());
    }
    let parsed = Parsed::of(message);
    let body_hash = BASE64.encode(relaxed_body_hash(parsed.body).as_ref());
    let headers = signers.iter().map(|s| s.header(&parsed, &body_hash));
    headers.collect()
}

impl Key {
    fn read(pem: &[u8]) -> Result<Key, String> {
        let key = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|problem| format!("no private key in PEM: {problem}"))?;
        let wrong = |problem: &dyn fmt::Display| {
            format!("the key is neither Ed25519 nor RSA of 2048 bits or more: {problem}")
        };
        match &key {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .map(|key| Key::Rsa(Box::new(key)))
                .map_err(|problem| wrong(&problem)),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                // What openssl writes has no public key beside the private one.
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Ok(Key::Ed25519(key)),
                    Err(_) => RsaKeyPair::from_pkcs8(der)
                        .map(|key| Key::Rsa(Box::new(key)))
                        .map_err(|problem| wrong(&problem)),
                }
            }
            _ => Err(wrong(&"it is of another kind")),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Key::Ed25519(_) => "ed25519-sha256",
            Key::Rsa(_) => "rsa-sha256",
        }
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            // The hash is what is signed (RFC 8463, section 3).
            Key::Ed25519(key) => Ok(key
                .sign(ring::digest::digest(&SHA256, bytes).as_ref())
                .as_ref()
                .to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    bytes,
                    &mut signature,
                )
                .map_err(|_| "the RSA key cannot sign".to_owned())?;
                Ok(signature)
            }
        }
    }
}

/// A message taken apart: its header fields as they stand, and what follows them.
struct Parsed<'a> {
    /// Name and value of each, the value still folded.
    fields: Vec<(&'a [u8], &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn of(message: &'a [u8]) -> Parsed<'a> {
        let mut fields = Vec::with_capacity(20);
        let mut rest = message;
        while !rest.is_empty() && !rest.starts_with(b"\r\n") && rest[0] != b'\n' {
            let (field, after) = rest.split_at(end_of_field(rest));
            if let Some(colon) = memchr(b':', field) {
                fields.push((field[..colon].trim_ascii_end(), &field[colon + 1..]));
            }
            rest = after;
        }
        let body = match rest.strip_prefix(b"\r\n") {
            Some(body) => body,
            None => rest.strip_prefix(b"\n").unwrap_or(rest),
        };
        Parsed { fields, body }
    }

    fn count(&self, name: &str) -> usize {
        let named = |field: &&(&[u8], &[u8])| field.0.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(named).count()
    }

    /// The names in the order in which they are signed.
    fn names_to_sign(&self) -> Vec<&'static str> {
        let sealed = SEALED.iter().map(|name| (*name, self.count(name) + 1));
        let signed = SIGNED.iter().map(|name| (*name, self.count(name)));
        let times = sealed.chain(signed);
        times
            .flat_map(|(name, times)| std::iter::repeat_n(name, times))
            .collect()
    }

    /// The canonical fields of these names, the last of a name first, then the signature's own without its value (RFC 6376, section
    /// 3.7). `unsigned` is that field up to `b=`.
    fn signed_bytes(&self, names: &[impl AsRef<str>], unsigned: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(2_000);
        let mut taken = vec![false; self.fields.len()];
        for name in names.iter().map(AsRef::as_ref) {
            let last = (0..self.fields.len())
                .rev()
                .find(|&at| !taken[at] && self.fields[at].0.eq_ignore_ascii_case(name.as_bytes()));
            if let Some(at) = last {
                taken[at] = true;
                let (name, value) = self.fields[at];
                relaxed_field(name, value, &mut out);
                out.extend(b"\r\n");
            }
        }
        let (name, value) = unsigned.split_once(':').unwrap_or((unsigned, ""));
        relaxed_field(name.as_bytes(), value.as_bytes(), &mut out);
        out
    }
}

/// Where the field at the start of `text` ends, with the lines that continue it.
fn end_of_field(text: &[u8]) -> usize {
    let mut end = 0;
    loop {
        match memchr(b'\n', &text[end..]) {
            Some(at) => end += at + 1,
            None => return text.len(),
        }
        if !matches!(text.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
}

/// RFC 6376, section 3.4.2.
fn relaxed_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let words = value.split(blank).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// RFC 6376, section 3.4.4.
fn relaxed_body_hash(body: &[u8]) -> Digest {
    let mut hash = Context::new(&SHA256);
    let mut empty_lines = 0;
    let mut line = Vec::with_capacity(1_000);
    for raw in body.split_inclusive(|&byte| byte == b'\n') {
        relaxed_line(raw, &mut line);
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        // Empty lines count only where something follows.
        for _ in 0..std::mem::take(&mut empty_lines) {
            hash.update(b"\r\n");
        }
        line.extend_from_slice(b"\r\n");
        hash.update(&line);
    }
    hash.finish()
}

fn relaxed_line(raw: &[u8], line: &mut Vec<u8>) {
    line.clear();
    let mut is_after_space = false;
    for &byte in raw.trim_ascii_end() {
        let is_space = matches!(byte, b' ' | b'\t');
        match (is_space, is_after_space) {
            (true, true) => {}
            (true, false) => line.push(b' '),
            (false, _) => line.push(byte),
        }
        is_after_space = is_space;
    }
}

/// A list in lines short enough for a header.
fn folded(list: &str, separator: char) -> String {
    let mut out = String::with_capacity(list.len() + 20);
    let mut width = 0;
    for part in list.split_inclusive(separator) {
        if width + part.len() > LINE {
            out.push_str("\r\n ");
            width = 0;
        }
        out.push_str(part);
        width += part.len();
    }
    out
}

fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 200 && text.split('.').all(label)
}

/// An RSA public key as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7), which is what records hold, from its PKCS #1 form.
fn public_key_info(pkcs1: &[u8]) -> Vec<u8> {
    // rsaEncryption (1.2.840.113549.1.1.1) without parameters.
    const ALGORITHM: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    let bits = [&[0], pkcs1].concat();
    let parts = [ALGORITHM.to_vec(), tagged(BIT_STRING, &bits)].concat();
    tagged(SEQUENCE, &parts)
}

/// A value with its tag and length (X.690, distinguished encoding).
fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => {
            out.push(0x82);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
    out
}

#[cfg(test)]
mod tests;
