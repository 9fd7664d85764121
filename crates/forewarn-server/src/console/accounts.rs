//! Who may sign in, and which programs may call; and one's own password.

use super::layout::text;
use super::{Frame, Typed};
use askama::Template;
use forewarn_store::{KnownToken, KnownUser, Role};

/// Users and tokens. Who only looks sees the form for their own password and nothing else.
#[derive(Template)]
#[template(path = "console/accounts.html")]
pub struct AccountsPage {
    /// The frame.
    pub frame: Frame,
    /// What was just made, to be copied now: it is shown once.
    pub made: Option<Secret>,
    /// What was typed and is wrong, of whichever form.
    pub typed: Typed,
    /// Who may sign in, and the tokens of programs, for those who may act.
    pub accounts: Option<(Vec<KnownUser>, Vec<KnownToken>)>,
    /// Whether the reader may change them.
    pub manages: bool,
}

/// A password or a token that was made.
#[derive(Clone)]
pub struct Secret {
    /// "The password of ann"
    pub of: String,
    /// What it is.
    pub secret: String,
}

/// What each role may, in the order in which they are offered.
const ROLES: [(Role, &str); 3] = [
    (Role::Viewer, "look"),
    (Role::Operator, "tell people: plan, declare, update, send"),
    (
        Role::Administrator,
        "everything, also what is kept in files, and who may sign in",
    ),
];

impl AccountsPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn may(&self, role: &Role) -> &'static str {
        ROLES
            .iter()
            .find(|(known, _)| known == role)
            .map_or("", |(_, may)| may)
    }

    fn roles(&self) -> [(&'static str, String); 3] {
        ROLES.map(|(role, may)| (role.as_str(), format!("{}: {may}", role.as_str())))
    }

    fn ended(&self, token: &KnownToken) -> bool {
        token
            .expires
            .is_some_and(|expires| expires <= self.frame.now)
    }

    fn is_me(&self, user: &KnownUser) -> bool {
        self.frame.user.as_ref() == Some(&user.name)
    }
}
