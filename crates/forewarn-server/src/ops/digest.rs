//! What the fatigue guard will bring together: which notices of a plan share their day with those of other events.

use crate::app::App;
use crate::error::Result;
use forewarn_core::document::Catalogue;
use forewarn_core::plan::{Notice, Plan};
use forewarn_core::time::Zone;
use forewarn_store::BUNDLED;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

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

/// The digests that the notices of this plan will be part of, as things stand. `starts_at` is when its work starts, or it takes effect.
///
/// # Errors
/// When the store cannot be read.
pub async fn of_plan(app: &App, plan: &Plan, starts_at: Timestamp) -> Result<Vec<Digest>> {
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    let ahead = plan.notices.iter().filter(|n| n.due >= now).cloned();
    let (event, notices) = (plan.event.as_str(), ahead.collect::<Vec<_>>());
    of_notices(app, &catalogue, event, starts_at, &notices).await
}

async fn of_notices(
    app: &App,
    catalogue: &Catalogue,
    event: &str,
    starts_at: Timestamp,
    notices: &[Notice],
) -> Result<Vec<Digest>> {
    let zone_of = |id: &str| {
        let audience = catalogue.audiences.iter().find(|a| a.id == *id)?;
        let zone = audience.time_zone.as_ref();
        audience
            .hears_together()
            .then(|| zone.unwrap_or(&catalogue.organisation.time_zone))
    };
    // What of ours may share a message, with its audience's zone and day.
    let ours: Vec<(&Notice, &Zone, (String, Timestamp, Timestamp))> = notices
        .iter()
        .filter(|n| n.channels.iter().any(|c| c.tells_of_several()) && !n.held)
        .filter(|n| BUNDLED.contains(&n.milestone.as_str()))
        .filter_map(|notice| {
            let zone = zone_of(&notice.audience)?;
            let until = zone.end_of_day(notice.due);
            let from = zone.at(notice.due).start_of_day().ok()?.timestamp();
            let day = (notice.audience.clone(), from, until);
            (starts_at >= until).then_some((notice, zone, day))
        })
        .collect();
    let days: Vec<_> = ours.iter().map(|(_, _, day)| day.clone()).collect();
    let same = app.store.same_day(event, &days).await?;
    let digests = ours
        .into_iter()
        .zip(same)
        .filter_map(|((notice, zone, _), same)| {
            let first = same.first?;
            let name = catalogue
                .audiences
                .iter()
                .find(|a| a.id == *notice.audience);
            let with: Vec<String> = same.events.into_iter().collect();
            Some(Digest {
                because: format!(
                    "{} would hear of {} on the same day: one message tells of all",
                    name.map_or("", |audience| audience.name.as_str()),
                    with.join(", ")
                ),
                audience: notice.audience.clone(),
                date: zone.at(notice.due).date(),
                due: first.min(notice.due),
                with,
            })
        });
    Ok(digests.collect())
}
