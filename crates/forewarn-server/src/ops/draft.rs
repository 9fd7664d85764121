//! Drafts: incidents that alerts ask for and a person declares. Publishing one declares it, with what the person changes.

use super::{incident, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::alert::Placed;
use forewarn_core::alert::intake::{Draft, Standing};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::{Fields, Node, Problems, Value as Tree, from_json, line};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::hook::{Hook, Publish};
use forewarn_core::message::{Message, Variant, render};
use forewarn_core::plan::next_update;
use forewarn_core::problem::Invalid;
use forewarn_store::{Entry, Intake, StoreError, Took};
use serde_json::{Value, json};

/// Takes the alerts of a request, and publishes what the hook's policy says goes out without a person.
///
/// # Errors
/// When the store cannot be written.
pub async fn take(
    app: &App,
    caller: &Caller,
    hook: &Hook,
    request: Option<&str>,
    group: &str,
    placed: Vec<Placed>,
) -> Result<(Took, Vec<String>)> {
    let intake = Intake {
        hook,
        request,
        group,
        placed,
        public_url: &app.public_url,
    };
    let took = app.store.take_alerts(intake, app.clock.now()).await?;
    let mut published = Vec::new();
    // Also for a request that came before: we may have been stopped between taking it and this.
    for id in &took.incidents {
        let draft = app.store.draft(id).await?;
        if !draft.is_some_and(|d| d.automatic && d.status == Standing::Draft) {
            continue;
        }
        match publish(app, caller, id, &nothing()).await {
            Ok(answer) => published.push(answer.incident.id.to_string()),
            // Somebody was faster.
            Err(ApiError::Store(StoreError::Conflict(_)) | ApiError::Transition(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if hook.publish == Publish::Automatic {
        for (id, graver) in &took.graver {
            match incident::worsen(app, caller, id.as_str(), graver, hook.effect.as_deref()).await {
                // Somebody was faster, or it is over by now: the team was told in any case.
                Ok(_) | Err(ApiError::Store(StoreError::Conflict(_)) | ApiError::Transition(_)) => {
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok((took, published))
}

fn nothing() -> Node {
    from_json(json!({}))
}

/// A draft by id.
///
/// # Errors
/// When there is none.
pub async fn show(app: &App, id: &str) -> Result<Draft> {
    let found = app.store.draft(id).await?;
    found.ok_or_else(|| ApiError::NotFound(format!("draft {id}")))
}

/// The holding statement as it would go out now, at each level.
///
/// # Errors
/// When the store cannot be read.
pub async fn holding(app: &App, draft: &Draft) -> Result<Vec<(Level, Message)>> {
    let catalogue = app.store.catalogue().await?;
    let templates = app.store.templates().await?;
    let now = app.clock.now();
    let next = next_update(None, draft.severity, &catalogue, now)
        .map_err(|problem| Invalid::one("next_update_in", problem))?;
    let occasion = Occasion {
        milestone: "holding".into(),
        ..Occasion::default()
    };
    let event = Event::Incident(draft.as_incident(next, now));
    let content = event.content(&occasion, None, &catalogue, &app.public_url, now);
    let levels = [Level::NonTechnical, Level::SemiTechnical, Level::Technical];
    let texts = levels.map(|level| {
        let variant = Variant {
            level,
            channel: Channel::Email,
            language: catalogue.organisation.language().to_owned(),
            zone: catalogue.organisation.time_zone.clone(),
        };
        (level, render(&content, &variant, &templates))
    });
    Ok(texts.into())
}

/// A draft as the API shows it, with its holding statement.
///
/// # Errors
/// When the store cannot be read.
pub async fn whole(app: &App, draft: &Draft) -> Result<Value> {
    let mut body = serde_json::to_value(draft).unwrap_or_default();
    let texts = holding(app, draft).await?;
    let texts = texts.iter().map(|(level, message)| {
        let text = json!({"subject": message.subject, "text": message.text});
        (level.as_str().to_owned(), text)
    });
    body["holding"] = Value::Object(texts.collect());
    Ok(body)
}

/// The alerts and notes of a draft or incident.
///
/// # Errors
/// When there is neither.
pub async fn alerts(app: &App, id: &str) -> Result<Value> {
    if app.store.draft(id).await?.is_none() {
        incident::show(app, id).await?;
    }
    let alerts = app.store.alerts(id).await?;
    let notes = app.store.notes(id).await?;
    Ok(json!({"incident": id, "alerts": alerts, "notes": notes}))
}

/// Declares the incident of a draft. `node` may hold what a declaration has, in the place of the draft's own.
///
/// # Errors
/// When it is no draft any more, or what is given is wrong.
pub async fn publish(
    app: &App,
    caller: &Caller,
    id: &str,
    node: &Node,
) -> Result<incident::Answer> {
    let draft = show(app, id).await?;
    if draft.status != Standing::Draft {
        return Err(draft.refuse(Standing::Published).into());
    }
    let given = match &node.value {
        Tree::Map(entries) => entries.clone(),
        Tree::Null => Vec::new(),
        Tree::Text { .. } | Tree::List(_) => {
            return Err(Invalid::one("", "must be a map of fields").into());
        }
    };
    if given.iter().any(|(name, _, _)| name == "id") {
        return Err(Invalid::one("id", "is that of the draft").into());
    }
    let own = json!({"id": draft.id, "title": draft.title, "services": draft.services,
        "severity": draft.severity, "effect": draft.effect});
    let Tree::Map(own) = from_json(own).value else {
        return Err(Invalid::one("", "cannot be read").into());
    };
    let mut whole = given;
    for (name, place, value) in own {
        if whole.iter().all(|(given, _, _)| *given != name) {
            whole.push((name, place, value));
        }
    }
    let whole = Node {
        value: Tree::Map(whole),
        place: node.place,
    };
    // The event of this id is what publishes the draft, in the same transaction.
    incident::declare_prepared(app, caller, &whole, node).await
}

/// A person says that it is nothing. `node` may hold a `reason`.
///
/// # Errors
/// When it is no draft any more.
pub async fn discard(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Draft> {
    let reason = match &node.value {
        Tree::Null => None,
        _ => read(node, |node, problems: &mut Problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let reason = fields.optional("reason", problems, line(500));
            fields.finish(problems);
            Some(reason)
        })?,
    };
    let before = show(app, id).await?;
    let now = app.clock.now();
    let after = before.clone().discard(now)?;
    let entry = Entry::new(&caller.actor, "draft.discarded", id).with(json!({"reason": reason}));
    app.store.change_draft(&before, &after, entry, now).await?;
    Ok(after)
}
