//! The organisation that runs Forewarn: its name, clocks, calendar and languages.

use crate::blackout::Blackout;
use crate::contact::{EmailAddress, HookSecret, HookUrl, PhoneNumber};
use crate::country::Country;
use crate::document::{Fields, Node, Problems, line};
use crate::own_page::OwnPage;
use crate::privacy::Known;
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
    /// Where to ask or report trouble, where an event does not say it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
    /// Languages of its readers, the first is the default.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Where planned outages are reported to: its change system, by a signed webhook.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change_system: Option<ChangeSystem>,
    /// Organisations among its clients that have their administrators told, and not their end users.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub administrators_only: Vec<String>,
    /// Where people may subscribe telephones by themselves; nowhere when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sms: Option<SelfServiceSms>,
    /// Whoever approves what goes to more recipients than this must give their number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirm_above: Option<i64>,
    /// For so many seconds what is sent from the console can be undone; none where it is 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undo_seconds: Option<i64>,
    /// Who helps to write what is said: asked by mail.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub communications: Vec<EmailAddress>,
    /// What stays inside: names and domains that the privacy guard looks for.
    #[serde(skip_serializing_if = "Known::is_empty", default)]
    pub privacy: Known,
    /// What it makes of its status page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status_page: Option<OwnPage>,
}

/// To whom text messages go that anybody can ask for, and how many: each costs money, whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfServiceSms {
    /// Countries whose numbers may be subscribed.
    pub countries: Vec<Country>,
    /// Messages with codes on one day of the organisation's, to all numbers together.
    pub daily_cap: i64,
}

/// No organisation means more codes a day than this; a slip of the finger costs money.
const HIGHEST_CAP: i64 = 100_000;

impl SelfServiceSms {
    /// Reads to whom such messages go, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<SelfServiceSms> {
        let mut fields = Fields::of(node, path, problems)?;
        let before = problems.0.len();
        let countries = fields.list("countries", problems, Country::parse);
        let none = countries.as_ref().is_none_or(Vec::is_empty);
        if none && problems.0.len() == before {
            let problem = "must name at least one country, such as US; leave 'sms' out where nobody may subscribe a telephone";
            fields.problem("countries", problem, problems);
        }
        let daily_cap = fields.required("daily_cap", problems, parse_cap);
        fields.finish(problems);
        Some(SelfServiceSms {
            countries: countries?,
            daily_cap: daily_cap?,
        })
    }

    /// Whether a number is in one of its countries.
    pub fn allows(&self, number: &PhoneNumber) -> bool {
        let of = Country::of(number);
        of.iter().any(|country| self.countries.contains(country))
    }
}

/// To how many something goes before whoever approves it is asked whether they know.
const WIDE: i64 = 1_000;

impl Organisation {
    /// Whoever approves what goes to more recipients than this must give their number.
    pub fn confirm_above(&self) -> i64 {
        self.confirm_above.unwrap_or(WIDE)
    }

    /// For so many seconds what is sent from the console can be undone.
    pub fn undo_seconds(&self) -> i64 {
        self.undo_seconds.unwrap_or(UNDO_SECONDS)
    }
}

/// Time to see a slip, and no delay that anybody would notice.
const UNDO_SECONDS: i64 = 10;
/// Longer than this nobody waits to be told.
const MOST_UNDO_SECONDS: i64 = 60;

fn parse_undo(text: &str) -> Result<i64, String> {
    let seconds: Option<i64> = text.trim().parse().ok();
    seconds
        .filter(|seconds| (0..=MOST_UNDO_SECONDS).contains(seconds))
        .ok_or_else(|| format!("must be seconds from 0, for none, to {MOST_UNDO_SECONDS}"))
}

fn parse_above(text: &str) -> Result<i64, String> {
    let above: Option<i64> = text.trim().parse().ok();
    above
        .filter(|above| *above >= 0)
        .ok_or_else(|| "must be a number of recipients, such as 1000".into())
}

fn parse_cap(text: &str) -> Result<i64, String> {
    let cap: Option<i64> = text.trim().parse().ok();
    cap.filter(|cap| (1..=HIGHEST_CAP).contains(cap))
        .ok_or_else(|| format!("must be a number of messages from 1 to {HIGHEST_CAP}"))
}

/// The system in which changes are asked for and approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSystem {
    /// Where it takes webhooks.
    pub url: HookUrl,
    /// Signs them; one that follows from the installation's key when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<HookSecret>,
}

impl ChangeSystem {
    /// Reads where a change system takes webhooks, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<ChangeSystem> {
        let mut fields = Fields::of(node, path, problems)?;
        let url = fields.required("url", problems, HookUrl::parse);
        let secret = fields.optional("secret", problems, HookSecret::parse);
        fields.finish(problems);
        Some(ChangeSystem { url: url?, secret })
    }
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
            contact: None,
            languages: vec!["en".into()],
            change_system: None,
            administrators_only: Vec::new(),
            sms: None,
            confirm_above: None,
            undo_seconds: None,
            communications: Vec::new(),
            privacy: Known::default(),
            status_page: None,
        }
    }
}

