//! Who may do what: users, sessions, tokens; and answers kept so that a repeated request does not act twice.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use crate::secrets::answer_place;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May look.
    Viewer,
    /// May plan, declare, update and send.
    Operator,
    /// May do everything.
    Administrator,
}

impl Role {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Administrator => "administrator",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Viewer, Role::Operator, Role::Administrator]
            .into_iter()
            .find(|r| r.as_str() == name)
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct User {
    /// Derived from the name.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// Hash of the password (PHC string).
    pub password: String,
    /// What they may do.
    pub role: Role,
}

/// Somebody who can sign in, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The name to sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// An API token, without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// Its name, which stands in the journal.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user's name.
    pub user: String,
    /// What they may do.
    pub role: Role,
}

/// An answer that was given to a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Hash of the request it answered.
    pub request: String,
    /// The answer's HTTP status; 0 while the request is still being worked on.
    pub status: i64,
    /// The answer's body.
    pub body: String,
}

/// An answer to keep for a request with an idempotency key, in the transaction of what the request did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Who asked, as given to [`Store::take_key`].
    pub caller: String,
    /// The key.
    pub key: String,
    /// The answer's HTTP status; never 0.
    pub status: i64,
    /// The answer's body.
    pub body: String,
}

/// No request is worked on for longer than this: a key taken longer ago and without an answer was taken by a process
/// that died before it could commit.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Keeps an answer, once: of two who work on the same request only one gets through.
pub(crate) async fn keep(tx: &mut Tx, answer: &KeptAnswer) -> Result<()> {
    let place = answer_place(&answer.caller, &answer.key);
    let body = tx.sealer().seal(&place, &answer.body);
    let kept = tx
        .execute(
            "UPDATE idempotency SET status = $1, body = $2 WHERE caller = $3 AND key = $4 AND status = 0",
            args![answer.status, body, &answer.caller, &answer.key],
        )
        .await?;
    if kept == 0 {
        return Err(StoreError::Conflict(
            "this request was answered already, or its key was given back".into(),
        ));
    }
    Ok(())
}

/// Refuses to take away the last administrator, after whom nobody could make another. Two who do it to each other at once
/// are told apart by the lock on what they read.
async fn spare_the_last(tx: &mut Tx, name: &str) -> Result<()> {
    let sql = tx.either(
        "SELECT name FROM users WHERE role = 'administrator'",
        "SELECT name FROM users WHERE role = 'administrator' FOR UPDATE",
    );
    let rows = tx.rows(sql, args![]).await?;
    match rows.as_slice() {
        [only] if only.text(0)? == name => Err(StoreError::Conflict(format!(
            "{name} is the last administrator: make somebody else one first"
        ))),
        _ => Ok(()),
    }
}

async fn end_sessions(tx: &mut Tx, name: &str) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = $1)";
    tx.execute(sql, args![name]).await?;
    Ok(())
}

