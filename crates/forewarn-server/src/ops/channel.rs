//! Trying a channel out. A test is a message like all others: it is put into the outbox, the engine sends it, and what is said
//! here is what came of that.

use super::read;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::password::random_token;
use forewarn_core::audience::Level;
use forewarn_core::channel_test::{LASTS, advice, content};
use forewarn_core::contact::{Channel, ChatKind, EmailAddress, Endpoint, HookUrl, PhoneNumber};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::{Fields, Node};
use forewarn_core::id::Id;
use forewarn_core::problem::{Invalid, unknown};
use forewarn_store::{Direct, DirectState, Purpose, To};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer is waited for at most: a person waits for it.
const MOST_WAIT: u64 = 30;
/// How long when nothing is said.
const WAIT: u64 = 15;
/// How often it is looked whether it is there.
const LOOK: Duration = Duration::from_millis(100);

/// Channels that can be tried.
const CHANNELS: [Channel; 6] = [
    Channel::Email,
    Channel::Sms,
    Channel::Voice,
    Channel::Chat,
    Channel::Webhook,
    Channel::Push,
];

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// By what it is asked for again.
    pub id: String,
    /// The channel.
    pub channel: Channel,
    /// Whom it was for.
    pub recipient: String,
    /// `accepted`, `delivered`, `failed`, `suppressed`; `queued` or `attempting` while nothing is known yet.
    pub status: DeliveryStatus,
    /// The far end's own words, or what went wrong before it could say any.
    pub said: Option<String>,
    /// What an administrator does about it.
    pub advice: Option<&'static str>,
    /// In one sentence.
    pub words: String,
}

/// Whom a test is for.
enum Whom {
    Contact(Id),
    Address(Endpoint),
    Audience(Id),
}

struct Request {
    whom: Whom,
    wait: Duration,
}

/// The channel of this name, if it can be tried.
///
/// # Errors
/// When there is none; with the nearest.
pub fn channel(name: &str) -> Result<Channel> {
    let found = CHANNELS.into_iter().find(|c| c.as_str() == name);
    found.ok_or_else(|| {
        let known = CHANNELS.map(Channel::as_str);
        Invalid::one("channel", unknown("channel", name, known)).into()
    })
}

fn request(channel: Channel, node: &Node) -> Result<Request> {
    const ONE: &str = "give contact, audience, or to: an address, a number or a URL";
    read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let contact = fields.optional("contact", problems, Id::parse);
        let audience = fields.optional("audience", problems, Id::parse);
        let kind = fields.optional("kind", problems, ChatKind::parse);
        let to = fields.optional("to", problems, |text| address(channel, kind, text));
        let wait = fields.optional("wait_seconds", problems, |text| {
            let seconds = text.parse::<u64>().ok();
            let fits = seconds.filter(|seconds| *seconds <= MOST_WAIT);
            fits.ok_or_else(|| format!("must be a number of seconds, at most {MOST_WAIT}"))
        });
        let mut given = vec!["contact", "audience", "to"];
        given.retain(|name| fields.node(name).is_some());
        match given.as_slice() {
            [] => fields.problem("contact", format!("is missing: {ONE}"), problems),
            [_] => {}
            [.., last] => fields.problem(last, format!("is not alone: {ONE}"), problems),
        }
        if kind.is_some() && channel != Channel::Chat {
            fields.problem("kind", "is for the channel chat", problems);
        }
        fields.finish(problems);
        let audience = audience.map(Whom::Audience);
        let whom = contact.map(Whom::Contact).or(audience);
        let whom = whom.or(to.map(Whom::Address))?;
        let wait = Duration::from_secs(wait.unwrap_or(WAIT));
        Some(Request { whom, wait })
    })
}

fn address(
    channel: Channel,
    kind: Option<ChatKind>,
    text: &str,
) -> std::result::Result<Endpoint, String> {
    let endpoint = match channel {
        Channel::Email => {
            let address = EmailAddress::parse(text)?;
            Endpoint::Email { address }
        }
        Channel::Sms => {
            let number = PhoneNumber::parse(text)?;
            Endpoint::Sms { number }
        }
        Channel::Voice => {
            let number = PhoneNumber::parse(text)?;
            Endpoint::Voice { number }
        }
        Channel::Chat if kind == Some(ChatKind::Mastodon) => {
            return Err(
                "an account is posted to with its token: give the contact that has it".into(),
            );
        }
        Channel::Chat => Endpoint::room(kind.unwrap_or(ChatKind::Generic), HookUrl::parse(text)?),
        Channel::Webhook => Endpoint::webhook(HookUrl::parse(text)?),
        Channel::Push => return Err("a browser is reached as a contact only: give its id".into()),
    };
    Ok(endpoint)
}

