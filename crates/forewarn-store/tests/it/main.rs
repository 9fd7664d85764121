//! The store's contract: each test holds on SQLite and on PostgreSQL alike.
//!
//! A test is written once, inside [`on_both_databases!`], and becomes `sqlite::NAME` and `postgres::NAME`. PostgreSQL is the
//! server of `FOREWARN_TEST_POSTGRES`; without it those tests fail.

#[macro_use]
mod database;

mod accounts;
mod alerts;
mod around;
mod backup;
mod blocks;
mod bundles;
mod catalogue;
mod codes;
mod contacts;
mod deliveries;
mod devices;
mod editing;
mod events;
mod expansion;
mod fallback;
mod gates;
mod journal;
mod mailboxes;
mod membership;
mod newest;
mod notices;
mod order;
mod outage;
mod paces;
mod page_readers;
mod phones;
mod plans;
mod postmortems;
mod promises;
mod quiet;
mod rates;
mod reach;
mod reminders;
mod retry;
mod samples;
mod schema;
mod search;
mod secrets;
mod subscriptions;
mod templates;
mod windows;
