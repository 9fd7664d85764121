//! What an organisation makes of its status page: its colour and mark, what it says at the top, and what people always ask.
//!
//! A colour with which texts cannot be read is refused (WCAG 2.2, 1.4.3: a contrast of at least 4.5).

use crate::document::{Fields, Node, Problems, prose};
use crate::facts::{Question, read_questions};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A mark is a part of a page that is there at once: it may weigh no more than this, in bytes.
const MOST_LOGO: usize = 16 * 1024;

/// The least contrast that a text may have with what is behind it.
pub const CONTRAST: f64 = 4.5;

/// What texts in the organisation's colour stand on in light pages, the darkest of it.
const LIGHT: Colour = Colour(0xf6, 0xf6, 0xf3);

/// The status page as the organisation wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPage {
    /// The colour of links and buttons.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accent: Option<Colour>,
    /// The mark beside the name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo: Option<Logo>,
    /// A few words at the top of the first page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub about: Option<String>,
    /// What people always ask, with the answers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub questions: Vec<Question>,
}

impl OwnPage {
    /// Reads how the page is to be, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<OwnPage> {
        let mut fields = Fields::of(node, path, problems)?;
        let page = OwnPage {
            accent: fields.optional("accent", problems, accent),
            logo: fields.optional("logo", problems, Logo::parse),
            about: fields.optional("about", problems, prose(500)),
            questions: fields.node("questions").map_or_else(Vec::new, |node| {
                read_questions(node, &fields.path_of("questions"), problems)
            }),
        };
        fields.finish(problems);
        Some(page)
    }
}

fn accent(text: &str) -> Result<Colour, String> {
    let colour = Colour::parse(text)?;
    let contrast = colour.contrast(LIGHT);
    match contrast >= CONTRAST {
        true => Ok(colour),
        false => Err(format!(
            "is too light: texts in it have a contrast of {contrast:.1} with the page, and {CONTRAST} is needed"
        )),
    }
}

/// A colour: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Reads `#rrggbb`.
    ///
    /// # Errors
    /// Says the form.
    pub fn parse(text: &str) -> Result<Colour, String> {
        let digits = text.trim().strip_prefix('#').filter(|d| d.len() == 6);
        let part = |at: usize| u8::from_str_radix(digits?.get(at..at + 2)?, 16).ok();
        match (part(0), part(2), part(4)) {
            (Some(red), Some(green), Some(blue)) => Ok(Colour(red, green, blue)),
            _ => Err("must be a colour such as '#1f5fbf', in quotes".into()),
        }
    }

    /// So much of the way to another colour: 0 is this one, 1 the other.
    pub fn towards(self, other: Colour, share: f64) -> Colour {
        let mix = |a: u8, b: u8| {
            let mixed = f64::from(a) + (f64::from(b) - f64::from(a)) * share;
            mixed.round().clamp(0.0, 255.0) as u8
        };
        Colour(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    /// The contrast of two colours, from 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Colour) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            match value <= 0.04045 {
                true => value / 12.92,
                false => ((value + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> String {
        colour.to_string()
    }
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Colour, String> {
        Colour::parse(&text)
    }
}

/// A picture, as it stands in a `data:` address (RFC 2397), so that a document holds all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Logo(String);

impl Logo {
    const KINDS: [(&str, &str); 3] = [
        ("image/svg+xml", "svg"),
        ("image/png", "png"),
        ("image/webp", "webp"),
    ];

    /// Reads `data:image/svg+xml;base64,...`, or the same of a PNG or WebP.
    ///
    /// # Errors
    /// Says the form, or how large it may be.
    pub fn parse(text: &str) -> Result<Logo, String> {
        let text: String = text.split_whitespace().collect();
        let logo = Logo(text);
        let Some(bytes) = logo.parts().map(|(_, _, bytes)| bytes) else {
            return Err(
                "must be a picture such as data:image/svg+xml;base64,... (SVG, PNG or WebP)".into(),
            );
        };
        match bytes.len() {
            0 => Err("holds no picture".into()),
            size if size > MOST_LOGO => Err(format!(
                "is {size} bytes large; at most {MOST_LOGO} are shown beside the name"
            )),
            _ => Ok(logo),
        }
    }

    /// Its media type, the ending of its file, and its bytes.
    pub fn parts(&self) -> Option<(&'static str, &'static str, Vec<u8>)> {
        let (kind, data) = self.0.strip_prefix("data:")?.split_once(";base64,")?;
        let (kind, ending) = Logo::KINDS.into_iter().find(|(known, _)| *known == kind)?;
        Some((kind, ending, BASE64.decode(data.as_bytes()).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;

    fn read(text: &str) -> (Option<OwnPage>, Vec<String>) {
        let mut problems = Problems::default();
        let page = OwnPage::read(&parse_yaml(text).unwrap()[0], "status_page", &mut problems);
        let told = problems.0.iter();
        let told = told.map(|p| format!("{}: {}", p.field, p.problem));
        (page, told.collect())
    }

    #[test]
    fn a_page_is_read_with_every_problem() {
        let (page, problems) = read(
            "{accent: '#1f5fbf', logo: 'data:image/svg+xml;base64,PHN2Zy8+', about: We write here., questions: [{question: Why?, answer: So.}]}",
        );
        assert_eq!(problems, Vec::<String>::new());
        let page = page.unwrap();
        let (kind, ending, bytes) = page.logo.clone().unwrap().parts().unwrap();
        assert_eq!(
            (kind, ending, &bytes[..]),
            ("image/svg+xml", "svg", &b"<svg/>"[..])
        );
        assert_eq!(
            (page.accent, page.questions.len()),
            (Some(Colour(0x1f, 0x5f, 0xbf)), 1)
        );
        let stored = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<OwnPage>(&stored).unwrap(), page);
        let (_, problems) = read(
            "{accent: '#ffcc00', logo: 'https://example.org/logo.png', questions: [{question: Why?}], colour: red}",
        );
        assert_eq!(
            problems,
            [
                "status_page.accent: is too light: texts in it have a contrast of 1.4 with the page, and 4.5 is needed",
                "status_page.logo: must be a picture such as data:image/svg+xml;base64,... (SVG, PNG or WebP)",
                "status_page.questions[0].answer: is missing",
                "status_page.colour: unknown field 'colour'; known are accent, logo, about, questions",
            ]
        );
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let (black, white) = (Colour(0, 0, 0), Colour(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        let grey = Colour::parse("#767676").unwrap();
        assert!((grey.contrast(white) - 4.54).abs() < 0.01);
        assert_eq!(black.towards(white, 0.5), Colour(128, 128, 128));
        assert!(Colour::parse("red").is_err() && Colour::parse("#12345").is_err());
        assert!(Colour::parse("#€€").is_err());
    }
}
