//! Versions that are the readers' own: of the app in their hand, or what they are asked to install. They need them, so they are no leak.
//!
//! Told by what the sentence says and nothing looser: a sentence that speaks of the services' own machines excuses none, and "we
//! update" is no request to readers.

use crate::review::words::Word;
use std::ops::Range;

/// How many words a sentence is looked through in each direction.
const FAR: usize = 16;

/// What people run themselves.
const OF_READERS: &[&str] = &[
    "app", "apps", "browser", "browsers", "phone", "phones", "tablet", "tablets", "tv", "tvs",
    "desktop",
];

/// Programs that readers have on their own machines.
const AT_HOME: &[&str] = &[
    "windows", "firefox", "chrome", "safari", "edge", "android", "macos", "ipados",
];

/// What only those who run the services have: beside one of these a version is theirs.
const OF_SERVICES: &[&str] = &[
    "server",
    "servers",
    "cluster",
    "clusters",
    "database",
    "databases",
    "backend",
    "gateway",
    "gateways",
    "node",
    "nodes",
    "firmware",
    "switch",
    "switches",
    "router",
    "routers",
    "firewall",
    "firewalls",
    "appliance",
    "host",
    "hosts",
    "kernel",
    "till",
    "tills",
    "machines",
    "agent",
    "agents",
    "side",
];

/// Who does something that readers do not do.
const OTHERS: &[&str] = &[
    "we",
    "us",
    "i",
    "they",
    "it",
    "he",
    "she",
    "our",
    "engineers",
    "team",
    "technicians",
    "vendor",
    "supplier",
];

const CHANGES: &[&str] = &[
    "update",
    "upgrade",
    "install",
    "updating",
    "upgrading",
    "installing",
];

/// Whether the version that begins at byte `start` is one that readers have or must install, by what its sentence says.
pub(super) fn is_readers_own(text: &str, words: &[Word], start: usize) -> bool {
    let n = words.partition_point(|word| word.end <= start);
    if n == words.len() {
        return false;
    }
    let said = Said {
        text,
        words,
        sentence: sentence(text, words, n),
    };
    !said.any(said.sentence.clone(), OF_SERVICES)
        && (said.is_asked_for(n)
            || said.is_of_app(n)
            || said.is_in_store(n)
            || said.is_too_old(n)
            || said.is_given_up(n))
}

/// A sentence in which a version stands.
struct Said<'a> {
    text: &'a str,
    words: &'a [Word],
    sentence: Range<usize>,
}

