//! Notices of an advisory: each word is told at once; where it promises the next one, its timers remind the owners.

use super::at_once::AtOnce;
use super::promise::{is_promise_timer, reminders_of_owners, replaced};
use super::{Changes, Notice, REQUESTERS, Stored};
use crate::advisory::{Advisory, Status};
use crate::document::Catalogue;
use crate::id::Id;
use crate::promise::Thread;
use crate::undo::Undoable;
use jiff::Timestamp;

/// What publishing an advisory's newest word changes: it is told, a time that it promises gets timers, and those of the promise
/// before are withdrawn. `stored` are the notices it has; the advisory remembers who is told.
pub fn publish_word(
    mut advisory: Advisory,
    catalogue: &Catalogue,
    stored: &[Stored],
    now: Timestamp,
) -> (Advisory, Changes) {
    let added = advisory.added.clone();
    let catalogue = &*added.over(catalogue);
    let word = newest(&advisory);
    let mut add = word.to_all(catalogue, now);
    let told = add.iter().filter_map(|n| Id::parse(&n.audience).ok());
    let told: Vec<Id> = told.collect();
    if !advisory.status.is_open() && !advisory.requesters.is_empty() {
        let because = "at once; they asked for the fix";
        add.push(word.to_built_in(REQUESTERS, because, catalogue, now));
    }
    advisory.told.extend(told);
    add.extend(reminders_of_owners(&advisory, catalogue, now));
    let old = stored
        .iter()
        .filter(|s| s.open && is_promise_timer(&s.milestone));
    let changes = Changes {
        withdrawn: old.map(|s| s.id.clone()).collect(),
        add,
        ..Changes::default()
    };
    (advisory, changes)
}

/// The timers of the promise that stands again once a word was taken back.
pub fn owners_reminded_again(
    advisory: &Advisory,
    catalogue: &Catalogue,
    stored: &[Stored],
    now: Timestamp,
) -> Changes {
    replaced(reminders_of_owners(advisory, catalogue, now), stored)
}

