//! Backup and restore: every table as JSON lines, the same for both databases, taken from one snapshot under load.

mod checksum;

pub use checksum::{Checked, check_backup};

use crate::Store;
use crate::db::{Pools, Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use crate::schema::{TABLES, VERSION};
use checksum::{Summed, is_checksum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{BufRead, Write};

/// Rows written in one statement.
const BATCH: usize = 2_000;

/// The first line of a backup.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    forewarn_backup: i64,
    made_at: Timestamp,
}

/// What a restore found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// When the backup was made.
    pub made_at: Timestamp,
    /// Rows loaded.
    pub rows: u64,
    /// What a person must look at.
    pub note: RestoreNote,
}

/// What may have happened between the backup and the restore, so that nothing is sent twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestoreNote {
    /// Deliveries that were waiting or under way when the backup was made: they may have been sent since.
    pub unknown_deliveries: u64,
    /// Notices that fell due between the backup and now: they wait for a person to approve them.
    pub notices_in_doubt: u64,
}

async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<(String, String)>> {
    let sql = tx.either(
        "SELECT name, lower(type) FROM pragma_table_info($1) ORDER BY cid",
        "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns
         WHERE table_name = $1 AND table_schema = current_schema() ORDER BY ordinal_position",
    );
    let rows = tx.rows(sql, args![table]).await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.text(1)?)))
        .collect()
}

fn unwritten(problem: std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the backup cannot be written: {problem}"))
}

fn value(row: &Row, n: usize, kind: &str) -> Result<Value> {
    Ok(match kind {
        "bigint" => row.maybe_int(n)?.map_or(Value::Null, Value::from),
        "boolean" => Value::from(row.bool(n)?),
        _ => row.maybe_text(n)?.map_or(Value::Null, Value::from),
    })
}

impl Store {
    /// Writes a consistent copy of everything as JSON lines. Others go on reading and writing meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read or `out` cannot be written.
    pub async fn backup(&self, out: &mut (impl Write + Send), now: Timestamp) -> Result<u64> {
        let mut tx = self.db.read().await?;
        let mut out = Summed::new(out);
        let head = Head {
            forewarn_backup: VERSION,
            made_at: now,
        };
        writeln!(out, "{}", serde_json::to_string(&head)?).map_err(unwritten)?;
        let mut rows = 0;
        for (table, key) in TABLES {
            let columns = columns(&mut tx, table).await?;
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            writeln!(out, "{}", json!({"table": table, "columns": names})).map_err(unwritten)?;
            rows += copy_out(&mut tx, (table, key), &columns, &mut out).await?;
            out.seal().map_err(unwritten)?;
        }
        out.end(rows).map_err(unwritten)?;
        out.flush().map_err(unwritten)?;
        Ok(rows)
    }

    /// Loads a backup into this database, which must be empty. What may have been sent since the backup is not sent again. Its checksums
    /// are not looked at here: [`check_backup`] does that beforehand.
    ///
    /// # Errors
    /// When the file is not a whole backup, was made by a newer program, or the database is not empty; then nothing is loaded.
    pub async fn restore(&self, lines: impl BufRead, now: Timestamp) -> Result<Restored> {
        let mut tx = self.db.write().await?;
        // Those two have rows from the first start on.
        for (table, _) in TABLES
            .iter()
            .filter(|(table, _)| !["settings", "journal_head"].contains(table))
        {
            if tx
                .row(&format!("SELECT 1 FROM {table} LIMIT 1"), args![])
                .await?
                .is_some()
            {
                return Err(StoreError::Conflict(
                    "the database is not empty; restore into an empty one".into(),
                ));
            }
        }
        tx.execute("DELETE FROM journal_head", args![]).await?;
        tx.execute("DELETE FROM settings", args![]).await?;
        let (made_at, rows) = load(&mut tx, lines).await?;
        let note = hold_back(&mut tx, now).await?;
        let detail = json!({"made_at": made_at, "rows": rows, "note": note});
        append(
            &mut tx,
            &[Entry::new("administrator", "backup.restored", "backup").with(detail)],
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(Restored {
            made_at,
            rows,
            note,
        })
    }
}

/// Rows in the order of their key: the same content always gives the same copy.
async fn copy_out(
    tx: &mut Tx,
    (table, key): (&str, &str),
    columns: &[(String, String)],
    out: &mut (impl Write + Send),
) -> Result<u64> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let sql = format!("SELECT {} FROM {table} ORDER BY {key}", names.join(", "));
    tx.each(&sql, |row| {
        let values = columns
            .iter()
            .enumerate()
            .map(|(n, (_, kind))| value(&row, n, kind));
        let line = Value::from(values.collect::<Result<Vec<_>>>()?);
        writeln!(out, "{line}").map_err(unwritten)
    })
    .await
}

fn torn(what: &str) -> StoreError {
    StoreError::Corrupt(format!("this is not a whole backup: {what}"))
}

fn newer(head: &Head) -> StoreError {
    StoreError::Corrupt(format!(
        "the backup was made by a newer Forewarn (tables at version {}, this program knows {VERSION})",
        head.forewarn_backup
    ))
}

