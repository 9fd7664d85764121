//! Work that nobody planned: what a policy would do with it, and whom it would reach.

use forewarn_core::document::Catalogue;
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::recipient::Added;
use forewarn_core::time::CivilTime;
use jiff::{SignedDuration, Timestamp};

/// How long it lasts: long enough for progress to be told.
const LASTS: SignedDuration = SignedDuration::from_hours(4);

/// Routine work on these services that starts then, on the organisation's clocks.
pub(super) fn work(services: Vec<Id>, start: Timestamp, catalogue: &Catalogue) -> Maintenance {
    let zone = &catalogue.organisation.time_zone;
    let end = start.saturating_add(LASTS).unwrap_or(Timestamp::MAX);
    Maintenance {
        // Letters: always an id.
        id: Id::parse("example").unwrap_or_else(|_| services[0].clone()),
        title: "Example".into(),
        kind: "routine".into(),
        policy: None,
        exception: None,
        added: Added::default(),
        services,
        cause: None,
        start: CivilTime::of(start, zone),
        end: CivilTime::of(end, zone),
        change_request: None,
        decision: None,
        facts: Facts::default(),
        steps: Vec::new(),
        texts: Default::default(),
        requesters: Vec::new(),
        lead: None,
        status: Status::Scheduled,
        revision: 1,
        started_at: None,
        ended_at: None,
        unseen: false,
        pending: None,
    }
}
