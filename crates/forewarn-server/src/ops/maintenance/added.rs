//! Somebody is added to work that is planned or under way: they are caught up at once.

use super::{Answer, Said, load, publish};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::{AGAIN, overtaken, recipient};
use forewarn_core::document::Catalogue;
use forewarn_core::event::Occasion;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintenance::Status;
use forewarn_core::plan::{Changes, Notice, Told, built_in_name};
use forewarn_core::recipient::{Added, Addition};
use forewarn_store::{Entry, NoticeFilter, NoticeRow};

/// The newest message again, for an audience to which somebody was just added, with what it tells of. Whoever has had it
/// does not get it twice: both notices share their slot.
async fn caught_up(
    app: &App,
    (event, added): (&Id, &Added),
    new: &recipient::New,
    catalogue: &Catalogue,
    told: &[Told],
) -> Result<Option<(Notice, Occasion)>> {
    let filter = NoticeFilter {
        event: Some(event.to_string()),
        ..NoticeFilter::default()
    };
    let told_of = |n: &&NoticeRow| {
        let inside = matches!(
            n.milestone.as_str(),
            "overrun_check" | "overrun" | "leadership" | "test"
        );
        built_in_name(&n.audience).is_none() && !inside
    };
    let all = app.store.notices(&filter, 1000).await?;
    let newest = all
        .iter()
        .filter(told_of)
        .filter(|n| n.sent_at.is_some())
        .max_by_key(|n| n.sent_at);
    let seen = added.over(catalogue);
    let audience = seen.audiences.iter().find(|a| a.id == *new.audience);
    let Some((newest, audience)) = newest.zip(audience) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let zone = audience
        .time_zone
        .as_ref()
        .unwrap_or(&seen.organisation.time_zone);
    let known = told.iter().filter(|t| t.audience == newest.audience);
    let notice = Notice {
        id: derive(&["caught up", &newest.id, &new.audience, &new.key]),
        milestone: newest.milestone.clone(),
        offset: newest.offset.clone(),
        stands_for: newest.stands_for.clone(),
        audience: new.audience.clone(),
        level: audience.level,
        channels: audience.first_channels(),
        due: now,
        due_local: zone.at(now).to_string(),
        copy_due: None,
        because: "at once; added to those who are told".into(),
        held: false,
        tells: known.map(|t| (t.offset.clone(), t.nominal)).collect(),
    };
    let occasion = newest.content.as_ref().map(|content| Occasion {
        reason: content.reason.clone(),
        previous: content.previous.clone(),
        ..Occasion::default()
    });
    Ok(Some((notice, occasion.unwrap_or_default())))
}

/// What somebody who was just added to something planned is told beside the plan, with what it is about.
///
/// # Errors
/// When the store cannot be read.
pub(in crate::ops) async fn catch_up(
    app: &App,
    planned: (&Id, &Added),
    new: &recipient::New,
    catalogue: &Catalogue,
    told: &[Told],
    changes: &mut Changes,
) -> Result<Occasion> {
    let Some((notice, occasion)) = caught_up(app, planned, new, catalogue, told).await? else {
        return Ok(Occasion::default());
    };
    let now = app.clock.now();
    // What the plan would tell them at once is what the newest message tells them.
    changes
        .add
        .retain(|n| n.audience != new.audience || n.due > now || n.held);
    changes.add.push(notice);
    Ok(occasion)
}

/// Adds somebody to work that is not over: they get the newest message at once, and all that come.
///
/// # Errors
/// When it is over, or what is added does not exist.
pub async fn add(app: &App, caller: &Caller, id: &str, addition: &Addition) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut maintenance, sequence) = load(app, id).await?;
        if maintenance.status.is_over() {
            let act = "have people added: only what is scheduled or in_progress can, and stays so";
            let refused = maintenance.refuse(Status::Scheduled);
            return Err(refused.cannot(act).into());
        }
        let catalogue = app.store.catalogue().await?;
        let mut added = maintenance.added.clone();
        let new = recipient::put(caller, id, addition, &mut added)?;
        maintenance.added = added;
        let detail = new.detail.clone();
        let entry = Entry::new(&caller.actor, "maintenance.recipient_added", id).with(detail);
        let said = Said {
            added: Some(new),
            ..Said::default()
        };
        match publish(
            app,
            caller,
            &catalogue,
            maintenance,
            sequence,
            said,
            entry,
            200,
        )
        .await
        {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}
