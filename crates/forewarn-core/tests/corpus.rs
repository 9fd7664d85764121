//! How good the review is, measured on labelled messages: recall and false alarms for each rule and each half of the set.
//!
//! The messages and the form of their labels are in `tests/corpus/README.md`. The half `held_out` was labelled by somebody who did
//! not see the code, and is never tuned on. To print the figures, and every open message that was judged otherwise:
//! `cargo test -p forewarn-core --test corpus -- --nocapture` (with `FOREWARN_CORPUS_SHOW=Q13` for one rule). Of the held-out
//! half only figures are ever printed: whoever saw which of its messages fail would tune on them.

use forewarn_core::audience::Level;
use forewarn_core::document::{Node, Problems, Value, parse_yaml};
use forewarn_core::privacy::Kind;
use forewarn_core::review::{
    Context, Finding, Medium, Part, Review, Rule, Severity, Stage, Text, review,
};
use std::collections::BTreeMap;
use std::path::Path;

/// The halves that must be there. A half that is named and missing, or empty, fails.
const HALVES: [&str; 2] = ["open", "held_out"];

/// What each rule must reach on each half: at least this percentage of breaks found, at most this percentage of kept ones flagged.
/// Raise them as the review gets better; they keep it from getting worse.
const FLOORS: &[(&str, &str, f64, f64)] = &[
    ("open", "Q2", 95.0, 3.6),
    ("open", "Q4", 88.0, 6.0),
    ("open", "Q5", 91.0, 2.0),
    ("open", "Q6", 88.0, 1.0),
    ("open", "Q7", 96.0, 1.0),
    ("open", "Q8", 96.0, 1.0),
    ("open", "Q9", 100.0, 1.0),
    ("open", "Q10", 98.0, 1.0),
    ("open", "Q11", 100.0, 1.0),
    ("open", "Q12", 94.0, 1.0),
    ("open", "Q13", 92.0, 1.0),
    ("open", "Q14", 100.0, 3.0),
    ("open", "Q16", 87.0, 1.0),
    ("open", "Q17", 98.0, 33.0),
    ("open", "Q18", 100.0, 43.0),
    ("open", "Q19", 81.0, 9.0),
    ("open", "Q20", 100.0, 1.0),
    ("open", "Q21", 98.0, 2.0),
    ("held_out", "Q2", 97.0, 2.0),
    ("held_out", "Q4", 96.0, 9.0),
    ("held_out", "Q5", 75.0, 3.0),
    ("held_out", "Q6", 63.0, 2.0),
    ("held_out", "Q7", 97.0, 1.0),
    ("held_out", "Q8", 100.0, 1.0),
    ("held_out", "Q9", 100.0, 1.0),
    ("held_out", "Q10", 85.0, 3.0),
    ("held_out", "Q11", 100.0, 2.0),
    ("held_out", "Q12", 91.0, 1.0),
    ("held_out", "Q13", 89.0, 2.0),
    ("held_out", "Q14", 100.0, 12.0),
    ("held_out", "Q16", 85.0, 3.0),
    ("held_out", "Q17", 95.0, 37.0),
    ("held_out", "Q18", 100.0, 49.0),
    ("held_out", "Q19", 68.0, 7.0),
    ("held_out", "Q20", 97.0, 1.0),
    ("held_out", "Q21", 90.0, 2.0),
];

/// For each half the least share of planted leaks found, and the largest share of ordinary texts in which something is found, in
/// percent. The aim is 98 and 2 for both.
/// Files 61 and 62 of the open half were written to be overlooked, and a good half of theirs is found. Files 26 and 27 of the other
/// half are of a fourth writer, whom the guard met last: README and `docs/reference/review.md` have the figures.
const LEAKS: [(&str, f64, f64); 2] = [("open", 96.0, 1.0), ("held_out", 94.5, 2.0)];

struct Item {
    id: String,
    message: Text,
    context: Context,
    /// The rules that somebody judged it by; all where it is empty.
    judged: Vec<String>,
    breaks: Vec<String>,
    leaks: Vec<(String, String)>,
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .find(|(key, _, _)| key == name)
            .map(|(_, _, node)| node),
        Value::List(_) | Value::Text { .. } | Value::Null => None,
    }
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    match field(node, name).map(|node| &node.value) {
        Some(Value::Text { text, .. }) => Some(text),
        _ => None,
    }
}

fn list<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    match field(node, name).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn items(half: &str) -> Vec<Item> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(half);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = files
        .map(|file| file.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let source = std::fs::read_to_string(&path).unwrap();
        for document in parse_yaml(&source).unwrap_or_else(|e| panic!("{}: {e}", path.display())) {
            let Value::List(nodes) = &document.value else {
                panic!("{}: must be a list", path.display())
            };
            all.extend(nodes.iter().map(item));
        }
    }
    assert!(!all.is_empty(), "{half} has no messages");
    all
}

