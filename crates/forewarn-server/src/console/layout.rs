//! The frame around every console page.

use crate::status_page::assets;
use crate::status_page::icons::{self, Icon};
use crate::status_page::when::{self, TimeHtml};
use askama::Template;
use forewarn_core::incident::Impact;
use forewarn_core::message::MILESTONES;
use forewarn_core::time::{CivilTime, Zone};
use jiff::Timestamp;

/// What every console page has around its content.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// Which entry of the navigation is current.
    pub nav: Nav,
    /// The organisation's name.
    pub organisation: String,
    /// The organisation's zone, in which the console shows times.
    pub zone: Zone,
    /// The clock's time when the page was made; scripts count from it.
    pub now: Timestamp,
    /// Who is signed in; the navigation is left out when absent.
    pub user: Option<String>,
    /// Token that every form sends back.
    pub csrf: String,
    /// The demo's controls, in the demo.
    pub demo: Option<DemoBar>,
    /// What came of the last action.
    pub flash: Option<Flash>,
}

/// Entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// What is owed next.
    Now,
    /// Planned work.
    Maintenances,
    /// What falls on which day.
    Calendar,
    /// Incidents.
    Incidents,
    /// Known faults.
    Advisories,
    /// Changes at a moment.
    Announcements,
    /// Notices.
    Notices,
    /// Deliveries.
    Deliveries,
    /// Services.
    Services,
    /// Audiences and contacts.
    Audiences,
    /// How far ahead people hear.
    Policies,
    /// What is said in which words.
    Templates,
    /// Hooks.
    Hooks,
    /// The journal.
    Journal,
    /// With what this installation runs.
    Settings,
    /// The demo's caught messages.
    Caught,
    /// None of them.
    Elsewhere,
}

/// The demo's movable clock.
#[derive(Clone, Debug)]
pub struct DemoBar {
    /// When the next notice falls due or the story goes on, if so.
    pub next_notice: Option<Timestamp>,
    /// How many messages were caught.
    pub caught: u64,
}

/// What came of the last action, shown once.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Good news or not.
    pub kind: FlashKind,
    /// In one sentence.
    pub text: String,
}

/// The tone of a flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashKind {
    /// It was done.
    Done,
    /// It was done, and something needs a look.
    Warning,
    /// It was refused.
    Refused,
}

/// Something did not work.
#[derive(Template)]
#[template(path = "console/error.html")]
pub struct ErrorPage {
    /// The frame.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub what: String,
    /// What can be done about it.
    pub advice: String,
}

impl ErrorPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

/// An entry of the navigation as it is shown.
pub(super) struct Entry {
    pub nav: Nav,
    pub path: &'static str,
    pub name: &'static str,
    pub icon: &'static str,
    /// The key that goes there, after `g`.
    pub key: &'static str,
    /// A gap stands before it.
    pub gap: bool,
}

/// What stands in the navigation: its path, name and icon, the key that goes there after `g`, and whether a gap stands before it.
const ENTRIES: [(Nav, &str, &str, &str, &str, bool); 16] = [
    (Nav::Now, "/console", "Now", "now", "n", false),
    (
        Nav::Incidents,
        "/console/incidents",
        "Incidents",
        "siren",
        "i",
        true,
    ),
    (
        Nav::Advisories,
        "/console/advisories",
        "Known faults",
        "info",
        "f",
        false,
    ),
    (
        Nav::Maintenances,
        "/console/maintenances",
        "Planned work",
        "wrench",
        "m",
        false,
    ),
    (
        Nav::Announcements,
        "/console/announcements",
        "Announcements",
        "calendar",
        "a",
        false,
    ),
    (
        Nav::Calendar,
        "/console/calendar",
        "Calendar",
        "month",
        "c",
        false,
    ),
    (
        Nav::Notices,
        "/console/notices",
        "Notices",
        "bell",
        "o",
        true,
    ),
    (
        Nav::Deliveries,
        "/console/deliveries",
        "Deliveries",
        "send",
        "d",
        false,
    ),
    (
        Nav::Services,
        "/console/services",
        "Services",
        "stack",
        "s",
        true,
    ),
    (
        Nav::Audiences,
        "/console/audiences",
        "Audiences",
        "people",
        "u",
        false,
    ),
    (
        Nav::Policies,
        "/console/policies",
        "Policies",
        "policy",
        "p",
        false,
    ),
    (
        Nav::Templates,
        "/console/templates",
        "Templates",
        "mail",
        "t",
        false,
    ),
    (Nav::Hooks, "/console/hooks", "Hooks", "feed", "h", false),
    (
        Nav::Journal,
        "/console/journal",
        "Journal",
        "book",
        "j",
        true,
    ),
    (
        Nav::Settings,
        "/console/settings",
        "Settings",
        "gear",
        "e",
        false,
    ),
    (
        Nav::Caught,
        "/console/caught",
        "Caught messages",
        "tray",
        "k",
        true,
    ),
];

