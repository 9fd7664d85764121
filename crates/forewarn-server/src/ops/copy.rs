//! A notice's text and list for those who carry it on by hand: a newsletter, a bulletin, a printer.

use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::message::{Content, Variant, render};
use forewarn_core::service::affected;
use forewarn_store::{ListedRecipient, NoticeRow, Reached};
use jiff::Timestamp;
use serde::Serialize;

/// What a notice says at its audience's level, as its mail would.
#[derive(Clone, Debug, Serialize)]
pub struct Copy {
    /// The notice's id.
    pub notice: String,
    /// Its event.
    pub event: String,
    /// Which notice of it.
    pub milestone: String,
    /// Its audience.
    pub audience: String,
    /// When it is or was due.
    pub due: Timestamp,
    /// When the text must be there, for an audience that says so.
    pub copy_due: Option<Timestamp>,
    /// It has begun to go out: what it says is settled.
    pub settled: bool,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as Markdown.
    pub markdown: String,
    /// The same as a fragment of HTML.
    pub html: String,
}

async fn found(app: &App, id: &str) -> Result<(NoticeRow, Event)> {
    let missing = || ApiError::NotFound(format!("notice {id}"));
    let notice = app.store.notice(id).await?.ok_or_else(missing)?;
    let event = app.store.event(&notice.event).await?.ok_or_else(missing)?;
    Ok((notice, event.event))
}

/// What a notice says, or will say as things stand.
///
/// # Errors
/// When there is none of this id.
pub async fn text(app: &App, id: &str) -> Result<Copy> {
    let (notice, event) = found(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let audience = catalogue
        .audiences
        .iter()
        .find(|a| a.id == *notice.audience);
    let content: Content = match notice.content.clone() {
        Some(content) => content,
        None => {
            let occasion = app.store.notice_occasion(id).await?.unwrap_or_default();
            event.content(&occasion, audience, &catalogue, &app.public_url, notice.due)
        }
    };
    let organisation = &catalogue.organisation;
    let zone = audience.and_then(|a| a.time_zone.clone());
    let variant = Variant {
        level: notice.level,
        channel: Channel::Email,
        language: organisation.language().to_owned(),
        zone: zone.unwrap_or_else(|| organisation.time_zone.clone()),
    };
    let message = render(&content, &variant, &app.store.templates().await?);
    Ok(Copy {
        settled: notice.sent_at.is_some(),
        notice: notice.id,
        event: notice.event,
        milestone: notice.milestone,
        audience: notice.audience,
        due: notice.due,
        copy_due: notice.copy_due,
        subject: message.subject,
        text: message.text,
        markdown: message.markdown,
        html: message.html,
    })
}

/// Whom of the notice's audience Forewarn holds and would reach now, as a table for other programs.
///
/// # Errors
/// When there is none of this id.
pub async fn list(app: &App, id: &str) -> Result<String> {
    let (notice, event) = found(app, id).await?;
    let catalogue = app.store.catalogue().await?;
    let recipients = recipients(app, &catalogue, &notice, &event).await?;
    let mut table = String::from("contact,name,channel,address\r\n");
    for recipient in recipients {
        let phone = matches!(recipient.channel.as_str(), "sms" | "voice");
        let cells = [
            cell(&recipient.contact),
            cell(recipient.name.as_deref().unwrap_or_default()),
            recipient.channel,
            match phone {
                // A number with its plus sign is no formula.
                true => recipient.address,
                false => cell(&recipient.address),
            },
        ];
        table.push_str(&cells.join(","));
        table.push_str("\r\n");
    }
    Ok(table)
}

async fn recipients(
    app: &App,
    catalogue: &Catalogue,
    notice: &NoticeRow,
    event: &Event,
) -> Result<Vec<ListedRecipient>> {
    if let Some(endpoints) = event.built_in_audience(&notice.audience, catalogue) {
        let mailboxes = endpoints.into_iter().filter_map(|endpoint| match endpoint {
            Endpoint::Email { address } => Some(ListedRecipient {
                contact: String::new(),
                name: None,
                channel: "email".into(),
                address: address.to_string(),
            }),
            _ => None,
        });
        return Ok(mailboxes.collect());
    }
    let audiences = catalogue.audiences.iter();
    let Some(audience) = audiences.clone().find(|a| a.id == *notice.audience) else {
        return Ok(Vec::new());
    };
    let used = affected(&event.services(), &catalogue.services).into_iter();
    let reached = Reached {
        audience: audience.id.clone(),
        kind: event.kind(),
        services: used
            .map(|a| a.service)
            .filter(|s| audience.uses(s))
            .collect(),
        channels: notice.channels.clone(),
        later: Vec::new(),
        added_to: None,
    };
    Ok(app.store.recipients(&reached).await?)
}

/// A cell of a table. Spreadsheets take what begins with these signs for a formula and carry it out.
fn cell(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
