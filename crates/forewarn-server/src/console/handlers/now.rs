//! The first page: what is owed next, and what is in doubt.

use super::rows::event_path;
use super::{drafts, editing, rows};
use crate::app::App;
use crate::console::desk::{Desk, Shown, page};
use crate::console::{Doubt, Nav, Now, PromiseRow, Speaker, number};
use crate::error::Result;
use axum::http::StatusCode;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, speakers};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::plan::is_team_notice;
use forewarn_core::promise::Thread;
use forewarn_store::{self as store, EventFilter, NoticeFilter};
use jiff::{SignedDuration, Timestamp};

/// How many notices are shown as due next.
const DUE_NEXT: usize = 10;
/// Doubts about deliveries of events that changed no later than this are old news.
const FRESH: SignedDuration = SignedDuration::from_hours(72);

/// `GET /console`
pub(in crate::console) async fn show(desk: Desk) -> Shown {
    let app = &desk.app;
    let now = app.clock.now();
    let catalogue = app.store.catalogue().await?;
    let filter = EventFilter {
        since: Some(now - FRESH),
        ..EventFilter::default()
    };
    let open = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    let mut events: Vec<Event> = Vec::new();
    for filter in [open, filter] {
        for stored in app.store.events(&filter, 200).await? {
            if events.iter().all(|known| known.id() != stored.event.id()) {
                events.push(stored.event);
            }
        }
    }
    let of_status = |status: &str| NoticeFilter {
        status: Some(status.to_owned()),
        ..NoticeFilter::default()
    };
    let sending = app.store.notices(&of_status("sending"), 50).await?;
    let mut planned = app.store.notices(&of_status("planned"), 100).await?;
    // A promise is counted down above; what would come of it is no news yet.
    planned.retain(|notice| !notice.held && !is_team_notice(&notice.milestone));
    planned.truncate(DUE_NEXT);
    let view = Now {
        frame: desk.frame(&catalogue, "Now", Nav::Now).await?,
        drafts: drafts::cards(app, &catalogue).await?,
        helps: editing::cards(&desk).await?,
        promises: promises(&events, &catalogue),
        doubts: doubts(app, &events, &catalogue, now).await?,
        going_out: rows::notices(app, &catalogue, &sending).await?,
        due_next: rows::notices(app, &catalogue, &planned).await?,
        fresh: catalogue.services.is_empty() && events.is_empty(),
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn promises(events: &[Event], catalogue: &Catalogue) -> Vec<PromiseRow> {
    let rows = events.iter().filter_map(|event| promise(event, catalogue));
    let mut rows: Vec<PromiseRow> = rows.collect();
    rows.sort_by_key(|row| row.due);
    rows
}

/// The promise of the next word about an event, if there is one.
fn promise(event: &Event, catalogue: &Catalogue) -> Option<PromiseRow> {
    let (promise, standing, speaker) = match event {
        Event::Incident(i) => {
            let standing = format!("{}, {}", i.severity.as_str(), i.status.as_str());
            let meant = || Some(Speaker::Meant(speakers(i, catalogue).first()?.to_string()));
            let speaks = i.spokesperson.clone().map(Speaker::Speaks);
            let speaker = speaks.or_else(meant).unwrap_or(Speaker::Nobody);
            (i.promise()?, standing, Some(speaker))
        }
        Event::Advisory(a) => (a.promise()?, "known fault".to_owned(), None),
        Event::Maintenance(_) | Event::Window(_) | Event::Reminder(_) | Event::Announcement(_) => {
            return None;
        }
    };
    Some(PromiseRow {
        path: event_path(event),
        title: event.title().to_owned(),
        standing,
        due: promise.due,
        broken: promise.kept == Some(false),
        speaker,
    })
}

fn maintenances(events: &[Event]) -> impl Iterator<Item = &Maintenance> {
    events.iter().filter_map(|event| match event {
        Event::Maintenance(maintenance) => Some(maintenance),
        Event::Incident(_)
        | Event::Window(_)
        | Event::Reminder(_)
        | Event::Advisory(_)
        | Event::Announcement(_) => None,
    })
}

/// Everything in doubt, the gravest first.
async fn doubts(
    app: &App,
    events: &[Event],
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Vec<Doubt>> {
    let mut doubts = Vec::new();
    let late = promises(events, catalogue).into_iter();
    for late in late.filter(|p| p.due < now) {
        doubts.push(Doubt {
            what: format!("The promised update is late: {}", late.title),
            why: "People were told that they would have heard by now. Say something, even that nothing is new."
                .into(),
            link: format!("{}#update", late.path),
            grave: true,
        });
    }
    for work in maintenances(events) {
        doubts.extend(doubt_of_work(work, now));
    }
    for event in events {
        doubts.extend(doubts_of_deliveries(app, event).await?);
    }
    doubts.sort_by_key(|doubt| !doubt.grave);
    Ok(doubts)
}

fn doubt_of_work(work: &Maintenance, now: Timestamp) -> Option<Doubt> {
    let (start, end) = work.window();
    let (what, why, grave) = match work.status {
        Status::AwaitingApproval => (
            "Notices wait for approval",
            "Nobody is told before the owners agree; time for early notice goes by.",
            start <= now,
        ),
        Status::Scheduled if end <= now => (
            "The window has passed and work was never started",
            "Complete it, move it or cancel it, so that people know.",
            true,
        ),
        Status::InProgress if end <= now => (
            "The promised end has passed",
            "Complete it or extend it: people expect the service to be back.",
            true,
        ),
        Status::Scheduled | Status::InProgress | Status::Completed | Status::Cancelled => {
            return None;
        }
    };
    Some(Doubt {
        what: format!("{what}: {}", work.title),
        why: why.into(),
        link: format!("/console/maintenances/{}", work.id),
        grave,
    })
}

/// Deliveries that failed or of which nobody can say what became, and notices that wait for approval.
async fn doubts_of_deliveries(app: &App, event: &Event) -> Result<Vec<Doubt>> {
    let filter = NoticeFilter {
        event: Some(event.id().to_string()),
        ..NoticeFilter::default()
    };
    let notices = app.store.notices(&filter, 1000).await?;
    let sum = |status: &str| -> i64 { notices.iter().filter_map(|n| n.counts.get(status)).sum() };
    let mut doubts = Vec::new();
    let waits = |n: &&store::NoticeRow| n.status == "awaiting_approval";
    let waiting = notices.iter().filter(waits).count();
    if waiting > 0 && event.status() != Status::AwaitingApproval.as_str() {
        doubts.push(Doubt {
            what: format!("Notices wait for a person's word since a restore: {}", event.title()),
            why: format!(
                "Nobody can say whether these {waiting} went out before it. Approve them, or tell people in another way."
            ),
            link: format!("/console/notices?event={}&status=awaiting_approval", event.id()),
            grave: true,
        });
    }
    for (status, is, why) in [
        (
            "unknown",
            "unknown",
            "The connection broke after the message went out: it may or may not have arrived.",
        ),
        (
            "failed",
            "failed",
            "These people have not been told. Look why, and tell them in another way.",
        ),
    ] {
        let count = sum(status);
        if count > 0 {
            let (noun, verb) = match (count, status) {
                (1, "unknown") => ("delivery", " is"),
                (_, "unknown") => ("deliveries", " are"),
                (1, _) => ("delivery", ""),
                _ => ("deliveries", ""),
            };
            doubts.push(Doubt {
                what: format!("{} {noun}{verb} {is}: {}", number(count), event.title()),
                why: why.into(),
                link: format!("/console/deliveries?event={}&status={status}", event.id()),
                grave: false,
            });
        }
    }
    Ok(doubts)
}
