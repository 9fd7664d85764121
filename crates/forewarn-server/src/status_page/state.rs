//! How each service is, and all of them together.

use super::Snapshot;
use forewarn_core::id::Id;
use forewarn_core::incident::Impact;
use forewarn_core::maintenance::Status;
use forewarn_core::service::affected;
use std::collections::{BTreeMap, BTreeSet};

/// How a service is, in the order of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// It works.
    Operational,
    /// It is being worked on as announced.
    UnderMaintenance,
    /// It is slow or incomplete.
    Degraded,
    /// Some cannot use it.
    PartialOutage,
    /// Nobody can use it.
    MajorOutage,
}

impl ServiceState {
    /// The name that the Statuspage API uses; also the class in the style sheet.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceState::Operational => "operational",
            ServiceState::UnderMaintenance => "under_maintenance",
            ServiceState::Degraded => "degraded_performance",
            ServiceState::PartialOutage => "partial_outage",
            ServiceState::MajorOutage => "major_outage",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            ServiceState::Operational => "Working",
            ServiceState::UnderMaintenance => "Under maintenance",
            ServiceState::Degraded => "Slow or incomplete",
            ServiceState::PartialOutage => "Partly down",
            ServiceState::MajorOutage => "Down",
        }
    }

    /// The short name of its colour and icon.
    pub fn tone(self) -> &'static str {
        match self {
            ServiceState::Operational => "ok",
            ServiceState::UnderMaintenance => "work",
            ServiceState::Degraded => "slow",
            ServiceState::PartialOutage => "part",
            ServiceState::MajorOutage => "down",
        }
    }
}

impl From<Impact> for ServiceState {
    fn from(impact: Impact) -> ServiceState {
        match impact {
            Impact::None => ServiceState::Operational,
            Impact::DegradedPerformance => ServiceState::Degraded,
            Impact::PartialOutage => ServiceState::PartialOutage,
            Impact::MajorOutage => ServiceState::MajorOutage,
        }
    }
}

/// How every service is at the instant of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    of: BTreeMap<Id, ServiceState>,
    may_be_affected: BTreeSet<Id>,
    services: usize,
    open_incidents: usize,
}

impl States {
    /// Works out how every service is: what open incidents say, else maintenance in progress, else it works.
    pub fn of(snapshot: &Snapshot) -> States {
        let mut of: BTreeMap<Id, ServiceState> = BTreeMap::new();
        let mut raise = |id: &Id, state: ServiceState| {
            let held = of.entry(id.clone()).or_insert(ServiceState::Operational);
            *held = (*held).max(state);
        };
        for open in snapshot.open_incidents() {
            for (id, impact) in &open.incident.services {
                raise(id, ServiceState::from(*impact));
            }
        }
        for work in snapshot.maintenances_in(Status::InProgress) {
            for id in &work.maintenance.services {
                raise(id, ServiceState::UnderMaintenance);
            }
        }
        of.retain(|_, state| *state != ServiceState::Operational);
        let named: Vec<Id> = of.keys().cloned().collect();
        let may_be_affected = affected(&named, &snapshot.services)
            .into_iter()
            .map(|reached| reached.service)
            .filter(|id| !of.contains_key(id))
            .collect();
        States {
            of,
            may_be_affected,
            services: snapshot.services.len(),
            open_incidents: snapshot.open_incidents().len(),
        }
    }

    /// How this service is.
    pub fn state(&self, id: &Id) -> ServiceState {
        self.of
            .get(id)
            .copied()
            .unwrap_or(ServiceState::Operational)
    }

    /// Nobody said that it is down, but it stands on something that is.
    pub fn may_be_affected(&self, id: &Id) -> bool {
        self.may_be_affected.contains(id)
    }

    /// The gravest state of all.
    pub fn worst(&self) -> ServiceState {
        self.of
            .values()
            .copied()
            .max()
            .unwrap_or(ServiceState::Operational)
    }

    /// The Statuspage indicator: `none`, `minor`, `major`, `critical`. Announced work is no fault.
    pub fn indicator(&self) -> &'static str {
        match self.worst() {
            ServiceState::Operational | ServiceState::UnderMaintenance => "none",
            ServiceState::Degraded => "minor",
            ServiceState::PartialOutage => "major",
            ServiceState::MajorOutage => "critical",
        }
    }

    /// Everything in one sentence.
    pub fn sentence(&self, snapshot: &Snapshot) -> String {
        let worst = self.worst();
        let named: Vec<&Id> = self
            .of
            .iter()
            .filter(|(_, s)| **s == worst)
            .map(|(id, _)| id)
            .collect();
        if worst == ServiceState::Operational {
            return match (self.open_incidents, self.services) {
                (0, 0) => "No services are listed yet".into(),
                (0, _) => "Everything is working".into(),
                _ => "Everything is working; we are looking into a report".into(),
            };
        }
        let names = snapshot.names(named.iter().copied());
        let (who, plural) = match names.as_slice() {
            [one] => (one.clone(), false),
            [one, two] => (format!("{one} and {two}"), true),
            _ => (format!("{} services", names.len()), true),
        };
        let verb = if plural { "are" } else { "is" };
        match worst {
            ServiceState::UnderMaintenance => format!("{who} {verb} under planned maintenance"),
            ServiceState::Degraded => format!("{who} {verb} slow or incomplete"),
            ServiceState::PartialOutage => format!("{who} {verb} partly down"),
            _ => format!("{who} {verb} down"),
        }
    }
}
