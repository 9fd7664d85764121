//! The form by which people subscribe by themselves, new or to change what they chose.

use super::texts::Texts;
use super::view::{Speech, View, in_language, language_of};
use super::{Page, Snapshot, assets};
use askama::Template;
use forewarn_core::audience::{Audience, Scope};
use forewarn_core::contact::Channel;
use forewarn_core::organisation::{Organisation, SelfServiceSms};
use forewarn_core::service::Service;
use forewarn_core::subscription::{Choices, KINDS};

/// Where the form stands, and where it is sent.
pub const PATH: &str = "/subscribe";

/// What shows messages in browsers. It stands at the root, for it speaks for the whole page.
pub const WORKER: &str = "/push-worker.js";
const WORKER_TEXT: &str = include_str!("../../assets/push-worker.js");

/// Services that people may subscribe to: those that audiences open to self-service use. Empty when none is open.
pub fn open_services<'a>(services: &'a [Service], audiences: &[Audience]) -> Vec<&'a Service> {
    let open = || audiences.iter().filter(|a| a.self_service);
    services
        .iter()
        .filter(|s| s.public && open().any(|a| a.services == Scope::All || a.uses(&s.id)))
        .collect()
}

/// Services whose news people may have sent to their telephones, where the organisation asks for numbers at all: those that open
/// audiences with text messages use.
pub fn open_to_phones<'a>(
    organisation: &Organisation,
    services: &'a [Service],
    audiences: &[Audience],
) -> Option<Vec<&'a Service>> {
    organisation.sms.as_ref()?;
    open_by(Channel::Sms, services, audiences)
}

/// Services whose news browsers can show: those that open audiences with push messages use.
pub fn open_to_browsers<'a>(
    services: &'a [Service],
    audiences: &[Audience],
) -> Option<Vec<&'a Service>> {
    open_by(Channel::Push, services, audiences)
}

fn open_by<'a>(
    channel: Channel,
    services: &'a [Service],
    audiences: &[Audience],
) -> Option<Vec<&'a Service>> {
    let by_it = audiences
        .iter()
        .filter(|a| a.channels.iter().any(|c| c.channel == channel));
    let by_it: Vec<Audience> = by_it.cloned().collect();
    let open = open_services(services, &by_it);
    (!open.is_empty()).then_some(open)
}

/// What is said beside the field for a number, with whose telephones may be subscribed. With more of them nobody reads the list.
fn phone_hint(sms: &SelfServiceSms, texts: &Texts) -> String {
    let said = &texts.subscribe;
    let names: Vec<&str> = sms.countries.iter().map(|c| c.name()).collect();
    let countries = match names.len() {
        0..=6 => said.countries.replace("{}", &names.join(texts.comma)),
        _ => said.not_every_country.to_owned(),
    };
    said.phone_hint.replace("{countries}", &countries)
}

/// Something that can be chosen.
#[derive(Clone, Debug)]
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "public/subscription.html")]
pub struct SubscriptionForm {
    speech: Speech,
    organisation: String,
    zone: String,
    title: &'static str,
    words: String,
    problems: Vec<String>,
    action: String,
    /// Where this subscriber's own page is; none yet for a new one.
    link: String,
    email: String,
    sms: String,
    /// What is said beside the field for a telephone number; there is none without it.
    phones: Option<String>,
    /// The browser itself can be asked to show notices.
    push: bool,
    kinds: Vec<Choice>,
    services: Vec<Choice>,
    time_zone: String,
}

/// What the form knows of the place where it stands.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The language of whoever reads it.
    pub speech: Speech,
    /// The organisation's name.
    pub organisation: &'a str,
    /// Its zone.
    pub zone: &'a str,
    /// Services that can be chosen.
    pub services: &'a [&'a Service],
    /// Where telephones can be subscribed, to whom.
    pub phones: Option<&'a SelfServiceSms>,
    /// Browsers can be asked to show notices.
    pub push: bool,
}

impl SubscriptionForm {
    fn of(place: &Place<'_>, choices: &Choices) -> SubscriptionForm {
        let kind = |value: &str, name: &str| Choice {
            value: value.to_owned(),
            name: name.to_owned(),
            chosen: choices.kinds.iter().any(|k| k == value),
        };
        let service = |service: &&Service| Choice {
            value: service.id.to_string(),
            name: service.name.clone(),
            chosen: choices.services.contains(&service.id),
        };
        let zone = choices.time_zone.as_ref().map(|zone| zone.name());
        let texts = place.speech.texts;
        let said = &texts.subscribe;
        let words = match place.phones {
            Some(_) => said.by_both,
            None => said.by_mail,
        };
        let kinds = KINDS.into_iter().zip(said.kind_names);
        SubscriptionForm {
            speech: place.speech,
            organisation: place.organisation.to_owned(),
            zone: place.zone.to_owned(),
            title: said.title,
            words: words.to_owned(),
            problems: Vec::new(),
            action: PATH.to_owned(),
            link: String::new(),
            email: String::new(),
            sms: String::new(),
            phones: place.phones.map(|sms| phone_hint(sms, texts)),
            push: place.push,
            kinds: kinds.map(|(value, name)| kind(value, name)).collect(),
            services: place.services.iter().map(service).collect(),
            time_zone: zone.unwrap_or_default().to_owned(),
        }
    }

