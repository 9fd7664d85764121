//! Planned work: the list, one of them with its actions, the form for a new one.

use super::catalogue::people as people_of;
use super::decision::reached;
use super::lists::Query;
use super::previews::with_mails;
use super::{journal, level_texts, rows, sample, team};
use crate::app::App;
use crate::console::desk::{Desk, Failed, Shown, page};
use crate::console::entered::{one_by_one, tree};
use crate::console::guard::Fields;
use crate::console::number;
use crate::console::readings::settle;
use crate::console::{
    BreachRow, Choice, Flash, FlashKind, MaintenanceList, MaintenancePage, MaintenanceRow, Nav,
    NewMaintenance, Plan, PlannedNotice, Prospect, Reach, Shown as Look, Typed,
};
use crate::error::{ApiError, Result};
use crate::ops::Approval;
use crate::ops::digest::Digest;
use crate::ops::maintenance::{self, Act, Answer};
use crate::ops::previewed::Previewed;
use crate::ops::recipient;
use crate::ops::sending::Sending;
use crate::ops::{reach, template};
use axum::Json;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::plan;
use forewarn_core::policy::{BUILT_IN, Policy};
use forewarn_core::problem::Problem;
use forewarn_store::{DeliveryFilter, EventFilter, NoticeFilter, NoticeRow, Role};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// How many deliveries and entries of the journal stand on the page of one maintenance.
const SOME: i64 = 20;

/// `GET /console/maintenances`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    let filter = EventFilter {
        kind: Some("maintenance"),
        ..EventFilter::default()
    };
    let (mut ahead, mut past) = (Vec::new(), Vec::new());
    for stored in store.events(&filter, 500).await? {
        let Event::Maintenance(maintenance) = stored.event else {
            continue;
        };
        let open = !maintenance.status.is_over();
        let row = MaintenanceRow {
            services: rows::service_names(&catalogue, &maintenance.services),
            next_notice: match open {
                true => next_notice(&desk.app, &maintenance).await?,
                false => None,
            },
            maintenance,
        };
        if open { &mut ahead } else { &mut past }.push(row);
    }
    ahead.sort_by_key(|row: &MaintenanceRow| row.maintenance.window().0);
    past.sort_by_key(|row: &MaintenanceRow| std::cmp::Reverse(row.maintenance.window().0));
    let view = MaintenanceList {
        frame: desk
            .frame(&catalogue, "Planned work", Nav::Maintenances)
            .await?,
        ahead,
        past,
    };
    Ok(page(StatusCode::OK, view.render()))
}

async fn next_notice(
    app: &App,
    maintenance: &Maintenance,
) -> Result<Option<(String, jiff::Timestamp)>> {
    let filter = NoticeFilter {
        event: Some(maintenance.id.to_string()),
        status: Some("planned".into()),
        ..NoticeFilter::default()
    };
    let planned = app.store.notices(&filter, 50).await?;
    let next = planned.into_iter().find(|notice| !notice.held);
    Ok(next.map(|notice| (notice.milestone, notice.due)))
}

/// `GET /console/maintenances/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    one(&desk, &id, StatusCode::OK, None, None).await
}

async fn one(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    refused: Option<(String, Typed)>,
    flash: Option<Flash>,
) -> Shown {
    let store = &desk.app.store;
    let (maintenance, plan) = maintenance::show(&desk.app, id).await?;
    let catalogue = store.catalogue().await?;
    let filter = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let all = store.notices(&filter, 1000).await?;
    let begun: Vec<NoticeRow> = all
        .iter()
        .filter(|n| n.sent_at.is_some())
        .cloned()
        .collect();
    let plan: Option<plan::Plan> = serde_json::from_value(plan).ok();
    let digests = match &plan {
        Some(plan) => maintenance::digests(&desk.app, &maintenance, plan).await?,
        None => Vec::new(),
    };
    let mut frame = desk
        .frame(&catalogue, &maintenance.title, Nav::Maintenances)
        .await?;
    frame.flash = flash.or(frame.flash);
    let people = match begun.is_empty() && !maintenance.status.is_over() {
        true => {
            let event = Event::Maintenance(maintenance.clone());
            Some(people_of(&reach::whole(&desk.app, &event).await?))
        }
        false => None,
    };
    let view = MaintenancePage {
        frame,
        services: rows::service_names(&catalogue, &maintenance.services),
        plan: Plan {
            digests: in_words(&digests),
            ..stored_plan(&catalogue, Some(maintenance.window()), plan.as_ref(), &all)
        },
        notices: rows::notices(&desk.app, &catalogue, &begun).await?,
        people,
        deliveries: newest_deliveries(&desk.app, &begun).await?,
        journal: journal::rows(&store.journal(Some(id), None, SOME).await?),
        added: team::added(&desk.app, &maintenance.id, &maintenance.added).await?,
        audiences: rows::audience_choices(&catalogue),
        maintenance,
        refused,
    };
    Ok(page(status, view.render()))
}