impl Said<'_> {
    /// Whether the word at a place is one of these.
    fn is(&self, at: usize, wanted: &[&str]) -> bool {
        self.sentence.contains(&at) && wanted.contains(&self.words[at].lower.as_str())
    }

    fn any(&self, mut places: Range<usize>, wanted: &[&str]) -> bool {
        places.any(|at| self.is(at, wanted))
    }

    /// Whether the word so many before `n` is one of these, with nothing but words between.
    fn before(&self, n: usize, back: usize, wanted: &[&str]) -> bool {
        n.checked_sub(back)
            .is_some_and(|at| self.is(at, wanted) && self.is_whole(at, n))
    }

    /// Whether no comma, colon or bracket parts two words.
    fn is_whole(&self, from: usize, to: usize) -> bool {
        !self.text[self.words[from].end..self.words[to].start].contains([',', ';', ':', '('])
    }

    /// "Please update to 128.0.3", "You will be asked to update to 6.1.4"
    fn is_asked_for(&self, n: usize) -> bool {
        (n.saturating_sub(8)..n).any(|verb| {
            self.is(verb, CHANGES)
                && self.is_whole(verb, n)
                && !self.any(verb + 1..n, OTHERS)
                && self.is_asked_of_readers(verb)
        })
    }

    /// Whoever is named last before the verb is who does it.
    fn is_asked_of_readers(&self, verb: usize) -> bool {
        let near = |at: &usize| self.is(*at, &["please", "you"]) || self.is(*at, OTHERS);
        let who = (verb.saturating_sub(5)..verb).rev().find(near);
        who.is_some_and(|at| self.is(at, &["you"]) || (self.is(at, &["please"]) && verb - at < 3))
    }

    /// "Version 4.2.0 of our app", "the app version 5.3", "Client version 6.1"
    fn is_of_app(&self, n: usize) -> bool {
        let behind = self.before(n, 1, &["version", "versions"])
            && self.is(n + 1, &["of"])
            && self.is(n + 2, &["our", "the", "your"])
            && self.any(n + 3..n + 6, OF_READERS);
        behind || self.before(n, 1, &["version"]) && self.before(n, 2, &["app", "client"])
    }

    /// "Version 5.3.1 will be in the store this evening"
    fn is_in_store(&self, n: usize) -> bool {
        let there = (n + 2..n + 12).find(|at| self.is(*at, &["store", "stores"]));
        self.before(n, 1, &["version"])
            && there.is_some_and(|store| {
                self.is(store - 1, &["the", "app", "play", "your"])
                    && self.any(n + 1..store, &["available", "be", "is"])
            })
    }

    /// "Versions older than 3.8 will no longer be able to log in"
    fn is_too_old(&self, n: usize) -> bool {
        self.before(n, 1, &["than"])
            && self.before(n, 2, &["older", "lower"])
            && self.before(n, 3, &["versions", "devices", "phones"])
            && self.any(n + 1..n + 8, &["longer", "supported", "work", "open"])
    }

    /// "We are ending support for Windows 8.1"
    fn is_given_up(&self, n: usize) -> bool {
        let ended = |at| self.is(at, &["ending", "end"]) && self.is(at + 1, &["support"]);
        (self.before(n, 1, AT_HOME) || self.before(n, 2, AT_HOME))
            && self.sentence.clone().any(ended)
    }
}

/// The words of the sentence in which the one at `n` stands, as far as they are near.
fn sentence(text: &str, words: &[Word], n: usize) -> Range<usize> {
    let parted = |at: usize| {
        let between = &text[words[at - 1].end..words[at].start];
        between.contains('\n') || between.contains(". ") || between.contains(['!', '?'])
    };
    let first = (n.saturating_sub(FAR) + 1..=n).rev().find(|at| parted(*at));
    let last = (n + 1..words.len().min(n + FAR)).find(|at| parted(*at));
    first.unwrap_or(n.saturating_sub(FAR))..last.unwrap_or(words.len().min(n + FAR))
}

#[cfg(test)]
mod tests {
    use crate::audience::Level;
    use crate::privacy::{Known, leaks};

    fn count(text: &str) -> usize {
        leaks(text, Level::NonTechnical, &Known::default()).len()
    }

    #[test]
    fn what_readers_have_or_must_install_is_theirs() {
        for text in [
            "Version 4.2.0 of our app is available in the stores.",
            "Please update before 1 October: versions older than 3.8.1 will no longer be able to log in.",
            "Please update to 128.0.3 or use another browser.",
            "We are ending support for Windows 8.1 on 31 January.",
            "Streams stop on TVs with the app version 5.3.",
            "You will be asked to update to 6.1.4 when you open it.",
        ] {
            assert_eq!(count(text), 0, "{text}");
        }
    }

    #[test]
    fn what_the_services_run_is_not() {
        for text in [
            "We update to 4.2.1 tonight.",
            "The servers were updated to 4.2.1 and you can log in again.",
            "The app servers are on version 5.3.1 since noon.",
            "The firmware of our switches goes to version 9.3.8.",
            "We need to update the mail system to 8.15.2 tonight, and you may see a short break.",
            "We have to install 14.9.1 on the database before your next visit.",
            "You will not notice it, but we plan to upgrade to 7.2.9 on Sunday.",
            "Please bear with us while we upgrade the portal to 6.4.2.",
            "Please update your bookmarks: the portal moved to 6.4.2.",
            "The tills in our stores run version 5.3.1 since Monday.",
            "Our branches in all stores are on version 5.3.1 now.",
            "The paging app, version 6.2.9, was put in at three and is our first suspect.",
            "We end support for Windows 2012 R2 on our servers.",
        ] {
            assert_eq!(count(text), 1, "{text}");
        }
    }
}
