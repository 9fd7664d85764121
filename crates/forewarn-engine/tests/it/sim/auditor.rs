//! The judge. It compares the world's ledger with what was published, and the store's record with both. It knows the
//! rules (who is in which audience, how a delivery's id is derived, which message is newer) from the design, not from the
//! code that it judges.

use super::digests::{self, Bundle, events_in};
use super::operator::{Noted, Operator};
use super::promises;
use super::world::{Fate, Try};
use forewarn_core::delivery::{DeliveryStatus, RETRY_AFTER_SECONDS, message_key};
use forewarn_core::event::Event;
use forewarn_core::id::derive;
use forewarn_core::plan::{HANDOVER, is_promise_timer, is_team_notice};
use forewarn_core::service::affected;
use forewarn_store::{AttemptRow, DeliveryFilter, DeliveryRow, NoticeFilter, NoticeRow, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const ALL: i64 = 100_000;

/// Everything that is wrong, or nothing.
pub async fn audit(operator: &Operator, tries: &[Try], store: &Store) -> Vec<String> {
    let deliveries = store.deliveries(&DeliveryFilter::default(), ALL).await;
    let notices = store.notices(&NoticeFilter::default(), ALL).await;
    let notices = by_id(notices.expect("notices"), |n| n.id.clone());
    let deliveries = deliveries.expect("deliveries");
    let mut wrong = operator.surprises.clone();
    let audit = Audit {
        operator,
        bundles: digests::bundles(operator, store, &mut wrong).await,
        messages: messages(&deliveries),
        deliveries: by_id(deliveries, |d| d.id.clone()),
        expected: expected(operator, &notices),
        notices,
        tries: grouped(tries),
    };
    audit.notices(&mut wrong);
    audit.recipients(&mut wrong);
    for delivery in audit.deliveries.values() {
        audit.delivery(delivery, &mut wrong);
    }
    audit.ledger(&mut wrong);
    audit.order(tries, &mut wrong);
    audit.once(tries, &mut wrong);
    journal(store, &audit, &mut wrong).await;
    promises::audit(&operator.events, store, &mut wrong).await;
    wrong
}

fn by_id<T>(all: Vec<T>, id: impl Fn(&T) -> String) -> BTreeMap<String, T> {
    all.into_iter().map(|one| (id(&one), one)).collect()
}

/// The deliveries of each message: one, or those that are told together.
fn messages(deliveries: &[DeliveryRow]) -> HashMap<String, Vec<DeliveryRow>> {
    let mut messages: HashMap<String, Vec<DeliveryRow>> = HashMap::new();
    for row in deliveries {
        messages.entry(key(row)).or_default().push(row.clone());
    }
    messages
}

/// By what the outside knows the message of a delivery.
fn key(row: &DeliveryRow) -> String {
    let bundled = row.bundled.as_ref();
    message_key(&row.id, bundled.map(|(e, b)| (e.as_str(), b.as_str())))
}

fn grouped(tries: &[Try]) -> HashMap<&str, Vec<&Try>> {
    let mut by_id: HashMap<&str, Vec<&Try>> = HashMap::new();
    for one in tries {
        by_id.entry(&one.id).or_default().push(one);
    }
    by_id
}

/// Whom a notice should reach: by delivery id the address, and whether the person wants it.
struct Reach {
    notice: String,
    address: String,
    unwanted: bool,
}

struct Audit<'a> {
    operator: &'a Operator,
    deliveries: BTreeMap<String, DeliveryRow>,
    notices: BTreeMap<String, NoticeRow>,
    /// By what the outside knows a message.
    tries: HashMap<&'a str, Vec<&'a Try>>,
    messages: HashMap<String, Vec<DeliveryRow>>,
    bundles: BTreeMap<String, Bundle>,
    /// By delivery id; several where a person is in several audiences.
    expected: BTreeMap<String, Vec<Reach>>,
}

