//! Self-service subscription. Whatever the address, the answer is the same: who may learn more has its mailbox or telephone.

use super::read;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::password::random_token;
use crate::push::Door;
use crate::status_page::subscription::{open_services, open_to_browsers, open_to_phones};
use forewarn_core::contact::{HookUrl, PhoneNumber};
use forewarn_core::document::{Catalogue, Fields, Node};
use forewarn_core::problem::Invalid;
use forewarn_core::service::Service;
use forewarn_core::subscription::{Address, Choices, Device, Open, Request, State, content};
use forewarn_store::{Asked, CodeLimits, Proof, Subscription};
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

/// Services that can be subscribed to by telephone, where that is open and text messages can be sent.
pub fn open_by_phone<'a>(app: &App, catalogue: &'a Catalogue) -> Option<Vec<&'a Service>> {
    app.twilio_token.as_ref()?;
    open_to_phones(
        &catalogue.organisation,
        &catalogue.services,
        &catalogue.audiences,
    )
}

/// Services whose news browsers can show, where that is open and messages to them can be sent.
pub fn open_by_push<'a>(app: &App, catalogue: &'a Catalogue) -> Option<Vec<&'a Service>> {
    app.push.as_ref()?;
    open_to_browsers(&catalogue.services, &catalogue.audiences)
}

/// What subscribing a browser takes.
///
/// # Errors
/// When no messages to browsers can be sent from here.
pub fn push_door(app: &App) -> Result<&Door> {
    let closed = || ApiError::Conflict("no message to a browser can be sent from here".into());
    app.push.as_ref().ok_or_else(closed)
}

/// A browser is told from now on; asked for again, it has other choices.
///
/// # Errors
/// Everything that is wrong with the request; when no audience that people may join has messages to browsers.
pub async fn subscribe_device(app: &App, node: &Node) -> Result<()> {
    let (catalogue, door) = (app.store.catalogue().await?, push_door(app)?);
    let open = open_by_push(app, &catalogue).ok_or_else(|| {
        ApiError::Conflict(
            "no audience is open to browsers; give one with 'self_service: yes' the channel push"
                .into(),
        )
    })?;
    let known = ids(&open);
    let device = read(node, |node, problems| {
        Device::read(node, &known, &door.services, problems)
    })?;
    let contact = device
        .contact()
        .map_err(|problem| Invalid::one("endpoint", problem))?;
    Ok(app
        .store
        .subscribe_device(&contact, app.clock.now())
        .await?)
}

/// A browser is told nothing any more, and forgotten.
///
/// # Errors
/// When the request names none.
pub async fn end_device(app: &App, node: &Node) -> Result<()> {
    let url = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let url = fields.required("endpoint", problems, HookUrl::parse);
        fields.finish(problems);
        url
    })?;
    let now = app.clock.now();
    app.store
        .remove_contact(&Device::subscriber(&url), "recipient", now)
        .await?;
    Ok(())
}

/// Services that whoever has this address can choose. Who subscribed a telephone while that was open keeps the choice.
///
/// # Errors
/// When no audience is open to self-service.
pub fn open_to<'a>(
    app: &App,
    catalogue: &'a Catalogue,
    address: &Address,
) -> Result<Vec<&'a Service>> {
    let by_phone = match address {
        Address::Sms(_) => open_by_phone(app, catalogue),
        Address::Email(_) => None,
    };
    by_phone.map_or_else(|| open(catalogue), Ok)
}

fn ids<'a>(services: &[&'a Service]) -> Vec<&'a str> {
    services.iter().map(|s| s.id.as_str()).collect()
}

/// The organisation's day, by which text messages are counted.
fn day(catalogue: &Catalogue, now: Timestamp) -> String {
    let zone = &catalogue.organisation.time_zone;
    zone.at(now).date().to_string()
}

/// Somebody asks that an address be told; it gets a message with a link or code. Returns what was asked for.
///
/// # Errors
/// Everything that is wrong with the request; when nobody may subscribe, or too many asked of late.
pub async fn ask(app: &App, node: &Node) -> Result<Request> {
    let catalogue = app.store.catalogue().await?;
    let known = ids(&open(&catalogue)?);
    let by_phone = open_by_phone(app, &catalogue).map(|open| ids(&open));
    let open = Open {
        email: &known,
        sms: by_phone.as_deref(),
    };
    let request = read(node, |node, problems| {
        Request::read(node, "", open, problems)
    })?;
    let now = app.clock.now();
    let nonce = random_token();
    let message = |id: forewarn_core::id::Id, state: State| {
        // The rest of the token is made when the message leaves: who reads the database cannot follow the link.
        let url = format!("{}/subscription/{id}.{nonce}", app.public_url);
        content(id, state, &catalogue.organisation.name, url, now)
    };
    let subscriber = request.address.subscriber();
    let code = app.key.subscription_code(&subscriber, &nonce);
    let (print, day) = (app.key.code_print(&subscriber, &code), day(&catalogue, now));
    let proof = match (&request.address, &catalogue.organisation.sms) {
        (Address::Sms(number), Some(sms)) => Proof::Code {
            print: &print,
            limits: CodeLimits {
                day: &day,
                daily_cap: sms.daily_cap,
                allowed: sms.allows(number),
            },
        },
        (Address::Email(_), _) | (Address::Sms(_), None) => Proof::Link,
    };
    let asked = app
        .store
        .ask_to_subscribe(&request, &nonce, proof, message, now);
    match asked.await? {
        Asked::Done => Ok(request),
        Asked::TooMany => Err(ApiError::TooMany(
            "too many people asked for a link of late; try again in some minutes".into(),
        )),
    }
}

/// The code that came to a telephone is typed. Returns the link to what its owner chose; nothing when it is not the code, or not any
/// more, or nobody asked for that number: the answer is the same.
///
/// # Errors
/// When the store cannot be used.
pub async fn confirm_code(app: &App, number: PhoneNumber, typed: &str) -> Result<Option<String>> {
    let now = app.clock.now();
    let catalogue = app.store.catalogue().await?;
    let address = Address::Sms(number);
    let code: String = typed.chars().filter(char::is_ascii_digit).collect();
    let print = app.key.code_print(&address.subscriber(), &code);
    let (next, day) = (random_token(), day(&catalogue, now));
    let found = app
        .store
        .confirm_by_code(&address, &print, &next, &day, now)
        .await?;
    Ok(found.map(|found| link(app, found.id.as_str(), &next)))
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
    let found = show(app, id).await?;
    let known = ids(&open_to(app, &catalogue, &found.address)?);
    let choices = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let choices = Choices::read(&mut fields, &known, problems);
        fields.finish(problems);
        Some(choices)
    })?;
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
