//! Rotas: who is on duty when. Weekly rules on the clocks of one zone, exceptions, and the shifts that an on-call tool publishes.

use crate::calendar::shifts;
use crate::contact::{EmailAddress, HookUrl};
use crate::document::{Fields, Named, Node, Problems, scalar};
use crate::id::Id;
use crate::problem::unknown;
use crate::service::Affected;
use crate::time::{CivilTime, Zone, parse_time_of_day};
use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A year of shifts of eight hours, thrice over.
const MOST_EXCEPTIONS: usize = 5_000;

/// Who is on duty when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// Its id.
    pub id: Id,
    /// Zone of its times of day; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<Zone>,
    /// Services whose incidents it is for; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Id>,
    /// The usual week.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub weekly: Vec<Shift>,
    /// What is otherwise; the first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exceptions: Vec<Exception>,
    /// Where an on-call tool publishes its shifts (iCalendar over https); they come after the exceptions and before the week.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub feed: Option<HookUrl>,
    /// Whom a name in the title of one of the feed's shifts means.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub people: BTreeMap<String, EmailAddress>,
    /// The shifts that the feed held when it was last read. Not a part of the document.
    #[serde(skip)]
    pub shifts: Vec<Exception>,
}

/// A part of the usual week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Days on which it begins.
    pub days: Vec<Day>,
    /// When it begins.
    pub from: Time,
    /// When it ends: on the next day where that is not later than its beginning.
    pub to: Time,
    /// Who is on duty.
    pub who: EmailAddress,
}

/// A time at which it is otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// When that begins.
    pub from: CivilTime,
    /// When it ends.
    pub to: CivilTime,
    /// Who is on duty; nobody when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub who: Option<EmailAddress>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const ALL: [(Day, &str); 7] = [
        (Day::Mon, "mon"),
        (Day::Tue, "tue"),
        (Day::Wed, "wed"),
        (Day::Thu, "thu"),
        (Day::Fri, "fri"),
        (Day::Sat, "sat"),
        (Day::Sun, "sun"),
    ];

    fn parse(text: &str) -> Result<Day, String> {
        let folded = text.trim().to_ascii_lowercase();
        let known = Self::ALL.into_iter().find(|(_, name)| *name == folded);
        known
            .map(|(day, _)| day)
            .ok_or_else(|| unknown("day", text, Self::ALL.map(|(_, name)| name)))
    }

    /// `mon`, or `mon..fri`, also over the end of the week.
    fn parse_range(text: &str) -> Result<Vec<Day>, String> {
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (Self::parse(first)?, Self::parse(last)?),
            None => return Ok(vec![Self::parse(text)?]),
        };
        let length = (last as usize + 7 - first as usize) % 7 + 1;
        let days = Self::ALL.iter().cycle().skip(first as usize);
        Ok(days.take(length).map(|(day, _)| *day).collect())
    }

    fn of(day: Weekday) -> Day {
        Self::ALL[day.to_monday_zero_offset() as usize % 7].0
    }
}

impl Rota {
    /// Reads a rota, recording all problems. References are checked by the catalogue.
    pub fn read(node: &Node, path: &str, zone: &Zone, problems: &mut Problems) -> Option<Rota> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let time_zone = fields.optional("time_zone", problems, Zone::parse);
        let services = fields.references("services", Named::Service, problems);
        let weekly = fields.nodes("weekly", problems).into_iter();
        let weekly: Vec<Option<Shift>> = weekly
            .map(|(path, node)| Shift::read(node, &path, problems))
            .collect();
        let zone = time_zone.as_ref().unwrap_or(zone);
        let exceptions = fields.nodes("exceptions", problems);
        if exceptions.len() > MOST_EXCEPTIONS {
            let problem = format!("has more than {MOST_EXCEPTIONS} entries");
            fields.problem("exceptions", problem, problems);
        }
        let exceptions: Vec<Option<Exception>> = exceptions
            .into_iter()
            .take(MOST_EXCEPTIONS)
            .map(|(path, node)| Exception::read(node, &path, zone, problems))
            .collect();
        let feed = fields.optional("feed", problems, HookUrl::parse);
        let people = read_people(&mut fields, problems);
        if weekly.is_empty() && exceptions.is_empty() && fields.node("feed").is_none() {
            fields.problem("weekly", "is missing: say who is on duty when", problems);
        }
        fields.finish(problems);
        Some(Rota {
            id: id?,
            services: services.unwrap_or_default(),
            weekly: weekly.into_iter().collect::<Option<_>>()?,
            exceptions: exceptions.into_iter().collect::<Option<_>>()?,
            time_zone,
            feed,
            people,
            shifts: Vec::new(),
        })
    }

    /// Who is on duty at this moment; `zone` is the organisation's.
    pub fn on_duty(&self, zone: &Zone, now: Timestamp) -> Option<&EmailAddress> {
        let holds = |e: &&Exception| e.from.instant() <= now && now < e.to.instant();
        let mut otherwise = self.exceptions.iter().chain(&self.shifts);
        if let Some(exception) = otherwise.find(holds) {
            return exception.who.as_ref();
        }
        let here = self.time_zone.as_ref().unwrap_or(zone).at(now);
        let (today, time) = (here.weekday(), here.time());
        let found = self.weekly.iter().find(|s| s.covers(today, time));
        found.map(|shift| &shift.who)
    }
}

