//! What the fatigue guard will bring together: which notices of a plan share their day with those of other events.

use crate::app::App;
use crate::error::Result;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::plan::Notice;
use forewarn_store::{BUNDLED, Bundleable};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One message that will tell of several events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// Who gets it.
    pub audience: String,
    /// On which day, on the audience's clocks.
    pub date: Date,
    /// When: with the first of them.
    pub due: Timestamp,
    /// The other events.
    pub with: Vec<String>,
    /// In words.
    pub because: String,
}

/// The digests that this event's notices will be part of, as things stand. `starts_at` is the start of its work.
///
/// # Errors
/// When the store cannot be read.
pub async fn ahead(
    app: &App,
    catalogue: &Catalogue,
    event: &str,
    starts_at: Timestamp,
    notices: &[Notice],
) -> Result<Vec<Digest>> {
    let by_mail = |n: &&Notice| n.channels.contains(&Channel::Email) && !n.held;
    let bundled = |n: &&Notice| BUNDLED.contains(&n.milestone.as_str());
    let ours: Vec<&Notice> = notices.iter().filter(by_mail).filter(bundled).collect();
    let Some(last) = ours.iter().map(|n| n.due).max() else {
        return Ok(Vec::new());
    };
    // The day of the last one ends within 26 hours, wherever it is.
    let until = last + SignedDuration::from_hours(26);
    let mut theirs: BTreeMap<String, Vec<Bundleable>> = BTreeMap::new();
    for other in app.store.bundleable(event, until).await? {
        theirs
            .entry(other.audience.clone())
            .or_default()
            .push(other);
    }
    let clocks = &catalogue.organisation.time_zone;
    let digests = ours.into_iter().filter_map(|notice| {
        let others = theirs.get(&notice.audience)?;
        let audiences = catalogue.audiences.iter();
        let audience = audiences.clone().find(|a| a.id == *notice.audience)?;
        let zone = audience.time_zone.as_ref().unwrap_or(clocks);
        let until = zone.end_of_day(notice.due);
        let date = zone.at(notice.due).date();
        if !audience.digest || starts_at < until {
            return None;
        }
        let same_day = |o: &&Bundleable| o.starts_at >= until && zone.at(o.due).date() == date;
        let same: Vec<&Bundleable> = others.iter().filter(same_day).collect();
        let first = same.iter().map(|o| o.due).min()?;
        let with: BTreeSet<&str> = same.iter().map(|o| o.event.as_str()).collect();
        let with: Vec<String> = with.into_iter().map(str::to_owned).collect();
        Some(Digest {
            because: format!(
                "{} would hear of {} on the same day: one message tells of all",
                audience.name,
                with.join(", ")
            ),
            audience: notice.audience.clone(),
            date,
            due: first.min(notice.due),
            with,
        })
    });
    Ok(digests.collect())
}
