//! Self-service subscription. Whatever the address, the answer is the same: who may learn more has its mailbox.

use super::read;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::password::random_token;
use crate::status_page::subscription::open_services;
use forewarn_core::document::{Catalogue, Fields, Node};
use forewarn_core::service::Service;
use forewarn_core::subscription::{Choices, Request, State, content, subscriber_id};
use forewarn_store::{Asked, Subscription};
use jiff::Timestamp;

/// The part of a link that is this subscriber's.
pub fn link(app: &App, id: &str, nonce: &str) -> String {
    format!("/subscription/{}", app.key.subscription_token(id, nonce))
}

/// Services that can be subscribed to.
///
/// # Errors
/// When no audience is open to self-service.
pub fn open(catalogue: &Catalogue) -> Result<Vec<&Service>> {
    let open = open_services(&catalogue.services, &catalogue.audiences);
    match open.is_empty() {
        false => Ok(open),
        true => Err(ApiError::Conflict(
            "no audience is open to subscription; set 'self_service: yes' on one that uses a service".into(),
        )),
    }
}

/// Somebody asks that an address be told; it gets a mail with a link. Returns the subscriber's id.
///
/// # Errors
/// Everything that is wrong with the request; when nobody may subscribe, or too many asked of late.
pub async fn ask(app: &App, node: &Node) -> Result<String> {
    let catalogue = app.store.catalogue().await?;
    let open = open(&catalogue)?;
    let known: Vec<&str> = open.iter().map(|s| s.id.as_str()).collect();
    let request = read(node, |node, problems| {
        Request::read(node, "", &known, problems)
    })?;
    let now = app.clock.now();
    let nonce = random_token();
    let mail = |id: forewarn_core::id::Id, state: State| {
        // The rest of the token is made when the mail leaves: who reads the database cannot follow the link.
        let url = format!("{}/subscription/{id}.{nonce}", app.public_url);
        content(id, state, &catalogue.organisation.name, url, now)
    };
    match app
        .store
        .ask_to_subscribe(&request, &nonce, mail, now)
        .await?
    {
        Asked::Done => Ok(subscriber_id(&request.email)),
        Asked::TooMany => Err(ApiError::TooMany(
            "too many people asked for a link of late; try again in some minutes".into(),
        )),
    }
}

/// The subscription that a link's token leads to, with the token's nonce.
///
/// # Errors
/// When the token does not work (any more).
pub async fn by_token(app: &App, token: &str, now: Timestamp) -> Result<(Subscription, String)> {
    let gone = || ApiError::NotFound("subscription behind this link".into());
    let (id, nonce) = app.key.read_subscription_token(token).ok_or_else(gone)?;
    let found = app.store.subscription_by_link(&id, &nonce, now).await?;
    found.map(|found| (found, nonce)).ok_or_else(gone)
}

/// The mailbox is proved. Returns the link to its choices.
///
/// # Errors
/// When the token does not work (any more).
pub async fn confirm(app: &App, token: &str) -> Result<String> {
    let now = app.clock.now();
    let (found, nonce) = by_token(app, token, now).await?;
    let next = random_token();
    let id = found.id.as_str();
    let confirmed = app.store.confirm_subscription(id, &nonce, &next, now);
    match confirmed.await? {
        Some(_) => Ok(link(app, id, &next)),
        None => Err(ApiError::NotFound("subscription behind this link".into())),
    }
}

/// Other choices for a subscription that is confirmed. What is not said stays open: all services, all kinds.
///
/// # Errors
/// Everything that is wrong with them; when it is not confirmed.
pub async fn change(app: &App, actor: &str, id: &str, node: &Node) -> Result<Subscription> {
    let catalogue = app.store.catalogue().await?;
    let open = open(&catalogue)?;
    let known: Vec<&str> = open.iter().map(|s| s.id.as_str()).collect();
    let choices = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let choices = Choices::read(&mut fields, &known, problems);
        fields.finish(problems);
        Some(choices)
    })?;
    let found = show(app, id).await?;
    let now = app.clock.now();
    if !app
        .store
        .change_subscription(id, &choices, actor, now)
        .await?
    {
        return Err(ApiError::Conflict(format!(
            "{} is not confirmed yet",
            found.id
        )));
    }
    Ok(Subscription { choices, ..found })
}

/// A subscription.
///
/// # Errors
/// When there is none of this id.
pub async fn show(app: &App, id: &str) -> Result<Subscription> {
    let found = app.store.subscription(id).await?;
    found.ok_or_else(|| ApiError::NotFound(format!("subscription {id}")))
}

/// It ends, and what is kept about its mailbox goes.
///
/// # Errors
/// When there is none of this id.
pub async fn end(app: &App, caller: &Caller, id: &str) -> Result<()> {
    show(app, id).await?;
    let now = app.clock.now();
    app.store.remove_contact(id, &caller.actor, now).await?;
    Ok(())
}
