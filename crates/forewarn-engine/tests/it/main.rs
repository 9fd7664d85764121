//! Wire and engine tests.

mod guard;
mod webhook;
mod webhook_answers;
mod wire;