    fn zone_hint(&self) -> String {
        let hint = self.speech.texts.subscribe.zone_hint;
        let hint = hint.replace("{zone}", &self.zone);
        // The name goes in last: nothing in it is taken for a gap.
        hint.replace("{organisation}", &self.organisation)
    }

    /// What the script says that asks this browser.
    fn device_words(&self) -> String {
        let texts = &self.speech.texts.subscribe;
        let (said, failed) = (&texts.device, [texts.failed, texts.failed_words].join(". "));
        let all = [
            said.on,
            said.keep,
            said.refused,
            said.begun,
            said.ended,
            &failed,
        ];
        all.join("|")
    }

    fn ended_at(&self) -> String {
        self.speech.answered(&format!("{}/end", self.link))
    }

    /// This page in every language.
    fn languages(&self) -> impl Iterator<Item = (&'static Texts, String)> {
        let all = Texts::all().iter();
        all.map(|texts| (*texts, in_language(texts, PATH)))
    }

    /// For somebody new.
    pub fn new(place: &Place<'_>) -> SubscriptionForm {
        SubscriptionForm::of(place, &Choices::default())
    }

    /// For somebody who is subscribed, at `link`.
    pub fn manage(
        place: &Place<'_>,
        link: &str,
        choices: &Choices,
        title: &'static str,
        words: String,
    ) -> SubscriptionForm {
        SubscriptionForm {
            title,
            words,
            action: format!("{link}/save"),
            link: link.to_owned(),
            ..SubscriptionForm::of(place, choices)
        }
    }

    /// The same once more, with what was typed and all that is wrong with it.
    pub fn refused(self, typed: &Typed, problems: Vec<String>) -> SubscriptionForm {
        let chosen = |all: Vec<Choice>, typed: &[String]| -> Vec<Choice> {
            let as_typed = |choice: Choice| Choice {
                chosen: typed.contains(&choice.value),
                ..choice
            };
            all.into_iter().map(as_typed).collect()
        };
        SubscriptionForm {
            problems,
            email: typed.email.clone(),
            sms: typed.sms.clone(),
            kinds: chosen(self.kinds, &typed.kinds),
            services: chosen(self.services, &typed.services),
            time_zone: typed.time_zone.clone(),
            ..self
        }
    }

    fn is_new(&self) -> bool {
        self.link.is_empty()
    }

    /// The page.
    pub fn html(&self) -> String {
        // Rendering writes into a string and every value is at hand: it cannot fail.
        self.render().unwrap_or_default()
    }
}

/// The form's fields as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The mail address.
    pub email: String,
    /// The telephone number.
    pub sms: String,
    /// Services.
    pub services: Vec<String>,
    /// Kinds of event.
    pub kinds: Vec<String>,
    /// The zone.
    pub time_zone: String,
}

/// The page for somebody new in each language, where subscribing is open.
pub(super) fn pages(snapshot: &Snapshot, views: &[View<'_>]) -> Vec<(String, Page)> {
    let worker = Page::new("text/javascript; charset=utf-8", WORKER_TEXT);
    let worker = snapshot.push.then(|| (WORKER.to_owned(), worker));
    views.iter().filter_map(page).chain(worker).collect()
}

fn page(view: &View<'_>) -> Option<(String, Page)> {
    let open = view.services.iter();
    let open: Vec<&Service> = open.filter(|s| view.open_to.contains(&s.id)).collect();
    if open.is_empty() {
        return None;
    }
    let place = Place {
        speech: view.speech(),
        organisation: &view.organisation.name,
        zone: view.organisation.time_zone.name(),
        services: &open,
        phones: view.organisation.sms.as_ref().filter(|_| view.phones),
        push: view.push,
    };
    let form = SubscriptionForm::new(&place);
    let page = Page::new("text/html; charset=utf-8", form.html());
    Some((view.at(PATH), page))
}

/// Whether a path is that of the form, in whichever language.
pub fn is_form(path: &str) -> bool {
    language_of(path).map_or(path, |(_, path)| path) == PATH
}

/// The form on which the code from a text message is typed.
#[derive(Clone, Debug, Template)]
#[template(path = "public/code.html")]
pub struct CodeForm {
    /// The language of whoever reads it.
    pub speech: Speech,
    /// The organisation's name.
    pub organisation: String,
    /// What happened, or what to do.
    pub words: String,
    /// What is wrong.
    pub problem: Option<String>,
    /// The number, as it was typed.
    pub sms: String,
}

impl CodeForm {
    /// The page.
    pub fn html(&self) -> String {
        // Rendering writes into a string and every value is at hand: it cannot fail.
        self.render().unwrap_or_default()
    }
}
