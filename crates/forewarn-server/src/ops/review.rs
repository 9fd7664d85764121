//! The review of a message before it leaves, with what the catalogue knows of names that stay inside.

use super::{field, gathered, read, text_at};
use crate::app::App;
use crate::error::Result;
use forewarn_core::audience::Level;
use forewarn_core::document::{Fields, Node, Problems, Value as Tree};
use forewarn_core::privacy::{Kind, Known, is_persons_name, leaks, person_of};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::review::{Context, Review, Text, review as go_through};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Reviews the message of a request: `text`, `subject`, `level`, `stage`, `channel`, `context`.
///
/// # Errors
/// Everything that is wrong with the request; when the database cannot be read.
pub async fn review(app: &App, node: &Node) -> Result<Review> {
    let (text, context) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let text = Text::read(&mut fields, problems);
        let given = fields.node("context");
        let context = given.map(|node| Context::read(node, "context", problems));
        fields.finish(problems);
        Some((text?, context.flatten()))
    })?;
    let context = match context {
        Some(context) => context,
        None => Context {
            known: known(app).await?,
            previous: None,
        },
    };
    Ok(go_through(&text, &context))
}

/// What the organisation's documents call internal, the names of owners and of those on duty, and its own public addresses.
///
/// # Errors
/// When the database cannot be read.
pub async fn known(app: &App) -> Result<Known> {
    let catalogue = app.store.catalogue().await?;
    let mut known = catalogue.organisation.privacy.clone();
    let owners = catalogue
        .services
        .iter()
        .flat_map(|s| s.owner.iter().chain(&s.business_owner));
    let on_duty = catalogue
        .rotas
        .iter()
        .flat_map(|rota| rota.weekly.iter().map(|shift| &shift.who));
    let mailboxes: BTreeSet<&str> = owners
        .chain(on_duty)
        .map(|address| address.as_str())
        .collect();
    let mailboxes: Vec<&str> = mailboxes.into_iter().collect();
    // Some contacts are desks; "Help desk" is nobody's name.
    let people = app.store.names_of(&mailboxes).await?;
    known
        .employees
        .extend(people.into_iter().filter(|name| is_persons_name(name)));
    known
        .employees
        .extend(mailboxes.into_iter().filter_map(person_of));
    known.allow.push(app.public_url.clone());
    known.allow.extend(catalogue.organisation.contact.clone());
    Ok(known)
}

/// The field that says why words go out that their readers should not see.
pub(super) const OPEN: &str = "privacy_override";

/// What somebody types of an event, with the level of who reads it: all of it stands on the public page, but for what is technical.
const WORDS: [(&str, Level); 19] = [
    ("title", Level::NonTechnical),
    ("effect", Level::NonTechnical),
    ("text", Level::NonTechnical),
    ("action", Level::NonTechnical),
    ("reason", Level::NonTechnical),
    ("facts.effect", Level::NonTechnical),
    ("facts.why", Level::NonTechnical),
    ("facts.cause", Level::NonTechnical),
    ("facts.action", Level::NonTechnical),
    ("facts.action.what", Level::NonTechnical),
    ("facts.workaround", Level::NonTechnical),
    ("facts.risk", Level::NonTechnical),
    ("facts.fallback", Level::NonTechnical),
    ("facts.cost", Level::NonTechnical),
    ("facts.questions", Level::NonTechnical),
    ("facts.technical", Level::Technical),
    ("texts.non_technical", Level::NonTechnical),
    ("texts.semi_technical", Level::SemiTechnical),
    ("texts.technical", Level::Technical),
];

/// The words that an input brings, whatever else is wrong with it.
pub(super) fn words(node: &Node) -> Vec<(&'static str, &str, Level)> {
    let said = |(path, level)| Some((path, text_at(node, path)?, level));
    let mut words: Vec<_> = WORDS.into_iter().filter_map(said).collect();
    if let Some(Tree::List(steps)) = field(node, "steps").map(|steps| &steps.value) {
        let titles = steps.iter().filter_map(|step| match &step.value {
            Tree::Text { text, .. } => Some(text.as_str()),
            Tree::Null | Tree::List(_) | Tree::Map(_) => None,
        });
        words.extend(titles.map(|title| ("steps", title, Level::NonTechnical)));
    }
    let asked = field(node, "facts").and_then(|facts| field(facts, "questions"));
    if let Some(Tree::List(items)) = asked.map(|asked| &asked.value) {
        for item in items {
            let level = text_at(item, "level").and_then(|level| Level::parse(level).ok());
            let level = level.unwrap_or(Level::NonTechnical);
            let said = ["question", "answer"]
                .into_iter()
                .filter_map(|part| text_at(item, part));
            words.extend(said.map(|text| ("facts.questions", text, level)));
        }
    }
    words
}

