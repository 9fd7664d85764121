//! Wire and engine tests.

mod guard;
mod hostile;
mod http_peer;
mod smtp;
mod webhook;
mod webhook_answers;
mod wire;
