//! Incidents.

use super::layout::text;
use super::maintenance::facts;
use super::readings::{Question, questions};
use super::{Alerts, Choice, Frame, JournalRow, LevelLook, NoticeRow, Team, Typed};
use crate::ops::acknowledgement::Confirmations;
use crate::status_page::state::ServiceState;
use crate::status_page::{milestone_words, when};
use askama::Template;
use forewarn_core::incident::{Call, Called, Impact, Incident, Nature, Severity, Status, Update};
use forewarn_core::message::duration_words;
use forewarn_core::promise::Thread;
use jiff::{SignedDuration, Timestamp};

/// Incidents as a list.
#[derive(Template)]
#[template(path = "console/incidents.html")]
pub struct IncidentList {
    /// The frame.
    pub frame: Frame,
    /// Open ones, by their promise.
    pub open: Vec<IncidentRow>,
    /// Closed ones, newest first.
    pub closed: Vec<IncidentRow>,
}

/// An incident in the list.
pub struct IncidentRow {
    /// The incident.
    pub incident: Incident,
    /// Names of its services.
    pub services: Vec<String>,
}

/// The form that declares an incident.
///
/// Fields: `services.{id}` (an impact; `none` is left out), `severity`, `effect`, `title`, `lead`, `spokesperson`, `next_update_in`.
#[derive(Template)]
#[template(path = "console/declare.html")]
pub struct DeclareIncident {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// What the readers of each level would be told, as far as it is described.
    pub levels: Vec<LevelLook>,
    /// Every service.
    pub services: Vec<Choice>,
}

/// Said in the time to undo of what waits after it.
pub(super) const NOT_BEFORE_THEY_AGREE: &str = "Nobody is told before its owners agree.";

/// One incident.
///
/// Its form posts `status`, `text`, `texts.{level}`, `services.{id}` and `next_update_in` to `updates`; `status=resolved` resolves.
#[derive(Template)]
#[template(path = "console/incident.html")]
pub struct IncidentPage {
    /// The frame.
    pub frame: Frame,
    /// The incident.
    pub incident: Incident,
    /// Its services with their names.
    pub services: Vec<Choice>,
    /// What was typed into the form of the next update, and what is wrong with it.
    pub typed: Typed,
    /// What the readers of each level would be told; nothing once it is over.
    pub levels: Vec<LevelLook>,
    /// What its alerts did, and what the team noted.
    pub alerts: Alerts,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// Who was asked to confirm what, and who has.
    pub confirmations: Vec<Confirmations>,
    /// How many are to be called by telephone.
    pub calls: usize,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
    /// How long it took until somebody heard of it, once somebody did.
    pub heard_after: Option<SignedDuration>,
    /// Who has which role, who is writing, notes, kin, and people who were added.
    pub team: Team,
}

