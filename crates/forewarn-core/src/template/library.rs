//! The built-in English library, written after the rules of messages that people understand.

use super::Template;
use crate::document::{Problems, parse_yaml};
use std::sync::LazyLock;

const ENGLISH: &str = include_str!("../../data/templates/en.yaml");

static LIBRARY: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let mut problems = Problems::default();
    let nodes = parse_yaml(ENGLISH).unwrap_or_default();
    let library = nodes
        .iter()
        .filter_map(|node| Template::read(node, "", &mut problems))
        .collect();
    debug_assert!(problems.0.is_empty(), "{:?}", problems.0);
    library
});

/// The templates that exist without being written, for every milestone; an organisation's own take their place.
pub fn built_in() -> &'static [Template] {
    &LIBRARY
}