/// Who should hear of each published notice that was not closed, from the contacts and the catalogue alone.
fn expected(
    operator: &Operator,
    notices: &BTreeMap<String, NoticeRow>,
) -> BTreeMap<String, Vec<Reach>> {
    let mut all: BTreeMap<String, Vec<Reach>> = BTreeMap::new();
    for noted in operator.noted.values().filter(|n| !n.closed) {
        // A notice that stayed in place may keep the revision of those who were told before.
        let last = *noted.revisions.last().expect("never empty");
        let stored = notices.get(&noted.notice.id).map(|n| n.revision as u32);
        let revision = stored.filter(|r| noted.revisions.contains(r));
        let slot = slot(noted, revision.unwrap_or(last));
        for (endpoint, address, unwanted) in recipients(operator, noted) {
            let reach = Reach {
                notice: noted.notice.id.clone(),
                address,
                unwanted,
            };
            let id = format!("{slot}.{endpoint}");
            all.entry(id).or_default().push(reach);
        }
    }
    all
}

/// One message per endpoint for event, revision, milestone and place.
fn slot(noted: &Noted, revision: u32) -> String {
    let notice = &noted.notice;
    let revision = match notice.milestone.as_str() {
        "start" | "completion" | "cancellation" => String::new(),
        _ => revision.to_string(),
    };
    let place = match (noted.update, notice.milestone.as_str()) {
        (Some(number), _) if is_team_notice(&notice.milestone) => {
            format!("#{number} {}", notice.offset.as_deref().unwrap_or_default())
        }
        (Some(number), _) => format!("#{number}"),
        (None, "announcement") => String::new(),
        (None, _) => notice.offset.clone().unwrap_or_default(),
    };
    derive(&[
        "slot",
        noted.event.id().as_str(),
        &revision,
        &notice.milestone,
        &place,
    ])
}

fn recipients(operator: &Operator, noted: &Noted) -> Vec<(String, String, bool)> {
    let notice = &noted.notice;
    let built_in = noted
        .event
        .built_in_audience(&notice.audience, &operator.catalogue);
    if let Some(endpoints) = built_in {
        let mailbox = |endpoint: forewarn_core::contact::Endpoint| {
            let address = endpoint.address().to_owned();
            (endpoint.id(&format!("address:{address}")), address, false)
        };
        return endpoints.into_iter().map(mailbox).collect();
    }
    let reach = affected(&noted.event.services(), &operator.catalogue.services);
    let audience = operator
        .catalogue
        .audiences
        .iter()
        .find(|a| a.id == *notice.audience.as_str())
        .expect("a notice has an audience that exists");
    let mut all = Vec::new();
    for contact in &operator.contacts {
        let wants = contact.services.is_empty()
            || reach
                .iter()
                .any(|a| audience.uses(&a.service) && contact.services.contains(&a.service));
        if !contact.audiences.contains(&audience.id) || !wants {
            continue;
        }
        for (endpoint, address) in operator.endpoints(contact, &notice.channels) {
            let refuses = |from: &str| {
                let key = (endpoint.clone(), from.to_owned());
                operator.unsubscribed.contains(&key)
            };
            let unwanted = refuses("*") || refuses(&notice.audience);
            all.push((endpoint, address, unwanted));
        }
    }
    all
}

/// Which message about an event is newer: by its own number or by revision, then by the part of the event, then by due time.
fn rank(noted: &Noted) -> (u32, u8, Timestamp) {
    // Hand-overs are numbered: `#3 lead`. The newest holds, also of two in one instant.
    if noted.notice.milestone == HANDOVER {
        let place = noted.notice.offset.as_deref().unwrap_or_default();
        let number = place.trim_start_matches('#').split(' ').next();
        let number = number.and_then(|n| n.parse().ok());
        return (number.expect("a number"), 1, Timestamp::MIN);
    }
    if let Some(number) = noted.update {
        return match is_team_notice(&noted.notice.milestone) {
            true => (number, 1, noted.notice.due),
            false => (number, 0, Timestamp::MIN),
        };
    }
    let part = match noted.notice.milestone.as_str() {
        "delay" => 0,
        "announcement" | "reminder" | "final_reminder" => 1,
        "start" => 2,
        "completion" => 4,
        "cancellation" => 9,
        "post_event_reminder" | "hypercare" => 5,
        _ => 3,
    };
    let revision = *noted.revisions.last().expect("never empty");
    (revision, part, noted.notice.due)
}

