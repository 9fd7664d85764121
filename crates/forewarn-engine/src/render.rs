//! From claimed deliveries to parcels. A variant is rendered once; a recipient's own parts are spliced in.

use crate::Engine;
use crate::channel::chat::Post;
use crate::channel::phone::{Ring, Says};
use crate::channel::push::{Push, Urgency};
use crate::channel::smtp::Mail;
use crate::channel::webhook::Hook;
use crate::channel::{Channels, Parcel};
use forewarn_core::acknowledge::{asked, is_warning, unconfirmed};
use forewarn_core::approval::{APPROVAL_LINK, APPROVAL_NEEDED};
use forewarn_core::audience::{Audience, Level};
use forewarn_core::call_list::{key_of, with_script};
use forewarn_core::contact::{Channel, EmailAddress, Endpoint};
use forewarn_core::delivery::message_key;
use forewarn_core::document::Catalogue;
use forewarn_core::id::Id;
use forewarn_core::mail::{List, MailParts, Recipient, Sender, message_id};
use forewarn_core::message::{
    Ask, Content, Message, Sheet, Variant, chat_body, digest, language_for, post_body, push_body,
    push_topic, render, render_markdown, webhook_body, webhook_id,
};
use forewarn_core::phone::{RECEIPTS, call_document, call_to_speak};
use forewarn_core::plan::{
    APPROVERS, SPOKESPERSON_CALL, SUBSCRIPTIONS, built_in_name, called, is_inside, is_team_notice,
};
use forewarn_core::reader::Reader;
use forewarn_core::recipient::{ADDED_NAME, added_level};
use forewarn_core::subscription::CODE_PATH;
use forewarn_core::template::Template;
use forewarn_core::time::Zone;
use forewarn_core::words::Words;
use forewarn_store::{Claimed, Result, StoreError, is_ones_own};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many variants are kept rendered; far more than are in use at a time.
const CACHE: usize = 512;

/// Who the messages come from and where they lead.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Base of the links in messages.
    pub public_url: String,
    /// The address that mails come from.
    pub from: EmailAddress,
    /// The name beside it; the organisation's, as it was when the notice was begun, where none is set.
    pub name: Option<String>,
    /// Where undeliverable mail comes back, with something of each mail added to it; to the sender where none is set.
    pub bounces: Option<EmailAddress>,
}

impl Identity {
    fn sender(&self, content: &Content, installation: &str) -> Sender {
        let name = self.name.as_ref().unwrap_or(&content.organisation);
        Sender {
            from: self.from.clone(),
            name: name.clone(),
            domain: self.from.domain().to_owned(),
            installation: installation.to_owned(),
        }
    }
}

/// What is ready but for the recipient.
pub(crate) enum Rendered {
    Mail(MailParts),
    Hook(Vec<u8>),
    /// As its product wants it.
    Chat(Vec<u8>),
    Text(String),
    /// What is read to whoever answers, and in which language.
    Spoken(String, String),
    /// As our service worker shows it.
    Push(Arc<[u8]>),
    Undeliverable(String),
}

/// What all variants of one notice need.
struct Source {
    content: Content,
    audience: String,
    catalogue: Catalogue,
    templates: Vec<Template>,
    /// The texts that somebody agreed to, where somebody had to.
    approved: Option<Sheet>,
}

impl Source {
    fn audience(&self) -> Option<&Audience> {
        let all = self.catalogue.audiences.iter();
        all.clone().find(|a| a.id == *self.audience.as_str())
    }
}

/// In whose words: level, channel, language and zone of a recipient, the audience's or the organisation's where they have none.
fn variant(delivery: &Claimed, source: &Source) -> Variant {
    let organisation = &source.catalogue.organisation;
    let own = delivery
        .time_zone
        .as_deref()
        .and_then(|name| Zone::parse(name).ok());
    let zone = own.or_else(|| source.audience().and_then(|a| a.time_zone.clone()));
    let channel = delivery.endpoint.channel();
    let approved = source.approved.as_ref();
    let theirs = match is_read_by_everybody(&delivery.endpoint) {
        true => Level::NonTechnical,
        false => delivery.level,
    };
    let level = approved.map_or(theirs, |sheet| sheet.level(theirs));
    Variant {
        level,
        channel,
        language: language_for(
            &source.content,
            (level, channel),
            delivery.language.as_deref(),
            organisation.language(),
            &source.templates,
        ),
        zone: zone.unwrap_or_else(|| organisation.time_zone.clone()),
    }
}

