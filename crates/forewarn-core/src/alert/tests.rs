use super::intake::{Draft, Known, Standing, Taken, Tracked, take};
use super::*;
use crate::document::{Documents, Problems, parse_yaml};
use crate::hook::Publish;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn hook(text: &str) -> Hook {
    let mut problems = Problems::default();
    let nodes = parse_yaml(text).unwrap();
    let hook = Hook::read(&nodes[0], "", &mut problems);
    assert_eq!(problems.0, vec![]);
    hook.unwrap()
}

fn catalogue() -> Catalogue {
    let text = "services: [{id: portal, name: Student portal}, {id: wiki, name: Wiki}]";
    let documents =
        Documents::parse_yaml(&[(String::new(), text.into())], &Catalogue::default(), "X");
    documents.unwrap().over(&Catalogue::default())
}

/// A webhook as Alertmanager's documentation describes it.
fn notification(alerts: &[(&str, &str, &str)]) -> Value {
    let alerts = alerts.iter().map(|(fingerprint, status, starts)| {
        json!({"status": status, "fingerprint": fingerprint, "startsAt": starts,
            "endsAt": if *status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-11-21T17:20:00Z" },
            "labels": {"alertname": "PortalDown", "service": "portal", "severity": "critical", "instance": "web-3.internal"},
            "annotations": {"summary": "5xx on web-3", "description": "rate above 5%"},
            "generatorURL": "http://prometheus.example/graph?g0.expr=up"})
    });
    json!({"version": "4", "groupKey": "{}:{service=\"portal\"}", "truncatedAlerts": 0, "status": "firing", "receiver": "forewarn",
        "groupLabels": {"service": "portal"}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": alerts.collect::<Vec<_>>()})
}

/// As the manual of Grafana's webhook contact point describes it: Alertmanager's shape, more fields, times with an offset.
#[test]
fn grafana_tells_the_same_with_fields_of_its_own() {
    let body = json!({"receiver": "forewarn", "status": "firing", "orgId": 1, "version": "1", "groupKey": "{}:{alertname=\"Sign-in\"}",
        "truncatedAlerts": 0, "title": "[FIRING:1] Sign-in", "state": "alerting", "message": "**Firing**", "appVersion": "11.2.0",
        "groupLabels": {"alertname": "Sign-in"}, "commonLabels": {"service": "portal"}, "commonAnnotations": {},
        "externalURL": "https://grafana.example/", "alerts": [{"status": "firing",
            "labels": {"alertname": "Sign-in", "service": "portal", "grafana_folder": "Web", "severity": "warning"},
            "annotations": {"summary": "Sign-in fails"}, "startsAt": "2026-11-21T09:00:00.157076-08:00",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "https://grafana.example/alerting/1/edit", "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "https://grafana.example/alerting/silence/new", "dashboardURL": "https://grafana.example/d/abc",
            "panelURL": "https://grafana.example/d/abc?viewPanel=1", "imageURL": null,
            "values": {"B": 22.5, "C": 1}, "valueString": "[ var='B' labels={} value=22.5 ]"}]});
    let batch = alertmanager::read(&body).unwrap();
    assert_eq!(batch.group, "{}:{alertname=\"Sign-in\"}");
    let [alert] = batch.alerts.as_slice() else {
        panic!("{batch:?}")
    };
    assert_eq!(
        (alert.key.as_str(), alert.state),
        ("57c6d9296de2ad39", State::Firing)
    );
    assert_eq!(
        (alert.since, alert.until),
        (Some(at("2026-11-21T17:00:00.157076Z")), None)
    );
    assert_eq!(alert.title, "Sign-in fails");
}

#[test]
fn alertmanager_tells_what_fires_and_what_is_over() {
    let body = notification(&[
        ("aa", "firing", "2026-11-21T17:00:00Z"),
        ("bb", "resolved", "2026-11-21T17:00:00Z"),
    ]);
    let batch = alertmanager::read(&body).unwrap();
    assert_eq!(batch.group, "{}:{service=\"portal\"}");
    let [firing, over] = batch.alerts.as_slice() else {
        panic!("{batch:?}")
    };
    assert_eq!(
        (firing.state, firing.since, firing.until),
        (State::Firing, Some(at("2026-11-21T17:00:00Z")), None)
    );
    assert_eq!(
        (over.state, over.until),
        (State::Resolved, Some(at("2026-11-21T17:20:00Z")))
    );
    assert_eq!(
        (firing.title.as_str(), firing.text.as_str()),
        ("5xx on web-3", "rate above 5%")
    );
    // Sent again, in another order, it is the same request; once an alert is over it is another.
    let swapped = notification(&[
        ("bb", "resolved", "2026-11-21T17:00:00Z"),
        ("aa", "firing", "2026-11-21T17:00:00Z"),
    ]);
    assert_eq!(alertmanager::read(&swapped).unwrap().id, batch.id);
    let ended = notification(&[
        ("aa", "resolved", "2026-11-21T17:00:00Z"),
        ("bb", "resolved", "2026-11-21T17:00:00Z"),
    ]);
    assert_ne!(alertmanager::read(&ended).unwrap().id, batch.id);
}

#[test]
fn every_fault_of_a_notification_is_told_at_once() {
    let body = json!({"version": "3", "alerts": [{"status": "fired", "labels": {"a": "b"}}, {"status": "firing"}, 7]});
    let problems = alertmanager::read(&body).unwrap_err().problems;
    let said: Vec<String> = problems.iter().map(|p| p.field.clone()).collect();
    assert_eq!(
        said,
        [
            "version",
            "alerts[0].status",
            "alerts[1].labels",
            "alerts[2]"
        ]
    );
    assert_eq!(
        alertmanager::read(&json!({})).unwrap_err().problems[0].field,
        "alerts"
    );
    assert!(alertmanager::read(&json!([])).is_err());
}

#[test]
fn pagerduty_tells_by_event_types() {
    let event = |kind: &str| {
        json!({"event": {"id": format!("01-{kind}"), "event_type": kind, "resource_type": "incident",
        "occurred_at": "2026-11-21T17:10:00Z", "agent": null, "client": null,
        "data": {"id": "PGR0VU2", "type": "incident", "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
            "number": 2, "status": "triggered", "incident_key": "d3640fbd", "created_at": "2026-11-21T17:05:00Z",
            "title": "A little bump in the road", "service": {"id": "PF9KMXH", "summary": "Student portal", "type": "service_reference"},
            "priority": {"id": "PSO75BM", "summary": "P1"}, "urgency": "high"}}})
    };
    let fired = pagerduty::read(&event("incident.triggered")).unwrap();
    let [alert] = fired.alerts.as_slice() else {
        panic!()
    };
    assert_eq!(
        (
            alert.key.as_str(),
            alert.service.as_deref(),
            alert.severity.as_deref(),
            alert.since
        ),
        (
            "PGR0VU2",
            Some("Student portal"),
            Some("P1"),
            Some(at("2026-11-21T17:05:00Z"))
        )
    );
    assert_eq!(fired.id.as_deref(), Some("01-incident.triggered"));
    let over = pagerduty::read(&event("incident.resolved")).unwrap();
    assert_eq!(
        (over.alerts[0].state, over.alerts[0].until),
        (State::Resolved, Some(at("2026-11-21T17:10:00Z")))
    );
    let read = pagerduty::read(&event("incident.acknowledged")).unwrap();
    assert_eq!((read.alerts.len(), read.warnings.len()), (0, 1));
    let problems =
        pagerduty::read(&json!({"event": {"event_type": "incident.triggered", "data": {}}}))
            .unwrap_err()
            .problems;
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn cloudevents_are_the_same_in_both_modes() {
    let structured = json!({"specversion": "1.0", "id": "A-1", "source": "/checks/eu", "type": "org.example.check", "subject": "portal login",
        "time": "2026-11-21T17:00:00Z", "data": {"title": "Login slow", "service": "portal", "severity": "high", "status": "firing"}});
    let mapping = Mapping::usual(Kind::Cloudevents);
    let read = cloudevents::read(&structured, &mapping).unwrap();
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-id", "A-1"),
        ("ce-source", "/checks/eu"),
        ("ce-type", "org.example.check"),
        ("ce-subject", "portal%20login"),
        ("ce-time", "2026-11-21T17:00:00Z"),
        ("content-type", "application/json"),
    ];
    let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let binary =
        cloudevents::from_headers(&headers, structured["data"].to_string().as_bytes()).unwrap();
    assert_eq!(cloudevents::read(&binary, &mapping).unwrap(), read);
    assert_eq!(
        (read.alerts[0].key.as_str(), read.alerts[0].title.as_str()),
        ("portal login", "Login slow")
    );
    // Source and id make an event, not the id alone.
    let mut other = structured.clone();
    other["source"] = json!("/checks/us");
    assert_ne!(cloudevents::read(&other, &mapping).unwrap().id, read.id);
    let batch = cloudevents::read(&json!([structured, other]), &mapping).unwrap();
    assert_eq!(batch.alerts.len(), 2);
    let problems = cloudevents::read(&json!([{"specversion": "0.3", "id": ""}]), &mapping)
        .unwrap_err()
        .problems;
    let fields: Vec<_> = problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["[0].id", "[0].source", "[0].type", "[0].specversion"]
    );
}

#[test]
fn any_json_is_read_by_a_mapping() {
    let hook = hook(
        "{id: j, kind: json, mapping: {key: /check/id, title: /check/name, state: /to, service: /app, firing: [bad], resolved: [good], since: /at}}",
    );
    let body = |to: &str| json!({"check": {"id": 7, "name": "Disk"}, "to": to, "app": "portal", "at": 1_795_000_000});
    let read = generic::read(&body("BAD"), &hook.mapping()).unwrap();
    assert_eq!(
        (read.alerts[0].key.as_str(), read.alerts[0].state),
        ("7", State::Firing)
    );
    assert_eq!(
        read.alerts[0].since,
        Timestamp::from_second(1_795_000_000).ok()
    );
    assert_eq!(
        generic::read(&body("good"), &hook.mapping())
            .unwrap()
            .alerts[0]
            .state,
        State::Resolved
    );
    let neither = generic::read(&body("unsure"), &hook.mapping()).unwrap();
    assert_eq!(
        (neither.alerts, neither.warnings),
        (
            vec![],
            vec!["the state 'unsure' changes nothing here".to_owned()]
        )
    );
    assert!(generic::read(&json!({"to": "bad"}), &hook.mapping()).is_err());
    assert!(generic::read(&json!("x"), &hook.mapping()).is_err());
}

#[test]
fn what_an_alert_says_is_made_harmless() {
    let hostile = "  a\u{0}b\r\nc\u{202e}d\u{200b}<script>alert(1)</script>\t\u{7f} e ";
    assert_eq!(
        harmless(hostile, 100),
        "a b c d <script>alert(1)</script> e"
    );
    assert_eq!(harmless(&"x".repeat(1_000_000), 10), "xxxxxxxxx…");
    assert_eq!(harmless(&"é".repeat(11), 10).chars().count(), 10);
    assert_eq!(web_address("javascript:alert(1)"), None);
    assert_eq!(
        web_address("https://g.example/d?x=1"),
        Some("https://g.example/d?x=1".into())
    );
}

fn alert(key: &str, state: State, labels: &[(&str, &str)]) -> Alert {
    Alert {
        key: key.into(),
        title: format!("{key} on web-3"),
        text: String::new(),
        labels: labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        service: None,
        severity: None,
        state,
        since: None,
        until: None,
        url: None,
    }
}

#[test]
fn the_service_is_found_by_rule_then_by_name_then_by_default() {
    let batch = |labels: &[(&str, &str)]| Batch {
        alerts: vec![alert("a", State::Firing, labels)],
        ..Batch::default()
    };
    let rules = hook(
        "{id: p, kind: alertmanager, service: wiki, services: [{label: job, value: web, service: portal}]}",
    );
    let found = |hook: &Hook, labels: &[(&str, &str)]| {
        place(hook, batch(labels), &catalogue())
            .map(|(p, w)| (p[0].service.to_string(), w.len()))
            .map_err(|e| e.to_string())
    };
    assert_eq!(
        found(&rules, &[("job", "web"), ("service", "wiki")]),
        Ok(("portal".into(), 0))
    );
    assert_eq!(
        found(&rules, &[("service", "student PORTAL")]),
        Ok(("portal".into(), 0))
    );
    assert_eq!(found(&rules, &[]), Ok(("wiki".into(), 0)));
    assert_eq!(
        found(&rules, &[("service", "portl")]),
        Ok(("wiki".into(), 1)),
        "with a warning"
    );
    let strict = hook("{id: p, kind: alertmanager, service: wiki, unknown_service: refuse}");
    assert_eq!(
        found(&strict, &[("service", "portl")]),
        Err("alerts[0].service: unknown service 'portl'; did you mean 'portal'?".into())
    );
    let none = hook("{id: p, kind: alertmanager}");
    assert_eq!(
        found(&none, &[]),
        Err("alerts[0].service: names no service".into())
    );
}

#[test]
fn how_grave_it_is_follows_the_hooks_words() {
    let hook = hook(
        "{id: p, kind: alertmanager, service: portal, severity: P4, severities: {warning: P2}}",
    );
    for (word, severity, impact) in [
        (Some("critical"), Severity::P1, Impact::PartialOutage),
        (Some("Warning"), Severity::P2, Impact::PartialOutage),
        (Some("strange"), Severity::P4, Impact::DegradedPerformance),
        (None, Severity::P4, Impact::DegradedPerformance),
    ] {
        let alert = Alert {
            severity: word.map(str::to_owned),
            ..alert("a", State::Firing, &[])
        };
        let batch = Batch {
            alerts: vec![alert],
            ..Batch::default()
        };
        let (placed, _) = place(&hook, batch, &catalogue()).unwrap();
        assert_eq!(
            (placed[0].severity, placed[0].impact),
            (severity, impact),
            "{word:?}"
        );
    }
}

/// The store in small: what `take` says is kept, and known the next time.
struct House {
    hook: Hook,
    known: Known,
    tracked: Vec<Tracked>,
    drafts: BTreeMap<Id, Draft>,
    notes: Vec<String>,
    opened: usize,
    now: Timestamp,
}

impl House {
    fn new(hook: Hook) -> House {
        House {
            hook,
            known: Known::default(),
            tracked: Vec::new(),
            drafts: BTreeMap::new(),
            notes: Vec::new(),
            opened: 0,
            now: at("2026-11-21T17:00:00Z"),
        }
    }

    fn hear(&mut self, group: &str, alerts: &[(&str, State, &str)]) -> Taken {
        let alerts = alerts
            .iter()
            .map(|(key, state, service)| alert(key, *state, &[("service", service)]));
        let batch = Batch {
            alerts: alerts.collect(),
            ..Batch::default()
        };
        let (placed, _) = place(&self.hook, batch, &catalogue()).unwrap();
        self.known.drafts = self.drafts.values().cloned().collect();
        self.known.tracked = self
            .tracked
            .iter()
            .map(|t| (t.alert.key.clone(), t.clone()))
            .collect();
        for t in &self.tracked {
            let key = (t.hook.clone(), t.alert.key.clone());
            let firing = self.known.firing.entry(t.incident.clone()).or_default();
            match t.episode.firing {
                true => firing.insert(key),
                false => firing.remove(&key),
            };
            self.known
                .groups
                .entry(t.incident.clone())
                .or_default()
                .insert((t.hook.clone(), t.group.clone()));
        }
        let fresh = id(&format!("INC-{}", self.drafts.len() + 1));
        let taken = take(
            &self.hook,
            group,
            placed,
            &self.known,
            &catalogue(),
            &fresh,
            self.now,
        );
        for t in &taken.tracked {
            self.tracked.retain(|old| old.alert.key != t.alert.key);
            self.tracked.push(t.clone());
        }
        self.drafts
            .extend(taken.drafts.iter().map(|d| (d.id.clone(), d.clone())));
        self.notes.extend(
            taken
                .notes
                .iter()
                .map(|n| format!("{}: {}", n.incident, n.text)),
        );
        self.opened += usize::from(taken.opened.is_some());
        taken
    }

    fn later(&mut self, minutes: i64) {
        self.now += jiff::SignedDuration::from_mins(minutes);
    }

    fn standing(&self) -> Vec<(String, Standing)> {
        self.drafts
            .values()
            .map(|d| (d.id.to_string(), d.status))
            .collect()
    }
}

const FIRES: State = State::Firing;
const OVER: State = State::Resolved;

#[test]
fn an_alert_opens_a_draft_whose_words_are_not_its_own() {
    let mut house = House::new(hook(
        "{id: p, kind: alertmanager, effect: You may not reach it.}",
    ));
    let taken = house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(taken.opened, Some(id("INC-1")));
    let draft = &house.drafts[&id("INC-1")];
    assert_eq!(draft.title, "Trouble with Student portal");
    assert_eq!(
        (draft.effect.as_deref(), draft.automatic),
        (Some("You may not reach it."), false)
    );
    let incident = draft.as_incident(house.now, house.now);
    assert!(
        !serde_json::to_string(&incident).unwrap().contains("web-3"),
        "{incident:?}"
    );
    assert_eq!(
        house.notes,
        ["INC-1: the alert fires since 2026-11-21T17:00:00Z: cpu on web-3"]
    );
}

#[test]
fn alerts_of_one_service_or_group_join_what_is_open() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.hear("g", &[("cpu", FIRES, "portal")]);
    house.hear("h", &[("disk", FIRES, "portal")]);
    house.hear("g", &[("net", FIRES, "wiki")]);
    assert_eq!(
        (house.standing(), house.opened),
        (vec![("INC-1".into(), Standing::Draft)], 1)
    );
    assert_eq!(
        house.drafts[&id("INC-1")].title,
        "Trouble with Student portal, Wiki"
    );
    house.known.incidents = vec![(id("INC-9"), vec![id("wiki")])];
    let taken = house.hear("x", &[("mem", FIRES, "wiki")]);
    assert_eq!(
        (taken.belong, house.opened),
        (BTreeSet::from([id("INC-9")]), 1)
    );
    let mut apart = House::new(hook("{id: p, kind: alertmanager, group_by: source}"));
    apart.hear("g", &[("cpu", FIRES, "portal")]);
    apart.hear("h", &[("disk", FIRES, "portal")]);
    assert_eq!(apart.opened, 2);
}

