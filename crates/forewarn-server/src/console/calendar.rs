//! The calendar: what is planned, announced, agreed for work or kept free of it, by month, by week, or as a list of days.
//!
//! On a telephone every view is a list of the days that hold something: the style sheet says so, so that no script is needed.

use super::Frame;
use super::layout::text;
use crate::status_page::when;
use askama::Template;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// Entries of one day that a month shows; the rest is a click away.
const FIT: usize = 4;
/// Days of the agenda.
const AHEAD: i32 = 42;

/// How the calendar is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarView {
    /// Weeks of a month, under each other.
    Month,
    /// Seven days beside each other.
    Week,
    /// The days that hold something.
    Agenda,
}

impl CalendarView {
    const ALL: [CalendarView; 3] = [
        CalendarView::Month,
        CalendarView::Week,
        CalendarView::Agenda,
    ];

    /// Reads a view's name; the month where it is none.
    pub fn parse(text: &str) -> CalendarView {
        let found = Self::ALL.into_iter().find(|view| view.as_str() == text);
        found.unwrap_or(CalendarView::Month)
    }

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            CalendarView::Month => "month",
            CalendarView::Week => "week",
            CalendarView::Agenda => "agenda",
        }
    }

    fn name(self) -> &'static str {
        match self {
            CalendarView::Month => "Month",
            CalendarView::Week => "Week",
            CalendarView::Agenda => "Agenda",
        }
    }

    /// The first day that is shown around a day, and the first that is no longer.
    pub fn days(self, day: Date) -> (Date, Date) {
        let monday = |day: Date| day.saturating_sub(i64::from(since_monday(day)).days());
        match self {
            CalendarView::Month => {
                let last = monday(day.last_of_month());
                (monday(day.first_of_month()), last.saturating_add(1.week()))
            }
            CalendarView::Week => (monday(day), monday(day).saturating_add(1.week())),
            CalendarView::Agenda => (day, day.saturating_add(AHEAD.days())),
        }
    }
}

fn since_monday(day: Date) -> i8 {
    day.weekday().to_monday_zero_offset()
}

/// What stands in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarKind {
    /// Planned work.
    Work,
    /// A change at a moment.
    Announcement,
    /// A change of which only the day is known.
    Rough,
    /// A time that is agreed for work.
    Window,
    /// Days without planned work.
    Blackout,
}

/// An entry of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEntry {
    /// What it is.
    pub kind: CalendarKind,
    /// In one line.
    pub title: String,
    /// Where it stands.
    pub status: Option<String>,
    /// What it concerns.
    pub about: String,
    /// Its page, or the form that plans work in a window.
    pub link: Option<String>,
    /// Its first day on the organisation's clocks.
    pub first: Date,
    /// Its last day, the first again for most.
    pub last: Date,
    /// When it begins and ends; no times for whole days, no end for a moment.
    pub times: Option<(Timestamp, Option<Timestamp>)>,
    /// What stands in its way, in words.
    pub clashes: Vec<String>,
}

/// A change of which not even the day is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRough {
    /// In one line.
    pub title: String,
    /// When, as far as it is known.
    pub when: String,
    /// Its page.
    pub link: String,
}

/// The calendar.
#[derive(Template)]
#[template(path = "console/calendar.html")]
pub struct CalendarPage {
    /// The frame.
    pub frame: Frame,
    /// How it is laid out.
    pub view: CalendarView,
    /// The day around which it is.
    pub day: Date,
    /// What falls on the days that are shown, by its beginning.
    pub entries: Vec<CalendarEntry>,
    /// What may fall on them.
    pub rough: Vec<CalendarRough>,
    /// Whoever looks may plan.
    pub plans: bool,
}

/// A day as it is shown.
struct Day<'a> {
    date: Date,
    today: bool,
    /// It belongs to the month before or after.
    other: bool,
    shown: Vec<Shown<'a>>,
    more: usize,
    /// Where work on this day is planned.
    plan: Option<String>,
}

/// An entry on one of its days.
struct Shown<'a> {
    entry: &'a CalendarEntry,
    /// When on this day.
    time: String,
}

