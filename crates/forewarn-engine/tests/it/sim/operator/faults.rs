//! Faults between releases: found, followed, and fixed or withdrawn; some promise when the next word comes, and some do not.

use super::Operator;
use crate::sim::chance::Chance;
use forewarn_core::advisory::{Advisory, Fix, NewWord, Report, Withdrawal};
use forewarn_core::contact::EmailAddress;
use forewarn_core::event::Event;
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::plan::publish_word;
use forewarn_core::promise::Thread;
use forewarn_store::{Entry, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

impl Operator {
    pub(super) async fn find(&mut self, store: &Store, chance: &mut Chance) {
        self.numbers += 1;
        let now = self.clock.now();
        let id = Id::parse(&format!("ADV-{}", self.numbers)).expect("an id");
        let service = *chance.pick(&["database", "portal", "wiki"]);
        let asked = EmailAddress::parse("dean@example.edu").expect("an address");
        let report = Report {
            texts: Default::default(),
            id: None,
            title: None,
            services: vec![Id::parse(service).expect("an id")],
            severity: None,
            cause: None,
            facts: Facts {
                effect: Some("The export leaves out the last line.".into()),
                ..Facts::default()
            },
            requesters: vec![asked],
            next_update: None,
        };
        let next = self.next_word(chance.below(100));
        let advisory = Advisory::discover(report, id.clone(), "Export".into(), next, now);
        if self.publish_word(store, advisory, 0, None).await {
            self.events.push(id.to_string());
        }
    }

    /// When the next word is promised, if that is said: soon, on the same day, or later than every warning.
    fn next_word(&self, way: u64) -> Option<Timestamp> {
        let minutes = [40, 480, 2_000][(way / 2 % 3) as usize];
        let next = self.clock.now() + SignedDuration::from_mins(minutes);
        way.is_multiple_of(2).then_some(next)
    }

    /// Tells more of a fault, or closes it.
    pub(super) async fn follow(
        &mut self,
        store: &Store,
        advisory: Advisory,
        sequence: i64,
        way: u64,
    ) -> bool {
        let now = self.clock.now();
        let lapsed = advisory.lapsed(now);
        let breach = lapsed.map(|promise| advisory.breach(promise, now));
        let said = match way {
            0..60 => {
                let new = NewWord {
                    text: Some("We know more.".into()),
                    ..NewWord::default()
                };
                advisory.update(new, self.next_word(way), now)
            }
            60..85 => advisory.fix(Fix::default(), now),
            _ => {
                let withdrawal = Withdrawal {
                    texts: Default::default(),
                    text: "It was none.".into(),
                    version: None,
                };
                advisory.withdraw(withdrawal, now)
            }
        };
        match said {
            Ok(said) => self.publish_word(store, said, sequence, breach).await,
            Err(_) => true,
        }
    }

    /// `breach` is what is to be put on record about the promise before this word, if it has passed unnoticed.
    async fn publish_word(
        &mut self,
        store: &Store,
        advisory: Advisory,
        expected: i64,
        breach: Option<serde_json::Value>,
    ) -> bool {
        let now = self.clock.now();
        let number = advisory.updates.last().map(|word| word.number);
        let (stored, _) = match store.planned(advisory.id.as_str()).await {
            Ok(known) => known,
            Err(problem) => return self.refused(&problem),
        };
        let (advisory, mut changes) = publish_word(advisory, &self.catalogue, &stored, now);
        if self.leaves_timers {
            changes.withdrawn.clear();
        }
        let event = Event::Advisory(advisory);
        let id = event.id().as_str();
        let broken = |detail| Entry::new("ann", "advisory.promise_broken", id).with(detail);
        let entries: Vec<Entry> = breach.map(broken).into_iter().collect();
        let nobody = BTreeSet::new();
        self.publish(store, event, expected, changes, &nobody, number, entries)
            .await
    }
}
