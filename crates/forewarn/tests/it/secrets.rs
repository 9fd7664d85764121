//! Secrets are sealed in the database: with a key of their own, which is in no backup and can be changed.

use crate::running::{Folder, SECRETS_KEY, Start, ended, program};
use forewarn_engine::peer::http::{HttpPeer, Script};
use reqwest::StatusCode;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

fn yaml(url: &str) -> String {
    format!(
        "organisation: {{name: Example University, time_zone: UTC}}
services: [{{id: portal, name: Portal}}]
audiences: [{{id: machines, name: Machines, level: technical, channels: [webhook], services: [portal]}}]
hooks: [{{id: prom, kind: json, secret: hook-secret-0123456789, service: portal}}]
contacts: [{{id: ci, audiences: [machines], endpoints: {{webhook: {{url: '{url}', secret: {SECRET}}}}}}}]"
    )
}

/// Whether any file of the folder, or this one, has a secret in clear.
fn is_clear(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files.filter(|file| file.is_file()).any(|file| {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        [SECRET, "hook-secret", "token-in-a-url"]
            .iter()
            .any(|secret| text.contains(secret))
    })
}

async fn told(command: &str, arguments: &[&str], data: &Path) -> String {
    let mut run = program(&[command]);
    run.args(arguments).arg("--data").arg(data);
    let (_, out, err) = ended(run).await;
    out + &err
}

#[tokio::test]
async fn secrets_are_of_use_with_their_key_alone() {
    let peer = HttpPeer::start(Script::default()).await.unwrap();
    let folder = Folder::new();
    let data = folder.file("data");
    let start = Start::new(&data).with("--allow-private-targets", "127.0.0.0/8");
    let server = start.run().await;
    server.apply(&yaml(&peer.url("/token-in-a-url"))).await;
    let incident = server.declare("portal").await;
    server.all_sent(&incident).await;
    let got = peer.requests();
    assert!(
        !got.is_empty() && got[0].path.contains("token-in-a-url"),
        "{got:?}"
    );
    server.stop().await;
    let file = data.join("secrets.key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!is_clear(&data));

    // A backup has neither the secrets nor the key, and a restore says what is missing and whose.
    let copies = folder.file("copies");
    std::fs::create_dir_all(&copies).unwrap();
    let copy = copies.join("copy.jsonl");
    let said = told("backup", &[copy.to_str().unwrap()], &data).await;
    assert!(
        said.contains("The key that opens secrets is not in it"),
        "{said}"
    );
    assert!(!is_clear(&copies));
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(!std::fs::read_to_string(&copy).unwrap().contains(key.trim()));
    let fresh = folder.file("fresh");
    let said = told("restore", &[copy.to_str().unwrap()], &fresh).await;
    assert!(
        said.contains("used with a secrets key that is not here"),
        "{said}"
    );
    assert!(said.contains("contacts/ci, hooks/prom"), "{said}");
    let said = told("doctor", &[], &fresh).await;
    assert!(
        said.contains("the secrets cannot be read") && said.contains("hooks/prom"),
        "{said}"
    );
    // A server does not begin without it, nor with another.
    std::fs::copy(data.join("link.key"), fresh.join("link.key")).unwrap();
    let begin = Start::new(&fresh).with("--allow-private-targets", "127.0.0.0/8");
    let (code, _, err) = ended(begin.command()).await;
    assert!(
        code != 0 && err.contains("a secrets key that is not here"),
        "{err}"
    );
    let other = begin
        .clone()
        .with_variable("FOREWARN_SECRETS_KEY", SECRETS_KEY);
    let (code, _, err) = ended(other.command()).await;
    assert!(
        code != 0 && err.contains("another secrets key") && !err.contains(SECRETS_KEY),
        "{err}"
    );

    // Where the key is lost, nothing goes out to what cannot be read, and it can be applied again.
    let before = peer.requests().len();
    let server = begin.clone().flag("--new-secrets-key").run().await;
    assert!(
        server.said().contains("secrets cannot be read"),
        "{}",
        server.said()
    );
    let incident = server.declare("portal").await;
    server.all_sent(&incident).await;
    let path = format!("/api/v1/deliveries?event={incident}");
    let deliveries = server.get(&path).await.json(StatusCode::OK);
    let said = deliveries.to_string();
    assert!(
        said.contains("cannot be read") && !said.contains("sealed:"),
        "{said}"
    );
    assert_eq!(peer.requests().len(), before, "nothing is sent unsigned");
    server.apply(&yaml(&peer.url("/token-in-a-url"))).await;
    server.update(&incident).await;
    server.all_sent(&incident).await;
    assert!(peer.requests().len() > before);
    server.stop().await;
}

#[tokio::test]
async fn a_new_key_takes_over_and_the_old_one_is_needed_no_more() {
    let folder = Folder::new();
    let data = folder.file("data");
    let start = Start::new(&data);
    let server = start.run().await;
    server
        .apply(&yaml("https://ops.example.org/token-in-a-url"))
        .await;
    server.stop().await;
    let file = data.join("secrets.key");
    let old = std::fs::read_to_string(&file).unwrap();
    start
        .clone()
        .flag("--new-secrets-key")
        .run()
        .await
        .stop()
        .await;
    let both = std::fs::read_to_string(&file).unwrap();
    assert!(
        both.ends_with(&old) && both.lines().count() == 2,
        "the new one goes first"
    );
    std::fs::write(&file, both.lines().next().unwrap()).unwrap();
    let server = start.run().await;
    assert!(
        !server.said().contains("cannot be read"),
        "{}",
        server.said()
    );
    let said = told("doctor", &[], &data).await;
    assert!(said.contains("2 have some, all sealed"), "{said}");
    server.stop().await;
}
