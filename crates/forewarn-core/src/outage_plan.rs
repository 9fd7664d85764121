//! The prepared plan of a service: who hears, by which way, from whom and in which words when it fails; written, judged and
//! signed before it does.
//!
//! People write little of it ([`Prepared`]). Most follows from what stands in the catalogue anyway: audiences and their
//! channels, spokespersons, the cadence of updates. [`OutagePlan`] puts both together, names what is missing, and has a
//! version that changes with its substance, so that a signature holds for what was read and for nothing else.

use crate::audience::Level;
use crate::call_list::Callee;
use crate::contact::{Channel, EmailAddress};
use crate::document::{Catalogue, Fields, Node, Problems, prose};
use crate::id::{Id, derive};
use crate::incident::Severity;
use crate::message::duration_words;
use crate::policy;
use crate::routing::About;
use crate::service::{Service, Tier, affected};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A plan is looked at again after this many days when nobody named a date: half a year is what auditors of continuity
/// plans ask for at least (ISO 22301, 8.6, leaves the interval to the organisation).
pub const REVIEW_DAYS: i64 = 183;

/// What people write down for a service before it fails: `services[].outage_plan`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// What its users notice, by level, ready for the first message.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub holding: BTreeMap<Level, String>,
    /// What to do first, for whoever is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_steps: Option<String>,
    /// Who must agree with this plan.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stakeholders: Vec<EmailAddress>,
    /// The day by which somebody must look at it again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review_by: Option<Date>,
}

impl Prepared {
    /// Reads what was written, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Prepared> {
        let mut fields = Fields::of(node, path, problems)?;
        let holding = fields.node("holding").and_then(|node| {
            let mut fields = Fields::of(node, &fields.path_of("holding"), problems)?;
            let texts = Level::ALL.map(|level| {
                let text = fields.optional(level.as_str(), problems, prose(1_000));
                text.map(|text| (level, text))
            });
            fields.finish(problems);
            Some(texts.into_iter().flatten().collect())
        });
        let prepared = Prepared {
            holding: holding.unwrap_or_default(),
            first_steps: fields.optional("first_steps", problems, prose(4_000)),
            stakeholders: fields
                .list("stakeholders", problems, EmailAddress::parse)
                .unwrap_or_default(),
            review_by: fields.optional("review_by", problems, |text| {
                text.parse::<Date>()
                    .map_err(|_| "must be a day such as 2027-03-31".to_owned())
            }),
        };
        fields.finish(problems);
        Some(prepared)
    }

    /// What users of this level notice; the words for everybody where there are none for it.
    pub fn effect_for(&self, level: Level) -> Option<&str> {
        let words = self.holding.get(&level);
        let plain = || self.holding.get(&Level::NonTechnical);
        words.or_else(plain).map(String::as_str)
    }
}

/// An audience that hears when the service fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The audience.
    pub audience: Id,
    /// Its name.
    pub name: String,
    /// Its level of detail.
    pub level: Level,
    /// How it is reached, in order.
    pub channels: Vec<Channel>,
    /// Which of them are used only where the others did not do, and after how long: `15 minutes`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub later: Vec<(Channel, String)>,
    /// Severities of which it hears.
    pub severities: Vec<Severity>,
    /// From the service to the one that it uses.
    pub path: Vec<Id>,
}

impl Told {
    /// Its channels in words: "email and chat, then sms after 15 minutes".
    pub fn ways(&self) -> String {
        let waits = |c: &&Channel| self.later.iter().any(|(later, _)| later == *c);
        let at_once = self.channels.iter().filter(|c| !waits(c));
        let at_once: Vec<&str> = at_once.map(|c| c.as_str()).collect();
        let mut ways = at_once.join(" and ");
        for (channel, after) in &self.later {
            ways += &format!(", then {} after {after}", channel.as_str());
        }
        ways
    }

    /// Of which severities it hears: "every severity", "P1, P2".
    pub fn when(&self) -> String {
        severities_in_words(self.severities.iter())
    }
}

