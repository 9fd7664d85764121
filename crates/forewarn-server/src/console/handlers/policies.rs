//! Policies, each with what it would do with work that nobody planned.

use super::lists::Query;
use super::{maintenances, rows, sample};
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::{Nav, Plan, PolicyCard, PolicyList};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use forewarn_core::document::Catalogue;
use forewarn_core::id::Id;
use forewarn_core::plan::{Input, Planned, plan};
use forewarn_core::policy::{BUILT_IN, Policy};
use forewarn_core::time::CivilTime;
use jiff::civil::time;
use jiff::{Timestamp, ToSpan};

/// `GET /console/policies`, with `start` and `service` of the example.
pub(in crate::console) async fn show(desk: Desk, query: RawQuery) -> Shown {
    let query = Query::of(query);
    let catalogue = desk.app.store.catalogue().await?;
    let now = desk.app.clock.now();
    let usual = in_three_weeks(&catalogue, now);
    let zone = &catalogue.organisation.time_zone;
    let typed = query.get("start");
    let read = typed.as_deref().map(|start| CivilTime::parse(start, zone));
    let (start, problem) = match read {
        None => (usual, None),
        Some(Ok(start)) => (start, None),
        Some(Err(problem)) => (usual, Some(sentence(&format!("the start {problem}")))),
    };
    let asked = query.get("service").unwrap_or_default();
    let services = catalogue.services.iter().map(|s| s.id.clone());
    let services: Vec<Id> = services
        .filter(|id| asked.is_empty() || *id == *asked)
        .collect();
    let example = |policy: &Policy| example(policy, &services, &start, &catalogue, now);
    let view = PolicyList {
        frame: desk.frame(&catalogue, "Policies", Nav::Policies).await?,
        start: typed.unwrap_or_else(|| start.civil.strftime("%Y-%m-%dT%H:%M").to_string()),
        problem,
        service: asked,
        services: rows::service_choices(&catalogue),
        items: all(&catalogue)
            .into_iter()
            .map(|(policy, own)| PolicyCard {
                example: example(policy),
                policy: policy.clone(),
                own,
            })
            .collect(),
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// Long enough ahead for most of what a policy asks, late in the evening.
fn in_three_weeks(catalogue: &Catalogue, now: Timestamp) -> CivilTime {
    let zone = &catalogue.organisation.time_zone;
    let day = zone.at(now).date().saturating_add(3.weeks());
    CivilTime::new(day.to_datetime(time(22, 0, 0, 0)), zone.clone())
}

/// The organisation's own policies, then the built-in ones whose place none of them takes.
fn all(catalogue: &Catalogue) -> Vec<(&Policy, bool)> {
    let own = &catalogue.policies;
    let built_in = BUILT_IN.iter();
    let built_in = built_in.filter(|policy| own.iter().all(|o| o.id != policy.id));
    let own = own.iter().map(|policy| (policy, true));
    own.chain(built_in.map(|policy| (policy, false))).collect()
}

/// What a policy would do with work, or a change, on these services; nothing where it plans nothing ahead.
fn example(
    policy: &Policy,
    services: &[Id],
    start: &CivilTime,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Option<Plan> {
    let of_work = match policy.applies_to.event.as_str() {
        "maintenance" => true,
        "announcement" => false,
        _ => return None,
    };
    let work = sample::work(services.to_vec(), start.instant(), catalogue);
    let mut planned = Planned::from(&work);
    if !of_work {
        planned.about.kind = "announcement";
        (planned.end, planned.work) = (None, None);
    }
    let made = plan(Input {
        planned,
        policy,
        catalogue,
        now,
        told: &[],
        others: &[],
        change: None,
    });
    let mut shown = maintenances::previewed(catalogue, &made);
    // Of nothing that anybody planned, so there is nothing to look at.
    shown.warnings.clear();
    shown.reach.clear();
    shown.inside_standard_window = None;
    Some(shown)
}