async fn load(tx: &mut Tx, lines: impl BufRead) -> Result<(Timestamp, u64)> {
    let mut lines = lines.lines();
    let first = lines
        .next()
        .and_then(std::result::Result::ok)
        .ok_or_else(|| torn("it is empty"))?;
    let head: Head =
        serde_json::from_str(&first).map_err(|_| torn("its first line is not a backup's"))?;
    if head.forewarn_backup > VERSION {
        return Err(newer(&head));
    }
    let (mut rows, mut table, mut batch) =
        (0u64, None::<(String, Vec<(String, String)>)>, Vec::new());
    for line in lines {
        let line: Value = line
            .map_err(|e| torn(&e.to_string()))
            .and_then(|text| serde_json::from_str(&text).map_err(|_| torn("a line is cut off")))?;
        match line {
            Value::Array(_) if table.is_none() => {
                return Err(torn("a row stands before its table"));
            }
            Value::Array(row) => {
                batch.push(Value::from(row));
                rows += 1;
                if batch.len() == BATCH {
                    copy_in(tx, &table, &mut batch).await?;
                }
            }
            Value::Object(marker) => {
                copy_in(tx, &table, &mut batch).await?;
                if let Some(expected) = marker.get("end") {
                    return if expected.as_u64() == Some(rows) {
                        Ok((head.made_at, rows))
                    } else {
                        Err(torn(&format!(
                            "it should have {expected} rows and has {rows}"
                        )))
                    };
                }
                if is_checksum(&marker) {
                    continue;
                }
                table = Some(named_table(tx, &marker).await?);
            }
            _ => return Err(torn("a line is neither a row nor a table")),
        }
    }
    Err(torn("its end is missing"))
}

/// The table and columns that a backup names, checked against those that exist: names from a file never become SQL unchecked.
async fn named_table(
    tx: &mut Tx,
    marker: &serde_json::Map<String, Value>,
) -> Result<(String, Vec<(String, String)>)> {
    let name = marker
        .get("table")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (table, _) = TABLES.iter().find(|(t, _)| *t == name).ok_or_else(|| {
        StoreError::Corrupt(format!("the backup names an unknown table '{name}'"))
    })?;
    let known = columns(tx, table).await?;
    let wanted = marker
        .get("columns")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let columns = wanted
        .iter()
        .map(|column| {
            known
                .iter()
                .find(|(k, _)| Some(k.as_str()) == column.as_str())
                .cloned()
                .ok_or_else(|| {
                    StoreError::Corrupt(format!(
                        "the backup names an unknown column {table}.{column}"
                    ))
                })
        })
        .collect::<Result<_>>()?;
    Ok(((*table).to_owned(), columns))
}

async fn copy_in(
    tx: &mut Tx,
    table: &Option<(String, Vec<(String, String)>)>,
    batch: &mut Vec<Value>,
) -> Result<()> {
    let Some((table, columns)) = table else {
        return Ok(());
    };
    if batch.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let sqlite: Vec<String> = (0..columns.len())
        .map(|n| format!("value ->> {n}"))
        .collect();
    let postgres: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(n, (_, kind))| format!("CAST(value ->> {n} AS {kind})"))
        .collect();
    let sqlite = format!(
        "INSERT INTO {table} ({names}) SELECT {} FROM json_each($1)",
        sqlite.join(", ")
    );
    let postgres = format!(
        "INSERT INTO {table} ({names}) SELECT {} FROM jsonb_array_elements($1::jsonb)",
        postgres.join(", ")
    );
    let sql = tx.either(&sqlite, &postgres).to_owned();
    tx.execute(&sql, args![serde_json::to_string(&std::mem::take(batch))?])
        .await?;
    Ok(())
}

/// What was under way may have been sent by the installation that the backup was taken from.
async fn hold_back(tx: &mut Tx, now: Timestamp) -> Result<RestoreNote> {
    let unknown_deliveries = tx
        .execute(
            "UPDATE deliveries SET status = 'unknown', owner = NULL, updated_at = $1,
               reason = 'restored from a backup: it may have been sent since the backup was made'
             WHERE status IN ('queued', 'attempting')",
            args![now],
        )
        .await?;
    tx.execute(
        "UPDATE notices SET cursor = NULL, status = 'sent' WHERE status = 'sending'",
        args![],
    )
    .await?;
    let notices_in_doubt = tx
        .execute(
            "UPDATE notices SET status = 'awaiting_approval',
               because = because || ' (restored from a backup; it may have been sent before)'
             WHERE status = 'planned' AND due <= $1 AND NOT held",
            args![now],
        )
        .await?;
    tx.execute("DELETE FROM sessions", args![]).await?;
    // Who reads private pages signs in again; the addresses of their feeds stay.
    let sql = "DELETE FROM page_keys WHERE kind <> 'feed'";
    tx.execute(sql, args![]).await?;
    Ok(RestoreNote {
        unknown_deliveries,
        notices_in_doubt,
    })
}

impl Store {
    /// How many bytes the database takes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn size(&self) -> Result<i64> {
        let mut tx = self.db.read().await?;
        let sql = match self.db.pools {
            Pools::Sqlite { .. } => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            Pools::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        tx.row(sql, args![]).await?.map_or(Ok(0), |row| row.int(0))
    }
}