impl Frame {
    /// Entries of the navigation; the caught messages only in the demo.
    pub(super) fn entries(&self) -> Vec<Entry> {
        ENTRIES
            .into_iter()
            .filter(|entry| entry.0 != Nav::Caught || self.demo.is_some())
            .map(|(nav, path, name, icon, key, gap)| Entry {
                nav,
                path,
                name,
                icon,
                key,
                gap,
            })
            .collect()
    }

    /// An icon by its name.
    pub(super) fn icon(&self, name: &str) -> Icon {
        icons::icon(name)
    }

    /// A time in short, in the organisation's zone.
    pub(super) fn at(&self, at: &Timestamp) -> TimeHtml {
        when::short_html(*at, &self.zone, self.now)
    }

    /// A time in full, in the organisation's zone.
    pub(super) fn long(&self, at: &Timestamp) -> TimeHtml {
        when::long_html(*at, &self.zone)
    }

    /// "in 12 min", kept up to date by the script.
    pub(super) fn countdown(&self, until: &Timestamp) -> TimeHtml {
        when::countdown_from_html(*until, self.now)
    }

    /// The second of the day on the organisation's clocks: "17:24:10 PST".
    pub(super) fn seconds(&self, at: &Timestamp) -> String {
        self.zone.at(*at).strftime("%H:%M:%S %Z").to_string()
    }

    /// "in 12 min".
    pub(super) fn relative(&self, at: &Timestamp) -> String {
        when::relative(*at, self.now)
    }

    /// A count with its thousands set apart.
    pub(super) fn number(&self, count: impl std::fmt::Display) -> String {
        number(count)
    }

    /// What the programs' face says, for people: times become times of the organisation, and levels, milestones and impacts
    /// are named as on the pages.
    pub(super) fn readable(&self, said: impl AsRef<str>) -> String {
        let clocks = when::Clocks::english(&self.zone);
        let named = [&MILESTONES[..], &Impact::ALL.map(Impact::as_str)].concat();
        let word = |word: &str| {
            let bare = word.trim_end_matches([':', ';', ',', '.', ')']);
            let rest = &word[bare.len()..];
            match self.instant(bare) {
                Some(at) => format!("{}{rest}", clocks.short(at, self.now)),
                None if bare == "non_technical" => format!("non-technical{rest}"),
                None if bare == "semi_technical" => format!("semi-technical{rest}"),
                None if named.contains(&bare) => word.replace('_', " "),
                None => word.to_owned(),
            }
        };
        let words: Vec<String> = said.as_ref().split(' ').map(word).collect();
        words.join(" ")
    }

    /// A time as programs write it: an instant, or what the clocks of a zone show.
    fn instant(&self, word: &str) -> Option<Timestamp> {
        let begins = word.starts_with(|c: char| c.is_ascii_digit());
        let time = begins.then(|| CivilTime::parse(word, &self.zone).ok())?;
        time.map(|time| time.instant())
    }

    /// Who did something: a person by name, the program and what sends it alerts in words.
    pub(super) fn who(&self, actor: &str) -> String {
        match actor.strip_prefix("hook:") {
            Some(hook) => format!("hook {hook}"),
            None if actor == "engine" => "Forewarn itself".to_owned(),
            None => actor.to_owned(),
        }
    }

    /// A window in full.
    pub(super) fn window(&self, start: Timestamp, end: Timestamp) -> TimeHtml {
        when::window_html(start, end, &self.zone)
    }

    pub(super) fn style(&self) -> &'static str {
        assets::style()
    }

    pub(super) fn console_style(&self) -> &'static str {
        assets::console_style()
    }

    pub(super) fn console_script(&self) -> &'static str {
        assets::console_script()
    }

    pub(super) fn script(&self) -> &'static str {
        assets::script()
    }

    pub(super) fn mark(&self) -> &'static str {
        assets::mark()
    }
}

impl Flash {
    pub(super) fn tone(&self) -> &'static str {
        match self.kind {
            FlashKind::Done => "ok",
            FlashKind::Warning => "slow",
            FlashKind::Refused => "down",
        }
    }
}

/// A count with its thousands set apart: `12,640`.
pub(crate) fn number(count: impl std::fmt::Display) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The text of a template. Rendering writes values at hand into a string: it cannot fail.
pub(super) fn text(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
