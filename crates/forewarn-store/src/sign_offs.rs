//! Who agreed with a service's outage plan, and with which version of it. The journal keeps every signature; here stands each
//! stakeholder's latest.

use crate::Store;
use crate::db::{Row, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use forewarn_core::contact::EmailAddress;
use forewarn_core::id::Id;
use forewarn_core::outage_plan::SignOff;
use serde_json::json;
use std::collections::BTreeMap;

impl Store {
    /// Keeps that a stakeholder agreed; `actor` put it on record.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn sign_off(&self, service: &Id, signed: &SignOff, actor: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO sign_offs (service, stakeholder, version, at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (service, stakeholder) DO UPDATE SET version = excluded.version, at = excluded.at";
        let who = signed.stakeholder.as_str();
        tx.execute(
            sql,
            args![service.as_str(), who, &signed.version, signed.at],
        )
        .await?;
        let detail = json!({"stakeholder": who, "version": signed.version});
        let entry = Entry::new(actor, "outage_plan.signed_off", service.as_str()).with(detail);
        append(&mut tx, &[entry], signed.at).await?;
        tx.commit().await
    }

    /// The latest signature of every stakeholder, by service.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sign_offs(&self) -> Result<BTreeMap<Id, Vec<SignOff>>> {
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT service, stakeholder, version, at FROM sign_offs ORDER BY service, stakeholder";
        let mut all: BTreeMap<Id, Vec<SignOff>> = BTreeMap::new();
        for row in tx.rows(sql, args![]).await? {
            let service = Id::parse(&row.text(0)?).map_err(StoreError::Corrupt)?;
            all.entry(service).or_default().push(sign_off(&row)?);
        }
        Ok(all)
    }
}

fn sign_off(row: &Row) -> Result<SignOff> {
    Ok(SignOff {
        stakeholder: EmailAddress::parse(&row.text(1)?).map_err(StoreError::Corrupt)?,
        version: row.text(2)?,
        at: row.instant(3)?,
    })
}
