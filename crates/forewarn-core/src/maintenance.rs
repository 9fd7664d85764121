//! Planned maintenance: its facts, its window, and the states it goes through.

mod posted;

pub use posted::{
    Words, read_cancellation, read_completion, read_delay, read_extension, read_start,
};

use crate::change_request::ChangeRequest;
use crate::contact::EmailAddress;
use crate::decision::{Recorded, Verdict};
use crate::document::{Fields, Named, Node, Problems, line};
use crate::facts::Facts;
use crate::id::{Id, each_once};
use crate::policy::Exception;
use crate::privacy::read_override;
use crate::problem::InvalidTransition;
use crate::recipient::Added;
use crate::routing::{About, Cause};
use crate::texts::{PlannedTexts, Texts};
use crate::time::{CivilTime, Zone};
use crate::undo::Pending;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a maintenance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Planned; its notices wait until the owners agree.
    AwaitingApproval,
    /// Planned, and people are told.
    Scheduled,
    /// Work is under way.
    InProgress,
    /// Work is done and services are as they should be.
    Completed,
    /// It will not happen.
    Cancelled,
}

impl Status {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::AwaitingApproval => "awaiting_approval",
            Status::Scheduled => "scheduled",
            Status::InProgress => "in_progress",
            Status::Completed => "completed",
            Status::Cancelled => "cancelled",
        }
    }

    /// It is over, one way or the other.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Completed | Status::Cancelled)
    }
}

/// A step of the work, ticked off while it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is done, in words for readers.
    pub title: String,
    /// When it was ticked off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub done_at: Option<Timestamp>,
}

/// A maintenance as its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Its id; made by the program when absent from the document.
    pub id: Id,
    /// What it is, in one line.
    pub title: String,
    /// `routine`, `major`, ...
    pub kind: String,
    /// The policy it follows; chosen by kind when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<Id>,
    /// What it does otherwise than its policy says.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none", default)]
    pub exception: Option<Exception>,
    /// Who is told of it although nobody planned for them.
    #[serde(skip_serializing_if = "Added::is_empty", default)]
    pub added: Added,
    /// Services it works on.
    pub services: Vec<Id>,
    /// What it is about, for audiences that ask for certain causes only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// Civil start of the window.
    pub start: CivilTime,
    /// Civil end of the window.
    pub end: CivilTime,
    /// The change request behind it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change_request: Option<ChangeRequest>,
    /// Whether clients must be told, and what the owners made of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Recorded>,
    /// What is known.
    #[serde(default)]
    pub facts: Facts,
    /// What somebody edited of what its messages say.
    #[serde(
        rename = "edited_texts",
        skip_serializing_if = "PlannedTexts::is_empty",
        default
    )]
    pub texts: PlannedTexts,
    /// Steps of the work.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<Step>,
    /// People who asked for this change: they are told when it is done, or that it will not be.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub requesters: Vec<EmailAddress>,
    /// Who leads the work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lead: Option<EmailAddress>,
    /// Where it stands.
    #[serde(default = "scheduled")]
    pub status: Status,
    /// Counts the windows it has had; a new start or end is a new revision.
    #[serde(default = "one")]
    pub revision: u32,
    /// When work began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started_at: Option<Timestamp>,
    /// When it was completed or cancelled.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
    /// Nobody ever agreed that people outside are told of it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unseen: bool,
    /// Its last change, while nobody has been told of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pending: Option<Box<Pending<Maintenance>>>,
}

fn scheduled() -> Status {
    Status::Scheduled
}

fn one() -> u32 {
    1
}

