//! Signing in.

use super::layout::text;
use crate::status_page::{assets, icons};
use askama::Template;

/// The sign-in form: fields `csrf`, `user`, `password`, `next`.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub struct SignIn {
    /// The organisation's name.
    pub organisation: String,
    /// Token that the form sends back.
    pub csrf: String,
    /// What was typed as the name.
    pub user: String,
    /// Why it did not work.
    pub problem: Option<String>,
    /// Where to go afterwards: a path of the console.
    pub next: String,
    /// Words for people who try the demo: how to sign in.
    pub hint: Option<String>,
}

impl SignIn {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}
