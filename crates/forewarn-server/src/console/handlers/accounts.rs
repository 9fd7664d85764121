//! Users, tokens, and one's own password.

use super::sign_in::{Door, counted, proven};
use crate::console::accounts::{AccountsPage, Secret};
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{FlashKind, Nav, Typed, sentence};
use crate::error::ApiError;
use crate::ops::account;
use axum::Extension;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use forewarn_core::problem::Problem;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::Role;
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use std::net::SocketAddr;
use std::sync::Arc;

const PAGE: &str = "/console/accounts";

/// `GET /console/accounts`
pub(in crate::console) async fn show(desk: Desk) -> Shown {
    shown(&desk, StatusCode::OK, Typed::default(), None).await
}

async fn shown(desk: &Desk, status: StatusCode, typed: Typed, made: Option<Secret>) -> Shown {
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    // Names of people and machines of ours are nobody's business who only looks.
    let accounts = match desk.caller.role {
        Role::Viewer => None,
        Role::Operator | Role::Administrator => Some((store.users().await?, store.tokens().await?)),
    };
    let view = AccountsPage {
        frame: desk
            .frame(&catalogue, "Who may sign in", Nav::Settings)
            .await?,
        made,
        typed,
        accounts,
        manages: desk.caller.role == Role::Administrator,
    };
    Ok(page(status, view.render()))
}

/// `POST /console/accounts/users`: somebody new; the password that was made is shown once.
pub(in crate::console) async fn add_user(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let name = fields.value("user").trim();
    if desk.app.store.user(name).await?.is_some() {
        let words = format!("is known already: change {name} in the list");
        let problems = vec![Problem::new("user", words)];
        return wrong(&desk, &fields, problems).await;
    }
    let given = [("role".to_owned(), fields.value("role").to_owned())];
    let put = account::put_user(&desk.app, &desk.caller, name, &tree(&given)).await;
    match put {
        Ok(put) => {
            let secret = made(&put.name, put.password);
            shown(&desk, StatusCode::CREATED, Typed::default(), secret).await
        }
        Err(error) => refused(&desk, &fields, &[("name", "user")], error).await,
    }
}

/// `POST /console/accounts/users/change`: `do` is `role`, `password` or `remove`.
pub(in crate::console) async fn change_user(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let (app, caller, name) = (&desk.app, &desk.caller, fields.value("name"));
    if app.store.user(name).await?.is_none() {
        return Err(ApiError::NotFound(format!("user {name}")).into());
    }
    let text = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
    let done = match fields.value("do") {
        "password" => {
            let made_new = tree(&text("new_password", "true"));
            let put = account::put_user(app, caller, name, &made_new).await?;
            let secret = made(name, put.password);
            return shown(&desk, StatusCode::OK, Typed::default(), secret).await;
        }
        "remove" => account::remove_user(app, caller, name)
            .await
            .map(|()| format!("{name} is removed.")),
        _ => account::put_user(
            app,
            caller,
            name,
            &tree(&text("role", fields.value("role"))),
        )
        .await
        .map(|put| format!("{name} may sign in as {}.", put.role.as_str())),
    };
    match done {
        Ok(said) => Ok(desk.done(PAGE, said)),
        Err(ApiError::NotFound(what)) => Err(ApiError::NotFound(what).into()),
        Err(error) => Ok(desk.told(PAGE, FlashKind::Refused, sentence(&error.said()))),
    }
}

/// `POST /console/accounts/tokens`: the token is shown once.
pub(in crate::console) async fn add_token(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let given = [
        ("name", fields.value("token").to_owned()),
        ("role", fields.value("token_role").to_owned()),
        ("expires", end_of(fields.value("expires"), &zone)),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value));
    match account::add_token(&desk.app, &desk.caller, &tree(&given)).await {
        Ok(made) => {
            let secret = Secret {
                of: format!("The token {}", made.name),
                secret: made.token,
            };
            shown(&desk, StatusCode::CREATED, Typed::default(), Some(secret)).await
        }
        Err(error) => {
            refused(
                &desk,
                &fields,
                &[("name", "token"), ("role", "token_role")],
                error,
            )
            .await
        }
    }
}

/// `POST /console/accounts/tokens/revoke`
pub(in crate::console) async fn revoke_token(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let name = fields.value("name");
    account::revoke_token(&desk.app, &desk.caller, name).await?;
    Ok(desk.done(PAGE, format!("The token {name} is revoked.")))
}

/// `POST /console/accounts/password`: everybody's own. Who guesses at the old one has to wait, as at the door.
pub(in crate::console) async fn change_password(
    desk: Desk,
    Extension(door): Extension<Arc<Door>>,
    fields: Fields,
    request: Request,
) -> Shown {
    let (app, name) = (&desk.app, desk.caller.actor.as_str());
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let keys = counted(name, address.map(|connected| connected.0.ip()));
    let now = app.clock.now();
    if let Some(wait) = door.wait(&keys, now) {
        let minutes = wait.as_secs() / 60 + 1;
        let words = format!("too many attempts failed: try again in {minutes} min");
        return wrong(&desk, &fields, vec![Problem::new("current", words)]).await;
    }
    let right = proven(app, &door, name, fields.value("current")).await?;
    door.came_out(&keys, right.is_some(), now);
    match account::change_password(app, name, right.as_ref(), &tree(&fields.0)).await {
        Ok(()) => Ok(desk.done("/console/sign-in", "Your password is changed.")),
        Err(error) => refused(&desk, &fields, &[], error).await,
    }
}

fn made(name: &str, password: Option<String>) -> Option<Secret> {
    password.map(|secret| Secret {
        of: format!("The password of {name}"),
        secret,
    })
}

/// A last day as the instant after it; what is no day is left to the reader.
fn end_of(day: &str, zone: &Zone) -> String {
    let next = day.parse::<Date>().ok();
    let next = next.and_then(|day| day.checked_add(1.day()).ok());
    next.map_or_else(
        || day.to_owned(),
        |day| {
            CivilTime::new(day.to_datetime(Time::midnight()), zone.clone())
                .instant()
                .to_string()
        },
    )
}

/// The page with what is wrong at its fields; passwords are not sent back.
async fn wrong(desk: &Desk, fields: &Fields, problems: Vec<Problem>) -> Shown {
    let mut typed = fields.0.clone();
    typed.retain(|(name, _)| !["current", "password", "again"].contains(&name.as_str()));
    let typed = Typed {
        fields: typed,
        problems,
    };
    shown(desk, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
}

/// The same of an operation that refused, with its names of fields as the form has them.
async fn refused(desk: &Desk, fields: &Fields, names: &[(&str, &str)], error: ApiError) -> Shown {
    let mut problems = match error {
        ApiError::Invalid(invalid) => invalid.problems,
        ApiError::NotFound(_) => return Err(error.into()),
        other => return Ok(desk.told(PAGE, FlashKind::Refused, sentence(&other.said()))),
    };
    for problem in &mut problems {
        for (theirs, ours) in names {
            if problem.field == *theirs {
                problem.field = (*ours).to_owned();
            }
        }
    }
    wrong(desk, fields, problems).await
}
