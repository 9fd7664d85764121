//! Readers of several languages, each told in their own.

use super::house::{House, begin, mail_contact};
use crate::database::{Database, Kind};
use forewarn_core::contact::Contact;
use forewarn_engine::peer::smtp::{Received, Script};
use forewarn_store::Clock;
use mail_parser::MessageParser;

fn reader(id: &str, language: Option<&str>) -> Contact {
    Contact {
        language: language.map(str::to_owned),
        ..mail_contact(id, &["staff"])
    }
}

/// Subject, text and HTML of a mail.
pub(super) fn parts(mail: &Received) -> [String; 3] {
    let mail = MessageParser::new().parse(&mail.data).unwrap();
    [
        mail.subject().unwrap().to_owned(),
        mail.body_text(0).unwrap().into_owned(),
        mail.body_html(0).unwrap().into_owned(),
    ]
}

async fn each_reads_their_own(kind: Kind) {
    let contacts = vec![
        reader("Ann", None),
        reader("Bea", Some("de-AT")),
        reader("Cid", Some("ar")),
        reader("Dia", Some("sv")),
    ];
    let clock = Clock::manual(begin());
    let mut house = House::on(Database::fresh(kind), clock, contacts, Script::default()).await;
    house.declare("INC-1", "wiki").await;
    assert_eq!(house.engine.tick().await.unwrap(), 4);
    let said = |who: &str| parts(&house.mails_to(&format!("{who}@example.org"))[0]);
    for (who, language, direction, footer) in [
        ("ann", "en", "auto", "You get this message because"),
        ("bea", "de", "auto", "Sie erhalten diese Nachricht, weil"),
        ("cid", "ar", "rtl", "تصلكم هذه الرسالة لأنكم"),
        // Nobody wrote Swedish.
        ("dia", "en", "auto", "You get this message because"),
    ] {
        let [subject, text, html] = said(who);
        let opening = format!("<html lang=\"{language}\" dir=\"{direction}\">");
        assert!(html.contains(&opening), "{who}: {html}");
        assert!(text.contains(footer), "{who}: {text}");
        assert!(!subject.contains("{{") && !text.contains("{{"), "{text}");
    }
    assert!(said("bea")[1].contains("Nächste Nachricht: bis "));
}

#[tokio::test]
async fn each_reader_is_told_in_their_own_language_on_sqlite() {
    each_reads_their_own(Kind::Sqlite).await;
}

#[tokio::test]
async fn each_reader_is_told_in_their_own_language_on_postgres() {
    each_reads_their_own(Kind::Postgres).await;
}
