//! Wire and engine tests.

mod chat;
mod database;
mod engine;
mod guard;
mod hostile;
mod http_peer;
mod phone;
mod place;
mod promises;
mod sim;
mod smtp;
mod updates;
mod webhook;
mod webhook_answers;
mod wire;
