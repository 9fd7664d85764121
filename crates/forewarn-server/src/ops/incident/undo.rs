//! Taking an update back before anybody was told: as if it had never been said. The journal keeps that it was.

use super::{Answer, Ready, kin, load, publish};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::{AGAIN, overtaken};
use forewarn_core::approval::Consent;
use forewarn_core::audience::Level;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::{Incident, Update};
use forewarn_core::plan::{Changes, call, timers_again};
use forewarn_core::promise::Thread;
use forewarn_core::texts::Texts;
use forewarn_store::{Beside, Entry};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Until when the newest update can be undone stands beside the incident; how it was before is nobody's business.
pub(super) fn shape(body: &mut Value) {
    let mut until = Value::Null;
    for update in body["updates"].as_array_mut().into_iter().flatten() {
        let before = update.as_object_mut().and_then(|u| u.remove("before"));
        until = match before {
            Some(_) => update["at"].clone(),
            None => Value::Null,
        };
    }
    body["undo_until"] = until;
}

/// Takes the newest update back. Its text is the draft of whoever takes it back.
///
/// # Errors
/// When it has gone out already.
pub async fn undo(app: &App, caller: &Caller, id: &str) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (incident, sequence) = load(app, id).await?;
        let now = app.clock.now();
        let (before, update) = incident.undo(now)?;
        let catalogue = app.store.catalogue().await?;
        let mut all = vec![back(app, caller, &catalogue, (before, sequence), &update, now).await?];
        // What its open parts were to say with it.
        for (part, sequence) in kin::parts(app, id).await? {
            if let Ok((before, said)) = part.undo(now)
                && (said.at, &said.text, &said.texts) == (update.at, &update.text, &update.texts)
            {
                all.push(back(app, caller, &catalogue, (before, sequence), &said, now).await?);
            }
        }
        let beside = Beside::Unsaid {
            event: id.to_owned(),
            author: caller.actor.clone(),
            text: update.text.clone().unwrap_or_default(),
        };
        match publish(app, caller, &catalogue, &all, &[beside]).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            Err(error) => return Err(error),
            Ok(answer) => {
                keep_texts(app, caller, id, &update, now).await?;
                return Ok(answer);
            }
        }
    }
}

/// Texts of single levels are kept as the console keeps them while they are typed; where the form is sent to is their place.
async fn keep_texts(
    app: &App,
    caller: &Caller,
    id: &str,
    update: &Update,
    now: Timestamp,
) -> Result<()> {
    let edited = Level::ALL.into_iter().filter_map(|level| {
        let name = format!("{}.{}", Texts::FIELD, level.as_str());
        Some((name, update.texts.at(level)?))
    });
    let fields: Vec<(String, &str)> = edited.collect();
    if fields.is_empty() {
        return Ok(());
    }
    let (place, fields) = (
        format!("/console/incidents/{id}/updates"),
        json!(fields).to_string(),
    );
    let store = &app.store;
    Ok(store.keep_form(&place, &caller.actor, &fields, now).await?)
}

/// The incident as it was: what the update was to tell is withdrawn, and the promise before it has its timers again.
async fn back(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    (before, expected): (Incident, i64),
    update: &Update,
    now: Timestamp,
) -> Result<Ready> {
    let id = before.id.to_string();
    let (stored, _) = app.store.planned(&id).await?;
    let mut changes = timers_again(&before, catalogue, &stored, now);
    let mut withdrawn: BTreeSet<String> = changes.withdrawn.drain(..).collect();
    for notice in stored.iter().filter(|s| s.open) {
        let occasion = app.store.notice_occasion(&notice.id).await?;
        if occasion.is_some_and(|o| o.update == Some(update.number) && !o.again) {
            withdrawn.insert(notice.id.clone());
        }
    }
    // An update that ends it also ends the call to whoever is to speak for it.
    let silenced = |n: &forewarn_core::plan::Notice| {
        let of = |s: &&forewarn_core::plan::Stored| s.id == n.id && !s.open && !s.told;
        n.due > now && stored.iter().any(|s| of(&s))
    };
    let calls = call(&before, catalogue, before.declared_at).into_iter();
    changes.add.extend(calls.filter(silenced));
    let kept: BTreeSet<&str> = changes.add.iter().map(|n| n.id.as_str()).collect();
    let withdrawn = withdrawn
        .into_iter()
        .filter(|id| !kept.contains(id.as_str()));
    let entry = Entry::new(&caller.actor, "incident.undone", &id)
        .with(json!({"update": update.number, "status": update.status,
            "next_update_at": before.promise().map(|p| p.due)}));
    Ok(Ready {
        occasion: Occasion {
            update: before.told_last().map(|u| u.number),
            again: true,
            ..Occasion::default()
        },
        event: Event::Incident(before),
        expected,
        changes: Changes {
            withdrawn: withdrawn.collect(),
            ..changes
        },
        entries: vec![entry],
        consent: Consent::default(),
        warnings: Vec::new(),
    })
}
