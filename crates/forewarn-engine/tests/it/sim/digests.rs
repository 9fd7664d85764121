//! The judge of digests. It knows from the design what may be told in one message, and what may become of that message: it
//! never tells of anything that was not put together, and whoever sends it again tells the same or less.

use super::operator::Operator;
use super::world::Try;
use forewarn_core::contact::Channel;
use forewarn_core::id::derive;
use forewarn_store::{Store, Written};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the engine put together, by its own record.
pub struct Bundle {
    /// When the first of it was due by itself.
    pub first: Timestamp,
    /// Its notices.
    pub notices: BTreeSet<String>,
}

/// Every bundle on record. Whatever should not have been put together is wrong.
pub async fn bundles(
    operator: &Operator,
    store: &Store,
    wrong: &mut Vec<String>,
) -> BTreeMap<String, Bundle> {
    let journal = store.journal(None, None, 100_000).await;
    let mut all = BTreeMap::new();
    let entries = journal.expect("the journal");
    for entry in entries.iter().filter(|e| e.action == "notices.bundled") {
        let name = entry.detail["bundle"].as_str().unwrap_or_default();
        if all.contains_key(name) {
            continue;
        }
        match bundle(operator, name, entry) {
            Ok(bundle) => {
                all.insert(name.to_owned(), bundle);
            }
            Err(problem) => wrong.push(format!("digest: bundle {name} {problem}")),
        }
    }
    all
}

fn bundle(operator: &Operator, name: &str, entry: &Written) -> Result<Bundle, String> {
    let told = entry.detail["notices"].as_object();
    let told = told.ok_or("names no notices")?;
    let events: BTreeSet<&str> = told.values().filter_map(|event| event.as_str()).collect();
    if events.len() < 2 || events.len() < told.len() {
        return Err(format!("is of {events:?} only"));
    }
    let wanted = &entry.detail["audience"];
    let mut audiences = operator.catalogue.audiences.iter();
    let audience = audiences.find(|a| *wanted == a.id.as_str());
    let audience = audience.ok_or("is for nobody")?;
    if !audience.digest {
        return Err(format!("is for {wanted}, who wants none"));
    }
    let organisation = &operator.catalogue.organisation.time_zone;
    let zone = audience.time_zone.as_ref().unwrap_or(organisation);
    let known = |id: &String| operator.noted.get(id).ok_or(format!("holds {id}"));
    let mut began = told.keys();
    let began = began.find(|id| derive(&["bundle", id.as_str()]) == name);
    let began = &known(began.ok_or("was begun by none of its notices")?)?.dues;
    let until = began.iter().map(|due| zone.end_of_day(*due)).max();
    for id in told.keys() {
        let noted = known(id)?;
        let notice = &noted.notice;
        let bundled = matches!(notice.milestone.as_str(), "announcement" | "reminder");
        if !bundled || notice.audience != audience.id.as_str() {
            return Err(format!(
                "holds a {} to {}",
                notice.milestone, notice.audience
            ));
        }
        if !notice.channels.contains(&Channel::Email) {
            return Err(format!("holds {id}, which is not mailed"));
        }
        if noted.dues.iter().all(|due| Some(*due) >= until) {
            return Err(format!("takes {id} away from a later day"));
        }
    }
    let first = began.iter().min().copied().ok_or("was never due")?;
    match entry.at < first {
        true => Err(format!(
            "came together at {}, early: before {first}",
            entry.at
        )),
        false => Ok(Bundle {
            first,
            notices: told.keys().cloned().collect(),
        }),
    }
}

/// The tries of one message, in order: each tells of these events, and never of one that the try before left out.
pub fn message(key: &str, meant: &BTreeSet<String>, tries: &[&Try], wrong: &mut Vec<String>) {
    let mut before: Option<(BTreeSet<String>, &Try)> = None;
    for one in tries {
        let told = events_in(&one.bytes);
        if let Some(event) = told.iter().find(|event| !meant.contains(*event)) {
            wrong.push(format!(
                "digest: {key} tells of {event}, which is no part of it"
            ));
        }
        if let Some((last, earlier)) = &before {
            if !told.is_subset(last) {
                wrong.push(format!("apart: {key} tells of {told:?} after {last:?}"));
            } else if told == *last && one.bytes != earlier.bytes {
                wrong.push(format!("digest: {key} was sent with different bytes"));
            }
        }
        before = Some((told, *one));
    }
}

/// The events that a mail tells of: it has a link to each.
pub fn events_in(mail: &[u8]) -> BTreeSet<String> {
    let text = unfolded(mail);
    let links = text.split(LINK).skip(1);
    links
        .map(|rest| rest[..id_length(rest)].to_owned())
        .collect()
}

/// The same mail with the link to this event only.
pub fn only(mail: &[u8], event: &str) -> Vec<u8> {
    let text = unfolded(mail);
    let mut pieces = text.split(LINK);
    let mut left = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match &piece[..id_length(piece)] == event {
            true => left.push_str(LINK),
            false => left.push_str("/elsewhere/"),
        }
        left.push_str(piece);
    }
    left.into_bytes()
}

const LINK: &str = "/events/";

fn unfolded(mail: &[u8]) -> String {
    String::from_utf8_lossy(mail).replace("=\r\n", "")
}

fn id_length(text: &str) -> usize {
    let part_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.find(|c| !part_of_id(c)).unwrap_or(text.len())
}
