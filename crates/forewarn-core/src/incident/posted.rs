//! What is posted: a declaration or an update with what surrounds it.

use super::assessment::read_severity;
use super::{
    Declaration, Impact, Incident, NewUpdate, Severity, Status, both_roles, is_same_person,
};
use crate::change_request::{Override, read_override};
use crate::document::{Fields, Node, Problems, boolean, line, prose};
use crate::id::Id;
use crate::problem::{Invalid, Problem, unknown};
use crate::texts::Texts;
use jiff::Timestamp;

/// Reads the version of an event that somebody saw.
///
/// # Errors
/// When it is no version.
pub fn version(text: &str) -> Result<i64, String> {
    let number = text.trim().parse().ok().filter(|n| *n > 0);
    number.ok_or_else(|| "must be the version that the event showed: a whole number".to_owned())
}

/// An incident that is over and was not declared when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub resolved_at: Timestamp,
    /// How it ended.
    pub text: Option<String>,
}

/// A declaration as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIncident {
    /// The declaration.
    pub declaration: Declaration,
    /// The incident that it is a part of.
    pub parent: Option<Id>,
    /// Why one person is lead and spokesperson, where that must be.
    pub both_because: Option<String>,
    /// It goes out although something stands in it that its readers may not see: why.
    pub open_because: Option<String>,
    /// It is entered afterwards and tells nobody.
    pub past: Option<Past>,
}

/// Before this day clocks had offsets with seconds, which no standard form of a time can show.
const EARLIEST: &str = "1990-01-01T00:00:00Z";

fn instant(text: &str) -> Result<Timestamp, String> {
    let at = super::promise::parse_instant(text)?;
    match EARLIEST.parse::<Timestamp>() {
        Ok(earliest) if at < earliest => Err(format!("must not be before {EARLIEST}")),
        _ => Ok(at),
    }
}

impl NewIncident {
    /// Reads a declaration, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewIncident> {
        let mut fields = Fields::of(node, path, problems)?;
        let declaration = Declaration::read_fields(&mut fields, problems);
        let parent = fields.optional("parent", problems, Id::parse);
        let both_because = fields.optional("override", problems, prose(500));
        let open_because = fields.optional("privacy_override", problems, prose(500));
        let past = read_past(&mut fields, problems);
        two_people(&mut fields, problems);
        fields.finish(problems);
        Some(NewIncident {
            declaration: declaration?,
            parent,
            both_because,
            open_because,
            past,
        })
    }
}

/// Refuses one person as lead and spokesperson without a reason. What is entered afterwards names whoever it was.
fn two_people(fields: &mut Fields<'_>, problems: &mut Problems) {
    // What else is wrong with them was said where they were read.
    let said = &mut Problems::default();
    let over = fields.optional("backfilled", said, boolean) == Some(true);
    let [lead, speaks] =
        ["lead", "spokesperson"].map(|name| fields.optional(name, said, line(200)));
    if let Some((_, speaks)) = lead.zip(speaks).filter(|(a, b)| is_same_person(a, b))
        && fields.node("override").is_none()
        && !over
    {
        fields.problem("spokesperson", both_roles(&speaks), problems);
    }
}

fn read_past(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Past> {
    let backfilled = fields.optional("backfilled", problems, boolean) == Some(true);
    let started_at = fields.optional("started_at", problems, instant);
    let resolved_at = fields.optional("resolved_at", problems, instant);
    let text = fields.optional("text", problems, prose(10_000));
    if !backfilled {
        for name in ["started_at", "resolved_at", "text"] {
            if fields.node(name).is_some() {
                let problem = "goes with backfilled: an incident that is declared begins now";
                fields.problem(name, problem, problems);
            }
        }
        return None;
    }
    for name in ["started_at", "resolved_at"] {
        if fields.node(name).is_none() {
            fields.problem(
                name,
                "is missing: what is entered afterwards is over",
                problems,
            );
        }
    }
    if fields.node("next_update_in").is_some() {
        let problem = "goes with an incident that is open: what is over promises nothing";
        fields.problem("next_update_in", problem, problems);
    }
    if Texts::are_given(fields) {
        let problem =
            "go with an incident that is declared now: nobody is sent what is entered afterwards";
        fields.problem(Texts::FIELD, problem, problems);
    }
    let (started_at, resolved_at) = (started_at?, resolved_at?);
    if started_at >= resolved_at {
        fields.problem("resolved_at", "must be later than started_at", problems);
    }
    Some(Past {
        started_at,
        resolved_at,
        text,
    })
}

/// An update as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedUpdate {
    /// The update.
    pub update: NewUpdate,
    /// What it is in one line, where that was not right; unchanged when absent.
    pub title: Option<String>,
    /// Services that were named by mistake.
    pub removed: Vec<Id>,
    /// How grave it is from now on; unchanged when absent.
    pub severity: Option<Severity>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
    /// The open incidents that are a part of this one say the same.
    pub carry: bool,
    /// It goes out although owners must agree first and have not: why.
    pub overridden: Option<Override>,
    /// It goes out although something stands in it that its readers may not see: why.
    pub open_because: Option<String>,
}

