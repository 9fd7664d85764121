//! For `scripts/check_feed.py`: reads YAML documents from standard input and prints the public `/calendar.ics` of their services; with
//! `--all`, prints every public document of a page with all kinds of events, each as a line of JSON.

use forewarn_core::document::{Catalogue, Documents};
use forewarn_server::status_page::{Pages, Snapshot};
use jiff::Timestamp;
use serde_json::json;
use std::error::Error;
use std::io::{Read, Write, stdin, stdout};

#[allow(dead_code)]
#[path = "screens/samples/mod.rs"]
mod samples;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--all") {
        return all();
    }
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let texts = [(String::new(), text)];
    let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1")
        .map_err(|invalid| invalid.to_string())?;
    let snapshot = Snapshot {
        made_at: "2026-11-22T09:00:00Z".parse::<Timestamp>()?,
        organisation: documents.organisation.unwrap_or_default(),
        public_url: "https://status.example.org".to_owned(),
        services: documents.services,
        incidents: Vec::new(),
        maintenances: Vec::new(),
        advisories: Vec::new(),
        announcements: Vec::new(),
        open_to: Vec::new(),
        phones: false,
        push: false,
        changes: Vec::new(),
        demo: false,
        private: None,
    };
    let pages = Pages::render(&snapshot);
    let page = pages.get("/calendar.ics").ok_or("there is no calendar")?;
    stdout().write_all(&page.body)?;
    Ok(())
}

fn all() -> Result<(), Box<dyn Error>> {
    let pages = Pages::render(&samples::Samples { hostile: false }.snapshot());
    for (path, page) in pages.iter() {
        let body = data_encoding::BASE64.encode(&page.body);
        let line = json!({"path": path, "type": page.content_type, "body": body});
        writeln!(stdout(), "{line}")?;
    }
    Ok(())
}