impl Organisation {
    /// The language of those who have chosen none.
    pub fn language(&self) -> &str {
        self.languages.first().map_or("en", String::as_str)
    }

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
        for day in working_days.iter().filter(|day| closed_days.contains(day)) {
            let problem = format!("{day} is one of the closed days too");
            fields.problem("working_days", problem, problems);
        }
        // One that cannot be read makes the organisation unread: places of the others would be off.
        let blackout: Option<Vec<Blackout>> = fields
            .nodes("blackout", problems)
            .into_iter()
            .map(|(path, node)| Blackout::read(node, &path, problems))
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let contact = fields.optional("contact", problems, line(200));
        let languages = fields
            .list("languages", problems, parse_language)
            .unwrap_or_else(|| vec!["en".into()]);
        let administrators_only = fields
            .list("administrators_only", problems, line(200))
            .unwrap_or_default();
        let change_system = fields
            .node("change_system")
            .and_then(|node| ChangeSystem::read(node, &fields.path_of("change_system"), problems));
        let sms = fields
            .node("sms")
            .and_then(|node| SelfServiceSms::read(node, &fields.path_of("sms"), problems));
        let confirm_above = fields.optional("confirm_above", problems, parse_above);
        let undo_seconds = fields.optional("undo_seconds", problems, parse_undo);
        let communications = fields
            .list("communications", problems, EmailAddress::parse)
            .unwrap_or_default();
        let privacy = fields
            .node("privacy")
            .and_then(|node| Known::read(node, &fields.path_of("privacy"), problems))
            .unwrap_or_default();
        let status_page = fields
            .node("status_page")
            .and_then(|node| OwnPage::read(node, &fields.path_of("status_page"), problems));
        fields.finish(problems);
        Some(Organisation {
            name: name?,
            time_zone: time_zone?,
            calendar,
            closed_days,
            working_days,
            blackout: blackout?,
            contact,
            languages,
            change_system,
            administrators_only,
            sms,
            confirm_above,
            undo_seconds,
            communications,
            privacy,
            status_page,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;

    fn problems(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        Organisation::read(&parse_yaml(text).unwrap()[0], "organisation", &mut problems);
        let told = problems
            .0
            .iter()
            .map(|p| format!("{}: {}", p.field, p.problem));
        told.collect()
    }

    #[test]
    fn telephones_are_subscribed_where_countries_and_a_cap_say_so() {
        let base = "name: X, time_zone: UTC";
        let of = |sms: &str| problems(&format!("{{{base}, sms: {sms}}}"));
        assert_eq!(of("{countries: [US, DE], daily_cap: 200}"), [""; 0]);
        assert_eq!(
            of("{countries: [UK, Germany], daily_cap: 0, dayly_cap: 1}"),
            [
                "organisation.sms.countries[0]: unknown country 'UK'; did you mean 'GB'?",
                "organisation.sms.countries[1]: unknown country 'Germany'; did you mean 'DE'?",
                "organisation.sms.daily_cap: must be a number of messages from 1 to 100000",
                "organisation.sms.dayly_cap: unknown field 'dayly_cap'; did you mean 'daily_cap'?",
            ]
        );
        assert_eq!(of("{}").len(), 2, "{:?}", of("{}"));
        let sms = SelfServiceSms {
            countries: vec![Country::parse("US").unwrap()],
            daily_cap: 1,
        };
        let allows = |number| sms.allows(&PhoneNumber::parse(number).unwrap());
        assert!(allows("+14155550100") && !allows("+4915112345678") && !allows("+18765550100"));
    }

    #[test]
    fn a_day_is_closed_or_worked_not_both() {
        let days = "name: X, time_zone: UTC, closed_days: [2026-12-24, 2026-12-31]";
        assert_eq!(
            problems(&format!(
                "{{{days}, working_days: [2026-12-19, 2026-12-24]}}"
            )),
            ["organisation.working_days: 2026-12-24 is one of the closed days too"]
        );
        assert_eq!(
            problems(&format!("{{{days}, working_days: 2026-12-19}}")),
            Vec::<String>::new()
        );
        assert_eq!(
            problems(&format!("{{{days}, workng_days: [2026-12-19]}}")),
            ["organisation.workng_days: unknown field 'workng_days'; did you mean 'working_days'?"]
        );
    }

    #[test]
    fn sending_can_be_undone_for_a_minute_at_most() {
        let of = |seconds: &str| {
            problems(&format!(
                "{{name: X, time_zone: UTC, undo_seconds: {seconds}}}"
            ))
        };
        assert_eq!((of("0"), of("60")), (Vec::new(), Vec::new()));
        let refused = ["organisation.undo_seconds: must be seconds from 0, for none, to 60"];
        for wrong in ["61", "-1", "soon"] {
            assert_eq!(of(wrong), refused);
        }
        assert_eq!(Organisation::default().undo_seconds(), 10);
    }

    #[test]
    fn what_is_private_is_read_with_every_problem() {
        let of =
            |privacy: &str| problems(&format!("{{name: X, time_zone: UTC, privacy: {privacy}}}"));
        let all = "{internal_domains: [corp.example.edu, '*.int.example.edu'], vendors: [Acme], code_names: [Bluebird], employees: [Jane Doe], allow: [status.example.edu, 192.0.2.0/24]}";
        assert_eq!(of(all), Vec::<String>::new());
        assert_eq!(
            of("{internal_domains: ['https://x y'], vendors: ['!'], vendor: [Acme]}"),
            [
                "organisation.privacy.vendors[0]: is too short to be found as a name",
                "organisation.privacy.internal_domains[0]: must be a domain such as corp.example.edu",
                "organisation.privacy.vendor: unknown field 'vendor'; did you mean 'vendors'?"
            ]
        );
    }
}
