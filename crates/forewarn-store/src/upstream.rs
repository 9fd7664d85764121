//! Which event stands for which maintenance of a provider, and what was told of it last.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use forewarn_core::maintnote::Notice;
use jiff::Timestamp;
use serde::Serialize;

/// A provider's maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// Our event.
    pub event: String,
    /// What was told last.
    pub notice: Notice,
    /// When.
    pub updated_at: Timestamp,
}

fn provider_key(notice: &Notice) -> String {
    notice.provider.to_lowercase()
}

impl Store {
    /// What is known of the maintenance that a notice is about.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn upstream(&self, notice: &Notice) -> Result<Option<Upstream>> {
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT event, body, updated_at FROM upstream WHERE provider = $1 AND maintenance = $2";
        let row = tx
            .row(sql, args![provider_key(notice), &notice.maintenance])
            .await?;
        row.map(|row| {
            Ok(Upstream {
                event: row.text(0)?,
                notice: serde_json::from_str(&row.text(1)?)?,
                updated_at: row.instant(2)?,
            })
        })
        .transpose()
    }

    /// Remembers what a notice told of an event, over `before`. False when another one was faster.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_upstream(
        &self,
        event: &str,
        notice: &Notice,
        before: Option<&Notice>,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let body = serde_json::to_string(notice)?;
        let done = match before {
            None => {
                tx.execute(
                    "INSERT INTO upstream (provider, maintenance, event, sequence, stamp, body, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (provider, maintenance) DO NOTHING",
                    args![
                        provider_key(notice),
                        &notice.maintenance,
                        event,
                        notice.sequence,
                        notice.stamp.map(Timestamp::as_millisecond),
                        body,
                        now
                    ],
                )
                .await?
            }
            Some(before) => {
                tx.execute(
                    "UPDATE upstream SET event = $1, sequence = $2, stamp = $3, body = $4, updated_at = $5
                     WHERE provider = $6 AND maintenance = $7 AND body = $8",
                    args![
                        event,
                        notice.sequence,
                        notice.stamp.map(Timestamp::as_millisecond),
                        body,
                        now,
                        provider_key(notice),
                        &notice.maintenance,
                        serde_json::to_string(before)?
                    ],
                )
                .await?
            }
        };
        tx.commit().await?;
        Ok(done == 1)
    }
}
