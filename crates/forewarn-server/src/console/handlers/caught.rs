//! The demo's other side: what was caught instead of being sent, and the clock that can be moved.

use crate::console::desk::{Desk, Failed, Shown, page};
use crate::console::guard::Fields;
use crate::console::{
    CAUGHT_HTML_POLICY, Caught, CaughtKind, CaughtMessage, CaughtRow, FlashKind, Nav,
};
use crate::demo::{CaughtItem, Demo};
use crate::error::ApiError;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse};
use mail_parser::{Message, MessageParser, MimeHeaders};
use std::sync::Arc;

/// Messages on one page.
const PAGE: usize = 50;

fn demo(desk: &Desk) -> Result<&Arc<dyn Demo>, Failed> {
    let missing = || ApiError::NotFound("demo here".into());
    Ok(desk.app.demo.as_ref().ok_or_else(missing)?)
}

/// A webhook request as it came: its head and its body.
fn request(raw: &[u8]) -> (Vec<(String, String)>, String) {
    let text = String::from_utf8_lossy(raw);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((&text, ""));
    let headers = head
        .lines()
        .filter_map(|line| line.split_once(": ").or_else(|| line.split_once(':')))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    (headers, body.to_owned())
}

/// JSON laid out for reading; anything else as it is.
fn readable(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| body.to_owned())
}

fn mail(item: &CaughtItem) -> Option<Message<'_>> {
    MessageParser::default().parse(&item.raw)
}

/// What a request is about: a webhook's type of event, the headline of a chat message.
fn headline(body: &serde_json::Value) -> Option<&str> {
    let chat = body["attachments"][0]["title"].as_str();
    chat.or(body["type"].as_str())
}

fn row(item: &CaughtItem) -> CaughtRow {
    let subject = if item.is_mail {
        mail(item).and_then(|mail| mail.subject().map(str::to_owned))
    } else {
        let (_, body) = request(&item.raw);
        serde_json::from_str::<serde_json::Value>(&body)
            .ok()
            .and_then(|body| headline(&body).map(str::to_owned))
    };
    CaughtRow {
        id: item.id.to_string(),
        kind: match item.is_mail {
            true => CaughtKind::Mail,
            false => CaughtKind::Webhook,
        },
        subject: subject.unwrap_or_else(|| "(no subject)".into()),
        to: item.to.clone(),
        at: item.at,
    }
}

