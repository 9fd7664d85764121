//! How each service is, and all of them together.

use super::Snapshot;
use super::texts::Texts;
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

    /// What people read, in English.
    pub fn words(self) -> &'static str {
        Texts::english().state(self)
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
        let near = snapshot.open_incidents().into_iter();
        let near = near.flat_map(|open| &open.near);
        let named: Vec<Id> = of.keys().chain(near).cloned().collect();
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
    pub fn sentence(&self, snapshot: &Snapshot, texts: &Texts) -> String {
        let (said, worst) = (&texts.overall, self.worst());
        let forms = match worst {
            ServiceState::Operational => {
                let all_is_well = match (self.open_incidents, self.services) {
                    (0, 0) => said.none,
                    (0, _) => said.all,
                    _ => said.report,
                };
                return all_is_well.to_owned();
            }
            ServiceState::UnderMaintenance => said.some[0],
            ServiceState::Degraded => said.some[1],
            ServiceState::PartialOutage => said.some[2],
            ServiceState::MajorOutage => said.some[3],
        };
        let named = self.of.iter().filter(|(_, state)| **state == worst);
        let names = snapshot.names(named.map(|(id, _)| id));
        let words = texts.words();
        let who = match names.len() {
            0..=2 => words.listed(&names),
            many => words.counted(many as u64, &said.services),
        };
        forms[usize::from(names.len() > 1)].replace("{who}", &who)
    }
}