#[test]
fn a_draft_is_closed_quietly_when_all_its_alerts_end() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.hear("g", &[("cpu", FIRES, "portal"), ("disk", FIRES, "portal")]);
    house.later(5);
    house.hear("g", &[("cpu", OVER, "portal")]);
    assert_eq!(house.standing(), [("INC-1".into(), Standing::Draft)]);
    house.hear("g", &[("disk", OVER, "portal")]);
    assert_eq!(house.standing(), [("INC-1".into(), Standing::Closed)]);
    assert_eq!(
        house.notes[2..],
        [
            "INC-1: the alert ended at 2026-11-21T17:05:00Z: cpu on web-3",
            "INC-1: the alert ended at 2026-11-21T17:05:00Z: disk on web-3"
        ]
    );
}

#[test]
fn an_alert_that_comes_and_goes_makes_one_draft_and_few_notes() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    for _ in 0..100 {
        house.hear("g", &[("cpu", FIRES, "portal")]);
        house.later(1);
        house.hear("g", &[("cpu", OVER, "portal")]);
        house.later(1);
    }
    assert_eq!(
        (house.standing(), house.opened),
        (vec![("INC-1".into(), Standing::Closed)], 1)
    );
    assert_eq!(house.notes.len(), 10, "{:#?}", house.notes);
    assert_eq!(house.tracked[0].episode.times, 100);
    house.later(31);
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(house.opened, 2, "after a calm it is new trouble");
}

