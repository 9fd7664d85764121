//! Planned work.

use super::{Choice, DeliveryRow, Frame, JournalRow, NoticeRow, Plan, Typed};
use forewarn_core::maintenance::Maintenance;
use jiff::Timestamp;

/// Planned work as a list.
pub struct MaintenanceList {
    /// The frame.
    pub frame: Frame,
    /// Planned and under way, by start.
    pub ahead: Vec<MaintenanceRow>,
    /// Completed and cancelled, newest first.
    pub past: Vec<MaintenanceRow>,
}

/// A maintenance in the list.
pub struct MaintenanceRow {
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Names of its services.
    pub services: Vec<String>,
    /// The next notice: its milestone and when it is due.
    pub next_notice: Option<(String, Timestamp)>,
}

/// One maintenance.
pub struct MaintenancePage {
    /// The frame.
    pub frame: Frame,
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Names of its services.
    pub services: Vec<String>,
    /// Its plan; what was sent or withdrawn is in it with its status.
    pub plan: Plan,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// Its newest deliveries (about twenty); all are in the list of deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
    /// The action that was refused (`delay`, `extend`, `cancel`) with what was typed, so that its form is shown again.
    pub refused: Option<(String, Typed)>,
}

/// The form for a new maintenance.
///
/// Fields: `title`, `kind`, `services` (several), `start`, `end`, `facts.effect`, `facts.why`, `facts.action.what`,
/// `facts.action.when`, `facts.workaround`, `facts.data_safe` (`true`, `false` or empty), `facts.contact`,
/// `facts.technical`, and the button `do` (`preview` or `create`).
pub struct NewMaintenance {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// Every service.
    pub services: Vec<Choice>,
    /// Every kind: the ids of policies for maintenance.
    pub kinds: Vec<Choice>,
    /// The plan that would follow, after a preview.
    pub preview: Option<Plan>,
}
