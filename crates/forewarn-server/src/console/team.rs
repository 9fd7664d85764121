//! What stands around an incident on its page: who has which role, who is writing, notes, kin, and people who were added.

use super::Choice;
use forewarn_store::Note;

/// What an incident's page shows beside its messages.
#[derive(Clone, Debug, Default)]
pub struct Team {
    /// The incident's version, which the form of the next update sends back.
    pub version: i64,
    /// Who else is writing an update: "Kim is writing an update, since 14:02 PST".
    pub writing: Vec<String>,
    /// Technical notes, newest first.
    pub notes: Vec<Note>,
    /// Who speaks for it or is meant to, also before they have said so.
    pub speaks: Option<String>,
    /// What follows where nobody but those who fix it could.
    pub nobody_speaks: Option<String>,
    /// The backups in their order.
    pub backups: Vec<String>,
    /// Who approves what is said.
    pub approvers: Vec<String>,
    /// Who was added: "press@example.org, technical".
    pub added: Vec<String>,
    /// Every audience.
    pub audiences: Vec<Choice>,
    /// Other open incidents.
    pub others: Vec<Choice>,
    /// Incidents that are a part of this one.
    pub parts: Vec<Choice>,
}
