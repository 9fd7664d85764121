//! Planned work.

use super::incident::{LEVELS, NOT_BEFORE_THEY_AGREE};
use super::layout::text;
use super::readings::{Question, known, questions};
use super::{Choice, DeliveryRow, Frame, JournalRow, LevelLook, NoticeRow, Plan, Prospect, Typed};
use crate::status_page::when::TimeHtml;
use crate::status_page::{milestone_words, when};
use askama::Template;
use forewarn_core::change_request::ChangeState;
use forewarn_core::facts::{Facts, When};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::policy::{Exception, LongEnough};
use forewarn_core::routing::Cause;
use forewarn_core::time::show_duration;
use forewarn_core::undo::Undoable;
use jiff::Timestamp;

/// Planned work as a list.
#[derive(Template)]
#[template(path = "console/maintenances.html")]
pub struct MaintenanceList {
    /// The frame.
    pub frame: Frame,
    /// Planned and under way, by start.
    pub ahead: Vec<MaintenanceRow>,
    /// Completed and cancelled, newest first.
    pub past: Vec<MaintenanceRow>,
}

/// A maintenance in the list.
pub struct MaintenanceRow {
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Names of its services.
    pub services: Vec<String>,
    /// The next notice: its milestone and when it is due.
    pub next_notice: Option<(String, Timestamp)>,
}

/// One maintenance.
#[derive(Template)]
#[template(path = "console/maintenance.html")]
pub struct MaintenancePage {
    /// The frame.
    pub frame: Frame,
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Names of its services.
    pub services: Vec<String>,
    /// Its plan; what was sent or withdrawn is in it with its status.
    pub plan: Plan,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// How many people hear of it, as long as nobody has.
    pub people: Option<u64>,
    /// Its newest deliveries (about twenty); all are in the list of deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
    /// Who was added to it, in words.
    pub added: Vec<String>,
    /// Every audience that could be.
    pub audiences: Vec<Choice>,
    /// The action that was refused (`delay`, `extend`, `cancel`, ...) with what was typed, so that its form is shown again.
    pub refused: Option<(String, Typed)>,
}

/// The form for a new maintenance.
///
/// Fields: `title`, `kind`, `services` (several), `start`, `end`, `facts.effect`, `facts.why`, `facts.action.what`,
/// `facts.action.when`, `facts.workaround`, `facts.data_safe` (`true`, `false` or empty), `facts.contact`,
/// `facts.technical`, `policy`, `cause`, `steps` and `requesters` (one a line), `change_request.number`, `.state` and `.url`, and the
/// button `do` (`preview` or `create`).
#[derive(Template)]
#[template(path = "console/new_maintenance.html")]
pub struct NewMaintenance {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// What people would be told first, at each level.
    pub levels: Vec<LevelLook>,
    /// Every service.
    pub services: Vec<Choice>,
    /// Every kind: the ids of policies for maintenance.
    pub kinds: Vec<Choice>,
    /// What would follow, after a preview.
    pub preview: Option<Prospect>,
}

impl MaintenanceList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn parts(&self) -> [(&'static str, &[MaintenanceRow]); 2] {
        [("Ahead", &self.ahead), ("Past", &self.past)]
    }

    fn words(&self, milestone: &str) -> String {
        milestone_words(milestone)
    }
}