/// Deliveries of the notices that went out last.
async fn newest_deliveries(
    app: &App,
    begun: &[NoticeRow],
) -> Result<Vec<crate::console::DeliveryRow>> {
    let mut begun: Vec<&NoticeRow> = begun.iter().collect();
    begun.sort_by_key(|notice| std::cmp::Reverse(notice.sent_at));
    let mut found = Vec::new();
    for notice in begun {
        let room = SOME - found.len() as i64;
        if room <= 0 {
            break;
        }
        let filter = DeliveryFilter {
            notice: Some(notice.id.clone()),
            ..DeliveryFilter::default()
        };
        found.extend(app.store.deliveries(&filter, room).await?);
    }
    rows::deliveries(app, &found).await
}

/// The plan as the store holds it: every notice with its status, and what the planner said of the whole.
pub(super) fn stored_plan(
    catalogue: &Catalogue,
    window: Option<(Timestamp, Timestamp)>,
    plan: Option<&plan::Plan>,
    stored: &[NoticeRow],
) -> Plan {
    let mut shown = plan.map_or_else(Plan::default, |plan| whole(catalogue, plan));
    shown.window = window;
    shown.notices = stored
        .iter()
        .map(|notice| PlannedNotice {
            milestone: notice.milestone.clone(),
            offset: notice.offset.clone(),
            stands_for: notice.stands_for.clone(),
            audience: rows::audience_name(catalogue, &notice.audience),
            level: notice.level,
            channels: channels(&notice.channels),
            due: notice.due,
            because: notice.because.clone(),
            status: notice.status.clone(),
        })
        .collect();
    shown
}

/// A plan that nothing has been stored of.
pub(super) fn previewed(catalogue: &Catalogue, plan: &plan::Plan) -> Plan {
    let mut shown = whole(catalogue, plan);
    shown.notices = plan
        .notices
        .iter()
        .map(|notice| PlannedNotice {
            milestone: notice.milestone.clone(),
            offset: notice.offset.clone(),
            stands_for: notice.stands_for.clone(),
            audience: rows::audience_name(catalogue, &notice.audience),
            level: notice.level,
            channels: channels(&notice.channels),
            due: notice.due,
            because: notice.because.clone(),
            status: "planned".into(),
        })
        .collect();
    shown
}

fn channels(channels: &[Channel]) -> Vec<String> {
    channels.iter().map(|c| c.as_str().to_owned()).collect()
}

pub(super) fn in_words(digests: &[Digest]) -> Vec<String> {
    digests
        .iter()
        .map(|digest| digest.because.clone())
        .collect()
}

/// Everything about a plan but its notices.
fn whole(catalogue: &Catalogue, plan: &plan::Plan) -> Plan {
    Plan {
        window: plan.window.end.map(|end| (plan.window.start, end)),
        inside_standard_window: Some(plan.window.inside_standard_window),
        notices: Vec::new(),
        breaches: plan
            .breaches
            .iter()
            .map(|breach| BreachRow {
                audience: rows::audience_name(catalogue, &breach.audience),
                milestone: breach.milestone.clone(),
                offset: breach.offset.clone(),
                late_by: SignedDuration::from_secs(breach.late_by_seconds),
                earliest_compliant_start: breach.earliest_compliant_start,
            })
            .collect(),
        reach: plan
            .affected
            .iter()
            .map(|reach| Reach {
                service: rows::service_name(catalogue, reach.service.as_str()),
                path: rows::service_names(catalogue, &reach.path),
                audiences: reach
                    .audiences
                    .iter()
                    .map(|id| rows::audience_name(catalogue, id.as_str()))
                    .collect(),
            })
            .collect(),
        warnings: plan.warnings.clone(),
        digests: Vec::new(),
    }
}

