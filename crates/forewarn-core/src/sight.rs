//! What a page shows to whom: the services and events that everybody may know of, or those that an audience hears of.
//!
//! Everybody may know of a service unless its document says otherwise, and of an event that names such a service. What names none that
//! is known is nobody's affair outside: a service that was removed may have been private.

use crate::audience::{Audience, Level};
use crate::document::Catalogue;
use crate::event::Event;
use crate::id::Id;
use crate::service::{Service, affected};
use std::collections::BTreeSet;

/// Whose eyes look at a page.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// Everybody's.
    Public,
    /// Those of an audience.
    Audience(&'a Audience),
}

/// An event as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// It names only services that the page shows.
    pub event: Event,
    /// Services that the page shows and that an incident may reach, where it names none of them.
    pub near: Vec<Id>,
}

impl<'a> Sight<'a> {
    /// The audience, unless it is everybody.
    pub fn audience(self) -> Option<&'a Audience> {
        match self {
            Sight::Public => None,
            Sight::Audience(audience) => Some(audience),
        }
    }

    /// How much detail its texts have.
    pub fn level(self) -> Level {
        self.audience().map_or(Level::NonTechnical, |a| a.level)
    }

    /// Whether the page shows this service.
    pub fn shows(self, service: &Service) -> bool {
        match self {
            Sight::Public => service.public,
            Sight::Audience(audience) => audience.uses(&service.id),
        }
    }

    /// The services that the page shows, in their order. Each stands directly on all that it stands on at all, so that nothing is
    /// lost with those between that are not shown.
    pub fn services(self, all: &[Service]) -> Vec<Service> {
        if all.iter().all(|service| self.shows(service)) {
            return all.to_vec();
        }
        let shown = all.iter().filter(|service| self.shows(service));
        let whole = shown.map(|service| Service {
            depends_on: foundations(service, all),
            ..service.clone()
        });
        whole.collect()
    }

    /// Those of these services that the page shows.
    pub fn among(self, named: &[Id], all: &[Service]) -> Vec<Id> {
        let shown = |id: &&Id| all.iter().any(|s| s.id == **id && self.shows(s));
        named.iter().filter(shown).cloned().collect()
    }

    /// The event as the page shows it; nothing where it does not.
    pub fn event(self, event: &Event, all: &[Service]) -> Option<Seen> {
        let named = event.services();
        let shown = self.among(&named, all);
        let reached = match self {
            Sight::Public if named.is_empty() => Vec::new(),
            Sight::Public if shown.is_empty() => return None,
            Sight::Public => Vec::new(),
            Sight::Audience(audience) => hears(audience, event, all)?,
        };
        let near = match shown.is_empty() {
            true => reached,
            false => Vec::new(),
        };
        let is_shown = |id: &Id| all.iter().any(|s| s.id == *id && self.shows(s));
        Some(Seen {
            event: naming(event, shown, &near, is_shown),
            near,
        })
    }
}

/// Whether nobody outside may know of an event: it names services, and none that is known is public.
pub fn is_private(named: &[Id], all: &[Service]) -> bool {
    let mut known = all.iter().filter(|s| named.contains(&s.id)).peekable();
    known.peek().is_some() && known.all(|service| !service.public)
}

/// Where people read more of an event: its public page, or that of their audience. Who is told of what is private and has no such page
/// is led to the beginning.
pub fn address(
    event: &Event,
    audience: Option<&Audience>,
    catalogue: &Catalogue,
    public_url: &str,
) -> String {
    let (base, id) = (public_url.trim_end_matches('/'), event.id());
    let own = audience.filter(|audience| audience.private_page);
    match (is_private(&event.services(), &catalogue.services), own) {
        (false, _) => format!("{base}/events/{id}"),
        (true, Some(own)) => format!("{base}{}/events/{id}", page_of(&own.id)),
        (true, None) => format!("{base}/"),
    }
}

/// Where the private page of an audience is.
pub fn page_of(audience: &Id) -> String {
    format!("/for/{audience}")
}

/// The services of an audience that an event reaches, where it hears of such events or has heard of this one.
fn hears(audience: &Audience, event: &Event, all: &[Service]) -> Option<Vec<Id>> {
    let reached = affected(&event.services(), all);
    let told = match event {
        Event::Incident(incident) => incident.told.contains(&audience.id),
        Event::Advisory(advisory) => advisory.told.contains(&audience.id),
        Event::Maintenance(_) | Event::Announcement(_) | Event::Window(_) | Event::Reminder(_) => {
            false
        }
    };
    let hears_part = audience.routing.hears_no_part_of(event.kind()).is_none();
    match told {
        true => audience.affected_by(&reached)?,
        false => audience
            .reached_by(&event.about(), &reached)
            .filter(|_| hears_part)?,
    };
    let used = reached.into_iter().map(|reached| reached.service);
    Some(used.filter(|id| audience.uses(id)).collect())
}

