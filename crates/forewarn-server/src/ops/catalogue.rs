//! Documents, contacts and their import.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::approval;
use forewarn_core::document::{Documents, Node, Value as Tree, parse_yaml};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_store::Applied;

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
    let mut documents = Documents::read(&nodes, &known, "MNT-0")?;
    keep_secrets(app, &mut documents).await?;
    let applied = app
        .store
        .apply(&documents, &caller.actor, app.clock.now(), dry_run)
        .await?;
    if !dry_run {
        app.store.hint();
        if applied.changes_something() {
            ask_again(app, caller).await;
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
    let gone = app.store.remove_document(kind, id, by, now).await?;
    if gone {
        ask_again(app, caller).await;
    }
    Ok(gone)
}

/// Other templates, owners or policies may make other words of what was approved: those who must agree to them hear of it now, not
/// when a notice is due. The documents stand in any case, and the engine asks what was not asked here.
async fn ask_again(app: &App, caller: &Caller) {
    if let Err(error) = approval::settle_all(app, &caller.actor).await {
        tracing::warn!(%error, "the approvers of open events were not asked again; they are when a notice is due");
    }
}

/// A hook that is written without its secret keeps the one it has; a new one needs one.
async fn keep_secrets(app: &App, documents: &mut Documents) -> Result<()> {
    if documents.hooks.iter().all(|hook| !hook.secrets.is_empty()) {
        return Ok(());
    }
    let stored = app.store.hooks().await?;
    let mut problems = Vec::new();
    for (n, hook) in documents.hooks.iter_mut().enumerate() {
        let before = stored.iter().find(|before| before.id == hook.id);
        match before.filter(|before| !before.secrets.is_empty()) {
            _ if !hook.secrets.is_empty() => {}
            Some(before) => hook.secrets.clone_from(&before.secrets),
            None => {
                let problem = "is missing: what proves that a request comes from its sender, 16 to 200 random letters and digits";
                problems.push(Problem::new(format!("hooks[{n}].secret"), problem));
            }
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Invalid { problems }.into()),
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
