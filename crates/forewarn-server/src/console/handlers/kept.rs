//! What is typed into a form, kept until the form is sent: neither a crash here nor one of the browser takes it, and two who
//! write in the same form see each other.
//!
//! A form is known by the path that it is sent to. The page's script keeps its fields here; once the form was sent and taken, the
//! guard forgets them. An incident's update is kept as its draft (`ops::incident::notes`), because others help with that text.

use crate::console::desk::{Desk, Shown};
use crate::console::guard::Fields;
use crate::console::handlers::lists::Query;
use crate::error::Result;
use axum::Json;
use axum::extract::RawQuery;
use axum::response::IntoResponse;
use forewarn_core::document::Catalogue;
use forewarn_core::problem::Invalid;
use forewarn_store::Writing;
use serde_json::json;

/// Where forms are kept. What is sent here is no form of its own.
pub(in crate::console) const PATH: &str = "/console/kept";

/// The longest path of a form: an id has at most 64 characters, and a template's four of them.
const MOST_PLACE: usize = 300;
/// As much as ten full fields of 10,000 characters have in bytes.
const MOST_BYTES: usize = 400 * 1024;

/// The path of a form of ours.
fn place(path: &str) -> Result<&str> {
    let fits = path.starts_with("/console/") && path.len() <= MOST_PLACE;
    match fits && path.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(path),
        false => Err(Invalid::one("place", "must be the path of a form of the console").into()),
    }
}

/// The names and values of a form, as the store keeps them; without any, the writer stopped.
fn filled(fields: &str) -> Result<String> {
    let wrong = |problem: &str| Invalid::one("fields", problem);
    if fields.len() > MOST_BYTES {
        return Err(wrong(&format!("must have at most {MOST_BYTES} bytes")).into());
    }
    let pairs: Vec<(String, String)> = serde_json::from_str(fields)
        .map_err(|_| wrong("must be a list of pairs of a name and a value, in JSON"))?;
    match pairs.is_empty() {
        true => Ok(String::new()),
        false => Ok(json!(pairs).to_string()),
    }
}

/// Who else is writing at a place, in words.
pub(super) async fn others(
    desk: &Desk,
    place: &str,
    what: &str,
    catalogue: &Catalogue,
) -> Result<Vec<String>> {
    let drafts = desk.app.store.writing(place, desk.app.clock.now()).await?;
    let others = drafts.iter().filter(|d| d.author != desk.caller.actor);
    let zone = &catalogue.organisation.time_zone;
    let since = |draft: &Writing| zone.at(draft.since).strftime("%H:%M %Z").to_string();
    let said = |d: &Writing| format!("{} is writing {what}, since {}", d.author, since(d));
    Ok(others.map(said).collect())
}

async fn answer(desk: &Desk, place: &str) -> Shown {
    let (store, now) = (&desk.app.store, desk.app.clock.now());
    let catalogue = store.catalogue().await?;
    let own = store.own_writing(place, &desk.caller.actor, now).await?;
    let zone = &catalogue.organisation.time_zone;
    let kept = own.map(|own| {
        let at = zone.at(own.saved_at).strftime("%-d %B, %H:%M %Z");
        let fields: Vec<(String, String)> = serde_json::from_str(&own.text).unwrap_or_default();
        json!({"fields": fields, "at": at.to_string()})
    });
    let writing = others(desk, place, "in this form too", &catalogue).await?;
    Ok(Json(json!({"kept": kept, "writing": writing})).into_response())
}

/// `GET /console/kept`, with `place`: what the reader typed there and did not send, and who else is writing.
pub(in crate::console) async fn show(desk: Desk, query: RawQuery) -> Shown {
    let asked = Query::of(query).get("place").unwrap_or_default();
    answer(&desk, place(&asked)?).await
}

/// `POST /console/kept`: keeps `fields` of the form that is sent to `place`.
pub(in crate::console) async fn keep(desk: Desk, fields: Fields) -> Shown {
    let place = place(fields.value("place"))?;
    let filled = filled(fields.value("fields"))?;
    let (store, now) = (&desk.app.store, desk.app.clock.now());
    store
        .keep_form(place, &desk.caller.actor, &filled, now)
        .await?;
    answer(&desk, place).await
}
