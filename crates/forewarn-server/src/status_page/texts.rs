//! The words of the public pages, language by language: one file of texts each, from the overall sentence to the answers of the
//! subscription form. Dates, lists and the forms of numbers are those of the messages ([`Words`]).
//!
//! In a text, `{name}` is filled in. Texts are built so that nothing has to agree with a name, and hold no sign that HTML would read.

use super::state::ServiceState;
use forewarn_core::advisory::Status as AdvisoryStatus;
use forewarn_core::announcement::Status as AnnouncementStatus;
use forewarn_core::change_ahead::ChangeKind;
use forewarn_core::incident::Status as IncidentStatus;
use forewarn_core::maintenance::Status;
use forewarn_core::period::{Period, Precision};
use forewarn_core::words::{Forms, LANGUAGES, Words, is_right_to_left, primary};
use jiff::SignedDuration;

mod ar;
mod de;
mod en;
mod es;
mod fr;

/// Everything that the public pages say in one language.
#[derive(Debug)]
pub struct Texts {
    /// Its tag.
    pub code: &'static str,
    /// Its own name for itself.
    pub name: &'static str,
    /// Between names in a line.
    pub comma: &'static str,
    /// Around every page.
    pub(crate) frame: Frame,
    /// What services are called by how they are, from working to down.
    pub(crate) states: [&'static str; 5],
    /// Of a service that stands on something that is not well.
    pub(crate) may_be_affected: &'static str,
    /// Everything in one sentence.
    pub(crate) overall: Overall,
    /// The first page.
    pub(crate) home: Home,
    /// An event's page, and what is said of it elsewhere.
    pub(crate) event: EventTexts,
    /// What happened.
    pub(crate) past: Past,
    /// What is ahead.
    pub(crate) ahead: Ahead,
    /// Lengths of time.
    pub(crate) units: Units,
    /// What the page's script says.
    pub(crate) script: Script,
    /// The banner on other people's pages.
    pub(crate) banner: Banner,
    /// Names of messages: milestones and statuses.
    pub(crate) milestones: &'static [(&'static str, &'static str)],
    /// Subscribing, and what is answered there.
    pub(crate) subscribe: Subscribing,
    /// Pages that not everybody may read, and the way in.
    pub(crate) private: Private,
    /// Pages with a few words, behind links in messages.
    pub(crate) links: Links,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Stands after the organisation's name.
    pub status: &'static str,
    pub skip: &'static str,
    pub pages: &'static str,
    pub now: &'static str,
    pub history: &'static str,
    pub calendar: &'static str,
    pub feed: &'static str,
    pub subscribe: &'static str,
    /// Heads the choice of languages.
    pub language: &'static str,
    /// `{at}`
    pub as_of: &'static str,
    /// `{zone}`
    pub times_of: &'static str,
    pub programs: &'static str,
    pub kept: &'static str,
    pub messages: &'static str,
    pub planned: &'static str,
    pub json: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Overall {
    pub none: &'static str,
    pub all: &'static str,
    pub report: &'static str,
    /// From maintenance to down, each of one service and of several: `{who}`.
    pub some: [[&'static str; 2]; 4],
    pub services: Forms,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    pub services: &'static str,
    pub no_services: &'static str,
    pub days_ago: &'static str,
    pub today: &'static str,
    pub no_incidents: &'static str,
    /// `{}` days with incidents.
    pub incidents: Forms,
    pub faults: &'static str,
    pub announced: &'static str,
    pub planned: &'static str,
    pub no_work: &'static str,
    pub under_way: &'static str,
    pub all_ahead: &'static str,
    /// `{}` more.
    pub more_ahead: Forms,
    pub last_days: &'static str,
    pub nothing: &'static str,
    pub all_history: &'static str,
    pub questions: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct EventTexts {
    pub next_by: &'static str,
    pub promised_by: &'static str,
    pub late: &'static str,
    /// `{at}`
    pub said: &'static str,
    pub all_messages: &'static str,
    /// `{window}`, `{lasts}`
    pub lasts: &'static str,
    pub clocks_change: &'static str,
    pub add: &'static str,
    pub back: &'static str,
    pub window: &'static str,
    pub services: &'static str,
    pub notice: &'static str,
    pub why: &'static str,
    pub todo: &'static str,
    pub meanwhile: &'static str,
    pub ask: &'static str,
    pub changes: &'static str,
    pub helps: &'static str,
    pub began: &'static str,
    pub made_known: &'static str,
    pub takes_effect: &'static str,
    pub took_effect: &'static str,
    pub part_of: &'static str,
    pub goes_on_in: &'static str,
    pub has_part: &'static str,
    pub messages: &'static str,
    pub nothing_said: &'static str,
    pub no_notices: &'static str,
    pub alert: &'static str,
    /// Investigating, identified, monitoring, resolved, explained.
    pub incident: [&'static str; 5],
    /// Open, fixed, withdrawn.
    pub advisory: [&'static str; 3],
    /// Awaiting approval, scheduled, in progress, completed, cancelled.
    pub maintenance: [&'static str; 5],
    /// Scheduled, effective, cancelled.
    pub announcement: [&'static str; 3],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub title: &'static str,
    pub nothing: &'static str,
    /// `{lasts}`
    pub resolved_after: &'static str,
    /// `{outcome}`
    pub fault: &'static str,
    /// `{outcome}`, `{lasts}`
    pub fault_after: &'static str,
    /// `{outcome}`
    pub change: &'static str,
    /// `{outcome}`
    pub work: &'static str,
    /// `{lasts}`
    pub work_after: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    pub title: &'static str,
    pub intro: &'static str,
    pub these_dates: &'static str,
    pub or_one: &'static str,
    pub of_one: &'static str,
    pub nothing: &'static str,
    pub rough: &'static str,
    pub more: &'static str,
    /// Release, maintenance, migration, end of life.
    pub kinds: [&'static str; 4],
    /// `{day}`
    pub week: &'static str,
    /// `{year}`, `{from}`, `{to}`
    pub quarters: [&'static str; 4],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    pub minute: Forms,
    pub hour: Forms,
    pub day: Forms,
    pub moment: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// `{}`
    pub ahead: &'static str,
    /// `{}`
    pub ago: &'static str,
    /// `{}`
    pub old: &'static str,
    /// Between two times.
    pub to: &'static str,
    /// `{}`
    pub own: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Banner {
    pub next: &'static str,
    pub more: &'static str,
    pub more_about: &'static str,
    pub put_away: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscribing {
    pub title: &'static str,
    pub by_mail: &'static str,
    pub by_both: &'static str,
    pub email: &'static str,
    pub or_phone: &'static str,
    pub phone: &'static str,
    /// `{countries}`
    pub phone_hint: &'static str,
    /// `{}`
    pub countries: &'static str,
    pub not_every_country: &'static str,
    pub kinds: &'static str,
    pub all_kinds: &'static str,
    /// Planned work, problems, known faults, changes.
    pub kind_names: [&'static str; 4],
    pub services: &'static str,
    pub all_services: &'static str,
    pub zone: &'static str,
    /// `{organisation}`, `{zone}`
    pub zone_hint: &'static str,
    pub subscribe: &'static str,
    /// On a button that was pressed.
    pub busy: &'static str,
    pub keep: &'static str,
    pub mail_first: &'static str,
    pub both_first: &'static str,
    pub export: &'static str,
    pub end: &'static str,
    pub to_page: &'static str,
    pub device: Device,
    pub code: Code,
    pub mailbox: &'static str,
    /// `{address}`
    pub mail_sent: &'static str,
    /// `{address}`
    pub text_sent: &'static str,
    pub confirm_title: &'static str,
    /// `{address}`
    pub confirm_words: &'static str,
    pub confirm: &'static str,
    pub yours: &'static str,
    /// `{address}`
    pub hears: &'static str,
    pub kept: &'static str,
    /// `{address}`
    pub hears_now: &'static str,
    pub unchanged: &'static str,
    pub ended: &'static str,
    pub ended_words: &'static str,
    pub wrong: Wrong,
    pub dead: &'static str,
    pub dead_words: &'static str,
    pub closed: &'static str,
    pub closed_words: &'static str,
    pub too_often: &'static str,
    pub too_often_words: &'static str,
    pub failed: &'static str,
    pub failed_words: &'static str,
}

/// Showing notices on this device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub title: &'static str,
    pub words: &'static str,
    pub on: &'static str,
    pub keep: &'static str,
    pub off: &'static str,
    pub refused: &'static str,
    pub begun: &'static str,
    pub ended: &'static str,
}

/// What is wrong with a field, and what to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong {
    pub email: &'static str,
    pub phone: &'static str,
    pub neither: &'static str,
    pub both: &'static str,
    pub no_phones: &'static str,
    /// `{example}`
    pub zone: &'static str,
    pub kinds: &'static str,
    pub services: &'static str,
}

/// Typing the code from a text message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub title: &'static str,
    pub words: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub another: &'static str,
    pub wrong: &'static str,
}

/// Private pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Private {
    /// `{audience}`
    pub only_for: &'static str,
    pub title: &'static str,
    pub words: &'static str,
    pub send: &'static str,
    /// `{address}`
    pub sent: &'static str,
    pub staff: &'static str,
    pub open: [&'static str; 3],
    pub dead_words: &'static str,
    pub again: &'static str,
    pub own: &'static str,
    pub other: &'static str,
    pub sign_out: &'static str,
    pub to_public: &'static str,
}

/// Pages with a few words: title, words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    pub nothing_here: [&'static str; 2],
    pub does_not_work: [&'static str; 2],
    pub unsubscribe: [&'static str; 2],
    pub unsubscribed: [&'static str; 2],
    pub not_unsubscribed: [&'static str; 2],
    pub read_it: [&'static str; 2],
    pub i_read_it: &'static str,
    pub noted: [&'static str; 2],
}

/// The languages that the pages come in, the first where nothing better is known.
static ALL: [&Texts; 5] = [&en::TEXTS, &de::TEXTS, &fr::TEXTS, &es::TEXTS, &ar::TEXTS];

impl Texts {
    /// Every language of the pages.
    pub fn all() -> &'static [&'static Texts] {
        &ALL
    }

    /// English, which feeds and programs get.
    pub fn english() -> &'static Texts {
        &en::TEXTS
    }

    /// The texts of a language, or of that without its country; nothing where the pages do not come in it.
    pub fn find(language: &str) -> Option<&'static Texts> {
        let wanted = primary(language);
        let is_it = |texts: &&&Texts| texts.code.eq_ignore_ascii_case(wanted);
        ALL.iter().find(is_it).copied()
    }

    /// The texts of a language; English ones where the pages do not come in it.
    pub fn of(language: &str) -> &'static Texts {
        Texts::find(language).unwrap_or(Texts::english())
    }

    /// Dates, lists and plurals.
    pub fn words(&self) -> &'static Words {
        debug_assert!(LANGUAGES.contains(&self.code));
        Words::of(self.code)
    }

    /// Which way it is written, for `dir`.
    pub fn direction(&self) -> &'static str {
        match is_right_to_left(self.code) {
            true => "rtl",
            false => "ltr",
        }
    }

    /// How a service is.
    pub fn state(&self, state: ServiceState) -> &'static str {
        self.states[match state {
            ServiceState::Operational => 0,
            ServiceState::UnderMaintenance => 1,
            ServiceState::Degraded => 2,
            ServiceState::PartialOutage => 3,
            ServiceState::MajorOutage => 4,
        }]
    }

    /// A length of time in the two largest units: `4 h`, `2 h 30 min`, `3 days`.
    pub fn lasts(&self, duration: SignedDuration) -> String {
        let minutes = (duration.as_secs().unsigned_abs() + 30) / 60;
        let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
        let (words, units) = (self.words(), &self.units);
        let parts = match (days, hours) {
            (2.., _) => {
                let left = if days > 9 { 0 } else { minutes % 1440 / 60 };
                [(days, &units.day), (left, &units.hour)]
            }
            _ => [(hours, &units.hour), (rest, &units.minute)],
        };
        let parts = parts.into_iter().filter(|(n, _)| *n > 0);
        let said: Vec<String> = parts.map(|(n, unit)| words.counted(n, unit)).collect();
        match said.is_empty() {
            true => units.moment.to_owned(),
            false => said.join(self.between_units()),
        }
    }

    fn between_units(&self) -> &'static str {
        match is_right_to_left(self.code) {
            true => " و",
            false => " ",
        }
    }

    /// What an incident's status says.
    pub(crate) fn incident(&self, status: IncidentStatus) -> &'static str {
        self.event.incident[match status {
            IncidentStatus::Investigating => 0,
            IncidentStatus::Identified => 1,
            IncidentStatus::Monitoring => 2,
            IncidentStatus::Resolved => 3,
            IncidentStatus::Postmortem => 4,
        }]
    }

    /// What an advisory's status says.
    pub(crate) fn advisory(&self, status: AdvisoryStatus) -> &'static str {
        self.event.advisory[match status {
            AdvisoryStatus::Open => 0,
            AdvisoryStatus::Fixed => 1,
            AdvisoryStatus::Withdrawn => 2,
        }]
    }

    /// What a maintenance's status says.
    pub(crate) fn maintenance(&self, status: Status) -> &'static str {
        self.event.maintenance[match status {
            Status::AwaitingApproval => 0,
            Status::Scheduled => 1,
            Status::InProgress => 2,
            Status::Completed => 3,
            Status::Cancelled => 4,
        }]
    }

    /// What an announcement's status says.
    pub(crate) fn announcement(&self, status: AnnouncementStatus) -> &'static str {
        self.event.announcement[match status {
            AnnouncementStatus::Scheduled => 0,
            AnnouncementStatus::Effective => 1,
            AnnouncementStatus::Cancelled => 2,
        }]
    }

    /// What a kind of change is called.
    pub(crate) fn change(&self, kind: ChangeKind) -> &'static str {
        self.ahead.kinds[match kind {
            ChangeKind::Release => 0,
            ChangeKind::Maintenance => 1,
            ChangeKind::Migration => 2,
            ChangeKind::EndOfLife => 3,
        }]
    }

    /// A rough date, as it begins a line.
    pub(crate) fn period(&self, period: &Period) -> String {
        let (words, first) = (self.words(), period.first());
        let said = match period.precision() {
            Precision::Day => words.day(first),
            Precision::Week => self.ahead.week.replace("{day}", &words.plain_day(first)),
            Precision::Month => words.month(first),
            Precision::Year => first.year().to_string(),
            Precision::Quarter => {
                let nth = usize::try_from((first.month() - 1) / 3).unwrap_or(0);
                self.ahead.quarters[nth.min(3)]
                    .replace("{year}", &first.year().to_string())
                    .replace("{from}", &words.month_name(first))
                    .replace("{to}", &words.month_name(period.last()))
            }
        };
        capital(&said)
    }

    /// A message's name: its milestone or status.
    pub(crate) fn milestone(&self, name: &str) -> String {
        let known = self.milestones.iter().find(|(known, _)| *known == name);
        known.map_or_else(
            || super::milestone_words(name),
            |(_, said)| (*said).to_owned(),
        )
    }

    /// Ninety days in words: on how many there were incidents.
    pub(crate) fn days_with_incidents(&self, days: usize) -> String {
        match u64::try_from(days) {
            Ok(0) | Err(_) => self.home.no_incidents.to_owned(),
            Ok(days) => self.words().counted(days, &self.home.incidents),
        }
    }
}

/// Words as they begin a sentence.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// The same inside one.
pub(crate) fn uncapital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests;