/// A message that asks its reader to confirm it. In a call that is a key, in a chat a button, and to a program it is nothing.
/// `again`: they have had it, and are reminded.
fn asking(message: Message, channel: Channel, url: &str, again: bool) -> Message {
    let words = Words::of(&message.language);
    match channel {
        Channel::Email => {
            let ask = words.confirm;
            let first = match again {
                true => format!("{}\n\n", words.confirm_again),
                false => String::new(),
            };
            let markdown = format!("{first}{}\n\n{ask} <{url}>", message.markdown);
            Message {
                text: format!("{first}{}\n\n{ask}\n{url}\n", message.text.trim_end()),
                html: render_markdown(&markdown),
                markdown,
                ..message
            }
        }
        Channel::Sms => Message {
            text: format!("{} {} {url}", message.text, words.confirm_short),
            ..message
        },
        Channel::Voice | Channel::Chat | Channel::Webhook | Channel::Push => message,
    }
}

/// Its one reader is asked to speak for an incident; the whole team is asked without a link.
fn is_call_to_speak(source: &Source) -> bool {
    source.content.milestone == SPOKESPERSON_CALL && called(&source.audience).is_some()
}

/// What a recipient reads: who moderates another of the audiences that are told has a version to forward, too. Where somebody had
/// to agree with the words, it is there only if they saw words for everybody.
fn forwarded(content: &Content, delivery: &Claimed, source: &Source) -> Content {
    let agreed = source.approved.as_ref().is_none_or(Sheet::lets_forward);
    Content {
        forwardable: content.forwardable || (delivery.forward && agreed),
        ..content.clone()
    }
}

/// What distinguishes the variants of notices.
fn variant_key(delivery: &Claimed) -> String {
    let zone = delivery.time_zone.as_deref().unwrap_or("");
    let language = delivery.language.as_deref().unwrap_or("");
    format!(
        "{}|{}|{}|{}|{}|{language}|{zone}",
        delivery.notice,
        delivery.level.rank(),
        delivery.forward,
        is_ones_own(&delivery.contact),
        shape(&delivery.endpoint)
    )
}

fn is_read_by_everybody(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Chat { kind, .. } if kind.is_public())
}

/// Why this is not posted where everybody reads it, if so.
fn not_for_everybody(source: &Source, level: Level) -> Option<&'static str> {
    if level != Level::NonTechnical {
        return Some("not posted: the words for everybody were not approved");
    }
    if unconfirmed(&source.audience).is_some() {
        return Some("not posted: a public account confirms nothing");
    }
    if !matches!(source.content.readers, None | Some(Reader::EndUser)) {
        return Some("not posted: it is written for readers of its own");
    }
    let named = |name: &String| {
        let content = &source.content;
        content.services.contains(name) || content.dependents.contains(name)
    };
    let services = &source.catalogue.services;
    if services.iter().any(|s| !s.public && named(&s.name)) {
        return Some("not posted: it names a service that is not public");
    }
    let inside = is_inside(&source.audience) || is_team_notice(&source.content.milestone);
    inside.then_some("not posted: it is for those who run it")
}

/// What distinguishes the bytes of channels: those of chat are another for each product.
fn shape(endpoint: &Endpoint) -> Cow<'static, str> {
    match endpoint {
        Endpoint::Chat {
            kind,
            characters: Some(most),
            ..
        } => format!("{} {most}", kind.as_str()).into(),
        Endpoint::Chat { kind, .. } => kind.as_str().into(),
        Endpoint::Email { .. }
        | Endpoint::Sms { .. }
        | Endpoint::Voice { .. }
        | Endpoint::Webhook { .. }
        | Endpoint::Push { .. } => endpoint.channel().as_str().into(),
    }
}

/// What is said of an endpoint whose URL or secret could not be opened.
const SEALED_ENDPOINT: &str = "its address or secret cannot be read: the key with which it was sealed is not here (forewarn doctor)";

