//! An event as an alert of the Common Alerting Protocol (OASIS CAP 1.2), for programs that gather warnings of many senders.
//!
//! Each message is an alert of its own and names those before it, so that a reader knows which one holds. The order of the elements
//! is that of the schema. Times have a numeric offset, which for UTC is `-00:00` (section 3.3.2).

use super::feeds::host;
use super::history::worst_impact;
use super::xml::Xml;
use super::{Page, PublicAdvisory, PublicIncident, PublicMaintenance, PublicMessage, Snapshot};
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::incident::Impact;
use forewarn_core::maintenance::Status;
use forewarn_core::time::Zone;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The longest headline (section 3.2.2), in characters.
const HEADLINE: usize = 160;

/// Where an event's alert is.
pub(super) fn path(event: &Id) -> String {
    format!("/events/{event}.cap.xml")
}

/// The alert of every incident, advisory and maintenance by its path.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let incidents = snapshot.incidents.iter();
    let incidents = incidents.map(|item| incident(snapshot, item));
    let advisories = snapshot.advisories.iter();
    let advisories = advisories.map(|item| advisory(snapshot, item));
    let works = snapshot.public_maintenances().into_iter();
    let works = works.map(|item| maintenance(snapshot, item));
    let alerts = incidents.chain(advisories).chain(works);
    alerts
        .map(|alert| {
            let page = Page::new("application/cap+xml; charset=utf-8", alert.xml(snapshot));
            (path(alert.event), page)
        })
        .collect()
}

/// What is the same in all of them, in the words of the standard.
struct Alert<'a> {
    event: &'a Id,
    title: &'a str,
    messages: &'a [PublicMessage],
    /// When it was entered: what is sent where nothing was said yet.
    since: Timestamp,
    facts: &'a Facts,
    services: Vec<String>,
    what: &'static str,
    cancelled: bool,
    response: &'static str,
    urgency: &'static str,
    severity: &'static str,
    certainty: &'static str,
    onset: Timestamp,
    expires: Option<Timestamp>,
}

fn incident<'a>(snapshot: &Snapshot, item: &'a PublicIncident) -> Alert<'a> {
    let incident = &item.incident;
    let open = item.is_open();
    Alert {
        event: &incident.id,
        title: &incident.title,
        messages: &item.messages,
        since: incident.declared_at,
        facts: &incident.facts,
        services: snapshot.names(incident.services.keys()),
        what: "Service disruption",
        cancelled: false,
        response: if open { "Monitor" } else { "AllClear" },
        urgency: if open { "Immediate" } else { "Past" },
        severity: match worst_impact(item) {
            Impact::None => "Unknown",
            Impact::DegradedPerformance => "Minor",
            Impact::PartialOutage => "Moderate",
            Impact::MajorOutage => "Severe",
        },
        certainty: "Observed",
        onset: incident.declared_at,
        expires: item.next_update_at(),
    }
}

fn advisory<'a>(snapshot: &Snapshot, item: &'a PublicAdvisory) -> Alert<'a> {
    let advisory = &item.advisory;
    let open = item.is_open();
    Alert {
        event: &advisory.id,
        title: &advisory.title,
        messages: &item.messages,
        since: advisory.found_at,
        facts: &advisory.facts,
        services: snapshot.names(&advisory.services),
        what: "Known fault",
        cancelled: false,
        response: if open { "Monitor" } else { "AllClear" },
        urgency: if open { "Expected" } else { "Past" },
        severity: "Minor",
        certainty: "Observed",
        onset: advisory.found_at,
        expires: item.next_update_at(),
    }
}

fn maintenance<'a>(snapshot: &Snapshot, item: &'a PublicMaintenance) -> Alert<'a> {
    let work = &item.maintenance;
    let (start, end) = work.window();
    Alert {
        event: &work.id,
        title: &work.title,
        messages: &item.messages,
        since: item.created_at,
        facts: &work.facts,
        services: snapshot.names(&work.services),
        what: "Planned maintenance",
        cancelled: work.status == Status::Cancelled,
        response: match (work.status.is_over(), &work.facts.action) {
            (true, _) => "AllClear",
            (false, Some(_)) => "Prepare",
            (false, None) => "Monitor",
        },
        urgency: match work.status {
            Status::AwaitingApproval | Status::Scheduled => "Future",
            Status::InProgress => "Immediate",
            Status::Completed | Status::Cancelled => "Past",
        },
        severity: "Minor",
        certainty: match work.status {
            Status::AwaitingApproval | Status::Scheduled | Status::Cancelled => "Likely",
            Status::InProgress | Status::Completed => "Observed",
        },
        onset: work.started_at.unwrap_or(start),
        expires: (!work.status.is_over()).then_some(end),
    }
}

