//! Incidents.

use super::{Choice, Frame, JournalRow, NoticeRow, Typed};
use forewarn_core::incident::Incident;

/// Incidents as a list.
pub struct IncidentList {
    /// The frame.
    pub frame: Frame,
    /// Open ones, by their promise.
    pub open: Vec<IncidentRow>,
    /// Closed ones, newest first.
    pub closed: Vec<IncidentRow>,
}

/// An incident in the list.
pub struct IncidentRow {
    /// The incident.
    pub incident: Incident,
    /// Names of its services.
    pub services: Vec<String>,
}

/// The form that declares an incident.
///
/// Fields: `services.{id}` (an impact; `none` is left out), `severity`, `effect`, `title`, `lead`, `spokesperson`, `next_update_in`.
pub struct DeclareIncident {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// Every service.
    pub services: Vec<Choice>,
}

/// One incident.
///
/// Its form posts `status`, `text`, `services.{id}` and `next_update_in` to `updates`; `status=resolved` resolves.
pub struct IncidentPage {
    /// The frame.
    pub frame: Frame,
    /// The incident.
    pub incident: Incident,
    /// Its services with their names.
    pub services: Vec<Choice>,
    /// What was typed into the form of the next update, and what is wrong with it.
    pub typed: Typed,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
}
