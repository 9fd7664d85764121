//! Who does what in an incident: on duty, called, acknowledged, handed over.

use super::{Answer, Ready, load, publish, seen};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::{AGAIN, overtaken, read};
use forewarn_core::contact::EmailAddress;
use forewarn_core::document::{Catalogue, Fields, Node, line};
use forewarn_core::event::speakers;
use forewarn_core::id::Id;
use forewarn_core::incident::{Call, Declaration, Handover, Incident, Role, is_same_person};
use forewarn_core::plan::{Changes, SPOKESPERSON_CALL, called_audience, handover};
use forewarn_core::policy::{self, Approver};
use forewarn_core::service::{Service, affected};
use forewarn_store::{Acknowledgement, Beside, Entry};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who is on duty for a declaration that names nobody.
pub(super) fn on_duty(
    declaration: &Declaration,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Option<String> {
    let named: Vec<Id> = declaration.services.keys().cloned().collect();
    let reached = affected(&named, &catalogue.services);
    let lead = declaration.lead.as_deref();
    let fixes = |who: &EmailAddress| lead.is_some_and(|lead| is_same_person(lead, who.as_str()));
    let zone = &catalogue.organisation.time_zone;
    let found = forewarn_core::rota::on_duty(&catalogue.rotas, &reached, zone, now, fixes);
    found.map(EmailAddress::to_string)
}

/// The call to whoever speaks for it, if there is anybody to call.
pub(super) fn call_of(incident: &Incident, catalogue: &Catalogue) -> Option<Call> {
    let chain = speakers(incident, catalogue);
    let chain: Vec<String> = chain.iter().map(EmailAddress::to_string).collect();
    (!chain.is_empty()).then(|| Call {
        chain,
        ..Call::default()
    })
}

/// An incident that is opened again. As long as nobody has acknowledged, whoever could speak for it is called once more, from the
/// first on.
pub(super) fn called_again(incident: Incident, catalogue: &Catalogue) -> Incident {
    let before = incident.call.clone();
    if before.as_ref().is_some_and(|call| !call.is_open()) {
        return incident;
    }
    let fresh = call_of(&incident, catalogue);
    let call = fresh.map(|fresh| match before {
        Some(before) => Call {
            called: before.called,
            round: before.round + 1,
            ..fresh
        },
        None => fresh,
    });
    Incident { call, ..incident }
}

/// Who has which role: lead, spokesperson, the backups in their order, and who approves what is said. The spokesperson is whoever
/// was named or is meant to be, also before they acknowledged. Where nobody but the lead can speak, `nobody_speaks` says what
/// follows from that.
pub fn people(incident: &Incident, catalogue: &Catalogue) -> Value {
    let all = speakers(incident, catalogue);
    let named = incident.spokesperson.clone();
    let speaks = named.or_else(|| all.first().map(EmailAddress::to_string));
    let other = |address: &&EmailAddress| {
        let speaks = speaks.as_deref();
        speaks.is_none_or(|speaks| !is_same_person(speaks, address.as_str()))
    };
    let backups: Vec<&EmailAddress> = all.iter().filter(other).collect();
    let mut people = json!({
        "lead": incident.lead,
        "spokesperson": speaks,
        "backups": backups,
        "approvers": approvers(incident, catalogue),
    });
    if let Some(said) = nobody_speaks(incident, catalogue).filter(|_| incident.status.is_open()) {
        people["nobody_speaks"] = json!(said);
    }
    people
}

/// What follows where nobody can be called or warned but those who fix it.
fn nobody_speaks(incident: &Incident, catalogue: &Catalogue) -> Option<String> {
    if !speakers(incident, catalogue).is_empty() {
        return None;
    }
    let warned = match &incident.lead {
        Some(lead) if is_mailbox(lead) => format!("{lead}, who leads the work, is"),
        _ => "the owners of its services are".to_owned(),
    };
    Some(format!(
        "nobody else can be called to speak for it: {warned} warned before a promise is due; name a spokesperson by handing the \
         role over"
    ))
}

fn is_mailbox(who: &str) -> bool {
    EmailAddress::parse(who).is_ok()
}

/// Who must agree, by the policy for incidents: owners of its services.
fn approvers(incident: &Incident, catalogue: &Catalogue) -> Vec<String> {
    let policy = policy::for_incidents(&catalogue.policies);
    let asked: Vec<&Approver> = policy.approval.values().flatten().collect();
    let of = |service: &Service| {
        let owners = asked.iter().map(|approver| approver.of(service).cloned());
        owners.collect::<Vec<_>>()
    };
    let concerned = catalogue.services.iter();
    let concerned = concerned.filter(|s| incident.services.contains_key(&s.id));
    let mut all: Vec<String> = concerned
        .flat_map(of)
        .flatten()
        .map(|a| a.to_string())
        .collect();
    all.sort();
    all.dedup();
    all
}

pub(super) fn with_people(mut body: Value, incident: &Incident, catalogue: &Catalogue) -> Value {
    body["people"] = people(incident, catalogue);
    body
}

/// Hands a role over; the team is told.
///
/// # Errors
/// When they have it already, or one person would be lead and spokesperson without a reason.
pub async fn hand_over(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let asked = read(node, |node, problems| Handover::read(node, "", problems))?;
    let mut tries = 0;
    loop {
        tries += 1;
        let (before, sequence) = load(app, id).await?;
        goes_on_here(&before)?;
        seen(app, id, asked.version, sequence).await?;
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        let from = before.holder(asked.role).map(str::to_owned);
        let incident = before.hand_over(&asked, now).map_err(ApiError::Conflict)?;
        let to = incident.holder(asked.role).unwrap_or_default().to_owned();
        let mut changes = match asked.role {
            Role::Spokesperson => withdrawn_call(app, id).await?,
            Role::Lead => withdrawn_calls_to(app, &incident, &to).await?,
        };
        changes
            .add
            .push(handover(&incident, asked.role, &catalogue, now));
        let mut detail = json!({"role": asked.role, "from": from, "to": to});
        if let Some(because) = &incident.both_because {
            detail["override"] = json!(because);
        }
        let entry = Entry::new(&caller.actor, "incident.handed_over", id).with(detail);
        let reason = Incident::handed_over(asked.role, from.as_deref(), &to);
        let ready = Ready::quiet(incident, sequence, changes, Some(reason), entry);
        match publish(app, caller, &catalogue, &[ready], &[]).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// Nobody has a role in a duplicate: the team of the other incident would hear of it for nothing.
fn goes_on_here(incident: &Incident) -> Result<()> {
    match &incident.merged_into {
        None => Ok(()),
        Some(into) => Err(ApiError::Conflict(format!(
            "{} was merged into {into}: roles change hands there",
            incident.id
        ))),
    }
}

/// Whoever leads from now on is not called to speak as well, unless it was said why one person is both.
async fn withdrawn_calls_to(app: &App, incident: &Incident, who: &str) -> Result<Changes> {
    let chain = incident
        .call
        .as_ref()
        .filter(|_| incident.both_because.is_none());
    let mut chain = chain.into_iter().flat_map(|call| &call.chain);
    let Some(place) = chain.position(|c| is_same_person(c, who)) else {
        return Ok(Changes::default());
    };
    let theirs = called_audience(place);
    let (stored, _) = app.store.planned(incident.id.as_str()).await?;
    let open = stored
        .into_iter()
        .filter(|s| s.open && s.milestone == SPOKESPERSON_CALL && s.audience == theirs);
    Ok(Changes {
        withdrawn: open.map(|s| s.id).collect(),
        ..Changes::default()
    })
}

/// Calls that have not begun are not made any more.
async fn withdrawn_call(app: &App, id: &str) -> Result<Changes> {
    let (stored, _) = app.store.planned(id).await?;
    let open = stored
        .into_iter()
        .filter(|s| s.open && s.milestone == SPOKESPERSON_CALL);
    Ok(Changes {
        withdrawn: open.map(|s| s.id).collect(),
        ..Changes::default()
    })
}

/// Somebody takes the call, by API, command line or console; without `who` the first who was to be called.
///
/// # Errors
/// When nobody is called, somebody took it already, or they are not among those who are called.
pub async fn acknowledge(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Answer> {
    load(app, id).await?;
    let who = match &node.value {
        forewarn_core::document::Value::Null => None,
        _ => read(node, |node, problems| {
            let mut fields = Fields::of(node, "", problems)?;
            let who = fields.optional("who", problems, line(200));
            fields.finish(problems);
            Some(who)
        })?,
    };
    take(app, caller, id, who.as_deref(), None).await
}

/// What a link to acknowledge leads to: the incident, and who follows it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The incident.
    pub incident: Incident,
    /// The notice that brought it.
    pub notice: String,
    /// The endpoint it had gone to.
    pub endpoint: String,
    /// Its address.
    pub who: String,
}

/// What a token leads to.
///
/// # Errors
/// When it does not work.
pub async fn by_token(app: &App, token: &str) -> Result<Link> {
    let gone = || ApiError::NotFound("call behind this link".into());
    let (notice, endpoint) = app.key.read_acknowledgement_token(token).ok_or_else(gone)?;
    let found = app.store.notice(&notice).await?.ok_or_else(gone)?;
    let address = app.store.endpoint_address(&endpoint).await?;
    let who = address.ok_or_else(gone)?;
    if found.milestone != SPOKESPERSON_CALL {
        return Err(gone());
    }
    let (incident, _) = load(app, &found.event).await?;
    Ok(Link {
        incident,
        notice,
        endpoint,
        who,
    })
}

/// Somebody takes the call by the link in their message.
///
/// # Errors
/// When the link does not work, or somebody took the call already.
pub async fn acknowledge_by_link(app: &App, link: &Link) -> Result<Answer> {
    let caller = Caller::system(&format!("recipient:{}", link.who));
    let id = link.incident.id.as_str();
    take(app, &caller, id, Some(&link.who), Some(link)).await
}

async fn take(
    app: &App,
    caller: &Caller,
    id: &str,
    who: Option<&str>,
    link: Option<&Link>,
) -> Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (before, sequence) = load(app, id).await?;
        goes_on_here(&before)?;
        let catalogue = app.store.catalogue().await?;
        let now = app.clock.now();
        let from = before.spokesperson.clone();
        let chain = before
            .call
            .as_ref()
            .map_or_else(Vec::new, |call| call.chain.clone());
        let (incident, changed) = before.acknowledge(who, now).map_err(ApiError::Conflict)?;
        let taken = incident.call.as_ref().and_then(|c| c.acknowledged.as_ref());
        let who = taken.map_or_else(String::new, |taken| taken.who.clone());
        let mut changes = withdrawn_call(app, id).await?;
        let mut reason = None;
        // Who was called first and named nowhere is whom everybody expects.
        if changed && (from.is_some() || chain.first() != Some(&who)) {
            let role = Role::Spokesperson;
            changes.add.push(handover(&incident, role, &catalogue, now));
            let said = Incident::handed_over(Role::Spokesperson, from.as_deref(), &who);
            reason = Some(said);
        }
        let (notice, endpoint) = match link {
            Some(link) => (link.notice.clone(), link.endpoint.clone()),
            None => (call_notice(app, id, &chain, &who).await?, String::new()),
        };
        let acknowledgement = Acknowledgement {
            event: id.to_owned(),
            notice,
            endpoint,
            who: who.clone(),
            at: now,
        };
        let entry = Entry::new(&caller.actor, "incident.acknowledged", id)
            .with(json!({"who": who, "spokesperson_before": from}));
        let ready = Ready::quiet(incident, sequence, changes, reason, entry);
        let beside = [Beside::Acknowledged(acknowledgement)];
        match publish(app, caller, &catalogue, &[ready], &beside).await {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            done => return done,
        }
    }
}

/// The notice by which somebody is or would have been called.
async fn call_notice(app: &App, id: &str, chain: &[String], who: &str) -> Result<String> {
    let place = chain.iter().position(|c| is_same_person(c, who));
    let audience = called_audience(place.unwrap_or_default());
    let (stored, _) = app.store.planned(id).await?;
    let theirs = |s: &&forewarn_core::plan::Stored| {
        s.milestone == SPOKESPERSON_CALL && s.audience == audience
    };
    let found = stored.iter().find(theirs);
    Ok(found.map_or_else(|| format!("call:{id}"), |s| s.id.clone()))
}
