//! Who does what in an incident: one fixes it, another speaks for it. The spokesperson is called when it is declared and must
//! acknowledge, else the backups in their order; the roles change hands in one action that the team hears of.

use super::Incident;
use crate::document::{Fields, Node, Problems, line, prose};
use crate::problem::unknown;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A role that one person has at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fixes it.
    Lead,
    /// Speaks for it.
    Spokesperson,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 2] = [Role::Lead, Role::Spokesperson];

    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        ["lead", "spokesperson"][self as usize]
    }

    /// Reads a role.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Role, String> {
        let known = Self::ALL.into_iter().find(|r| r.as_str() == text.trim());
        known.ok_or_else(|| unknown("role", text, Self::ALL.map(Role::as_str)))
    }
}

/// A role that changes hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Which.
    pub role: Role,
    /// Who has it from now on.
    pub to: String,
    /// Why one person is lead and spokesperson, where that must be.
    pub because: Option<String>,
    /// The version that was seen.
    pub version: Option<i64>,
}

impl Handover {
    /// Reads a hand-over, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Handover> {
        let mut fields = Fields::of(node, path, problems)?;
        let role = fields.required("role", problems, Role::parse);
        let to = fields.required("to", problems, line(200));
        let because = fields.optional("override", problems, prose(500));
        let version = fields.optional("version", problems, super::posted::version);
        fields.finish(problems);
        Some(Handover {
            role: role?,
            to: to?,
            because,
            version,
        })
    }
}

/// Somebody who was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Whom; absent where the whole team was told that nobody had answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub who: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// That somebody said: I have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// The call to whoever is to speak for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who is called, in this order, until somebody acknowledges.
    pub chain: Vec<String>,
    /// Who was called so far.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub called: Vec<Called>,
    /// Who acknowledged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acknowledged: Option<Acknowledged>,
    /// How often it began again, because the incident was opened again before anybody had acknowledged.
    #[serde(skip_serializing_if = "super::is_zero", default)]
    pub round: u32,
}

impl Call {
    /// Nobody has answered yet.
    pub fn is_open(&self) -> bool {
        self.acknowledged.is_none()
    }
}

/// Whether two names or addresses mean one person, as far as can be told.
pub fn is_same_person(a: &str, b: &str) -> bool {
    let folded = |text: &str| crate::membership::fold(address_in(text).unwrap_or(text));
    folded(a) == folded(b)
}

/// The address in `Kim Lee <kim@example.edu>`.
fn address_in(text: &str) -> Option<&str> {
    let (_, address) = text.trim().strip_suffix('>')?.rsplit_once('<')?;
    Some(address)
}

/// Why one person cannot be both.
pub fn both_roles(who: &str) -> String {
    format!(
        "{who} would be lead and spokesperson: whoever fixes it should not have to speak for it; name somebody else, or give \
         'override' with the reason"
    )
}

impl Incident {
    /// Who has a role.
    pub fn holder(&self, role: Role) -> Option<&str> {
        match role {
            Role::Lead => self.lead.as_deref(),
            Role::Spokesperson => self.spokesperson.as_deref(),
        }
    }

    /// One person is lead and spokesperson.
    pub fn one_person_is_both(&self) -> bool {
        let pair = self.lead.as_deref().zip(self.spokesperson.as_deref());
        pair.is_some_and(|(lead, speaks)| is_same_person(lead, speaks))
    }

    /// Gives a role to somebody. A new spokesperson ends the call for one.
    ///
    /// # Errors
    /// When they have it already, or the other role and there is no reason for that.
    pub fn hand_over(mut self, handover: &Handover, now: Timestamp) -> Result<Incident, String> {
        let to = handover.to.trim();
        if let Some(has) = self.holder(handover.role)
            && is_same_person(has, to)
        {
            return Err(format!("{has} is the {} already", handover.role.as_str()));
        }
        match handover.role {
            Role::Lead => self.lead = Some(to.to_owned()),
            Role::Spokesperson => self.spokesperson = Some(to.to_owned()),
        }
        match (self.one_person_is_both(), &handover.because) {
            (true, None) => return Err(both_roles(to)),
            (both, because) => self.both_because = because.clone().filter(|_| both),
        }
        if let Some(call) = self.call.as_mut()
            && handover.role == Role::Spokesperson
            && call.is_open()
        {
            call.acknowledged = Some(Acknowledged {
                who: to.to_owned(),
                at: now,
            });
        }
        self.handovers += 1;
        Ok(self)
    }

    /// What the team reads of a role that changed hands.
    pub fn handed_over(role: Role, from: Option<&str>, to: &str) -> String {
        let what = match role {
            Role::Lead => "leads the work",
            Role::Spokesperson => "speaks for it",
        };
        match from {
            Some(from) => format!("{to} {what} from now on, in place of {from}."),
            None => format!("{to} {what} from now on."),
        }
    }

    /// Puts on record that somebody was called.
    pub fn was_called(mut self, who: Option<String>, now: Timestamp) -> Option<Incident> {
        let call = self.call.as_mut().filter(|call| call.is_open())?;
        call.called.push(Called { who, at: now });
        Some(self)
    }

