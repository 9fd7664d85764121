//! What others call: recipients who unsubscribe, and later bounces, receipts and alerts.

pub mod confirm;
pub mod twilio;
pub mod unsubscribe;