#[test]
fn what_people_discarded_or_resolved_stays_so() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.hear("g", &[("cpu", FIRES, "portal")]);
    let draft = house.drafts[&id("INC-1")]
        .clone()
        .discard(house.now)
        .unwrap();
    assert!(draft.clone().discard(house.now).is_err());
    house.drafts.insert(draft.id.clone(), draft);
    house.hear("g", &[("cpu", OVER, "portal")]);
    house.later(2);
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(
        (house.standing(), house.opened),
        (vec![("INC-1".into(), Standing::Discarded)], 1)
    );
    // Published and resolved by people: the next firing is new trouble.
    house.drafts.get_mut(&id("INC-1")).unwrap().status = Standing::Published;
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(house.opened, 1, "it still fires, which is known");
    house.hear("g", &[("cpu", OVER, "portal")]);
    house.later(2);
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(house.opened, 2);
}

#[test]
fn the_end_of_an_alert_leaves_an_incident_alone() {
    let mut house = House::new(hook("{id: p, kind: alertmanager, publish: automatic}"));
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert!(house.drafts[&id("INC-1")].automatic);
    house.drafts.get_mut(&id("INC-1")).unwrap().status = Standing::Published;
    house.known.incidents = vec![(id("INC-1"), vec![id("portal")])];
    let taken = house.hear("g", &[("cpu", OVER, "portal")]);
    assert_eq!((taken.drafts.len(), taken.notes.len()), (0, 1));
    assert_eq!(house.hook.publish, Publish::Automatic);
}