/// `GET /console/maintenances/new`, with `start`, `end` and `services` where a calendar leads here.
pub(in crate::console) async fn new(desk: Desk, query: RawQuery) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let typed = Typed {
        fields: Query::of(query).among(&["start", "end", "services"]),
        problems: Vec::new(),
    };
    form(&desk, StatusCode::OK, typed, None).await
}

/// `GET /console/maintenances/people`, with `services`: how many people would hear of work on them, for the form.
pub(in crate::console) async fn people(desk: Desk, query: RawQuery) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let chosen = Query::of(query).among(&["services"]);
    let services = catalogue.services.iter().map(|service| &service.id);
    let services = services.filter(|id| chosen.iter().any(|(_, known)| **id == **known));
    let work = sample::work(
        services.cloned().collect(),
        desk.app.clock.now(),
        &catalogue,
    );
    let event = Event::Maintenance(work);
    let whole = reach::whole(&desk.app, &event).await?;
    let people = people_of(&whole);
    let said = match (people, whole.audiences.len()) {
        (_, 0) => "Nobody would hear of this.".to_owned(),
        (1, _) => "1 person would hear of this.".to_owned(),
        (_, 1) => format!(
            "{} people of one audience would hear of this.",
            number(people)
        ),
        (_, audiences) => format!(
            "{} people of {audiences} audiences would hear of this.",
            number(people)
        ),
    };
    let answer = json!({"people": people, "messages": whole.messages, "said": said});
    Ok(Json(answer).into_response())
}

async fn form(desk: &Desk, status: StatusCode, typed: Typed, preview: Option<&Answer>) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let preview = match preview {
        Some(answer) => Some(prospect(desk, answer, &catalogue).await?),
        None => None,
    };
    let shows_mails = preview.is_some();
    let levels = level_texts::of_first(said(desk, &typed.fields).await, &typed.fields);
    let view = NewMaintenance {
        levels,
        frame: desk
            .frame(&catalogue, "Plan maintenance", Nav::Maintenances)
            .await?,
        typed,
        services: rows::service_choices(&catalogue),
        kinds: kinds(&catalogue),
        preview,
    };
    let shown = page(status, view.render());
    Ok(match shows_mails {
        true => with_mails(shown),
        false => shown,
    })
}

/// What people would be told ahead of the work that is being described.
pub(super) async fn said(desk: &Desk, typed: &[(String, String)]) -> Result<Previewed> {
    let catalogue = desk.app.store.catalogue().await?;
    let (named, _) = level_texts::edited(typed);
    let (settled, _) = settle(&named, &catalogue.organisation.time_zone);
    let node = tree(&document(&Fields(settled), &catalogue));
    let planned = maintenance::preview(&desk.app, &Sending::of(&node)).await;
    planned.map(|(_, said)| said)
}

/// What would come of work that is only read: the plan, who hears, what the first notice says.
async fn prospect(desk: &Desk, answer: &Answer, catalogue: &Catalogue) -> Result<Prospect> {
    let event = Event::Maintenance(answer.maintenance.clone());
    let whole = reach::whole(&desk.app, &event).await?;
    let first = template::next_milestone(&event);
    let messages = template::told(&desk.app, &event, first).await?;
    Ok(Prospect {
        plan: Plan {
            digests: in_words(&answer.digests),
            ..previewed(catalogue, &answer.plan)
        },
        told: reached(whole, catalogue),
        messages: messages.into_iter().map(Look).collect(),
        waits: answer.maintenance.status == Status::AwaitingApproval,
    })
}

/// The kinds of work: the built-in policies, and the organisation's own, which come first.
fn kinds(catalogue: &Catalogue) -> Vec<Choice> {
    let for_work = |policy: &&Policy| policy.applies_to.event == "maintenance";
    let own: Vec<&Policy> = catalogue.policies.iter().filter(for_work).collect();
    let replaced = |policy: &Policy| {
        own.iter()
            .any(|o| o.id == policy.id || o.applies_to.kind.as_deref() == Some(policy.id.as_str()))
    };
    let built_in = BUILT_IN.iter().filter(for_work).filter(|p| !replaced(p));
    own.iter().copied().chain(built_in).map(kind).collect()
}

fn kind(policy: &Policy) -> Choice {
    Choice {
        id: policy.id.to_string(),
        name: kind_words(policy.id.as_str(), policy),
        group: None,
    }
}