fn item(node: &Node) -> Item {
    let id = text(node, "id").unwrap().to_owned();
    let named = |name: &str| text(node, name).unwrap_or_else(|| panic!("{id}: no {name}"));
    let message = Text::new(
        named("text"),
        text(node, "subject"),
        Level::parse(named("level")).unwrap(),
        Stage::parse(named("stage")).unwrap_or_else(|e| panic!("{id}: {e}")),
        Medium::parse(named("channel")).unwrap(),
    );
    let mut problems = Problems::default();
    let context =
        field(node, "context").map(|node| Context::read(node, "context", &mut problems).unwrap());
    assert!(problems.0.is_empty(), "{id}: {:?}", problems.0);
    let word = |node: &Node| match &node.value {
        Value::Text { text, .. } => text.clone(),
        Value::Map(_) | Value::List(_) | Value::Null => panic!("{id}: no word"),
    };
    Item {
        message: message.unwrap_or_else(|e| panic!("{id}: {e}")),
        context: context.unwrap_or_default(),
        judged: list(node, "judged").iter().map(word).collect(),
        breaks: list(node, "breaks").iter().map(word).collect(),
        leaks: list(node, "leaks")
            .iter()
            .map(|leak| {
                (
                    text(leak, "kind").unwrap().to_owned(),
                    text(leak, "text").unwrap().to_owned(),
                )
            })
            .collect(),
        id,
    }
}

#[derive(Default)]
struct Count {
    broken: usize,
    found: usize,
    kept: usize,
    alarms: usize,
}

impl Item {
    fn is_judged_by(&self, rule: Rule) -> bool {
        self.judged.is_empty() || self.judged.iter().any(|judged| judged == rule.as_str())
    }
}

impl Count {
    fn recall(&self) -> f64 {
        percent(self.found, self.broken, 100.0)
    }

    fn false_alarms(&self) -> f64 {
        percent(self.alarms, self.kept, 0.0)
    }
}

fn percent(part: usize, of: usize, none: f64) -> f64 {
    if of == 0 {
        none
    } else {
        part as f64 * 100.0 / of as f64
    }
}

/// Where a planted leak stands: every occurrence, in the text and in the subject.
fn places(item: &Item, leak: &str) -> Vec<(Part, usize, usize)> {
    let subject = item.message.subject().unwrap_or_default();
    let find = |part: Part, text: &str| -> Vec<(Part, usize, usize)> {
        text.match_indices(leak)
            .map(|(at, found)| (part, at, at + found.len()))
            .collect()
    };
    let mut all = find(Part::Text, item.message.text());
    all.extend(find(Part::Subject, subject));
    all
}

fn overlaps(finding: &Finding, place: &(Part, usize, usize)) -> bool {
    finding.part == place.0 && finding.start < place.2 && place.1 < finding.end
}

fn said<'i>(item: &'i Item, finding: &Finding) -> &'i str {
    match finding.part {
        Part::Text => &item.message.text()[finding.start..finding.end],
        Part::Subject => &item.message.subject().unwrap_or_default()[finding.start..finding.end],
    }
}

fn applies(rule: Rule, item: &Item) -> bool {
    let stage = item.message.stage();
    if !item.is_judged_by(rule) {
        return false;
    }
    match rule {
        Rule::Q2 => stage.is_open(),
        Rule::Q9 => matches!(item.message.medium(), Medium::Sms | Medium::Voice),
        Rule::Q11 => item.message.medium() == Medium::Sms,
        Rule::Q10 => item.message.subject().is_some(),
        Rule::Q14 => matches!(stage.as_str(), "holding" | "discovery" | "investigating"),
        Rule::Q16 => item.context.previous.is_some() && stage.is_open(),
        Rule::Q17 => matches!(stage.as_str(), "resolution" | "resolved"),
        Rule::Q18 => stage.as_str() == "announcement",
        Rule::Q4
        | Rule::Q5
        | Rule::Q6
        | Rule::Q7
        | Rule::Q8
        | Rule::Q12
        | Rule::Q13
        | Rule::Q15
        | Rule::Q19
        | Rule::Q20
        | Rule::Q21 => true,
    }
}

/// Notes are thoughts, no alarms, but for the rules that only give notes.
fn flagged(review: &Review, rule: Rule) -> bool {
    let only_notes = matches!(rule, Rule::Q14 | Rule::Q19);
    review
        .findings
        .iter()
        .any(|f| f.rule == rule && (only_notes || f.severity > Severity::Note))
}

