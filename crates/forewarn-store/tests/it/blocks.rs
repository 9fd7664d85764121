//! Blocks: neighbours among contacts have deliveries whose ids lie side by side, and an id is the same for as long as its endpoint exists.

use crate::database::Database;
use crate::samples::*;
use forewarn_store::Lane;
use std::collections::{BTreeMap, BTreeSet};

/// The id of each contact's delivery of a notice, without its slot.
async fn called(db: &Database, notice: &str) -> BTreeMap<String, String> {
    let of = all_deliveries(&db.store)
        .await
        .into_iter()
        .filter(|d| d.notice == notice);
    of.map(|d| (d.contact, d.id.split_once('.').unwrap().1.to_owned()))
        .collect()
}

on_both_databases! {
    async fn neighbours_have_deliveries_side_by_side(db: &Database) {
        let all: Vec<_> = (0..6_000).map(|n| contact(&format!("c{n:06}"), &["students"])).collect();
        // In an order that has nothing to do with their ids, in two lists.
        let (even, odd): (Vec<_>, Vec<_>) = all.iter().cloned().rev().partition(|c| c.id.as_str().ends_with(['0', '2', '4', '6', '8']));
        for list in [odd, even] {
            db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        }
        let plan = vec![notice("n1", "announcement", 1), notice("n2", "start", 600)];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(plan)).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 6_000);
        let first = called(&db, "n1").await;
        let ids: BTreeSet<&str> = first.values().map(String::as_str).collect();
        assert_eq!(ids.len(), 6_000, "an id is one endpoint's");
        assert!(ids.iter().all(|id| id.len() == 20), "a return path has room for no more");

        // Whoever stands before the first block has an id of hash alone; the others have few blocks, and neighbours the same.
        let begins: Vec<&str> = first.values().map(|id| &id[..4]).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for begin in &begins {
            *times.entry(begin).or_default() += 1;
        }
        let blocks: Vec<&str> = begins.iter().copied().filter(|begin| times[begin] > 10).collect();
        assert!(blocks.len() > 3_000, "{} are in blocks", blocks.len());
        let different = |blocks: &[&str]| blocks.iter().collect::<BTreeSet<_>>().len();
        assert!(blocks.chunks(500).all(|some| different(some) <= 6), "{blocks:?}");
        assert!(different(&blocks) < 30, "{blocks:?}");

        // Whoever a block begins with goes; nobody else is called otherwise because of that, nor because lists come again.
        let gone = begins.windows(2).position(|two| two[0] != two[1] && times[two[1]] > 10).unwrap() + 1;
        let gone = first.keys().nth(gone).unwrap().clone();
        assert!(db.store.remove_contact(&gone, "ann", at(20)).await.unwrap());
        db.store.import_contacts(&all, "ann", at(30)).await.unwrap();
        begin(&db.store, Lane::Planned, at(600)).await;
        assert_eq!(expand(&db.store, "n2", at(600)).await, 6_000);
        let mut second = called(&db, "n2").await;
        let mut first = first;
        assert!(first.remove(&gone).is_some() && second.remove(&gone).is_some());
        assert_eq!(first, second);
    }
}
