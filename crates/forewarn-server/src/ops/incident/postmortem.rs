//! What is explained after an incident: a draft with the incident, agreed with by those whom the policy names, published as the
//! follow-up; and the actions that come of it.

use super::{Answer, Ready, load, publish as send_out};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::{AGAIN, overtaken, read, review};
use forewarn_core::audience::Level;
use forewarn_core::document::{Catalogue, Fields, Node, boolean, prose};
use forewarn_core::facts::Facts;
use forewarn_core::incident::{Incident, NewUpdate, Status};
use forewarn_core::policy::for_incidents;
use forewarn_core::postmortem::{Approval, Edit, Moment, Postmortem, Reviewer, draft};
use forewarn_core::problem::{Invalid, Problem, unknown};
use forewarn_store::{ActionRow, Beside, Entry, StoredPostmortem, Written};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

/// A draft, or what was published, with who agreed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The incident.
    pub incident: Incident,
    /// What is stored.
    pub stored: StoredPostmortem,
    /// What an approval is for.
    pub hash: String,
    /// Who must agree.
    pub reviewers: Vec<Reviewer>,
    /// Each reviewer's latest agreement, for whichever text.
    pub approvals: Vec<Approval>,
    /// What stands in it that its readers may not see.
    pub closed: Vec<Problem>,
}

impl Draft {
    /// Whose agreement is missing.
    pub fn missing(&self) -> Vec<&Reviewer> {
        let id = self.incident.id.as_str();
        self.stored
            .body
            .missing(id, &self.reviewers, &self.approvals)
    }

    /// Their agreement with the text as it stands.
    pub fn agreed(&self, reviewer: &Reviewer) -> Option<&Approval> {
        let mut given = self.approvals.iter();
        given.find(|a| a.reviewer == *reviewer && a.hash == self.hash)
    }

    /// The shape of the API.
    pub fn json(&self) -> Value {
        let mut body = json!(self.stored.body);
        let approval = |approval: &Approval| {
            let mut shape = json!(approval);
            shape["is_for_this_text"] = json!(approval.hash == self.hash);
            shape
        };
        let actions = body["actions"].as_array_mut().into_iter().flatten();
        for (number, (action, is)) in (1..).zip(actions.zip(&self.stored.body.actions)) {
            action["number"] = json!(number);
            action["done"] = json!(is.done);
        }
        body["incident"] = json!(self.incident.id);
        body["version"] = json!(self.stored.version);
        body["author"] = json!(self.stored.author);
        body["at"] = json!(self.stored.at);
        body["published_at"] = json!(self.stored.published_at);
        body["hash"] = json!(self.hash);
        body["text"] = json!(self.stored.body.text());
        body["reviewers"] = json!(self.reviewers);
        body["approvals"] = self.approvals.iter().map(approval).collect();
        body["missing"] = json!(self.missing());
        body["privacy"] = json!(self.closed);
        body
    }
}

/// The newest version of it.
///
/// # Errors
/// When there is no such incident, or nobody has begun.
pub async fn show(app: &App, id: &str) -> Result<Draft> {
    let (incident, _) = load(app, id).await?;
    let stored = app.store.postmortem(id).await?;
    let stored = stored.ok_or_else(|| ApiError::NotFound(format!("postmortem of {id} yet")))?;
    let catalogue = app.store.catalogue().await?;
    let sections = words(&stored.body);
    let closed = review::closed(app, &sections).await?.into_iter();
    Ok(Draft {
        closed: closed.map(|(_, problem)| problem).collect(),
        hash: stored.body.hash(id),
        reviewers: for_incidents(&catalogue.policies)
            .follow_up_approval
            .clone(),
        approvals: app.store.postmortem_approvals(id).await?,
        incident,
        stored,
    })
}

/// Its sections, which everybody reads.
fn words(body: &Postmortem) -> Vec<(&'static str, &str, Level)> {
    let sections = [
        ("happened", body.happened.as_str()),
        ("cause", body.cause.as_str()),
        ("impact", body.impact.as_str()),
        ("went_well", body.went_well.as_str()),
        ("apology", body.apology.as_str()),
    ];
    // Who does it is not published.
    let actions = body
        .actions
        .iter()
        .map(|action| ("actions", action.what.as_str()));
    let all = sections.into_iter().chain(actions);
    all.map(|(field, text)| (field, text, Level::NonTechnical))
        .collect()
}