#[test]
fn recall_and_false_alarms_stay_as_good_as_they_are() {
    let asked = std::env::var("FOREWARN_CORPUS_SHOW").unwrap_or_default();
    let mut failed = Vec::new();
    for half in HALVES {
        let show = if half == "open" { asked.as_str() } else { "" };
        let items = items(half);
        let reviews: Vec<Review> = items
            .iter()
            .map(|item| review(&item.message, &item.context))
            .collect();
        println!(
            "\n{half}: {} messages\nrule  broken found  recall   kept alarms  false",
            items.len()
        );
        for rule in Rule::ALL {
            let mut count = Count::default();
            for (item, review) in items
                .iter()
                .zip(&reviews)
                .filter(|(item, _)| applies(rule, item))
            {
                let (broken, flagged) = (
                    item.breaks.iter().any(|b| b == rule.as_str()),
                    flagged(review, rule),
                );
                count.broken += usize::from(broken);
                count.found += usize::from(broken && flagged);
                count.kept += usize::from(!broken);
                count.alarms += usize::from(!broken && flagged);
                if broken != flagged && (show == "all" || show == rule.as_str()) {
                    let why: Vec<String> = review
                        .findings
                        .iter()
                        .filter(|f| f.rule == rule)
                        .map(|f| format!("{} [{}]", f.because, said(item, f)))
                        .collect();
                    println!(
                        "  {} {}: {}",
                        if broken { "MISSED" } else { "ALARM " },
                        item.id,
                        why.join("; ")
                    );
                }
            }
            println!(
                "{:4} {:7} {:5} {:6.1}% {:6} {:6} {:5.1}%",
                rule.as_str(),
                count.broken,
                count.found,
                count.recall(),
                count.kept,
                count.alarms,
                count.false_alarms()
            );
            let floors = FLOORS
                .iter()
                .filter(|(h, r, _, _)| *h == half && *r == rule.as_str());
            for (_, _, recall, false_alarms) in floors {
                if count.recall() < *recall || count.false_alarms() > *false_alarms {
                    failed.push(format!("{half} {}: recall {:.1} (floor {recall}), false alarms {:.1} (ceiling {false_alarms})", rule.as_str(), count.recall(), count.false_alarms()));
                }
            }
        }
        leaks(half, &items, &reviews, show, &mut failed);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn leaks(half: &str, items: &[Item], reviews: &[Review], show: &str, failed: &mut Vec<String>) {
    let mut kinds: BTreeMap<Kind, Count> = BTreeMap::new();
    let (mut ordinary, mut disturbed, mut stray, mut stopped) = (0, 0, 0, 0);
    for (item, review) in items.iter().zip(reviews) {
        if !item.is_judged_by(Rule::Q15) {
            continue;
        }
        let found: Vec<&Finding> = review
            .findings
            .iter()
            .filter(|f| f.rule == Rule::Q15)
            .collect();
        let mut planted = Vec::new();
        for (kind, leak) in &item.leaks {
            let places = places(item, leak);
            assert!(!places.is_empty(), "{}: '{leak}' stands nowhere", item.id);
            let kind = Kind::ALL
                .into_iter()
                .find(|k| k.as_str() == kind)
                .unwrap_or_else(|| panic!("{}: {kind}", item.id));
            let hit = found
                .iter()
                .any(|f| f.kind == Some(kind) && places.iter().any(|p| overlaps(f, p)));
            let count = kinds.entry(kind).or_default();
            count.broken += 1;
            count.found += usize::from(hit);
            // What is stopped by another name is stopped: a bucket may be called a machine or an inner address.
            let any = |f: &&Finding| places.iter().any(|p| overlaps(f, p));
            stopped += usize::from(found.iter().any(any));
            if !hit && (show == "all" || show == "Q15") {
                let near: Vec<_> = found
                    .iter()
                    .filter(|f| places.iter().any(|p| overlaps(f, p)))
                    .filter_map(|f| f.kind)
                    .collect();
                println!(
                    "  MISSED {} {}: {leak} (found as {near:?})",
                    item.id,
                    kind.as_str()
                );
            }
            planted.extend(places);
        }
        for finding in &found {
            if !planted.iter().any(|p| overlaps(finding, p)) {
                stray += 1;
                if show == "all" || show == "Q15" {
                    println!(
                        "  ALARM  {} {:?}: {}",
                        item.id,
                        finding.kind,
                        said(item, finding)
                    );
                }
            }
        }
        if item.leaks.is_empty() {
            ordinary += 1;
            disturbed += usize::from(!found.is_empty());
        }
    }
    let (mut planted, mut named) = (0, 0);
    println!("kind            planted found  recall");
    for (kind, count) in &kinds {
        (planted, named) = (planted + count.broken, named + count.found);
        println!(
            "{:15} {:7} {:5} {:6.1}%",
            kind.as_str(),
            count.broken,
            count.found,
            count.recall()
        );
    }
    let (recall, alarms) = (
        percent(stopped, planted, 100.0),
        percent(disturbed, ordinary, 0.0),
    );
    println!(
        "leaks: {stopped} of {planted} found ({recall:.1}%), {named} by the name of their kind; {disturbed} of {ordinary} ordinary texts disturbed ({alarms:.1}%); {stray} stray findings"
    );
    let limits = LEAKS.iter().find(|(name, _, _)| *name == half);
    let (_, floor, ceiling) = *limits.expect("limits for each half");
    if recall < floor || alarms > ceiling {
        failed.push(format!(
            "{half}: leaks found {recall:.1}, ordinary texts disturbed {alarms:.1}"
        ));
    }
}
