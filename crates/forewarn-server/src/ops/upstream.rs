//! Maintenance by providers: their notices become planned events on the services that stand on them, and follow what the
//! provider says later. A person approves the first; from then on the provider's word moves or withdraws it.

use super::sending::Sending;
use super::{Approval, maintenance};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::document::from_json;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintenance::{Maintenance, Status as Standing};
use forewarn_core::maintnote::{self, Notice, Notices, Status};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_store::{Entry, StoreError, Upstream};
use jiff::Timestamp;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

/// Parts of a mail that are looked at.
const MOST_PARTS: usize = 100;

/// Takes a provider's notice: a mail with a calendar part, or the calendar itself.
///
/// # Errors
/// Everything that is wrong with it; then nothing is stored.
pub async fn take(
    app: &App,
    caller: &Caller,
    content_type: &str,
    body: &[u8],
    automatic: bool,
    default: Option<&Id>,
) -> Result<Value> {
    let mut all = Notices::default();
    for text in calendars(content_type, body)? {
        let read = maintnote::read(&text)?;
        all.notices.extend(read.notices);
        all.warnings.extend(read.warnings);
    }
    let services = app.store.catalogue().await?.services;
    let mut planned = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for notice in all.notices {
        let touched = notice.touched(&services).into_iter().map(|s| s.id.clone());
        let mut touched: Vec<Id> = touched.collect();
        let known = app.store.upstream(&notice).await?.is_some();
        if touched.is_empty() && !known {
            match default {
                Some(service) => {
                    let problem = notice.untouched(&services);
                    let said = format!("{}; it counts for {service}", problem.problem);
                    all.warnings.push(Problem::new(problem.field, said));
                    touched.push(service.clone());
                }
                None => problems.push(notice.untouched(&services)),
            }
        }
        planned.push((notice, touched));
    }
    if !problems.is_empty() {
        return Err(Invalid { problems }.into());
    }
    let mut told = Vec::new();
    for (notice, touched) in &planned {
        let (did, event) = apply(app, caller, notice, touched, automatic).await?;
        told.push(
            json!({"provider": notice.provider, "maintenance": notice.maintenance,
            "status": notice.status, "sequence": notice.sequence, "event": event, "did": did}),
        );
    }
    let mut answer = json!({"notices": told});
    if !all.warnings.is_empty() {
        answer["warnings"] = json!(all.warnings);
    }
    Ok(answer)
}

