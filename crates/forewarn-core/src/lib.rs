//! Forewarn's pure core: who must hear, when, what, and what an outcome means.
//!
//! No async, no I/O, no clock, no randomness: time and chance are arguments.

pub mod calendar;
pub mod delivery;
