//! Maintenance by providers: their notices become planned events on the services that stand on them, and follow what the
//! provider says later. A person approves the first; from then on the provider's word moves or withdraws it.

mod follow;

use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use follow::Desk;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintnote::{self, Notice, Notices, Status};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_store::{Entry, Upstream};
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

/// Parts of a mail that are looked at.
const MOST_PARTS: usize = 100;

/// Nothing was done, and that is nobody's mistake.
const USUAL: [&str; 5] = [
    "nothing: it is known",
    "nothing: a newer notice is known",
    "nothing: all is as it was",
    "nothing: it was never heard of",
    "nothing: it is over",
];

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
        all.lines.extend(read.lines);
        all.warnings.extend(read.warnings);
    }
    let services = app.store.catalogue().await?.services;
    let mut planned = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for (notice, line) in all.notices.into_iter().zip(all.lines) {
        let touched = notice.touched(&services).into_iter().map(|s| s.id.clone());
        let mut touched: Vec<Id> = touched.collect();
        let known = app.store.upstream(&notice).await?.is_some();
        if touched.is_empty() && known {
            let problem = notice.untouched(&services);
            let said = format!("{}; it counts for what it counted for", problem.problem);
            all.warnings.push(Problem::new(problem.field, said));
        } else if touched.is_empty() {
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
        planned.push(((notice, touched), line));
    }
    if !problems.is_empty() {
        return Err(Invalid { problems }.into());
    }
    let mut told = Vec::new();
    for (work, line) in &planned {
        let notice = &work.0;
        let (did, event) = apply(app, caller, work, automatic).await?;
        // What was not done is said where whoever sent it looks: with the line.
        if let Some(why) = did.strip_prefix("nothing: ")
            && !USUAL.contains(&did)
        {
            let problem = Problem::new("", format!("nothing was done: {why}"));
            all.warnings.push(problem.at(Some((*line, 1))));
        }
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

/// The event of a provider's maintenance. It is derived, so that a notice that comes twice at once makes one; work that is on
/// again after it was over has another.
fn event_id(notice: &Notice, after: Option<&str>) -> String {
    let provider = notice.provider.to_lowercase();
    let mut parts = vec!["upstream", &provider, &notice.maintenance];
    parts.extend(after);
    format!("UPS-{}", &derive(&parts)[..10])
}

async fn apply(
    app: &App,
    caller: &Caller,
    (notice, touched): &(Notice, Vec<Id>),
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
    let desk = Desk {
        app,
        caller,
        automatic,
    };
    let (did, id) = match (&known, notice.status, notice.window) {
        (None, Status::Cancelled | Status::Completed, _) => {
            return Ok(("nothing: it was never heard of", None));
        }
        (None, _, None) => return Ok(("nothing: it does not say when", None)),
        (None, _, Some((_, end))) if end <= app.clock.now() => {
            return Ok(("nothing: its time has passed", None));
        }
        (None, _, Some(window)) => {
            let id = event_id(notice, None);
            let approval = desk.approval(notice);
            let did = desk.create(&id, notice, touched, window, approval).await?;
            (did, id)
        }
        (Some(known), _, _) => desk.follow(known, notice, touched).await?,
    };
    remember(app, caller, &id, notice, known).await?;
    desk.tell_that_it_waits(&id, notice).await?;
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
