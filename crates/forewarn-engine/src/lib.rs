//! The engine: the only code that talks to the outside on our behalf.

pub mod channel;
pub mod peer;