impl Maintenance {
    /// Reads a maintenance document, recording all problems. `fresh_id` is used when the document names none.
    pub fn read(
        node: &Node,
        path: &str,
        zone: &Zone,
        fresh_id: &str,
        problems: &mut Problems,
    ) -> Option<Maintenance> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields
            .optional("id", problems, Id::parse)
            .or_else(|| Id::parse(fresh_id).ok());
        let title = fields.required("title", problems, line(200));
        let kind = fields.optional("kind", problems, line(40));
        let policy = fields.reference("policy", Named::Policy, problems);
        let exception = fields
            .node("override")
            .map(|n| Exception::read(n, &fields.path_of("override"), problems));
        let services = fields.references("services", Named::Service, problems);
        if services.as_ref().is_none_or(Vec::is_empty)
            && fields.node("services").is_none_or(Node::is_empty)
        {
            fields.problem("services", "names no service", problems);
        }
        let cause = fields.optional("cause", problems, Cause::parse);
        let start = fields.required("start", problems, |t| CivilTime::parse(t, zone));
        let end = fields.required("end", problems, |t| CivilTime::parse(t, zone));
        if let (Some(start), Some(end)) = (&start, &end)
            && let Some(problem) = window_problem(start, end)
        {
            fields.problem("end", problem, problems);
        }
        let change_request = fields
            .node("change_request")
            .and_then(|n| ChangeRequest::read(n, &fields.path_of("change_request"), problems));
        let decision = fields
            .node("decision")
            .and_then(|n| Recorded::read(n, &fields.path_of("decision"), problems));
        let facts = match fields.node("facts") {
            Some(node) => Facts::read(node, &fields.path_of("facts"), problems),
            None => Some(Facts::default()),
        };
        let texts = Texts::read(&mut fields, problems);
        let steps = fields
            .list("steps", problems, line(200))
            .unwrap_or_default();
        let requesters = fields
            .list("requesters", problems, EmailAddress::parse)
            .unwrap_or_default();
        let lead = fields.optional("lead", problems, EmailAddress::parse);
        read_override(&mut fields, problems);
        fields.finish(problems);
        let kind = kind
            .or_else(|| policy.as_ref().map(|p| p.to_string()))
            .unwrap_or_else(|| "routine".into());
        Some(Maintenance {
            id: id?,
            title: title?,
            kind,
            policy,
            added: Added::default(),
            exception: match exception {
                None => None,
                Some(read) => Some(read?),
            },
            services: each_once(services?),
            cause,
            start: start?,
            end: end?,
            change_request,
            decision,
            facts: facts?,
            texts: PlannedTexts::ahead(texts),
            steps: steps
                .into_iter()
                .map(|title| Step {
                    title,
                    done_at: None,
                })
                .collect(),
            requesters,
            lead,
            status: Status::Scheduled,
            revision: 1,
            started_at: None,
            ended_at: None,
            unseen: false,
            pending: None,
        })
    }

    /// The window as instants.
    pub fn window(&self) -> (Timestamp, Timestamp) {
        (self.start.instant(), self.end.instant())
    }

    /// What routing looks at.
    pub fn about(&self) -> About {
        About {
            kind: "maintenance",
            severity: None,
            cause: self.cause,
        }
    }

    /// That it cannot become this.
    pub fn refuse(&self, to: Status) -> InvalidTransition {
        let what = format!("maintenance {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }

    /// It is new, and nobody outside is told until somebody agrees.
    pub fn awaiting_approval(self) -> Maintenance {
        Maintenance {
            status: Status::AwaitingApproval,
            unseen: true,
            ..self
        }
    }

    /// Everybody may know of it. What waits for a word, was called off before it had one, or concerns no client, is the
    /// organisation's own affair.
    pub fn is_public(&self) -> bool {
        let concerns_nobody = |decided: &Recorded| decided.verdict() == Verdict::NotNeeded;
        self.status != Status::AwaitingApproval
            && !self.unseen
            && !self.decision.as_ref().is_some_and(concerns_nobody)
    }

    /// The owners agree: people may be told.
    ///
    /// # Errors
    /// When it does not wait for approval.
    pub fn approve(self) -> Result<Maintenance, InvalidTransition> {
        match self.status {
            Status::AwaitingApproval => Ok(Maintenance {
                status: Status::Scheduled,
                unseen: false,
                ..self
            }),
            _ => Err(self
                .refuse(Status::Scheduled)
                .cannot("be approved: only what is awaiting_approval can, and becomes scheduled")),
        }
    }

    /// Whether its change request, if it has one, lets people outside be told.
    pub fn change_lets_tell(&self) -> bool {
        self.change_request
            .as_ref()
            .is_none_or(ChangeRequest::lets_tell)
    }

    /// What has not begun waits for a word again: its change is not approved any more.
    pub fn hold(self) -> Maintenance {
        match self.status {
            Status::Scheduled => Maintenance {
                status: Status::AwaitingApproval,
                ..self
            },
            _ => self,
        }
    }

    /// Work begins.
    ///
    /// # Errors
    /// When it has begun, is over, or waits for approval.
    pub fn start(self, now: Timestamp) -> Result<Maintenance, InvalidTransition> {
        match self.status {
            Status::Scheduled => Ok(Maintenance {
                status: Status::InProgress,
                started_at: Some(now),
                ..self
            }),
            _ => Err(self.refuse(Status::InProgress)),
        }
    }

    /// Work is done.
    ///
    /// # Errors
    /// When it is not in progress.
    pub fn complete(self, now: Timestamp) -> Result<Maintenance, InvalidTransition> {
        match self.status {
            Status::InProgress => Ok(Maintenance {
                status: Status::Completed,
                ended_at: Some(now),
                ..self
            }),
            _ => Err(self.refuse(Status::Completed)),
        }
    }

    /// A step is done; `number` counts from 1. Doing it twice changes nothing.
    ///
    /// # Errors
    /// When work is not under way or there is no such step.
    pub fn step_done(
        mut self,
        number: usize,
        now: Timestamp,
    ) -> Result<Maintenance, InvalidTransition> {
        let refused = self.refuse(Status::InProgress);
        if self.status != Status::InProgress {
            let act = "have a step done: only what is in_progress can, and stays so";
            return Err(refused.cannot(act));
        }
        if number == 0 || number > self.steps.len() {
            return Err(refused.cannot("have this step done: it has none of this number"));
        }
        self.steps[number - 1].done_at.get_or_insert(now);
        Ok(self)
    }

    /// It will not happen, or not go on.
    ///
    /// # Errors
    /// When it is over.
    pub fn cancel(self, now: Timestamp) -> Result<Maintenance, InvalidTransition> {
        if self.status.is_over() {
            return Err(self.refuse(Status::Cancelled));
        }
        Ok(Maintenance {
            status: Status::Cancelled,
            ended_at: Some(now),
            ..self
        })
    }

    /// It happens at another time: a new revision. What was edited spoke of the time before.
    ///
    /// # Errors
    /// When work has begun or it is over.
    pub fn delay(self, start: CivilTime, end: CivilTime) -> Result<Maintenance, InvalidTransition> {
        match self.status {
            Status::AwaitingApproval | Status::Scheduled => Ok(Maintenance {
                start,
                end,
                revision: self.revision + 1,
                texts: PlannedTexts::default(),
                ..self
            }),
            _ => Err(self.refuse(Status::Scheduled).cannot(
                "be delayed: only what is scheduled or awaiting_approval can, and stays so",
            )),
        }
    }

    /// It ends later than promised: a new revision. What was edited spoke of the time before.
    ///
    /// # Errors
    /// When it is over or work has not begun.
    pub fn extend(self, end: CivilTime) -> Result<Maintenance, InvalidTransition> {
        match self.status {
            Status::InProgress => Ok(Maintenance {
                end,
                revision: self.revision + 1,
                texts: PlannedTexts::default(),
                ..self
            }),
            _ => Err(self
                .refuse(Status::InProgress)
                .cannot("be extended: only what is in_progress can, and stays so")),
        }
    }
}

/// What is wrong with a window, if anything.
pub fn window_problem(start: &CivilTime, end: &CivilTime) -> Option<String> {
    let (from, to) = (start.instant(), end.instant());
    if to < from {
        Some("before the start".into())
    } else if to == from {
        Some("the same as the start".into())
    } else if to.duration_since(from) > SignedDuration::from_hours(24 * 366) {
        Some("more than a year after the start".into())
    } else {
        None
    }
}

/// What is wrong with a time to which something is moved: nobody can be told ahead of what lies in the past.
pub fn past_problem(time: &CivilTime, now: Timestamp) -> Option<String> {
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let now_there = CivilTime::of(whole, &time.zone);
    (time.instant() <= now)
        .then(|| format!("lies in the past: must be later than now, {now_there}"))
}
