//! The two servers that are asked: this program, with services and events, and nginx with the same bytes in files.

use anyhow::{Context, Result, anyhow, bail};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};

/// The server's token: nobody else can reach it by accident.
const TOKEN: &str = "bench-page-token-of-this-machine";
const SERVICES: usize = 30;
const OPEN_INCIDENTS: usize = 2;
const CLOSED_INCIDENTS: usize = 4;
const WORKS: usize = 14;
/// How long anything may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// A server of our own.
pub struct Server {
    child: Child,
    /// Kept, so that it may go on to speak.
    _said: tokio::io::Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts one on a free port, with none of the settings that this process has.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(data: &Path) -> Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FOREWARN_") {
                command.env_remove(&name);
            }
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("FOREWARN_ADMIN_TOKEN", TOKEN)
            .env("FOREWARN_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the server cannot be started")?;
        let out = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(out).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
        let address = said
            .as_deref()
            .and_then(|line| line.rsplit_once("http://"))
            .and_then(|(_, address)| address.parse().ok())
            .ok_or_else(|| anyhow!("the server did not say where it listens"))?;
        // Fails only when one is installed already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        Ok(Server {
            child,
            _said: lines,
            http: http.build()?,
            address,
        })
    }

    /// Enters 30 services and 20 events, and waits until the page has them all.
    ///
    /// # Errors
    /// When something is refused.
    pub async fn fill(&self) -> Result<()> {
        let mut documents = String::from(
            "organisation: {name: Example University, time_zone: America/Los_Angeles}\nservices:\n",
        );
        for n in 0..SERVICES {
            writeln!(
                documents,
                "- {{id: service-{n}, name: Service number {n}, group: Group {}, description: What people use it for}}",
                n % 5
            )?;
        }
        self.post("documents", "application/yaml", documents)
            .await?;
        for n in 0..OPEN_INCIDENTS + CLOSED_INCIDENTS {
            let id = self.declare(n).await?;
            if n >= OPEN_INCIDENTS {
                let update = json!({"status": "resolved", "text": "It works again, and nothing is lost. A part had failed and was replaced. We are sorry for the trouble."});
                let path = format!("incidents/{id}/updates");
                self.post(&path, "application/json", update.to_string())
                    .await?;
            }
        }
        for n in 0..WORKS {
            let work = json!({
                "title": format!("Faster servers, part {n}"),
                "kind": "emergency",
                "services": [format!("service-{}", n + 10)],
                "start": format!("2199-12-{:02}T22:00", n + 1),
                "end": format!("2199-12-{:02}T02:00", n + 2),
                "facts": {
                    "effect": "You cannot use it for some of this time.",
                    "why": "It will be faster, and a fault goes away.",
                    "contact": "help@example.edu",
                },
            });
            self.post("maintenances", "application/json", work.to_string())
                .await?;
        }
        self.until("the page shows what was entered", async || {
            let summary = self.json("/api/v2/incidents.json").await?;
            let works = self.json("/api/v2/scheduled-maintenances.json").await?;
            let count = |list: &Value| list.as_array().map_or(0, Vec::len);
            let there = count(&summary["incidents"]) == OPEN_INCIDENTS + CLOSED_INCIDENTS;
            Ok(there && count(&works["scheduled_maintenances"]) == WORKS)
        })
        .await
    }

    async fn declare(&self, n: usize) -> Result<String> {
        let incident = json!({
            "title": format!("Sign-in fails for some, number {n}"),
            "services": {format!("service-{}", n % SERVICES): "partial_outage"},
            "severity": "P2",
            "effect": "Some people cannot sign in.",
            "lead": "Ann",
            "spokesperson": "Bo",
        });
        let said = self
            .post("incidents", "application/json", incident.to_string())
            .await?;
        let id = said["id"].as_str();
        id.map(str::to_owned).context("the incident has no id")
    }

    /// Declares one more incident in the middle of a round, and says how long it took until a document showed it.
    ///
    /// # Errors
    /// When it is not seen.
    pub async fn declare_and_look(&self, path: &str) -> Result<Duration> {
        tokio::time::sleep(super::ROUND / 2).await;
        let id = self.declare(SERVICES - 1).await?;
        let began = Instant::now();
        self.until("the new incident is seen", async || {
            let body = self.body(path).await?;
            Ok(String::from_utf8_lossy(&body).contains(&format!("\"{id}\"")))
        })
        .await?;
        Ok(began.elapsed())
    }

    /// A page as it is.
    ///
    /// # Errors
    /// When it is not answered with 200.
    pub async fn body(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.http.get(format!("http://{}{path}", self.address));
        let answer = answer.send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    async fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body(path).await?)?)
    }

    /// How often it has gone to its database.
    ///
    /// # Errors
    /// When it does not say so.
    pub async fn transactions(&self) -> Result<f64> {
        let said = String::from_utf8(self.body("/metrics").await?)?;
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("forewarn_database_transactions_total "));
        Ok(line.context("the metrics do not say it")?.trim().parse()?)
    }

    async fn post(&self, path: &str, kind: &str, body: String) -> Result<Value> {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let request = self.http.post(url).bearer_auth(TOKEN);
        let answer = request.header(CONTENT_TYPE, kind).body(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{path}: {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// A line of its `/proc/PID/status`, in bytes.
    ///
    /// # Errors
    /// When there is none, as on systems that are not Linux.
    pub fn memory(&self, name: &str) -> Result<u64> {
        let id = self.child.id().context("the server is gone")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.context("the system does not say how much memory it has")? * 1024)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    async fn until(&self, what: &str, mut look: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !look().await? {
            if Instant::now() > deadline {
                bail!("waited {PATIENCE:?} in vain: {what}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// nginx with files.
pub struct Nginx {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Starts it with these files, by name, in a folder. Nothing where PATH has none.
    ///
    /// # Errors
    /// When it is there and does not start.
    pub async fn start(folder: &Path, files: &[(&str, &Vec<u8>)]) -> Result<Option<Nginx>> {
        let Some(program) = found() else {
            return Ok(None);
        };
        let root = folder.join("www");
        for (name, body) in files {
            let path = root.join(name.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap_or(&root))?;
            std::fs::write(path, body)?;
        }
        // The port is free again when nginx takes it.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = free.local_addr()?;
        drop(free);
        let settings = folder.join("nginx.conf");
        std::fs::write(&settings, configuration(folder, &root, address))?;
        let log = std::fs::File::create(folder.join("nginx.log"))?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&settings)
            .arg("-p")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let nginx = Nginx { child, address };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).await.is_err() {
            if Instant::now() > deadline {
                let said = std::fs::read_to_string(folder.join("nginx.log"))?;
                bail!("nginx does not listen: {said}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(Some(nginx))
    }

    /// Ends it and its workers, which a killed master would leave behind.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            let id = id.to_string();
            Command::new("kill").args(["-TERM", &id]).status().await?;
        }
        self.child.wait().await?;
        Ok(())
    }
}

/// The program on PATH, or where Debian keeps it from users.
fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder| folder.join("nginx"))
        .find(|file| file.is_file())
}

/// As its documentation advises for files: no log, sendfile, open files kept, as many workers as processors.
fn configuration(folder: &Path, root: &Path, address: SocketAddr) -> String {
    let (folder, root) = (folder.display(), root.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path {folder}/{name};\n"))
        .collect();
    format!(
        "daemon off;\nworker_processes auto;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n{temporary}  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  keepalive_requests 1000000000;\n\
         \x20 open_file_cache max=100 inactive=60s;\n  types {{ text/html html; application/json json; }}\n\
         \x20 server {{ listen {address}; root {root}; index index.html; }}\n}}\n"
    )
}