/// Variants by notice, level, channel or product, language and zone.
#[derive(Default)]
pub(crate) struct Cache {
    sources: HashMap<String, Arc<Source>>,
    variants: HashMap<String, Arc<Rendered>>,
    /// Holding statements of which somebody's was taken; whether one was the first of its incident is on record.
    taken: HashSet<String>,
}

impl<C: Channels> Engine<C> {
    /// The parcel of each message, in their order. A notice that cannot be understood fails alone.
    pub(crate) async fn parcels(&self, messages: &[Vec<Claimed>]) -> Result<Vec<Parcel>> {
        let mut parcels = Vec::with_capacity(messages.len());
        for message in messages {
            let mut sources = Vec::with_capacity(message.len());
            let mut problem = None;
            for delivery in message {
                match self.source(&delivery.notice).await {
                    Ok(source) => sources.push(source),
                    Err(StoreError::Corrupt(told)) => problem = Some(told),
                    Err(away) => return Err(away),
                }
            }
            let parcel = match (problem, message.as_slice(), sources.as_slice()) {
                (Some(problem), _, _) => Parcel::Undeliverable(problem),
                // Never to what stands there, nor signed with it.
                (None, [delivery, ..], _) if delivery.endpoint.is_sealed() => {
                    Parcel::Undeliverable(SEALED_ENDPOINT.into())
                }
                (None, [delivery], [source]) => {
                    let rendered = self.rendered(delivery, source);
                    self.parcel(delivery, source, &rendered)
                }
                (None, told, sources) => self.digest(told, sources),
            };
            parcels.push(self.known(parcel, message).await?);
        }
        Ok(parcels)
    }

    async fn source(&self, notice: &str) -> Result<Arc<Source>> {
        if let Some(source) = self.cache().sources.get(notice) {
            return Ok(source.clone());
        }
        let (content, audience) = self.store.notice_content(notice).await?.ok_or_else(|| {
            StoreError::Corrupt(format!("notice {notice} has deliveries and no content"))
        })?;
        // What takes the place of a message is in the words of its readers.
        let audience = match &content.confirmed {
            Some(confirmed) => confirmed.audience.clone(),
            None => audience,
        };
        let wording = self.store.wording(notice).await?;
        if wording.as_ref().is_some_and(|w| !w.holds_for(&content)) {
            let problem = format!("what notice {notice} says is not what was approved");
            return Err(StoreError::Corrupt(problem));
        }
        let (templates, approved) = match wording {
            Some(wording) => (wording.templates, Some(wording.sheet)),
            None => (self.store.templates().await?, None),
        };
        let source = Arc::new(Source {
            content,
            audience,
            catalogue: self.store.catalogue().await?,
            templates,
            approved,
        });
        self.cache()
            .sources
            .insert(notice.to_owned(), source.clone());
        Ok(source)
    }

