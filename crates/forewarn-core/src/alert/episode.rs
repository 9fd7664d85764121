//! Flap damping: an alert that fires, ends and fires again within the window is one episode, however often it does so. Only
//! the first firing of an episode asks for attention.

use super::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One stretch of trouble with an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Whether it fires now.
    pub firing: bool,
    /// When it fired first.
    pub began: Timestamp,
    /// Since when it fires or fired last.
    pub since: Timestamp,
    /// When it ended last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<Timestamp>,
    /// How often it fired.
    pub times: u32,
}

/// What a report of an alert means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// New trouble.
    Opens,
    /// It fires still, and that is known.
    Repeats,
    /// It fires again within the window: the same trouble.
    Again,
    /// It is over.
    Ends,
    /// It is known to be over, was never heard of, or is older than what is known.
    Nothing,
}

/// What a report means after what is known, and what is known from then on. `at` is since when it fires, or when it ended;
/// `now` where the source does not say.
pub fn hear(
    known: Option<&Episode>,
    state: State,
    at: Option<Timestamp>,
    window: SignedDuration,
    now: Timestamp,
) -> (Option<Episode>, Heard) {
    // A source whose clock runs ahead does not push the end of the window away.
    let at = at.unwrap_or(now).min(now);
    match (known, state) {
        (None, State::Resolved) => (None, Heard::Nothing),
        (None, State::Firing) => (Some(Episode::first(at)), Heard::Opens),
        (Some(known), State::Firing) if known.firing => (Some(known.clone()), Heard::Repeats),
        (Some(known), State::Firing) => {
            // A report that was delayed on its way tells of the firing that is over.
            if at <= known.since && at != now {
                return (Some(known.clone()), Heard::Nothing);
            }
            let ended = known.ended.unwrap_or(known.since);
            if now.duration_since(ended) >= window {
                return (Some(Episode::first(at)), Heard::Opens);
            }
            let again = Episode {
                firing: true,
                since: at,
                times: known.times.saturating_add(1),
                ..known.clone()
            };
            (Some(again), Heard::Again)
        }
        (Some(known), State::Resolved) if known.firing => {
            let ended = Episode {
                firing: false,
                ended: Some(at.max(known.since)),
                ..known.clone()
            };
            (Some(ended), Heard::Ends)
        }
        (Some(known), State::Resolved) => (Some(known.clone()), Heard::Nothing),
    }
}

impl Episode {
    fn first(at: Timestamp) -> Episode {
        Episode {
            firing: true,
            began: at,
            since: at,
            ended: None,
            times: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A course of reports, and what it is heard as.
    type Case<'a> = (&'a [(i64, bool)], &'a [Heard]);

    const WINDOW: SignedDuration = SignedDuration::from_mins(30);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
    }

    /// What a course of reports is heard as: `(minute, fires)`.
    fn heard(course: &[(i64, bool)]) -> Vec<Heard> {
        let mut known = None;
        let mut all = Vec::new();
        for (minute, fires) in course {
            let state = if *fires {
                State::Firing
            } else {
                State::Resolved
            };
            let (next, heard) = hear(
                known.as_ref(),
                state,
                Some(at(*minute)),
                WINDOW,
                at(*minute),
            );
            known = next;
            all.push(heard);
        }
        all
    }

    #[test]
    fn an_alert_that_comes_and_goes_is_one_episode() {
        use Heard::{Again, Ends, Nothing, Opens, Repeats};
        let cases: [Case<'_>; 5] = [
            (
                &[(0, true), (1, true), (2, false), (3, false)],
                &[Opens, Repeats, Ends, Nothing],
            ),
            (
                &[(0, true), (1, false), (20, true), (21, false), (50, true)],
                &[Opens, Ends, Again, Ends, Again],
            ),
            (&[(0, true), (1, false), (31, true)], &[Opens, Ends, Opens]),
            (&[(0, false), (1, true)], &[Nothing, Opens]),
            (
                &[(0, true), (100, true), (200, false)],
                &[Opens, Repeats, Ends],
            ),
        ];
        for (course, expected) in cases {
            assert_eq!(heard(course), expected, "{course:?}");
        }
    }

    #[test]
    fn a_report_that_comes_late_does_not_open_what_is_over() {
        let (known, _) = hear(None, State::Firing, Some(at(0)), WINDOW, at(0));
        let (known, _) = hear(known.as_ref(), State::Resolved, Some(at(5)), WINDOW, at(5));
        let (after, heard) = hear(known.as_ref(), State::Firing, Some(at(0)), WINDOW, at(90));
        assert_eq!((after, heard), (known, Heard::Nothing));
    }

    proptest! {
        #[test]
        fn only_a_calm_as_long_as_the_window_lets_an_alert_ask_again(
            steps in prop::collection::vec((0i64..60, any::<bool>()), 0..60)
        ) {
            let (mut minute, mut course) = (0, Vec::new());
            for (wait, fires) in steps {
                minute += wait;
                course.push((minute, fires));
            }
            let all = heard(&course);
            let (mut ended, mut opened) = (None, false);
            for (step, heard) in course.iter().zip(&all) {
                match heard {
                    Heard::Opens => {
                        let calm = ended.is_none_or(|end: i64| step.0 - end >= 30);
                        prop_assert!(!opened || calm, "{course:?} {all:?}");
                        opened = true;
                    }
                    Heard::Ends => ended = Some(step.0),
                    Heard::Again => prop_assert!(ended.is_some_and(|end| step.0 - end < 30)),
                    Heard::Repeats | Heard::Nothing => {}
                }
            }
        }
    }
}
