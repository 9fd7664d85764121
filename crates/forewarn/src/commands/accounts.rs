//! `forewarn user` and `forewarn token`: who may sign in, and which programs may call.

use crate::client::{Body, Client, Remote};
use crate::terminal::{self, Colour, Style, Table, clean};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// What can be done with users.
#[derive(Args)]
pub struct UserArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Subcommand)]
enum UserAction {
    /// List who may sign in
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add somebody, or change them: they are signed out everywhere
    Set {
        /// The name to sign in with
        name: String,
        /// What they may do: viewer, operator, administrator
        #[arg(long)]
        role: Option<String>,
        /// Have a new password made
        #[arg(long)]
        new_password: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove somebody: they are signed out everywhere
    Remove {
        /// The name to sign in with
        name: String,
    },
}

/// What can be done with tokens.
#[derive(Args)]
pub struct TokenArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    /// List the tokens of programs, without what they are
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a token; it is shown this once
    Add {
        /// Its name, which stands in the journal
        name: String,
        /// What its bearer may do: viewer, operator, administrator
        #[arg(long)]
        role: String,
        /// When it ends, such as 2027-06-30T00:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back: who has it is refused from now on
    Revoke {
        /// Its name
        name: String,
    },
}

/// Does what the command line says of users.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run_user(args: UserArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    match args.action {
        UserAction::List { json } => {
            let users = client.get(&["users"], &[]).await?;
            terminal::answer(&users, json, |users| {
                show(users, &["name", "role", "since"])
            })?;
        }
        UserAction::Set {
            name,
            role,
            new_password,
            json,
        } => {
            let mut body = json!({});
            if let Some(role) = role {
                body["role"] = role.into();
            }
            if new_password {
                body["new_password"] = true.into();
            }
            let put = client.put(&["users", &name], Body::Json(body)).await?;
            terminal::answer(&put, json, show_user)?;
        }
        UserAction::Remove { name } => {
            client.delete(&["users", &name]).await?;
            terminal::print(&format!("{} is removed.\n", clean(&name)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what the command line says of tokens.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run_token(args: TokenArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    match args.action {
        TokenAction::List { json } => {
            let tokens = client.get(&["tokens"], &[]).await?;
            let columns = ["name", "role", "since", "expires"];
            terminal::answer(&tokens, json, |tokens| show(tokens, &columns))?;
        }
        TokenAction::Add {
            name,
            role,
            expires,
            json,
        } => {
            let mut body = json!({"name": name, "role": role});
            if let Some(expires) = expires {
                body["expires"] = expires.into();
            }
            let made = client.post(&["tokens"], &[], Body::Json(body)).await?;
            terminal::answer(&made, json, show_token)?;
        }
        TokenAction::Revoke { name } => {
            client.delete(&["tokens", &name]).await?;
            terminal::print(&format!("The token {} is revoked.\n", clean(&name)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(value: &Value) -> String {
    clean(value.as_str().unwrap_or("-"))
}

fn show(list: &Value, columns: &[&str]) -> String {
    let mut table = Table::new(columns);
    for item in list["items"].as_array().into_iter().flatten() {
        table.row(Style::Plain, columns.iter().map(|name| text(&item[*name])));
    }
    table.show(Colour::of_stdout())
}

fn show_user(user: &Value) -> String {
    let (name, role) = (text(&user["name"]), text(&user["role"]));
    match user["password"].as_str() {
        Some(password) => format!(
            "{name} may sign in as {role} with this password, which is shown this once:\n{}\n",
            clean(password)
        ),
        None => format!("{name} may sign in as {role}.\n"),
    }
}

fn show_token(made: &Value) -> String {
    format!(
        "The token {} of the role {}, which is shown this once:\n{}\n",
        text(&made["name"]),
        text(&made["role"]),
        text(&made["token"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stands_alone_on_its_line() {
        let user = json!({"name": "ann", "role": "operator", "password": "aaaa-bbbb"});
        assert!(show_user(&user).ends_with(":\naaaa-bbbb\n"));
        let known = json!({"name": "ann\u{1b}", "role": "viewer"});
        assert_eq!(show_user(&known), "ann\u{fffd} may sign in as viewer.\n");
        let made = json!({"name": "ci", "role": "operator", "token": "t0k3n"});
        assert!(show_token(&made).ends_with(":\nt0k3n\n"));
        let list = json!({"items": [{"name": "ci", "role": "viewer", "since": "2026-11-23T12:00:00Z", "expires": null}]});
        assert!(
            show(&list, &["name", "role", "since", "expires"]).contains("2026-11-23T12:00:00Z  -")
        );
    }
}