impl Shift {
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Shift> {
        let mut fields = Fields::of(node, path, problems)?;
        let days = fields.list("days", problems, Day::parse_range);
        let from = fields.required("from", problems, parse_time_of_day);
        let to = fields.required("to", problems, parse_time_of_day);
        let who = fields.required("who", problems, EmailAddress::parse);
        fields.finish(problems);
        let every = || Day::ALL.map(|(day, _)| day).to_vec();
        let days = days.map_or_else(every, |days| days.into_iter().flatten().collect());
        Some(Shift {
            days,
            from: from?,
            to: to?,
            who: who?,
        })
    }

    /// On the clocks of the wall, so that a shift keeps its times when those change.
    fn covers(&self, today: Weekday, time: Time) -> bool {
        let begins = |day: Weekday| self.days.contains(&Day::of(day));
        match self.from < self.to {
            true => begins(today) && self.from <= time && time < self.to,
            false => {
                begins(today) && self.from <= time || begins(today.previous()) && time < self.to
            }
        }
    }
}

impl Exception {
    fn read(node: &Node, path: &str, zone: &Zone, problems: &mut Problems) -> Option<Exception> {
        let mut fields = Fields::of(node, path, problems)?;
        let time = |text: &str| CivilTime::parse(text, zone);
        let from = fields.required("from", problems, time);
        let to = fields.required("to", problems, time);
        let who = fields.optional("who", problems, EmailAddress::parse);
        if let (Some(from), Some(to)) = (&from, &to)
            && from.instant() >= to.instant()
        {
            fields.problem("to", "must be later than from", problems);
        }
        fields.finish(problems);
        Some(Exception {
            from: from?,
            to: to?,
            who,
        })
    }
}

fn read_people(fields: &mut Fields<'_>, problems: &mut Problems) -> BTreeMap<String, EmailAddress> {
    let mut people = BTreeMap::new();
    for (name, path, node) in fields.entries("people", problems) {
        if let Some(address) = scalar(node, &path, problems, EmailAddress::parse) {
            people.insert(name.trim().to_owned(), address);
        }
    }
    people
}

/// A calendar's shifts as a rota holds them, and the titles of those that name nobody. Whose a shift is follows from its attendee,
/// from an address in its title, or from a name in its title that `people` explains.
pub fn shifts_of(
    found: Vec<shifts::Shift>,
    people: &BTreeMap<String, EmailAddress>,
    zone: &Zone,
) -> (Vec<Exception>, Vec<String>) {
    let (mut taken, mut unknown) = (Vec::new(), Vec::new());
    for shift in found {
        let title = shift.name.to_lowercase();
        let named = || {
            let mut known = people.iter();
            let known = known.find(|(name, _)| title.contains(&name.to_lowercase()));
            known.map(|(_, address)| address.clone())
        };
        match shift.who.clone().or_else(named) {
            Some(who) => taken.push(Exception {
                from: CivilTime::of(shift.start, zone),
                to: CivilTime::of(shift.end, zone),
                who: Some(who),
            }),
            None => unknown.push(shift.name),
        }
    }
    unknown.sort();
    unknown.dedup();
    (taken, unknown)
}

