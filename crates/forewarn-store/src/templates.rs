//! The organisation's own templates, and every text that each of them ever had.

use crate::Store;
use crate::catalogue::{Hold, hold, put};
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use forewarn_core::template::Template;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A text that a template had from some moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template's id.
    pub template: String,
    /// Counts from 1 with every change.
    pub version: i64,
    /// Who made it; nobody where it is older than the record.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// The text; none where the template was taken away.
    pub body: Option<Template>,
    /// The version whose text it has again.
    pub restored: Option<i64>,
}

/// What came of saving a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedTemplate {
    /// The newest version.
    pub version: i64,
    /// Whether that is a new one; saving the same text again makes none.
    pub is_new: bool,
}

const VERSION: &str = "template, version, author, at, body, restored";

fn version(row: &Row) -> Result<TemplateVersion> {
    let body = row.maybe_text(4)?;
    let body = body.map(|body| serde_json::from_str(&body)).transpose()?;
    Ok(TemplateVersion {
        template: row.text(0)?,
        version: row.int(1)?,
        author: row.text(2)?,
        at: row.instant(3)?,
        body,
        restored: row.maybe_int(5)?,
    })
}

async fn newest(tx: &mut Tx, template: &str) -> Result<Option<TemplateVersion>> {
    let sql = format!(
        "SELECT {VERSION} FROM template_versions WHERE template = $1 ORDER BY version DESC LIMIT 1"
    );
    let row = tx.row(&sql, args![template]).await?;
    row.as_ref().map(version).transpose()
}

/// Makes the next version. Whoever calls holds the rules, so that nobody else does so at the same time.
pub(crate) async fn keep(
    tx: &mut Tx,
    template: &str,
    body: Option<&Value>,
    restored: Option<i64>,
    author: &str,
    now: Timestamp,
) -> Result<i64> {
    let next = newest(tx, template).await?.map_or(0, |last| last.version) + 1;
    let body = body.map(Value::to_string);
    tx.execute(
        "INSERT INTO template_versions (template, version, author, body, restored, at) VALUES ($1, $2, $3, $4, $5, $6)",
        args![template, next, author, body, restored, now],
    )
    .await?;
    Ok(next)
}

impl Store {
    /// Every version of a template, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn template_versions(&self, template: &str) -> Result<Vec<TemplateVersion>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT {VERSION} FROM template_versions WHERE template = $1 ORDER BY version DESC"
        );
        let rows = tx.rows(&sql, args![template]).await?;
        rows.iter().map(version).collect()
    }

    /// The newest version of every template that there is or was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_templates(&self) -> Result<Vec<TemplateVersion>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT {VERSION} FROM template_versions AS one WHERE version =
               (SELECT MAX(version) FROM template_versions AS other WHERE other.template = one.template)
             ORDER BY template"
        );
        let rows = tx.rows(&sql, args![]).await?;
        rows.iter().map(version).collect()
    }

    /// Saves a template, as it was written or as it was in the version `restored`. `expected` is the newest version that the
    /// author has seen, 0 where there was none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else saved it meanwhile.
    pub async fn save_template(
        &self,
        template: &Template,
        expected: Option<i64>,
        restored: Option<i64>,
        author: &str,
        now: Timestamp,
    ) -> Result<SavedTemplate> {
        let id = template.id();
        let mut tx = self.db.write().await?;
        hold(&mut tx, Hold::Rules).await?;
        let last = newest(&mut tx, &id).await?;
        let seen = last.as_ref().map_or(0, |last| last.version);
        if expected.is_some_and(|expected| expected != seen) {
            return Err(StoreError::Conflict(format!(
                "the template {id} was changed by somebody else meanwhile; look at it again"
            )));
        }
        if last.as_ref().and_then(|last| last.body.as_ref()) == Some(template) {
            return Ok(SavedTemplate {
                version: seen,
                is_new: false,
            });
        }
        let body = serde_json::to_value(template)?;
        let row = tx
            .row("SELECT MAX(position) FROM documents", args![])
            .await?;
        let last = row.map(|row| row.maybe_int(0)).transpose()?.flatten();
        put(&mut tx, "templates", &id, &body, last.unwrap_or(0) + 1, now).await?;
        let version = keep(&mut tx, &id, Some(&body), restored, author, now).await?;
        let entry = match restored {
            Some(from) => Entry::new(author, "template.restored", format!("templates/{id}"))
                .with(json!({"version": version, "from": from})),
            None => Entry::new(author, "template.saved", format!("templates/{id}"))
                .with(json!({"version": version})),
        };
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(SavedTemplate {
            version,
            is_new: true,
        })
    }
}
