//! Outage plans: what is prepared for the day on which a service fails, how complete it is, and who agreed with it.

use super::call_list::reach;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::contact::EmailAddress;
use forewarn_core::document::{Catalogue, Fields, Node, Problems, line};
use forewarn_core::id::Id;
use forewarn_core::outage_plan::{Judgement, OutagePlan, SignOff, severities_in_words};
use forewarn_core::problem::{Invalid, unknown};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;

/// A plan with what is said of it.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The plan.
    #[serde(flatten)]
    pub plan: OutagePlan,
    /// Its version: a signature names it.
    pub version: String,
    /// How complete it is.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The latest signature of each stakeholder, for whichever version.
    pub sign_offs: Vec<SignOff>,
    /// The day by which it is looked at again.
    pub review_due: Option<Date>,
    /// Telephone numbers for the day on which mail is down: of spokespersons and owners, by their addresses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, String>,
    /// Who is called, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_call: Vec<ToCall>,
}

/// Somebody who is called by telephone.
#[derive(Clone, Debug, Serialize)]
pub struct ToCall {
    /// Their name.
    pub name: String,
    /// Their number, if one is known.
    pub number: Option<String>,
    /// At which severities: `P1, P2`.
    pub when: String,
}

impl Judged {
    /// What is to be said of a plan on a day.
    pub fn of(plan: OutagePlan, sign_offs: Vec<SignOff>, today: Date) -> Judged {
        Judged {
            version: plan.version(),
            judgement: plan.judge(&sign_offs, today),
            review_due: plan.review_due(&sign_offs),
            plan,
            sign_offs,
            numbers: BTreeMap::new(),
            to_call: Vec::new(),
        }
    }

    /// Somebody's telephone number, if one is known.
    pub fn number(&self, address: &EmailAddress) -> Option<&str> {
        self.numbers.get(address.as_str()).map(String::as_str)
    }

    /// This stakeholder agreed with the plan as it stands.
    pub fn agreed(&self, stakeholder: &EmailAddress) -> bool {
        let mut signed = self.sign_offs.iter();
        signed.any(|s| s.stakeholder == *stakeholder && s.version == self.version)
    }
}

/// The plans of all services, the least complete first.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(app: &App) -> Result<Vec<Judged>> {
    let catalogue = app.store.catalogue().await?;
    let mut signed = app.store.sign_offs().await?;
    let today = today(app, &catalogue);
    let plans = catalogue.services.iter().filter_map(|service| {
        let plan = OutagePlan::of(&service.id, &catalogue)?;
        let sign_offs = signed.remove(&service.id).unwrap_or_default();
        Some(Judged::of(plan, sign_offs, today))
    });
    let mut plans: Vec<Judged> = plans.collect();
    plans.sort_by_key(|judged| judged.judgement.score);
    Ok(plans)
}

/// The plan of a service.
///
/// # Errors
/// When there is no such service; the nearest is offered.
pub async fn show(app: &App, service: &str) -> Result<Judged> {
    let catalogue = app.store.catalogue().await?;
    let found = Id::parse(service).ok();
    let plan = found.and_then(|id| OutagePlan::of(&id, &catalogue));
    let plan = plan.ok_or_else(|| {
        let known = catalogue.services.iter().map(|s| s.id.as_str());
        ApiError::NotFound(format!("service: {}", unknown("service", service, known)))
    })?;
    let mut signed = app.store.sign_offs().await?;
    let sign_offs = signed.remove(&plan.service).unwrap_or_default();
    let mut judged = Judged::of(plan, sign_offs, today(app, &catalogue));
    let plan = &judged.plan;
    let owners = plan.owner.iter().chain(&plan.business_owner);
    let mailboxes = plan.spokespersons.iter().chain(owners);
    let mailboxes: Vec<&str> = mailboxes.map(|address| address.as_str()).collect();
    judged.numbers = app.store.numbers_of(&mailboxes).await?;
    for callee in &judged.plan.call_list {
        let found = reach(app, callee).await?;
        judged.to_call.push(ToCall {
            name: found.name,
            number: found.number,
            when: severities_in_words(callee.severities.iter()),
        });
    }
    Ok(judged)
}

/// A stakeholder agrees with the version that was read. Whoever puts it on record is named in the journal.
///
/// # Errors
/// Everything that is wrong; a conflict when the plan has changed since that version.
pub async fn sign_off(app: &App, caller: &Caller, service: &str, node: &Node) -> Result<Judged> {
    let judged = show(app, service).await?;
    let mut problems = Problems::default();
    let read = Fields::of(node, "", &mut problems).map(|mut fields| {
        let wanted = &judged.plan.prepared.stakeholders;
        let stakeholder = fields.required("stakeholder", &mut problems, |text| {
            let address = EmailAddress::parse(text)?;
            match wanted.contains(&address) {
                true => Ok(address),
                false => {
                    let known = wanted.iter().map(|who| who.as_str());
                    Err(unknown("stakeholder of this service", text, known))
                }
            }
        });
        let version = fields.required("version", &mut problems, line(40));
        fields.finish(&mut problems);
        stakeholder.zip(version)
    });
    let Some((stakeholder, version)) = read.flatten().filter(|_| problems.0.is_empty()) else {
        return Err(Invalid {
            problems: problems.0,
        }
        .into());
    };
    if version != judged.version {
        return Err(ApiError::Conflict(format!(
            "the plan of {} was changed since version {version} was read; read version {} and sign that",
            judged.plan.service, judged.version
        )));
    }
    let signed = SignOff {
        stakeholder,
        version,
        at: app.clock.now(),
    };
    app.store
        .sign_off(&judged.plan.service, &signed, &caller.actor)
        .await?;
    show(app, service).await
}

fn today(app: &App, catalogue: &Catalogue) -> Date {
    let zone = &catalogue.organisation.time_zone;
    app.clock.now().to_zoned(zone.tz().clone()).date()
}
