//! Announcements: a release, the end of a feature, anything that changes for people at one moment and has no window.
//!
//! People hear ahead of time, as the policy says, and again when it takes effect. It takes effect at its moment by itself; whoever
//! is not sure of the moment moves it, and people hear of that.

mod posted;

pub use posted::{Edit, Effect, Move, Withdrawal};

use crate::contact::EmailAddress;
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
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The kind of an announcement that names none.
pub const USUAL_KIND: &str = "release";

/// Where an announcement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is to come, and people are told ahead.
    Scheduled,
    /// It holds.
    Effective,
    /// It will not happen.
    Cancelled,
}

impl Status {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Scheduled => "scheduled",
            Status::Effective => "effective",
            Status::Cancelled => "cancelled",
        }
    }

    /// It is still to come.
    pub fn is_open(self) -> bool {
        self == Status::Scheduled
    }
}

/// A change that takes effect at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its id; made by the program when absent from the document.
    pub id: Id,
    /// What changes, in one line.
    pub title: String,
    /// `release`, `end_of_life`, or another for which there is a policy.
    pub kind: String,
    /// The policy it follows; chosen by kind when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<Id>,
    /// What it does otherwise than its policy says.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none", default)]
    pub exception: Option<Exception>,
    /// Services that change.
    pub services: Vec<Id>,
    /// What it is about, for audiences that ask for certain causes only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// When it takes effect.
    pub effective: CivilTime,
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
    /// People who asked for it: they are told when it is there, or that it will not come.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub requesters: Vec<EmailAddress>,
    /// Where it stands.
    pub status: Status,
    /// Counts the moments it has had; a new one is a new revision.
    pub revision: u32,
    /// When it took effect or was called off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_at: Option<Timestamp>,
    /// Who is told of it although nobody planned for them.
    #[serde(skip_serializing_if = "Added::is_empty", default)]
    pub added: Added,
    /// Its last change, while nobody has been told of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pending: Option<Box<Pending<Announcement>>>,
}

