//! The organisation that runs Forewarn: its name, clocks, calendar and languages.

use crate::blackout::Blackout;
use crate::document::{Fields, Node, Problems, line};
use crate::time::{Zone, parse_date};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The organisation. There is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its name, as it stands in subjects.
    pub name: String,
    /// Its own zone: civil times in documents are read in it.
    pub time_zone: Zone,
    /// Public holidays, as `CC` or `CC-SUBDIVISION`; none when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calendar: Option<String>,
    /// Days on which it is closed besides.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub closed_days: Vec<Date>,
    /// Days on which it works although they are weekend or holiday.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub working_days: Vec<Date>,
    /// Days on which no work is to be planned.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub blackout: Vec<Blackout>,
    /// Languages of its readers, the first is the default.
    #[serde(default)]
    pub languages: Vec<String>,
}

impl Default for Organisation {
    fn default() -> Self {
        Organisation {
            name: "Our organisation".into(),
            time_zone: Zone::utc(),
            calendar: None,
            closed_days: Vec::new(),
            working_days: Vec::new(),
            blackout: Vec::new(),
            languages: vec!["en".into()],
        }
    }
}

impl Organisation {
    /// Reads an organisation, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Organisation> {
        let mut fields = Fields::of(node, path, problems)?;
        let name = fields.required("name", problems, line(100));
        let time_zone = fields.required("time_zone", problems, Zone::parse);
        let calendar = fields.optional("calendar", problems, parse_calendar);
        let closed_days = fields
            .list("closed_days", problems, parse_date)
            .unwrap_or_default();
        let working_days = fields
            .list("working_days", problems, parse_date)
            .unwrap_or_default();
        // One that cannot be read makes the organisation unread: places of the others would be off.
        let blackout: Option<Vec<Blackout>> = fields
            .nodes("blackout", problems)
            .into_iter()
            .map(|(path, node)| Blackout::read(node, &path, problems))
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let languages = fields
            .list("languages", problems, parse_language)
            .unwrap_or_else(|| vec!["en".into()]);
        fields.finish(problems);
        Some(Organisation {
            name: name?,
            time_zone: time_zone?,
            calendar,
            closed_days,
            working_days,
            blackout: blackout?,
            languages,
        })
    }
}

/// Reads the id of a holiday calendar.
///
/// # Errors
/// Offers the nearest known id.
pub fn parse_calendar(text: &str) -> Result<String, String> {
    crate::calendar::HolidayCalendar::find(text.trim())
        .map(|_| text.trim().to_owned())
        .map_err(|e| e.to_string())
}

/// Reads a language tag (the part of BCP 47 that is used here: `en`, `pt-BR`).
///
/// # Errors
/// Says the accepted form.
pub fn parse_language(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = text.len() <= 12
        && text.split('-').all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        && text.bytes().take(2).all(|b| b.is_ascii_lowercase());
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be a language tag such as en or pt-BR".into())
    }
}
