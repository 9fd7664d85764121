//! What can go wrong with the store, by what the caller can do about it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed it first, or it exists already.
    #[error("{0}")]
    Conflict(String),
    /// The database cannot be reached now; nothing was decided. Worth trying again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk is full: nothing was written.
    #[error("the database's disk is full: {0}")]
    Full(String),
    /// The database holds something this program cannot understand.
    #[error("the database cannot be used: {0}")]
    Corrupt(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        use sqlx::Error as E;
        let text = error.to_string();
        match &error {
            E::Io(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::Tls(_)
            | E::WorkerCrashed
            | E::BeginFailed
            | E::Protocol(_) => StoreError::Unavailable(text),
            E::Database(db) if db.is_unique_violation() => StoreError::Conflict(text),
            E::Database(db) => {
                let code = db.code().unwrap_or_default().into_owned();
                // PostgreSQL: 08 connection, 57 operator intervention, 53 resources, 58 system, 40 serialization,
                // 55P03 lock, 25006 read-only after a fail-over, 25P03 and 25P04 a transaction that was silent or open for too long.
                // SQLite: 5 busy, 6 locked, 7 memory, 8 read-only, 10 I/O, 13 full, 14 cannot open (primary code in the low byte).
                let sqlite = code
                    .parse::<u32>()
                    .ok()
                    .filter(|_| code.len() < 5)
                    .map(|c| c & 0xff);
                match (code.get(..2), sqlite) {
                    (_, Some(13)) => StoreError::Full(text),
                    (_, Some(5..=8 | 10 | 14)) => StoreError::Unavailable(text),
                    _ if code == "53100" => StoreError::Full(text),
                    (Some("08" | "57" | "53" | "58" | "40"), _) if code.len() == 5 => {
                        StoreError::Unavailable(text)
                    }
                    _ if ["25006", "25P03", "25P04", "55P03"].contains(&&*code) => {
                        StoreError::Unavailable(text)
                    }
                    _ => StoreError::Corrupt(text),
                }
            }
            _ => StoreError::Corrupt(text),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> StoreError {
        StoreError::Corrupt(format!("a stored document cannot be read: {error}"))
    }
}

/// The store's results.
pub type Result<T> = std::result::Result<T, StoreError>;
