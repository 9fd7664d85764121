//! The API as a page that people read.

use super::Frame;
use super::layout::text;
use crate::api::Operation;
use askama::Template;

/// Every call of the API.
#[derive(Template)]
#[template(path = "console/api.html")]
pub struct ApiPage {
    /// The frame; nobody is signed in.
    pub frame: Frame,
    /// Every call, in the order of the paths.
    pub operations: Vec<Operation>,
}

impl ApiPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}