    /// Somebody takes the call and speaks for it from now on; without a name the first who was to be called. Says whether
    /// that is somebody else than before.
    ///
    /// # Errors
    /// When nobody is called, somebody took it already, they are not among those who are called, or they lead the work.
    pub fn acknowledge(
        mut self,
        who: Option<&str>,
        now: Timestamp,
    ) -> Result<(Incident, bool), String> {
        // Whoever fixes it does not have to speak for it as well, unless somebody said so.
        let lead = self.lead.clone().filter(|_| self.both_because.is_none());
        let leads = |who: &str| {
            lead.as_deref()
                .is_some_and(|lead| is_same_person(lead, who))
        };
        let Some(call) = self.call.as_mut() else {
            return Err(
                "nobody is called for it; hand it over to name who speaks for it".to_owned(),
            );
        };
        if let Some(done) = &call.acknowledged {
            return Err(format!("{} took it already, {}", done.who, done.at));
        }
        let who = match who {
            None => call.chain.iter().find(|who| !leads(who)).cloned(),
            Some(who) => call.chain.iter().find(|c| is_same_person(c, who)).cloned(),
        };
        let Some(who) = who else {
            let among = call.chain.join(", ");
            return Err(format!(
                "only who is called can take it: {among}; anybody else by handing it over"
            ));
        };
        if leads(&who) {
            return Err(format!(
                "{who} leads the work, and whoever fixes it should not have to speak for it; where one person must be both, hand \
                 the role over to them with 'override' and the reason"
            ));
        }
        call.acknowledged = Some(Acknowledged {
            who: who.clone(),
            at: now,
        });
        let before = self.spokesperson.as_deref();
        let changes = before.is_none_or(|before| !is_same_person(before, &who));
        if changes {
            self.spokesperson = Some(who);
            self.handovers += 1;
        }
        if !self.one_person_is_both() {
            self.both_because = None;
        }
        Ok((self, changes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, declared};
    use super::*;

    fn handover(role: Role, to: &str, because: Option<&str>) -> Handover {
        Handover {
            role,
            to: to.into(),
            because: because.map(str::to_owned),
            version: None,
        }
    }

    #[test]
    fn lead_and_spokesperson_are_two_people_unless_there_is_a_reason() {
        let incident = Incident {
            lead: Some("Kim Lee <kim@example.edu>".into()),
            ..declared()
        };
        let same = handover(Role::Spokesperson, "KIM@example.edu ", None);
        let refused = incident.clone().hand_over(&same, at(1)).unwrap_err();
        assert!(
            refused.starts_with("KIM@example.edu would be lead and spokesperson"),
            "{refused}"
        );
        let alone = handover(Role::Spokesperson, "kim@example.edu", Some("night shift"));
        let both = incident.hand_over(&alone, at(1)).unwrap();
        assert_eq!(both.both_because.as_deref(), Some("night shift"));
        let again = both.clone().hand_over(&alone, at(2)).unwrap_err();
        assert_eq!(again, "kim@example.edu is the spokesperson already");
        let other = both.hand_over(&handover(Role::Lead, "Ann", None), at(2));
        assert_eq!(other.unwrap().both_because, None);
    }

    #[test]
    fn whoever_takes_the_call_speaks_for_it_and_ends_it() {
        let called = Incident {
            spokesperson: Some("a@example.edu".into()),
            call: Some(Call {
                chain: vec!["a@example.edu".into(), "b@example.edu".into()],
                ..Call::default()
            }),
            ..declared()
        };
        let (own, changes) = called.clone().acknowledge(None, at(1)).unwrap();
        assert!(!changes && own.spokesperson.as_deref() == Some("a@example.edu"));
        let (backup, changes) = called
            .clone()
            .acknowledge(Some("B@example.edu"), at(1))
            .unwrap();
        assert!(changes && backup.spokesperson.as_deref() == Some("b@example.edu"));
        assert!(backup.clone().acknowledge(None, at(2)).is_err());
        assert!(backup.was_called(None, at(2)).is_none());
        assert!(called.acknowledge(Some("c@example.edu"), at(1)).is_err());
        assert!(declared().acknowledge(None, at(1)).is_err());
    }

    #[test]
    fn the_lead_takes_no_call_unless_it_is_on_record_why_one_person_is_both() {
        let called = Incident {
            lead: Some("Kim <kim@example.edu>".into()),
            call: Some(Call {
                chain: vec!["kim@example.edu".into(), "lee@example.edu".into()],
                ..Call::default()
            }),
            ..declared()
        };
        let refused = called
            .clone()
            .acknowledge(Some("kim@example.edu"), at(1))
            .unwrap_err();
        assert!(
            refused.starts_with("kim@example.edu leads the work"),
            "{refused}"
        );
        // Without a name it is the first who can.
        let (taken, _) = called.clone().acknowledge(None, at(1)).unwrap();
        assert_eq!(taken.spokesperson.as_deref(), Some("lee@example.edu"));
        let both = Incident {
            spokesperson: Some("kim@example.edu".into()),
            both_because: Some("night shift".into()),
            ..called
        };
        let (own, _) = both.clone().acknowledge(None, at(1)).unwrap();
        assert_eq!(own.both_because.as_deref(), Some("night shift"));
        let (other, _) = both.acknowledge(Some("lee@example.edu"), at(1)).unwrap();
        assert_eq!(other.both_because, None);
    }
}