impl PostedUpdate {
    /// Reads an update, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<PostedUpdate> {
        let mut fields = Fields::of(node, path, problems)?;
        let update = NewUpdate::read_fields(&mut fields, problems);
        let title = fields.optional("title", problems, line(200));
        let removed = fields.list("remove_services", problems, Id::parse);
        let removed = removed.unwrap_or_default();
        if let Some(update) = &update {
            check(update, &removed, &fields, problems);
        }
        let severity = read_severity(&mut fields, problems);
        let version = fields.optional("version", problems, version);
        let carry = fields.optional("carry", problems, boolean).unwrap_or(false);
        // Who and when is known where it is carried out.
        let overridden = read_override(&mut fields, "", Timestamp::UNIX_EPOCH, problems);
        let open_because = fields.optional("privacy_override", problems, prose(500));
        fields.finish(problems);
        Some(PostedUpdate {
            update: update?,
            title,
            removed,
            open_because,
            severity,
            version,
            carry,
            overridden,
        })
    }
}

impl PostedUpdate {
    /// Services that it calls hurt in another way than `before` although it says that all is over. Its status counts; whoever
    /// sent it should know.
    pub fn ended_with_it(&self, before: &Incident) -> Vec<Problem> {
        if self.update.status != Some(Status::Resolved) {
            return Vec::new();
        }
        let given = self.update.services.iter();
        // A form, or a program, says once more how it was until then.
        let new = given.filter(|(id, impact)| {
            **impact != Impact::None && before.services.get(*id) != Some(*impact)
        });
        let problem = "the impact that was given is over with the incident: people see that it works; if it does not, \
            open the incident again";
        new.map(|(id, _)| Problem::new(format!("services.{id}"), problem))
            .collect()
    }
}

/// What an update cannot say together.
fn check(update: &NewUpdate, removed: &[Id], fields: &Fields<'_>, problems: &mut Problems) {
    for service in update.services.keys().filter(|s| removed.contains(s)) {
        let name = format!("services.{service}");
        fields.problem(&name, "is taken out by remove_services", problems);
    }
    if !removed.is_empty() && !update.is_written() {
        let problem =
            "is missing: whoever heard of a service that was named by mistake hears that it was";
        fields.problem("text", problem, problems);
    }
}

impl Incident {
    /// With another title, and without services that were named by mistake. Whoever uses those hears the next message, and
    /// nothing more.
    ///
    /// # Errors
    /// When one is not among its services, or none would be left.
    pub fn corrected(mut self, title: Option<&str>, removed: &[Id]) -> Result<Incident, Invalid> {
        let known: Vec<String> = self.services.keys().map(Id::to_string).collect();
        let wrong = removed.iter().filter(|id| !self.services.contains_key(*id));
        let mut problems: Vec<Problem> = wrong
            .map(|id| {
                let problem = unknown("service", id.as_str(), known.iter().map(String::as_str));
                Problem::new("remove_services", problem)
            })
            .collect();
        let number = self.updates.len() as u32;
        for id in removed {
            self.services.remove(id);
            self.removed.insert(id.clone(), number);
        }
        if self.services.is_empty() && problems.is_empty() {
            let problem = "takes out every service: name the right one in services first, or resolve the incident";
            problems.push(Problem::new("remove_services", problem));
        }
        if let Some(title) = title {
            title.clone_into(&mut self.title);
        }
        match problems.is_empty() {
            true => Ok(self),
            false => Err(Invalid { problems }),
        }
    }

