//! Passwords and tokens.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// A random token: 160 bits in 32 characters.
///
/// # Panics
/// When the operating system has no randomness to give; nothing secret could be made then.
pub fn random_token() -> String {
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    forewarn_core::id::encode(&bytes)
}

/// A password that can be read from a screen and typed: four groups of four.
pub fn random_password() -> String {
    let token = random_token();
    [&token[0..4], &token[4..8], &token[8..12], &token[12..16]].join("-")
}

/// The hash of a password (argon2id, PHC string).
///
/// # Errors
/// When it cannot be made; says why.
pub fn hash_password(password: &str) -> Result<String, String> {
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| e.to_string())
}

/// Whether a password belongs to a hash. Slow on purpose; call it off the async threads.
pub(crate) fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}
