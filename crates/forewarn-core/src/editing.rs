//! Editorial help: whoever writes for an event asks the communications team to improve a text or to write it. The team comments and
//! suggests whole texts; the author takes one or declines it. Nothing of this is ever part of a message to anybody else: a text that
//! was taken is a draft as if the author had typed it.

use crate::audience::Level;
use crate::contact::Channel;
use crate::document::{Catalogue, Fields, Node, Problems, line, prose};
use crate::event::{Event, Occasion};
use crate::id::{Id, derive};
use crate::plan::{COMMUNICATIONS, Notice};
use crate::problem::InvalidTransition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The notice that asks the communications team.
pub const HELP_NEEDED: &str = "help_needed";

/// As long as an update may be.
const MOST_CHARS: usize = 10_000;
/// Comments and suggestions of one request: more are a conversation that belongs elsewhere.
const MOST_REMARKS: usize = 200;

/// What the team is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Here is a text; improve it.
    Support,
    /// There is none; write it.
    Draft,
}

impl Ask {
    /// Every one.
    pub const ALL: [Ask; 2] = [Ask::Support, Ask::Draft];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Ask::Support => "support",
            Ask::Draft => "draft",
        }
    }

    /// Reads what is asked for.
    ///
    /// # Errors
    /// Says the known ones.
    pub fn parse(text: &str) -> Result<Ask, String> {
        let found = Self::ALL.into_iter().find(|a| a.as_str() == text.trim());
        found.ok_or_else(|| crate::problem::unknown("ask", text, Self::ALL.map(Ask::as_str)))
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It waits for the team.
    Asked,
    /// A suggestion waits for the author.
    Answered,
    /// The author took a suggestion.
    Taken,
    /// The author declined the last suggestion that waited; the team may make another.
    Declined,
    /// It is not needed any more.
    Closed,
}

impl Standing {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Asked => "asked",
            Standing::Answered => "answered",
            Standing::Taken => "taken",
            Standing::Declined => "declined",
            Standing::Closed => "closed",
        }
    }

    /// Somebody is waited for.
    pub fn waits(self) -> bool {
        matches!(self, Standing::Asked | Standing::Answered)
    }
}

/// What the author made of a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// It took the place of their own text.
    pub taken: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Something that was written to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Counts from 1 within the request.
    pub number: u32,
    /// It is a whole text that may take the place of the author's; else a comment.
    pub suggests: bool,
    /// Who wrote it.
    pub author: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// What became of a suggestion; nothing while it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decided: Option<Decided>,
}

impl Remark {
    /// A suggestion that waits for the author.
    pub fn is_open(&self) -> bool {
        self.suggests && self.decided.is_none()
    }
}

/// A request for editorial help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: Id,
    /// The event that the text is about.
    pub event: Id,
    /// What is asked for.
    pub ask: Ask,
    /// Who asks.
    pub author: String,
    /// What they have, as it was when they asked.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// What they say with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// Where it stands.
    pub status: Standing,
    /// When they asked.
    pub asked_at: Timestamp,
    /// Comments and suggestions, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub remarks: Vec<Remark>,
}

/// A request as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// What is asked for.
    pub ask: Ask,
    /// What is there already.
    pub text: String,
    /// What is said with it.
    pub note: Option<String>,
}

impl NewRequest {
    /// Reads a request, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewRequest> {
        let mut fields = Fields::of(node, path, problems)?;
        let ask = fields.required("ask", problems, Ask::parse);
        let text = fields.optional("text", problems, prose(MOST_CHARS));
        let note = fields.optional("note", problems, line(500));
        if ask == Some(Ask::Support) && fields.node("text").is_none_or(Node::is_empty) {
            let problem = "is missing: write what you have, or ask for a draft";
            fields.problem("text", problem, problems);
        }
        fields.finish(problems);
        Some(NewRequest {
            ask: ask?,
            text: text.unwrap_or_default(),
            note,
        })
    }

    /// Asks.
    pub fn ask(self, id: Id, event: Id, author: &str, now: Timestamp) -> Request {
        Request {
            id,
            event,
            ask: self.ask,
            author: author.to_owned(),
            text: self.text,
            note: self.note,
            status: Standing::Asked,
            asked_at: now,
            remarks: Vec::new(),
        }
    }
}

