//! The frame around every console page.

use forewarn_core::time::Zone;
use jiff::Timestamp;

/// What every console page has around its content.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// Which entry of the navigation is current.
    pub nav: Nav,
    /// The organisation's name.
    pub organisation: String,
    /// The organisation's zone, in which the console shows times.
    pub zone: Zone,
    /// The clock's time when the page was made; scripts count from it.
    pub now: Timestamp,
    /// Who is signed in; the navigation is left out when absent.
    pub user: Option<String>,
    /// Token that every form sends back.
    pub csrf: String,
    /// The demo's controls, in the demo.
    pub demo: Option<DemoBar>,
    /// What came of the last action.
    pub flash: Option<Flash>,
}

/// Entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// What is owed next.
    Now,
    /// Planned work.
    Maintenances,
    /// Incidents.
    Incidents,
    /// Notices.
    Notices,
    /// Deliveries.
    Deliveries,
    /// Services.
    Services,
    /// Audiences and contacts.
    Audiences,
    /// The journal.
    Journal,
    /// The demo's caught messages.
    Caught,
    /// None of them.
    Elsewhere,
}

/// The demo's movable clock.
#[derive(Clone, Debug)]
pub struct DemoBar {
    /// When the next notice falls due, if one is planned.
    pub next_notice: Option<Timestamp>,
    /// How many messages were caught.
    pub caught: u64,
}

/// What came of the last action, shown once.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Good news or not.
    pub kind: FlashKind,
    /// In one sentence.
    pub text: String,
}

/// The tone of a flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashKind {
    /// It was done.
    Done,
    /// It was done, and something needs a look.
    Warning,
    /// It was refused.
    Refused,
}

/// Something did not work.
pub struct ErrorPage {
    /// The frame.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub what: String,
    /// What can be done about it.
    pub advice: String,
}