impl MaintenancePage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// The messages whose text somebody edited, with their names.
    fn edited(&self) -> Vec<String> {
        let messages = self.maintenance.texts.messages();
        messages.map(milestone_words).collect()
    }

    fn tone(&self) -> &'static str {
        tone(self.maintenance.status)
    }

    fn status(&self) -> &'static str {
        words(self.maintenance.status)
    }

    fn window(&self) -> TimeHtml {
        let (start, end) = self.maintenance.window();
        self.frame.window(start, end)
    }

    fn lasts(&self) -> String {
        lasts(&self.maintenance)
    }

    fn under_way(&self) -> bool {
        self.maintenance.status == Status::InProgress
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        facts(&self.maintenance.facts)
    }

    fn awaits(&self) -> bool {
        self.maintenance.status == Status::AwaitingApproval
    }

    /// Actions without further words: path, button, icon.
    fn simple_acts(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        match self.maintenance.status {
            Status::Scheduled => vec![("start", "Start now", "arrow")],
            Status::InProgress => vec![("complete", "Complete", "check")],
            Status::AwaitingApproval | Status::Completed | Status::Cancelled => vec![],
        }
    }

    /// Somebody wants work to begin long before its window, and says so by pressing once more.
    fn asks_whether_early(&self) -> bool {
        let asks = |typed: &Typed| typed.problems.iter().any(|p| p.field == "early");
        self.refused.as_ref().is_some_and(|(_, typed)| asks(typed))
    }

    /// Until when the last change can be undone.
    fn waits(&self) -> Option<Timestamp> {
        self.maintenance.waits_until(self.frame.now)
    }

    /// What is true of a change that is not told when it can no longer be undone.
    fn waits_for(&self) -> &'static str {
        let until = self.waits();
        let mut told_then = self.plan.notices.iter().filter(|n| Some(n.due) <= until);
        match told_then.any(|notice| notice.status == "awaiting_approval") {
            true => NOT_BEFORE_THEY_AGREE,
            false => "",
        }
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    /// Actions that need times and a reason.
    fn folded_acts(&self) -> Vec<Act> {
        let all: &[(&str, &str, &str, &str)] = match self.maintenance.status {
            Status::AwaitingApproval | Status::Scheduled => &[DELAY, OVERRIDE, CANCEL],
            Status::InProgress => &[EXTEND, OVERRIDE, CANCEL],
            Status::Completed | Status::Cancelled => &[],
        };
        let excepted = self.maintenance.exception.is_some();
        all.iter()
            .chain(Some(&BACK_TO_POLICY).filter(|_| excepted && !all.is_empty()))
            .map(|&(name, title, consequence, button)| {
                let refused = self.refused.as_ref().filter(|(act, _)| act == name);
                let typed = refused.map_or_else(|| self.as_typed(name), |(_, t)| t.clone());
                Act {
                    name: name.to_owned(),
                    title: title.to_owned(),
                    consequence: consequence.to_owned(),
                    button: button.to_owned(),
                    open: refused.is_some(),
                    told: [DELAY.0, EXTEND.0, CANCEL.0].contains(&name),
                    asked: questions(&typed, &self.frame.zone),
                    typed: typed.of_form(name),
                }
            })
            .collect()
    }

    /// What was typed and refused, with the ids of the form in which it stands.
    fn refusal(&self) -> Option<Typed> {
        let (act, typed) = self.refused.as_ref()?;
        let folded = self.folded_acts().into_iter().any(|form| form.name == *act);
        Some(match folded {
            true => typed.clone().of_form(act),
            false => typed.clone(),
        })
    }

    /// Whether this action was refused: its form is open then.
    fn is_refused(&self, act: &str) -> bool {
        self.refused.as_ref().is_some_and(|(name, _)| name == act)
    }

    /// What was typed in the form of an action that was refused.
    fn typed_in(&self, act: &str) -> Option<Typed> {
        let refused = self.refused.as_ref().filter(|(name, _)| name == act);
        refused.map(|(_, typed)| typed.clone())
    }

    /// Whom somebody wanted to add.
    fn adding(&self) -> Typed {
        self.typed_in("recipients").unwrap_or_default()
    }

    fn levels(&self) -> [(&'static str, &'static str); 3] {
        LEVELS
    }

    /// Where its change request stands, or was said to.
    fn change_as_typed(&self) -> Typed {
        let change = self.maintenance.change_request.iter();
        let stands = change.map(|change| ("state".to_owned(), change.state.as_str().to_owned()));
        self.typed_in("change_request").unwrap_or_else(|| Typed {
            fields: stands.collect(),
            problems: Vec::new(),
        })
    }

    fn states(&self) -> [(&'static str, &'static str); 4] {
        states()
    }

    fn as_typed(&self, act: &str) -> Typed {
        match act {
            act if act == OVERRIDE.0 => self.exception_as_typed(),
            act if act == BACK_TO_POLICY.0 => Typed::default(),
            _ => self.window_as_typed(),
        }
    }

    /// What it does otherwise than its policy already.
    fn exception_as_typed(&self) -> Typed {
        let exception = self.maintenance.exception.as_ref();
        let parts = exception.map(exception_parts).unwrap_or_default();
        let fields = parts
            .into_iter()
            .map(|(name, _, value)| (name.to_owned(), value));
        Typed {
            fields: fields.collect(),
            problems: Vec::new(),
        }
    }

    /// What it does otherwise than its policy, in words.
    fn excepted(&self) -> Vec<String> {
        let exception = self.maintenance.exception.as_ref();
        let parts = exception.map(exception_parts).unwrap_or_default();
        let words = parts.into_iter().map(|(_, words, value)| match words {
            "" => value,
            words => format!("{words}: {value}"),
        });
        words.collect()
    }

    /// The present window, from which a new one is made.
    fn window_as_typed(&self) -> Typed {
        let (start, end) = self.maintenance.window();
        let shown = |name, at| known(name, at, &self.frame.zone);
        Typed {
            fields: [shown("start", start), shown("end", end)].concat(),
            problems: Vec::new(),
        }
    }
}

