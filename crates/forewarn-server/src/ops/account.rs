//! Who may sign in, and which programs may call: users with passwords, tokens for scripts.

use super::read;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::password::{hash_password, random_password, random_token};
use forewarn_core::document::{Fields, Node, boolean, line};
use forewarn_core::problem::{Invalid, unknown};
use forewarn_core::token::fingerprint;
use forewarn_store::{Role, StoreError, User};
use jiff::Timestamp;
use serde::Serialize;

/// Longer names are nobody's.
const MAX_NAME: usize = 100;
/// OWASP ASVS 5.0, 6.2.1 asks for 8 and recommends 15; the generated ones have 16.
const MIN_PASSWORD: usize = 12;
const MAX_PASSWORD: usize = 200;

/// A user as they are now.
#[derive(Clone, Debug, Serialize)]
pub struct PutUser {
    /// The name to sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A password that was made for them: it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether there was nobody of this name.
    #[serde(skip)]
    pub new: bool,
}

/// A token as it was made.
#[derive(Clone, Debug, Serialize)]
pub struct NewToken {
    /// Its name, which stands in the journal.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// When it ends, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The token itself: it is shown this once.
    pub token: String,
}

/// What is said of a user.
struct Given {
    role: Option<Role>,
    password: Option<String>,
    fresh: bool,
}

/// Adds a user or changes one. Without a password a new user is given one; somebody known keeps theirs. With another password or
/// role they are signed out everywhere.
///
/// # Errors
/// Everything that is wrong with it; that the last administrator would be none any more.
pub async fn put_user(app: &App, caller: &Caller, name: &str, node: &Node) -> Result<PutUser> {
    let given = read(node, |node, problems| {
        if let Err(problem) = user_name(name) {
            problems.add("name", None, problem);
        }
        let mut fields = Fields::of(node, "", problems)?;
        let role = fields.optional("role", problems, role);
        let password = fields.optional("password", problems, |text| password(name, text));
        let fresh = fields.optional("new_password", problems, boolean);
        let fresh = fresh.unwrap_or(false);
        if fresh && fields.has("password") {
            let words = "is not alone: give a password, or have one made";
            fields.problem("new_password", words, problems);
        }
        fields.finish(problems);
        Some(Given {
            role,
            password,
            fresh,
        })
    })?;
    let known = app.store.user(name).await?;
    let role = given.role.or(known.as_ref().map(|user| user.role));
    let role =
        role.ok_or_else(|| Invalid::one("role", "is missing: viewer, operator or administrator"))?;
    let made = given.fresh || (known.is_none() && given.password.is_none());
    let made = made.then(random_password);
    let now = app.clock.now();
    match made.as_ref().or(given.password.as_ref()) {
        Some(password) => {
            let hash = hashed(password.clone()).await?;
            let put = app.store.put_user(name, &hash, role, &caller.actor, now);
            put.await?;
        }
        None => {
            let there = app.store.set_role(name, role, &caller.actor, now).await?;
            if !there {
                return Err(ApiError::NotFound(format!("user {name}")));
            }
        }
    }
    Ok(PutUser {
        name: name.to_owned(),
        role,
        password: made,
        new: known.is_none(),
    })
}

/// Removes a user, who is signed out everywhere.
///
/// # Errors
/// When there is none; when it is the last administrator.
pub async fn remove_user(app: &App, caller: &Caller, name: &str) -> Result<()> {
    let now = app.clock.now();
    match app.store.remove_user(name, &caller.actor, now).await? {
        true => Ok(()),
        false => Err(ApiError::NotFound(format!("user {name}"))),
    }
}

/// Gives somebody a new password of their own choice; they are signed out everywhere. `proven` is who the old one has shown
/// them to be, if it was right.
///
/// # Errors
/// When the old one is wrong, or the new one will not do; all of it at once.
pub async fn change_password(
    app: &App,
    name: &str,
    proven: Option<&User>,
    node: &Node,
) -> Result<()> {
    let (user, new) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let user = fields.required("current", problems, |_| {
            proven.ok_or_else(|| "is not your password".to_owned())
        });
        let new = fields.required("password", problems, |text| password(name, text));
        let again = fields.required("again", problems, |text| Ok(text.to_owned()));
        if let (Some(new), Some(again)) = (&new, &again)
            && new != again
        {
            fields.problem("again", "is not the same", problems);
        }
        fields.finish(problems);
        Some((user?, new?))
    })?;
    let hash = hashed(new).await?;
    let now = app.clock.now();
    let put = app.store.put_user(name, &hash, user.role, name, now);
    Ok(put.await?)
}

