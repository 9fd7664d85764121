//! What is said beside an action about how it goes out: that whoever acts knows to how many, and that there is time to undo it.

use super::approval::reached;
use super::gathered;
use super::review::Guard;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::approval::parse_count;
use forewarn_core::document::{Fields, Node, Problems, Value as Tree, boolean, line, scalar};
use forewarn_core::event::Event;
use forewarn_core::plan::{Notice, built_in_name};
use forewarn_core::problem::Problem;
use forewarn_store::Retried;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// What was posted, apart from how it goes out.
#[derive(Clone, Debug)]
pub struct Posted {
    /// How it goes out.
    pub sending: Sending,
    /// What the action reads.
    pub node: Node,
    /// What is wrong with it already; told with whatever else is.
    pub wrong: Vec<Problem>,
}

impl Posted {
    /// Reads what the action says.
    ///
    /// # Errors
    /// Everything that is wrong with what was posted.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Node, &mut Problems) -> Option<T>,
    ) -> Result<T> {
        self.with(super::read(&self.node, read))
    }

    /// The same, with what the guard found in its words.
    pub(super) fn guarded<T>(
        &self,
        guard: &Guard,
        read: impl FnOnce(&Node, &mut Problems) -> Option<T>,
    ) -> Result<T> {
        self.with(guard.beside(super::read(&self.node, read)))
    }

    /// The same where there is no time to undo it; asking for that is wrong, and `why` says why.
    pub(super) fn without_undo(&self, why: &str) -> Posted {
        let mut posted = self.clone();
        if posted.sending.undo {
            let words = format!("must be left out: {why}");
            posted.wrong.push(Problem::new("undo", words));
        }
        posted
    }

    /// What was read of it, or everything that is wrong with what was posted.
    pub(super) fn with<T>(&self, read: Result<T>) -> Result<T> {
        if self.wrong.is_empty() {
            return read;
        }
        let mut problems = Problems::of(self.wrong.clone());
        let read = gathered(read, &mut problems)?;
        match read {
            Some(read) if problems.0.is_empty() => Ok(read),
            _ => Err(problems.refused(&self.node).into()),
        }
    }
}

/// What somebody says beside what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    /// To how many they know that it goes.
    pub recipients: Option<i64>,
    /// It waits for as long as the organisation lets people undo.
    pub undo: bool,
    /// Nobody is there to be asked: a hook, a command in chat.
    pub unasked: bool,
}

impl Sending {
    /// Takes `recipients` and `undo` out of what was posted; the rest is what the action reads.
    pub fn of(node: &Node) -> Posted {
        let mut sending = Sending::default();
        let mut problems = Problems::default();
        let mut rest = node.clone();
        if let Tree::Map(entries) = &mut rest.value {
            entries.retain(|(name, _, value)| match name.as_str() {
                // An empty field of a form says nothing.
                "recipients" | "undo" if value.is_empty() => false,
                "recipients" => {
                    let count = scalar(value, "recipients", &mut problems, parse_count);
                    sending.recipients = count;
                    false
                }
                "undo" => {
                    let undo = scalar(value, "undo", &mut problems, boolean);
                    sending.undo = undo == Some(true);
                    false
                }
                _ => true,
            });
        }
        Posted {
            sending,
            node: rest,
            wrong: problems.0,
        }
    }

    /// Said by a program, for what nobody typed.
    pub fn by_program(node: Node) -> Posted {
        let sending = Sending {
            unasked: true,
            ..Sending::default()
        };
        Posted {
            sending,
            node,
            wrong: Vec::new(),
        }
    }

    /// Refuses what goes to many where whoever sends it did not say to how many.
    ///
    /// # Errors
    /// [`ApiError::CountNeeded`] with the number.
    pub async fn check(&self, app: &App, event: &Event, told: &[Notice]) -> Result<()> {
        let audiences: BTreeSet<&str> = told
            .iter()
            .map(|notice| notice.audience.as_str())
            .filter(|audience| built_in_name(audience).is_none())
            .collect();
        if self.unasked || audiences.is_empty() {
            return Ok(());
        }
        let catalogue = app.store.catalogue().await?;
        let count = reached(app, event, &catalogue, &audiences).await?;
        let many = count > catalogue.organisation.confirm_above();
        match many && self.recipients != Some(count) {
            true => Err(ApiError::CountNeeded(count)),
            false => Ok(()),
        }
    }

    /// From when people may be told of what is done now: the time to undo is past by then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn from(&self, app: &App, now: Timestamp) -> Result<Timestamp> {
        if !self.undo {
            return Ok(now);
        }
        let organisation = app.store.catalogue().await?.organisation;
        Ok(now + SignedDuration::from_secs(organisation.undo_seconds()))
    }
}

/// Sends a notice again to those who did not get it; with `delivery`, to that one only.
///
/// # Errors
/// [`ApiError::NotFound`]; a conflict when it has lost its meaning, or nothing of it was given up.
pub async fn again(app: &App, caller: &Caller, notice: &str, node: &Node) -> Result<Retried> {
    let only = match node.is_empty() {
        true => None,
        false => super::read(node, |node, problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let delivery = fields.optional("delivery", problems, line(100));
            fields.finish(problems);
            Some(delivery)
        })?,
    };
    let now = app.clock.now();
    let done = app.store.retry(notice, only.as_deref(), &caller.actor, now);
    let done = done.await?;
    app.store.hint();
    done.ok_or_else(|| ApiError::NotFound(format!("notice {notice}")))
}
