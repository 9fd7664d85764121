//! What others call: recipients who unsubscribe, and programs that tell of alerts, commands and maintenance.

pub mod acknowledge;
mod door;
pub mod inbound;
mod requests;
pub mod unsubscribe;

pub use requests::{Requests, Seen, Tally};
