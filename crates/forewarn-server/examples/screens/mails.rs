//! Every mail of the library as its readers get it, a file for each language and one of what does not break between words: what
//! `tests/browser/mails.mjs` looks at.

use super::put;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::id::Id;
use forewarn_core::mail::{List, html_page};
use forewarn_core::message::{Content, Variant, render, sample};
use forewarn_core::template::{Template, built_in};
use forewarn_core::time::Zone;
use forewarn_core::words::LANGUAGES;
use serde_json::{Value, json};
use std::io;
use std::path::Path;

/// Writes `mails/LANGUAGE.json`: a list of `{name, html}`. Everything that can be known is in them, at the richest level.
pub fn write(folder: &Path) -> io::Result<()> {
    let folder = folder.join("mails");
    for language in LANGUAGES {
        let mails: Vec<Value> = library(language)
            .map(|(name, content)| mail(&name, &content, language))
            .collect();
        put(
            &folder.join(format!("{language}.json")),
            json!(mails).to_string().as_bytes(),
        )?;
    }
    let unbroken: Vec<Value> = library("en")
        .filter(|(name, _)| ["announcement", "holding", "discovery"].contains(&name.as_str()))
        .map(|(name, content)| mail(&name, &long(content), "en"))
        .collect();
    put(
        &folder.join("unbroken.json"),
        json!(unbroken).to_string().as_bytes(),
    )?;
    // What the browser opens before it is shown the mails.
    let page = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Mails</title></head><body></body></html>";
    put(&folder.join("index.html"), page.as_bytes())
}

/// Every text that is sent by mail, on an invented event.
fn library(language: &str) -> impl Iterator<Item = (String, Content)> {
    let by_mail = |t: &&Template| t.channel.is_none_or(|channel| channel == Channel::Email);
    built_in(language).iter().filter(by_mail).filter_map(|t| {
        let content = Content {
            readers: t.readers,
            ..sample(&t.milestone, t.event.as_deref())?
        };
        let readers = t.readers.map(|readers| readers.as_str());
        let parts = [Some(t.milestone.as_str()), t.event.as_deref(), readers];
        let name: Vec<&str> = parts.into_iter().flatten().collect();
        Some((name.join(" "), content))
    })
}

fn mail(name: &str, content: &Content, language: &str) -> Value {
    let variant = Variant {
        level: Level::Technical,
        channel: Channel::Email,
        language: language.to_owned(),
        zone: Zone::parse("America/Los_Angeles").expect("a zone"),
    };
    let message = render(content, &variant, &[]);
    let list = List {
        id: Id::parse("students").expect("an id"),
        name: "Students".to_owned(),
        may_be_left: true,
    };
    json!({"name": name, "html": html_page(&message, content, &list)})
}

/// The same with words, names and addresses that are wider than a telephone.
fn long(content: Content) -> Content {
    let word = "Studierendenverwaltungssystemdatenbankanmeldeseite".repeat(2);
    let path = "2026-11-29-student-database-upgrade-".repeat(4);
    let mut content = Content {
        title: format!("{word} is upgraded"),
        services: vec![word.clone(), "Portal".to_owned()],
        url: format!("https://status.faculty-of-computer-science.example.edu/events/{path}"),
        ..content
    };
    content.facts.effect = Some(format!("You cannot use {word}."));
    content.facts.contact = Some(format!("{}@example.edu", "service-desk-".repeat(5)));
    content.facts.technical = Some(format!("/srv/{path}/{word}.conf"));
    content
}