/// Who is on duty for an incident, of the first rota that is for one of its services, or of those that stand on them, and
/// has somebody; never one of `not`.
pub fn on_duty<'a>(
    rotas: &'a [Rota],
    affected: &[Affected],
    zone: &Zone,
    now: Timestamp,
    not: impl Fn(&EmailAddress) -> bool,
) -> Option<&'a EmailAddress> {
    let is_for = |rota: &Rota| {
        rota.services.is_empty() || affected.iter().any(|a| rota.services.contains(&a.service))
    };
    let fitting = rotas.iter().filter(|rota| is_for(rota));
    let mut duty = fitting.filter_map(|rota| rota.on_duty(zone, now));
    duty.find(|who| !not(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rota(yaml: &str) -> Rota {
        let mut problems = Problems::default();
        let nodes = crate::document::parse_yaml(yaml).expect("YAML");
        let rota = Rota::read(&nodes[0], "rotas[0]", &Zone::utc(), &mut problems);
        assert!(problems.0.is_empty(), "{:?}", problems.0);
        rota.expect("a rota")
    }

    fn berlin() -> Rota {
        rota(
            "
id: campus
time_zone: Europe/Berlin
weekly:
  - {days: [mon..fri], from: '08:00', to: '18:00', who: day@example.edu}
  - {days: [sun..thu], from: '18:00', to: '08:00', who: night@example.edu}
  - {days: [sat], from: '00:00', to: '00:00', who: saturday@example.edu}
exceptions:
  - {from: '2026-12-24T08:00', to: '2026-12-24T12:00'}
  - {from: '2026-12-24T08:00', to: '2026-12-25T08:00', who: eve@example.edu}
  - {from: '2026-12-28T09:00:00Z', to: '2026-12-28T10:00:00Z', who: utc@example.edu}
",
        )
    }

    /// Instants and who is on duty, also through both changes of the clocks (29 March and 25 October 2026 at 01:00 UTC).
    #[test]
    fn who_is_on_duty_when() {
        let rota = berlin();
        for (at, who) in [
            ("2026-11-23T06:59:59Z", "night"), // Monday 07:59:59
            ("2026-11-23T07:00:00Z", "day"),
            ("2026-11-23T16:59:59Z", "day"),
            ("2026-11-23T17:00:00Z", "night"),
            ("2026-11-23T23:30:00Z", "night"), // Tuesday 00:30
            ("2026-11-27T16:59:00Z", "day"),   // Friday
            ("2026-11-27T17:00:00Z", "-"),     // Friday evening: nobody
            ("2026-11-27T23:00:00Z", "saturday"),
            ("2026-11-28T22:59:59Z", "saturday"),
            ("2026-11-28T23:00:00Z", "-"), // Sunday
            ("2026-11-29T17:00:00Z", "night"),
            // In summer the same clocks are an hour earlier.
            ("2026-07-06T05:59:59Z", "night"),
            ("2026-07-06T06:00:00Z", "day"),
            // The clocks go forward over 02:30 on a Sunday.
            ("2026-03-27T16:59:59Z", "day"),
            ("2026-03-29T15:59:59Z", "-"),
            ("2026-03-29T16:00:00Z", "night"), // 18:00 by the new clocks
            ("2026-03-30T05:59:59Z", "night"),
            ("2026-03-30T06:00:00Z", "day"),
            // And back: 02:30 comes twice, both belong to whoever has it by the clock.
            ("2026-10-24T21:59:59Z", "saturday"),
            ("2026-10-25T00:30:00Z", "-"),
            ("2026-10-25T01:30:00Z", "-"),
            ("2026-10-25T17:00:00Z", "night"), // 18:00 by the new clocks
            ("2026-10-26T06:59:59Z", "night"),
            ("2026-10-26T07:00:00Z", "day"),
            // Exceptions, of which the first that fits counts.
            ("2026-12-24T06:59:59Z", "night"),
            ("2026-12-24T07:00:00Z", "-"),
            ("2026-12-24T11:00:00Z", "eve"),
            ("2026-12-25T06:59:59Z", "eve"),
            ("2026-12-25T07:00:00Z", "day"),
            ("2026-12-28T09:30:00Z", "utc"),
            ("2026-12-28T10:00:00Z", "day"),
        ] {
            let found = rota.on_duty(&Zone::utc(), at.parse().unwrap());
            let found = found.map_or("-", |a| a.as_str().split('@').next().unwrap());
            assert_eq!(found, who, "{at}");
        }
    }

    #[test]
    fn the_first_rota_that_fits_and_has_somebody_counts() {
        let named = |id: &str, services: &str, who: &str| {
            rota(&format!(
                "{{id: {id}, services: [{services}], weekly: [{{days: [mon], from: '08:00', to: '18:00', who: {who}@example.edu}}]}}"
            ))
        };
        let rotas = [
            named("mail", "mail", "ann"),
            named("portal", "portal", "kim"),
            named("all", "", "lee"),
        ];
        let portal = Id::parse("portal").unwrap();
        let affected = [Affected {
            service: portal.clone(),
            path: vec![portal],
        }];
        let duty = |at: &str, not: &str| {
            let not = |who: &EmailAddress| who.as_str() == not;
            let zone = Zone::utc();
            let found = on_duty(&rotas, &affected, &zone, at.parse().unwrap(), not);
            found.map_or("-", EmailAddress::as_str)
        };
        assert_eq!(duty("2026-11-23T09:00:00Z", ""), "kim@example.edu");
        // Who fixes it does not speak for it.
        let lead = "kim@example.edu";
        assert_eq!(duty("2026-11-23T09:00:00Z", lead), "lee@example.edu");
        assert_eq!(duty("2026-11-24T09:00:00Z", ""), "-");
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        let yaml = "{id: a b, weekly: [{days: [mun], from: '25:00', to: '18:00', who: kim}],
          exceptions: [{from: '2026-12-25T08:00', to: '2026-12-24T08:00'}]}";
        let nodes = crate::document::parse_yaml(yaml).unwrap();
        let mut problems = Problems::default();
        Rota::read(&nodes[0], "rotas[0]", &Zone::utc(), &mut problems);
        let fields: Vec<&str> = problems.0.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "rotas[0].id",
                "rotas[0].weekly[0].days[0]",
                "rotas[0].weekly[0].from",
                "rotas[0].weekly[0].who",
                "rotas[0].exceptions[0].to"
            ]
        );
        assert!(
            problems.0[1].problem.contains("did you mean"),
            "{:?}",
            problems.0[1]
        );
    }
}