impl Store {
    /// Whether anybody can sign in yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_users(&self) -> Result<bool> {
        Ok(self
            .db
            .read()
            .await?
            .row("SELECT 1 FROM users LIMIT 1", args![])
            .await?
            .is_some())
    }

    /// Adds a user, or gives one a new password and role; their sessions end.
    ///
    /// # Errors
    /// When the last administrator would be none any more; when the database cannot be written.
    pub async fn put_user(
        &self,
        name: &str,
        password: &str,
        role: Role,
        actor: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        if role != Role::Administrator {
            spare_the_last(&mut tx, name).await?;
        }
        let id = forewarn_core::id::derive(&["user", name]);
        tx.execute(
            "INSERT INTO users (id, name, password, role, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET password = excluded.password, role = excluded.role",
            args![&id, name, password, role.as_str(), now],
        )
        .await?;
        tx.execute("DELETE FROM sessions WHERE user_id = $1", args![&id])
            .await?;
        let detail = serde_json::json!({"role": role});
        append(
            &mut tx,
            &[Entry::new(actor, "user.changed", format!("user:{name}")).with(detail)],
            now,
        )
        .await?;
        tx.commit().await
    }

    /// Gives a user another role; where it is another, their sessions end. `false` when there is no such user.
    ///
    /// # Errors
    /// When the last administrator would be none any more; when the database cannot be written.
    pub async fn set_role(
        &self,
        name: &str,
        role: Role,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let row = tx
            .row("SELECT role FROM users WHERE name = $1", args![name])
            .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let before = row.text(0)?;
        if before == role.as_str() {
            return Ok(true);
        }
        if role != Role::Administrator {
            spare_the_last(&mut tx, name).await?;
        }
        tx.execute(
            "UPDATE users SET role = $2 WHERE name = $1",
            args![name, role.as_str()],
        )
        .await?;
        end_sessions(&mut tx, name).await?;
        let detail = serde_json::json!({"role": role, "before": before});
        let entry = Entry::new(actor, "user.changed", format!("user:{name}")).with(detail);
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a user; their sessions end. `false` when there is no such user.
    ///
    /// # Errors
    /// When it is the last administrator; when the database cannot be written.
    pub async fn remove_user(&self, name: &str, actor: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        spare_the_last(&mut tx, name).await?;
        end_sessions(&mut tx, name).await?;
        let gone = tx
            .execute("DELETE FROM users WHERE name = $1", args![name])
            .await?;
        if gone == 0 {
            return Ok(false);
        }
        let entry = Entry::new(actor, "user.removed", format!("user:{name}"));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Everybody who can sign in, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn users(&self) -> Result<Vec<KnownUser>> {
        let sql = "SELECT name, role, created_at FROM users ORDER BY name";
        let rows = self.db.read().await?.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(KnownUser {
                    name: row.text(0)?,
                    role: Role::from_name(&row.text(1)?).unwrap_or(Role::Viewer),
                    since: row.instant(2)?,
                })
            })
            .collect()
    }

    /// A user by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user(&self, name: &str) -> Result<Option<User>> {
        let mut tx = self.db.read().await?;
        let row = tx
            .row(
                "SELECT id, name, password, role FROM users WHERE name = $1",
                args![name],
            )
            .await?;
        row.map(|r| {
            let role = Role::from_name(&r.text(3)?).unwrap_or(Role::Viewer);
            Ok(User {
                id: r.text(0)?,
                name: r.text(1)?,
                password: r.text(2)?,
                role,
            })
        })
        .transpose()
    }

    /// Remembers a session by the hash of its token.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_session(
        &self,
        hash: &str,
        user: &User,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.execute("DELETE FROM sessions WHERE expires_at < $1", args![now])
            .await?;
        tx.execute(
            "INSERT INTO sessions (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            args![hash, &user.id, now, expires],
        )
        .await?;
        append(
            &mut tx,
            &[Entry::new(
                &user.name,
                "user.signed_in",
                format!("user:{}", user.name),
            )],
            now,
        )
        .await?;
        tx.commit().await
    }

    /// Who is signed in with this token's hash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.hash = $1 AND s.expires_at > $2";
        let row = tx.row(sql, args![hash, now]).await?;
        row.map(|r| {
            Ok(Session {
                user: r.text(0)?,
                role: Role::from_name(&r.text(1)?).unwrap_or(Role::Viewer),
            })
        })
        .transpose()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_session(&self, hash: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.execute("DELETE FROM sessions WHERE hash = $1", args![hash])
            .await?;
        tx.commit().await
    }

    /// Adds an API token by its hash. One that has ended gives its name to the new one.
    ///
    /// # Errors
    /// When another token has this name; when the database cannot be written.
    pub async fn put_token(
        &self,
        hash: &str,
        name: &str,
        role: Role,
        expires: Option<Timestamp>,
        actor: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.execute(
            "DELETE FROM tokens WHERE name = $1 AND expires_at <= $2",
            args![name, now],
        )
        .await?;
        let taken = tx
            .row("SELECT 1 FROM tokens WHERE name = $1", args![name])
            .await?;
        if taken.is_some() {
            return Err(StoreError::Conflict(format!(
                "there is a token {name} already: revoke it first, or take another name"
            )));
        }
        tx.execute(
            "INSERT INTO tokens (hash, name, role, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
            args![hash, name, role.as_str(), now, expires],
        )
        .await?;
        let detail = serde_json::json!({"role": role, "expires": expires});
        let entry = Entry::new(actor, "token.created", format!("token:{name}")).with(detail);
        append(&mut tx, &[entry], now).await?;
        tx.commit().await
    }

    /// Every API token, by name, also those that have ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<KnownToken>> {
        let sql = "SELECT name, role, created_at, expires_at FROM tokens ORDER BY name";
        let rows = self.db.read().await?.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(KnownToken {
                    name: row.text(0)?,
                    role: Role::from_name(&row.text(1)?).unwrap_or(Role::Viewer),
                    since: row.instant(2)?,
                    expires: row.maybe_instant(3)?,
                })
            })
            .collect()
    }

    /// Takes an API token back. `false` when there is no such token.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_token(&self, name: &str, actor: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let gone = tx
            .execute("DELETE FROM tokens WHERE name = $1", args![name])
            .await?;
        if gone == 0 {
            return Ok(false);
        }
        let entry = Entry::new(actor, "token.revoked", format!("token:{name}"));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whose API token this hash is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token(&self, hash: &str, now: Timestamp) -> Result<Option<Session>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT name, role FROM tokens WHERE hash = $1 AND COALESCE(expires_at, $3) > $2";
        let row = tx.row(sql, args![hash, now, i64::MAX]).await?;
        row.map(|r| {
            let role = Role::from_name(&r.text(1)?).unwrap_or(Role::Viewer);
            Ok(Session {
                user: format!("token:{}", r.text(0)?),
                role,
            })
        })
        .transpose()
    }

    /// Takes an idempotency key for a week, or says what the request that took it was and was answered. The same request
    /// takes a key over that has had no answer for a minute: whoever worked on it is gone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_key(
        &self,
        caller: &str,
        key: &str,
        request: &str,
        now: Timestamp,
    ) -> Result<Option<Remembered>> {
        let week_ago = now - SignedDuration::from_hours(24 * 7);
        let mut tx = self.db.write().await?;
        tx.execute(
            "DELETE FROM idempotency WHERE created_at < $1",
            args![week_ago],
        )
        .await?;
        let taken = tx
            .execute(
                "INSERT INTO idempotency (caller, key, request, status, body, created_at) VALUES ($1, $2, $3, 0, '', $4)
                 ON CONFLICT (caller, key) DO UPDATE SET created_at = excluded.created_at
                 WHERE idempotency.status = 0 AND idempotency.request = excluded.request AND idempotency.created_at <= $5",
                args![caller, key, request, now, now - ABANDONED_AFTER],
            )
            .await?;
        let found = if taken > 0 {
            None
        } else {
            let sql =
                "SELECT request, status, body FROM idempotency WHERE caller = $1 AND key = $2";
            let row = tx.row(sql, args![caller, key]).await?;
            let (sealer, place) = (tx.sealer(), answer_place(caller, key));
            row.map(|r| {
                Ok::<_, crate::StoreError>(Remembered {
                    request: r.text(0)?,
                    status: r.int(1)?,
                    body: sealer.open(&place, &r.text(2)?),
                })
            })
            .transpose()?
        };
        tx.commit().await?;
        Ok(found)
    }

    /// Gives back the keys of requests that were never answered: the caller knows that whoever took them is gone (an embedded file
    /// locked by it, before it takes requests). What was published has its answer.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn give_keys_back(&self) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.execute("DELETE FROM idempotency WHERE status = 0", args![])
            .await?;
        tx.commit().await
    }

    /// Keeps the answer to the request that took a key; a failed request gives the key back. An answer that was published
    /// together with an event stays.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_answer(
        &self,
        caller: &str,
        key: &str,
        answer: Option<(i64, &str)>,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        match answer {
            Some((status, body)) => {
                let sql = "UPDATE idempotency SET status = $1, body = $2 WHERE caller = $3 AND key = $4 AND status = 0";
                let body = tx.sealer().seal(&answer_place(caller, key), body);
                tx.execute(sql, args![status, body, caller, key]).await?;
            }
            None => {
                tx.execute(
                    "DELETE FROM idempotency WHERE caller = $1 AND key = $2 AND status = 0",
                    args![caller, key],
                )
                .await?;
            }
        }
        tx.commit().await
    }
}