    /// The services that its newest message is about: also those that it takes out.
    pub fn spoken_of(&self) -> Vec<Id> {
        let newest = self.updates.last().map(|update| update.number);
        let gone = self.removed.iter();
        let gone = gone
            .filter(|(id, number)| Some(**number) == newest && !self.services.contains_key(*id));
        let named = self.services.keys();
        named.chain(gone.map(|(id, _)| id)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, declared, to};
    use super::*;
    use crate::document::parse_json;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn problems(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        let node = parse_json(text).unwrap();
        match text.contains("backfilled") {
            true => drop(NewIncident::read(&node, "", &mut problems)),
            false => drop(PostedUpdate::read(&node, "", &mut problems)),
        }
        let said = problems.0.iter();
        said.map(|p| format!("{}: {}", p.field, p.problem))
            .collect()
    }

    #[test]
    fn a_service_that_was_named_by_mistake_is_spoken_of_once_more() {
        let mut incident = declared();
        incident.services.insert(id("mail"), Impact::MajorOutage);
        let refused = incident.clone().corrected(None, &[id("mial")]).unwrap_err();
        assert!(
            refused.to_string().contains("did you mean 'mail'?"),
            "{refused}"
        );
        let all = [id("mail"), id("portal")];
        assert!(incident.clone().corrected(None, &all).is_err());
        let corrected = incident
            .corrected(Some("Sign-in fails"), &[id("mail")])
            .unwrap();
        let said = corrected
            .update(to(Status::Identified), at(9), at(1))
            .unwrap();
        assert_eq!(said.title, "Sign-in fails");
        assert_eq!(said.services.len(), 1);
        assert_eq!(said.spoken_of(), [id("portal"), id("mail")]);
        let later = said.update(to(Status::Monitoring), at(9), at(2)).unwrap();
        assert_eq!(later.spoken_of(), [id("portal")]);
    }

    #[test]
    fn an_impact_that_is_given_with_the_end_is_over_with_it() {
        let text = r#"{"status": "resolved", "text": "Done.",
            "services": {"portal": "major_outage", "mail": "degraded", "forum": "none"}}"#;
        let node = parse_json(text).unwrap();
        let mut problems = Problems::default();
        let posted = PostedUpdate::read(&node, "", &mut problems).unwrap();
        assert!(problems.0.is_empty(), "{problems:?}");
        // The portal was down before: that is only said once more.
        let told: Vec<String> = posted
            .ended_with_it(&declared())
            .into_iter()
            .map(|p| p.field)
            .collect();
        assert_eq!(told, ["services.mail"]);
        let over = declared().update(posted.update, at(9), at(1)).unwrap();
        assert_eq!(over.services.len(), 3);
        assert!(over.services.values().all(|impact| *impact == Impact::None));
        let open = r#"{"status": "monitoring", "services": {"mail": "degraded"}}"#;
        let posted = PostedUpdate::read(&parse_json(open).unwrap(), "", &mut problems).unwrap();
        assert!(posted.ended_with_it(&declared()).is_empty());
    }

    #[test]
    fn one_person_as_both_is_told_with_the_other_problems() {
        let told = |text: &str| {
            let mut problems = Problems::default();
            NewIncident::read(&parse_json(text).unwrap(), "", &mut problems);
            let fields = problems.0.into_iter().map(|p| p.field);
            fields.collect::<Vec<_>>()
        };
        let both = r#"{"lead": "Kim <kim@example.edu>", "spokesperson": "kim@example.edu", "services": {"portal": "dwon"}}"#;
        assert_eq!(told(both), ["services.portal", "severity", "spokesperson"]);
        let because = r#"{"lead": "kim", "spokesperson": "kim", "services": {"portal": "none"}, "severity": "P1", "override": "alone"}"#;
        assert!(told(because).is_empty());
    }

    #[test]
    fn what_cannot_be_said_together_is_refused() {
        let both = problems(
            r#"{"status": "identified", "remove_services": ["mail"], "services": {"mail": "none"}}"#,
        );
        assert_eq!(both.len(), 2, "{both:?}");
        let twice = problems(r#"{"text": "x", "services": {"mail": "none", "mail ": "degraded"}}"#);
        assert_eq!(twice, ["services.mail : names mail a second time"]);
        let past = problems(
            r#"{"services": {"portal": "none"}, "severity": "P1", "backfilled": true, "next_update_in": "PT5M",
                "started_at": "1800-01-01T00:00:00Z", "resolved_at": "2026-01-01T00:00:00Z"}"#,
        );
        assert_eq!(
            past,
            [
                "started_at: must not be before 1990-01-01T00:00:00Z",
                "next_update_in: goes with an incident that is open: what is over promises nothing",
            ]
        );
    }
}
