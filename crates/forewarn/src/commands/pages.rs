//! Lists that the server gives page by page.

use crate::client::Client;
use anyhow::bail;
use serde_json::{Value, json};

/// More pages than this are not read: somebody forgot a filter, or the server turns in a circle.
const MOST_PAGES: usize = 2_000;

/// Every item of a list, as `{"items": [...], "next": null}`; `limit` ends it early.
///
/// # Errors
/// As [`Client::get`].
pub async fn all(
    client: &Client,
    path: &str,
    query: &[(&str, Option<&str>)],
    limit: Option<usize>,
) -> anyhow::Result<Value> {
    let filters: Vec<(&str, &str)> = query
        .iter()
        .filter_map(|(name, value)| value.map(|value| (*name, value)))
        .collect();
    let (mut items, mut after) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let mut query = filters.clone();
        query.extend(after.as_deref().map(|after| ("after", after)));
        let mut page = client.get(&[path], &query).await?;
        let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) else {
            bail!("the server's answer has no items");
        };
        items.extend(found);
        let next = match page.get("next") {
            None | Some(Value::Null) => None,
            Some(Value::String(next)) => Some(next.clone()),
            Some(other) => Some(other.to_string()),
        };
        let enough = limit.is_some_and(|limit| items.len() >= limit);
        if enough || next.is_none() {
            items.truncate(limit.unwrap_or(usize::MAX));
            return Ok(json!({"items": items, "next": next}));
        }
        if next == after {
            bail!("the server gives the same page again");
        }
        after = next;
    }
    bail!("there are more than {MOST_PAGES} pages; use --event, --status or --limit")
}