/// A kind, and how far ahead its policy tells people.
pub(super) fn kind_words(kind: &str, policy: &Policy) -> String {
    let name = super::super::desk::sentence(&kind.replace(['_', '-'], " "));
    let before: Vec<String> = policy.before.iter().map(|offset| offset.words()).collect();
    match before.is_empty() {
        true => name,
        false => {
            format!("{name}: {} before", before.join(", ")).replace("at once before", "at once")
        }
    }
}

/// What was typed, as the document says it: an own policy is named as such, and an action that was not filled in has no time.
fn document(fields: &Fields, catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut fields = fields.0.clone();
    let empty = |fields: &[(String, String)], names: &[&str]| {
        let mut given = fields.iter();
        given.all(|(name, value)| !names.contains(&name.as_str()) || value.trim().is_empty())
    };
    // What is always chosen says nothing beside what was not filled in.
    if empty(&fields, &["facts.action.what"]) {
        fields.retain(|(name, _)| name != "facts.action.when");
    }
    if empty(&fields, &["change_request.number", "change_request.url"]) {
        fields.retain(|(name, _)| name != "change_request.state");
    }
    let by_kind = empty(&fields, &["policy"]);
    let chosen = fields
        .iter()
        .find(|(name, _)| name == "kind")
        .map(|(_, kind)| kind.clone());
    let own = catalogue.policies.iter().find(|policy| {
        policy.applies_to.event == "maintenance" && chosen.as_deref() == Some(policy.id.as_str())
    });
    if let Some(policy) = own {
        fields.retain(|(name, _)| name != "kind");
        if by_kind {
            fields.push(("policy".into(), policy.id.to_string()));
        }
        fields.extend(
            policy
                .applies_to
                .kind
                .clone()
                .map(|kind| ("kind".into(), kind)),
        );
    }
    one_by_one(&fields)
}