/// Reads the text of a comment or suggestion, recording all problems.
pub fn read_remark(node: &Node, path: &str, problems: &mut Problems) -> Option<String> {
    let mut fields = Fields::of(node, path, problems)?;
    let text = fields.required("text", problems, prose(MOST_CHARS));
    fields.finish(problems);
    text
}

impl Request {
    fn refuse(&self, to: Standing) -> InvalidTransition {
        let what = format!("request {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }

    fn remark(
        mut self,
        suggests: bool,
        author: &str,
        text: String,
        now: Timestamp,
    ) -> Result<Request, InvalidTransition> {
        let to = match suggests {
            true => Standing::Answered,
            false => self.status,
        };
        if self.status == Standing::Closed {
            let act = "be talked about: only what is asked, answered, taken or declined can";
            return Err(self.refuse(to).cannot(act));
        }
        if self.remarks.len() >= MOST_REMARKS {
            let act = "become longer: it has as many remarks as it can hold";
            return Err(self.refuse(to).cannot(act));
        }
        self.remarks.push(Remark {
            number: self.remarks.len() as u32 + 1,
            suggests,
            author: author.to_owned(),
            text,
            at: now,
            decided: None,
        });
        Ok(self)
    }

    /// Somebody says something about the text.
    ///
    /// # Errors
    /// When it is closed, or has as many remarks as it can hold.
    pub fn comment(
        self,
        author: &str,
        text: String,
        now: Timestamp,
    ) -> Result<Request, InvalidTransition> {
        self.remark(false, author, text, now)
    }

    /// Somebody writes the text as they would.
    ///
    /// # Errors
    /// When a suggestion was taken, it is closed, or it has as many remarks as it can hold.
    pub fn suggest(
        self,
        author: &str,
        text: String,
        now: Timestamp,
    ) -> Result<Request, InvalidTransition> {
        if self.status == Standing::Taken {
            return Err(self
                .refuse(Standing::Answered)
                .cannot("be answered again: ask anew"));
        }
        let mut answered = self.remark(true, author, text, now)?;
        answered.status = Standing::Answered;
        Ok(answered)
    }

    /// The author takes a suggestion or declines it; the newest that waits where no number says which. The answer has the
    /// suggestion as it is from then on.
    ///
    /// # Errors
    /// When there is no such suggestion, or it was decided.
    pub fn decide(
        mut self,
        number: Option<u32>,
        decided: Decided,
    ) -> Result<(Request, Remark), InvalidTransition> {
        let taken = decided.taken;
        let (to, act) = match taken {
            true => (Standing::Taken, "be taken: no such suggestion waits"),
            false => (Standing::Declined, "be declined: no such suggestion waits"),
        };
        let refused = self.refuse(to).cannot(act);
        let mut open = self.remarks.iter_mut().rev().filter(|r| r.is_open());
        let Some(remark) = open.find(|r| number.is_none_or(|n| r.number == n)) else {
            return Err(refused);
        };
        remark.decided = Some(decided);
        let remark = remark.clone();
        self.status = match taken {
            true => Standing::Taken,
            false if self.remarks.iter().any(Remark::is_open) => Standing::Answered,
            false => Standing::Declined,
        };
        Ok((self, remark))
    }

    /// It is not needed any more.
    ///
    /// # Errors
    /// When it is closed.
    pub fn close(self) -> Result<Request, InvalidTransition> {
        match self.status {
            Standing::Closed => Err(self.refuse(Standing::Closed)),
            _ => Ok(Request {
                status: Standing::Closed,
                ..self
            }),
        }
    }

    /// What its notice tells of.
    pub fn occasion(&self) -> Occasion {
        Occasion {
            reason: Some(self.author.clone()),
            note: self.note.clone(),
            to_write: self.ask == Ask::Draft,
            ..Occasion::default()
        }
    }

    /// The team is told at once; nobody is where the organisation names nobody.
    pub fn notice(&self, catalogue: &Catalogue, now: Timestamp) -> Option<Notice> {
        if catalogue.organisation.communications.is_empty() {
            return None;
        }
        Some(Notice {
            id: derive(&["editing", self.event.as_str(), self.id.as_str()]),
            milestone: HELP_NEEDED.to_owned(),
            offset: Some(self.id.to_string()),
            stands_for: Vec::new(),
            audience: COMMUNICATIONS.to_owned(),
            level: Level::NonTechnical,
            channels: vec![Channel::Email],
            due: now,
            due_local: catalogue.organisation.time_zone.at(now).to_string(),
            copy_due: None,
            because: "at once; somebody asks for help with a text".to_owned(),
            held: false,
            tells: Vec::new(),
        })
    }
}

/// Whether plans of an event leave its notice alone: it is no part of any.
pub(crate) fn stands_beside_plans(milestone: &str) -> bool {
    milestone == HELP_NEEDED
}

/// The page of the console where a request stands.
pub(crate) fn page_of(occasion: &Occasion, event: &Event) -> String {
    match &occasion.offset {
        Some(id) => format!("console/editing/{id}"),
        None => format!("events/{}", event.id()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{from_json, parse_yaml};
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn asked() -> Request {
        let new = NewRequest {
            ask: Ask::Support,
            text: "It is broke.".into(),
            note: None,
        };
        let id = |text: &str| Id::parse(text).unwrap();
        new.ask(id("EDIT-1"), id("INC-1"), "kim", at(0))
    }

    fn decided(taken: bool) -> Decided {
        Decided {
            taken,
            by: "kim".into(),
            at: at(9),
        }
    }

    fn problems(node: &Node) -> Vec<String> {
        let mut problems = Problems::default();
        NewRequest::read(node, "", &mut problems);
        let told = problems
            .0
            .iter()
            .map(|p| format!("{}: {}", p.field, p.problem));
        told.collect()
    }

    #[test]
    fn whoever_asks_for_support_has_a_text() {
        assert_eq!(problems(&from_json(json!({"ask": "draft"}))), [""; 0]);
        let yaml = "{ask: support, text: We look into it., note: for students}";
        assert_eq!(problems(&parse_yaml(yaml).unwrap()[0]), [""; 0]);
        assert_eq!(
            problems(&from_json(json!({"ask": "support"}))),
            ["text: is missing: write what you have, or ask for a draft"]
        );
        assert_eq!(
            problems(&from_json(json!({"ask": "drft", "nte": "x"}))),
            [
                "ask: unknown ask 'drft'; did you mean 'draft'?",
                "nte: unknown field 'nte'; did you mean 'note'?"
            ]
        );
    }

    #[test]
    fn a_suggestion_is_taken_once_and_a_comment_never() {
        let talked = asked()
            .comment("lee", "Who is 'it'?".into(), at(1))
            .unwrap();
        assert_eq!(talked.status, Standing::Asked);
        assert!(talked.clone().decide(Some(1), decided(true)).is_err());
        let answered = talked
            .suggest("lee", "The portal is down.".into(), at(2))
            .unwrap();
        assert_eq!(answered.status, Standing::Answered);
        let (taken, remark) = answered.clone().decide(None, decided(true)).unwrap();
        assert_eq!(
            (remark.number, remark.text.as_str()),
            (2, "The portal is down.")
        );
        assert_eq!(taken.status, Standing::Taken);
        let refused = taken.clone().decide(Some(2), decided(false)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "request EDIT-1 is taken and cannot be declined: no such suggestion waits"
        );
        assert!(taken.suggest("lee", "Late".into(), at(10)).is_err());
        let (declined, _) = answered.decide(Some(2), decided(false)).unwrap();
        assert_eq!(declined.status, Standing::Declined);
        let again = declined.suggest("lee", "Better".into(), at(11)).unwrap();
        assert_eq!(again.status, Standing::Answered);
    }

    #[test]
    fn of_two_suggestions_the_newest_is_meant_and_the_other_still_waits() {
        let two = asked().suggest("lee", "One".into(), at(1)).unwrap();
        let two = two.suggest("ann", "Two".into(), at(2)).unwrap();
        let (left, newest) = two.decide(None, decided(false)).unwrap();
        assert_eq!(
            (newest.text.as_str(), left.status),
            ("Two", Standing::Answered)
        );
        let (taken, first) = left.decide(None, decided(true)).unwrap();
        assert_eq!(
            (first.text.as_str(), taken.status),
            ("One", Standing::Taken)
        );
    }

    #[test]
    fn what_is_closed_is_not_talked_about() {
        let closed = asked().close().unwrap();
        assert!(closed.clone().comment("lee", "x".into(), at(1)).is_err());
        assert!(closed.clone().suggest("lee", "x".into(), at(1)).is_err());
        assert!(closed.close().is_err());
        let mut full = asked();
        for n in 0..MOST_REMARKS {
            full = full.comment("lee", n.to_string(), at(1)).unwrap();
        }
        assert!(full.comment("lee", "x".into(), at(1)).is_err());
    }
}
