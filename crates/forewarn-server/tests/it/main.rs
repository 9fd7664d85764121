//! The server's promises, over the real router and a real store: SQLite in a folder of its own and, where the store's
//! answers differ most, PostgreSQL (`FOREWARN_TEST_POSTGRES`).

#[macro_use]
mod app;
mod asking;

mod access;
mod accounts;
mod acknowledgements;
mod advisories;
mod announcements;
mod approvals;
mod bad_input;
mod banner;
mod bounces;
mod calls;
mod catalogue_changes;
mod changes_ahead;
mod channels;
mod chat;
mod console;
mod contacts;
mod copy;
mod decisions;
mod documents;
mod editing;
mod finding;
mod guarded;
mod hooks;
mod hostile;
mod incidents;
mod kin;
mod languages;
mod level_texts;
mod lint;
mod lists;
mod machine_faces;
mod maintenances;
mod notes;
mod openapi;
mod outage_plans;
mod own_page;
mod pages;
mod postmortems;
mod previews;
mod private_pages;
mod promises;
mod push;
mod reach;
mod readers;
mod recipients;
mod repeats;
mod roles;
#[path = "../../examples/screens/samples/mod.rs"]
mod samples;
mod screens;
mod sign_in;
mod silent;
mod status_page;
mod subscriptions;
mod telephones;
mod templates;
mod twilio;
mod undo;
mod unsubscribe;
mod upstream;
mod windows;