#[test]
fn what_fires_and_ends_in_one_request_asks_nobody() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    let taken = house.hear("g", &[("cpu", OVER, "portal")]);
    assert_eq!(taken, Taken::default());
}

#[test]
fn an_open_incident_hears_once_that_it_is_graver_than_was_declared() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.known.incidents = vec![(id("INC-9"), vec![id("portal")])];
    house.known.severities = [(id("INC-9"), Severity::P5)].into();
    let taken = house.hear("g", &[("cpu", FIRES, "portal")]);
    let graver = &taken.graver[&id("INC-9")];
    assert!(graver.severity < Severity::P5, "{graver:?}");
    assert_eq!(graver.services.keys().collect::<Vec<_>>(), [&id("portal")]);
    assert_eq!(graver.titles, ["cpu on web-3"]);
    // It fires still, which is known; and what is declared as grave hears nothing.
    house.later(5);
    assert_eq!(
        house.hear("g", &[("cpu", FIRES, "portal")]).graver,
        [].into()
    );
    house.known.severities = [(id("INC-9"), Severity::P1)].into();
    assert_eq!(
        house.hear("g", &[("disk", FIRES, "portal")]).graver,
        [].into()
    );
}

#[test]
fn what_fires_on_long_after_people_said_that_it_is_over_is_new_trouble() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.hear("g", &[("cpu", FIRES, "portal")]);
    house.drafts.get_mut(&id("INC-1")).unwrap().status = Standing::Published;
    house.known.over = [(id("INC-1"), house.now)].into();
    house.later(29);
    house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!(house.opened, 1);
    house.later(1);
    let taken = house.hear("g", &[("cpu", FIRES, "portal")]);
    assert_eq!((house.opened, taken.opened), (2, Some(id("INC-2"))));
    assert_eq!(house.tracked[0].incident, id("INC-2"));
}

#[test]
fn the_team_hears_of_a_draft_that_waits_again_and_not_each_time() {
    let mut house = House::new(hook("{id: p, kind: alertmanager}"));
    house.hear("g", &[("cpu", FIRES, "portal")]);
    for (calm, told) in [(1, 0), (5, 1)] {
        house.hear("g", &[("cpu", OVER, "portal")]);
        house.later(calm);
        let taken = house.hear("g", &[("cpu", FIRES, "portal")]);
        assert_eq!(house.standing(), [("INC-1".into(), Standing::Draft)]);
        assert_eq!(taken.news.len(), told, "{calm}");
    }
    for _ in 0..9 {
        house.hear("g", &[("cpu", OVER, "portal")]);
        house.later(6);
        let taken = house.hear("g", &[("cpu", FIRES, "portal")]);
        let often = house.tracked[0].episode.times > 5;
        assert_eq!(taken.news.is_empty(), often);
    }
}