impl CalendarPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn today(&self) -> Date {
        self.frame.zone.at(self.frame.now).date()
    }

    /// The month, the week or the days in words.
    fn heading(&self) -> String {
        let (first, end) = self.view.days(self.day);
        match self.view {
            CalendarView::Month => self.day.strftime("%B %Y").to_string(),
            CalendarView::Week | CalendarView::Agenda => {
                let last = end.saturating_sub(1.day());
                format!("{} to {}", first.strftime("%-d %B"), when::day(last))
            }
        }
    }

    fn around(&self, view: CalendarView, day: Date) -> String {
        format!("/console/calendar?view={}&day={day}", view.as_str())
    }

    /// The views with their addresses, and whether each is shown.
    fn views(&self) -> [(&'static str, String, bool); 3] {
        CalendarView::ALL.map(|view| (view.name(), self.around(view, self.day), view == self.view))
    }

    fn before(&self) -> String {
        let day = match self.view {
            CalendarView::Month => self.day.first_of_month().saturating_sub(1.month()),
            CalendarView::Week => self.day.saturating_sub(1.week()),
            CalendarView::Agenda => self.day.saturating_sub(AHEAD.days()),
        };
        self.around(self.view, day)
    }

    fn after(&self) -> String {
        let day = match self.view {
            CalendarView::Month => self.day.first_of_month().saturating_add(1.month()),
            CalendarView::Week => self.day.saturating_add(1.week()),
            CalendarView::Agenda => self.day.saturating_add(AHEAD.days()),
        };
        self.around(self.view, day)
    }

    fn now(&self) -> String {
        self.around(self.view, self.today())
    }

    fn agenda(&self, date: &Date) -> String {
        self.around(CalendarView::Agenda, *date)
    }

    fn is_list(&self) -> bool {
        self.view == CalendarView::Agenda
    }

    fn in_full(&self) -> bool {
        self.view != CalendarView::Month
    }

    /// Every day, a week in each row.
    fn weeks(&self) -> Vec<Vec<Day<'_>>> {
        let (mut date, end) = self.view.days(self.day);
        let mut weeks = Vec::new();
        while date < end {
            let week = (0..7i32).map(|n| self.on(date.saturating_add(n.days())));
            weeks.push(week.collect());
            date = date.saturating_add(1.week());
        }
        weeks
    }

    /// The days that hold something.
    fn filled(&self) -> Vec<Day<'_>> {
        let weeks = self.weeks().into_iter().flatten();
        weeks.filter(|day| !day.shown.is_empty()).collect()
    }

    fn on(&self, date: Date) -> Day<'_> {
        let here = self.entries.iter();
        let here = here.filter(|entry| entry.first <= date && date <= entry.last);
        let mut shown: Vec<Shown<'_>> = here
            .map(|entry| Shown {
                time: self.time(entry, date),
                entry,
            })
            .collect();
        let fits = match self.view {
            CalendarView::Month if shown.len() > FIT => FIT - 1,
            _ => shown.len(),
        };
        let more = shown.len() - fits;
        shown.truncate(fits);
        Day {
            date,
            today: date == self.today(),
            other: self.view == CalendarView::Month && date.month() != self.day.month(),
            shown,
            more,
            plan: (self.plans && date >= self.today())
                .then(|| format!("/console/maintenances/new?start={date}T22:00")),
        }
    }

    /// When on this day an entry is: "22:00–02:00", "until 02:00", "all day".
    fn time(&self, entry: &CalendarEntry, date: Date) -> String {
        let Some((start, end)) = entry.times else {
            return "all day".into();
        };
        let clock = |at: Timestamp| self.frame.zone.at(at).strftime("%H:%M").to_string();
        match end {
            Some(end) if entry.first == date => format!("{}–{}", clock(start), clock(end)),
            Some(end) if entry.last == date => format!("until {}", clock(end)),
            Some(_) => "all day".into(),
            None => clock(start),
        }
    }

    fn clashes(&self) -> usize {
        let clash = |entry: &&CalendarEntry| !entry.clashes.is_empty();
        self.entries.iter().filter(clash).count()
    }
}

impl Day<'_> {
    /// "Monday"
    fn weekday(&self) -> String {
        self.date.strftime("%A").to_string()
    }

    fn number(&self) -> i8 {
        self.date.day()
    }

    fn month(&self) -> String {
        self.date.strftime("%B").to_string()
    }

    fn class(&self) -> String {
        let marks = [
            (self.today, "today"),
            (self.other, "other"),
            (self.shown.is_empty() && !self.today, "none"),
        ];
        let marks = marks.iter().filter(|(holds, _)| *holds);
        marks.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }
}

impl CalendarEntry {
    fn tone(&self) -> &'static str {
        match self.kind {
            _ if !self.clashes.is_empty() => "down",
            CalendarKind::Work => "work",
            CalendarKind::Announcement => "info",
            CalendarKind::Rough | CalendarKind::Window => "near",
            CalendarKind::Blackout => "part",
        }
    }

    fn icon(&self) -> &'static str {
        match self.kind {
            _ if !self.clashes.is_empty() => "down",
            CalendarKind::Work => "wrench",
            CalendarKind::Announcement => "bell",
            CalendarKind::Rough => "near",
            CalendarKind::Window => "clock",
            CalendarKind::Blackout => "part",
        }
    }

    /// What it is, for whoever sees neither its colour nor its picture.
    fn kind_words(&self) -> &'static str {
        match self.kind {
            CalendarKind::Work => "Planned work",
            CalendarKind::Announcement => "Announcement",
            CalendarKind::Rough => "Rough date",
            CalendarKind::Window => "Window, plan work in it",
            CalendarKind::Blackout => "No work is to be planned",
        }
    }
}
