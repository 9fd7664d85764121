//! The words of each language, held to the CLDR as ICU4X carries it.

use super::*;
use icu_calendar::Date;
use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::{MDE, YM, YMDE};
use icu_decimal::input::Decimal;
use icu_list::ListFormatter;
use icu_list::options::ListFormatterOptions;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules};
use jiff::civil;
use std::collections::BTreeSet;

/// The languages whose short dates name the month. Those of the others are all digits in the CLDR, which is read differently
/// from one country to the next.
const SHORT_WITH_NAMES: [&str; 2] = ["fr", "es"];

fn locale(language: &str) -> Locale {
    let tag = match language {
        "en" => "en-GB",
        "ar" => "ar-u-nu-latn",
        other => other,
    };
    tag.parse().unwrap()
}

/// Text as it is read: whatever kind of space, no marks of direction.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect()
}

fn said(form: &str, date: civil::Date, months: &[&str; 12]) -> String {
    // The CLDR does not know that the French first is "1er".
    form.replace("{day}", &date.day().to_string())
        .replace(
            "{month}",
            months[usize::from(date.month().unsigned_abs()) - 1],
        )
        .replace("{year}", &date.year().to_string())
}

/// Every weekday and every month at least once.
fn days() -> impl Iterator<Item = civil::Date> {
    civil::date(2026, 1, 3)
        .series(jiff::Span::new().days(11))
        .take(40)
}

#[test]
fn dates_are_those_of_the_cldr() {
    for language in LANGUAGES {
        let words = Words::of(language);
        let dates = words.dates.as_ref().unwrap();
        let of_month = DateTimeFormatter::try_new(locale(language).into(), YM::long()).unwrap();
        let whole = DateTimeFormatter::try_new(locale(language).into(), YMDE::long()).unwrap();
        let year = DateTimeFormatter::try_new(locale(language).into(), YMDE::medium()).unwrap();
        let short = DateTimeFormatter::try_new(locale(language).into(), MDE::medium()).unwrap();
        for day in days() {
            let month = day.month().unsigned_abs();
            let cldr = Date::try_new_gregorian(day.year().into(), month, day.day().unsigned_abs());
            let cldr = cldr.unwrap();
            let weekday = dates.weekdays[day.weekday().to_monday_zero_offset() as usize];
            let form = dates.whole.replace("{weekday}", weekday);
            let ours = said(&form, day, &dates.months);
            let theirs = plain(&whole.format(&cldr).to_string());
            let theirs = match language {
                "en" => theirs.replace(',', ""),
                _ => theirs,
            };
            assert_eq!(ours, theirs, "{language}");
            let ours = words.month(day);
            let theirs = plain(&of_month.format(&cldr).to_string());
            assert_eq!(ours, theirs, "{language}");
            // The whole date without its weekday, which stands first.
            assert!(
                words.day(day).ends_with(&words.plain_day(day)),
                "{language}"
            );
            let medium = plain(&year.format(&cldr).to_string());
            let weekday = dates.short_weekdays[day.weekday().to_monday_zero_offset() as usize];
            assert!(
                language == "en" || medium.starts_with(weekday),
                "{language}: {weekday}, {medium}"
            );
            if SHORT_WITH_NAMES.contains(&language) && day.day() > 1 {
                assert_eq!(words.short_day(day, true), medium, "{language}");
            }
            if SHORT_WITH_NAMES.contains(&language) {
                let ours = said(dates.short_year, day, &dates.short_months);
                let theirs = plain(&year.format(&cldr).to_string());
                assert!(theirs.ends_with(&ours), "{language}: {ours}, {theirs}");
                let ours = said(dates.short, day, &dates.short_months);
                let theirs = plain(&short.format(&cldr).to_string());
                assert!(theirs.ends_with(&ours), "{language}: {ours}, {theirs}");
            }
        }
    }
}