/// Severities in words; none named are all of them.
pub fn severities_in_words<'a>(severities: impl ExactSizeIterator<Item = &'a Severity>) -> String {
    if matches!(severities.len(), 0) || severities.len() == Severity::ALL.len() {
        return "every severity".to_owned();
    }
    let names: Vec<&str> = severities.map(|s| s.as_str()).collect();
    names.join(", ")
}

/// How often people hear, at a severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Beat {
    /// The severity.
    pub severity: Severity,
    /// At the latest after this long comes the next update: `60min`, `1bd`.
    pub every: String,
}

/// Somebody agreed with a version of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Who agreed.
    pub stakeholder: EmailAddress,
    /// The version that was read, as [`OutagePlan::version`] names it.
    pub version: String,
    /// When.
    pub at: jiff::Timestamp,
}

/// What is not there yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Where it belongs: a field of the service, or `audiences`.
    pub field: String,
    /// What is missing and why it matters.
    pub problem: String,
}

/// The whole plan of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutagePlan {
    /// The service.
    pub service: Id,
    /// Its name.
    pub name: String,
    /// How critical it is.
    pub tier: Tier,
    /// Who hears.
    pub audiences: Vec<Told>,
    /// Who runs the service.
    pub owner: Option<EmailAddress>,
    /// Who answers for it.
    pub business_owner: Option<EmailAddress>,
    /// Who speaks, then who speaks in their place, in order.
    pub spokespersons: Vec<EmailAddress>,
    /// Rotas that say who is on duty for it: whoever is speaks before those who are named.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rotas: Vec<Id>,
    /// Who is called by telephone, in order, also for what fails with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub call_list: Vec<Callee>,
    /// How often people hear.
    pub cadence: Vec<Beat>,
    /// Services that fail with it.
    pub dependents: Vec<Id>,
    /// What was written down.
    pub prepared: Prepared,
}

impl OutagePlan {
    /// The plan of a service as the catalogue stands; `None` for a service that it does not know.
    pub fn of(service: &Id, catalogue: &Catalogue) -> Option<OutagePlan> {
        let found = catalogue.services.iter().find(|s| s.id == *service)?;
        let reached = affected(std::slice::from_ref(service), &catalogue.services);
        let audiences = catalogue.audiences.iter().filter_map(|audience| {
            let path = audience.affected_by(&reached)?.path.clone();
            let hears = |severity: &Severity| {
                audience.routing.admits(&About {
                    kind: "incident",
                    severity: Some(*severity),
                    cause: None,
                })
            };
            let severities: Vec<_> = Severity::ALL.into_iter().filter(hears).collect();
            let later = audience.later_channels().into_iter();
            let later = later.map(|(channel, after)| (channel, duration_words(after)));
            let told = Told {
                audience: audience.id.clone(),
                name: audience.name.clone(),
                level: audience.level,
                channels: audience.channels.iter().map(|c| c.channel).collect(),
                later: later.collect(),
                severities,
                path,
            };
            (!told.severities.is_empty()).then_some(told)
        });
        let rotas = catalogue.rotas.iter().filter(|rota| {
            let mut reached = reached.iter();
            rota.services.is_empty() || reached.any(|a| rota.services.contains(&a.service))
        });
        let mut called = BTreeSet::new();
        let call_list = reached
            .iter()
            .filter_map(|a| catalogue.services.iter().find(|s| s.id == a.service))
            .flat_map(|service| &service.call_list)
            .filter(|callee| called.insert(callee.key()))
            .cloned()
            .collect();
        let policy = policy::for_incidents(&catalogue.policies);
        let cadence = Severity::ALL.map(|severity| Beat {
            severity,
            every: policy.cadence_of(severity).to_string(),
        });
        Some(OutagePlan {
            service: service.clone(),
            name: found.name.clone(),
            tier: found.tier,
            audiences: audiences.collect(),
            owner: found.owner.clone(),
            business_owner: found.business_owner.clone(),
            spokespersons: found.spokespersons.clone(),
            rotas: rotas.map(|rota| rota.id.clone()).collect(),
            call_list,
            cadence: cadence.to_vec(),
            dependents: reached.iter().skip(1).map(|a| a.service.clone()).collect(),
            prepared: found.outage_plan.clone().unwrap_or_default(),
        })
    }

