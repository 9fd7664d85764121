//! Debian's Alertmanager posts to a hook of the real program: alerts fire, are told again, and end.

use crate::running::{Folder, PATIENCE, Running, Start, TOKEN, ended, program, until};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const SECRET: &str = "a-secret-of-the-tests-0123456789";

const HOUSE: &str = "
organisation: {name: Example University, time_zone: Europe/Berlin}
services:
  - {id: portal, name: Student portal, owner: web@example.edu}
  - {id: wiki, name: Wiki, owner: web@example.edu}
audiences:
  - {id: students, name: Students, level: non_technical}
contacts:
  - {id: ann, name: Ann, audiences: [students], endpoints: {email: ann@example.edu}}
hooks:
  - {id: prometheus, kind: alertmanager, secret: a-secret-of-the-tests-0123456789}
";

/// An Alertmanager of the test's own. Dropped, it is killed.
struct Alertmanager {
    _child: Child,
    base: String,
    http: reqwest::Client,
    reading: JoinHandle<()>,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Alertmanager {
    /// Posts to this address, each group at once.
    async fn start(folder: &Folder, url: &str) -> Alertmanager {
        let config = format!(
            "route: {{receiver: forewarn, group_by: [service], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}\n\
             receivers:\n  - name: forewarn\n    webhook_configs:\n      - url: {url}\n        send_resolved: true\n        \
             http_config: {{authorization: {{credentials: {SECRET}}}}}\n"
        );
        let file = folder.file("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.path={}",
                folder.file("alertmanager").display()
            ))
            .args([
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus-alertmanager runs: apt-get install prometheus-alertmanager");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = async {
            let mut said = String::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, rest)) = line.split_once("address=127.0.0.1:") {
                    return format!("http://127.0.0.1:{}", rest.split(' ').next().unwrap());
                }
                said.push_str(&line);
            }
            panic!("it did not start: {said}");
        };
        let base = timeout(PATIENCE, address)
            .await
            .expect("it says where it listens");
        // What nobody reads would stop it once the pipe is full.
        let reading =
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let manager = Alertmanager {
            _child: child,
            base,
            http,
            reading,
        };
        until("Alertmanager is ready", PATIENCE, async || {
            let ready = manager
                .http
                .get(format!("{}/-/ready", manager.base))
                .send()
                .await;
            ready
                .ok()
                .filter(|answer| answer.status() == StatusCode::OK)
                .map(|_| ())
        })
        .await;
        manager
    }

    /// Tells it of an alert as Prometheus would: it fires, or it ended just now.
    async fn tell(&self, name: &str, service: &str, fires: bool) {
        let now = forewarn_store::Clock::System.now();
        let (hour, second) = (
            jiff::SignedDuration::from_hours(1),
            jiff::SignedDuration::from_secs(1),
        );
        let mut alert = json!({
            "labels": {"alertname": name, "service": service, "severity": "critical", "instance": "web-3.internal:9100"},
            "annotations": {"summary": format!("{name} on web-3.internal")},
            "generatorURL": "http://prometheus.example/graph",
        });
        alert["startsAt"] = json!((now - second * 60).to_string());
        alert["endsAt"] = json!(if fires { now + hour } else { now - second }.to_string());
        let posted = self
            .http
            .post(format!("{}/api/v2/alerts", self.base))
            .json(&json!([alert]));
        let answer = posted.send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "{}",
            answer.text().await.unwrap_or_default()
        );
    }
}

async fn client(server: &Running, arguments: &[&str]) -> (i32, String, String) {
    let mut command = program(arguments);
    command
        .env("FOREWARN_URL", server.url(""))
        .env("FOREWARN_TOKEN", TOKEN);
    ended(command).await
}

async fn drafts(server: &Running) -> Vec<Value> {
    let answer = server
        .get("/api/v1/drafts?all=true")
        .await
        .json(StatusCode::OK);
    answer["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn alertmanager_opens_drafts_that_a_person_publishes_and_its_end_resolves_nothing() {
    let folder = Folder::new();
    let sink = SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.apply(HOUSE).await;
    let manager = Alertmanager::start(&folder, &server.url("/hooks/prometheus")).await;

    manager.tell("PortalDown", "portal", true).await;
    let draft = until("a draft is opened", PATIENCE, async || {
        drafts(&server).await.pop()
    })
    .await;
    assert_eq!(
        (&draft["id"], &draft["status"], &draft["severity"]),
        (&json!("INC-1"), &json!("draft"), &json!("P1"))
    );
    // The owner hears of it at once, and nobody else.
    let mail = until("the owner is told", PATIENCE, async || {
        sink.ledger().into_iter().next()
    })
    .await;
    let text = String::from_utf8_lossy(&mail.data).into_owned();
    assert!(
        text.contains("alerts wait for your word") && text.contains("PortalDown on web-3.internal"),
        "{text}"
    );
    assert_eq!(mail.to, "web@example.edu");
    let public = server.get("/").await.text;
    assert!(!public.contains("Trouble with"), "{public}");

    let (code, out, err) = client(&server, &["incident", "drafts"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("INC-1 P1 Trouble with Student portal since "),
        "{out}"
    );
    let (code, out, err) = client(
        &server,
        &[
            "incident",
            "publish",
            "INC-1",
            "--effect",
            "You may not reach it.",
        ],
    )
    .await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("INC-1 is investigating\n"), "{out}");
    let told = until("the students are told", PATIENCE, async || {
        sink.ledger()
            .into_iter()
            .find(|m| m.to == "ann@example.edu")
    })
    .await;
    let text = String::from_utf8_lossy(&told.data).into_owned();
    assert!(
        text.contains("You may not reach it.") && !text.contains("web-3"),
        "{text}"
    );
    let (code, _, err) = client(&server, &["incident", "publish", "INC-1"]).await;
    assert_eq!(code, 1, "{err}");

    // It ends: a note for the team, and the incident stays open until a person says otherwise.
    manager.tell("PortalDown", "portal", false).await;
    let ended = until("the end is noted", PATIENCE, async || {
        let answer = server
            .get("/api/v1/incidents/INC-1/alerts")
            .await
            .json(StatusCode::OK);
        let notes = answer["notes"].as_array().unwrap().clone();
        notes.into_iter().find(|n| {
            n["text"]
                .as_str()
                .unwrap()
                .starts_with("the alert ended at ")
        })
    })
    .await;
    assert_eq!(ended["author"], "hook:prometheus");
    let incident = server
        .get("/api/v1/incidents/INC-1")
        .await
        .json(StatusCode::OK);
    assert_eq!(incident["status"], "investigating");

    // What ends before anybody published it is closed, and only its owner ever heard of it.
    manager.tell("WikiSlow", "wiki", true).await;
    until("a second draft", PATIENCE, async || {
        drafts(&server)
            .await
            .into_iter()
            .find(|d| d["id"] == "INC-2")
    })
    .await;
    manager.tell("WikiSlow", "wiki", false).await;
    until("it is closed", PATIENCE, async || {
        let all = drafts(&server).await;
        all.into_iter()
            .find(|d| d["id"] == "INC-2" && d["status"] == "closed")
    })
    .await;
    let (code, out, _) = client(&server, &["hooks"]).await;
    assert_eq!(code, 0);
    assert!(
        out.starts_with("prometheus (alertmanager), 4 accepted"),
        "{out}"
    );
    let metrics = server.get("/metrics").await.text;
    let line = "forewarn_hook_requests_total{hook=\"prometheus\",outcome=\"accepted\"} 4";
    assert!(metrics.contains(line), "{metrics}");
    server.stop().await;
}