/// Makes the first draft, with what is given laid over it, or changes the draft there is. Says whether it was the first.
///
/// # Errors
/// When the incident is not over or explained already, everything that is wrong, or a version that is not the newest.
pub async fn save(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<(Draft, bool)> {
    let (incident, _) = load(app, id).await?;
    may_be_explained(&incident)?;
    let edit = match node.value {
        forewarn_core::document::Value::Null => Edit::default(),
        _ => read(node, |node, problems| Edit::read(node, "", problems))?,
    };
    let found = app.store.postmortem(id).await?;
    seen(id, found.as_ref(), edit.version)?;
    let base = match &found {
        Some(stored) => stored.body.clone(),
        None => first(app, &incident).await?,
    };
    let edited = edit
        .over(base)
        .map_err(|problem| Invalid::one("happened", problem))?;
    if found.as_ref().is_none_or(|stored| stored.body != edited) {
        let expected = found.as_ref().map_or(0, |stored| stored.version);
        let now = app.clock.now();
        let who = &caller.actor;
        app.store
            .save_postmortem(id, expected, &edited, who, now)
            .await?;
    }
    Ok((show(app, id).await?, found.is_none()))
}

/// Only what is over can be explained, and only once.
fn may_be_explained(incident: &Incident) -> Result<()> {
    let id = &incident.id;
    if let Some(into) = &incident.merged_into {
        return Err(ApiError::Conflict(format!(
            "{id} was a duplicate of {into}: explain that one"
        )));
    }
    match incident.status {
        Status::Resolved => Ok(()),
        Status::Postmortem => Err(incident.refuse(Status::Postmortem).into()),
        Status::Investigating | Status::Identified | Status::Monitoring => Err(incident
            .refuse(Status::Postmortem)
            .cannot("be explained: only what is resolved can, and becomes postmortem")
            .into()),
    }
}

/// Refuses whoever saw an old version, and says who made the newest.
fn seen(id: &str, found: Option<&StoredPostmortem>, version: Option<i64>) -> Result<()> {
    let newest = found.map_or(0, |stored| stored.version);
    match (version, found) {
        (Some(version), Some(stored)) if version != newest => Err(ApiError::Conflict(format!(
            "the postmortem of {id} was changed by {} at {}; it is at version {newest} and you saw {version}: look at it again",
            stored.author, stored.at
        ))),
        (Some(version), None) => Err(ApiError::Conflict(format!(
            "{id} has no postmortem yet, and you saw version {version}"
        ))),
        _ => Ok(()),
    }
}

async fn first(app: &App, incident: &Incident) -> Result<Postmortem> {
    let catalogue = app.store.catalogue().await?;
    let services = catalogue.services.iter();
    let names = services.map(|s| (s.id.clone(), s.name.clone())).collect();
    let journal = app.store.journal(Some(incident.id.as_str()), None, 1000);
    let moments: Vec<Moment> = journal.await?.iter().filter_map(moment).collect();
    let zone = &catalogue.organisation.time_zone;
    Ok(draft(incident, &names, &moments, zone))
}

/// What readers may know of a line in the journal.
fn moment(entry: &Written) -> Option<Moment> {
    let what = match (entry.action.as_str(), entry.detail["role"].as_str()) {
        ("incident.merged", _) => "Another report turned out to be the same trouble.",
        ("incident.handed_over", Some("spokesperson")) => {
            "Somebody else took over telling you more."
        }
        ("incident.handed_over", _) => "Somebody else took over the repair.",
        _ => return None,
    };
    Some(Moment {
        at: entry.at,
        what: what.to_owned(),
    })
}

fn version_read(text: &str) -> std::result::Result<i64, String> {
    let number = text.trim().parse().ok().filter(|n| *n > 0);
    number.ok_or_else(|| "must be the version that was read: a whole number".to_owned())
}

/// Puts on record that a reviewer agrees with the version that was read.
///
/// # Errors
/// Everything that is wrong; a conflict when that version is not the newest, or it is published.
pub async fn approve(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Draft> {
    let found = show(app, id).await?;
    let (reviewer, version) = read(node, |node, problems| {
        let mut fields = Fields::of(node, "", problems)?;
        let reviewer = fields.required("reviewer", problems, |text| {
            let known: Vec<String> = found.reviewers.iter().map(Reviewer::to_string).collect();
            let asked = found
                .reviewers
                .iter()
                .find(|r| r.to_string() == text.trim());
            asked.cloned().ok_or_else(|| match known.is_empty() {
                true => "is not needed: the policy names nobody who must agree".to_owned(),
                false => unknown("reviewer", text, known.iter().map(String::as_str)),
            })
        });
        let version = fields.required("version", problems, version_read);
        fields.finish(problems);
        reviewer.zip(version)
    })?;
    may_be_explained(&found.incident)?;
    seen(id, Some(&found.stored), Some(version))?;
    let approval = Approval {
        reviewer,
        hash: found.hash,
        by: caller.actor.clone(),
        at: app.clock.now(),
    };
    app.store.approve_postmortem(id, version, &approval).await?;
    show(app, id).await
}

/// Publishes it as the incident's follow-up: whoever heard of the incident is told.
///
/// # Errors
/// When somebody who must agree has not and no reason is given, when readers are owed more, or it is published already.
pub async fn publish(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    let (version, because, open_because) = match node.value {
        forewarn_core::document::Value::Null => (None, None, None),
        _ => read(node, |node, problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let version = fields.optional("version", problems, version_read);
            let because = fields.optional("override", problems, prose(500));
            let open_because = fields.optional("privacy_override", problems, prose(500));
            fields.finish(problems);
            Some((version, because, open_because))
        })?,
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let (incident, sequence) = load(app, id).await?;
        let found = show(app, id).await?;
        may_be_explained(&incident)?;
        seen(id, Some(&found.stored), version)?;
        found.stored.body.complete()?;
        let mut entry = said_of(caller, &found, because.as_deref())?;
        let sections = words(&found.stored.body);
        if let Some(open) = review::open(app, &sections, open_because.as_deref()).await? {
            entry.detail["privacy_override"] = open;
        }
        let now = app.clock.now();
        let explained = incident.update(follow_up(&found.stored.body), now, now)?;
        let catalogue = app.store.catalogue().await?;
        let ready = Ready::update(
            app,
            &catalogue,
            explained,
            sequence,
            vec![entry],
            app.clock.now(),
        )
        .await?;
        let beside = [Beside::Explained(id.to_owned(), found.stored.version)];
        match send_out(app, caller, &catalogue, &[ready], &beside).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// The update that tells it. The cause is a fact too, so that a short message says more than the beginning of a long text.
fn follow_up(body: &Postmortem) -> NewUpdate {
    NewUpdate {
        texts: Default::default(),
        status: Some(Status::Postmortem),
        facts: Facts {
            cause: Some(body.cause.clone()),
            ..Facts::default()
        },
        cause: None,
        text: Some(body.text()),
        services: Default::default(),
        next_update_in: None,
    }
}

/// What the journal says of the publication. Refused where somebody's agreement is missing and nobody says why it goes without.
fn said_of(caller: &Caller, found: &Draft, because: Option<&str>) -> Result<Entry> {
    let id = found.incident.id.as_str();
    let missing: Vec<String> = found.missing().iter().map(ToString::to_string).collect();
    let mut detail = json!({"postmortem": found.stored.version, "hash": found.hash, "status": Status::Postmortem});
    match (missing.is_empty(), because) {
        (true, _) => {}
        (false, Some(because)) => {
            detail["override"] = json!(because);
            detail["without"] = json!(missing);
        }
        (false, None) => {
            return Err(ApiError::Conflict(format!(
                "the postmortem of {id} waits for the agreement of {}; or say why it goes out without: override",
                missing.join(", ")
            )));
        }
    }
    Ok(Entry::new(&caller.actor, "incident.postmortem_published", id).with(detail))
}

/// Refuses an update that would explain an incident past its draft, or past those who must agree.
pub(super) async fn not_past_it(app: &App, catalogue: &Catalogue, id: &str) -> Result<()> {
    let reviewers = &for_incidents(&catalogue.policies).follow_up_approval;
    if !reviewers.is_empty() {
        let names: Vec<String> = reviewers.iter().map(ToString::to_string).collect();
        return Err(ApiError::Conflict(format!(
            "what is explained of {id} needs the agreement of {}: draft its postmortem, and publish that",
            names.join(", ")
        )));
    }
    match app.store.postmortem(id).await? {
        Some(_) => Err(ApiError::Conflict(format!(
            "{id} has a postmortem in draft: publish that"
        ))),
        None => Ok(()),
    }
}

/// An action as the API shows it.
pub fn action_json(action: &ActionRow, today: Date) -> Value {
    let mut body = json!(action);
    body["overdue"] = json!(is_overdue(action, today));
    body
}

/// Its day has passed and it is not done.
pub fn is_overdue(action: &ActionRow, today: Date) -> bool {
    action.done_at.is_none() && action.due.is_some_and(|due| due < today)
}

/// The day it is for the organisation.
pub fn today(catalogue: &Catalogue, now: Timestamp) -> Date {
    catalogue.organisation.time_zone.at(now).date()
}

/// Actions of all incidents: to be done first, and of those the earliest due.
///
/// # Errors
/// When the store cannot be read.
pub async fn actions(app: &App, with_done: bool) -> Result<(Vec<ActionRow>, Date)> {
    /// More of each are not listed.
    const MOST: i64 = 500;
    let catalogue = app.store.catalogue().await?;
    let today = today(&catalogue, app.clock.now());
    Ok((app.store.actions(with_done, MOST).await?, today))
}

/// Ticks an action off, or opens it again: `{"done": false}`.
///
/// # Errors
/// When there is no such action.
pub async fn tick(app: &App, caller: &Caller, id: &str, number: i64, node: &Node) -> Result<Value> {
    let done = match node.value {
        forewarn_core::document::Value::Null => true,
        _ => read(node, |node, problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let done = fields.optional("done", problems, boolean);
            fields.finish(problems);
            Some(done.unwrap_or(true))
        })?,
    };
    let now = app.clock.now();
    let ticked = app
        .store
        .tick_action(id, number, done, &caller.actor, now)
        .await?;
    let action = ticked.ok_or_else(|| ApiError::NotFound(format!("action {number} of {id}")))?;
    let catalogue = app.store.catalogue().await?;
    Ok(action_json(&action, today(&catalogue, now)))
}
