//! Rules about the repository that neither the compiler nor clippy keeps.
//!
//! Each test gathers every violation before it fails, so that one run shows all of them.
//! A rule that stands in the way is changed here, with a page in `docs/decisions/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which crate may depend on which of ours. There is no other arrow.
const ARROWS: &[(&str, &[&str])] = &[
    ("forewarn-core", &[]),
    ("forewarn-store", &["forewarn-core"]),
    ("forewarn-engine", &["forewarn-core", "forewarn-store"]),
    ("forewarn-server", &["forewarn-core", "forewarn-store"]),
    (
        "forewarn",
        &[
            "forewarn-core",
            "forewarn-store",
            "forewarn-engine",
            "forewarn-server",
        ],
    ),
];

/// What would let the core wait, reach out, or roll dice, even in its tests.
const NOT_IN_CORE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "futures",
    "futures-util",
    "sqlx",
    "rusqlite",
    "axum",
    "hyper",
    "reqwest",
    "getrandom",
];

/// What would let a request send something by itself, instead of through the outbox.
const NOT_IN_SERVER: &[&str] = &[
    "reqwest",
    "hyper-util",
    "ureq",
    "smtp-proto",
    "mail-send",
    "lettre",
    "tokio-rustls",
];

const SQL: &[&str] = &["sqlx", "rusqlite", "tokio-postgres", "libsqlite3-sys"];

/// A file that grows beyond this holds more than one noun.
const MOST_LINES: usize = 700;

/// Files that may be longer, with the reason. A file that has shrunk leaves the list.
const LONG_FILES: &[(&str, &str)] = &[];

/// Names that say where a thing was put and not what it is.
const VAGUE_NAMES: &[&str] = &[
    "common", "util", "utils", "model", "models", "helper", "helpers", "misc",
];

/// Modules of `crates/forewarn-engine/src/channel/` that serve channels and are none.
const NOT_CHANNELS: &[&str] = &["guard", "http"];

const DECISION_SECTIONS: &[&str] = &["Context", "Decision", "Consequences", "When to look again"];

#[test]
fn crates_depend_only_along_the_arrows() {
    let mut problems = Vec::new();
    let packages = packages();
    let known: BTreeSet<_> = ARROWS.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<_> = packages.iter().map(|p| p.name.as_str()).collect();
    if known != found {
        problems.push(format!(
            "the crates are {found:?}, the rules know {known:?}"
        ));
    }
    for package in &packages {
        let allowed = ARROWS.iter().find(|(name, _)| *name == package.name);
        let allowed = allowed.map_or(&[][..], |(_, to)| to);
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if known.contains(name) && !allowed.contains(&name) {
                problems.push(format!("{} -> {name} is not an arrow", package.name));
            }
        }
    }
    none(&problems);
}

#[test]
fn crates_keep_away_from_what_they_must_not_do() {
    let mut problems = Vec::new();
    for package in packages() {
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let why = match package.name.as_str() {
                "forewarn-core" if NOT_IN_CORE.contains(&name) => "the core is pure",
                "forewarn-server" if !dependency.dev && NOT_IN_SERVER.contains(&name) => {
                    "a request never sends"
                }
                other if other != "forewarn-store" && SQL.contains(&name) => {
                    "only the store sees SQL"
                }
                _ => continue,
            };
            problems.push(format!("{} depends on {name}: {why}", package.name));
        }
    }
    none(&problems);
}

#[test]
fn files_are_short_enough_to_hold_one_thing() {
    let mut problems = Vec::new();
    for file in rust_files() {
        let lines = read(&file).lines().count();
        let reason = LONG_FILES.iter().find(|(name, _)| *name == shown(&file));
        match reason {
            None if lines > MOST_LINES => problems.push(format!(
                "{} has {lines} lines, more than {MOST_LINES}",
                shown(&file)
            )),
            Some(_) if lines <= MOST_LINES => problems.push(format!(
                "{} has only {lines} lines: take it off LONG_FILES",
                shown(&file)
            )),
            _ if lines > MOST_LINES - 100 => println!("long: {lines} lines in {}", shown(&file)),
            _ => {}
        }
    }
    none(&problems);
}

#[test]
fn modules_are_named_for_what_they_hold() {
    let mut problems = Vec::new();
    for file in rust_files() {
        let relative = file.strip_prefix(root()).unwrap().with_extension("");
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let Some(src) = parts.iter().position(|part| part == "src") else {
            continue;
        };
        if parts[src..]
            .iter()
            .any(|part| VAGUE_NAMES.contains(&part.as_ref()))
        {
            problems.push(format!("{}: a name that says nothing", shown(&file)));
        }
    }
    none(&problems);
}

