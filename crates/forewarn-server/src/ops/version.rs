//! Versions of what was typed for an event, and what was sent, to be compared.

use super::editing::{Part, event, parts};
use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::message::{Content, Variant, render};
use forewarn_core::plan::{built_in_name, is_team_notice};
use forewarn_core::template::Template;
use forewarn_store::{NoticeFilter, Version};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// More messages of one event are not compared.
const MOST_SENT: i64 = 1_000;

/// A text that can be compared with another of its event.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    /// What it is called: the number of a version, `sent-` and a notice's id for what was sent.
    pub id: String,
    /// Whose it is; nothing where it was sent to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// `typed`, `asked`, `suggested`, `taken`, `undone`, or `sent`.
    pub origin: &'static str,
    /// Which notice carried it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// When it was saved last, or began to go out.
    pub at: Timestamp,
    /// The text.
    pub text: String,
}

/// Two texts, and what is different.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// One of the two.
    pub before: Text,
    /// The other.
    pub after: Text,
    /// What is different.
    pub difference: Vec<Part>,
}

fn typed(version: Version) -> Text {
    Text {
        id: version.number.to_string(),
        author: Some(version.author),
        origin: version.origin.as_str(),
        milestone: None,
        at: version.saved_at,
        text: version.text,
    }
}

/// What people read: own words where somebody wrote them, else the text that was made of facts.
fn words(content: &Content, catalogue: &Catalogue, templates: &[Template]) -> String {
    let organisation = &catalogue.organisation;
    let made = || {
        let variant = Variant {
            level: Level::NonTechnical,
            channel: Channel::Email,
            language: organisation.language().to_owned(),
            zone: organisation.time_zone.clone(),
        };
        render(content, &variant, templates).text
    };
    let own = content.own_words(Level::NonTechnical);
    own.map_or_else(made, str::to_owned)
}

async fn sent(app: &App, event: &str) -> Result<Vec<Text>> {
    let catalogue = app.store.catalogue().await?;
    let templates = app.store.templates().await?;
    let filter = NoticeFilter {
        event: Some(event.to_owned()),
        newest_first: true,
        ..NoticeFilter::default()
    };
    let mut said = BTreeSet::new();
    let mut all = Vec::new();
    for notice in app.store.notices(&filter, MOST_SENT).await? {
        let (Some(content), Some(at)) = (&notice.content, notice.sent_at) else {
            continue;
        };
        // What the team tells itself is nobody's draft.
        let inside = built_in_name(&notice.audience).is_some();
        let inside = inside || is_team_notice(&notice.milestone);
        let what = (notice.revision, notice.milestone.clone(), notice.offset);
        if !inside && said.insert(what) {
            all.push(Text {
                id: format!("sent-{}", notice.id),
                author: None,
                origin: "sent",
                milestone: Some(notice.milestone),
                at,
                text: words(content, &catalogue, &templates),
            });
        }
    }
    Ok(all)
}

/// Everything that was typed for an event or sent about it, the newest first.
///
/// # Errors
/// When there is no such event.
pub async fn all(app: &App, id: &str) -> Result<Vec<Text>> {
    event(app, id).await?;
    let mut all = sent(app, id).await?;
    all.extend(app.store.versions(id).await?.into_iter().map(typed));
    all.sort_by_key(|text| std::cmp::Reverse(text.at));
    Ok(all)
}

/// Two of them side by side.
///
/// # Errors
/// When there is no such event or version.
pub async fn compare(app: &App, id: &str, before: &str, after: &str) -> Result<Compared> {
    let all = all(app, id).await?;
    let find = |wanted: &str| {
        let found = all.iter().find(|text| text.id == wanted).cloned();
        found.ok_or_else(|| ApiError::NotFound(format!("version {wanted} of {id}")))
    };
    let (before, after) = (find(before)?, find(after)?);
    Ok(Compared {
        difference: parts(&before.text, &after.text),
        before,
        after,
    })
}