/// Each part of an exception: its field, in words, its value as it is typed.
fn exception_parts(exception: &Exception) -> Vec<(&'static str, &'static str, String)> {
    let mut parts = vec![("reason", "", exception.reason.clone())];
    let joined = |list: Vec<String>| list.join(", ");
    if let Some(before) = &exception.before {
        let before = before.iter().map(ToString::to_string).collect();
        parts.push(("before", "before the start", joined(before)));
    }
    if let Some(at) = exception.at {
        parts.push(("at", "at", at.strftime("%H:%M").to_string()));
    }
    if let Some(progress) = &exception.progress {
        let progress = progress.iter().map(ToString::to_string).collect();
        parts.push(("progress", "progress", joined(progress)));
    }
    if let Some(LongEnough(least)) = exception.min_window {
        parts.push(("min_window", "progress from", show_duration(least)));
    }
    parts
}

impl NewMaintenance {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn asked(&self) -> Vec<Question> {
        questions(&self.typed, &self.frame.zone)
    }

    fn kind_options(&self) -> Vec<(&str, &str)> {
        let kinds = self.kinds.iter();
        kinds.map(|k| (k.id.as_str(), k.name.as_str())).collect()
    }

    fn when_options(&self) -> [(&'static str, &'static str); 3] {
        [
            ("before", "before the start"),
            ("after", "afterwards"),
            ("both", "before and afterwards"),
        ]
    }

    fn data_options(&self) -> [(&'static str, &'static str); 3] {
        [("", "not said"), ("true", "yes"), ("false", "not sure")]
    }

    fn policy_options(&self) -> Vec<(&str, &str)> {
        let usual = [("", "as the kind says")].into_iter();
        usual.chain(self.kind_options()).collect()
    }

    fn cause_options(&self) -> [(&'static str, &'static str); 5] {
        [
            ("", "not said"),
            (Cause::Application.as_str(), "A program of our own"),
            (Cause::Infrastructure.as_str(), "Machines, networks, power"),
            (Cause::Security.as_str(), "Security"),
            (Cause::ThirdParty.as_str(), "A provider"),
        ]
    }

    fn state_options(&self) -> [(&'static str, &'static str); 4] {
        states()
    }