/// The newest word again, for an audience to which `whom` was just added: whoever has had it does not get it twice, since both
/// notices share their slot.
pub fn catch_up_on_advisory(
    advisory: &Advisory,
    audience: &str,
    whom: &str,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Option<Notice> {
    let catalogue = &*advisory.added.over(catalogue);
    let audience = catalogue.audiences.iter().find(|a| a.id == *audience)?;
    // Nobody hears of what can still be undone before the others do.
    let now = advisory.waits_until(now).unwrap_or(now);
    let because = "at once; added to the advisory".to_owned();
    Some(newest(advisory).to(audience, Some(whom), because, catalogue, now))
}

fn newest(advisory: &Advisory) -> AtOnce<'_> {
    // What waits for somebody to agree is told to nobody, nor to somebody who is added.
    let word = advisory.told_last();
    let milestone = word.map_or("discovery", |word| word.milestone());
    AtOnce {
        event: &advisory.id,
        services: advisory.services.clone(),
        about: advisory.about(),
        told: &advisory.told,
        milestone,
        stages: match (word.map_or(advisory.status, |w| w.status), milestone) {
            (Status::Open, "discovery") => &["discovery"],
            (Status::Open, _) => &["update"],
            (Status::Fixed, _) => &["fixed"],
            // Who hears that a fault is fixed also hears that it was none.
            (Status::Withdrawn, _) => &["update", "fixed"],
        },
        number: word.map_or(0, |word| word.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::tests::{at, found, word};
    use crate::advisory::{Fix, Withdrawal};
    use crate::document::Documents;

    fn catalogue() -> Catalogue {
        let text = "
organisation: {name: Example University, time_zone: UTC}
services:
  - {id: database, name: Student database}
  - {id: portal, name: Student portal, depends_on: [database], owner: web@example.edu}
audiences:
  - {id: students, name: Students, level: non_technical, channels: [email], services: [portal]}
  - {id: dbas, name: Administrators, level: technical, channels: [email], services: [database]}
  - {id: developers, name: Developers, level: technical, channels: [chat], services: ['*'], routing: {causes: [application]}}
  - {id: security, name: Security, level: technical, channels: [email], services: ['*'], routing: {causes: [security]}}
  - {id: outages, name: Outages only, level: non_technical, channels: [email], services: ['*'], routing: {events: [incident]}}
  - {id: endings, name: Ends only, level: non_technical, channels: [email], services: ['*'], routing: {stages: [fixed]}}
";
        let texts = [(String::new(), text.to_owned())];
        let known = Catalogue::default();
        let documents = Documents::parse_yaml(&texts, &known, "MNT-1").expect("a catalogue");
        documents.over(&known)
    }

    fn told(changes: &Changes) -> Vec<(&str, &str)> {
        let add = changes.add.iter();
        add.map(|n| (n.milestone.as_str(), n.audience.as_str()))
            .collect()
    }

    fn stored(changes: &Changes) -> Vec<Stored> {
        let add = changes.add.iter();
        let stored = add.map(|n| Stored {
            id: n.id.clone(),
            milestone: n.milestone.clone(),
            offset: n.offset.clone(),
            audience: n.audience.clone(),
            due: n.due,
            told: false,
            open: true,
        });
        stored.collect()
    }

    #[test]
    fn routing_decides_who_hears_and_requesters_hear_the_end() {
        let catalogue = catalogue();
        let (advisory, first) = publish_word(found(None), &catalogue, &[], at(0));
        assert_eq!(
            told(&first),
            [("discovery", "students"), ("discovery", "developers")]
        );
        let (advisory, second) = publish_word(
            advisory.update(word("News."), None, at(60)).unwrap(),
            &catalogue,
            &[],
            at(60),
        );
        assert_eq!(
            told(&second),
            [("update", "students"), ("update", "developers")]
        );
        assert!(second.add.iter().all(|n| n.offset.as_deref() == Some("#1")));
        let fixed = advisory.clone().fix(Fix::default(), at(90)).unwrap();
        let (_, last) = publish_word(fixed, &catalogue, &[], at(90));
        let ends = ["students", "developers", "endings", "requesters"];
        assert_eq!(told(&last), ends.map(|audience| ("fixed", audience)));
        let text = "It was none.".to_owned();
        let withdrawal = Withdrawal {
            texts: Default::default(),
            text,
            version: None,
        };
        let withdrawn = advisory.withdraw(withdrawal, at(90)).unwrap();
        let (_, last) = publish_word(withdrawn, &catalogue, &[], at(90));
        assert_eq!(told(&last), ends.map(|audience| ("update", audience)));
    }

    #[test]
    fn only_a_time_that_was_promised_has_timers_and_the_next_word_withdraws_them() {
        let catalogue = catalogue();
        let (_, silent) = publish_word(found(None), &catalogue, &[], at(0));
        assert!(silent.add.iter().all(|n| !is_promise_timer(&n.milestone)));
        let week = 7 * 24 * 3_600;
        let (advisory, first) = publish_word(found(Some(week)), &catalogue, &[], at(0));
        let timers: Vec<_> = first
            .add
            .iter()
            .filter(|n| is_promise_timer(&n.milestone))
            .collect();
        let shown: Vec<_> = timers
            .iter()
            .map(|n| {
                (
                    n.milestone.as_str(),
                    n.offset.as_deref(),
                    n.audience.as_str(),
                    n.due,
                )
            })
            .collect();
        let broken = at(week) + jiff::SignedDuration::from_millis(1);
        assert_eq!(
            shown,
            [
                (
                    "promise_warning",
                    Some("24h"),
                    "internal",
                    at(week - 24 * 3_600)
                ),
                (
                    "promise_warning",
                    Some("60min"),
                    "internal",
                    at(week - 3_600)
                ),
                ("promise_broken", None, "internal", broken),
            ]
        );
        let (_, fixed) = publish_word(
            advisory.fix(Fix::default(), at(60)).unwrap(),
            &catalogue,
            &stored(&first),
            at(60),
        );
        let ids: Vec<String> = timers.iter().map(|n| n.id.clone()).collect();
        assert_eq!(fixed.withdrawn, ids);
        assert!(fixed.add.iter().all(|n| !is_promise_timer(&n.milestone)));
    }

    #[test]
    fn somebody_added_gets_the_newest_word_under_an_id_of_its_own() {
        let catalogue = catalogue();
        let (advisory, first) = publish_word(found(None), &catalogue, &[], at(0));
        let again = catch_up_on_advisory(&advisory, "students", "audience", &catalogue, at(5));
        let again = again.unwrap();
        assert_eq!((again.milestone.as_str(), again.due), ("discovery", at(5)));
        assert_ne!(again.id, first.add[0].id);
        assert!(catch_up_on_advisory(&advisory, "nobody", "x", &catalogue, at(5)).is_none());
    }
}
