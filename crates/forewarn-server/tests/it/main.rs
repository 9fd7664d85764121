//! Tests of the server's faces.

#[path = "../../examples/screens/samples/mod.rs"]
mod samples;
mod screens;
mod status_page;
