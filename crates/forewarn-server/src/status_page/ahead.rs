//! What is ahead, firm work and rough dates in one list: the page `/calendar`, and `/calendar.json` for programs.

use super::announcement::{MomentCard, card as moment_card};
use super::page::{Around, WorkCard, around, html, work_card};
use super::texts::{capital, uncapital};
use super::view::View;
use super::{Page, PublicChange, PublicMaintenance, Snapshot, assets, icons, when};
use askama::Template;
use forewarn_core::change_ahead::ChangeAhead;
use forewarn_core::id::Id;
use forewarn_core::period::Precision;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Changes ahead, under their months.
#[derive(Template)]
#[template(path = "status/calendar.html")]
pub(super) struct CalendarPage<'a> {
    around: Around<'a>,
    sections: Vec<Section<'a>>,
}

/// A month, or a quarter or year of which no month is known, and what is planned in it.
struct Section<'a> {
    name: String,
    items: Vec<Item<'a>>,
}

enum Item<'a> {
    Firm(WorkCard<'a>),
    Moment(MomentCard<'a>),
    Rough(RoughCard<'a>),
}

/// A change without an hour.
struct RoughCard<'a> {
    change: &'a ChangeAhead,
    kind: &'static str,
    when: String,
    services: String,
}

/// The page in each language, and its machine-readable form.
pub(super) fn pages(snapshot: &Snapshot, views: &[View<'_>]) -> BTreeMap<String, Page> {
    let each = views
        .iter()
        .map(|view| (view.at("/calendar"), html(&page(view))));
    let mut pages: BTreeMap<String, Page> = each.collect();
    let json = Page::new("application/json", json(snapshot).to_string());
    pages.insert("/calendar.json".to_owned(), json);
    pages
}

pub(super) fn page<'a>(view: &'a View<'a>) -> CalendarPage<'a> {
    let title = match view.texts.code {
        // In the middle of a title English writes it small.
        "en" => uncapital(view.texts.ahead.title),
        _ => view.texts.ahead.title.to_owned(),
    };
    CalendarPage {
        around: around(view, &title, "/calendar"),
        sections: sections(view),
    }
}

/// Work that is not over.
fn firm(snapshot: &Snapshot) -> Vec<&PublicMaintenance> {
    let mut works = snapshot.public_maintenances();
    works.retain(|item| !item.maintenance.status.is_over());
    works
}

/// By their first days; of those that begin together the shorter first, and so a month before its quarter.
fn sections<'a>(view: &'a View<'a>) -> Vec<Section<'a>> {
    let mut found: BTreeMap<(Date, Precision), Section<'a>> = BTreeMap::new();
    let mut put = |first: Date, precision: Precision, name: String, item| {
        let section = found.entry((first, precision));
        let section = section.or_insert_with(|| Section {
            name,
            items: Vec::new(),
        });
        section.items.push(item);
    };
    let mut dated: Vec<(Date, Date, Item<'a>)> = Vec::new();
    let zone = view.zone();
    for item in firm(view) {
        let (start, end) = item.maintenance.window();
        let card = work_card(view, item);
        dated.push((zone.at(start).date(), zone.at(end).date(), Item::Firm(card)));
    }
    for item in view.announced() {
        let day = zone.at(item.announcement.effective.instant()).date();
        dated.push((day, day, Item::Moment(moment_card(view, item))));
    }
    for item in view.changes_to_come() {
        let period = item.change.when;
        let card = Item::Rough(rough_card(view, item));
        match period.precision() {
            Precision::Quarter | Precision::Year => {
                let name = view.texts.period(&period);
                put(period.first(), period.precision(), name, card);
            }
            Precision::Day | Precision::Week | Precision::Month => {
                dated.push((period.first(), period.last(), card));
            }
        }
    }
    dated.sort_by_key(|(first, last, _)| (*first, *last));
    for (first, _, item) in dated {
        let month = first.first_of_month();
        put(
            month,
            Precision::Month,
            capital(&view.texts.words().month(month)),
            item,
        );
    }
    found.into_values().collect()
}

fn rough_card<'a>(view: &View<'a>, item: &'a PublicChange) -> RoughCard<'a> {
    RoughCard {
        change: &item.change,
        kind: view.texts.change(item.change.kind),
        when: view.texts.period(&item.change.when),
        services: view.named(&item.change.services),
    }
}

/// The list for programs, by first day.
fn json(snapshot: &Snapshot) -> Value {
    let zone = &snapshot.organisation.time_zone;
    let services = |ids: &[Id]| -> Vec<Value> {
        let names = snapshot.names(ids);
        let both = ids.iter().zip(names);
        both.map(|(id, name)| json!({"id": id, "name": name}))
            .collect()
    };
    let mut items: Vec<Value> = Vec::new();
    for item in firm(snapshot) {
        let work = &item.maintenance;
        let (start, end) = work.window();
        items.push(json!({
            "id": work.id,
            "kind": "maintenance",
            "title": work.title,
            "services": services(&work.services),
            "summary": work.facts.effect,
            "url": snapshot.url(&format!("/events/{}", work.id)),
            "firm": true,
            "status": work.status,
            "precision": "time",
            "when": when::window(start, end, zone),
            "first_day": zone.at(start).date(),
            "last_day": zone.at(end).date(),
            "start": when::iso(start, zone),
            "end": when::iso(end, zone),
            "changed_at": when::iso(item.changed_at, zone),
        }));
    }
    for item in snapshot.announced() {
        let announced = &item.announcement;
        let at = announced.effective.instant();
        items.push(json!({
            "id": announced.id,
            "kind": announced.kind,
            "title": announced.title,
            "services": services(&announced.services),
            "summary": announced.facts.effect,
            "url": snapshot.url(&format!("/events/{}", announced.id)),
            "firm": true,
            "status": announced.status,
            "precision": "time",
            "when": when::long(at, zone),
            "first_day": zone.at(at).date(),
            "last_day": zone.at(at).date(),
            "start": when::iso(at, zone),
            "end": null,
            "changed_at": when::iso(item.changed_at, zone),
        }));
    }
    for item in snapshot.changes_to_come() {
        let change = &item.change;
        items.push(json!({
            "id": change.id,
            "kind": change.kind,
            "title": change.title,
            "services": services(&change.services),
            "summary": change.summary,
            "url": change.url,
            "firm": false,
            "status": null,
            "precision": change.when.precision().as_str(),
            "when": change.when.words(),
            "first_day": change.when.first(),
            "last_day": change.when.last(),
            "start": null,
            "end": null,
            "changed_at": when::iso(item.changed_at, zone),
        }));
    }
    items.sort_by_key(|item| (item["first_day"].to_string(), item["last_day"].to_string()));
    json!({
        "page": {
            "name": snapshot.organisation.name,
            "url": snapshot.url("/calendar"),
            "time_zone": zone.name(),
        },
        "changes": items,
    })
}