    /// The version: it follows from the substance, without the day of the next review.
    pub fn version(&self) -> String {
        let mut substance = self.clone();
        substance.prepared.review_by = None;
        let text = serde_json::to_string(&substance).unwrap_or_default();
        derive(&["outage_plan", &text])
    }

    /// Stakeholders whose latest signature is not for this version.
    pub fn unsigned<'a>(&'a self, signed: &[SignOff]) -> Vec<&'a EmailAddress> {
        let version = self.version();
        let agreed = |who: &&EmailAddress| {
            signed
                .iter()
                .any(|s| s.stakeholder == **who && s.version == version)
        };
        let wanted = self.prepared.stakeholders.iter();
        wanted.filter(|who| !agreed(who)).collect()
    }

    /// The day of the next review: as written, else half a year after the last signature for this version. Who signs it on the
    /// day that was written or later has looked at it again.
    pub fn review_due(&self, signed: &[SignOff]) -> Option<Date> {
        let version = self.version();
        let last = signed.iter().filter(|s| s.version == version);
        let last = last.map(|s| s.at).max();
        let last = last.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
        let usual = last.and_then(|day| {
            let span = jiff::Span::new().days(REVIEW_DAYS);
            day.checked_add(span).ok()
        });
        let written = self.prepared.review_by;
        written
            .filter(|day| last.is_none_or(|last| last < *day))
            .or(usual)
    }

    /// Who is told that it is to be looked at again: its owners, and those who signed it and are still asked to. Those who are
    /// to sign, where there are none.
    pub fn reviewers(&self, signed: &[SignOff]) -> Vec<EmailAddress> {
        let wanted = &self.prepared.stakeholders;
        let mut all: Vec<EmailAddress> = self.owner.iter().cloned().collect();
        all.extend(self.business_owner.clone());
        let signers = signed.iter().map(|s| &s.stakeholder);
        all.extend(signers.filter(|who| wanted.contains(who)).cloned());
        if all.is_empty() {
            all.clone_from(wanted);
        }
        all.sort();
        all.dedup();
        all
    }

    /// How complete it is on a day, and what is missing.
    pub fn judge(&self, signed: &[SignOff], today: Date) -> Judgement {
        let mut checks = Checks::default();
        self.judge_people(&mut checks);
        self.judge_words(&mut checks);
        self.judge_agreement(signed, today, &mut checks);
        checks.done()
    }

    fn judge_people(&self, checks: &mut Checks) {
        let grave = |told: &&Told| told.severities.contains(&Severity::P1);
        checks.must(
            self.audiences.iter().any(|told| grave(&told)),
            "audiences",
            || "no audience hears of an outage of this service".to_owned(),
        );
        let single: Vec<&str> = self
            .audiences
            .iter()
            .filter(grave)
            .filter(|told| told.channels.iter().collect::<BTreeSet<_>>().len() < 2)
            .map(|told| told.name.as_str())
            .collect();
        checks.must(single.is_empty(), "audiences.channels", || {
            format!(
                "one way only to reach {}: when it is down too, nobody hears",
                single.join(", ")
            )
        });
        checks.must(self.owner.is_some(), "owner", || {
            "nobody is named who runs it".to_owned()
        });
        checks.must(self.business_owner.is_some(), "business_owner", || {
            "nobody is named who answers for it towards those who use it".to_owned()
        });
        // Whoever is on duty is one more.
        let speakers = self.spokespersons.len() + usize::from(!self.rotas.is_empty());
        checks.must(speakers > 0, "spokespersons", || {
            "nobody is named who speaks for it".to_owned()
        });
        checks.must(speakers > 1, "spokespersons", || {
            "the spokesperson has no backup".to_owned()
        });
        if self.tier == Tier::Critical {
            checks.must(!self.call_list.is_empty(), "call_list", || {
                "nobody is called by telephone, although it is critical".to_owned()
            });
        }
        let alone = self.owner.as_ref() == self.spokespersons.first();
        checks.must(self.owner.is_none() || !alone, "spokespersons", || {
            "who repairs it is also its first spokesperson: nobody can do both at once".to_owned()
        });
    }

    fn judge_words(&self, checks: &mut Checks) {
        let levels: BTreeSet<Level> = self.audiences.iter().map(|told| told.level).collect();
        for level in levels {
            let field = format!("outage_plan.holding.{}", level.as_str());
            let there = self.prepared.holding.contains_key(&level);
            checks.must(there, &field, || {
                format!(
                    "no words are ready for {} audiences",
                    level.as_str().replace('_', "-")
                )
            });
        }
        checks.must(
            self.prepared.first_steps.is_some(),
            "outage_plan.first_steps",
            || "nothing says what to do first".to_owned(),
        );
    }

    fn judge_agreement(&self, signed: &[SignOff], today: Date, checks: &mut Checks) {
        let named = !self.prepared.stakeholders.is_empty();
        checks.must(named, "outage_plan.stakeholders", || {
            "nobody is named who must agree with this plan".to_owned()
        });
        let unsigned = self.unsigned(signed);
        checks.must(
            named && unsigned.is_empty(),
            "sign_offs",
            || match unsigned.as_slice() {
                [] => "nobody has agreed with it".to_owned(),
                some => {
                    let names: Vec<&str> = some.iter().map(|who| who.as_str()).collect();
                    format!("not agreed by {}, as it stands today", names.join(", "))
                }
            },
        );
        let due = self.review_due(signed);
        checks.must(
            due.is_some_and(|due| due >= today),
            "outage_plan.review_by",
            || match due {
                Some(due) => format!("should have been looked at again by {due}"),
                None => "no day is set on which it is looked at again".to_owned(),
            },
        );
    }
}