/// The longest of what is typed: twenty questions with their answers. All else is at most 10,000 characters long.
const MOST_CHARS: usize = 25_000;

fn is_a_text(text: &str) -> bool {
    text.char_indices().nth(MOST_CHARS).is_none()
}

/// What in these words their readers may not see: the field, the words, the level of who reads them.
///
/// # Errors
/// When the database cannot be read.
pub async fn closed(app: &App, words: &[(&str, &str, Level)]) -> Result<Vec<(Kind, Problem)>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let known = known(app).await?;
    let mut found = Vec::new();
    // What is longer than any text is refused for that, and its places would be of no use.
    for (field, text, level) in words.iter().filter(|(_, text, _)| is_a_text(text)) {
        for leak in leaks(text, *level, &known) {
            let (kind, place) = (leak.kind, format!("from {} to {}", leak.start, leak.end));
            // A secret is not said once more.
            let what = match kind {
                Kind::Secret => place,
                _ => format!("'{}', {place}", &text[leak.start..leak.end]),
            };
            let problem = format!("{what}: {}; {}", kind.because(), kind.suggestion());
            found.push((kind, Problem::new(*field, problem)));
        }
    }
    Ok(found)
}

/// What is asked of whoever sends words that their readers may not see.
pub const SAY_WHY: &str = "is missing: if it must go out as it is, say why; that stays on record";

/// Refuses words that their readers may not see, unless somebody says why they go out all the same: then what goes on record.
///
/// # Errors
/// Every place, with what to do.
pub async fn open(
    app: &App,
    words: &[(&str, &str, Level)],
    because: Option<&str>,
) -> Result<Option<Value>> {
    opened(closed(app, words).await?, because)
}

/// The same for what was found.
///
/// # Errors
/// As [`open`].
pub fn opened(found: Vec<(Kind, Problem)>, because: Option<&str>) -> Result<Option<Value>> {
    if found.is_empty() {
        return Ok(None);
    }
    let Some(because) = because else {
        let problems = found.into_iter().map(|(_, problem)| problem);
        let mut problems: Vec<Problem> = problems.collect();
        problems.push(Problem::new(OPEN, SAY_WHY));
        return Err(Invalid { problems }.into());
    };
    let kinds: BTreeSet<Kind> = found.iter().map(|(kind, _)| *kind).collect();
    Ok(Some(json!({"reason": because, "found": kinds})))
}

/// What was found in the words of an event that is told ahead or of a fault, and why they go out all the same.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// What goes on record.
    open: Option<Value>,
    problems: Vec<Problem>,
}

impl Guard {
    /// Looks at what was `typed`; `path` stands before the names of its fields.
    ///
    /// Versions may stand in it: people must know which one has a fault, and which one comes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(app: &App, typed: &Node, path: &str) -> Result<Guard> {
        let mut found = closed(app, &words(typed)).await?;
        found.retain(|(kind, _)| *kind != Kind::Version);
        let because = text_at(typed, OPEN).filter(|because| !because.trim().is_empty());
        let mut problems = Problems::default();
        let open = gathered(opened(found, because), &mut problems)?.flatten();
        let problems = problems.0.into_iter().map(|problem| Problem {
            field: format!("{path}{}", problem.field),
            ..problem
        });
        Ok(Guard {
            open,
            problems: problems.collect(),
        })
    }

    /// What was read of the rest, or everything that is wrong with both.
    ///
    /// # Errors
    /// All of it at once.
    pub fn beside<T>(&self, said: Result<T>) -> Result<T> {
        let mut problems = Problems::default();
        let said = gathered(said, &mut problems)?;
        problems.0.extend(self.problems.iter().cloned());
        match said {
            Some(said) if problems.0.is_empty() => Ok(said),
            _ => Err(Invalid {
                problems: problems.0,
            }
            .into()),
        }
    }

    /// With what goes on record, if there is something.
    pub fn on_record(&self, mut detail: Value) -> Value {
        if let Some(open) = &self.open {
            detail[OPEN] = open.clone();
        }
        detail
    }
}
