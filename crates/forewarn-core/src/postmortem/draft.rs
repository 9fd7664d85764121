//! The first draft: what is on record, in the order in which it happened. What nobody knows stays empty, to be written.

use super::{MOST_CHARS, Postmortem, day};
use crate::audience::Level;
use crate::id::Id;
use crate::incident::{Impact, Incident, Nature, Status, Update};
use crate::message::duration_words;
use crate::time::Zone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Something of which the journal knows and readers may: without names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What, as a sentence.
    pub what: String,
}

/// What each update's line may take; the page has the whole of it.
const MOST_OF_AN_UPDATE: usize = 300;

/// Room for what people write.
const MOST_OF_THE_TIMELINE: usize = MOST_CHARS / 2;

/// The first draft of what is explained. `names` are the services' names; `moments` come from the journal.
pub fn draft(
    incident: &Incident,
    names: &BTreeMap<Id, String>,
    moments: &[Moment],
    zone: &Zone,
) -> Postmortem {
    let affected = affected(incident, names);
    Postmortem {
        happened: timeline(incident, moments, zone),
        cause: incident.facts.cause.clone().unwrap_or_default(),
        impact: impact(incident, &affected, zone),
        went_well: went_well(incident),
        actions: Vec::new(),
        apology: apology(incident),
    }
}

fn timeline(incident: &Incident, moments: &[Moment], zone: &Zone) -> String {
    let updates = incident.updates.iter();
    let mut all: Vec<Moment> = updates
        .filter(|u| u.status != Status::Postmortem)
        .map(|update| Moment {
            at: update.at,
            what: told(incident, update),
        })
        .collect();
    all.extend_from_slice(moments);
    if let Some(call) = &incident.call
        && let Some(taken) = &call.acknowledged
    {
        all.push(Moment {
            at: taken.at,
            what: "Somebody took charge of telling you more.".into(),
        });
    }
    all.sort_by_key(|moment| moment.at);
    let mut text = String::new();
    let mut today = None;
    for moment in all {
        let here = zone.at(moment.at);
        if today != Some(here.date()) {
            today = Some(here.date());
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{}, {}:\n\n", day(here.date()), here.strftime("%Z"));
        }
        let line = format!("- {} {}\n", here.strftime("%H:%M"), moment.what);
        if text.chars().count() + line.chars().count() > MOST_OF_THE_TIMELINE {
            text += "- …\n";
            break;
        }
        text += &line;
    }
    text.trim_end().to_owned()
}

/// What an update's line says: where it stood, what was said, and whether it came late.
fn told(incident: &Incident, update: &Update) -> String {
    let stood = match (update.number, update.nature, update.status) {
        (0, ..) => "We told you of the trouble",
        (_, Nature::Automatic, _) => "We said that nothing new was known",
        (_, Nature::Moved, _) => "We promised the next update for another time",
        (_, Nature::Merged, _) => "It was a part of other trouble",
        (_, _, Status::Identified) => "We knew the cause",
        (_, _, Status::Monitoring) => "It was fixed, and we watched it",
        (_, _, Status::Resolved) => "It was over",
        _ => "We told you more",
    };
    let said = update.words(Level::NonTechnical);
    let said = match update.number {
        0 => said.or(update.facts.effect.as_deref()),
        _ => said,
    };
    let said = said.map(|text| text.split_whitespace().collect::<Vec<&str>>().join(" "));
    let mut line = match said {
        Some(said) => format!("{stood}: {}", ended(&shortened(&said))),
        None => format!("{stood}."),
    };
    let before = update.number.checked_sub(1);
    if let Some(late) = before.and_then(|n| incident.late_by(n, update.at)) {
        let late = duration_words(late);
        line += &format!(" This came {late} later than we had promised.");
    }
    line
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_OF_AN_UPDATE) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Every service with the worst that befell it.
fn affected<'a>(incident: &Incident, names: &'a BTreeMap<Id, String>) -> Vec<(&'a str, Impact)> {
    let mut worst: BTreeMap<&Id, Impact> = BTreeMap::new();
    for (id, impact) in incident.updates.iter().flat_map(|update| &update.services) {
        let known = worst.entry(id).or_insert(*impact);
        *known = (*known).max(*impact);
    }
    let named = worst.into_iter();
    named
        .filter_map(|(id, impact)| Some((names.get(id)?.as_str(), impact)))
        .collect()
}