#[test]
fn lists_are_those_of_the_cldr() {
    let names = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    for language in LANGUAGES {
        let options = ListFormatterOptions::default();
        let list = ListFormatter::try_new_and(locale(language).into(), options).unwrap();
        for text in [
            "A",
            "A B",
            "A B C",
            "A B C D",
            "A Iglesia",
            "A Hilo",
            "A Hielo",
            "A B iPad",
            "A Yoga",
            "A B hi",
            "A Hacienda",
        ] {
            let names = names(text);
            let cldr = list.format(names.iter().map(String::as_str)).to_string();
            assert_eq!(Words::of(language).listed(&names), cldr, "{language}");
        }
    }
}

#[test]
fn plurals_are_those_of_the_cldr() {
    for language in LANGUAGES {
        let rules = PluralRules::try_new(locale(language).into(), PluralRuleType::Cardinal.into());
        let rules = rules.unwrap();
        for n in 0..1_000_u64 {
            let cldr = match rules.category_for(&Decimal::from(n)) {
                PluralCategory::Zero => Plural::Zero,
                PluralCategory::One => Plural::One,
                PluralCategory::Two => Plural::Two,
                PluralCategory::Few => Plural::Few,
                PluralCategory::Many => Plural::Many,
                PluralCategory::Other => Plural::Other,
            };
            assert_eq!((Words::of(language).plural)(n), cldr, "{n} in {language}");
        }
    }
}

/// The gaps of a pattern.
fn gaps(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn every_language_fills_the_same_gaps() {
    let english = Words::of("en");
    for language in LANGUAGES {
        let words = Words::of(language);
        let pairs = |w: &Words| {
            let clocks = w.clocks.as_ref().unwrap();
            let dates = w.dates.as_ref().unwrap();
            [
                w.to_time,
                w.to_day,
                w.that_is,
                clocks.back,
                clocks.forward,
                clocks.place,
                w.general_effect.unwrap(),
                w.next_update,
                w.missed,
                w.mail.because_list,
                w.mail.because_list_of,
                w.mail.because_entered,
                w.and_more.other,
                w.changes.other,
                dates.whole,
                dates.short,
                dates.short_year,
                dates.medium,
                dates.medium_without_year,
                dates.plain,
                dates.month_of_year,
            ]
        };
        for (ours, theirs) in pairs(words).into_iter().zip(pairs(english)) {
            assert_eq!(gaps(ours), gaps(theirs), "{language}: {ours}");
        }
        for status in english.statuses {
            let known = words.statuses.iter().any(|(name, _)| *name == status.0);
            assert!(known, "{language} has no words for {}", status.0);
        }
    }
}

#[test]
fn durations_and_offsets_take_the_form_of_their_number() {
    use crate::offset::Offset;
    let minutes = |n| jiff::SignedDuration::from_mins(n);
    let said = |language, n| crate::message::duration_in(minutes(n), Words::of(language));
    for (language, n, expected) in [
        ("en", 90, "1 hour 30 minutes"),
        ("de", 90, "1 Stunde und 30 Minuten"),
        ("de", 2 * 1440 + 61, "2 Tage, 1 Stunde und 1 Minute"),
        ("fr", 0, "moins d\u{2019}une minute"),
        ("fr", 240, "4 heures"),
        ("es", 1440 + 60, "1 día y 1 hora"),
        ("ar", 60, "ساعة"),
        ("ar", 120, "ساعتان"),
        ("ar", 180, "3 ساعات"),
        ("ar", 660, "11 ساعة"),
        ("ar", 90, "ساعة و30 دقيقة"),
    ] {
        assert_eq!(said(language, n), expected);
    }
    let before = |language| Offset::BusinessDays(5).words_in(Words::of(language));
    let all = LANGUAGES.map(before);
    assert_eq!(
        all,
        [
            "5 business days",
            "5 Arbeitstage",
            "5 jours ouvrés",
            "5 días hábiles",
            "5 أيام عمل"
        ]
    );
}