/// What a message is about: a newer one about the same takes its place, one about something else does not.
fn story(noted: &Noted) -> String {
    let notice = &noted.notice;
    match notice.milestone.as_str() {
        milestone if is_promise_timer(milestone) => "promise".to_owned(),
        HANDOVER => {
            let role = notice
                .offset
                .as_deref()
                .and_then(|o| o.split(' ').next_back());
            format!("handover of {}", role.unwrap_or_default())
        }
        milestone if is_team_notice(milestone) => milestone.to_owned(),
        _ => "told".to_owned(),
    }
}

/// It went out, or would have if there had been anybody.
pub fn went(notice: &NoticeRow) -> bool {
    let begun = notice.status == "cancelled" && notice.sent_at.is_some();
    matches!(notice.status.as_str(), "sent" | "superseded") || begun
}

impl Audit<'_> {
    /// When a notice may go out: when it is due, or with what is told in one message with it.
    fn due(&self, notice: &str) -> Timestamp {
        let own = self.operator.noted[notice].notice.due;
        let bundles = self.bundles.values();
        let with_others = bundles.filter(|b| b.notices.contains(notice));
        with_others
            .map(|b| b.first)
            .min()
            .map_or(own, |first| own.min(first))
    }

    /// The deliveries of which a try tells.
    fn told(&self, one: &Try) -> Vec<&DeliveryRow> {
        let rows = self.messages.get(&one.id).map_or(&[][..], Vec::as_slice);
        if rows.iter().all(|row| row.bundled.is_none()) {
            return rows.iter().collect();
        }
        let events = events_in(&one.bytes);
        rows.iter().filter(|r| events.contains(&r.event)).collect()
    }

    /// The tries that told of a delivery.
    fn tries_of(&self, row: &DeliveryRow) -> Vec<&Try> {
        let tries = self.tries.get(key(row).as_str());
        let tries = tries.map_or(&[][..], Vec::as_slice).iter().copied();
        tries
            .filter(|one| self.told(one).iter().any(|told| told.id == row.id))
            .collect()
    }

    /// What was published went out, unless it was withdrawn before; what was withdrawn did not.
    fn notices(&self, wrong: &mut Vec<String>) {
        for (id, noted) in &self.operator.noted {
            let Some(row) = self.notices.get(id) else {
                wrong.push(format!("lost: notice {id} was published and is not stored"));
                continue;
            };
            let name = format!("notice {id} ({}, {})", row.event, row.milestone);
            // Something newer may have overtaken all of it.
            let sent = went(row);
            match (noted.closed, sent) {
                (false, false) => wrong.push(format!(
                    "lost: {name} was never closed and is {}{}",
                    row.status,
                    if row.held { ", held" } else { "" }
                )),
                (true, true) => wrong.push(format!("{name} went out after it was closed")),
                (true, false) if !matches!(row.status.as_str(), "moved" | "cancelled") => {
                    wrong.push(format!("{name} was closed and is {}", row.status));
                }
                _ => {}
            }
            if sent && row.sent_at.is_none_or(|at| at < self.due(id)) {
                wrong.push(format!(
                    "early: {name} began at {:?}, due {}",
                    row.sent_at, noted.notice.due
                ));
            }
        }
        for id in self.notices.keys() {
            if !self.operator.noted.contains_key(id) {
                wrong.push(format!("notice {id} was never published"));
            }
        }
    }

    /// Whoever should hear has a delivery, and nobody else.
    fn recipients(&self, wrong: &mut Vec<String>) {
        for (id, reach) in &self.expected {
            if !self.deliveries.contains_key(id) {
                let to = &reach[0];
                wrong.push(format!(
                    "lost: {} has no delivery {id} of notice {}",
                    to.address, to.notice
                ));
            }
        }
        for (id, row) in &self.deliveries {
            let reach = self.expected.get(id).map_or(&[][..], Vec::as_slice);
            if !reach
                .iter()
                .any(|r| r.notice == row.notice && r.address == row.endpoint)
            {
                wrong.push(format!(
                    "delivery {id} of {} goes to {}, who is not meant",
                    row.notice, row.endpoint
                ));
            }
        }
    }

    /// A delivery came to an end that the world and its own record bear out.
    fn delivery(&self, row: &DeliveryRow, wrong: &mut Vec<String>) {
        let id = &row.id;
        let tries = &self.tries_of(row)[..];
        let taken = tries.iter().filter(|t| t.is_taken()).count();
        let in_doubt = doubts(row, tries);
        let says_why = row.reason.as_ref().is_some_and(|r| !r.is_empty());
        let last = tries.last().map(|t| t.fate);
        let reach = self.expected.get(id).map_or(&[][..], Vec::as_slice);
        let borne_out = match row.status {
            DeliveryStatus::Accepted => taken > 0,
            DeliveryStatus::Failed => {
                says_why
                    && (matches!(last, Some(Fate::Permanent | Fate::Gone))
                        || row.attempts.len() > RETRY_AFTER_SECONDS.len())
            }
            DeliveryStatus::Superseded => says_why && self.has_newer(row),
            DeliveryStatus::Suppressed => {
                says_why && (reach.iter().all(|r| r.unwanted) || self.is_gone(&row.endpoint))
            }
            DeliveryStatus::Expired => says_why && self.is_too_late(row),
            DeliveryStatus::Queued
            | DeliveryStatus::Attempting
            | DeliveryStatus::Delivered
            | DeliveryStatus::Unknown => false,
        };
        if !borne_out {
            wrong.push(format!(
                "lost: delivery {id} ({}) to {} is {:?} ({:?}) after tries {:?} and attempts {:?}",
                self.told_about(row),
                row.endpoint,
                row.status,
                row.reason,
                tries.iter().map(|t| t.fate).collect::<Vec<_>>(),
                row.attempts.iter().map(|a| &a.outcome).collect::<Vec<_>>(),
            ));
        }
        if taken > 0 && row.status != DeliveryStatus::Accepted && in_doubt == 0 {
            wrong.push(format!(
                "delivery {id} was taken and is {:?}, with no doubt on record",
                row.status
            ));
        }
        if taken > 1 + in_doubt {
            wrong.push(format!(
                "delivery {id} was taken {taken} times with {in_doubt} doubts on record"
            ));
        }
        if tries.len() > row.attempts.len() {
            wrong.push(format!(
                "delivery {id} was tried {} times and has {} attempts on record",
                tries.len(),
                row.attempts.len()
            ));
        }
        if row.bundled.is_none() && tries.iter().any(|t| t.bytes != tries[0].bytes) {
            wrong.push(format!("delivery {id} was sent with different bytes"));
        }
        waits(row, wrong);
    }

    /// Everything that the same endpoint was or was to be told of the same event, and the delivery's own part.
    fn told_about(&self, row: &DeliveryRow) -> String {
        let part = |row: &DeliveryRow| {
            let noted = self.operator.noted.get(&row.notice);
            noted.map_or_else(String::new, |n| {
                format!("{} {:?} {:?}", n.notice.milestone, rank(n), row.status)
            })
        };
        let same = self
            .deliveries
            .values()
            .filter(|d| d.event == row.event && d.endpoint == row.endpoint && d.id != row.id);
        let others: Vec<String> = same.map(part).collect();
        format!("{}; beside {}", part(row), others.join(", "))
    }

    fn has_newer(&self, row: &DeliveryRow) -> bool {
        let Some(own) = self.operator.noted.get(&row.notice) else {
            return false;
        };
        let endpoint = row.id.split_once('.').map(|(_, endpoint)| endpoint);
        self.deliveries.values().any(|other| {
            other.event == row.event
                && other.id.split_once('.').map(|(_, endpoint)| endpoint) == endpoint
                && other.status != DeliveryStatus::Suppressed
                && self
                    .operator
                    .noted
                    .get(&other.notice)
                    .is_some_and(|n| story(n) == story(own) && rank(n) > rank(own))
        })
    }

    fn is_gone(&self, address: &str) -> bool {
        let mut tries = self.tries.values().flatten();
        tries.any(|t| t.to == address && t.fate == Fate::Gone)
    }

    fn is_too_late(&self, row: &DeliveryRow) -> bool {
        let (Some(noted), Some(last)) = (self.operator.noted.get(&row.notice), row.attempts.last())
        else {
            return false;
        };
        if last.outcome == "expired" {
            return last.ended_at >= noted.expires;
        }
        let number = row.attempts.len() - 1;
        let wait = RETRY_AFTER_SECONDS.get(number).copied().unwrap_or(0);
        let most = SignedDuration::from_millis(wait.max(600) * 1_100);
        last.outcome == "transient_failure" && last.ended_at + most >= noted.expires
    }

    /// Everything in the ledger belongs to somebody who was meant, and came neither early nor to the wrong door.
    fn ledger(&self, wrong: &mut Vec<String>) {
        for (key, tries) in &self.tries {
            let Some(rows) = self.messages.get(*key) else {
                wrong.push(format!("{key} was sent and nobody published it"));
                continue;
            };
            if rows.iter().any(|row| row.bundled.is_some()) {
                let meant = rows.iter().map(|row| row.event.clone()).collect();
                digests::message(key, &meant, tries, wrong);
            }
            for one in tries {
                let told = self.told(one);
                if told.is_empty() {
                    wrong.push(format!("{key} was sent and tells of nothing"));
                }
                for row in told {
                    self.one_try(row, one, wrong);
                }
            }
        }
    }

    fn one_try(&self, row: &DeliveryRow, one: &Try, wrong: &mut Vec<String>) {
        let id = &row.id;
        let Some(reach) = self.expected.get(id) else {
            wrong.push(format!("{id} was sent and nobody published it"));
            return;
        };
        if one.to != reach[0].address {
            wrong.push(format!("{id} went to {}", one.to));
        }
        let due = reach.iter().map(|r| self.due(&r.notice)).min();
        let due = due.expect("never empty");
        if one.at < due {
            let notice = &self.operator.noted[&reach[0].notice];
            wrong.push(format!(
                "early: {} of {} ({id}) was sent at {}, due {due}",
                notice.notice.milestone,
                notice.event.id(),
                one.at
            ));
        }
        if reach.iter().all(|r| r.unwanted) {
            wrong.push(format!("{id} was sent to somebody who unsubscribed"));
        }
    }

    /// Newest wins: nobody hears the older part of a story after the newer.
    fn order(&self, tries: &[Try], wrong: &mut Vec<String>) {
        let mut newest: HashMap<(&str, &str, String), (&Noted, &str)> = HashMap::new();
        let taken = tries.iter().filter(|t| t.is_taken());
        for (one, row) in
            taken.flat_map(|one| self.told(one).into_iter().map(move |row| (one, row)))
        {
            let Some(noted) = self.operator.noted.get(&row.notice) else {
                continue;
            };
            let (_, endpoint) = row.id.split_once('.').unwrap_or_default();
            let key = (noted.event.id().as_str(), endpoint, story(noted));
            match newest.get(&key) {
                Some((before, id)) if rank(before) > rank(noted) && *id != row.id => {
                    wrong.push(format!(
                        "order: {} {:?} of {} came to {} at {} after {} {:?}",
                        noted.notice.milestone,
                        rank(noted),
                        noted.event.id(),
                        one.to,
                        one.at,
                        before.notice.milestone,
                        rank(before),
                    ));
                }
                _ => {
                    newest.insert(key, (noted, &row.id));
                }
            }
        }
    }

    /// Work begins once and ends once, and no reminder is told twice, whatever happened to the plan in between.
    fn once(&self, tries: &[Try], wrong: &mut Vec<String>) {
        let mut ends: BTreeMap<(String, &str, &str), BTreeSet<&str>> = BTreeMap::new();
        let taken = tries.iter().filter(|t| t.is_taken());
        for (one, row) in
            taken.flat_map(|one| self.told(one).into_iter().map(move |row| (one, row)))
        {
            let Some(noted) = self.operator.noted.get(&row.notice) else {
                continue;
            };
            let milestone = noted.notice.milestone.as_str();
            if matches!(milestone, "start" | "completion" | "cancellation") {
                let key = (row.event.clone(), one.to.as_str(), milestone);
                ends.entry(key).or_default().insert(&row.id);
            }
        }
        for ((event, to, milestone), ids) in ends {
            if ids.len() > 1 {
                let n = ids.len();
                wrong.push(format!(
                    "twice: {to} was told of the {milestone} of {event} {n} times"
                ));
            }
        }
        let mut told: BTreeMap<(String, &str, String), u32> = BTreeMap::new();
        for noted in self.operator.noted.values().filter(|n| !n.closed) {
            for (offset, nominal) in &noted.notice.tells {
                let event = noted.event.id().to_string();
                let key = (
                    event,
                    noted.notice.audience.as_str(),
                    format!("{offset} {nominal}"),
                );
                *told.entry(key).or_default() += 1;
            }
        }
        for ((event, audience, what), times) in told {
            if times > 1 {
                wrong.push(format!(
                    "twice: {audience} was told {what} of {event} {times} times"
                ));
            }
        }
    }
}

