//! The badge: how everything is, or one service, in a picture with words, for other people's pages and read-me files.
//!
//! Its colours are the ones that texts have on white, the other way round, so that white reads well on each of them
//! (WCAG 2.2, 1.4.3: at least 4.5).

use super::state::{ServiceState, States};
use super::view::View;
use super::xml::escape;
use super::{Page, Snapshot};
use std::collections::BTreeMap;

/// Where the badge of the whole page is.
pub const PATH: &str = "/badge.svg";

/// Behind the name.
const DARK: &str = "#3b3d44";
/// A longer name is cut: it is a badge.
const MOST_NAME: usize = 32;
/// About as wide as a character of 11 pixels is; the text is fitted to it.
const CHARACTER: usize = 7;

/// Every badge by its path.
pub(super) fn pages(snapshot: &Snapshot, views: &[View<'_>]) -> BTreeMap<String, Page> {
    let states = States::of(snapshot);
    let mut pages = BTreeMap::new();
    for view in views {
        let one = |name: &str, state| {
            let drawn = draw(name, (view.texts.state(state), state));
            Page::new("image/svg+xml", drawn)
        };
        let status = one(view.texts.frame.status, states.worst());
        pages.insert(view.at(PATH), status);
        for service in &snapshot.services {
            let path = view.at(&format!("/badge/{}.svg", service.id));
            pages.insert(path, one(&service.name, states.state(&service.id)));
        }
    }
    pages
}

/// The colour behind the words.
fn colour(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Operational => "#14703f",
        ServiceState::UnderMaintenance => "#27519c",
        ServiceState::Degraded => "#775300",
        ServiceState::PartialOutage => "#9a3f00",
        ServiceState::MajorOutage => "#a8201a",
    }
}

fn draw(name: &str, (words, state): (&str, ServiceState)) -> String {
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = match name.chars().count() > MOST_NAME {
        true => name.chars().take(MOST_NAME - 1).chain(['…']).collect(),
        false => name,
    };
    let fill = colour(state);
    let wide = |text: &str| text.chars().count() * CHARACTER;
    let (name_wide, words_wide) = (wide(&name), wide(words));
    let (left, right) = (name_wide + 14, words_wide + 14);
    let (whole, beyond) = (left + right, left + 7);
    // Letters that are joined would be torn apart, so they are stretched.
    let joined = |text: &str| match text.chars().any(|c| ('\u{590}'..'\u{900}').contains(&c)) {
        true => " lengthAdjust=\"spacingAndGlyphs\"",
        false => "",
    };
    let (name_joined, words_joined) = (joined(&name), joined(words));
    let name = escape(&name);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{name}: {words}\">\
         <title>{name}: {words}</title>\
         <rect width=\"{left}\" height=\"20\" fill=\"{DARK}\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{fill}\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"7\" y=\"14\" textLength=\"{name_wide}\"{name_joined}>{name}</text>\
         <text x=\"{beyond}\" y=\"14\" textLength=\"{words_wide}\"{words_joined}>{words}</text></g></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(name: &str, state: ServiceState) -> String {
        draw(name, (state.words(), state))
    }

    /// Relative luminance (WCAG 2.2) of `#rrggbb`.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            match value <= 0.04045 {
                true => value / 12.92,
                false => ((value + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn white_reads_well_on_every_colour() {
        let states = [
            ServiceState::Operational,
            ServiceState::UnderMaintenance,
            ServiceState::Degraded,
            ServiceState::PartialOutage,
            ServiceState::MajorOutage,
        ];
        for colour in states.map(colour).into_iter().chain([DARK]) {
            let contrast = 1.05 / (luminance(colour) + 0.05);
            assert!(contrast >= 4.5, "{colour}: {contrast:.2}");
        }
    }

    #[test]
    fn a_badge_says_in_words_what_its_colour_means() {
        let drawn = english("<Portal> & \u{1}co", ServiceState::PartialOutage);
        for words in [
            ">Partly down</text>",
            "<title>&lt;Portal&gt; &amp; co: Partly down</title>",
            "role=\"img\"",
            "fill=\"#9a3f00\"",
        ] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        let long = english(&"x".repeat(10_000), ServiceState::Operational);
        assert!(long.len() < 1_500, "{} bytes", long.len());
    }
}