/// Makes a token for a program.
///
/// # Errors
/// Everything that is wrong with it; that another one has its name.
pub async fn add_token(app: &App, caller: &Caller, node: &Node) -> Result<NewToken> {
    let now = app.clock.now();
    let (name, role, expires) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let name = fields.required("name", problems, |text| {
            let name = line(MAX_NAME)(text)?;
            user_name(&name).map(|()| name)
        });
        let role = fields.required("role", problems, role);
        let expires = fields.optional("expires", problems, |text| after(text, now));
        fields.finish(problems);
        Some((name?, role?, expires))
    })?;
    let token = random_token();
    let (store, print) = (&app.store, fingerprint(&token));
    store
        .put_token(&print, &name, role, expires, &caller.actor, now)
        .await?;
    Ok(NewToken {
        name,
        role,
        expires,
        token,
    })
}

/// Takes a token back: who has it is refused from now on.
///
/// # Errors
/// When there is none.
pub async fn revoke_token(app: &App, caller: &Caller, name: &str) -> Result<()> {
    let now = app.clock.now();
    match app.store.remove_token(name, &caller.actor, now).await? {
        true => Ok(()),
        false => Err(ApiError::NotFound(format!("token {name}"))),
    }
}

/// A name that cannot be taken for another actor of the journal, such as `token:ci`.
fn user_name(name: &str) -> std::result::Result<(), String> {
    let plain = |c: char| c.is_alphanumeric() || ".-_@+".contains(c);
    if name.is_empty() || name.chars().count() > MAX_NAME {
        Err(format!("must have 1 to {MAX_NAME} characters"))
    } else if !name.chars().all(plain) {
        Err("may have letters, digits and . - _ @ + only".into())
    } else {
        Ok(())
    }
}

fn role(text: &str) -> std::result::Result<Role, String> {
    let known = [Role::Viewer, Role::Operator, Role::Administrator].map(Role::as_str);
    Role::from_name(text).ok_or_else(|| unknown("role", text, known))
}

fn password(name: &str, text: &str) -> std::result::Result<String, String> {
    let length = text.chars().count();
    if length < MIN_PASSWORD {
        Err(format!("has fewer than {MIN_PASSWORD} characters"))
    } else if length > MAX_PASSWORD {
        Err(format!("is longer than {MAX_PASSWORD} characters"))
    } else if text.chars().any(char::is_control) {
        Err("has control characters".into())
    } else if text.to_lowercase().contains(&name.to_lowercase()) {
        Err("has the name in it".into())
    } else {
        Ok(text.to_owned())
    }
}

fn after(text: &str, now: Timestamp) -> std::result::Result<Timestamp, String> {
    let instant = text.parse::<Timestamp>();
    let instant = instant.map_err(|_| "must be an instant such as 2027-06-30T00:00:00Z")?;
    match instant > now {
        true => Ok(instant),
        false => Err("is over already".into()),
    }
}

/// Slow on purpose: other work goes on meanwhile.
async fn hashed(password: String) -> Result<String> {
    let broken = |problem: String| StoreError::Corrupt(problem);
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    Ok(hash.map_err(|e| broken(e.to_string()))?.map_err(broken)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_nobody_elses_in_the_journal() {
        for good in ["ann", "ann.b@example.edu", "Ådne", "ci-2", "عمر"] {
            assert_eq!(user_name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for bad in [
            "",
            " ann",
            "token:ci",
            "first start",
            "a/b",
            "a\u{202e}b",
            "a\0",
            &long,
        ] {
            assert!(user_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_is_long_and_not_the_name() {
        assert!(password("ann", "correct horse battery").is_ok());
        for (bad, why) in [
            ("short", "fewer than 12"),
            ("elevenchars", "fewer than 12"),
            ("dear ANN, hello", "the name"),
            ("line\nfeed of twelve", "control"),
        ] {
            assert!(password("ann", bad).unwrap_err().contains(why), "{bad}");
        }
        assert!(password("ann", &"é".repeat(MAX_PASSWORD + 1)).is_err());
    }
}
