//! Finding people and things: contacts with what each gets and why, and one search over everything.

use super::Frame;
use super::layout::text;
use super::notices::level_words;
use crate::status_page::when;
use askama::Template;
use forewarn_core::audience::Level;
use forewarn_core::time::Zone;
use jiff::Timestamp;

/// Contacts, with a search.
#[derive(Template)]
#[template(path = "console/contacts.html")]
pub struct ContactList {
    /// The frame.
    pub frame: Frame,
    /// What is looked for; empty for the first ones.
    pub words: String,
    /// Those who were found.
    pub items: Vec<ContactLine>,
    /// There are more than are shown.
    pub more: bool,
    /// How many contacts there are.
    pub all: u64,
}

/// A contact in a list.
#[derive(Clone, Debug)]
pub struct ContactLine {
    /// Their id.
    pub id: String,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Where they are reached: the channel, the address, whether it is used.
    pub endpoints: Vec<ContactPlace>,
    /// Names of the audiences in which they are listed.
    pub audiences: Vec<String>,
}

/// Where somebody is reached.
#[derive(Clone, Debug)]
pub struct ContactPlace {
    /// The channel's name.
    pub channel: String,
    /// The address; of a webhook or a room only the host.
    pub address: String,
    /// `active`, `gone`, `muted` or `unsubscribed`.
    pub state: String,
    /// Why it is not used.
    pub reason: Option<String>,
}

/// What one person gets, and why.
#[derive(Template)]
#[template(path = "console/contact.html")]
pub struct ContactPage {
    /// The frame.
    pub frame: Frame,
    /// Who.
    pub contact: ContactLine,
    /// What else is known: their organisation, language, what they chose.
    pub facts: Vec<(&'static str, String)>,
    /// The audiences to which they belong, and what these bring them.
    pub belongs: Vec<Belonging>,
    /// What they get of each event that is open, and why or why not.
    pub open: Vec<Getting>,
}

/// An audience to which somebody belongs.
#[derive(Clone, Debug)]
pub struct Belonging {
    /// Its name.
    pub name: String,
    /// It lists them; else its rule picks them.
    pub listed: bool,
    /// How much detail its texts have.
    pub level: Level,
    /// Its channels, in order.
    pub channels: String,
    /// What it hears of.
    pub hears_of: String,
    /// Names of its services; empty when it uses all.
    pub services: Vec<String>,
}

/// What somebody gets of an event.
#[derive(Clone, Debug)]
pub struct Getting {
    /// The event's page.
    pub path: String,
    /// Its id.
    pub event: String,
    /// Its title.
    pub title: String,
    /// Why they get it, or do not.
    pub because: Vec<String>,
}

/// A sentence about somebody as people read it: its instants by the clocks of a zone, its levels in words.
pub(super) fn as_read(said: &str, zone: &Zone) -> String {
    let words = said.split(' ').map(|word| {
        let bare = word.trim_end_matches([';', ',', '.']);
        let instant = bare.ends_with('Z').then(|| bare.parse::<Timestamp>().ok());
        let level = Level::ALL.into_iter().find(|level| level.as_str() == bare);
        let read = match (instant.flatten(), level) {
            (Some(at), _) => when::long(at, zone),
            (None, Some(level)) => level_words(level).to_lowercase(),
            (None, None) => return word.to_owned(),
        };
        format!("{read}{}", &word[bare.len()..])
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Everything that holds some words.
#[derive(Template)]
#[template(path = "console/search.html")]
pub struct SearchPage {
    /// The frame.
    pub frame: Frame,
    /// What is looked for.
    pub words: String,
    /// What was found, by what it is.
    pub groups: Vec<FoundGroup>,
}

/// Things of one kind that were found.
#[derive(Clone, Debug)]
pub struct FoundGroup {
    /// "Events"
    pub name: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// Each of them.
    pub items: Vec<Found>,
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is.
    pub path: String,
    /// What it is called.
    pub title: String,
    /// What else tells it from others.
    pub under: String,
    /// When it changed last, for what has a time.
    pub at: Option<Timestamp>,
}

impl ContactList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl ContactPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl ContactLine {
    pub(super) fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl ContactPlace {
    fn tone(&self) -> &'static str {
        match self.state.as_str() {
            "active" => "ok",
            "gone" => "down",
            _ => "slow",
        }
    }

    fn words(&self) -> &'static str {
        match self.state.as_str() {
            "active" => "in use",
            "gone" => "gone",
            "muted" => "muted",
            _ => "unsubscribed",
        }
    }
}

impl Belonging {
    fn level(&self) -> &'static str {
        level_words(self.level)
    }
}

impl SearchPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn count(&self) -> usize {
        self.groups.iter().map(|group| group.items.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_words_and_times_of_their_own() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        for (said, read) in [
            (
                "gets it as one of 'Students', at level non_technical; of its story: start",
                "gets it as one of 'Students', at level non-technical; of its story: start",
            ),
            (
                "gets the announcement by sms at 2026-11-23T17:39:00Z if nothing has reached them by then",
                "gets the announcement by sms at Mon 23 Nov 2026, 09:39 PST (UTC-08:00) if nothing has reached them by then",
            ),
            ("does not get it: Z", "does not get it: Z"),
        ] {
            assert_eq!(as_read(said, &zone), read);
        }
    }
}
