//! Versions that are the readers' own: of the app in their hand, or what they are asked to install. They need them, so they are no leak.

use crate::review::words::Word;

/// How many words a sentence is looked through in each direction.
const FAR: usize = 16;

/// What people run themselves.
const OF_READERS: &[&str] = &[
    "app", "apps", "browser", "browsers", "phone", "phones", "tablet", "tablets", "tv", "tvs",
    "desktop",
];

/// Programs that readers have on their own machines, and no server runs.
const AT_HOME: &[&str] = &[
    "firefox", "chrome", "safari", "edge", "android", "macos", "ipados",
];

/// Whether the version that begins at byte `start` is one that readers have or must install, by what its sentence says.
pub(super) fn is_readers_own(text: &str, words: &[Word], start: usize) -> bool {
    let n = words.partition_point(|word| word.end <= start);
    if n == words.len() {
        return false;
    }
    let sentence = sentence(text, words, n);
    let is = |at: usize, wanted: &[&str]| {
        sentence.contains(&at) && wanted.contains(&words[at].lower.as_str())
    };
    let asked = sentence.clone().any(|at| {
        is(at, &["please", "you", "must", "to"])
            && is(
                at + 1,
                &["update", "upgrade", "install", "updating", "upgrading"],
            )
            && at < n
            && n - at < 9
            && (words[at].lower == "please" || addresses_readers(words, sentence.clone()))
    });
    let of_app = is(n.wrapping_sub(1), &["version", "versions", "than"])
        && (n + 1..n + 5).any(|at| is(at, OF_READERS) && !is(at + 1, &["server", "servers"]))
        || is(n.wrapping_sub(1), &["version"]) && is(n.wrapping_sub(2), &["app", "client"]);
    let in_store = sentence.clone().any(|at| is(at, &["store", "stores"]))
        && is(n.wrapping_sub(1), &["version"]);
    let older = is(n.wrapping_sub(2), &["older", "newer", "lower", "higher"])
        && is(
            n.wrapping_sub(3),
            &["versions", "version", "anything", "devices", "phones"],
        );
    let ended = sentence
        .clone()
        .any(|at| is(at, &["ending", "end"]) && is(at + 1, &["support"]));
    let home = is(n.wrapping_sub(1), AT_HOME)
        || is(n.wrapping_sub(2), AT_HOME)
        || is(n.wrapping_sub(1), &["windows"]);
    asked || of_app || in_store || older || (home && ended)
}

/// Whether a sentence speaks to its readers.
fn addresses_readers(words: &[Word], mut sentence: std::ops::Range<usize>) -> bool {
    sentence.any(|at| matches!(words[at].lower.as_str(), "you" | "your"))
}

/// The words of the sentence in which the one at `n` stands, as far as they are near.
fn sentence(text: &str, words: &[Word], n: usize) -> std::ops::Range<usize> {
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
        ] {
            assert_eq!(count(text), 1, "{text}");
        }
    }
}
