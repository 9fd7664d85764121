//! The demo's story: a maintenance from its announcement to its completion, an incident to its resolution, and a fault from its
//! discovery to its fix.

use super::Stage;
use anyhow::Result;
use forewarn_core::document::{Node, parse_json};
use forewarn_core::time::Zone;
use forewarn_server::ops::sending::Sending;
use forewarn_server::ops::{Approval, advisory, incident, maintenance};
use forewarn_server::{App, Caller};
use forewarn_store::Role;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::VecDeque;

const ZONE: &str = "America/Los_Angeles";
const MAINTENANCE: &str = "MNT-1";
const INCIDENT: &str = "INC-1";
const ADVISORY: &str = "ADV-1";
/// Where the chat room is.
pub const CHAT: &str = "/chat";

/// Something that a person of the story does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The work takes longer.
    Extend(Timestamp),
    /// The work is done.
    Complete,
    /// Something breaks.
    Declare,
    /// The cause is found.
    Identify,
    /// A fix is in place.
    Watch,
    /// It is over.
    Resolve,
    /// A fault is found that stops nobody.
    Find,
    /// Its fix is out.
    Fix,
}

/// The organisation, and the maintenance so far ahead that its first notice is still to come.
pub fn documents(stage: &Stage, now: Timestamp) -> Vec<(String, String)> {
    let (start, end) = window(now);
    let text = include_str!("organisation.yaml")
        .replace("HOOK_URL", &stage.hook_url("/operations"))
        .replace("CHAT_URL", &stage.hook_url(CHAT))
        .replace("WINDOW_START", &start)
        .replace("WINDOW_END", &end);
    vec![("the demo's organisation".into(), text)]
}

/// A Tuesday night, ten days or more from now.
fn window(now: Timestamp) -> (String, String) {
    let here = Zone::parse(ZONE)
        .unwrap_or_else(|_| Zone::utc())
        .at(now)
        .date();
    let mut day = here.saturating_add(10.days());
    while day.weekday() != jiff::civil::Weekday::Tuesday {
        day = day.saturating_add(1.day());
    }
    (
        format!("{day}T22:00"),
        format!("{}T02:00", day.saturating_add(1.day())),
    )
}

/// What people do, and when.
pub fn acts(start: Timestamp, end: Timestamp) -> VecDeque<(Timestamp, Act)> {
    let minutes = SignedDuration::from_mins;
    let trouble = start + SignedDuration::from_hours(24 * 2 + 12);
    let fault = trouble + SignedDuration::from_hours(4);
    VecDeque::from([
        (end - minutes(20), Act::Extend(end + minutes(60))),
        (end + minutes(35), Act::Complete),
        (trouble, Act::Declare),
        (trouble + minutes(25), Act::Identify),
        (trouble + minutes(70), Act::Watch),
        (trouble + minutes(115), Act::Resolve),
        (fault, Act::Find),
        (fault + SignedDuration::from_hours(22), Act::Fix),
    ])
}

fn by(name: &str) -> Caller {
    Caller {
        actor: name.to_owned(),
        role: Role::Administrator,
        session: None,
        key: None,
    }
}

fn node(body: &Value) -> Result<Node> {
    Ok(parse_json(&body.to_string())?)
}

/// Plans the maintenance.
///
/// # Errors
/// When it is refused.
pub async fn open(app: &App, start: Timestamp, end: Timestamp) -> Result<()> {
    let zone = Zone::parse(ZONE).map_err(anyhow::Error::msg)?;
    let civil = |at: Timestamp| zone.at(at).datetime().to_string();
    let body = json!({
        "id": MAINTENANCE, "title": "Student database moves to faster servers", "kind": "routine", "services": ["database"],
        "start": civil(start), "end": civil(end), "lead": "dba@example.edu",
        "facts": {
            "effect": "You cannot sign in to the student portal, and timetables are read-only.",
            "why": "Searches will be about three times faster, and a security fault is closed.",
            "action": {"what": "Submit your course choices before the work starts.", "when": "before"},
            "data_safe": true,
            "contact": "help@example.edu",
            "technical": "PostgreSQL 15 to 16 on db1.internal and db2.internal; replica lag of up to 20 minutes expected."
        }
    });
    maintenance::create(
        app,
        &by("Dana (database team)"),
        &Sending::by_program(node(&body)?),
        Approval::ByPolicy,
    )
    .await?;
    Ok(())
}

