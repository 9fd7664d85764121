//! Self-service subscription through the real program: a mail with a link or a text message with a code, a form, and from then on
//! the messages.

use crate::running::{Folder, PATIENCE, Start};
use forewarn_core::phone::signature;
use forewarn_engine::peer::phone::{ACCOUNT, PhonePeer};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use reqwest::{Client, StatusCode};
use tokio::time::timeout;

const OPEN: &str = "
organisation: {name: Example University, time_zone: UTC}
services: [{id: portal, name: Portal}]
audiences: [{id: everybody, name: Everybody, level: non_technical, channels: [email], services: [portal], self_service: yes}]
";

/// The link of ours in the newest mail's text part.
fn link(sink: &SmtpPeer, begins: &str) -> String {
    let mail = sink.ledger().pop().expect("a mail");
    let text = String::from_utf8_lossy(&mail.data).replace("=\r\n", "");
    let start = text.find(begins).expect("a link");
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
    let link = link(&sink, &server.url("/subscription/"));

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

/// The value of a cookie that an answer sets.
fn cookie(answer: &reqwest::Response, name: &str) -> String {
    let set = answer.headers().get_all("set-cookie").iter();
    let pair = set.filter_map(|v| v.to_str().ok()?.split(';').next());
    let mut found = pair.filter(|pair| pair.starts_with(name));
    found.next().expect("a cookie").to_owned()
}

#[tokio::test]
async fn a_member_comes_to_a_private_page_by_the_link_in_a_mail() {
    let sink = SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.apply("
organisation: {name: Example University, time_zone: UTC}
services: [{id: payroll, name: Payroll, public: no}]
audiences: [{id: staff, name: Staff, level: technical, channels: [email], services: [payroll], private_page: yes}]
contacts: [{id: ann, language: de, audiences: [staff], endpoints: {email: ann@example.org}}]").await;
    let browser = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let look = async |url: &str, cookies: &str| {
        let asked = browser.get(url).header("cookie", cookies);
        asked.send().await.unwrap()
    };
    let press = async |url: &str, cookies: &str, page: String, fields: &str| {
        let (_, csrf) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        let csrf = csrf.split('"').next().unwrap_or_default();
        let sent = browser.post(url).body(format!("csrf={csrf}{fields}"));
        let sent = sent.header("content-type", "application/x-www-form-urlencoded");
        sent.header("cookie", cookies).send().await.unwrap()
    };
    let page = server.url("/for/staff");
    let form = look(&page, "").await;
    assert_eq!(form.status(), StatusCode::FORBIDDEN);
    let visit = cookie(&form, "forewarn_visit");
    let form = form.text().await.unwrap();
    let asked = press(
        &format!("{page}/sign-in"),
        &visit,
        form,
        "&email=ann%40example.org",
    )
    .await;
    assert_eq!(asked.status(), StatusCode::OK);
    timeout(PATIENCE, sink.wait_for(1)).await.unwrap();
    assert_eq!(sink.ledger()[0].to, "ann@example.org");
    let link = link(&sink, &format!("{page}/enter/"));
    let opens = look(&link, &visit).await.text().await.unwrap();
    let opened = press(&link, &visit, opens.clone(), "").await;
    assert_eq!(opened.status(), StatusCode::SEE_OTHER);
    let session = cookie(&opened, "forewarn_reader");
    let shown = look(&page, &session).await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert!(shown.text().await.unwrap().contains("Payroll"));
    let again = press(&link, &visit, opens, "").await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn who_types_the_code_is_told_by_text_message_until_they_say_stop() {
    let phones = PhonePeer::start(|| forewarn_store::Clock::System.now(), |_| None)
        .await
        .unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data"))
        .text_by(&phones)
        .run()
        .await;
    let by_phone = OPEN
        .replace(
            "time_zone: UTC",
            "time_zone: UTC, sms: {countries: [US], daily_cap: 1}",
        )
        .replace("[email]", "[email, sms]");
    server.apply(&by_phone).await;
    let browser = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let press = async |path: &str, body: String| {
        let sent = browser.post(server.url(path)).body(body);
        sent.header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap()
    };
    let number = "sms=%2B14155550100";
    assert_eq!(
        press("/subscribe", number.into()).await.status(),
        StatusCode::OK
    );
    timeout(PATIENCE, phones.http().wait_for(1)).await.unwrap();
    let text = phones.taken().remove(0);
    assert_eq!(text.to, "+14155550100");
    let base = server.url("");
    let code = text.body.strip_prefix("Example University: ").unwrap()[..6].to_owned();
    assert_eq!(
        text.body,
        format!(
            "Example University: {code} is your code to get our messages, for 10 minutes. STOP ends all. {base}/subscribe/code"
        )
    );
    // The cap of the day: whoever is next gets nothing and sees nothing of it.
    assert_eq!(
        press("/subscribe", "sms=%2B14155550101".into())
            .await
            .status(),
        StatusCode::OK
    );
    let typed = press("/subscribe/code", format!("{number}&code={code}")).await;
    assert_eq!(typed.status(), StatusCode::SEE_OTHER);

    // What is told to who confirmed is not counted.
    let id = server.declare("portal").await;
    timeout(PATIENCE, phones.http().wait_for(2)).await.unwrap();
    server.all_sent(&id).await;
    assert_eq!(phones.taken()[1].to, "+14155550100");

    let said =
        [("Body", "STOP"), ("From", "+14155550100")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let path = "/hooks/twilio/messages";
    let signed = signature(ACCOUNT.1, &server.url(path), &said);
    let stopped = browser
        .post(server.url(path))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", signed)
        .body("Body=STOP&From=%2B14155550100");
    assert_eq!(stopped.send().await.unwrap().status(), StatusCode::OK);
    server.update(&id).await;
    server.all_sent(&id).await;
    assert_eq!(phones.taken().len(), 2);
    server.stop().await;
}
