//! The server's promises, over the real router and a real store: SQLite in a folder of its own and, where the store's
//! answers differ most, PostgreSQL (`FOREWARN_TEST_POSTGRES`).

#[macro_use]
mod app;

mod access;
mod acknowledgements;
mod calls;
mod changes_ahead;
mod console;
mod contacts;
mod decisions;
mod documents;
mod hostile;
mod incidents;
mod lists;
mod maintenances;
mod openapi;
mod pages;
mod promises;
mod reach;
mod repeats;
#[path = "../../examples/screens/samples/mod.rs"]
mod samples;
mod screens;
mod sign_in;
mod status_page;
mod subscriptions;
mod twilio;
mod unsubscribe;
mod windows;