/// `GET /console/caught`
pub(in crate::console) async fn list(desk: Desk, RawQuery(query): RawQuery) -> Shown {
    let demo = demo(&desk)?;
    let query = query.unwrap_or_default();
    let before = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "after")
        .and_then(|(_, id)| id.parse::<usize>().ok());
    let mut items = demo.caught();
    items.retain(|item| before.is_none_or(|before| item.id < before));
    let older = items.len() > PAGE;
    let items: Vec<CaughtRow> = items.iter().rev().take(PAGE).map(row).collect();
    let catalogue = desk.app.store.catalogue().await?;
    let view = Caught {
        frame: desk
            .frame(&catalogue, "Caught messages", Nav::Caught)
            .await?,
        next: items.last().map(|last| last.id.clone()).filter(|_| older),
        items,
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn found(desk: &Desk, id: &str) -> Result<CaughtItem, Failed> {
    let missing = || ApiError::NotFound(format!("caught message {id}"));
    let number = id.parse().map_err(|_| missing())?;
    Ok(demo(desk)?.message(number).ok_or_else(missing)?)
}

/// `GET /console/caught/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let item = found(&desk, &id)?;
    let catalogue = desk.app.store.catalogue().await?;
    let message = row(&item);
    let frame = desk
        .frame(&catalogue, &message.subject, Nav::Caught)
        .await?;
    let view = if item.is_mail {
        of_mail(frame, message, &item)
    } else {
        let (headers, body) = request(&item.raw);
        CaughtMessage {
            frame,
            message,
            from: "Forewarn".into(),
            headers,
            text: readable(&body),
            has_html: false,
            attachments: Vec::new(),
        }
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn of_mail(frame: crate::console::Frame, message: CaughtRow, item: &CaughtItem) -> CaughtMessage {
    let parsed = mail(item);
    let parsed = parsed.as_ref();
    let headers = parsed.map(|mail| {
        let raw = mail.headers_raw();
        raw.map(|(name, value)| (name.to_owned(), unfolded(value)))
            .collect()
    });
    let attachments = parsed.map(|mail| mail.attachments().map(named).collect());
    CaughtMessage {
        frame,
        message,
        from: parsed
            .and_then(|mail| mail.header_raw("From"))
            .map(unfolded)
            .unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        text: parsed
            .and_then(|mail| mail.body_text(0))
            .map(|text| text.into_owned())
            .unwrap_or_default(),
        has_html: html(item).is_some(),
        attachments: attachments.unwrap_or_default(),
    }
}

/// A header's value on one line (RFC 5322 2.2.3).
fn unfolded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(part: &mail_parser::MessagePart<'_>) -> String {
    part.attachment_name().map_or_else(
        || {
            let kind = part.content_type();
            kind.map_or("a part without a name".into(), |kind| {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*"))
            })
        },
        str::to_owned,
    )
}

/// The mail's own HTML part; mail-parser would also make one of plain text.
fn html(item: &CaughtItem) -> Option<String> {
    let mail = mail(item)?;
    let part = mail.html_part(0)?;
    match &part.body {
        mail_parser::PartType::Html(html) => Some(html.to_string()),
        _ => None,
    }
}

/// `GET /console/caught/{id}/html`
pub(in crate::console) async fn show_html(desk: Desk, Path(id): Path<String>) -> Shown {
    let item = found(&desk, &id)?;
    let missing = || ApiError::NotFound(format!("HTML in the caught message {id}"));
    let html = html(&item).filter(|_| item.is_mail).ok_or_else(missing)?;
    let policy = [(header::CONTENT_SECURITY_POLICY, CAUGHT_HTML_POLICY)];
    Ok((policy, Html(html)).into_response())
}

/// `POST /console/demo/next`: to the next notice.
pub(in crate::console) async fn next(desk: Desk, headers: HeaderMap) -> Shown {
    moved(&desk, &headers, None).await
}

/// `POST /console/demo/advance`: `by=PT1H` or `minutes=60` moves the clock so far, `to=next` to the next notice.
pub(in crate::console) async fn advance(desk: Desk, headers: HeaderMap, fields: Fields) -> Shown {
    let by = forewarn_core::time::parse_duration(fields.value("by")).map(|by| by.as_secs() / 60);
    let minutes = fields.value("minutes").parse::<i64>().ok().or(by.ok());
    match minutes {
        _ if fields.value("to") == "next" => moved(&desk, &headers, None).await,
        // A month at most: everything that falls due on the way is really prepared.
        Some(minutes) if (1..=60 * 24 * 31).contains(&minutes) => {
            moved(&desk, &headers, Some(minutes)).await
        }
        _ => Err(Failed::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The clock was not moved",
            "It moves to the next notice, or by minutes up to 31 days.",
        )),
    }
}

async fn moved(desk: &Desk, headers: &HeaderMap, minutes: Option<i64>) -> Shown {
    let demo = Arc::clone(demo(desk)?);
    let to = came_from(headers);
    Ok(match demo.advance(minutes).await {
        Ok(said) => desk.done(&to, said),
        Err(why) => desk.told(&to, FlashKind::Refused, why),
    })
}

/// The page on which the button was pressed.
fn came_from(headers: &HeaderMap) -> String {
    headers
        .get(header::REFERER)
        .and_then(|v| v.to_str().ok())
        .and_then(|referer| url::Url::parse(referer).ok())
        .map(|url| url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
        .and_then(|path| super::sign_in::own_path(&path))
        .unwrap_or_else(|| "/console".into())
}
