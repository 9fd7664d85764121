//! A page with a few words and perhaps one button, for people who are not signed in.

use super::layout::text;
use crate::status_page::{Speech, assets};
use askama::Template;

/// A page with a few words and perhaps one button.
#[derive(Template)]
#[template(path = "console/plain.html")]
pub struct PlainPage {
    /// The language of whoever reads it.
    pub speech: Speech,
    /// The organisation's name.
    pub organisation: String,
    /// The heading.
    pub title: String,
    /// The words under it.
    pub words: String,
    /// Where a button posts to, and what it says.
    pub button: Option<(String, String)>,
}

impl PlainPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}
