//! The review of a message before it leaves, with what the catalogue knows of names that stay inside.

use super::read;
use crate::app::App;
use crate::error::Result;
use forewarn_core::document::{Fields, Node};
use forewarn_core::privacy::{Known, is_persons_name, person_of};
use forewarn_core::review::{Context, Review, Text, review as go_through};
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
