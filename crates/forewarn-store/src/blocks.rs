//! Blocks: neighbours among contacts have deliveries whose ids begin alike.
//!
//! The id of a delivery has to be the same whenever it is made, and an endpoint's id is a hash, so that it tells nobody what its contact
//! is called. With hashes alone every delivery of a large audience changes another page of the index of ids. Parts of an audience are
//! ranges of contacts, so what takes the place of the hash's first letters is the same for some thousand contacts that follow each other: a part's ids lie on
//! few pages. An endpoint keeps its block for as long as it exists; one that has none, from before there were any, goes without.
//!
//! Where a block begins is up to its first contact's id alone, so that it does not matter in which order contacts came.

use crate::db::{Tx, args};
use crate::error::Result;
use forewarn_core::id::derive;
use std::collections::{BTreeMap, HashMap};

/// SQL for what an endpoint is called in the ids of deliveries to it: its id, of which the block takes the first letters. It stays as long
/// as it was, for a return path holds it (RFC 5321 4.5.3.1.1), and 80 bits of the hash tell neighbours apart.
macro_rules! called {
    ($endpoint:literal) => {
        concat!(
            "COALESCE(",
            $endpoint,
            ".block || substr(",
            $endpoint,
            ".id, 5), ",
            $endpoint,
            ".id)"
        )
    };
}
pub(crate) use called;

/// SQL for what the delivery of a slot to an endpoint is called, or to all who share it as `$shared`.
macro_rules! delivery_id {
    ($slot:literal, $endpoint:literal) => {
        concat!($slot, " || '.' || ", crate::blocks::called!($endpoint))
    };
    ($slot:literal, $endpoint:literal, $shared:literal) => {
        concat!(
            $slot,
            " || '.' || COALESCE(",
            $shared,
            ", ",
            crate::blocks::called!($endpoint),
            ")"
        )
    };
}
pub(crate) use delivery_id;

/// What ids of deliveries begin with from this contact on, if a block begins here: one contact in 1,024.
fn begins(contact: &str) -> Option<String> {
    let hash = derive(&["block", contact]);
    hash.strip_prefix("00").map(|rest| rest[..4].to_owned())
}

/// Begins the blocks that begin with one of these contacts, in their order: who begins others at the same time does so too.
pub(crate) async fn begin_blocks(tx: &mut Tx, contacts: impl Iterator<Item = &str>) -> Result<()> {
    let begun: BTreeMap<&str, String> = contacts
        .filter_map(|contact| Some((contact, begins(contact)?)))
        .collect();
    for (contact, block) in begun {
        let sql = "INSERT INTO blocks (contact, block) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, args![contact, block]).await?;
    }
    Ok(())
}

/// The blocks of these contacts. Whoever stands before the first has none.
pub(crate) async fn blocks_of(
    tx: &mut Tx,
    contacts: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>> {
    let contacts = crate::json_list(contacts);
    let of =
        "(SELECT b.block FROM blocks b WHERE b.contact <= c.value ORDER BY b.contact DESC LIMIT 1)";
    let all = tx.either("json_each($1)", "jsonb_array_elements_text($1::jsonb)");
    let sql = format!("SELECT c.value, {of} FROM {all} c");
    let mut found = HashMap::new();
    for row in tx.rows(&sql, args![contacts]).await? {
        if let Some(block) = row.maybe_text(1)? {
            found.insert(row.text(0)?, block);
        }
    }
    Ok(found)
}
