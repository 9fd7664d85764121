//! The ways by which a message leaves. A channel sends and says what came of it; it never retries,
//! sleeps for a retry, or sees the store.

pub mod guard;
pub mod http;
pub mod smtp;
pub mod webhook;
