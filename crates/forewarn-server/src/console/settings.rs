//! With what this installation runs: what files and flags say. Nothing is changed here, and no secret is shown.

use super::Frame;
use super::layout::text;
use askama::Template;

/// The settings.
#[derive(Template)]
#[template(path = "console/settings.html")]
pub struct SettingsPage {
    /// The frame.
    pub frame: Frame,
    /// What is known, by what it is about.
    pub groups: Vec<SettingsGroup>,
}

/// Settings of one kind.
#[derive(Clone, Debug)]
pub struct SettingsGroup {
    /// "Mail"
    pub name: &'static str,
    /// Where it is set: `forewarn apply FILE`, flags of `serve`.
    pub set: &'static str,
    /// Names and values; an empty value is one that is not set.
    pub items: Vec<(String, String)>,
}

impl SettingsPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}
