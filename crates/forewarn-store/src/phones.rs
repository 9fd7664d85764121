//! What comes back by telephone: owners of numbers who want no more messages, or want them again.

use crate::Store;
use crate::contacts::{self, same_place};
use crate::db::{Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use forewarn_core::contact::Channel;
use forewarn_core::subscription::Address;
use jiff::Timestamp;
use serde_json::json;

/// Why a number gets nothing more.
const STOPPED: &str = "stopped by text message";
/// What the provider says of a number whose owner told it, and not us, to stop.
const STOPPED_THERE: &str = "%21610%";

impl Store {
    /// The event of a delivery, the audience of its notice, and its channel.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_audience(
        &self,
        delivery: &str,
    ) -> Result<Option<(String, String, Channel)>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT d.event, n.audience, d.channel FROM deliveries d JOIN notices n ON n.id = d.notice WHERE d.id = $1";
        let Some(row) = tx.row(sql, args![delivery]).await? else {
            return Ok(None);
        };
        let channel = Channel::parse(&row.text(2)?).map_err(StoreError::Corrupt)?;
        Ok(Some((row.text(0)?, row.text(1)?, channel)))
    }

    /// What the provider took for other deliveries to this telephone than these, which one message tells of, by its own ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn taken_for_others(&self, endpoint: &str, told: &[&str]) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        let told = crate::json_list(told.iter().copied());
        let these = crate::contacts::among(&tx, 2);
        let rows = tx
            .rows(
                &format!(
                    "SELECT server_said FROM deliveries WHERE endpoint = $1 AND channel IN ('sms', 'voice')
                     AND NOT id {these} AND outcome = 'accepted' ORDER BY updated_at DESC LIMIT 100"
                ),
                args![endpoint, told],
            )
            .await?;
        let mut taken = Vec::new();
        for row in rows {
            let said = row.text(0)?;
            // "SM12 queued", or "the provider has it already: SM12".
            let words = said.split(' ');
            taken.extend(words.filter(|w| w.len() == 34).map(str::to_owned));
        }
        Ok(taken)
    }

    /// The owner of a number wants nothing more on it: whoever has it is not told there, and what they subscribed to by themselves is
    /// ended and forgotten. Says whether anybody has that number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn stop_number(&self, number: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let endpoints = with_number(&mut tx, number).await?;
        let (subscriber, own) = subscribed(number)?;
        for endpoint in &with_own(&endpoints, own) {
            let added = tx
                .execute(
                    "INSERT INTO suppressions (endpoint, audience, reason, at) VALUES ($1, '*', $2, $3)
                     ON CONFLICT (endpoint, audience) DO NOTHING",
                    args![endpoint, STOPPED, now],
                )
                .await?;
            if added > 0 && endpoints.contains(endpoint) {
                let subject = format!("endpoint:{endpoint}");
                let entry = Entry::new("recipient", "endpoint.unsubscribed", subject)
                    .with(json!({"audience": "*", "by": "sms"}));
                append(&mut tx, &[entry], now).await?;
            }
        }
        if contacts::forget(&mut tx, &subscriber).await? {
            let gone = format!("contact:{subscriber}");
            let entry = Entry::new("recipient", "contact.removed", gone).with(json!({"by": "sms"}));
            append(&mut tx, &[entry], now).await?;
        }
        tx.commit().await?;
        Ok(!endpoints.is_empty())
    }

    /// The owner of a number wants messages on it again. Only a stop that was said by telephone is lifted; a subscription that it
    /// ended does not come back by it. Says whether anybody has
    /// that number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn start_number(&self, number: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let endpoints = with_number(&mut tx, number).await?;
        let (_, own) = subscribed(number)?;
        for endpoint in &with_own(&endpoints, own) {
            let lifted = tx
                .execute(
                    "DELETE FROM suppressions WHERE endpoint = $1 AND audience = '*' AND reason = $2",
                    args![endpoint, STOPPED],
                )
                .await?;
            let back = tx
                .execute(
                    "UPDATE endpoints SET state = 'active', reason = NULL
                     WHERE id = $1 AND state = 'gone' AND reason LIKE $2",
                    args![endpoint, STOPPED_THERE],
                )
                .await?;
            if lifted + back > 0 && endpoints.contains(endpoint) {
                let subject = format!("endpoint:{endpoint}");
                let entry = Entry::new("recipient", "endpoint.resubscribed", subject)
                    .with(json!({"by": "sms"}));
                append(&mut tx, &[entry], now).await?;
            }
        }
        tx.commit().await?;
        Ok(!endpoints.is_empty())
    }
}

/// Who has this number by subscribing it, and the endpoint that it has then. Its word counts even where it is not known (any more).
fn subscribed(number: &str) -> Result<(String, String)> {
    let address = Address::parse(Channel::Sms, number).map_err(StoreError::Corrupt)?;
    let subscriber = address.subscriber();
    let endpoint = address.endpoint().id(&subscriber);
    Ok((subscriber, endpoint))
}

fn with_own(endpoints: &[String], own: String) -> Vec<String> {
    let mut all = endpoints.to_vec();
    if !all.contains(&own) {
        all.push(own);
    }
    all
}

async fn with_number(tx: &mut Tx, number: &str) -> Result<Vec<String>> {
    let sql = concat!(
        "SELECT e.id FROM endpoints e WHERE ",
        same_place!("e"),
        " = $1 AND e.channel IN ('sms', 'voice') ORDER BY e.id"
    );
    let rows = tx.rows(sql, args![number]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}