    fn further(&self) -> &'static [&'static str] {
        &[
            "policy",
            "cause",
            "steps",
            "requesters",
            "change_request.number",
            "change_request.url",
        ]
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    fn folded(&self) -> &'static [&'static str] {
        &[
            "facts.workaround",
            "facts.data_safe",
            "facts.contact",
            "facts.risk",
            "facts.fallback",
            "facts.cost",
            "facts.questions",
            "facts.technical",
        ]
    }
}

/// An action whose form is folded away.
struct Act {
    name: String,
    title: String,
    consequence: String,
    button: String,
    open: bool,
    /// People are told of it, in words that can be seen before.
    told: bool,
    typed: Typed,
    /// What must be asked of its times.
    asked: Vec<Question>,
}

const DELAY: (&str, &str, &str, &str) = (
    "delay",
    "Delay",
    "Everybody who was told hears of the new time at once, and the reminders are planned again.",
    "Delay and tell people",
);
const EXTEND: (&str, &str, &str, &str) = (
    "extend",
    "Extend",
    "Everybody who was told hears of the new end at once.",
    "Extend and tell people",
);
const OVERRIDE: (&str, &str, &str, &str) = (
    "override",
    "Other notices",
    "What has not gone out is planned again. The reason stands in the plan and in the journal; nobody outside reads it.",
    "Plan it so",
);
const BACK_TO_POLICY: (&str, &str, &str, &str) = (
    "remove_override",
    "As the policy says",
    "What has not gone out is planned again as the policy says. The reason stands in the journal; nobody outside reads it.",
    "Plan it as the policy says",
);
const CANCEL: (&str, &str, &str, &str) = (
    "cancel",
    "Cancel",
    "Everybody who was told hears at once that it will not happen. This cannot be undone.",
    "Cancel it and tell people",
);

impl MaintenanceRow {
    fn tone(&self) -> &'static str {
        tone(self.maintenance.status)
    }

    fn status(&self) -> &'static str {
        words(self.maintenance.status)
    }

    fn lasts(&self) -> String {
        lasts(&self.maintenance)
    }
}

fn states() -> [(&'static str, &'static str); 4] {
    ChangeState::ALL.map(|state| (state.as_str(), state.as_str()))
}

fn lasts(maintenance: &Maintenance) -> String {
    let (start, end) = maintenance.window();
    when::lasts(end.duration_since(start))
}

fn tone(status: Status) -> &'static str {
    match status {
        Status::AwaitingApproval => "slow",
        Status::Scheduled => "calendar",
        Status::InProgress => "work",
        Status::Completed => "ok",
        Status::Cancelled => "near",
    }
}

/// Where work stands, in words.
pub(super) fn words(status: Status) -> &'static str {
    match status {
        Status::AwaitingApproval => "Awaiting approval",
        Status::Scheduled => "Planned",
        Status::InProgress => "Under way",
        Status::Completed => "Completed",
        Status::Cancelled => "Cancelled",
    }
}

/// Facts that are known, with their names.
pub(super) fn facts(facts: &Facts) -> Vec<(&'static str, String)> {
    let action = facts.action.as_ref().map(|action| {
        let when = match action.when {
            When::Before => "before",
            When::After => "afterwards",
            When::Both => "before and afterwards",
        };
        format!("{} ({when})", action.what)
    });
    let data = facts
        .data_safe
        .map(|safe| if safe { "safe" } else { "not sure" });
    let known = [
        ("What people notice", facts.effect.clone()),
        ("Why", facts.why.clone()),
        ("Cause", facts.cause.clone()),
        ("What to do", action),
        ("Meanwhile", facts.workaround.clone()),
        ("Their data", data.map(str::to_owned)),
        ("Questions to", facts.contact.clone()),
        ("Risk", facts.risk.clone()),
        ("If something goes wrong", facts.fallback.clone()),
        ("Cost", facts.cost.clone()),
        ("Technical", facts.technical.clone()),
    ];
    let asked = facts.questions.iter();
    let asked = asked.map(|q| ("People ask", Some(format!("{} {}", q.question, q.answer))));
    known
        .into_iter()
        .chain(asked)
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}