impl Announcement {
    /// Reads an announcement document, recording all problems. `fresh_id` is used when the document names none.
    pub fn read(
        node: &Node,
        path: &str,
        zone: &Zone,
        fresh_id: &str,
        problems: &mut Problems,
    ) -> Option<Announcement> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields
            .optional("id", problems, Id::parse)
            .or_else(|| Id::parse(fresh_id).ok());
        let title = fields.required("title", problems, line(200));
        let kind = fields.optional("kind", problems, line(40));
        let policy = fields.reference("policy", Named::Policy, problems);
        let by_policy = policy.as_ref().map(Id::as_str) == kind.as_deref();
        if let Some(kind) = kind.as_deref().filter(|_| !by_policy) {
            let (field, place) = (fields.path_of("kind"), fields.place_of("kind"));
            problems.refers(Named::AnnouncementKind, kind, field, place);
        }
        let exception = fields
            .node("override")
            .map(|n| read_exception(n, &fields.path_of("override"), problems));
        let services = fields.references("services", Named::Service, problems);
        if services.as_ref().is_none_or(Vec::is_empty)
            && fields.node("services").is_none_or(Node::is_empty)
        {
            fields.problem("services", "names no service", problems);
        }
        let cause = fields.optional("cause", problems, Cause::parse);
        let effective = fields.required("effective", problems, |t| CivilTime::parse(t, zone));
        let facts = match fields.node("facts") {
            Some(node) => Facts::read(node, &fields.path_of("facts"), problems),
            None => Some(Facts::default()),
        };
        let texts = Texts::read(&mut fields, problems);
        let requesters = fields.list("requesters", problems, EmailAddress::parse);
        read_override(&mut fields, problems);
        fields.finish(problems);
        let kind = kind
            .or_else(|| policy.as_ref().map(Id::to_string))
            .unwrap_or_else(|| USUAL_KIND.to_owned());
        Some(Announcement {
            id: id?,
            title: title?,
            kind,
            policy,
            exception: match exception {
                None => None,
                Some(read) => Some(read?),
            },
            services: each_once(services?),
            cause,
            effective: effective?,
            facts: facts?,
            texts: PlannedTexts::ahead(texts),
            requesters: requesters.unwrap_or_default(),
            status: Status::Scheduled,
            revision: 1,
            closed_at: None,
            added: Added::default(),
            pending: None,
        })
    }

    /// What routing looks at.
    pub fn about(&self) -> About {
        About {
            kind: "announcement",
            severity: None,
            cause: self.cause,
        }
    }

    /// It takes effect.
    ///
    /// # Errors
    /// When it has, or was called off.
    pub fn take_effect(self, now: Timestamp) -> Result<Announcement, InvalidTransition> {
        self.open_only(self.refuse(Status::Effective))?;
        Ok(Announcement {
            status: Status::Effective,
            closed_at: Some(now),
            ..self
        })
    }

    /// Somebody says that it is in effect, before its moment: that was it. What was edited spoke of the moment that was planned.
    ///
    /// # Errors
    /// When it has taken effect, or was called off.
    pub fn is_there(self, now: Timestamp) -> Result<Announcement, InvalidTransition> {
        let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let effective = CivilTime::of(whole, &self.effective.zone);
        let there = self.take_effect(now)?;
        Ok(Announcement {
            effective,
            texts: PlannedTexts::default(),
            ..there
        })
    }

    /// It takes effect at another time: a new revision. What was edited spoke of the time before.
    ///
    /// # Errors
    /// When it has taken effect or was called off.
    pub fn put_off(self, effective: CivilTime) -> Result<Announcement, InvalidTransition> {
        let act = "be moved: only what is scheduled can, and stays so";
        self.open_only(self.refuse(Status::Scheduled).cannot(act))?;
        Ok(Announcement {
            effective,
            revision: self.revision + 1,
            texts: PlannedTexts::default(),
            ..self
        })
    }

    /// What further notices say. What was said stays said.
    ///
    /// # Errors
    /// When it has taken effect or was called off.
    pub fn edit(self, edit: Edit) -> Result<Announcement, InvalidTransition> {
        let act = "be changed: only what is scheduled can, and stays so";
        self.open_only(self.refuse(Status::Scheduled).cannot(act))?;
        Ok(Announcement {
            title: edit.title.unwrap_or(self.title),
            services: edit.services.unwrap_or(self.services),
            facts: self.facts.updated_by(edit.facts),
            requesters: edit.requesters.unwrap_or(self.requesters),
            ..self
        })
    }

    /// It will not happen.
    ///
    /// # Errors
    /// When it has taken effect or was called off.
    pub fn cancel(self, now: Timestamp) -> Result<Announcement, InvalidTransition> {
        self.open_only(self.refuse(Status::Cancelled))?;
        Ok(Announcement {
            status: Status::Cancelled,
            closed_at: Some(now),
            ..self
        })
    }

    fn open_only(&self, refused: InvalidTransition) -> Result<(), InvalidTransition> {
        match self.status.is_open() {
            true => Ok(()),
            false => Err(refused),
        }
    }

    /// That it cannot become this.
    pub fn refuse(&self, to: Status) -> InvalidTransition {
        let what = format!("announcement {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }
}

/// Nothing is under way at a moment, so there is no progress that could be told otherwise.
fn read_exception(node: &Node, path: &str, problems: &mut Problems) -> Option<Exception> {
    let exception = Exception::read(node, path, problems)?;
    let mut fits = true;
    for (field, named) in [
        ("progress", exception.progress.is_some()),
        ("min_window", exception.min_window.is_some()),
    ] {
        if named {
            let problem = "has no meaning for what takes effect at one moment";
            problems.add(format!("{path}.{field}"), node.place, problem);
            fits = false;
        }
    }
    fits.then_some(exception)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Catalogue, Documents};
    use crate::problem::Invalid;

    const CAMPUS: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Student portal}, {id: files, name: Files}]
