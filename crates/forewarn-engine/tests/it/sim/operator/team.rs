//! What the people who run an incident do besides writing: somebody takes the call, and roles change hands.

use super::{Noted, Operator};
use forewarn_core::event::Event;
use forewarn_core::incident::{Handover, Incident, Role};
use forewarn_core::plan::{
    BACKUP, Changes, Notice, OVERRUN, SPOKESPERSON, SPOKESPERSON_CALL, handover,
};
use forewarn_store::{NoticeFilter, Store};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What the team does about its roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// This one of those who are called takes the call.
    Takes(usize),
    /// This one speaks for it from now on.
    Speaks(&'static str),
}

impl Operator {
    /// Does it where it is possible; says whether it was done. Nobody acts while a message to whoever has the role is on its
    /// way or about to leave: which of the two it reaches would be up to the moment.
    pub async fn team(&mut self, store: &Store, id: &str, acts: Acts) -> bool {
        let Some(planned) = self.quiet(store, id).await else {
            return false;
        };
        let Ok(Some(stored)) = store.event(id).await else {
            self.surprises.push(format!("{id} cannot be read"));
            return false;
        };
        let Event::Incident(incident) = stored.event else {
            return false;
        };
        if !incident.status.is_open() {
            return false;
        }
        let Some((changed, mut changes)) = self.decide(incident, acts) else {
            return false;
        };
        self.learn(&changed);
        if changed.call.as_ref().is_some_and(|call| !call.is_open()) {
            let calls = planned.iter().filter(|(_, m)| m == SPOKESPERSON_CALL);
            changes.withdrawn = calls.map(|(id, _)| id.clone()).collect();
        }
        let event = Event::Incident(changed);
        let done = self
            .publish(
                store,
                event.clone(),
                stored.sequence,
                changes,
                &BTreeSet::new(),
                None,
                Vec::new(),
            )
            .await;
        if done {
            // What has not begun goes to whoever has the role from now on.
            for (id, _) in planned {
                if let Some(noted) = self.noted.get_mut(&id) {
                    noted.event = event.clone();
                }
            }
        }
        done
    }

    /// The spokesperson takes the call.
    pub(super) async fn acknowledge(
        &mut self,
        store: &Store,
        taken: Incident,
        sequence: i64,
    ) -> bool {
        self.learn(&taken);
        let stored = match store.planned(taken.id.as_str()).await {
            Ok((stored, _)) => stored,
            Err(problem) => return self.refused(&problem),
        };
        let calls = stored.into_iter();
        let calls = calls.filter(|s| s.open && s.milestone == SPOKESPERSON_CALL);
        let changes = Changes {
            withdrawn: calls.map(|s| s.id).collect(),
            ..Changes::default()
        };
        let (event, nobody) = (Event::Incident(taken), BTreeSet::new());
        self.publish(store, event, sequence, changes, &nobody, None, Vec::new())
            .await
    }

    fn decide(&self, incident: Incident, acts: Acts) -> Option<(Incident, Changes)> {
        let now = self.clock.now();
        let (changed, changes) = match acts {
            Acts::Takes(place) => {
                let who = incident.call.as_ref()?.chain.get(place)?.clone();
                incident.acknowledge(Some(&who), now).ok()?
            }
            Acts::Speaks(to) => {
                let to = Handover {
                    role: Role::Spokesperson,
                    to: to.to_owned(),
                    because: None,
                    version: None,
                };
                (incident.hand_over(&to, now).ok()?, true)
            }
        };
        let told = changes.then(|| handover(&changed, Role::Spokesperson, &self.catalogue, now));
        let changes = Changes {
            add: told.into_iter().collect(),
            ..Changes::default()
        };
        Some((changed, changes))
    }

    /// The notices of an incident that have not begun, if none to whoever has a role is on its way or about to leave.
    async fn quiet(&self, store: &Store, id: &str) -> Option<Vec<(String, String)>> {
        let of_event = NoticeFilter {
            event: Some(id.to_owned()),
            ..NoticeFilter::default()
        };
        let soon = self.clock.now() + SignedDuration::from_mins(1);
        let all = store.notices(&of_event, 10_000).await.expect("the notices");
        let busy = all.iter().any(|n| {
            matches!(n.audience.as_str(), SPOKESPERSON | BACKUP)
                && (n.status == "sending" || (n.status == "planned" && n.due <= soon))
        });
        let planned = all.into_iter().filter(|n| n.status == "planned");
        (!busy).then(|| planned.map(|n| (n.id, n.milestone)).collect())
    }
}

impl Operator {
    /// Notes what engines have published by themselves for work that began by itself: what is due in case that it overruns.
    pub async fn learn_overruns(&mut self, store: &Store) {
        let found = store.notices(&NoticeFilter::default(), 100_000).await;
        for row in found.expect("notices") {
            if row.milestone != OVERRUN || self.noted.contains_key(&row.id) {
                continue;
            }
            let event = store.event(&row.event).await.expect("the event");
            let event = event.expect("a notice's event").event;
            let Event::Maintenance(work) = &event else {
                self.surprises.push(format!("{} cannot overrun", row.event));
                continue;
            };
            let after = match row.offset.as_deref() {
                None => 0,
                Some("30min") => 30,
                Some("60min") => 60,
                other => panic!("nobody is called after {other:?}"),
            };
            let end = row.due - SignedDuration::from_mins(after);
            if i64::from(work.revision) == row.revision && work.window().1 != end {
                self.surprises
                    .push(format!("early: {} overruns at {end}", row.event));
            }
            let notice = Notice {
                id: row.id.clone(),
                milestone: row.milestone,
                offset: row.offset,
                stands_for: Vec::new(),
                audience: row.audience,
                level: row.level,
                channels: row.channels,
                due: row.due,
                due_local: row.due_local,
                copy_due: None,
                because: row.because,
                held: false,
                tells: Vec::new(),
            };
            let noted = Noted {
                expires: event.expiry(&notice),
                dues: vec![row.due],
                revisions: vec![row.revision as u32],
                update: None,
                closed: matches!(row.status.as_str(), "cancelled" | "moved"),
                notice,
                event,
            };
            self.noted.insert(row.id, noted);
        }
    }
}
