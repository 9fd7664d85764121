//! What stands on what, as a picture: foundations at the left, what people use at the right, so that a fault spreads from left to
//! right.
//!
//! Services stand in columns by the longest way down to a foundation. A line over several columns goes through a gap in each, so
//! that it crosses no service; services of a column are ordered by where their neighbours stand (the barycentre method, from the
//! left and from the right in turn). For each service the outlines of all that it carries are drawn and hidden; the style sheet
//! shows them while the pointer or the focus is on it, which needs no script.

use super::ServiceRow;
use std::collections::{BTreeMap, BTreeSet};

const WIDE: i64 = 184;
const HIGH: i64 = 48;
/// Between two columns, and between two services of one.
const APART: i64 = 72;
const GAP: i64 = 16;
/// What a line needs that passes a column.
const PASSAGE: i64 = 8;
const EDGE: i64 = 14;
/// Longest name that fits into a box.
const NAME: usize = 18;
/// How often columns are ordered; more changes little.
const SWEEPS: usize = 8;
/// With more services the outlines of what each carries would make a page of megabytes; the link on each still shows them.
const MOST_OUTLINED: usize = 80;

/// The picture, in pixels.
pub(super) struct Graph {
    pub width: i64,
    pub height: i64,
    pub boxes: Vec<ServiceBox>,
    pub lines: Vec<String>,
}

/// A service in the picture.
pub(super) struct ServiceBox {
    pub id: String,
    pub x: i64,
    pub y: i64,
    /// Its name, shortened to fit.
    pub name: String,
    /// All of it in words.
    pub said: String,
    pub tone: &'static str,
    pub state: &'static str,
    /// Where the services are that it carries, and the lines on the way.
    pub outlines: Vec<(i64, i64)>,
    pub ways: Vec<String>,
}

impl ServiceBox {
    pub fn wide(&self) -> i64 {
        WIDE
    }

    pub fn high(&self) -> i64 {
        HIGH
    }
}

/// What takes a place in a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The service at this place of the list.
    Service(usize),
    /// The line at this place of the list, passing.
    Passing(usize),
}

/// From one service to another that stands on it.
struct Line {
    from: usize,
    to: usize,
}

/// Services in columns, before they have coordinates.
struct Layers<'a> {
    rows: &'a [ServiceRow],
    lines: Vec<Line>,
    column_of: Vec<usize>,
    columns: Vec<Vec<Place>>,
}

impl Graph {
    /// Draws services of which at least one stands on another; nothing where none does.
    pub fn of(rows: &[ServiceRow]) -> Option<Graph> {
        let lines = lines(rows);
        if lines.is_empty() {
            return None;
        }
        let mut layers = Layers::new(rows, lines);
        for sweep in 0..SWEEPS {
            layers.order(sweep % 2 == 0);
        }
        Some(layers.drawn())
    }
}

fn lines(rows: &[ServiceRow]) -> Vec<Line> {
    let places = rows.iter().enumerate();
    let at: BTreeMap<&str, usize> = places.map(|(n, r)| (r.service.id.as_str(), n)).collect();
    let each = rows.iter().enumerate().flat_map(|(to, row)| {
        let on = row.service.depends_on.iter();
        let found = on.filter_map(|id| at.get(id.as_str()).copied());
        found.map(move |from| Line { from, to }).collect::<Vec<_>>()
    });
    each.collect()
}

