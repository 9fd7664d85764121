//! Documents, contacts and their import.

use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::{announcement, approval, field, gathered, maintenance, text_at};
use forewarn_core::document::{Catalogue, Documents, Node, Problems, Value as Tree, parse_yaml};
use forewarn_core::event::Event;
use forewarn_core::hook::{Hook, KEPT};
use forewarn_store::{Applied, EventFilter};

/// Reads documents and stores them, or says what storing them would do.
///
/// # Errors
/// Everything that is wrong with them, with places; then nothing is stored.
pub async fn apply(app: &App, caller: &Caller, nodes: Vec<Node>, dry_run: bool) -> Result<Applied> {
    let known = app.store.catalogue().await?;
    let nodes: Vec<(String, Node)> = nodes
        .into_iter()
        .map(|node| (String::new(), node))
        .collect();
    let mut problems = Problems::default();
    let documents = Documents::read(&nodes, &known, "MNT-0").map_err(ApiError::from);
    let documents = gathered(documents, &mut problems)?;
    let stored = app.store.hooks().await?;
    unproven(&nodes, &stored, &mut problems);
    let mut documents = match documents {
        Some(documents) if problems.0.is_empty() => documents,
        _ => return Err(problems.refused(&whole_of(&nodes)).into()),
    };
    keep_secrets(&stored, &mut documents);
    let mut applied = app
        .store
        .apply(&documents, &caller.actor, app.clock.now(), dry_run)
        .await?;
    if applied.changes_something() {
        applied.warnings = documents.advice();
        let mut named = applied.created.iter().chain(&applied.changed);
        if named.any(|of| of.starts_with("organisation/")) {
            applied.warnings.extend(documents.nowhere_to_report());
        }
    }
    if !dry_run {
        app.store.hint();
        if applied.changes_something() {
            applied.planned_again = follow_up(app, caller, &known).await;
        }
    }
    Ok(applied)
}

/// Removes a document or a contact, and says whether there was one of this id.
///
/// # Errors
/// When the store cannot be written.
pub async fn remove(app: &App, caller: &Caller, kind: &'static str, id: &str) -> Result<bool> {
    let (by, now) = (&caller.actor, app.clock.now());
    if kind == "contacts" {
        return Ok(app.store.remove_contact(id, by, now).await?);
    }
    refuse_in_use(app, kind, id).await?;
    let known = app.store.catalogue().await?;
    let gone = app.store.remove_document(kind, id, by, now).await?;
    if gone {
        follow_up(app, caller, &known).await;
    }
    Ok(gone)
}

/// More open events than any organisation has.
const MOST_EVENTS: i64 = 5_000;

/// What is under way keeps what it is about, whom it was told to, and its policy.
async fn refuse_in_use(app: &App, kind: &str, id: &str) -> Result<()> {
    let mut needed_by = Vec::new();
    if kind == "services" {
        let services = app.store.catalogue().await?.services;
        let depends = services
            .iter()
            .filter(|s| s.depends_on.iter().any(|d| *d == *id));
        needed_by.extend(depends.map(|s| format!("service {}", s.id)));
    }
    let open = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    for stored in app.store.events(&open, MOST_EVENTS).await? {
        let event = &stored.event;
        let needs = match kind {
            "services" => event.services().iter().any(|s| *s == *id),
            "audiences" => was_told(app, event, id).await?,
            "policies" => event.policy().is_some_and(|policy| *policy == *id),
            _ => false,
        };
        needed_by.extend(needs.then(|| event.id().to_string()));
    }
    match needed_by.is_empty() {
        true => Ok(()),
        false => Err(ApiError::Conflict(format!(
            "{id} is needed by {}: it can be removed when that is over, or no longer names it",
            needed_by.join(", ")
        ))),
    }
}

