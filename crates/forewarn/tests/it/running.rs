//! The real program at work: started in a folder of its own, asked over HTTP, stopped or killed.
//!
//! Whatever a test starts ends with it: a program is killed by its id when it is dropped, a folder is removed.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The bearer token with every right.
pub const TOKEN: &str = "a-token-of-the-tests-0123456789";

/// A link key for several processes over one database.
pub const LINK_KEY: &str = "a-link-key-of-the-tests-0123456789";

/// A key for secrets, for the same.
pub const SECRETS_KEY: &str = "a-secrets-key-of-the-tests-0123456789";

/// How long anything may take that is not about time. Generous: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut looks = interval(Duration::from_millis(20));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let found = async {
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    timeout(within, found)
        .await
        .unwrap_or_else(|_| panic!("waited {within:?} in vain: {what}"))
}

/// A folder of a test's own, removed with it.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        let name = format!("forewarn-it-{}", uuid::Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A path in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of a failed test must not hide its failure.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program with these arguments and none of our settings in its environment.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("FOREWARN_") && text != "FOREWARN_TEST_RUN" {
            command.env_remove(&name);
        }
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs the program to its end: exit code, standard output, standard error.
pub async fn ended(mut command: Command) -> (i32, String, String) {
    let output = timeout(PATIENCE, command.output())
        .await
        .expect("it ends by itself")
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// How to start a server.
#[derive(Clone)]
pub struct Start {
    data: PathBuf,
    /// Size of a disk of its own under the data folder, as `mount` takes it.
    disk: Option<String>,
    listen: String,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Start {
    /// With this data folder, on a free port.
    pub fn new(data: &Path) -> Start {
        Start {
            data: data.to_owned(),
            disk: None,
            listen: "127.0.0.1:0".into(),
            arguments: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// With one more variable in its environment.
    pub fn with_variable(mut self, name: &'static str, value: &str) -> Start {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// With keys that several processes over one database share.
    pub fn with_shared_keys(self) -> Start {
        self.with_variable("FOREWARN_LINK_KEY", LINK_KEY)
            .with_variable("FOREWARN_SECRETS_KEY", SECRETS_KEY)
    }

    /// Sends text messages by this provider.
    pub fn text_by(self, phones: &forewarn_engine::peer::phone::PhonePeer) -> Start {
        let (sid, token) = forewarn_engine::peer::phone::ACCOUNT;
        self.with_variable("FOREWARN_TWILIO_URL", &phones.url())
            .with_variable("FOREWARN_TWILIO_SID", sid)
            .with_variable("FOREWARN_TWILIO_TOKEN", token)
            .with_variable("FOREWARN_TWILIO_FROM", "+14155550199")
    }

    /// One more flag with its value.
    pub fn with(mut self, flag: &str, value: &str) -> Start {
        self.arguments.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// One more flag without a value.
    pub fn flag(mut self, flag: &str) -> Start {
        self.arguments.push(flag.to_owned());
        self
    }

    /// Sends mail to this sink.
    pub fn mail_to(self, sink: &forewarn_engine::peer::smtp::SmtpPeer) -> Start {
        let url = format!("smtp://{}", sink.addr());
        self.with("--smtp", &url)
            .with("--from", "notices@example.edu")
    }

    /// With the data on a small disk in memory that only the server sees. It needs no rights but those to have namespaces of one's
    /// own, which users of Linux usually have.
    pub fn on_a_disk_of(mut self, size: &str) -> Start {
        std::fs::create_dir_all(&self.data).unwrap();
        self.disk = Some(size.to_owned());
        self
    }

    /// The program as it is, or with its own disk mounted first, as the same process.
    fn program(&self) -> Command {
        let arguments = ["serve", "--listen", &self.listen];
        let Some(size) = &self.disk else {
            return program(&arguments);
        };
        let plain = program(&arguments);
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c"])
            .arg(format!(
                "mount -t tmpfs -o size={size} tmpfs \"$0\" && exec \"$@\""
            ))
            .arg(&self.data)
            .arg(plain.as_std().get_program())
            .args(plain.as_std().get_args())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for (name, _) in plain
            .as_std()
            .get_envs()
            .filter(|(_, value)| value.is_none())
        {
            command.env_remove(name);
        }
        command
    }

    /// The command line.
    pub fn command(&self) -> Command {
        let mut command = self.program();
        command
            .arg("--data")
            .arg(&self.data)
            .args(&self.arguments)
            .env("FOREWARN_ADMIN_TOKEN", TOKEN)
            .envs(self.variables.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Starts it and returns when it says where it listens.
    pub async fn run(&self) -> Running {
        Running::start(self).await
    }
}

/// A server. Dropped, it is killed.
pub struct Running {
    child: Child,
    http: reqwest::Client,
    base: String,
    said: Arc<Mutex<Vec<String>>>,
    reading: Vec<JoinHandle<()>>,
}

impl Running {
    async fn start(start: &Start) -> Running {
        let mut child = start
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = watch::Sender::new(0);
        let mut seen = lines.subscribe();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let err = BufReader::new(child.stderr.take().unwrap()).lines();
        let reading = vec![
            tokio::spawn(keep(out, said.clone(), lines.clone())),
            tokio::spawn(keep(err, said.clone(), lines)),
        ];
        let listening = async {
            loop {
                let address = lock(&said).iter().find_map(|line| {
                    line.strip_prefix("Forewarn is listening on ")
                        .map(str::to_owned)
                });
                if let Some(address) = address {
                    return Some(address);
                }
                // Both readers have ended: so has the program.
                if seen.changed().await.is_err() {
                    return None;
                }
            }
        };
        let base = timeout(PATIENCE, listening).await.ok().flatten();
        let base = base.unwrap_or_else(|| panic!("it did not start:\n{}", lock(&said).join("\n")));
        // The provider of TLS is the process's; whoever comes second finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Running {
            child,
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            base,
            said,
            reading,
        }
    }

    /// A path as the server sees it.
    pub fn inside(&self, path: &Path) -> PathBuf {
        let id = self.child.id().expect("it runs");
        let path = path.strip_prefix("/").unwrap_or(path);
        PathBuf::from(format!("/proc/{id}/root")).join(path)
    }

    /// Its address: `http://127.0.0.1:port` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What it has printed and logged so far.
    pub fn said(&self) -> String {
        lock(&self.said).join("\n")
    }

    /// A request with the token; the headers come on top.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<String>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method, self.url(path))
            .bearer_auth(TOKEN)
            .body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request
            .send()
            .await
            .unwrap_or_else(|problem| panic!("{path}: {problem}\n{}", self.said()));
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "").await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let kind = [("content-type", "application/json")];
        self.ask(Method::POST, path, &kind, body.to_string()).await
    }

    /// Loads documents.
    pub async fn apply(&self, yaml: &str) -> Value {
        let kind = [("content-type", "application/yaml")];
        self.ask(Method::POST, "/api/v1/documents", &kind, yaml)
            .await
            .json(StatusCode::OK)
    }

    /// Loads contacts.
    pub async fn import(&self, csv: &str) -> Value {
        let kind = [("content-type", "text/csv")];
        self.ask(Method::POST, "/api/v1/contacts/import", &kind, csv)
            .await
            .json(StatusCode::OK)
    }

    /// Loads a service, an audience, and so many contacts in it, who all hear of the service's incidents by mail.
    pub async fn fill(&self, service: &str, recipients: usize) {
        self.apply(&format!(
            "organisation: {{name: Example University, time_zone: UTC, confirm_above: 1000000}}\n\
             services:\n  - {{id: {service}, name: Service {service}}}\n\
             audiences:\n  - {{id: users-of-{service}, name: Users, level: non_technical, channels: [email], services: [{service}]}}\n"
        ))
        .await;
        let mut csv = String::from("id,email,audiences\n");
        for n in 0..recipients {
            csv.push_str(&format!(
                "{service}-{n},{service}-{n}@example.org,users-of-{service}\n"
            ));
        }
        let imported = self.import(&csv).await;
        assert_eq!(imported["created"], json!(recipients), "{imported}");
    }

    /// Declares an incident and says its id.
    pub async fn declare(&self, service: &str) -> String {
        let answer = self.post("/api/v1/incidents", &incident(service)).await;
        let body = answer.json(StatusCode::CREATED);
        body["id"].as_str().unwrap().to_owned()
    }

    /// Publishes an update of an incident.
    pub async fn update(&self, incident: &str) {
        let update = json!({"status": "investigating", "text": "We still look for the cause."});
        let path = format!("/api/v1/incidents/{incident}/updates");
        self.post(&path, &update).await.json(StatusCode::CREATED);
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{joint}limit=1000{after}")).await;
            let page = page.json(StatusCode::OK);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    /// Waits until every notice of an event is sent: nothing is queued or in the air. What a promise has coming to it is not due.
    pub async fn all_sent(&self, event: &str) {
        let path = format!("/api/v1/notices?event={event}");
        until("every notice is sent", PATIENCE, async || {
            let mut notices = self.all(&path).await;
            notices.retain(|n| {
                let timer = n["milestone"]
                    .as_str()
                    .unwrap_or_default()
                    .starts_with("promise_");
                !timer
                    || !["planned", "cancelled"].contains(&n["status"].as_str().unwrap_or_default())
            });
            let is_over = |n: &Value| n["status"] == "sent" || n["status"] == "superseded";
            let done = !notices.is_empty() && notices.iter().all(is_over);
            done.then_some(())
        })
        .await;
    }

    /// Kills it at once (`kill -9`) and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
        self.read_to_the_end().await;
    }

    /// Asks it to stop, as service managers do.
    pub async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Sends it a signal, such as `STOP`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let signal = format!("-{name}");
        let sent = Command::new("kill").args([&signal, &id]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended, and says how and with which words.
    pub async fn gone(mut self) -> (ExitStatus, String) {
        let status = timeout(PATIENCE, self.child.wait()).await;
        self.read_to_the_end().await;
        let words = self.said();
        (status.expect("it ends in time").unwrap(), words)
    }

    /// Stops it well.
    pub async fn stop(self) {
        self.terminate().await;
        let (status, words) = self.gone().await;
        assert!(status.success(), "{status}\n{words}");
    }

    async fn read_to_the_end(&mut self) {
        for reading in self.reading.drain(..) {
            reading.await.unwrap();
        }
    }
}

/// An incident that everybody who uses the service hears of.
pub fn incident(service: &str) -> Value {
    json!({"title": "Nobody can sign in", "services": {service: "major_outage"}, "severity": "P1",
           "effect": "You cannot sign in.", "lead": "Ann", "spokesperson": "Bo"})
}

async fn keep(
    mut lines: tokio::io::Lines<BufReader<impl tokio::io::AsyncRead + Unpin>>,
    said: Arc<Mutex<Vec<String>>>,
    told: watch::Sender<usize>,
) {
    while let Ok(Some(line)) = lines.next_line().await {
        lock(&said).push(line);
        told.send_modify(|n| *n += 1);
    }
}

fn lock(said: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request got.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body, after a look at the status.
    pub fn json(&self, expected: StatusCode) -> Value {
        assert_eq!(self.status, expected, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// A header's value; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Whether it says to come again, and when.
    pub fn says_later(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.header(RETRY_AFTER.as_str()).parse::<u32>().is_ok()
    }
}