/// Does what a person of the story does, and tells it in a sentence.
///
/// # Errors
/// When it is refused.
pub async fn perform(app: &App, act: Act) -> Result<String> {
    let (dana, sam) = (by("Dana (database team)"), by("Sam (spokesperson)"));
    let lou = by("Lou (library IT)");
    let told = match act {
        Act::Extend(end) => {
            let zone = Zone::parse(ZONE).map_err(anyhow::Error::msg)?;
            let body = json!({"end": zone.at(end).datetime().to_string(), "reason": "Copying the archive takes longer than in the rehearsal."});
            maintenance::extend(app, &dana, MAINTENANCE, &Sending::by_program(node(&body)?))
                .await?;
            "Dana extends the work by an hour."
        }
        Act::Complete => {
            let nothing = Sending::by_program(node(&Value::Null)?);
            maintenance::complete(app, &dana, MAINTENANCE, &nothing).await?;
            "Dana completes the work."
        }
        Act::Declare => {
            let body = json!({"id": INCIDENT, "title": "Some people cannot sign in to the student portal", "services": {"portal": "partial_outage"}, "severity": "P1",
                "effect": "Some of you cannot sign in to the student portal or are logged out.", "lead": "Kim (web team)", "spokesperson": "Sam"});
            incident::declare(app, &sam, &node(&body)?).await?;
            "Sam declares an incident: a holding statement goes out before the cause is known."
        }
        Act::Identify => {
            let body = json!({"status": "identified", "next_update_in": "PT45M", "facts": {
                "cause": "A disk in one of our servers failed and we are replacing it.", "data_safe": true,
                "workaround": "If you must hand something in today, mail it to help@example.edu.", "contact": "help@example.edu",
                "technical": "RAID controller on web3.internal dropped /dev/sdb; rebuild under way."}});
            incident::update(app, &sam, INCIDENT, &Sending::by_program(node(&body)?)).await?;
            "The cause is found; Sam says so and keeps the promise."
        }
        Act::Watch => {
            let body = json!({"status": "monitoring", "next_update_in": "PT60M", "services": {"portal": "degraded_performance"},
                "facts": {"effect": "You can sign in again. The portal may be slow for a while.", "workaround": "You do not need to do anything."}});
            incident::update(app, &sam, INCIDENT, &Sending::by_program(node(&body)?)).await?;
            "A fix is in place and watched."
        }
        Act::Resolve => {
            let body = json!({"status": "resolved", "facts": {"effect": "The student portal works as usual again.",
                "workaround": "You do not need to do anything."}});
            incident::update(app, &sam, INCIDENT, &Sending::by_program(node(&body)?)).await?;
            "The incident is resolved."
        }
        Act::Find => {
            let body = json!({"id": ADVISORY, "services": ["library"], "severity": "P4", "cause": "application",
                "effect": "Reminders of books that are due may come a day late.", "next_update_in": "PT24H", "requesters": ["reader@example.edu"],
                "facts": {"workaround": "Look up what is due in the catalogue.", "data_safe": true, "contact": "help@example.edu",
                    "technical": "The reminder job of lib2.internal compares dates in UTC."}});
            advisory::create(app, &lou, &Sending::by_program(node(&body)?)).await?;
            "Lou finds a fault in the library catalogue: people hear of it, and when the next word comes."
        }
        Act::Fix => {
            let body = json!({"facts": {"effect": "Reminders of books that are due come on time again.", "cause": "A part of the catalogue counted days wrongly."},
                "action": "You do not need to do anything."});
            advisory::fix(app, &lou, ADVISORY, &Sending::by_program(node(&body)?)).await?;
            "The fix is out, in time: whoever heard of the fault and whoever asked for it is told."
        }
    };
    Ok(told.to_owned())
}