impl Layers<'_> {
    fn new(rows: &[ServiceRow], mut lines: Vec<Line>) -> Layers<'_> {
        let mut column_of = vec![0; rows.len()];
        // The longest way down; a cycle, which documents refuse, ends it too.
        for _ in 0..rows.len() {
            let before = column_of.clone();
            for line in &lines {
                column_of[line.to] = column_of[line.to].max(column_of[line.from] + 1);
            }
            if column_of == before {
                break;
            }
        }
        lines.retain(|line| column_of[line.from] < column_of[line.to]);
        let last = column_of.iter().copied().max().unwrap_or(0);
        let mut columns = vec![Vec::new(); last + 1];
        let joined: BTreeSet<usize> = lines.iter().flat_map(|l| [l.from, l.to]).collect();
        for service in joined {
            columns[column_of[service]].push(Place::Service(service));
        }
        for (n, line) in lines.iter().enumerate() {
            for column in &mut columns[column_of[line.from] + 1..column_of[line.to]] {
                column.push(Place::Passing(n));
            }
        }
        Layers {
            rows,
            lines,
            column_of,
            columns,
        }
    }

    /// What a line meets in a column: one of its ends, or its own passage.
    fn met(&self, line: usize, column: usize) -> Place {
        let ends = &self.lines[line];
        match column {
            c if c == self.column_of[ends.from] => Place::Service(ends.from),
            c if c == self.column_of[ends.to] => Place::Service(ends.to),
            _ => Place::Passing(line),
        }
    }

    /// Orders every column by where its neighbours in the column before (or after) stand.
    fn order(&mut self, from_left: bool) {
        let count = self.columns.len();
        let turns: Vec<(usize, usize)> = match from_left {
            true => (1..count).map(|c| (c, c - 1)).collect(),
            false => (0..count - 1).rev().map(|c| (c, c + 1)).collect(),
        };
        for (column, beside) in turns {
            let middle = |place: &Place| self.middle(*place, column, beside);
            let here = self.columns[column].iter().enumerate();
            let mut keyed: Vec<(f64, usize, Place)> = here
                .map(|(n, place)| (middle(place).unwrap_or(n as f64), n, *place))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            self.columns[column] = keyed.into_iter().map(|(_, _, place)| place).collect();
        }
    }

    /// The mean place of what a place is joined with in the column beside.
    fn middle(&self, place: Place, column: usize, beside: usize) -> Option<f64> {
        let (low, high) = (column.min(beside), column.max(beside));
        let crosses =
            |line: &Line| self.column_of[line.from] <= low && self.column_of[line.to] >= high;
        let mut places = Vec::new();
        for (n, _) in self.lines.iter().enumerate().filter(|(_, l)| crosses(l)) {
            if self.met(n, column) == place {
                let other = self.met(n, beside);
                places.extend(self.columns[beside].iter().position(|p| *p == other));
            }
        }
        let sum: usize = places.iter().sum();
        (!places.is_empty()).then(|| sum as f64 / places.len() as f64)
    }

    fn drawn(&self) -> Graph {
        let high = |place: &Place| match place {
            Place::Service(_) => HIGH,
            Place::Passing(_) => PASSAGE,
        };
        let tall = |column: &Vec<Place>| -> i64 { column.iter().map(|p| high(p) + GAP).sum() };
        let tallest = self.columns.iter().map(tall).max().unwrap_or(0);
        // By column and place: the upper edge.
        let tops: Vec<Vec<i64>> = self
            .columns
            .iter()
            .map(|column| {
                let mut y = EDGE + (tallest - tall(column)) / 2;
                let step = |place: &Place| {
                    let top = y;
                    y += high(place) + GAP;
                    top
                };
                column.iter().map(step).collect()
            })
            .collect();
        let at = |column: usize, place: Place| -> (i64, i64) {
            let found = self.columns[column].iter().position(|p| *p == place);
            let top = found.map_or(EDGE, |n| tops[column][n]);
            (EDGE + column as i64 * (WIDE + APART), top)
        };
        let lines: Vec<String> = (0..self.lines.len())
            .map(|n| {
                let ends = &self.lines[n];
                let columns = self.column_of[ends.from]..=self.column_of[ends.to];
                let stops = columns.map(|column| {
                    let place = self.met(n, column);
                    let (x, y) = at(column, place);
                    (x, y + high(&place) / 2)
                });
                path(&stops.collect::<Vec<_>>())
            })
            .collect();
        let services = self
            .columns
            .iter()
            .flatten()
            .filter_map(|place| match place {
                Place::Service(service) => Some(*service),
                Place::Passing(_) => None,
            });
        let services: Vec<usize> = services.collect();
        let outlined = services.len() <= MOST_OUTLINED;
        let boxes = services.iter().map(|service| {
            let (x, y) = at(self.column_of[*service], Place::Service(*service));
            let carried = match outlined {
                true => self.carried(*service),
                false => BTreeSet::new(),
            };
            let inside = |l: &&Line| {
                carried.contains(&l.to) && (l.from == *service || carried.contains(&l.from))
            };
            let ways = self.lines.iter().zip(&lines);
            ServiceBox {
                ways: ways
                    .filter(|(line, _)| inside(line))
                    .map(|(_, path)| path.clone())
                    .collect(),
                outlines: carried
                    .iter()
                    .map(|s| at(self.column_of[*s], Place::Service(*s)))
                    .collect(),
                x,
                y,
                ..boxed(&self.rows[*service])
            }
        });
        Graph {
            width: 2 * EDGE + self.columns.len() as i64 * (WIDE + APART) - APART,
            height: 2 * EDGE + tallest - GAP,
            boxes: boxes.collect(),
            lines: lines.clone(),
        }
    }

    /// Every service that stands on this one, directly or not.
    fn carried(&self, service: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![service];
        while let Some(next) = waiting.pop() {
            for line in self.lines.iter().filter(|line| line.from == next) {
                if found.insert(line.to) {
                    waiting.push(line.to);
                }
            }
        }
        found
    }
}

