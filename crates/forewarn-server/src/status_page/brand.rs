//! The organisation's own colour and mark, as files that pages load beside the usual ones.

use super::assets::hash;
use super::{Page, Snapshot};
use forewarn_core::own_page::{CONTRAST, Colour};
use std::collections::BTreeMap;

const WHITE: Colour = Colour(0xff, 0xff, 0xff);
/// What texts in the colour stand on in dark pages, the lightest of it, and what stands on buttons in it there.
const DARK: Colour = Colour(0x26, 0x28, 0x2d);
const DEEP: Colour = Colour(0x13, 0x14, 0x17);
const PAPER: Colour = Colour(0x1b, 0x1c, 0x20);

/// Paths of an organisation's own files, as far as it has any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Brand {
    /// A style sheet with its colour.
    pub style: Option<String>,
    /// Its mark.
    pub logo: Option<String>,
}

impl Brand {
    /// What this organisation has.
    pub fn of(snapshot: &Snapshot) -> Brand {
        let path = |file: File| file.path;
        Brand {
            style: own_style(snapshot).map(path),
            logo: own_logo(snapshot).map(path),
        }
    }
}

/// A file at its path.
struct File {
    path: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

/// The files by their paths.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let files = [own_style(snapshot), own_logo(snapshot)];
    let files = files.into_iter().flatten();
    files
        .map(|file| (file.path, Page::new(file.kind, file.bytes)))
        .collect()
}

fn own_style(snapshot: &Snapshot) -> Option<File> {
    let own = snapshot.organisation.status_page.as_ref()?;
    let css = style(own.accent?).into_bytes();
    Some(File {
        path: format!("/assets/own-{}.css", hash(&css)),
        kind: "text/css; charset=utf-8",
        bytes: css,
    })
}

fn own_logo(snapshot: &Snapshot) -> Option<File> {
    let own = snapshot.organisation.status_page.as_ref()?;
    let (kind, ending, bytes) = own.logo.as_ref()?.parts()?;
    Some(File {
        path: format!("/assets/logo-{}.{ending}", hash(&bytes)),
        kind,
        bytes,
    })
}

/// The colour in light pages, and a lighter one of the same hue in dark ones, each with what stands on it and behind it.
fn style(accent: Colour) -> String {
    let light = light_enough(accent);
    let (wash, dark_wash) = (wash(accent, WHITE), wash(light, PAPER));
    format!(
        ":root {{ --accent: {accent}; --on-accent: #fff; --accent-wash: {wash}; }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{ --accent: {light}; --on-accent: {DEEP}; --accent-wash: {dark_wash}; }} }}\n"
    )
}

/// The first colour on the way to white that can be read in dark pages.
fn light_enough(accent: Colour) -> Colour {
    let way = (0..=20).map(|step| accent.towards(WHITE, f64::from(step) / 20.0));
    let mut way = way.filter(|c| c.contrast(DARK) >= CONTRAST && c.contrast(DEEP) >= CONTRAST);
    way.next().unwrap_or(WHITE)
}

/// As much of a colour behind it as lets it be read.
fn wash(accent: Colour, paper: Colour) -> Colour {
    let ways = [0.12, 0.08, 0.04].map(|share| paper.towards(accent, share));
    let fits = ways.into_iter().find(|c| accent.contrast(*c) >= CONTRAST);
    fits.unwrap_or(paper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_in_light_and_in_dark() {
        let light = Colour(0xf6, 0xf6, 0xf3);
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let accent = Colour(red, green, blue);
                    if accent.contrast(light) < CONTRAST {
                        continue;
                    }
                    let dark = light_enough(accent);
                    for (text, behind) in [
                        (accent, wash(accent, WHITE)),
                        (WHITE, accent),
                        (dark, DARK),
                        (dark, wash(dark, PAPER)),
                        (DEEP, dark),
                    ] {
                        let contrast = text.contrast(behind);
                        assert!(contrast >= CONTRAST, "{text} on {behind}: {contrast:.2}");
                    }
                }
            }
        }
    }
}