/// How often nobody could know whether a delivery was taken: the line was cut, or the program died.
fn doubts(row: &DeliveryRow, tries: &[&Try]) -> usize {
    let cuts = tries.iter().filter(|t| t.fate == Fate::Cut).count();
    let unknown = row.attempts.iter().filter(|a| a.outcome == "unknown");
    cuts + unknown.count()
}

/// No attempt comes before the wait that the one before it earned.
fn waits(row: &DeliveryRow, wrong: &mut Vec<String>) {
    for (n, pair) in row.attempts.windows(2).enumerate() {
        let [before, next]: &[AttemptRow; 2] = pair.try_into().expect("windows of two");
        let wait = SignedDuration::from_secs(RETRY_AFTER_SECONDS[n.min(8)]);
        if before.outcome == "transient_failure" && next.at < before.ended_at + wait {
            wrong.push(format!(
                "delivery {}: attempt {} came {} after the one before it",
                row.id,
                n + 2,
                next.at.duration_since(before.ended_at)
            ));
        }
    }
}

async fn journal(store: &Store, audit: &Audit<'_>, wrong: &mut Vec<String>) {
    let verdict = store.verify_journal().await.expect("the journal is read");
    if let Some((seq, problem)) = verdict.broken {
        wrong.push(format!("journal: entry {seq} {problem}"));
    }
    let entries = store.journal(None, None, ALL).await.expect("the journal");
    let mut finished: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in &entries {
        if let Some(status @ ("sent" | "superseded")) = entry.action.strip_prefix("notice.") {
            let id = entry.detail["notice"].as_str().unwrap_or_default();
            finished.entry(id.to_owned()).or_default().push(status);
        }
    }
    for (id, row) in &audit.notices {
        let told = finished.get(id).map_or(&[][..], Vec::as_slice);
        let is_over = matches!(row.status.as_str(), "sent" | "superseded");
        let expected: &[&str] = if is_over { &[&row.status] } else { &[] };
        if told != expected {
            wrong.push(format!(
                "journal: notice {id} is {} and was written down as {told:?}",
                row.status
            ));
        }
        let counts = |status: &str| row.counts.get(status).copied().unwrap_or(0);
        let all: i64 = row.counts.values().sum();
        let overtaken =
            counts("superseded") > 0 && counts("superseded") + counts("suppressed") == all;
        if is_over && overtaken != (row.status == "superseded") {
            wrong.push(format!(
                "notice {id} is {} with {:?}",
                row.status, row.counts
            ));
        }
    }
    for id in &audit.operator.events {
        let stored = store
            .event(id)
            .await
            .expect("the event")
            .expect("it is there");
        let over = match &stored.event {
            Event::Maintenance(m) => m.status.is_over(),
            Event::Incident(i) => !i.status.is_open(),
            Event::Window(w) => w.dropped,
            Event::Reminder(r) => r.dropped,
            Event::Advisory(a) => !a.status.is_open(),
            Event::Announcement(a) => !a.status.is_open(),
        };
        if !over {
            wrong.push(format!("{id} is not over at the end"));
        }
    }
}