/// A service without its place.
fn boxed(row: &ServiceRow) -> ServiceBox {
    let carries = match row.carries.len() {
        0 => "carries nothing".to_owned(),
        1 => "carries 1 service".to_owned(),
        n => format!("carries {n} services"),
    };
    let state = row.state.words();
    ServiceBox {
        id: row.service.id.to_string(),
        x: 0,
        y: 0,
        name: super::picture::shortened(&row.service.name, NAME),
        said: format!("{}: {}, {carries}", row.service.name, state.to_lowercase()),
        tone: row.state.tone(),
        state,
        outlines: Vec::new(),
        ways: Vec::new(),
    }
}

/// A smooth line from box to box, straight where it passes a column.
fn path(stops: &[(i64, i64)]) -> String {
    let mut said = String::new();
    for (n, pair) in stops.windows(2).enumerate() {
        let ((x1, y1), (x2, y2)) = ((pair[0].0 + WIDE, pair[0].1), pair[1]);
        let middle = (x1 + x2) / 2;
        let begin = if n == 0 { "M" } else { " L" };
        said += &format!("{begin}{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_page::state::ServiceState;
    use forewarn_core::document::{Problems, parse_yaml};
    use forewarn_core::service::Service;

    /// Services by name, each with what it stands on.
    fn graph(of: &[(&str, &[&str])]) -> Graph {
        let row = |(id, on): &(&str, &[&str])| {
            let text = format!("{{id: {id}, name: {id}, depends_on: [{}]}}", on.join(", "));
            let node = &parse_yaml(&text).unwrap()[0];
            ServiceRow {
                service: Service::read(node, "", &mut Problems::default()).unwrap(),
                state: ServiceState::Operational,
                stands_on: Vec::new(),
                carries: Vec::new(),
                audiences: Vec::new(),
            }
        };
        Graph::of(&of.iter().map(row).collect::<Vec<_>>()).expect("a picture")
    }

    fn at(graph: &Graph, id: &str) -> (i64, i64) {
        let found = graph.boxes.iter().find(|b| b.id == id);
        found.map(|b| (b.x, b.y)).expect("a box")
    }

    #[test]
    fn what_stands_on_something_is_to_the_right_of_it_and_no_boxes_overlap() {
        let graph = graph(&[
            ("portal", &["api", "database"]),
            ("api", &["database", "sso"]),
            ("mail", &["sso"]),
            ("alone", &[]),
            ("database", &[]),
            ("sso", &[]),
        ]);
        assert!(at(&graph, "database").0 < at(&graph, "api").0);
        assert!(at(&graph, "api").0 < at(&graph, "portal").0);
        assert!(graph.boxes.iter().all(|b| b.id != "alone"));
        for (n, one) in graph.boxes.iter().enumerate() {
            assert!(one.x + WIDE <= graph.width && one.y + HIGH <= graph.height);
            for other in &graph.boxes[..n] {
                let beside = (one.x - other.x).abs() >= WIDE;
                assert!(beside || (one.y - other.y).abs() >= HIGH + GAP);
            }
        }
    }

    #[test]
    fn a_service_outlines_all_that_it_carries_also_by_others() {
        let graph = graph(&[
            ("portal", &["api"]),
            ("api", &["database"]),
            ("mail", &["sso"]),
            ("database", &[]),
            ("sso", &[]),
        ]);
        let database = graph.boxes.iter().find(|b| b.id == "database").unwrap();
        let outlined: BTreeSet<(i64, i64)> = database.outlines.iter().copied().collect();
        let carried = [at(&graph, "api"), at(&graph, "portal")];
        assert_eq!(outlined, carried.into_iter().collect());
        assert_eq!(database.ways.len(), 2);
    }

    #[test]
    fn lines_do_not_cross_where_they_need_not() {
        let graph = graph(&[("a", &[]), ("b", &[]), ("on-b", &["b"]), ("on-a", &["a"])]);
        let above = |one: &str, other: &str| at(&graph, one).1 < at(&graph, other).1;
        assert_eq!(above("a", "b"), above("on-a", "on-b"));
    }
}