    /// The incident and when it was declared, where this is a holding statement of which nobody's was taken before.
    pub(crate) fn holding_not_noted(&self, notice: &str) -> Option<(Id, Timestamp)> {
        let mut cache = self.cache();
        let source = cache.sources.get(notice)?;
        let content = &source.content;
        if content.milestone != "holding" || cache.taken.contains(notice) {
            return None;
        }
        let of = (content.event.clone(), content.began_at?);
        cache.taken.insert(notice.to_owned());
        Some(of)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        // A panic while rendering leaves at worst an entry too few.
        self.rendered
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// By what the reader of a delivery confirms that they have read it, if they are asked to. A reminder is about the notice that it
    /// reminds of.
    fn confirm_token(&self, delivery: &Claimed, source: &Source) -> Option<String> {
        if source.content.confirmed.is_some() {
            return None;
        }
        let milestone = &source.content.milestone;
        let notice = match unconfirmed(&source.audience) {
            Some(notice) => notice,
            None if is_warning(milestone) => &delivery.notice,
            None => {
                asked(milestone, &source.audience, &source.catalogue)?;
                &delivery.notice
            }
        };
        let key = &self.key;
        Some(key.acknowledgement_token(notice, &delivery.endpoint_id))
    }

    fn confirm_url(&self, token: &str) -> String {
        self.hook(&format!("/confirm/{token}"))
    }

    fn rendered(&self, delivery: &Claimed, source: &Source) -> Arc<Rendered> {
        let own = source.content.milestone == APPROVAL_NEEDED;
        if own || self.confirm_token(delivery, source).is_some() {
            // Each reader has a link of their own.
            return Arc::new(self.render_variant(delivery, source));
        }
        let key = variant_key(delivery);
        self.cached(&key, || self.render_variant(delivery, source))
    }

    fn cached(&self, key: &str, render: impl FnOnce() -> Rendered) -> Arc<Rendered> {
        let mut cache = self.cache();
        if let Some(rendered) = cache.variants.get(key) {
            return rendered.clone();
        }
        if cache.variants.len() >= CACHE {
            *cache = Cache::default();
        }
        let rendered = Arc::new(render());
        cache.variants.insert(key.to_owned(), rendered.clone());
        rendered
    }

    /// One message that tells of several events, each as its own message would, in the order in which they start.
    fn digest(&self, told: &[Claimed], sources: &[Arc<Source>]) -> Parcel {
        let mut parts: Vec<(&Claimed, &Arc<Source>)> = told.iter().zip(sources).collect();
        parts.sort_by_key(|(delivery, source)| {
            let start = source.content.start.as_ref().map(|start| start.instant());
            (start, delivery.id.clone())
        });
        let Some(&(first, source)) = parts.first() else {
            return Parcel::Undeliverable("the message tells of nothing".into());
        };
        let told: Vec<(Content, Variant)> = parts
            .iter()
            .map(|(delivery, source)| {
                let content = forwarded(&source.content, delivery, source);
                (content, variant(delivery, source))
            })
            .collect();
        let contents: Vec<(&Content, Variant)> = told
            .iter()
            .map(|(content, variant)| (content, variant.clone()))
            .collect();
        let url = format!(
            "{}/calendar",
            self.identity.public_url.trim_end_matches('/')
        );
        let bundle = first.bundle.as_deref().unwrap_or_default();
        let Some(content) = digest(bundle, &contents, &source.templates, url) else {
            return Parcel::Undeliverable("the message tells of nothing".into());
        };
        let own = Source {
            content,
            audience: source.audience.clone(),
            catalogue: source.catalogue.clone(),
            templates: source.templates.clone(),
            approved: None,
        };
        let keys: Vec<String> = parts.iter().map(|(d, _)| variant_key(d)).collect();
        // Each part brought its own version to forward.
        let whole = Claimed {
            forward: false,
            ..first.clone()
        };
        let rendered = self.cached(&keys.join("&"), || self.render_variant(&whole, &own));
        self.parcel(first, &own, &rendered)
    }

    fn render_variant(&self, delivery: &Claimed, source: &Source) -> Rendered {
        let audience = source.audience();
        let variant = variant(delivery, source);
        let content = self.with_own_link(delivery, source);
        let scripted = key_of(&source.audience).map(|key| {
            let milestone = &source.content.milestone;
            let language = &variant.language;
            with_script(
                key,
                milestone,
                language,
                &source.catalogue,
                &source.templates,
            )
        });
        let templates = scripted.as_ref().unwrap_or(&source.templates);
        let message = render(&content, &variant, templates);
        let token = self.confirm_token(delivery, source);
        let message = match &token {
            Some(token) => {
                let again = unconfirmed(&source.audience).is_some();
                asking(message, variant.channel, &self.confirm_url(token), again)
            }
            None => message,
        };
        match variant.channel {
            Channel::Email => {
                let own = || audience.map_or(source.audience.as_str(), |a| a.name.as_str());
                let added = added_level(&source.audience).map(|_| ADDED_NAME);
                let name = built_in_name(&source.audience)
                    .or(added)
                    .unwrap_or_else(own)
                    .to_owned();
                let id = match source.audience.as_str() {
                    called if key_of(called).is_some() => "call-list",
                    late if unconfirmed(late).is_some() => "unconfirmed",
                    other => other,
                };
                let may_be_left = is_ones_own(&delivery.contact);
                let list = Id::parse(id).map(|id| List {
                    id,
                    name,
                    may_be_left,
                });
                let parts = list
                    .map_err(|problem| format!("the audience's id {problem}"))
                    .and_then(|list| {
                        let sender = self.identity.sender(&source.content, &self.installation);
                        MailParts::new(&message, &source.content, &sender, &list)
                            .map_err(|e| e.to_string())
                    });
                parts.map_or_else(Rendered::Undeliverable, Rendered::Mail)
            }
            Channel::Webhook => Rendered::Hook(webhook_body(
                &source.content,
                &message,
                &variant,
                &delivery.notice,
            )),
            Channel::Chat => match &delivery.endpoint {
                Endpoint::Chat {
                    kind, characters, ..
                } if kind.is_public() => match not_for_everybody(source, variant.level) {
                    Some(reason) => Rendered::Undeliverable(reason.into()),
                    None => {
                        let most = characters.or(kind.public_characters()).unwrap_or_default();
                        Rendered::Chat(post_body(*kind, most, &content, &message, &variant))
                    }
                },
                room => self.chat(room, &content, &message, &variant, token),
            },
            Channel::Sms => Rendered::Text(message.text),
            Channel::Voice => Rendered::Spoken(message.text, message.language),
            Channel::Push => Rendered::Push(push_body(&content, &message).into()),
        }
    }

    /// A message to a room. Where its buttons lead to us it has one to confirm it, else a link.
    fn chat(
        &self,
        room: &Endpoint,
        content: &Content,
        message: &Message,
        variant: &Variant,
        token: Option<String>,
    ) -> Rendered {
        let Endpoint::Chat {
            kind, interactive, ..
        } = room
        else {
            return Rendered::Undeliverable("the endpoint does not fit its channel".into());
        };
        let url = token.as_deref().map(|token| self.confirm_url(token));
        let ask = match (&content.confirmed, &token, &url) {
            (Some(confirmed), _, _) => Ask::ConfirmedBy(&confirmed.by),
            (None, Some(token), _) if *interactive => Ask::Button(token),
            (None, _, Some(url)) => Ask::Link(url),
            (None, _, None) => Ask::Nothing,
        };
        Rendered::Chat(chat_body(*kind, content, message, variant, ask))
    }

    /// A call has one reader, whose link to acknowledge it is made when it is rendered: every attempt brings the same.
    fn with_own_link(&self, delivery: &Claimed, source: &Source) -> Content {
        let content = forwarded(&source.content, delivery, source);
        if source.audience == SUBSCRIPTIONS {
            return self.with_proof(content, delivery.endpoint.channel());
        }
        // Who only hears that something waits, without being the one who must agree, goes to the console.
        if let (APPROVERS, APPROVAL_NEEDED, Endpoint::Email { address }) = (
            source.audience.as_str(),
            content.milestone.as_str(),
            &delivery.endpoint,
        ) {
            let text = format!("{} {address}", content.event);
            let token = self.key.seal(APPROVAL_LINK, &text);
            return Content {
                ack_url: Some(self.hook(&format!("/approve/{token}"))),
                ..content
            };
        }
        if !is_call_to_speak(source) {
            return content;
        }
        let token = self
            .key
            .acknowledgement_token(&delivery.notice, &delivery.endpoint_id);
        let base = self.identity.public_url.trim_end_matches('/');
        Content {
            ack_url: Some(format!("{base}/ack/{token}")),
            ..content
        }
    }

    /// A message about a subscription is stored without what only we can make: the end of a mail's link, a text message's code.
    fn with_proof(&self, content: Content, channel: Channel) -> Content {
        let (url, code) = match channel == Channel::Sms {
            true => (self.hook(CODE_PATH), self.key.code_of_link(&content.url)),
            false => (self.key.complete_link(&content.url), None),
        };
        Content {
            url,
            code,
            ..content
        }
    }

    fn parcel(&self, delivery: &Claimed, source: &Source, rendered: &Rendered) -> Parcel {
        let bundled = delivery.bundle.as_deref();
        let bundled = bundled.map(|bundle| (delivery.endpoint_id.as_str(), bundle));
        match (rendered, &delivery.endpoint) {
            (Rendered::Mail(parts), Endpoint::Email { address }) => {
                let audience = match built_in_name(&source.audience) {
                    Some(_) => "*",
                    None => source.audience.as_str(),
                };
                let token = self.key.unsubscribe_token(&delivery.endpoint_id, audience);
                let url = format!(
                    "{}/u/{token}",
                    self.identity.public_url.trim_end_matches('/')
                );
                let id = message_id(
                    &message_key(&delivery.id, bundled),
                    &self.installation,
                    self.identity.from.domain(),
                );
                let recipient = Recipient::new(address, delivery.name.as_deref(), &id, &url);
                match recipient {
                    Ok(recipient) => Parcel::Mail(Mail {
                        envelope_from: match &self.identity.bounces {
                            Some(bounces) => self.key.return_path(&delivery.id, bounces),
                            None => self.identity.from.as_str().to_owned(),
                        },
                        to: address.as_str().to_owned(),
                        // Dated by the notice, not the attempt: every attempt sends the same bytes.
                        data: parts.for_recipient(&recipient, source.content.at),
                    }),
                    Err(problem) => Parcel::Undeliverable(problem.to_string()),
                }
            }
            (Rendered::Hook(body), Endpoint::Webhook { url, secret, .. }) => Parcel::Hook(Hook {
                id: webhook_id(&delivery.id, &self.installation),
                url: url.as_str().to_owned(),
                secrets: vec![match secret {
                    Some(secret) => secret.reveal().to_owned(),
                    None => self.key.webhook_secret(&delivery.endpoint_id),
                }],
                body: body.clone(),
            }),
            (
                Rendered::Chat(body),
                Endpoint::Chat {
                    kind, url, secret, ..
                },
            ) => Parcel::Chat(Post {
                id: webhook_id(&message_key(&delivery.id, bundled), &self.installation),
                kind: *kind,
                url: match &source.content.confirmed {
                    Some(confirmed) => confirmed.answer_url.as_str().to_owned(),
                    None => url.as_str().to_owned(),
                },
                secret: secret.clone(),
                body: body.clone(),
            }),
            (Rendered::Text(text), Endpoint::Sms { .. }) => {
                Parcel::Ring(self.ring(delivery, Says::Text(text.clone())))
            }
            (Rendered::Spoken(text, language), Endpoint::Voice { .. }) => {
                let of = unconfirmed(&source.audience).unwrap_or(&delivery.notice);
                let token = self.key.acknowledgement_token(of, &delivery.endpoint_id);
                let confirm = self.hook(&format!("/hooks/twilio/confirm/{token}"));
                let document = match is_call_to_speak(source) {
                    true => call_to_speak(text, language, &confirm),
                    false => call_document(text, language, &confirm),
                };
                Parcel::Ring(self.ring(delivery, Says::Call(document)))
            }
            (Rendered::Push(body), Endpoint::Push { url, keys }) => Parcel::Push(Push {
                url: url.as_str().to_owned(),
                keys: keys.clone(),
                body: body.clone(),
                topic: push_topic(source.content.event.as_str(), &self.installation),
                urgency: match source.content.event_kind.as_str() {
                    "incident" => Urgency::High,
                    _ => Urgency::Normal,
                },
                expires: delivery.expires,
            }),
            (Rendered::Undeliverable(reason), _) => Parcel::Undeliverable(reason.clone()),
            _ => Parcel::Undeliverable("the endpoint does not fit its channel".into()),
        }
    }
    fn ring(&self, delivery: &Claimed, says: Says) -> Ring {
        let token = self.key.seal(RECEIPTS, &delivery.id);
        Ring {
            to: delivery.endpoint.address().to_owned(),
            says,
            receipts_url: self.hook(&format!("/hooks/twilio/receipts/{token}")),
            expires: delivery.expires,
            earlier: delivery.earlier,
            others: Vec::new(),
        }
    }

    fn hook(&self, path: &str) -> String {
        let base = self.identity.public_url.trim_end_matches('/');
        format!("{base}{path}")
    }

    /// What an earlier attempt may have left with the provider is told apart from what it took for others.
    async fn known(&self, parcel: Parcel, message: &[Claimed]) -> Result<Parcel> {
        let (Parcel::Ring(ring), [delivery, ..]) = (&parcel, message) else {
            return Ok(parcel);
        };
        if ring.earlier.is_none() {
            return Ok(parcel);
        }
        let told: Vec<&str> = message.iter().map(|d| d.id.as_str()).collect();
        let others = self
            .store
            .taken_for_others(&delivery.endpoint_id, &told)
            .await?;
        Ok(Parcel::Ring(Ring {
            others,
            ..ring.clone()
        }))
    }
}
