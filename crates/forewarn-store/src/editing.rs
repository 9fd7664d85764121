//! Requests for editorial help, with all that was said to them. They stand in a table of their own that nothing which renders or
//! sends ever reads; the notice by which the team is told is a row of the outbox like every other.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::events;
use crate::journal::{Entry, append};
use crate::notices;
use crate::versions::{self, Origin};
use crate::writing;
use forewarn_core::editing::Request;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::plan::Notice;
use jiff::Timestamp;

/// More requests of one event are not listed.
const MOST_LISTED: i64 = 200;

/// A request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRequest {
    /// The request.
    pub request: Request,
    /// Grows with every change; whoever changes it must have seen the newest.
    pub sequence: i64,
}

fn stored(row: &Row) -> Result<StoredRequest> {
    Ok(StoredRequest {
        request: serde_json::from_str(&row.text(0)?)?,
        sequence: row.int(1)?,
    })
}

impl Store {
    /// Asks: the request, the notice that tells the team, what was typed so far as a version, and the journal, or nothing. `asked`
    /// makes the request of its id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ask_for_help(
        &self,
        event: &Event,
        asked: impl FnOnce(Id) -> (Request, Option<Notice>, Entry),
        now: Timestamp,
    ) -> Result<Request> {
        let mut tx = self.db.write().await?;
        let fresh = events::fresh_id(&mut tx, "EDIT").await?;
        let (request, notice, entry) = asked(Id::parse(&fresh).map_err(StoreError::Corrupt)?);
        tx.execute(
            "INSERT INTO editing (id, event, status, sequence, body, asked_at, updated_at) VALUES ($1, $2, $3, 1, $4, $5, $5)",
            args![
                request.id.as_str(),
                request.event.as_str(),
                request.status.as_str(),
                serde_json::to_string(&request)?,
                now
            ],
        )
        .await?;
        if let Some(notice) = &notice {
            let lane = notices::lane_of(event);
            notices::insert(&mut tx, event, notice, lane, "planned", &request.occasion()).await?;
        }
        let said = (request.author.as_str(), request.text.as_str());
        if !request.text.is_empty() {
            versions::put(&mut tx, request.event.as_str(), said, Origin::Asked, now).await?;
            writing::put(&mut tx, request.event.as_str(), said, now).await?;
        }
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        self.hint();
        Ok(request)
    }

    /// Changes a request. What was suggested is a version of the text; with `taken` it is from then on what that person types.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it meanwhile.
    pub async fn change_request(
        &self,
        before: &StoredRequest,
        after: &Request,
        said: Option<(&str, &str, Origin)>,
        entry: Entry,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        let changed = tx
            .execute(
                "UPDATE editing SET status = $1, body = $2, updated_at = $3, sequence = sequence + 1 WHERE id = $4 AND sequence = $5",
                args![
                    after.status.as_str(),
                    serde_json::to_string(after)?,
                    now,
                    after.id.as_str(),
                    before.sequence
                ],
            )
            .await?;
        if changed == 0 {
            return Err(StoreError::Conflict(format!(
                "{} was changed by somebody else meanwhile; look at it again",
                after.id
            )));
        }
        if let Some((author, text, origin)) = said {
            let event = after.event.as_str();
            versions::put(&mut tx, event, (author, text), origin, now).await?;
            if origin == Origin::Taken {
                writing::put(&mut tx, event, (author, text), now).await?;
            }
        }
        append(&mut tx, &[entry], now).await?;
        tx.commit().await
    }

    /// A request by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn request(&self, id: &str) -> Result<Option<StoredRequest>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT body, sequence FROM editing WHERE id = $1";
        let row = tx.row(sql, args![id]).await?;
        row.as_ref().map(stored).transpose()
    }

    /// Requests in which somebody is waited for, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests_waiting(&self, limit: i64) -> Result<Vec<Request>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT body, sequence FROM editing WHERE status IN ('asked', 'answered') ORDER BY asked_at LIMIT {limit}"
        );
        listed(&mut tx, &sql, args![]).await
    }

    /// Requests about an event, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests_of(&self, event: &str) -> Result<Vec<Request>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT body, sequence FROM editing WHERE event = $1 ORDER BY asked_at DESC LIMIT {MOST_LISTED}"
        );
        listed(&mut tx, &sql, args![event]).await
    }
}

async fn listed(tx: &mut Tx, sql: &str, values: Vec<crate::db::Arg>) -> Result<Vec<Request>> {
    let rows = tx.rows(sql, values).await?;
    rows.iter().map(|row| Ok(stored(row)?.request)).collect()
}
