//! Q16: each update brings a fact, or says that nothing changed and when the next word comes.

use super::phrase::List;
use super::reading::Reading;
use super::stage::Stage;
use super::{Finding, Rule};
use std::collections::BTreeSet;

/// From this share on a message is the last one again.
const ALIKE: f64 = 0.9;
/// Words that differ in any two messages about the same thing: politeness, waiting, grammar.
const PLAIN: &str = "a an the of to in on at by for from with and or but as is are was were be been being has have had do does did \
    we us our you your it its they them their this that these those there here he she i not no nor so if when while until since \
    again still yet now soon shortly later more most some many all any each every other another further next last new also only very \
    just please sorry apologise apologize apologies apology regret thank thanks patience patient wait bear inconvenience trouble \
    team work works working worked continue continues continuing keep keeps keeping try trying look looking watch watching monitor \
    monitoring investigate investigating know tell say news update updates post posted write information soon hope will shall would \
    can could may might should must problem issue incident fix fixing results utc gmt example which who whom whose what where how than such both either own doing done waiting caused causing \
    there's currently presently moment";

pub(super) fn repeat(reading: &Reading<'_>, previous: &str, stage: Stage) -> Option<Finding> {
    if !stage.is_open() {
        return None;
    }
    let before = Reading::of(previous);
    let plain: BTreeSet<&str> = PLAIN.split_whitespace().collect();
    let facts = |reading: &Reading<'_>| -> BTreeSet<String> {
        let times: BTreeSet<usize> = reading
            .times
            .iter()
            .flat_map(|t| t.first..t.after)
            .collect();
        let counted = reading.words.iter().enumerate().filter(|(n, w)| {
            !times.contains(n)
                && !plain.contains(w.lower.as_str())
                && !super::completeness::is_address(&w.lower)
        });
        counted.map(|(_, w)| stem(&w.lower)).collect()
    };
    let (now, then) = (facts(reading), facts(&before));
    let shared = now.intersection(&then).count();
    // How much of this message stood in the last one.
    let alike = match now.len() {
        0 => 1.0,
        all => shared as f64 / all as f64,
    };
    let says_so = says_no_change(reading);
    if says_so && !reading.times.is_empty() {
        return None;
    }
    if says_so {
        return Some(Rule::Q16.warning(
            reading.opening(),
            "it says that nothing changed, and not when the next word comes",
            "Write: 'No change: the portal is still slow. Next update by 15:30 UTC (+00:00).'",
        ));
    }
    let because = format!(
        "{:.0} percent of it stood in the last message: readers learn nothing",
        alike * 100.0
    );
    (alike >= ALIKE).then(|| {
        Rule::Q16.warning(
            reading.opening(),
            &because,
            "Say what is new, or: 'No change: the portal is still slow. Next update by 15:30 UTC (+00:00).'",
        )
    })
}

/// "No change", in the first sentence or as its own.
fn says_no_change(reading: &Reading<'_>) -> bool {
    let words = &reading.words;
    (0..words.len().min(60)).any(|n| {
        let next = reading.lower(n + 1);
        match reading.lower(n) {
            "no" => {
                matches!(next, "change" | "changes" | "news")
                    || (next == "new" && matches!(reading.lower(n + 2), "information" | "facts"))
            }
            "nothing" => {
                matches!(next, "new" | "changed")
                    || (next == "has" && reading.lower(n + 2) == "changed")
            }
            "unchanged" => true,
            _ => false,
        }
    }) && reading
        .prose()
        .next()
        .is_some_and(|s| !reading.has_in(List::Unknown, &s.words) || s.count > 3)
}

/// Words that say the same of an incident: another of them is no new fact.
const SAME: &[(&str, &str)] = &[
    ("identified", "found"),
    ("located", "found"),
    ("pinpointed", "found"),
    ("determined", "found"),
    ("established", "found"),
    ("isolated", "found"),
    ("solution", "repair"),
    ("remedy", "repair"),
    ("resolution", "repair"),
    ("repairs", "repair"),
    ("reason", "cause"),
    ("engineers", "specialists"),
    ("technicians", "specialists"),
    ("experts", "specialists"),
    ("unable", "cannot"),
    ("can't", "cannot"),
    ("unavailable", "down"),
    ("offline", "down"),
    ("provide", "give"),
    ("share", "give"),
    ("customers", "users"),
    ("experiencing", "seeing"),
    ("affected", "hit"),
    ("impacted", "hit"),
];

/// The word without the endings that grammar gives it, and one word for all that say the same.
fn stem(word: &str) -> String {
    let word = word.trim_end_matches("'s");
    let word = SAME
        .iter()
        .find(|(other, _)| *other == word)
        .map_or(word, |(_, same)| same);
    for ending in ["ing", "ed", "es", "s", "e"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() > 3
        {
            return stem.to_owned();
        }
    }
    word.to_owned()
}
