//! What others call: recipients who unsubscribe, and programs that tell of alerts, commands and maintenance.

pub mod acknowledge;
pub mod approve;
pub mod confirm;
mod door;
pub mod inbound;
mod requests;
pub mod twilio;
pub mod unsubscribe;

pub use requests::{Requests, Seen, Tally};
