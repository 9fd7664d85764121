//! Self-service subscription through the real program: a mail with a link, a form, and from then on the messages.

use crate::running::{Folder, PATIENCE, Start};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use reqwest::{Client, StatusCode};
use tokio::time::timeout;

const OPEN: &str = "
organisation: {name: Example University, time_zone: UTC}
services: [{id: portal, name: Portal}]
audiences: [{id: everybody, name: Everybody, level: non_technical, channels: [email], services: [portal], self_service: yes}]
";

/// The link of ours in the newest mail's text part.
fn link(sink: &SmtpPeer, base: &str) -> String {
    let mail = sink.ledger().pop().expect("a mail");
    let text = String::from_utf8_lossy(&mail.data).replace("=\r\n", "");
    let start = text.find(&format!("{base}subscription/")).expect("a link");
    let rest = &text[start..];
    rest.chars()
        .take_while(|c| !c.is_whitespace() && *c != '>')
        .collect()
}

#[tokio::test]
async fn who_follows_the_link_and_presses_the_button_is_told() {
    let sink = SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.apply(OPEN).await;
    let browser = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let kind = "application/x-www-form-urlencoded";
    let press = async |url: String, body: &'static str| {
        let sent = browser.post(url).header("content-type", kind).body(body);
        sent.send().await.unwrap()
    };
    let asked = press(
        server.url("/subscribe"),
        "email=ann%40example.org&kinds=incident",
    )
    .await;
    assert_eq!(asked.status(), StatusCode::OK);
    timeout(PATIENCE, sink.wait_for(1)).await.unwrap();
    let mail = sink.ledger().remove(0);
    assert_eq!(mail.to, "ann@example.org");
    let link = link(&sink, &server.url("/"));

    // Not confirmed: trouble is told to nobody.
    let before = server.declare("portal").await;
    server.all_sent(&before).await;
    assert_eq!(sink.ledger().len(), 1);

    assert_eq!(
        browser.get(&link).send().await.unwrap().status(),
        StatusCode::OK
    );
    let confirmed = press(format!("{link}/confirm"), "").await;
    assert_eq!(confirmed.status(), StatusCode::SEE_OTHER);
    let own = confirmed.headers()["location"].to_str().unwrap().to_owned();
    let id = server.declare("portal").await;
    timeout(PATIENCE, sink.wait_for(2)).await.unwrap();
    server.all_sent(&id).await;
    assert_eq!(sink.ledger()[1].to, "ann@example.org");

    let ended = press(server.url(&format!("{own}/end")), "").await;
    assert_eq!(ended.status(), StatusCode::OK);
    server.update(&id).await;
    server.all_sent(&id).await;
    assert_eq!(sink.ledger().len(), 2);
    server.stop().await;
}