/// Sends one test message by a channel and waits for what comes of it.
///
/// # Errors
/// Everything that is wrong with the request; a contact who has no address for this channel.
pub async fn test(app: &App, caller: &Caller, name: &str, node: &Node) -> Result<Tested> {
    let channel = channel(name)?;
    let request = request(channel, node)?;
    let known;
    let to = match &request.whom {
        Whom::Address(endpoint) => To::Address(endpoint),
        Whom::Contact(id) => {
            known = of_contact(app, id, channel).await?;
            To::Known(&known)
        }
        Whom::Audience(id) => {
            known = of_audience(app, id, channel).await?;
            To::Known(&known)
        }
    };
    let (now, nonce) = (app.clock.now(), random_token());
    let catalogue = app.store.catalogue().await?;
    let organisation = &catalogue.organisation.name;
    let content = content(organisation, &app.public_url, &nonce, now)
        .ok_or_else(|| ApiError::Conflict("the test cannot be written".into()))?;
    let direct = Direct {
        purpose: Purpose::Test,
        content: &content,
        level: Level::NonTechnical,
        to,
        nonce: &nonce,
        expires: now + LASTS,
        actor: &caller.actor,
    };
    let sent = app.store.send_directly(direct, now).await?;
    let id = sent.ok_or_else(|| ApiError::NotFound("such address any more".into()))?;
    let until = Instant::now() + request.wait;
    loop {
        let tested = outcome(app, &id).await?;
        let is_known = !matches!(
            tested.status,
            DeliveryStatus::Queued | DeliveryStatus::Attempting
        ) || tested.said.is_some();
        if is_known || Instant::now() >= until {
            return Ok(tested);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn of_contact(app: &App, id: &Id, channel: Channel) -> Result<String> {
    let found = app.store.contact(id.as_str()).await?;
    let found = found
        .ok_or_else(|| Invalid::one("contact", format!("there is no contact {id}")))?
        .contact;
    let endpoint = found.endpoints.iter().find(|e| e.channel() == channel);
    let endpoint = endpoint.ok_or_else(|| {
        let has: Vec<&str> = found
            .endpoints
            .iter()
            .map(|e| e.channel().as_str())
            .collect();
        let problem = format!(
            "{id} is not reached by {}, but by {}",
            channel.as_str(),
            has.join(", ")
        );
        Invalid::one("contact", problem)
    })?;
    Ok(endpoint.id(id.as_str()))
}

/// The first member of an audience who can be told by one of the ways that it is told by.
async fn of_audience(app: &App, id: &Id, channel: Channel) -> Result<String> {
    let catalogue = app.store.catalogue().await?;
    let audience = catalogue.audiences.iter().find(|a| a.id == *id);
    let audience =
        audience.ok_or_else(|| Invalid::one("audience", format!("there is no audience {id}")))?;
    let by = channel.as_str();
    let ways: Vec<&str> = audience
        .channels
        .iter()
        .map(|way| way.channel.as_str())
        .collect();
    if !ways.contains(&by) {
        let problem = format!("{id} is not told by {by}, but by {}", ways.join(", "));
        return Err(Invalid::one("audience", problem).into());
    }
    let found = app.store.first_reached(id.as_str(), channel).await?;
    Ok(found.ok_or_else(|| {
        let problem = format!(
            "nobody in {id} is reached by {by}: nobody has such an address, or none that still works"
        );
        Invalid::one("audience", problem)
    })?)
}

/// What came of a test so far.
///
/// # Errors
/// When there is none of this id.
pub async fn outcome(app: &App, id: &str) -> Result<Tested> {
    let found = app.store.test_state(id).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("test {id}")))?;
    if found.status == DeliveryStatus::Accepted {
        app.store.is_there_again(&found.endpoint).await?;
    }
    Ok(tested(id, found))
}

fn tested(id: &str, found: DirectState) -> Tested {
    let last = found
        .attempts
        .last()
        .map(|attempt| attempt.server_said.clone());
    let said = last.or(found.reason).filter(|said| !said.is_empty());
    let recipient = match found.contact.strip_prefix("address:") {
        Some(address) if !address.contains("://") => address.to_owned(),
        Some(_) => "the address".to_owned(),
        None => found.contact,
    };
    let quoted = said.as_deref().unwrap_or("nothing more is known");
    let by = found.channel.as_str();
    let words = match found.status {
        DeliveryStatus::Accepted | DeliveryStatus::Delivered => {
            format!("The {by} test to {recipient} was taken: {quoted}")
        }
        DeliveryStatus::Queued if said.is_some() => {
            format!("The {by} test to {recipient} did not go out yet and is tried again: {quoted}")
        }
        DeliveryStatus::Queued | DeliveryStatus::Attempting => {
            format!("The {by} test to {recipient} is on its way; ask again for what came of it")
        }
        DeliveryStatus::Suppressed => format!("Nothing was sent to {recipient}: {quoted}"),
        DeliveryStatus::Failed
        | DeliveryStatus::Unknown
        | DeliveryStatus::Superseded
        | DeliveryStatus::Expired => format!("The {by} test to {recipient} failed: {quoted}"),
    };
    let went = matches!(
        found.status,
        DeliveryStatus::Accepted | DeliveryStatus::Delivered
    );
    let advice = said.as_deref().filter(|_| !went).and_then(advice);
    Tested {
        id: id.to_owned(),
        channel: found.channel,
        recipient,
        status: found.status,
        said,
        advice,
        words,
    }
}
