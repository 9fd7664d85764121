//! What may stand in documents and is hardly meant so: told beside what was read, offline and online alike.

use super::Documents;
use crate::audience::Level;
use crate::problem::Problem;
use crate::template::Template;
use crate::window::Window;
use jiff::civil::Date;

impl Documents {
    /// What whoever wrote this should look at, each with its field. Nothing of it is refused.
    pub fn advice(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for (s, service) in self.services.iter().enumerate() {
            for (w, window) in service.windows.iter().enumerate() {
                let at = format!("services[{s}].windows[{w}]");
                found.extend(exceptions_of_nothing(window, &at));
            }
        }
        let templates = self.templates.iter().enumerate();
        found.extend(templates.filter_map(|(t, template)| {
            Some(Problem::new(
                format!("templates[{t}].body"),
                silent(template)?,
            ))
        }));
        found
    }

    /// What is missing where an organisation is described: every message says where to report trouble, as far as anybody said it.
    pub fn nowhere_to_report(&self) -> Option<Problem> {
        let organisation = self.organisation.as_ref()?;
        let facts = [
            self.maintenance.as_ref().map(|work| &work.facts),
            self.announcement.as_ref().map(|announced| &announced.facts),
            self.advisory.as_ref().map(|report| &report.facts),
        ];
        let mut named = facts.into_iter().flatten();
        let is_said = organisation.contact.is_some() || named.any(|f| f.contact.is_some());
        let problem = "is missing: messages say where to report trouble only where their event names a contact; \
            else people can answer a mail, and read nowhere else what to do";
        (!is_said).then(|| Problem::new("organisation.contact", problem))
    }
}

/// What to look at in a template that says nothing to some of those whom it is for. Messages without a text are refused when somebody
/// is to agree to them or to send them.
pub fn silent(template: &Template) -> Option<String> {
    let levels: Vec<&str> = template
        .silent_at()
        .into_iter()
        .map(Level::as_str)
        .collect();
    (!levels.is_empty()).then(|| {
        format!(
            "says nothing at level {}, also with everything known: write something outside of its conditions, or a template for that level",
            levels.join(" and ")
        )
    })
}

/// Exceptions from the rule of a window that name dates on which it has nothing; `at` is the window's own path.
pub fn exceptions_of_nothing(window: &Window, at: &str) -> Vec<Problem> {
    let at = match at {
        "" => String::new(),
        path => format!("{path}."),
    };
    let exdates = window.exdates.iter().enumerate();
    let exdates = exdates.map(|(n, date)| (format!("{at}exdates[{n}]"), *date));
    let moved = window.moved.keys();
    let moved = moved.map(|date| (format!("{at}moved.{date}"), *date));
    let nothing = |(field, date): (String, Date)| {
        let nearest = window.nearest(date);
        let problem = match nearest {
            Some(nearest) if nearest == date => return None,
            Some(nearest) => {
                format!("the window does not come on {date}; the nearest is on {nearest}")
            }
            None => format!("the window does not come on {date}, nor anywhere near it"),
        };
        Some(Problem::new(field, problem))
    };
    exdates.chain(moved).filter_map(nothing).collect()
}

#[cfg(test)]
mod tests {
    use crate::document::{Catalogue, Documents};

    fn read(yaml: &str) -> Documents {
        let texts = [(String::new(), yaml.to_owned())];
        Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1").unwrap()
    }

    #[test]
    fn an_exception_on_a_day_without_the_window_is_told_with_the_nearest() {
        let services = "services: [{id: portal, name: Portal, windows: [
            {rrule: FREQ=WEEKLY;BYDAY=SU, start: '22:00', duration: PT4H, exdates: [2026-12-27, 2026-12-25, 2023-12-31], moved: {2026-12-05: 2026-12-07T20:00}},
            {rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29, start: '22:00', duration: PT4H, exdates: [2026-02-28, 2028-02-29]},
            {rrule: FREQ=DAILY;COUNT=3, from: 2026-12-01, start: '22:00', duration: PT4H, exdates: [2040-01-01]}]}]";
        let told: Vec<String> = read(services)
            .advice()
            .iter()
            .map(ToString::to_string)
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        services[0].windows[0].exdates[1]: the window does not come on 2026-12-25; the nearest is on 2026-12-27
        services[0].windows[0].exdates[2]: the window does not come on 2023-12-31; the nearest is on 2024-01-07
        services[0].windows[0].moved.2026-12-05: the window does not come on 2026-12-05; the nearest is on 2026-12-06
        services[0].windows[1].exdates[0]: the window does not come on 2026-02-28; the nearest is on 2024-02-29
        services[0].windows[2].exdates[0]: the window does not come on 2040-01-01, nor anywhere near it
        ");
    }

    #[test]
    fn that_nobody_said_where_to_report_trouble_is_told() {
        let organisation = "organisation: {name: Example University, time_zone: UTC}";
        let told = read(organisation).nowhere_to_report().unwrap();
        assert_eq!(told.field, "organisation.contact");
        for said in [
            "organisation: {name: Example University, time_zone: UTC, contact: help@example.edu}",
            "organisation: {name: Example University, time_zone: UTC}\nservices: [{id: portal, name: Portal}]\nmaintenance: {title: X, services: [portal], start: 2026-12-01T22:00, end: 2026-12-01T23:00, facts: {contact: '1234'}}",
            "services: [{id: portal, name: Portal}]",
        ] {
            assert_eq!(read(said).nowhere_to_report(), None, "{said}");
        }
    }
}