/// The calendar texts of a body.
fn calendars(content_type: &str, body: &[u8]) -> std::result::Result<Vec<String>, Invalid> {
    let text = String::from_utf8_lossy(body);
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    let begins: String = begins.chars().take(15).collect();
    if content_type
        .to_ascii_lowercase()
        .starts_with("text/calendar")
        || begins.eq_ignore_ascii_case("BEGIN:VCALENDAR")
    {
        return Ok(vec![text.into_owned()]);
    }
    let message = MessageParser::default().parse(body);
    let message =
        message.ok_or_else(|| Invalid::one("", "is neither a mail nor an iCalendar text"))?;
    let mut found = Vec::new();
    let mut waiting = vec![&message];
    while let Some(message) = waiting.pop() {
        for part in message.parts.iter().take(MOST_PARTS) {
            if let PartType::Message(inner) = &part.body {
                waiting.push(inner);
            }
            let kind = part.content_type();
            let calendar = kind.is_some_and(|k| {
                k.ctype().eq_ignore_ascii_case("text")
                    && k.subtype()
                        .is_some_and(|s| s.eq_ignore_ascii_case("calendar"))
            });
            let named = part
                .attachment_name()
                .is_some_and(|n| n.to_lowercase().ends_with(".ics"));
            if calendar || named {
                let text = String::from_utf8_lossy(part.contents()).into_owned();
                // Some send it twice: as a part and as a file.
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
    }
    match found.is_empty() {
        true => Err(Invalid::one(
            "",
            "the mail holds no text/calendar part and no .ics file",
        )),
        false => Ok(found),
    }
}

/// The event of a provider's maintenance. It is derived, so that a notice that comes twice at once makes one.
fn event_id(notice: &Notice) -> String {
    let hash = derive(&[
        "upstream",
        &notice.provider.to_lowercase(),
        &notice.maintenance,
    ]);
    format!("UPS-{}", &hash[..10])
}

async fn apply(
    app: &App,
    caller: &Caller,
    notice: &Notice,
    touched: &[Id],
    automatic: bool,
) -> Result<(&'static str, Option<String>)> {
    let known = app.store.upstream(notice).await?;
    if let Some(known) = &known
        && !notice.is_newer_than(known.notice.sequence, known.notice.stamp)
    {
        let did = match *notice == known.notice {
            true => "nothing: it is known",
            false => "nothing: a newer notice is known",
        };
        return Ok((did, Some(known.event.clone())));
    }
    let id = known
        .as_ref()
        .map_or_else(|| event_id(notice), |known| known.event.clone());
    let did = match (&known, notice.status, notice.window) {
        (None, Status::Cancelled | Status::Completed, _) => {
            return Ok(("nothing: it was never heard of", None));
        }
        (None, _, None) => return Ok(("nothing: it does not say when", None)),
        (None, _, Some(window)) => {
            let approval = match automatic && notice.status != Status::Tentative {
                true => Approval::ByPolicy,
                false => Approval::Needed,
            };
            let body = from_json(document(app, &id, notice, touched, window).await?);
            match maintenance::create(app, caller, &Sending::by_program(body), approval).await {
                Ok(_) => "created",
                // It was made, and we were stopped before that was remembered.
                Err(ApiError::Store(StoreError::Conflict(_))) => {
                    follow(app, caller, &id, notice).await?
                }
                Err(error) => return Err(error),
            }
        }
        (Some(_), _, _) => follow(app, caller, &id, notice).await?,
    };
    remember(app, caller, &id, notice, known).await?;
    Ok((did, Some(id)))
}

async fn remember(
    app: &App,
    caller: &Caller,
    id: &str,
    notice: &Notice,
    known: Option<Upstream>,
) -> Result<()> {
    let now = app.clock.now();
    let before = known.as_ref().map(|known| &known.notice);
    if !app.store.put_upstream(id, notice, before, now).await? {
        let said = "another notice about the same work was taken at the same time; send it again";
        return Err(ApiError::Conflict(said.into()));
    }
    let detail = json!({"provider": notice.provider, "maintenance": notice.maintenance,
        "sequence": notice.sequence, "status": notice.status});
    let entry = Entry::new(&caller.actor, "maintenance.upstream", id).with(detail);
    Ok(app.store.append_journal(&[entry], now).await?)
}

/// The document of a new event. The provider, its circuits and its words are technical.
async fn document(
    app: &App,
    id: &str,
    notice: &Notice,
    touched: &[Id],
    (start, end): (Timestamp, Timestamp),
) -> Result<Value> {
    let catalogue = app.store.catalogue().await?;
    let named = catalogue
        .services
        .iter()
        .filter(|s| touched.contains(&s.id));
    let names: Vec<&str> = named.map(|s| s.name.as_str()).collect();
    let title = format!("Work at a provider of {}", names.join(", "));
    let objects = notice
        .objects
        .iter()
        .take(20)
        .map(|(object, _)| object.as_str());
    let objects: Vec<&str> = objects.collect();
    let technical = format!(
        "{} {}, account {}, on {}: {}",
        notice.provider,
        notice.maintenance,
        notice.account,
        match objects.is_empty() {
            true => "unnamed objects".to_owned(),
            false => objects.join(", "),
        },
        notice.summary
    );
    Ok(json!({
        "id": id, "title": title.chars().take(200).collect::<String>(), "services": touched,
        "start": start.to_string(), "end": end.to_string(), "cause": "third_party",
        "facts": {"effect": notice.effect.words(), "technical": technical.chars().take(1_000).collect::<String>()},
    }))
}

/// The event goes where its provider says it is.
async fn follow(app: &App, caller: &Caller, id: &str, notice: &Notice) -> Result<&'static str> {
    let (found, _) = maintenance::show(app, id).await?;
    match notice.status {
        Status::Cancelled => match found.status.is_over() {
            true => Ok("nothing: it is over"),
            false => {
                let reason = from_json(json!({"reason": "The provider withdrew its work."}));
                maintenance::cancel(app, caller, id, &Sending::by_program(reason)).await?;
                Ok("cancelled")
            }
        },
        Status::Completed => complete(app, caller, id, &found).await,
        Status::InProcess => {
            let moved = shift(app, caller, id, notice, &found).await?;
            match found.status {
                Standing::Scheduled => {
                    maintenance::start(app, caller, id).await?;
                    Ok("started")
                }
                _ => Ok(moved),
            }
        }
        Status::Tentative | Status::Confirmed | Status::ReScheduled | Status::NoChange => {
            shift(app, caller, id, notice, &found).await
        }
    }
}

async fn complete(
    app: &App,
    caller: &Caller,
    id: &str,
    found: &Maintenance,
) -> Result<&'static str> {
    match found.status {
        Standing::Completed | Standing::Cancelled => Ok("nothing: it is over"),
        // Nobody was told of it, so nobody is told that it is over.
        Standing::AwaitingApproval => {
            let reason = from_json(json!({"reason": "The provider's work is over."}));
            maintenance::cancel(app, caller, id, &Sending::by_program(reason)).await?;
            Ok("cancelled")
        }
        Standing::Scheduled => {
            maintenance::start(app, caller, id).await?;
            maintenance::complete(app, caller, id).await?;
            Ok("completed")
        }
        Standing::InProgress => {
            maintenance::complete(app, caller, id).await?;
            Ok("completed")
        }
    }
}

/// Moves what has not begun, and makes longer what has.
async fn shift(
    app: &App,
    caller: &Caller,
    id: &str,
    notice: &Notice,
    found: &Maintenance,
) -> Result<&'static str> {
    let Some((start, end)) = notice.window.filter(|window| *window != found.window()) else {
        return Ok("nothing: the time is as it was");
    };
    let reason = "The provider moved its work.";
    match found.status {
        Standing::AwaitingApproval | Standing::Scheduled => {
            let body =
                json!({"start": start.to_string(), "end": end.to_string(), "reason": reason});
            maintenance::delay(app, caller, id, &Sending::by_program(from_json(body))).await?;
            Ok("moved")
        }
        Standing::InProgress if end > found.window().1 => {
            let body = json!({"end": end.to_string(), "reason": "The provider needs longer."});
            maintenance::extend(app, caller, id, &Sending::by_program(from_json(body))).await?;
            Ok("extended")
        }
        Standing::InProgress | Standing::Completed | Standing::Cancelled => {
            Ok("nothing: it has begun or is over")
        }
    }
}
