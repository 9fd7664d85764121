//! Planned work: planned, approved, moved, begun, completed or cancelled.

use super::Operator;
use crate::sim::chance::Chance;
use forewarn_core::event::Event;
use forewarn_core::maintenance::{self, Maintenance};
use forewarn_core::plan::{Change, INTERNAL, Input, changes_from, plan};
use forewarn_core::policy;
use forewarn_core::time::CivilTime;
use forewarn_store::{Entry, Store};
use jiff::SignedDuration;
use std::collections::BTreeSet;

impl Operator {
    pub(super) async fn create(&mut self, store: &Store, chance: &mut Chance) {
        self.numbers += 1;
        let now = self.clock.now();
        let ahead = match self.is_busy && self.events.len() < 5 {
            true => *chance.pick(&[8_600, 10_000, 13_000, 14_400]),
            false => *chance.pick(&[0, 20, 180, 1_440, 4_000, 13_000]),
        };
        let lasts = *chance.pick(&[30, 200, 300]);
        let zone = &self.catalogue.organisation.time_zone;
        let start = now + SignedDuration::from_mins(ahead);
        let end = start + SignedDuration::from_mins(lasts);
        let text = format!(
            "{{id: MNT-{}, title: Upgrade, policy: {}, services: [{}], start: '{}', end: '{}'}}",
            self.numbers,
            chance.pick(&["routine", "routine", "emergency"]),
            chance.pick(&["database", "portal", "wiki"]),
            CivilTime::of(start, zone),
            CivilTime::of(end, zone),
        );
        let mut maintenance = self.maintenance(&text);
        if chance.percent(15) {
            maintenance.status = maintenance::Status::AwaitingApproval;
        }
        let id = maintenance.id.to_string();
        if self.publish_maintenance(store, maintenance, 0, None).await {
            self.events.push(id);
        }
    }

    pub(super) async fn change_maintenance(
        &mut self,
        store: &Store,
        m: Maintenance,
        sequence: i64,
        way: u64,
        by: SignedDuration,
    ) -> bool {
        use maintenance::Status as S;
        let now = self.clock.now();
        let later = |time: &CivilTime| CivilTime::of(time.instant() + by, &time.zone);
        let untold = m.status == S::AwaitingApproval;
        let (changed, milestone) = match (m.status, way) {
            (S::AwaitingApproval, 0..60) => {
                return self.approve(store, m, sequence).await;
            }
            (S::AwaitingApproval | S::Scheduled, 0..70) => {
                let (start, end) = (later(&m.start), later(&m.end));
                (m.delay(start, end), Some("delay"))
            }
            (S::Scheduled, 70..80) => (m.start(now), None),
            (S::InProgress, 0..40) => {
                let end = later(&m.end);
                (m.extend(end), Some("extension"))
            }
            (S::InProgress, 40..90) => (m.complete(now), None),
            (S::AwaitingApproval | S::Scheduled | S::InProgress, _) => {
                (m.cancel(now), Some("cancellation"))
            }
            (S::Completed | S::Cancelled, _) => return true,
        };
        match changed {
            Ok(changed) => {
                let milestone = milestone.filter(|_| !untold);
                self.publish_maintenance(store, changed, sequence, milestone)
                    .await
            }
            Err(_) => true,
        }
    }

    pub async fn approve(&mut self, store: &Store, m: Maintenance, sequence: i64) -> bool {
        let id = m.id.to_string();
        let Ok(approved) = m.approve() else {
            return true;
        };
        let entry = Entry::new("ann", "maintenance.approved", id);
        let event = Event::Maintenance(approved.clone());
        let now = self.clock.now();
        match store.approve(&event, sequence, &[], entry, now).await {
            Ok(()) => {
                self.publish_maintenance(store, approved, sequence + 1, None)
                    .await
            }
            Err(problem) => self.refused(&problem),
        }
    }

    pub async fn publish_maintenance(
        &mut self,
        store: &Store,
        maintenance: Maintenance,
        expected: i64,
        milestone: Option<&'static str>,
    ) -> bool {
        let now = self.clock.now();
        let (mut stored, mut told) = match store.planned(maintenance.id.as_str()).await {
            Ok(known) => known,
            Err(problem) => return self.refused(&problem),
        };
        let earlier: BTreeSet<_> = stored
            .iter()
            .filter(|s| Some(s.milestone.as_str()) == milestone)
            .map(|s| s.offset.clone())
            .collect();
        if self.forgets {
            told.clear();
            stored.retain(|s| !s.told);
        }
        let policy = maintenance
            .policy
            .as_ref()
            .and_then(|id| policy::find(id.as_str(), &[]))
            .expect("a policy");
        let plan = plan(Input {
            planned: (&maintenance).into(),
            policy,
            catalogue: &self.catalogue,
            now,
            told: &told,
            others: &[],
            change: milestone.map(|milestone| Change {
                milestone,
                counter: earlier.len() as u32,
            }),
        });
        let mut awaiting = BTreeSet::new();
        if maintenance.status == maintenance::Status::AwaitingApproval {
            awaiting.extend(self.catalogue.audiences.iter().map(|a| a.id.to_string()));
            awaiting.insert(INTERNAL.to_owned());
        }
        let changes = changes_from(&plan, &stored);
        let event = Event::Maintenance(maintenance);
        self.publish(store, event, expected, changes, &awaiting, None, Vec::new())
            .await
    }
}