/// `POST /console/maintenances`: `do=preview` shows the plan, `do=create` stores it.
pub(in crate::console) async fn create(desk: Desk, fields: Fields) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let creates = fields.value("do") == "create";
    let zone = &catalogue.organisation.time_zone;
    let (named, emptied) = level_texts::edited(&fields.0);
    let (settled, asked) = settle(&named, zone);
    let node = tree(&document(&Fields(settled), &catalogue));
    let mut posted = Sending::of(&node);
    posted.wrong.extend(emptied);
    let made = if creates {
        posted.wrong.extend(asked);
        maintenance::create(&desk.app, &desk.caller, &posted, Approval::ByPolicy).await
    } else {
        let planned = maintenance::preview(&desk.app, &posted).await;
        planned.map(|(answer, _)| answer)
    };
    let typed = |problems| Typed {
        fields: fields.0.clone(),
        problems,
    };
    match made {
        Ok(Answer { maintenance, .. }) if creates => {
            let to = format!("/console/maintenances/{}", maintenance.id);
            Ok(desk.done(&to, format!("{} is planned.", maintenance.id)))
        }
        Ok(answer) => form(&desk, StatusCode::OK, typed(Vec::new()), Some(&answer)).await,
        Err(ApiError::Invalid(invalid)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            form(&desk, status, typed(invalid.problems), None).await
        }
        Err(ApiError::CountNeeded(count)) => {
            let mut typed = typed(Vec::new());
            typed.count_needed(count);
            // The button that plans it stands with the plan.
            let (made, _) = maintenance::preview(&desk.app, &posted).await?;
            form(&desk, StatusCode::CONFLICT, typed, Some(&made)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /console/maintenances/{id}/{action}`
pub(in crate::console) async fn act(
    desk: Desk,
    Path((id, action)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let (app, caller) = (&desk.app, &desk.caller);
    let node = tree(&fields.0);
    if Act::parse(&action).is_some() {
        return told(&desk, &id, action, fields).await;
    }
    let (done, said) = match action.as_str() {
        "approve" => (
            maintenance::approve(app, caller, &id, &node).await,
            "is approved",
        ),
        "undo" => (
            maintenance::undo(app, caller, &id).await,
            "is as it was; nobody was told",
        ),
        "override" => {
            let node = tree(&divided(&fields.0));
            (
                maintenance::except(app, caller, &id, &node).await,
                "is planned anew",
            )
        }
        "remove_override" => (
            maintenance::follow_policy(app, caller, &id, &node).await,
            "is planned as its policy says",
        ),
        "change_request" => (
            maintenance::set_change(app, caller, &id, &node).await,
            "knows where its change request stands",
        ),
        "recipients" => (
            recipient::add_to_maintenance(app, caller, &id, &node).await,
            "is told to them too: they get the newest message now, and all that come",
        ),
        _ => {
            return Err(Failed::from(ApiError::NotFound(format!(
                "action '{action}' of a maintenance"
            ))));
        }
    };
    answered(&desk, &id, done, said, Some((action, fields))).await
}

/// A change that people are told of once it can no longer be undone.
async fn told(desk: &Desk, id: &str, action: String, fields: Fields) -> Shown {
    let mut named = fields.0.clone();
    named.push(("undo".into(), "true".into()));
    // Somebody is there to be asked.
    if action == "start" && fields.value("early").is_empty() {
        named.push(("early".into(), "false".into()));
    }
    let zone = desk.app.store.catalogue().await?.organisation.time_zone;
    let (settled, asked) = settle(&named, &zone);
    let mut posted = Sending::of(&tree(&settled));
    posted.wrong.extend(asked);
    let (app, caller) = (&desk.app, &desk.caller);
    let Some(act) = Act::parse(&action) else {
        let what = format!("action '{action}' of a maintenance");
        return Err(Failed::from(ApiError::NotFound(what)));
    };
    let done = maintenance::tell(app, caller, id, act, &posted).await;
    let said = match action.as_str() {
        "start" => "is under way",
        "complete" => "is completed",
        "cancel" => "is cancelled",
        "delay" => "has its new time",
        _ => "has its new end",
    };
    answered(desk, id, done, said, Some((action, fields))).await
}

/// What is a list in a document is typed with commas between.
fn divided(fields: &[(String, String)]) -> Vec<(String, String)> {
    let lists = ["before", "progress"];
    let parts = fields.iter().flat_map(|(name, value)| {
        let parts = match lists.contains(&name.as_str()) {
            true => value.split(',').map(str::trim).collect(),
            false => vec![value.as_str()],
        };
        parts
            .into_iter()
            .map(|part| (name.clone(), part.to_owned()))
            .collect::<Vec<_>>()
    });
    parts.collect()
}

/// `POST /console/maintenances/{id}/steps/{n}/done`
pub(in crate::console) async fn step(desk: Desk, Path((id, n)): Path<(String, usize)>) -> Shown {
    let done = maintenance::step_done(&desk.app, &desk.caller, &id, n).await;
    answered(&desk, &id, done, "is one step further", None).await
}

/// What a program sets, a person presses.
fn said_of_a_button(problem: Problem) -> Problem {
    match problem.problem.strip_suffix(maintenance::IF_MEANT) {
        None => problem,
        Some(why) => {
            let words = format!("{why}. Start it early all the same, or move it first");
            Problem::new(problem.field, words)
        }
    }
}

/// Back to the page, with what was done or why not.
async fn answered(
    desk: &Desk,
    id: &str,
    done: Result<Answer>,
    said: &str,
    typed: Option<(String, Fields)>,
) -> Shown {
    match done {
        Ok(_) => Ok(desk.done(
            &format!("/console/maintenances/{id}"),
            format!("{id} {said}."),
        )),
        Err(ApiError::Invalid(invalid)) => {
            let problems = invalid.problems.into_iter().map(said_of_a_button);
            let refused = typed.map(|(action, fields)| {
                let typed = Typed {
                    fields: fields.0,
                    problems: problems.collect(),
                };
                (action, typed)
            });
            one(desk, id, StatusCode::UNPROCESSABLE_ENTITY, refused, None).await
        }
        Err(ApiError::CountNeeded(count)) => {
            let refused = typed.map(|(action, fields)| {
                let mut typed = Typed {
                    fields: fields.0,
                    problems: Vec::new(),
                };
                typed.count_needed(count);
                (action, typed)
            });
            one(desk, id, StatusCode::CONFLICT, refused, None).await
        }
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let flash = Flash {
                kind: FlashKind::Refused,
                text: super::super::desk::sentence(&error.said()),
            };
            one(desk, id, StatusCode::CONFLICT, None, Some(flash)).await
        }
        Err(error) => Err(error.into()),
    }
}