/// Whoever was told of something hears how it goes on.
async fn was_told(app: &App, event: &Event, audience: &str) -> Result<bool> {
    let (notices, _) = app.store.planned(event.id().as_str()).await?;
    let mut notices = notices.iter();
    Ok(notices.any(|notice| notice.told && notice.audience == audience))
}

/// What follows from another catalogue for what is open: it is planned again, and who must agree is asked again. The documents stand
/// in any case. Says what was planned again.
async fn follow_up(app: &App, caller: &Caller, before: &Catalogue) -> Vec<String> {
    let mut again = Vec::new();
    let is_same = match app.store.catalogue().await {
        Ok(now) => now == *before,
        Err(_) => false,
    };
    if !is_same {
        for planned in [
            maintenance::plan_again(app, caller, before).await,
            announcement::plan_again(app, caller, before).await,
        ] {
            match planned {
                Ok(ids) => again.extend(ids),
                Err(error) => tracing::error!(
                    %error,
                    "open events are not all planned again by the new catalogue; apply it once more"
                ),
            }
        }
    }
    ask_again(app, caller).await;
    again
}

/// Other templates, owners or policies may make other words of what was approved: those who must agree to them hear of it now, not
/// when a notice is due. The documents stand in any case, and the engine asks what was not asked here.
async fn ask_again(app: &App, caller: &Caller) {
    if let Err(error) = approval::settle_all(app, &caller.actor).await {
        tracing::warn!(%error, "the approvers of open events were not asked again; they are when a notice is due");
    }
}

/// A hook that is written without its secret keeps the one it has.
fn keep_secrets(stored: &[Hook], documents: &mut Documents) {
    for hook in documents.hooks.iter_mut().filter(|h| h.secrets.is_empty()) {
        if let Some(before) = stored.iter().find(|before| before.id == hook.id) {
            hook.secrets.clone_from(&before.secrets);
        }
    }
}

/// Refuses a new hook without a secret, whatever else is wrong with it: nothing would prove who sends.
fn unproven(nodes: &[(String, Node)], stored: &[Hook], problems: &mut Problems) {
    let listed = nodes.iter().filter_map(|(_, node)| field(node, "hooks"));
    let hooks = listed.flat_map(|list| match &list.value {
        Tree::List(hooks) => hooks.as_slice(),
        Tree::Null | Tree::Text { .. } | Tree::Map(_) => &[],
    });
    for (n, hook) in hooks
        .enumerate()
        .filter(|(_, hook)| matches!(hook.value, Tree::Map(_)))
    {
        let keeps = |before: &Hook| {
            !before.secrets.is_empty()
                && text_at(hook, "id").is_some_and(|id| *before.id.as_str() == *id.trim())
        };
        let is_given = |secret: &Node| match &secret.value {
            Tree::Null => false,
            Tree::Text { text, .. } => text != KEPT,
            Tree::List(secrets) => !secrets.is_empty(),
            Tree::Map(_) => true,
        };
        if !field(hook, "secret").is_some_and(is_given) && !stored.iter().any(keeps) {
            let problem = "is missing: what proves that a request comes from its sender, 16 to 200 random letters and digits";
            problems.add(format!("hooks[{n}].secret"), hook.place, problem);
        }
    }
}

/// What was sent as one tree, by which problems are put in order: several documents have lines.
fn whole_of(nodes: &[(String, Node)]) -> Node {
    match nodes {
        [(_, node)] => node.clone(),
        _ => Node {
            value: Tree::Null,
            place: None,
        },
    }
}

/// Reads a YAML text with any number of documents.
///
/// # Errors
/// Text that is no YAML, with line and column.
pub fn yaml(text: &str) -> Result<Vec<Node>> {
    Ok(parse_yaml(text)?)
}

/// Puts a body under its kind's name, as it stands in a file.
pub fn listed(kind: &str, body: Node) -> Node {
    let list = Node {
        value: Tree::List(vec![body]),
        place: None,
    };
    Node {
        value: Tree::Map(vec![(kind.to_owned(), None, list)]),
        place: None,
    }
}
