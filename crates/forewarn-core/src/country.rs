//! Countries, and whose a telephone number is by how it begins.
//!
//! Who pays for text messages says to which countries strangers may have them sent: fraud lives on numbers in places that nobody
//! there would think of. So a number of which it is not clear where it is belongs nowhere, and islands that share a calling code
//! with a large country are told apart from it.

use crate::contact::PhoneNumber;
use crate::problem::unknown;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;

const DATA: &str = include_str!("../data/countries.txt");

/// No beginning in the table is longer.
const LONGEST: usize = 7;

/// A country by its code (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Country(&'static str);

/// Codes with names, and the codes that each beginning may belong to.
struct Table {
    names: Vec<(&'static str, &'static str)>,
    beginnings: HashMap<&'static str, Vec<&'static str>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        names: Vec::new(),
        beginnings: HashMap::new(),
    };
    for line in DATA.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, ' ');
        let (Some(code), Some(beginnings), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let is_country = code != "--";
        if is_country {
            table.names.push((code, name));
        }
        for beginning in beginnings.split(',') {
            let of = table.beginnings.entry(beginning).or_default();
            of.extend(is_country.then_some(code));
        }
    }
    table
});

impl Country {
    /// Reads a country's code.
    ///
    /// # Errors
    /// Offers the nearest known code, by code or by name.
    pub fn parse(text: &str) -> Result<Country, String> {
        let text = text.trim();
        let names = &TABLE.names;
        if let Some((code, _)) = names.iter().find(|(code, _)| *code == text) {
            return Ok(Country(code));
        }
        let meant = names.iter().find(|(code, name)| {
            code.eq_ignore_ascii_case(text)
                || name.eq_ignore_ascii_case(text)
                || (*code == "GB" && text == "UK")
        });
        if let Some((code, _)) = meant {
            return Err(format!("unknown country '{text}'; did you mean '{code}'?"));
        }
        let known = names.iter().map(|(code, _)| *code);
        match crate::problem::nearest(text, names.iter().map(|(_, name)| *name)) {
            Some(near) if text.len() > 2 => {
                let code = names.iter().find(|(_, name)| *name == near);
                let code = code.map_or("", |(code, _)| code);
                let shown: String = text.chars().take(80).collect();
                Err(format!(
                    "unknown country '{shown}'; did you mean '{code}' ({near})?"
                ))
            }
            _ => Err(unknown("country", text, known)),
        }
    }

    /// Its code.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Its name in English.
    pub fn name(self) -> &'static str {
        let found = TABLE.names.iter().find(|(code, _)| *code == self.0);
        found.map_or("", |(_, name)| name)
    }

    /// The countries that a number may be in; more than one where a numbering plan is shared, none where nobody should pay for it.
    pub fn of(number: &PhoneNumber) -> Vec<Country> {
        let digits = number.as_str().trim_start_matches('+');
        let longest = (1..=LONGEST.min(digits.len()))
            .rev()
            .find_map(|n| TABLE.beginnings.get(&digits[..n]));
        let codes = longest.map(Vec::as_slice).unwrap_or_default();
        codes.iter().map(|code| Country(code)).collect()
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Country, D::Error> {
        let text = String::deserialize(from)?;
        Country::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: &str) -> String {
        let number = PhoneNumber::parse(number).unwrap();
        let codes: Vec<&str> = Country::of(&number).iter().map(|c| c.as_str()).collect();
        codes.join(" ")
    }

    #[test]
    fn a_number_is_where_its_longest_beginning_says() {
        for (number, expected) in [
            ("+14155550100", "US CA"),
            ("+18765550100", "JM"),
            ("+18095550100", "DO"),
            ("+19005550100", ""),
            ("+4915112345678", "DE"),
            ("+447911123456", "GG"),
            ("+447400123456", "GB"),
            ("+447012345678", ""),
            ("+77011234567", "KZ"),
            ("+79161234567", "RU"),
            ("+3906698123", "VA"),
            ("+390612345678", "IT"),
            ("+59991234567", "CW"),
            ("+88212345678", ""),
            ("+8101234567", "JP"),
            ("+9991234567", ""),
        ] {
            assert_eq!(of(number), expected, "{number}");
        }
    }

    #[test]
    fn the_table_is_whole() {
        let mut seen = std::collections::BTreeSet::new();
        for line in DATA.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.splitn(3, ' ').collect();
            let [code, beginnings, name] = parts[..] else {
                panic!("{line}");
            };
            let two = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
            assert!(code == "--" || (two && seen.insert(code)), "{line}");
            for beginning in beginnings.split(',') {
                let digits = beginning.bytes().all(|b| b.is_ascii_digit());
                assert!(digits && (1..=LONGEST).contains(&beginning.len()), "{line}");
            }
            assert!(!name.is_empty(), "{line}");
        }
        assert!(seen.len() > 230, "{}", seen.len());
    }

    #[test]
    fn who_errs_is_helped() {
        let said = |text| Country::parse(text).unwrap_err();
        assert!(said("us").contains("'US'"), "{}", said("us"));
        assert!(said("UK").contains("'GB'"));
        assert!(
            said("Germny").contains("'DE' (Germany)"),
            "{}",
            said("Germny")
        );
        assert!(said("QQ").starts_with("unknown country 'QQ'"));
        assert_eq!(Country::parse(" DE ").map(Country::name), Ok("Germany"));
    }
}
