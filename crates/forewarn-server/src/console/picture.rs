//! A plan as a picture: a lane for each audience, a column for each time at which somebody hears, and "now".
//!
//! Weeks and minutes do not fit one scale, so columns stand at equal distances and say their time; between two
//! columns the "now" line stands where its share of that stretch puts it.

use super::plan::{Plan, PlannedNotice};
use crate::status_page::milestone_words;
use forewarn_core::time::Zone;
use jiff::Timestamp;

/// A column is at least so wide: a date stands under it.
const COLUMN: i64 = 92;
/// How wide a letter of the small type may be, in tenths of a pixel.
const LETTER: i64 = 76;
const LANE: i64 = 38;
const TOP: i64 = 74;
/// Longest name of an audience that fits before the lanes.
const NAME: usize = 20;

/// The picture, in pixels.
pub(super) struct Picture {
    pub width: i64,
    pub height: i64,
    /// Where lanes begin and end.
    pub left: i64,
    pub bottom: i64,
    /// The window's left edge and width.
    pub window: Option<(i64, i64)>,
    pub columns: Vec<Column>,
    pub lanes: Vec<Lane>,
    /// Where now is.
    pub now: i64,
}

/// A time at which somebody hears, or at which the window begins or ends.
pub(super) struct Column {
    pub x: i64,
    /// What happens, in up to two short lines.
    pub name: Vec<String>,
    pub date: String,
    pub clock: String,
}

/// An audience.
pub(super) struct Lane {
    pub y: i64,
    pub name: String,
    pub dots: Vec<Dot>,
}

/// A notice.
pub(super) struct Dot {
    pub x: i64,
    pub class: &'static str,
}

impl Picture {
    /// Draws a plan.
    pub fn of(plan: &Plan, zone: &Zone, now: Timestamp) -> Picture {
        let mut times: Vec<Timestamp> = plan.notices.iter().map(|n| n.due).collect();
        times.extend(plan.window.iter().flat_map(|(start, end)| [*start, *end]));
        times.sort_unstable();
        times.dedup();
        let scale = Scale::of(plan, zone, times);
        let (times, left) = (&scale.times, scale.left);
        let lanes = lanes(plan, &scale);
        let bottom = TOP + LANE * lanes.len() as i64 - 12;
        Picture {
            width: left + scale.column * times.len() as i64 + 8,
            height: bottom + 62,
            left,
            bottom,
            window: plan.window.map(|(start, end)| {
                let (from, to) = (scale.place(start), scale.place(end));
                (from - 12, to - from + 24)
            }),
            columns: times
                .iter()
                .map(|at| column(plan, zone, *at, scale.place(*at)))
                .collect(),
            lanes,
            now: scale.place(now),
        }
    }
}

/// Where instants stand.
struct Scale {
    times: Vec<Timestamp>,
    /// Where lanes begin.
    left: i64,
    /// How wide a column is: its longest word fits, so that two beside each other can be read.
    column: i64,
}

impl Scale {
    fn of(plan: &Plan, zone: &Zone, times: Vec<Timestamp>) -> Scale {
        let names = times.iter().flat_map(|at| column(plan, zone, *at, 0).name);
        let longest = names.map(|word| word.chars().count() as i64).max();
        Scale {
            left: left(plan),
            column: COLUMN.max(longest.unwrap_or(0) * LETTER / 10 + 6),
            times,
        }
    }

    /// Where an instant stands: on its column, or between two by its share of the time between them.
    fn place(&self, at: Timestamp) -> i64 {
        let (times, column) = (&self.times, self.column);
        let x = |n: usize| self.left + column / 2 + column * n as i64;
        match times.binary_search(&at) {
            Ok(n) => x(n),
            Err(0) => self.left + 4,
            Err(n) if n == times.len() => x(n - 1) + column / 2 - 6,
            Err(n) => {
                let whole = times[n].duration_since(times[n - 1]).as_secs_f64();
                let part = at.duration_since(times[n - 1]).as_secs_f64();
                x(n - 1) + (column as f64 * part / whole) as i64
            }
        }
    }
}

/// Room for the names of audiences.
fn left(plan: &Plan) -> i64 {
    let longest = plan.notices.iter().map(|n| n.audience.chars().count());
    40 + 7 * longest.max().unwrap_or(0).min(NAME) as i64
}

fn column(plan: &Plan, zone: &Zone, at: Timestamp, x: i64) -> Column {
    let here: Vec<&PlannedNotice> = plan.notices.iter().filter(|n| n.due == at).collect();
    let name = here.first().map_or_else(
        || match plan.window {
            Some((_, end)) if end == at => "End".to_owned(),
            _ => String::new(),
        },
        |notice| match &notice.offset {
            Some(percent) if percent.ends_with('%') => percent.clone(),
            _ => milestone_words(&notice.milestone),
        },
    );
    let shown = zone.at(at);
    Column {
        x,
        name: name.split(' ').take(2).map(str::to_owned).collect(),
        date: shown.strftime("%a %-d %b").to_string(),
        clock: shown.strftime("%H:%M").to_string(),
    }
}

fn lanes(plan: &Plan, scale: &Scale) -> Vec<Lane> {
    let mut lanes: Vec<(&str, Lane)> = Vec::new();
    for notice in &plan.notices {
        let dot = Dot {
            x: scale.place(notice.due),
            class: match notice.status.as_str() {
                "sent" | "sending" => "sent",
                "moved" | "superseded" | "cancelled" => "gone",
                _ if !notice.stands_for.is_empty() => "late",
                _ => "",
            },
        };
        match lanes.iter_mut().find(|(name, _)| *name == notice.audience) {
            Some((_, lane)) => lane.dots.push(dot),
            None => lanes.push((
                &notice.audience,
                Lane {
                    y: TOP + LANE * lanes.len() as i64,
                    name: shortened(&notice.audience, NAME),
                    dots: vec![dot],
                },
            )),
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

/// A name of at most so many letters.
pub(super) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        name.to_owned()
    } else {
        let cut: String = name.chars().take(most - 1).collect();
        format!("{}…", cut.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_of_a_column_keeps_clear_of_the_next() {
        let at = |minute: i64| Timestamp::from_second(1_790_000_000 + minute * 60).unwrap();
        let notice = |milestone: &str, minute| PlannedNotice {
            milestone: milestone.into(),
            offset: None,
            stands_for: Vec::new(),
            audience: "Students".into(),
            level: forewarn_core::audience::Level::NonTechnical,
            channels: Vec::new(),
            due: at(minute),
            because: String::new(),
            status: "planned".into(),
        };
        let plan = Plan {
            notices: vec![notice("announcement", 0), notice("announcement", 5)],
            ..Plan::default()
        };
        let picture = Picture::of(&plan, &Zone::utc(), at(3));
        let apart = picture.columns[1].x - picture.columns[0].x;
        // Bold letters of the widest face in use, 10.6 pixels high, are 7.4 pixels wide.
        assert!(
            apart * 10 >= "Announcement".len() as i64 * 74 + 60,
            "{apart}"
        );
        assert!(picture.width > picture.columns[1].x + apart / 2);
        let (first, second) = (picture.columns[0].x, picture.columns[1].x);
        assert!(first < picture.now && picture.now < second);
    }
}