#[test]
fn tests_do_not_sleep() {
    let mut problems = Vec::new();
    for file in rust_files() {
        if !file
            .strip_prefix(root())
            .unwrap()
            .iter()
            .any(|part| part == "tests")
        {
            continue;
        }
        for (number, line) in code_lines(&read(&file)) {
            if calls(&line, "sleep(") || calls(&line, "sleep_until(") {
                problems.push(format!("{}:{number}: {}", shown(&file), line.trim()));
            }
        }
    }
    none(&problems);
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file does not find itself.
    let macros = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!"));
    let mut problems = Vec::new();
    for file in rust_files() {
        for (number, line) in code_lines(&read(&file)) {
            if macros.iter().any(|name| calls(&line, name)) {
                problems.push(format!("{}:{number}: {}", shown(&file), line.trim()));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_page_is_reached_from_the_index_and_no_link_is_dead() {
    let docs = root().join("docs");
    let mut problems = Vec::new();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![docs.join("README.md")];
    while let Some(page) = waiting.pop() {
        if !reached.insert(page.clone()) || page.extension().is_none_or(|e| e != "md") {
            continue;
        }
        for target in local_links(&read(&page)) {
            let linked = plain(&page.parent().unwrap().join(&target));
            if !linked.exists() {
                problems.push(format!(
                    "{} links to {target}, which is not there",
                    shown(&page)
                ));
            } else if linked.is_file() && linked.starts_with(&docs) {
                waiting.push(linked);
            }
        }
    }
    for file in files_under(&docs) {
        if !reached.contains(&file) {
            problems.push(format!(
                "{} is not reached from docs/README.md",
                shown(&file)
            ));
        }
    }
    for file in fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if file.extension().is_some_and(|e| e == "md") {
            for target in local_links(&read(&file)) {
                if !root().join(&target).exists() {
                    problems.push(format!(
                        "{} links to {target}, which is not there",
                        shown(&file)
                    ));
                }
            }
        }
    }
    none(&problems);
}

#[test]
fn decisions_are_numbered_listed_and_complete() {
    let folder = root().join("docs/decisions");
    let index = read(&folder.join("README.md"));
    let mut pages: Vec<_> = files_under(&folder);
    pages.retain(|page| page.file_name().unwrap() != "README.md");
    pages.sort();

    let mut problems = Vec::new();
    for (page, number) in pages.iter().zip(1..) {
        let name = page.file_name().unwrap().to_string_lossy();
        let text = read(page);
        let title = text.lines().next().unwrap_or_default();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                problems.push(format!("{name}: {what}"));
            }
        };
        expect(
            name.starts_with(&format!("{number:04}-")),
            format!("its number should be {number:04}: there is no gap and no number twice"),
        );
        expect(
            title.starts_with(&format!("# {number:04}: ")),
            format!("its first line should be '# {number:04}: TITLE'"),
        );
        let listed = format!("[{}]({name})", title.trim_start_matches("# "));
        expect(
            index.contains(&listed),
            format!("docs/decisions/README.md does not list it as {listed}"),
        );
        let status = text.lines().find_map(|line| line.strip_prefix("Status: "));
        expect(
            status.is_some_and(|s| s.starts_with("accepted, ") || s.starts_with("superseded by ")),
            "it needs a line 'Status: accepted, DATE' or 'Status: superseded by NUMBER'".into(),
        );
        let sections: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        expect(
            sections == DECISION_SECTIONS,
            format!("its sections are {sections:?}, not {DECISION_SECTIONS:?}"),
        );
    }
    none(&problems);
}

#[test]
fn the_channels_page_lists_the_channels_there_are() {
    let page = read(&root().join("docs/reference/channels.md"));
    let documented = column(&page, "Module");
    let mut modules = BTreeSet::new();
    for entry in fs::read_dir(root().join("crates/forewarn-engine/src/channel")).unwrap() {
        let name = entry.unwrap().path().with_extension("");
        let name = name.file_name().unwrap().to_string_lossy().into_owned();
        if !NOT_CHANNELS.contains(&name.as_str()) {
            modules.insert(name);
        }
    }
    assert_eq!(
        documented, modules,
        "documented (left), in the source (right)"
    );
}

/// A crate of ours, as its manifest says.
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    dev: bool,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            dependencies: list(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    dev: dependency["kind"] == "dev",
                })
                .collect(),
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Fails with every problem at once.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n  {}\n", problems.join("\n  "));
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The path from the root of the repository.
fn shown(file: &Path) -> String {
    file.strip_prefix(root())
        .unwrap_or(file)
        .display()
        .to_string()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn rust_files() -> Vec<PathBuf> {
    let mut files = files_under(&root().join("crates"));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    assert!(!files.is_empty(), "no source found");
    files
}

/// The lines of a source file with their numbers, without line comments.
///
/// A `//` inside a string ends the line too early, which can hide something after it in the
/// same line; rules about words lose nothing else by it.
fn code_lines(source: &str) -> impl Iterator<Item = (usize, String)> {
    (1..).zip(
        source
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default().to_owned()),
    )
}

/// Whether `word` stands in the line and is not the end of a longer word, nor inside quotes.
fn calls(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = &line[..at];
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let quoted = before.matches('"').count() % 2 == 1;
        whole && !quoted
    })
}