policies:
  - {id: beta, for: {event: announcement, kind: preview}, before: [2bd]}
"#;

    fn read(text: &str) -> Result<Announcement, Vec<String>> {
        let texts = [
            (String::new(), CAMPUS.to_owned()),
            (String::new(), text.to_owned()),
        ];
        let told = |invalid: Invalid| {
            let problems = invalid.problems.into_iter();
            let told = problems.map(|p| format!("{}: {}", p.field, p.problem));
            told.collect::<Vec<String>>()
        };
        let read = Documents::parse_yaml(&texts, &Catalogue::default(), "ANN-1").map_err(told)?;
        Ok(read.announcement.unwrap())
    }

    fn release() -> Announcement {
        read("announcement: {title: Portal 5, services: [portal], effective: 2026-12-01T10:00}")
            .unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_document_is_read_whole() {
        let read = read(
            "announcement: {id: ANN-7, title: The old export ends, kind: end_of_life, services: [portal, files], cause: application,
               effective: '2027-03-01T09:00[Europe/Berlin]', facts: {effect: The old export is gone, workaround: Use the new one},
               override: {before: [1mo], reason: The licence ends then.}, requesters: [ann@example.edu]}",
        )
        .unwrap();
        assert_eq!(read.effective.instant(), at("2027-03-01T08:00:00Z"));
        assert_eq!(
            (
                read.id.as_str(),
                read.kind.as_str(),
                read.status,
                read.revision
            ),
            ("ANN-7", "end_of_life", Status::Scheduled, 1)
        );
        assert_eq!(
            (
                read.services.len(),
                read.requesters.len(),
                read.exception.is_some()
            ),
            (2, 1, true)
        );
        assert_eq!(release().kind, "release");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_the_nearest_names() {
        let problems = read(
            "announcement: {titel: X, kind: relaese, policy: ned_of_life, services: [protal], efective: soon, effective: soon,
               override: {progress: [50%], reason: Because.}, facts: {efect: Y}}",
        )
        .unwrap_err();
        insta::assert_snapshot!(problems.join("\n"));
        let problems = read(
            "announcement: {title: X, kind: previw, policy: bets, services: [protal], effective: 2026-12-01T10:00}",
        );
        assert_eq!(
            problems.unwrap_err(),
            [
                "announcement.kind: unknown kind of announcement 'previw'; did you mean 'preview'?",
                "announcement.policy: unknown policy 'bets'; did you mean 'beta'?",
                "announcement.services[0]: unknown service 'protal'; did you mean 'portal'?",
            ]
        );
    }

    #[test]
    fn only_what_is_to_come_changes() {
        let later = CivilTime::parse("2026-12-02T10:00", &Zone::utc()).unwrap();
        let now = at("2026-11-25T10:00:00Z");
        let moved = release().put_off(later.clone()).unwrap();
        assert_eq!((moved.revision, &moved.effective), (2, &later));
        let over = [
            moved.clone().take_effect(now).unwrap(),
            moved.cancel(now).unwrap(),
        ];
        for over in over {
            assert_eq!(over.closed_at, Some(now));
            let tried = [
                over.clone().put_off(later.clone()),
                over.clone().cancel(now),
                over.clone().take_effect(now),
                over.clone().edit(Edit::default()),
            ];
            for tried in tried {
                assert_eq!(tried.unwrap_err().from, over.status.as_str());
            }
        }
    }

    #[test]
    fn an_edit_changes_what_it_names() {
        let edit = Edit {
            facts: Facts {
                effect: Some("New colours".into()),
                ..Facts::default()
            },
            ..Edit::default()
        };
        let before = release();
        let after = before.clone().edit(edit).unwrap();
        assert_eq!(
            after,
            Announcement {
                facts: Facts {
                    effect: Some("New colours".into()),
                    ..Facts::default()
                },
                ..before
            }
        );
    }
}
