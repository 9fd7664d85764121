//! The words of our own that stand in messages, language by language: dates, durations, lists, and what surrounds a text.
//!
//! Month and weekday names, date forms, lists, units and plurals are those of the Unicode CLDR; a test holds them to what ICU4X
//! makes of the CLDR's own data. Digits are Western in every language, so that clock times and offsets read the same everywhere.

use jiff::civil::Date;

mod ar;
mod de;
mod en;
mod es;
mod fr;

/// The languages that messages come in without anybody writing a template.
pub const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "ar"];

/// Stands around a run of left-to-right signs in right-to-left text.
pub const ISOLATE: [char; 2] = ['\u{2066}', '\u{2069}'];

/// Everything that is said in one language outside the templates. In a pattern, `{name}` is filled in.
#[derive(Debug)]
pub struct Words {
    /// How dates are written; ISO 8601 where nobody told us.
    pub(crate) dates: Option<Dates>,
    /// From one time to another on the same day: `{from}`, `{to}`.
    pub(crate) to_time: &'static str,
    /// From one time to another on a later day: `{from}`, `{to}`.
    pub(crate) to_day: &'static str,
    /// A window, and the same by the clocks of the organisation: `{window}`, `{home}`.
    pub(crate) that_is: &'static str,
    /// The clocks go back, or forward: `{place}`, `{by}`, `{day}`, `{lasts}`. Nothing where nobody told us.
    pub(crate) clocks: Option<Clocks>,
    /// Units of time.
    pub(crate) units: Units,
    /// Which form a number takes.
    pub(crate) plural: fn(u64) -> Plural,
    /// A duration of no length.
    pub(crate) no_time: &'static str,
    /// As soon as it is planned.
    pub(crate) at_once: &'static str,
    /// How the parts of a duration are joined.
    pub(crate) duration: Joined,
    /// How names are listed.
    pub(crate) list: List,
    /// A service and how many more: `{first}`, `{}`.
    pub(crate) and_more: Forms,
    /// The effect where none was written: `{service}`. Nothing where nobody told us.
    pub(crate) general_effect: Option<&'static str>,
    /// Statuses by their API name.
    pub(crate) statuses: &'static [(&'static str, &'static str)],
    /// A promise that the template forgot, as a template.
    pub(crate) next_update: &'static str,
    /// A broken promise that the template forgot, as a template.
    pub(crate) missed: &'static str,
    /// Longer words of subjects and the shorter ones that may stand for them.
    pub(crate) shorter: &'static [(&'static str, &'static str)],
    /// Heading and first line of the version to forward.
    pub(crate) forward: [&'static str; 2],
    /// Heading of what people ask; nothing where nobody told us.
    pub(crate) questions: &'static str,
    /// Title of a message that tells of several events: `{}`.
    pub(crate) changes: Forms,
    /// What surrounds the text of a mail.
    pub(crate) mail: Mail,
    /// That a mail can be answered, where nobody said where else to report trouble.
    pub(crate) answer: &'static str,
    /// Asks the reader of a mail to confirm it.
    pub confirm: &'static str,
    /// Above a mail that its reader has had before and has not confirmed.
    pub confirm_again: &'static str,
    /// Asks for it in a text message, before the link.
    pub confirm_short: &'static str,
    /// Asks the listener of a call to confirm it.
    pub(crate) press: &'static str,
    /// What stands in a chat message beside its text.
    pub(crate) chat: Chat,
    /// Asks whoever is called whether they speak for an incident.
    pub(crate) press_to_speak: &'static str,
    /// How many segments a text message may take when it holds letters that the basic alphabet lacks: less than half as many fit
    /// into one then.
    pub(crate) segments: usize,
}

/// How dates are written: `{weekday}`, `{day}`, `{month}`, `{year}`.
#[derive(Debug)]
pub(crate) struct Dates {
    /// From Monday.
    pub weekdays: [&'static str; 7],
    /// The same where room is short.
    pub short_weekdays: [&'static str; 7],
    /// In a date.
    pub months: [&'static str; 12],
    /// In a short date.
    pub short_months: [&'static str; 12],
    /// A whole date.
    pub whole: &'static str,
    /// A short date without its year.
    pub short: &'static str,
    /// A short date with its year.
    pub short_year: &'static str,
    /// A short date with its weekday and year.
    pub medium: &'static str,
    /// The same without the year.
    pub medium_without_year: &'static str,
    /// A date without its weekday.
    pub plain: &'static str,
    /// A month of a year.
    pub month_of_year: &'static str,
    /// The first of a month.
    pub first: &'static str,
    /// Between a date and a time.
    pub comma: &'static str,
}

/// What is said of a change of clocks inside a window.
#[derive(Debug)]
pub(crate) struct Clocks {
    pub back: &'static str,
    pub forward: &'static str,
    /// `{}` is the place.
    pub place: &'static str,
}

/// Units of time, each with its number: `{}`.
#[derive(Debug)]
pub(crate) struct Units {
    pub minute: Forms,
    pub hour: Forms,
    pub day: Forms,
    pub week: Forms,
    pub month: Forms,
    pub year: Forms,
    pub business_day: Forms,
}

/// How parts are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// By spaces.
    Spaced,
    /// As a list.
    Listed,
}

/// What stands between names.
#[derive(Debug)]
pub(crate) struct List {
    /// Between all but the last two.
    pub comma: &'static str,
    /// Before the last.
    pub and: &'static str,
    /// Before a last name that begins with the sound of "and" itself (Spanish).
    pub and_before_i: Option<&'static str>,
}

/// What surrounds the text of a mail. `{list}`, `{organisation}`.
#[derive(Debug)]
pub(crate) struct Mail {
    pub latest: &'static str,
    pub because_list: &'static str,
    pub because_list_of: &'static str,
    pub because_entered: &'static str,
    pub change_below: &'static str,
    pub change: &'static str,
    /// Around a name, in HTML.
    pub quotes: [&'static str; 2],
}

/// What stands in a chat message beside its text.
#[derive(Debug)]
pub(crate) struct Chat {
    /// The button by which its reader confirms it; at most 24 characters, which is all that a telephone shows.
    pub read_it: &'static str,
    /// In the place of the button: `{name}`.
    pub confirmed_by: &'static str,
    /// Leads to the whole text, where it was cut.
    pub whole: &'static str,
}

/// The CLDR's plural categories, without those that none of our languages has for whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plural {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

/// The forms of a phrase with a number in it: `{}`.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    pub(crate) one: &'static str,
    pub(crate) two: &'static str,
    pub(crate) few: &'static str,
    pub(crate) many: &'static str,
    pub(crate) other: &'static str,
}

impl Forms {
    /// A phrase of two forms: of one, and of any other number.
    pub const fn pair(one: &'static str, other: &'static str) -> Forms {
        Forms::all([one, other, other, other, other])
    }

    /// A phrase of five forms, in the order of the CLDR's categories: one, two, few, many, other.
    pub const fn all([one, two, few, many, other]: [&'static str; 5]) -> Forms {
        Forms {
            one,
            two,
            few,
            many,
            other,
        }
    }
}

impl Dates {
    /// A date in a form, with names from Monday and from January.
    pub(crate) fn filled(
        &self,
        form: &str,
        date: Date,
        (weekdays, months): (&[&str; 7], &[&str; 12]),
    ) -> String {
        let nth = |names: &[&str], n: i8| {
            let at = usize::try_from(n).unwrap_or(0);
            names.get(at).copied().unwrap_or_default().to_owned()
        };
        let day = match date.day() {
            1 => self.first.to_owned(),
            day => day.to_string(),
        };
        form.replace(
            "{weekday}",
            &nth(weekdays, date.weekday().to_monday_zero_offset()),
        )
        .replace("{day}", &day)
        .replace("{month}", &nth(months, date.month() - 1))
        .replace("{year}", &date.year().to_string())
    }
}

impl Words {
    /// The words of a language; of one that we do not speak, English ones with dates that need no words.
    pub fn of(language: &str) -> &'static Words {
        match primary(language) {
            "en" => &en::WORDS,
            "de" => &de::WORDS,
            "fr" => &fr::WORDS,
            "es" => &es::WORDS,
            "ar" => &ar::WORDS,
            _ => &en::WITHOUT_DATES,
        }
    }

    /// A phrase with its number.
    pub fn counted(&self, n: u64, forms: &Forms) -> String {
        let form = match (self.plural)(n) {
            Plural::One => forms.one,
            Plural::Two => forms.two,
            Plural::Few => forms.few,
            Plural::Many => forms.many,
            Plural::Zero | Plural::Other => forms.other,
        };
        form.replace("{}", &n.to_string())
    }

    /// Names as people list them: `A, B and C`.
    pub fn listed(&self, names: &[String]) -> String {
        match names {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => {
                let and = (self.list.and_before_i)
                    .filter(|_| begins_with_i(last))
                    .unwrap_or(self.list.and);
                format!("{}{and}{last}", first.join(self.list.comma))
            }
        }
    }

    /// A whole date: `Monday 30 November 2026`.
    pub fn day(&self, date: Date) -> String {
        self.dated(date, |dates| dates.whole)
    }

    /// A date without its weekday: `30 November 2026`.
    pub fn plain_day(&self, date: Date) -> String {
        self.dated(date, |dates| dates.plain)
    }

    /// A month: `November 2026`.
    pub fn month(&self, date: Date) -> String {
        self.dated(date, |dates| dates.month_of_year)
    }

    /// The month's name alone.
    pub fn month_name(&self, date: Date) -> String {
        self.dated(date, |_| "{month}")
    }

    fn dated(&self, date: Date, form: impl Fn(&Dates) -> &'static str) -> String {
        match &self.dates {
            Some(dates) => dates.filled(form(dates), date, (&dates.weekdays, &dates.months)),
            None => date.to_string(),
        }
    }

    /// A date where room is short: `Mon 30 Nov 2026`, or without its year.
    pub fn short_day(&self, date: Date, year: bool) -> String {
        let Some(dates) = &self.dates else {
            return date.to_string();
        };
        let form = match year {
            true => dates.medium,
            false => dates.medium_without_year,
        };
        dates.filled(form, date, (&dates.short_weekdays, &dates.short_months))
    }

    /// A short date without its weekday and year: `30 Nov`.
    pub fn day_and_month(&self, date: Date) -> String {
        match &self.dates {
            Some(dates) => dates.filled(
                dates.short,
                date,
                (&dates.short_weekdays, &dates.short_months),
            ),
            None => date.to_string(),
        }
    }

    /// What stands between a date and a time.
    pub fn before_time(&self) -> &'static str {
        self.dates.as_ref().map_or(" ", |dates| dates.comma)
    }

    /// From one time to another, on the same day or a later one.
    pub fn from_to(&self, from: &str, to: &str, same_day: bool) -> String {
        let form = match same_day {
            true => self.to_time,
            false => self.to_day,
        };
        form.replace("{from}", from).replace("{to}", to)
    }

    /// The parts of a duration as one.
    pub fn joined(&self, parts: &[String]) -> String {
        match self.duration {
            Joined::Spaced => parts.join(" "),
            Joined::Listed => self.listed(parts),
        }
    }
}

/// Whether a Spanish word begins with the sound of "y", so that "y" before it becomes "e".
fn begins_with_i(word: &str) -> bool {
    let word: String = word.chars().take(3).collect::<String>().to_lowercase();
    match word.strip_prefix("hi") {
        Some(rest) => !rest.starts_with(['a', 'e']),
        None => word.starts_with('i'),
    }
}

/// The language without its country: `pt` of `pt-BR`.
pub fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

/// Whether a language is written from right to left; also of those that we do not speak but somebody may have templates for.
pub fn is_right_to_left(language: &str) -> bool {
    matches!(
        primary(language),
        "ar" | "ckb" | "dv" | "fa" | "he" | "ps" | "sd" | "ug" | "ur" | "yi"
    )
}

/// The direction of a language, for `dir`: who writes from left to right may still have facts in another script.
pub fn direction(language: &str) -> &'static str {
    match is_right_to_left(language) {
        true => "rtl",
        false => "auto",
    }
}

/// Western European plurals: one, or not.
fn one_or_more(n: u64) -> Plural {
    match n {
        1 => Plural::One,
        _ => Plural::Other,
    }
}

#[cfg(test)]
mod tests;
