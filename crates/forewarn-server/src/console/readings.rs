//! Where the clocks change, a time that somebody typed can mean two moments, or be one that no clock shows. Then they are asked which
//! is meant: the field `start_reading` beside `start` holds the answer.

use super::forms::Typed;
use forewarn_core::calendar::{Reading, instant};
use forewarn_core::problem::Problem;
use forewarn_core::time::{CivilTime, Zone};
use jiff::Timestamp;

/// What a typed time can mean, each as a document says it and in words. Nothing where it means one moment.
pub(super) type Readings = Vec<(String, String)>;

/// A question to whoever typed a time: the field of the answer, its words, what can be answered.
pub(super) type Question = (String, &'static str, Readings);

/// The times that a form may hold, with the question for each.
const QUESTIONS: [(&str, &str); 5] = [
    ("start", "Which start is meant?"),
    ("end", "Which end is meant?"),
    ("effective", "Which moment is meant?"),
    ("started_at", "Which beginning is meant?"),
    ("resolved_at", "Which end is meant?"),
];

/// What must be asked of the times in a form.
pub(super) fn questions(typed: &Typed, zone: &Zone) -> Vec<Question> {
    let asked = QUESTIONS.into_iter().map(|(name, words)| {
        let meant = readings(typed.value(name), zone);
        (reading_of(name), words, meant)
    });
    asked.filter(|(_, _, meant)| !meant.is_empty()).collect()
}

/// The field that says which reading of another is meant.
fn reading_of(name: &str) -> String {
    format!("{name}_reading")
}

/// An instant that is known already, as the two fields of a form hold it.
pub(super) fn known(name: &str, at: Timestamp, zone: &Zone) -> [(String, String); 2] {
    let at = zone.at(at);
    let civil = at.strftime("%Y-%m-%dT%H:%M").to_string();
    [(name.to_owned(), civil), (reading_of(name), at.to_string())]
}

/// What this time can mean.
fn readings(typed: &str, zone: &Zone) -> Readings {
    let Ok(time) = CivilTime::parse(typed, zone) else {
        return Vec::new();
    };
    let Ok(resolved) = instant(time.civil, time.zone.tz()) else {
        return Vec::new();
    };
    let other = match resolved.reading {
        Reading::Unambiguous => return Vec::new(),
        Reading::Gap { other } | Reading::Fold { other } => other,
    };
    let both = [resolved.at, other].map(|at| time.zone.at(at));
    let said = both.map(|at| (at.to_string(), at.strftime("%H:%M %Z (UTC%:z)").to_string()));
    said.into()
}

/// The fields with the answers in their place, and the questions that are not answered yet.
pub(super) fn settle(
    fields: &[(String, String)],
    zone: &Zone,
) -> (Vec<(String, String)>, Vec<Problem>) {
    let typed = Typed {
        fields: fields.to_vec(),
        problems: Vec::new(),
    };
    let mut settled = fields.to_vec();
    let mut open = Vec::new();
    for (name, _) in QUESTIONS {
        let answer = reading_of(name);
        settled.retain(|(known, _)| *known != answer);
        let meant = readings(typed.value(name), zone);
        let chosen = meant.iter().find(|(id, _)| *id == typed.value(&answer));
        match chosen {
            Some((id, _)) => settled
                .iter_mut()
                .filter(|(known, _)| *known == name)
                .for_each(|(_, value)| value.clone_from(id)),
            None if meant.is_empty() => {}
            None => open.push(Problem::new(
                name,
                "the clocks change then: say which time is meant",
            )),
        }
    }
    (settled, open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_a_time_that_exists_twice_is_asked_and_heard() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        assert!(readings("2027-11-07T04:30", &zone).is_empty());
        assert!(readings("soon", &zone).is_empty());
        let twice = readings("2027-11-07T01:30", &zone);
        let words: Vec<&str> = twice.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(words, ["01:30 PDT (UTC-07:00)", "01:30 PST (UTC-08:00)"]);
        assert_eq!(
            readings("2027-03-14T02:30", &zone).len(),
            2,
            "it does not exist"
        );

        let typed = |answer: &str| {
            [
                ("start", "2027-11-07T01:30"),
                ("start_reading", answer),
                ("end", "2027-11-07T04:30"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let (fields, open) = settle(&typed(""), &zone);
        assert_eq!((fields.len(), open[0].field.as_str()), (2, "start"));
        let (fields, open) = settle(&typed(&twice[1].0), &zone);
        assert!(open.is_empty());
        let meant = CivilTime::parse(&fields[0].1, &zone).unwrap();
        assert_eq!(meant.instant().to_string(), "2027-11-07T09:30:00Z");
        // What is known already needs no answer.
        let second = meant.instant();
        let fields = known("start", second, &zone);
        assert_eq!(fields[0].1, "2027-11-07T01:30");
        let (fields, open) = settle(&fields, &zone);
        assert!(open.is_empty());
        assert_eq!(
            CivilTime::parse(&fields[0].1, &zone).unwrap().instant(),
            second
        );
        // Only what was offered is an answer.
        assert_eq!(settle(&typed("2030-01-01T00:00Z"), &zone).1.len(), 1);
    }
}