/// How complete a plan is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// From 0 to 100, in whole percent, rounded down: 100 means that nothing is missing.
    pub score: u32,
    /// What is missing.
    pub missing: Vec<Gap>,
}

#[derive(Default)]
struct Checks {
    made: u32,
    missing: Vec<Gap>,
}

impl Checks {
    fn must(&mut self, there: bool, field: &str, problem: impl FnOnce() -> String) {
        self.made += 1;
        if !there {
            self.missing.push(Gap {
                field: field.to_owned(),
                problem: problem(),
            });
        }
    }

    fn done(self) -> Judgement {
        let there = self.made - u32::try_from(self.missing.len()).unwrap_or(self.made);
        Judgement {
            score: there * 100 / self.made.max(1),
            missing: self.missing,
        }
    }
}

/// What is prepared for the users of any of these services, in the order given.
pub fn prepared_effect<'a>(services: &'a [Service], named: &[Id], level: Level) -> Option<&'a str> {
    named.iter().find_map(|id| {
        let service = services.iter().find(|s| s.id == *id)?;
        service.outage_plan.as_ref()?.effect_for(level)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Documents;
    use jiff::civil::date;

    const COMPLETE: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles}
services:
  - id: database
    name: Student database
  - id: portal
    name: Student portal
    tier: critical
    depends_on: [database]
    owner: web@example.edu
    business_owner: registrar@example.edu
    spokespersons: [kim@example.edu, lee@example.edu]
    outage_plan:
      holding:
        non_technical: You cannot sign in to the student portal.
        technical: Sign-in to the portal fails.
      first_steps: Look at the dashboard, then call the data centre.
      stakeholders: [registrar@example.edu, dean@example.edu]
      review_by: 2027-03-31
    call_list: [{name: Data centre, number: "+14155550100", severities: [P1, P2]}]
audiences:
  - {id: students, name: Students, level: non_technical, channels: [email, sms], services: [portal]}
  - {id: engineers, name: Engineers, level: technical, channels: [chat, email], services: [database], routing: {severities: [P1, P2]}}
  - {id: releases, name: Release fans, level: technical, services: [portal], routing: {events: [maintenance]}}
policies:
  - {id: incidents, for: {event: incident}, cadence: {P1: PT30M}}
"#;

    fn catalogue(text: &str) -> Catalogue {
        let texts = [("plan.yaml".to_owned(), text.to_owned())];
        let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "X").unwrap();
        documents.over(&Catalogue::default())
    }

    fn plan(service: &str, text: &str) -> OutagePlan {
        OutagePlan::of(&Id::parse(service).unwrap(), &catalogue(text)).unwrap()
    }

    fn signed(who: &str, version: &str) -> SignOff {
        SignOff {
            stakeholder: EmailAddress::parse(who).unwrap(),
            version: version.to_owned(),
            at: "2026-11-02T09:00:00Z".parse().unwrap(),
        }
    }

    fn missing(judgement: &Judgement) -> Vec<&str> {
        judgement
            .missing
            .iter()
            .map(|gap| gap.field.as_str())
            .collect()
    }

    const TODAY: Date = date(2026, 11, 22);

    #[test]
    fn it_says_who_hears_how_and_how_often() {
        let plan = plan("database", COMPLETE);
        let told: Vec<String> = plan
            .audiences
            .iter()
            .map(|t| {
                let path: Vec<&str> = t.path.iter().map(Id::as_str).collect();
                format!("{} {} by {:?}", t.audience, t.severities.len(), path)
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"students 5 by ["database", "portal"]"#,
                r#"engineers 2 by ["database"]"#
            ]
        );
        assert_eq!(plan.dependents, [Id::parse("portal").unwrap()]);
        let beats: Vec<_> = plan.cadence.iter().map(|b| b.every.as_str()).collect();
        assert_eq!(beats, ["30min", "2h", "4h", "1bd", "1bd"]);
    }

    #[test]
    fn it_says_who_is_called_and_who_is_on_duty_and_which_way_waits() {
        let text = COMPLETE.replace(
            "channels: [email, sms]",
            "channels: [email, chat, {sms: {after: PT15M}}]",
        ) + "rotas:\n  - {id: nights, services: [portal], weekly: [{from: \"18:00\", to: \"23:59\", who: pat@example.edu}]}\n";
        let of_portal = plan("portal", &text);
        assert_eq!(
            of_portal.audiences[0].ways(),
            "email and chat, then sms after 15 minutes"
        );
        assert_eq!(of_portal.rotas, [Id::parse("nights").unwrap()]);
        // What stands on it fails with it, so its people are called as well.
        for service in ["portal", "database"] {
            let called: Vec<_> = plan(service, &text)
                .call_list
                .into_iter()
                .map(|c| c.name)
                .collect();
            assert_eq!(called, [Some("Data centre".to_owned())], "{service}");
        }
        // Whoever is on duty speaks: the one who is named is the backup.
        let alone = text.replace("[kim@example.edu, lee@example.edu]", "[kim@example.edu]");
        assert!(!missing(&plan("portal", &alone).judge(&[], TODAY)).contains(&"spokespersons"));
        // Another number is another plan, and a critical service without anybody to call lacks something.
        let other = text.replace("+14155550100", "+14155550101");
        assert_ne!(plan("portal", &other).version(), of_portal.version());
        let nobody = text.replace("    call_list: [{name: Data centre, number: \"+14155550100\", severities: [P1, P2]}]\n", "");
        assert!(missing(&plan("portal", &nobody).judge(&[], TODAY)).contains(&"call_list"));
        assert!(!missing(&plan("database", &nobody).judge(&[], TODAY)).contains(&"call_list"));
    }

    #[test]
    fn what_is_complete_and_signed_lacks_nothing() {
        let plan = plan("portal", COMPLETE);
        let version = plan.version();
        let all = [
            signed("registrar@example.edu", &version),
            signed("dean@example.edu", &version),
        ];
        let judgement = plan.judge(&all, TODAY);
        assert_eq!(
            judgement,
            Judgement {
                score: 100,
                missing: vec![]
            }
        );
        let late = plan.judge(&all, date(2027, 4, 1));
        assert_eq!(missing(&late), ["outage_plan.review_by"]);
        assert!(late.score < 100);
        let half = plan.judge(&all[..1], TODAY);
        assert_eq!(
            half.missing[0].problem,
            "not agreed by dean@example.edu, as it stands today"
        );
    }

    #[test]
    fn every_gap_is_named_once_and_counts() {
        let judgement = plan("database", COMPLETE).judge(&[], TODAY);
        assert_eq!(
            missing(&judgement),
            [
                "owner",
                "business_owner",
                "spokespersons",
                "spokespersons",
                "outage_plan.holding.non_technical",
                "outage_plan.holding.technical",
                "outage_plan.first_steps",
                "outage_plan.stakeholders",
                "sign_offs",
                "outage_plan.review_by",
            ]
        );
        assert_eq!(judgement.score, 23);
    }

    #[test]
    fn a_signature_holds_for_what_was_read() {
        let before = plan("portal", COMPLETE);
        let signature = [signed("dean@example.edu", &before.version())];
        let later_review = plan("portal", &COMPLETE.replace("2027-03-31", "2027-06-30"));
        assert_eq!(later_review.unsigned(&signature).len(), 1);
        for (old, new) in [
            ("kim@example.edu", "pat@example.edu"),
            ("channels: [email, sms]", "channels: [email]"),
            ("cannot sign in", "cannot register"),
            ("P1: PT30M", "P1: PT60M"),
        ] {
            let changed = plan("portal", &COMPLETE.replace(old, new));
            assert_eq!(changed.unsigned(&signature).len(), 2, "{new}");
        }
    }

    #[test]
    fn without_a_day_it_is_looked_at_again_half_a_year_after_it_was_signed() {
        let text = COMPLETE.replace("review_by: 2027-03-31", "");
        let plan = plan("portal", &text);
        assert_eq!(plan.review_due(&[]), None);
        let signature = [signed("dean@example.edu", &plan.version())];
        assert_eq!(plan.review_due(&signature), Some(date(2027, 5, 4)));
    }

    #[test]
    fn words_for_everybody_serve_where_a_level_has_none() {
        let plan = plan("portal", COMPLETE);
        let words = |level| plan.prepared.effect_for(level).unwrap();
        assert_eq!(words(Level::Technical), "Sign-in to the portal fails.");
        assert_eq!(words(Level::SemiTechnical), words(Level::NonTechnical));
        assert_eq!(Prepared::default().effect_for(Level::Technical), None);
    }

    #[test]
    fn what_is_wrong_is_said_all_at_once() {
        let text = COMPLETE
            .replace("non_technical: You", "non_tecnical: You")
            .replace("dean@example.edu", "the dean")
            .replace("2027-03-31", "spring");
        let texts = [("plan.yaml".to_owned(), text)];
        let refused = Documents::parse_yaml(&texts, &Catalogue::default(), "X").unwrap_err();
        let fields: Vec<&str> = refused.problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "services[1].outage_plan.holding.non_tecnical",
                "services[1].outage_plan.stakeholders[1]",
                "services[1].outage_plan.review_by"
            ]
        );
    }

    #[test]
    fn a_message_has_the_prepared_words_of_every_level_as_long_as_nobody_said_others() {
        use crate::event::{Event, Occasion};
        use crate::incident::tests::{at, declared};
        let catalogue = catalogue(COMPLETE);
        let content = |effect: Option<&str>| {
            let mut incident = declared();
            incident.updates[0].facts.effect = effect.map(str::to_owned);
            let event = Event::Incident(incident);
            let students = catalogue.audiences.iter().find(|a| a.id == *"students");
            event.content(
                &Occasion::default(),
                students,
                &catalogue,
                "http://x",
                at(0),
            )
        };
        let prepared = content(None);
        let poor = "You cannot sign in to the student portal.";
        assert_eq!(prepared.facts.effect.as_deref(), Some(poor));
        assert_eq!(prepared.prepared[&Level::NonTechnical], poor);
        assert_eq!(
            prepared.prepared[&Level::Technical],
            "Sign-in to the portal fails."
        );
        let said = content(Some("Nothing works."));
        assert_eq!(said.facts.effect.as_deref(), Some("Nothing works."));
        assert!(said.prepared.is_empty());
    }
}