/// The event with these services and no others. Work that comes near is told as theirs; of an incident nobody has said what it does
/// to those.
fn naming(event: &Event, shown: Vec<Id>, near: &[Id], is_shown: impl Fn(&Id) -> bool) -> Event {
    let mut event = event.clone();
    let listed = match shown.is_empty() {
        true => near.to_vec(),
        false => shown,
    };
    match &mut event {
        Event::Maintenance(work) => work.services = listed,
        Event::Advisory(advisory) => advisory.services = listed,
        Event::Announcement(announced) => announced.services = listed,
        Event::Incident(incident) => {
            // Also what was named once and is not any more.
            incident.services.retain(|id, _| is_shown(id));
            incident.removed.retain(|id, _| is_shown(id));
            for update in &mut incident.updates {
                update.services.retain(|id, _| is_shown(id));
            }
        }
        // They stand on no page.
        Event::Window(_) | Event::Reminder(_) => {}
    }
    event
}

/// Everything that a service stands on, directly or not.
fn foundations(service: &Service, all: &[Service]) -> Vec<Id> {
    let mut found = BTreeSet::new();
    let mut waiting = service.depends_on.clone();
    while let Some(id) = waiting.pop() {
        let known = all.iter().find(|s| s.id == id);
        if found.insert(id) {
            waiting.extend(known.into_iter().flat_map(|s| s.depends_on.iter().cloned()));
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Documents;
    use crate::maintenance::Status;

    const HOUSE: &str = "
services:
  - {id: rack, name: Rack, public: no}
  - {id: database, name: Database, public: no, depends_on: [rack]}
  - {id: portal, name: Portal, depends_on: [database]}
  - {id: mail, name: Mail}
audiences:
  - {id: students, name: Students, level: non_technical, services: [portal]}
  - {id: engineers, name: Engineers, level: technical, services: ['*']}
  - {id: operators, name: Operators, level: semi_technical, services: [database], routing: {events: [incident]}}
";

    fn house() -> Catalogue {
        let texts = [(String::new(), HOUSE.to_owned())];
        let read = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1");
        read.unwrap().over(&Catalogue::default())
    }

    fn work(services: &str) -> Event {
        let text = format!(
            "{{maintenance: {{title: X, services: [{services}], start: 2026-12-01T22:00, end: 2026-12-01T23:00}}}}"
        );
        let texts = [(String::new(), text)];
        let read = Documents::parse_yaml(&texts, &house(), "MNT-1").unwrap();
        let mut work = read.maintenance.unwrap();
        work.status = Status::Scheduled;
        Event::Maintenance(work)
    }

    /// Who sees work on which services, and which of them it names there.
    #[test]
    fn each_sees_what_is_theirs_under_the_names_that_they_know() {
        let house = house();
        let audience = |id: &str| house.audiences.iter().find(|a| a.id == *id).unwrap();
        let everybody = [
            Sight::Public,
            Sight::Audience(audience("students")),
            Sight::Audience(audience("engineers")),
            Sight::Audience(audience("operators")),
        ];
        // The public page, students, engineers, operators (who hear of incidents only).
        let table = [
            ("database", [None, Some("portal"), Some("database"), None]),
            ("rack", [None, Some("portal"), Some("rack"), None]),
            (
                "database, portal",
                [
                    Some("portal"),
                    Some("portal"),
                    Some("database portal"),
                    None,
                ],
            ),
            ("mail", [Some("mail"), None, Some("mail"), None]),
        ];
        for (services, expected) in table {
            let event = work(services);
            let seen = everybody.map(|sight| sight.event(&event, &house.services));
            let seen = seen.map(|seen| {
                let ids = seen?.event.services();
                let ids: Vec<&str> = ids.iter().map(Id::as_str).collect();
                Some(ids.join(" "))
            });
            assert_eq!(seen, expected.map(|e| e.map(str::to_owned)), "{services}");
        }
        let shown = |sight: Sight<'_>| -> Vec<String> {
            let services = sight.services(&house.services);
            services.iter().map(|s| s.id.to_string()).collect()
        };
        assert_eq!(shown(everybody[0]), ["portal", "mail"]);
        assert_eq!(shown(everybody[1]), ["portal"]);
        assert_eq!(shown(everybody[2]).len(), 4);
        // What stands between is not shown, and what lies under it still counts.
        let portal = &everybody[1].services(&house.services)[0];
        assert_eq!(portal.depends_on.len(), 2);
    }

    #[test]
    fn what_names_only_what_is_gone_is_nobodys_affair() {
        let event = work("portal");
        assert!(Sight::Public.event(&event, &[]).is_none());
        let named = event.services();
        let services = house().services;
        assert!(!is_private(&named, &services) && !is_private(&named, &[]));
        assert!(is_private(&work("database, rack").services(), &services));
        assert!(!is_private(&work("database, portal").services(), &services));
    }

    #[test]
    fn nothing_private_is_open_to_whoever_subscribes() {
        for (audience, field) in [
            ("services: ['*'], self_service: yes", Some("audiences")),
            ("services: [database], self_service: yes", Some("audiences")),
            ("services: [mail], self_service: yes", None),
            (
                "services: [mail], self_service: yes, private_page: yes",
                Some("audiences[0].private_page"),
            ),
            ("services: ['*'], private_page: yes", None),
        ] {
            let text =
                format!("audiences: [{{id: open, name: Open, level: non_technical, {audience}}}]");
            let read = Documents::parse_yaml(&[(String::new(), text)], &house(), "MNT-1");
            let fields = read.err().map(|invalid| invalid.problems[0].field.clone());
            assert_eq!(fields.as_deref(), field, "{audience}");
        }
    }
}