fn impact(incident: &Incident, affected: &[(&str, Impact)], zone: &Zone) -> String {
    let mut lines: Vec<String> = affected
        .iter()
        .map(|(name, impact)| {
            let how = match impact {
                Impact::None => "worked",
                Impact::DegradedPerformance => "was slow or incomplete",
                Impact::PartialOutage => "did not work for some",
                Impact::MajorOutage => "did not work",
            };
            format!("{name} {how}.")
        })
        .collect();
    lines.extend(incident.facts.effect.as_deref().map(ended));
    if let Some(end) = incident.resolved_at {
        // As the clock times beside it say.
        let minute = |at: Timestamp| at.as_second().div_euclid(60);
        let lasted = match minute(end) - minute(incident.declared_at) {
            0 => end.duration_since(incident.declared_at),
            minutes => SignedDuration::from_mins(minutes),
        };
        let lasted = duration_words(lasted);
        let (began, end) = (zone.at(incident.declared_at), zone.at(end));
        let form = match began.date() == end.date() {
            true => "%H:%M %Z",
            false => "%H:%M %Z on %-d %B",
        };
        let (began, end) = (began.strftime(form), end.strftime(form));
        lines.push(format!("It lasted {lasted}, from {began} to {end}."));
    }
    lines.join(" ")
}

/// A text with a full stop, where it has none.
fn ended(text: &str) -> String {
    let stop = match text.trim_end().ends_with(['.', '!', '?', '…', '。']) {
        true => "",
        false => ".",
    };
    format!("{}{stop}", text.trim_end())
}

fn went_well(incident: &Incident) -> String {
    let counts = incident.promises();
    let kept = counts.kept + counts.automatically;
    let all = kept + counts.broken;
    match (kept, all) {
        (0, _) => String::new(),
        (1, 1) => "The update that we promised came in time.".into(),
        (kept, all) if kept == all => format!("All {all} updates that we promised came in time."),
        (kept, all) => format!("{kept} of the {all} updates that we promised came in time."),
    }
}

fn apology(incident: &Incident) -> String {
    let sorry = "We are sorry for the trouble that this caused you.";
    match incident.promises().broken {
        0 => sorry.to_owned(),
        1 => format!(
            "{sorry} One update came later than we had promised; we are sorry for that too."
        ),
        n => format!(
            "{sorry} {n} updates came later than we had promised; we are sorry for that too."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::NewUpdate;
    use crate::incident::tests::{at, declared, to};

    fn names() -> BTreeMap<Id, String> {
        let portal = Id::parse("portal").unwrap();
        [(portal, "Student portal".to_owned())].into()
    }

    fn told_of() -> Incident {
        let mut identified = to(Status::Identified);
        identified.text = Some("A disk\nis full.".into());
        identified.facts.cause = Some("A disk was full.".into());
        identified.facts.technical = Some("db7.internal lost its quorum".into());
        let over = NewUpdate {
            text: Some("x".repeat(400)),
            ..to(Status::Resolved)
        };
        let incident = declared().update(identified, at(7200), at(1800)).unwrap();
        let incident = incident.keep_promise(at(10_800), at(7_000)).unwrap();
        incident.update(over, at(0), at(86_400)).unwrap()
    }

    #[test]
    fn the_first_draft_has_everything_that_is_on_record() {
        let merged = Moment {
            at: at(2_000),
            what: "Another report turned out to be the same trouble.".into(),
        };
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        let drafted = draft(&told_of(), &names(), &[merged], &zone);
        insta::assert_snapshot!(drafted.text());
        assert!(!drafted.text().contains("db7"));
    }

    #[test]
    fn a_long_story_leaves_room_for_what_people_write() {
        let mut incident = declared();
        for n in 1..200 {
            let mut update = to(Status::Identified);
            update.text = Some("word ".repeat(100));
            incident = incident
                .update(update, at(n * 60 + 60), at(n * 60))
                .unwrap();
        }
        let drafted = draft(&incident, &names(), &[], &Zone::utc());
        let length = drafted.happened.chars().count();
        assert!(length <= MOST_OF_THE_TIMELINE + 10, "{length}");
        assert!(drafted.happened.ends_with('…'));
    }

    #[test]
    fn what_was_moved_is_no_update_that_came_in_time_and_the_length_fits_the_clock() {
        let mut incident = declared();
        for n in 1..4 {
            incident = incident.move_promise(at(n * 3_600), at(n * 60)).unwrap();
        }
        // From 59 seconds past a minute to 30 seconds past the next but two.
        incident.declared_at = Timestamp::from_second(1_795_000_019).unwrap();
        let end = Timestamp::from_second(1_795_000_170).unwrap();
        let over = NewUpdate {
            text: Some("It works again.".into()),
            ..to(Status::Resolved)
        };
        let over = incident.update(over, at(0), end).unwrap();
        let drafted = draft(&over, &names(), &[], &Zone::utc());
        assert_eq!(
            drafted.went_well,
            "The update that we promised came in time."
        );
        assert!(
            drafted.impact.contains("It lasted 3 minutes, from "),
            "{}",
            drafted.impact
        );
    }
}
