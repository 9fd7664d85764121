//! The other side of the wire, for the demo, the benchmarks and the tests: protocol peers that
//! listen on loopback, keep a ledger of what they accepted, and can be told to misbehave.

pub mod http;
pub mod phone;
pub mod smtp;
