//! What others call: recipients who unsubscribe, and later bounces, receipts and alerts.

pub mod acknowledge;
pub mod unsubscribe;