impl Alert<'_> {
    /// Which messages there were, the oldest first, each with its identifier.
    fn sent(&self) -> Vec<(String, Timestamp)> {
        let each = self.messages.iter().enumerate();
        let each = each.map(|(n, message)| (format!("{}.{}", self.event, n + 1), message.at));
        let said: Vec<_> = each.collect();
        match said.is_empty() {
            true => vec![(format!("{}.0", self.event), self.since)],
            false => said,
        }
    }

    fn kind(&self, before: &[(String, Timestamp)]) -> &'static str {
        match (self.cancelled, before.is_empty()) {
            (true, _) => "Cancel",
            (false, true) => "Alert",
            (false, false) => "Update",
        }
    }

    fn xml(&self, snapshot: &Snapshot) -> String {
        let zone = &snapshot.organisation.time_zone;
        let sender = host(snapshot);
        let mut sent = self.sent();
        let last = sent.pop();
        let (identifier, at) = last.unwrap_or_else(|| (self.event.to_string(), self.since));
        let references: Vec<String> = sent
            .iter()
            .map(|(id, at)| format!("{sender},{id},{}", time(*at, zone)))
            .collect();
        let mut xml = Xml::new();
        let root = [("xmlns", "urn:oasis:names:tc:emergency:cap:1.2")];
        xml.within("alert", &root, |xml| {
            xml.text("identifier", &identifier);
            xml.text("sender", &sender);
            xml.text("sent", &time(at, zone));
            // Nobody must act on what a demo says.
            xml.text("status", if snapshot.demo { "Test" } else { "Actual" });
            xml.text("msgType", self.kind(&sent));
            xml.text("scope", "Public");
            xml.maybe("references", Some(&references.join(" ")));
            xml.within("info", &[], |xml| self.info(snapshot, at, xml));
        });
        xml.finish()
    }

    fn info(&self, snapshot: &Snapshot, at: Timestamp, xml: &mut Xml) {
        let zone = &snapshot.organisation.time_zone;
        let said = self.messages.last();
        let usual = snapshot.organisation.language();
        xml.text("language", said.map_or(usual, |message| &message.language));
        xml.text("category", "Infra");
        xml.text("event", self.what);
        xml.text("responseType", self.response);
        xml.text("urgency", self.urgency);
        xml.text("severity", self.severity);
        xml.text("certainty", self.certainty);
        xml.text("effective", &time(at, zone));
        xml.text("onset", &time(self.onset, zone));
        xml.maybe("expires", self.expires.map(|at| time(at, zone)).as_deref());
        xml.text("senderName", &snapshot.organisation.name);
        let headline: String = self.title.chars().take(HEADLINE).collect();
        xml.text("headline", &headline);
        let effect = self.facts.effect.as_deref();
        xml.maybe("description", said.map(|said| &*said.text).or(effect));
        let action = self.facts.action.as_ref();
        xml.maybe("instruction", action.map(|action| &*action.what));
        xml.text("web", &snapshot.url(&format!("/events/{}", self.event)));
        let contact = self.facts.contact.as_deref();
        xml.maybe(
            "contact",
            contact.or(snapshot.organisation.contact.as_deref()),
        );
        xml.within("area", &[], |xml| {
            let services = self.services.join(", ");
            xml.text("areaDesc", &format!("Users of {services}"));
        });
    }
}

fn time(at: Timestamp, zone: &Zone) -> String {
    let text = zone.at(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    match text.strip_suffix("+00:00") {
        Some(utc) => format!("{utc}-00:00"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_written_as_the_standard_wants_it() {
        let at: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(time(at, &Zone::utc()), "2026-11-23T09:00:00-00:00");
        assert_eq!(time(at, &berlin), "2026-11-23T10:00:00+01:00");
    }
}