/// Targets of Markdown links to files, without their `#section`.
fn local_links(page: &str) -> BTreeSet<String> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !target.starts_with("mailto:"))
        .collect()
}

/// The path with its `..` taken out, without asking the file system.
fn plain(path: &Path) -> PathBuf {
    let root = root();
    let mut parts = Vec::new();
    for part in path.strip_prefix(root).unwrap_or(path).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    root.join(parts.iter().collect::<PathBuf>())
}

/// The values in the column with this heading, over all tables of a Markdown page.
fn column(page: &str, heading: &str) -> BTreeSet<String> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        Some(
            inner
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect(),
        )
    };
    let mut place = None;
    let mut values = BTreeSet::new();
    for line in page.lines() {
        match (cells(line), place) {
            (None, _) => place = None,
            (Some(row), None) => place = row.iter().position(|cell| cell == heading),
            (Some(row), Some(place)) => {
                let value = row.get(place).cloned().unwrap_or_default();
                if !value.trim_matches(['-', ':']).is_empty() {
                    values.insert(value);
                }
            }
        }
    }
    values
}

/// What the console and the public pages look like comes from these, in the words of the page below.
const STYLES: &[&str] = &["forewarn.css", "console.css"];
const DESIGN_LANGUAGE: &str = "docs/reference/design-language.md";

/// The declarations of a style sheet: names and values.
fn declarations(css: &str) -> Vec<(String, String)> {
    let mut code = String::new();
    for part in css.split("/*") {
        code.push_str(part.split_once("*/").map_or(part, |(_, rest)| rest));
    }
    // What stands before a brace that opens is a selector.
    let parts = code.split_inclusive(['{', '}', ';']);
    let declared = parts.filter(|part| !part.ends_with('{'));
    declared
        .filter_map(|part| part.trim_end_matches(['}', ';']).split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Whether a declaration has a colour or a size of its own, where it should take one that has a name.
fn is_stray((name, value): &(String, String)) -> bool {
    let is_size = |word: &str| {
        let number = word.strip_suffix("px").or(word.strip_suffix("rem"));
        number.is_some_and(|number| number.parse::<f64>().is_ok())
    };
    let named_sizes = [
        "font",
        "font-size",
        "gap",
        "row-gap",
        "column-gap",
        "border-radius",
    ];
    let sized = named_sizes.contains(&name.as_str()) || name.starts_with("margin");
    let sizes = sized && value.split([' ', '/']).any(is_size);
    let colours = ["#", "rgb(", "rgba(", "hsl("]
        .iter()
        .any(|it| value.contains(it));
    !name.starts_with("--") && (sizes || colours)
}

#[test]
fn styles_use_what_the_design_language_names() {
    let (mut defined, mut stray) = (BTreeSet::new(), Vec::new());
    for file in STYLES {
        let path = root().join("crates/forewarn-server/assets").join(file);
        let all = declarations(&fs::read_to_string(&path).expect("the style sheet is there"));
        let own = all.iter().filter(|(name, _)| name.starts_with("--"));
        defined.extend(own.map(|(name, _)| name.clone()));
        let bad = all.iter().filter(|declaration| is_stray(declaration));
        stray.extend(bad.map(|(name, value)| format!("{file}: {name}: {value}")));
    }
    assert!(
        stray.is_empty(),
        "take a token of {DESIGN_LANGUAGE} instead:\n{}",
        stray.join("\n")
    );
    let page = fs::read_to_string(root().join(DESIGN_LANGUAGE)).expect("the page is there");
    assert_eq!(
        column(&page, "Token"),
        defined,
        "{DESIGN_LANGUAGE} names every token, and no other"
    );
}

#[test]
fn the_rules_read_what_they_should() {
    let css = "/* gap: 1px */ @media (max-width: 9rem) { a:hover { gap: 3px; color: var(--ink) } }";
    let found = declarations(css);
    assert_eq!(
        found.iter().filter(|it| is_stray(it)).count(),
        1,
        "{found:?}"
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(calls("std::thread::wait(second)", "wait("));
    assert!(!calls("no_wait(second)", "wait("));
    assert!(!calls(r#"say("do not wait(1)")"#, "wait("));
    let lines: Vec<_> = code_lines("a // b\n// c").collect();
    assert_eq!(lines, [(1, "a ".to_owned()), (2, String::new())]);

    let links = local_links("[a](x/y.md#part) [b](https://example.org) [c](#here)");
    assert_eq!(links, BTreeSet::from(["x/y.md".to_owned()]));
    assert_eq!(
        plain(&root().join("docs/a/../b/./c.md")),
        root().join("docs/b/c.md")
    );

    let page =
        "| Name | Module |\n|---|:-:|\n| Mail | `smtp` |\n\ntext\n\n| Other |\n|---|\n| x |\n";
    assert_eq!(column(page, "Module"), BTreeSet::from(["smtp".to_owned()]));
}