impl IncidentList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl IncidentPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn tone(&self) -> &'static str {
        tone(&self.incident)
    }

    fn status(&self) -> String {
        milestone_words(self.incident.status.as_str())
    }

    fn words(&self, status: &Status) -> String {
        milestone_words(status.as_str())
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        facts(&self.incident.facts)
    }

    fn can_update(&self) -> bool {
        self.incident.status != Status::Postmortem
    }

    /// It can be explained.
    fn is_over(&self) -> bool {
        self.incident.status == Status::Resolved && self.incident.merged_into.is_none()
    }

    /// The statuses that may follow.
    fn statuses(&self) -> &'static [(&'static str, &'static str)] {
        if self.incident.status.is_open() {
            &[
                ("investigating", "Investi\u{ad}gating"),
                ("identified", "Cause known"),
                ("monitoring", "Fixed, watched"),
                ("resolved", "Resolved"),
            ]
        } else {
            &[
                ("postmortem", "Explain what happened"),
                ("investigating", "Open it again"),
            ]
        }
    }

    fn chosen(&self, status: &str) -> bool {
        match self.typed.value("status") {
            "" => status == self.incident.status.as_str(),
            typed => typed == status,
        }
    }

    fn impact(&self, service: &str) -> &'static str {
        let impact = self
            .incident
            .services
            .iter()
            .find(|(id, _)| **id == *service);
        ServiceState::from(impact.map_or(Impact::None, |(_, impact)| *impact)).words()
    }

    fn impacts(&self) -> [(&'static str, &'static str, &'static str); 4] {
        IMPACTS
    }

    fn impact_chosen(&self, service: &str, impact: &str) -> bool {
        let known = self
            .incident
            .services
            .iter()
            .find(|(id, _)| **id == *service);
        match self.typed.value(&format!("services.{service}")) {
            "" => known.map_or("none", |(_, impact)| impact.as_str()) == impact,
            typed => typed == impact,
        }
    }

    fn folded(&self) -> &'static [&'static str] {
        &["next_update_in", "title", "remove_services"]
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    /// Until when the newest update can be undone.
    fn waits(&self) -> Option<Timestamp> {
        self.incident.waits_until(self.frame.now)
    }

    /// What is true of an update that is not told when it can no longer be undone.
    fn waits_for(&self) -> String {
        match (self.incident.waits(), self.team.approvers.as_slice()) {
            (false, _) => String::new(),
            (true, []) => NOT_BEFORE_THEY_AGREE.to_owned(),
            (true, [one]) => format!("Nobody is told before {one} agrees."),
            (true, all) => format!("Nobody is told before {} agree.", all.join(" and ")),
        }
    }

    fn untold(&self, update: &&Update) -> bool {
        update.waits || (update.before.is_some() && update.at > self.frame.now)
    }

    /// Nobody has taken the call for a spokesperson.
    fn is_calling(&self) -> bool {
        let call = self.incident.call.as_ref();
        self.incident.status.is_open() && call.is_some_and(Call::is_open)
    }

    /// Who may take the call.
    fn chain(&self) -> Vec<String> {
        self.incident
            .call
            .as_ref()
            .map_or_else(Vec::new, |call| call.chain.clone())
    }

    /// Who was called so far.
    fn called(&self) -> Vec<&Called> {
        let call = self.incident.call.iter();
        call.flat_map(|call| &call.called).collect()
    }

    /// The fields of a folded action, which is open where one of them is filled in or wrong.
    fn fields_of(&self, action: &str) -> &'static [&'static str] {
        match action {
            "handover" => &["to", "override"],
            "recipients" => &["email", "contact", "audience", "webhook_url"],
            "merge" => &["into"],
            _ => &["parent"],
        }
    }

    fn roles(&self) -> [(&'static str, &'static str); 2] {
        [("spokesperson", "Speaks for it"), ("lead", "Fixes it")]
    }

    fn levels(&self) -> [(&'static str, &'static str); 3] {
        LEVELS
    }

    fn severities(&self) -> [&'static str; 5] {
        Severity::ALL.map(Severity::as_str)
    }

    fn moved(&self) -> &'static [&'static str] {
        &["promise"]
    }

    /// By how much the update came late that this one had promised.
    fn late(&self, update: &&Update) -> Option<String> {
        let late = self.incident.late_by(update.number, self.frame.now)?;
        Some(duration_words(late))
    }

    fn nature(&self, update: &&Update) -> Option<&'static str> {
        match update.nature {
            Nature::Written => None,
            Nature::Automatic => Some("said by Forewarn itself"),
            Nature::Moved => Some("promise moved"),
            Nature::Merged => Some("merged, sent to nobody"),
            Nature::Entered => Some("entered afterwards, sent to nobody"),
        }
    }

    /// How long it took until somebody heard of it.
    fn heard(&self) -> Option<String> {
        self.heard_after.map(|after| match after.as_secs() {
            ..1 => "in less than a second".to_owned(),
            1 => "after 1 second".to_owned(),
            seconds @ 2..120 => format!("after {seconds} seconds"),
            _ => format!("after {}", duration_words(after)),
        })
    }

    /// What became of its promises, once anything did.
    fn promises(&self) -> Option<String> {
        let counts = self.incident.promises();
        let parts = [
            (counts.kept, "kept"),
            (counts.automatically, "kept by Forewarn itself"),
            (counts.moved, "moved in time"),
            (counts.broken, "broken"),
        ];
        let said = parts.iter().filter(|(n, _)| *n > 0);
        let said: Vec<String> = said.map(|(n, what)| format!("{n} {what}")).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

impl DeclareIncident {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn asked(&self) -> Vec<Question> {
        questions(&self.typed, &self.frame.zone)
    }

    fn impacts(&self) -> [(&'static str, &'static str, &'static str); 4] {
        IMPACTS
    }

    fn impact_chosen(&self, service: &str, impact: &str) -> bool {
        match self.typed.value(&format!("services.{service}")) {
            "" => impact == "none",
            typed => typed == impact,
        }
    }

    fn severities(&self) -> [&'static str; 5] {
        Severity::ALL.map(Severity::as_str)
    }

    fn past(&self) -> &'static [&'static str] {
        &["backfilled", "started_at", "resolved_at", "text"]
    }

    fn grades(&self) -> [(&'static str, &'static str); 4] {
        [
            ("", "not assessed"),
            ("high", "High"),
            ("medium", "Medium"),
            ("low", "Low"),
        ]
    }

    /// P2 unless another was chosen: grave enough that people hear, not so grave that leadership is woken.
    fn severity_chosen(&self, severity: &str) -> bool {
        match self.typed.value("severity") {
            "" => severity == "P2",
            typed => typed == severity,
        }
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    fn folded(&self) -> &'static [&'static str] {
        &[
            "title",
            "spokesperson",
            "lead",
            "override",
            "next_update_in",
            "impact",
            "urgency",
            "parent",
        ]
    }
}

/// Levels of detail, the poorest first.
pub(super) const LEVELS: [(&str, &str); 3] = [
    ("non_technical", "Non-technical"),
    ("semi_technical", "Semi-technical"),
    ("technical", "Technical"),
];

/// Severities where none needs to be chosen.
pub(super) fn severities_with_none() -> [(&'static str, &'static str); 6] {
    let [p1, p2, p3, p4, p5] = Severity::ALL.map(|s| (s.as_str(), s.as_str()));
    [("", "not said"), p1, p2, p3, p4, p5]
}

/// Impacts as a row of buttons: value, words, tone.
const IMPACTS: [(&str, &str, &str); 4] = [
    ("none", "Works", "near"),
    ("degraded_performance", "Slow", "slow"),
    ("partial_outage", "Partly", "part"),
    ("major_outage", "Down", "down"),
];

/// The colour of an incident: its gravest impact while it is open.
fn tone(incident: &Incident) -> &'static str {
    if !incident.status.is_open() {
        return "ok";
    }
    let worst = incident.services.values().max().copied();
    match ServiceState::from(worst.unwrap_or(Impact::None)) {
        // An open incident is never shown in the colour of health.
        ServiceState::Operational => "info",
        state => state.tone(),
    }
}

impl IncidentRow {
    fn tone(&self) -> &'static str {
        tone(&self.incident)
    }

    fn status(&self) -> &'static str {
        self.incident.status.as_str()
    }

    fn due(&self) -> Option<Timestamp> {
        self.incident.promise().map(|promise| promise.due)
    }

    fn lasted(&self) -> String {
        let end = self.incident.resolved_at;
        end.map_or(String::new(), |end| {
            when::lasts(end.duration_since(self.incident.declared_at))
        })
    }

    /// How its promises went: "3 of 3 kept".
    fn promises(&self) -> String {
        let kept: Vec<bool> = self
            .incident
            .updates
            .iter()
            .filter_map(|update| update.promise?.kept)
            .collect();
        let good = kept.iter().filter(|kept| **kept).count();
        match kept.len() {
            0 => "none made".into(),
            all => format!("{good} of {all} kept"),
        }
    }
}
