//! Forewarn's HTTP faces: API, console, status page, hooks.

pub mod console;
pub mod status_page;
