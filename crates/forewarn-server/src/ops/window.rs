//! Standard windows, as a list over all services: each with its next occurrences and the work planned in them.

use super::{maintenance, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::document::{
    Catalogue, Documents, Fields, Node, Value as Tree, exceptions_of_nothing,
};
use forewarn_core::id::Id;
use forewarn_core::maintenance::Maintenance;
use forewarn_core::problem::{Invalid, unknown};
use forewarn_core::service::Service;
use forewarn_core::window::{Occurrence, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// How far ahead occurrences are listed, and at most how many.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 92);
const OCCURRENCES: usize = 12;

/// Where none comes round that soon, the next one is looked for so far: a 29 February that is a Sunday comes after 40 years at most.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 366 * 41);

/// Every window.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(app: &App) -> Result<Vec<Value>> {
    let catalogue = app.store.catalogue().await?;
    let planned = maintenance::open(app).await?;
    let now = app.clock.now();
    Ok(catalogue
        .services
        .iter()
        .flat_map(|service| service.windows.iter().map(move |window| (service, window)))
        .map(|(service, window)| shape(service, window, &catalogue, &planned, now))
        .collect())
}

/// One of them.
///
/// # Errors
/// When there is none of this id.
pub async fn show(app: &App, id: &str) -> Result<Value> {
    let all = list(app).await?;
    let found = all.into_iter().find(|window| window["id"] == id);
    found.ok_or_else(|| ApiError::NotFound(format!("window {id}")))
}

fn shape(
    service: &Service,
    window: &Window,
    catalogue: &Catalogue,
    planned: &[Maintenance],
    now: Timestamp,
) -> Value {
    let zone = &catalogue.organisation.time_zone;
    let shown = |occurrence: &Occurrence| {
        let used: Vec<_> = planned
            .iter()
            .filter(|m| m.services.contains(&service.id) && overlaps(m, occurrence))
            .map(|m| json!({"id": m.id, "title": m.title}))
            .collect();
        json!({"start": occurrence.start, "end": occurrence.end, "date": occurrence.date, "used_for": used})
    };
    let within = |ahead| window.occurrences(zone, now, now.saturating_add(ahead).unwrap_or(now));
    let mut next = within(AHEAD);
    if next.is_empty() {
        next = within(FAR);
        next.truncate(1);
    }
    let mut body = json!(window);
    body["id"] = json!(window.id(&service.id));
    body["service"] = json!(service.id);
    body["next"] = next.iter().take(OCCURRENCES).map(shown).collect();
    body
}

fn overlaps(maintenance: &Maintenance, occurrence: &Occurrence) -> bool {
    let (start, end) = maintenance.window();
    start < occurrence.end && end > occurrence.start
}

/// Adds a window to the service that `node` names, or puts it in the place of the one of this id.
///
/// # Errors
/// Everything that is wrong with it; when there is no such service or window.
pub async fn put(app: &App, caller: &Caller, id: Option<&str>, node: &Node) -> Result<Value> {
    let catalogue = app.store.catalogue().await?;
    let (service, window) = parse(node, &catalogue)?;
    let made = window.id(&service.id);
    let mut changed = match id {
        None => Vec::new(),
        Some(id) => without(&catalogue, id)?,
    };
    // Moved from one service to another it is two that change.
    if !changed.iter().any(|s| s.id == service.id) {
        changed.push(service.clone());
    }
    for target in changed.iter_mut().filter(|s| s.id == service.id) {
        let known = target
            .windows
            .iter()
            .map(|w| w.id(&target.id))
            .collect::<Vec<_>>();
        if known.contains(&made) {
            return Err(ApiError::Conflict(format!(
                "{} has this window already",
                service.id
            )));
        }
        target.windows.push(window.clone());
    }
    store(app, caller, changed).await?;
    let mut shown = show(app, &made).await?;
    let warnings = exceptions_of_nothing(&window, "");
    if !warnings.is_empty() {
        shown["warnings"] = json!(warnings);
    }
    Ok(shown)
}

/// Removes a window.
///
/// # Errors
/// When there is none of this id.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    let changed = without(&catalogue, id)?;
    store(app, caller, changed).await
}

/// The service that had the window, without it.
fn without(catalogue: &Catalogue, id: &str) -> Result<Vec<Service>> {
    let owner = |service: &&Service| service.windows.iter().any(|w| w.id(&service.id) == id);
    let Some(found) = catalogue.services.iter().find(owner) else {
        return Err(ApiError::NotFound(format!("window {id}")));
    };
    let mut service = found.clone();
    service.windows.retain(|window| window.id(&found.id) != id);
    Ok(vec![service])
}

async fn store(app: &App, caller: &Caller, services: Vec<Service>) -> Result<()> {
    let documents = Documents {
        services,
        ..Documents::default()
    };
    let now = app.clock.now();
    app.store
        .apply(&documents, &caller.actor, now, false)
        .await?;
    app.store.hint();
    Ok(())
}

fn parse(node: &Node, catalogue: &Catalogue) -> Result<(Service, Window)> {
    let Tree::Map(entries) = &node.value else {
        return Err(Invalid::one("", "must be a map of fields").into());
    };
    // What an answer adds may come back with it.
    const OURS: [&str; 4] = ["id", "service", "next", "warnings"];
    let part = |ours: bool| Node {
        value: Tree::Map(
            entries
                .iter()
                .filter(|(name, _, _)| OURS.contains(&name.as_str()) == ours)
                .cloned()
                .collect(),
        ),
        place: node.place,
    };
    let (named, rest) = (part(true), part(false));
    let ids: Vec<&str> = catalogue.services.iter().map(|s| s.id.as_str()).collect();
    let (service, window) = read(&rest, |rest, problems| {
        let window = Window::read(rest, "", problems);
        let mut fields = Fields::of(&named, "", problems)?;
        let service = fields.required("service", problems, |text| {
            let id = Id::parse(text)?;
            let known = ids.contains(&id.as_str());
            known
                .then_some(id)
                .ok_or_else(|| unknown("service", text, ids.iter().copied()))
        });
        Some((service?, window?))
    })?;
    let found = catalogue.services.iter().find(|s| s.id == service);
    let found = found.ok_or_else(|| ApiError::NotFound(format!("service {service}")))?;
    Ok((found.clone(), window))
}
