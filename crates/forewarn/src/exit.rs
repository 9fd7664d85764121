//! Exit codes, and what is said when a command fails.

use crate::client::Refusal;
use crate::terminal::{self, clean};
use forewarn_core::problem::Invalid;
use forewarn_store::StoreError;
use std::process::ExitCode;

/// How a command ended. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The input is invalid, or what was asked is not allowed.
    Refused = 1,
    /// It could not run: a file cannot be read, a server cannot be reached.
    CouldNotRun = 2,
    /// Done, with something that the caller should see.
    Warned = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An input that was refused, with where it came from: `examples/minimal.yaml`.
#[derive(Debug, thiserror::Error)]
#[error("{what} is not valid: {invalid}")]
pub struct InvalidInput {
    /// What was read.
    pub what: String,
    /// What is wrong with it.
    pub invalid: Invalid,
}

impl InvalidInput {
    /// Names the source of what was refused.
    pub fn of(what: impl Into<String>, invalid: Invalid) -> InvalidInput {
        InvalidInput {
            what: what.into(),
            invalid,
        }
    }
}

/// Says on standard error why a command failed, and which exit code that is.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        terminal::complain(&refusal.to_string());
        return refusal.exit().into();
    }
    if let Some(InvalidInput { what, invalid }) = error.downcast_ref() {
        let many = match invalid.problems.len() {
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        let mut text = format!("{what} is not valid, {many}");
        for problem in &invalid.problems {
            text.push_str(&format!("\n  {}", clean(&problem.to_string())));
        }
        terminal::complain(&text);
        return Exit::Refused.into();
    }
    terminal::complain(&clean(&format!("{error:#}")));
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Conflict(_)) => Exit::Refused.into(),
        _ => Exit::CouldNotRun.into(),
    }
}
