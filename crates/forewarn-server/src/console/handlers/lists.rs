//! Notices, deliveries, the journal.

use super::{journal, rows};
use crate::api::{notice_cursor, read_notice_cursor, table};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{CopyPage, DeliveryList, Journal, Nav, NoticeList, NoticeRow, number};
use crate::error::{ApiError, Result};
use crate::ops::{copy, sending};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::contact::Channel;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::Catalogue;
use forewarn_store::{DeliveryFilter, NoticeFilter};

/// Rows on one page.
const PAGE: i64 = 100;

/// The query of a page; what is empty was not chosen.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(RawQuery(query): RawQuery) -> Query {
        let query = query.unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        Query(pairs.take(20).collect())
    }

    /// What was sent under these names, to fill a form with.
    pub(super) fn among(self, names: &[&str]) -> Vec<(String, String)> {
        let mut fields = self.0;
        fields.retain(|(name, _)| names.contains(&name.as_str()));
        fields
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.clone())
            .filter(|v| !v.is_empty())
    }
}

/// `GET /console/notices`
pub(in crate::console) async fn notices(desk: Desk, query: RawQuery) -> Shown {
    let query = Query::of(query);
    let catalogue = desk.app.store.catalogue().await?;
    let filter = NoticeFilter {
        event: query.get("event"),
        status: query.get("status"),
        after: query
            .get("after")
            .as_deref()
            .map(read_notice_cursor)
            .transpose()?,
        newest_first: false,
    };
    let found = desk.app.store.notices(&filter, PAGE).await?;
    let next = found
        .last()
        .filter(|_| found.len() as i64 == PAGE)
        .map(notice_cursor);
    let view = NoticeList {
        frame: desk.frame(&catalogue, "Notices", Nav::Notices).await?,
        event: filter.event,
        status: filter.status,
        items: rows::notices(&desk.app, &catalogue, &found).await?,
        next,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/notices/{id}/copy`
pub(in crate::console) async fn copied(desk: Desk, Path(id): Path<String>) -> Shown {
    let copy = copy::text(&desk.app, &id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let event = desk.app.store.event(&copy.event).await?;
    let nothing = || {
        (
            String::new(),
            format!("/console/maintenances/{}", copy.event),
        )
    };
    let event = event.map_or_else(nothing, |stored| {
        let title = stored.event.title().to_owned();
        (title, rows::event_path(&stored.event))
    });
    let view = CopyPage {
        frame: desk
            .frame(&catalogue, "Text to carry on", Nav::Notices)
            .await?,
        event,
        audience: rows::audience_name(&catalogue, &copy.audience),
        copy,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/notices/{id}/list.csv`
pub(in crate::console) async fn list(desk: Desk, Path(id): Path<String>) -> Shown {
    Ok(table(&copy::list(&desk.app, &id).await?))
}

/// How many messages of a notice were given up, as long as sending them again would mean something.
async fn given_up(desk: &Desk, notice: &str) -> Result<i64> {
    let Some(notice) = desk.app.store.notice(notice).await? else {
        return Ok(0);
    };
    let count = |status: DeliveryStatus| notice.counts.get(status.as_str()).copied().unwrap_or(0);
    Ok(count(DeliveryStatus::Failed) + count(DeliveryStatus::Expired))
}

/// `POST /console/notices/{id}/retry`
pub(in crate::console) async fn retry(desk: Desk, Path(id): Path<String>, fields: Fields) -> Shown {
    let back = format!("/console/deliveries?notice={id}");
    let done = sending::again(&desk.app, &desk.caller, &id, &tree(&fields.0)).await;
    let said = match done {
        Ok(done) => {
            let messages = if done.retried == 1 {
                "message waits"
            } else {
                "messages wait"
            };
            let mut said = format!("{} {messages} to be sent again.", number(done.retried));
            if done.unreachable > 0 {
                said += &format!(
                    " {} cannot be reached: the address is gone, or nothing is wanted there.",
                    number(done.unreachable)
                );
            }
            if done.superseded > 0 {
                said += &format!(" {} got something newer about it.", number(done.superseded));
            }
            said
        }
        Err(ApiError::NotFound(what)) => return Err(ApiError::NotFound(what).into()),
        Err(error) => sentence(&error.said()),
    };
    Ok(desk.done(&back, &said))
}

/// The notices that go out now, as far as the page is about them.
async fn going_out(
    desk: &Desk,
    asked: &DeliveryFilter,
    catalogue: &Catalogue,
) -> Result<Vec<NoticeRow>> {
    let sending = NoticeFilter {
        event: asked.event.clone(),
        status: Some("sending".into()),
        ..NoticeFilter::default()
    };
    let mut found = desk.app.store.notices(&sending, PAGE).await?;
    found.retain(|notice| asked.notice.as_ref().is_none_or(|id| *id == notice.id));
    rows::notices(&desk.app, catalogue, &found).await
}

/// `GET /console/deliveries`
pub(in crate::console) async fn deliveries(desk: Desk, query: RawQuery) -> Shown {
    let query = Query::of(query);
    let catalogue = desk.app.store.catalogue().await?;
    let channel = query.get("channel").and_then(|c| Channel::parse(&c).ok());
    let filter = DeliveryFilter {
        notice: query.get("notice"),
        event: query.get("event"),
        channel,
        status: query
            .get("status")
            .and_then(|s| DeliveryStatus::from_name(&s)),
        after: query.get("after"),
    };
    let found = desk.app.store.deliveries(&filter, PAGE).await?;
    let next = found
        .last()
        .filter(|_| found.len() as i64 == PAGE)
        .map(|d| d.id.clone());
    let given_up = match &filter.notice {
        Some(notice) => given_up(&desk, notice).await?,
        None => 0,
    };
    let view = DeliveryList {
        given_up,
        going_out: going_out(&desk, &filter, &catalogue).await?,
        frame: desk
            .frame(&catalogue, "Deliveries", Nav::Deliveries)
            .await?,
        event: filter.event,
        notice: filter.notice,
        channel: channel.map(|c| c.as_str().to_owned()),
        status: filter.status,
        items: rows::deliveries(&desk.app, &found).await?,
        next,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/journal`
pub(in crate::console) async fn journal(desk: Desk, query: RawQuery) -> Shown {
    let query = Query::of(query);
    let catalogue = desk.app.store.catalogue().await?;
    let event = query.get("event");
    let before = query.get("after").and_then(|text| text.parse().ok());
    let found = desk
        .app
        .store
        .journal(event.as_deref(), before, PAGE)
        .await?;
    let next = found
        .last()
        .filter(|e| found.len() as i64 == PAGE && e.seq > 1)
        .map(|e| e.seq.to_string());
    let view = Journal {
        frame: desk.frame(&catalogue, "Journal", Nav::Journal).await?,
        event,
        items: journal::rows(&found),
        next,
    };
    Ok(page(StatusCode::OK, view.render()))
}
