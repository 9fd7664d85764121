//! The client of a running server: every command that needs one goes through here.
//!
//! Each POST carries an `Idempotency-Key`, so that asking again after a lost answer does nothing twice. A server that
//! says it is not ready (503) is asked again a few times, at its own pace; that is the only retry.

use crate::exit::Exit;
use crate::terminal::clean;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use forewarn_core::problem::Problem;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use url::Url;

/// An import of 100,000 contacts is one request.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);
/// A server that is there accepts at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A longer answer is not one of ours; lists come in pages.
const MOST_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// How often a server that is not ready is asked in all.
const ASKED_AT_MOST: u32 = 4;
/// Longer than this nobody waits at a prompt, whatever the server asks for.
const WAIT_AT_MOST: Duration = Duration::from_secs(30);

/// Which server, and who asks.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct Remote {
    /// The server
    #[arg(
        long,
        env = "FOREWARN_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080",
        global = true
    )]
    url: String,
    /// A token with the rights that the command needs
    #[arg(
        long,
        env = "FOREWARN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        global = true
    )]
    token: Option<String>,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A JSON value.
    Json(Value),
    /// A text with its content type.
    Text(&'static str, String),
    /// Bytes with their content type.
    Bytes(&'static str, Vec<u8>),
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What the server said, in one line.
    pub title: String,
    /// What is wrong, by field; the line where it is known.
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct FieldError {
    /// The field's path.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// The line of the text that was sent.
    pub line: Option<usize>,
    /// The column in that line.
    pub column: Option<usize>,
}

impl FieldError {
    /// The same as of an input that was read here.
    pub fn into_problem(self) -> Problem {
        Problem::new(self.field, self.problem).at(self.line.zip(self.column))
    }
}

impl Refusal {
    /// A fault of the server is no fault of the input.
    pub fn exit(&self) -> Exit {
        if self.status >= 500 {
            Exit::CouldNotRun
        } else {
            Exit::Refused
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (status {})", clean(&self.title), self.status)?;
        for error in &self.errors {
            write!(f, "\n  ")?;
            if let (Some(line), Some(column)) = (error.line, error.column) {
                write!(f, "line {line}, column {column}: ")?;
            }
            if !error.field.is_empty() {
                write!(f, "{}: ", clean(&error.field))?;
            }
            write!(f, "{}", clean(&error.problem))?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// A connection to a server.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Client {
    /// Makes ready to ask; nothing is sent yet.
    ///
    /// # Errors
    /// When the address of the server is none.
    pub fn new(remote: &Remote) -> anyhow::Result<Client> {
        let base = Url::parse(&remote.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                let shown = clean(&remote.url);
                anyhow!("'{shown}' is not the address of a server such as https://forewarn.example.org (set --url)")
            })?;
        // Fails only when one is installed already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("forewarn/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            // A redirect would take the token to wherever it points.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            http = http.no_proxy();
        }
        Ok(Client {
            http: http.build().context("cannot make an HTTP client")?,
            base,
            token: remote.token.clone().filter(|t| !t.is_empty()),
        })
    }

    /// Reads something: `GET /api/v1/{path}?{query}`.
    ///
    /// # Errors
    /// A [`Refusal`], or that the server cannot be reached.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.ask(Method::GET, self.address(path, query), None).await
    }

    /// Reads something that is no JSON, such as a table.
    ///
    /// # Errors
    /// A [`Refusal`], or that the server cannot be reached.
    pub async fn text(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.answer(Method::GET, self.address(path, query), None);
        let (_, body) = self.body(answer.await?).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Does something: `POST /api/v1/{path}?{query}`.
    ///
    /// # Errors
    /// A [`Refusal`], or that the server cannot be reached.
    pub async fn post(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Value> {
        self.ask(Method::POST, self.address(path, query), Some(body))
            .await
    }

    /// Puts something in its place: `PUT /api/v1/{path}`.
    ///
    /// # Errors
    /// A [`Refusal`], or that the server cannot be reached.
    pub async fn put(&self, path: &[&str], body: Body) -> anyhow::Result<Value> {
        self.ask(Method::PUT, self.address(path, &[]), Some(body))
            .await
    }

    /// Removes something: `DELETE /api/v1/{path}`.
    ///
    /// # Errors
    /// A [`Refusal`], or that the server cannot be reached.
    pub async fn delete(&self, path: &[&str]) -> anyhow::Result<Value> {
        self.ask(Method::DELETE, self.address(path, &[]), None)
            .await
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    async fn ask(&self, method: Method, url: Url, body: Option<Body>) -> anyhow::Result<Value> {
        let answer = self.answer(method, url, body).await?;
        self.read(answer).await
    }

    async fn answer(
        &self,
        method: Method,
        url: Url,
        body: Option<Body>,
    ) -> anyhow::Result<Response> {
        let key = uuid::Uuid::now_v7().to_string();
        for asked in 1.. {
            let mut request = self
                .http
                .request(method.clone(), url.clone())
                .header("accept", "application/json, application/problem+json");
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            if let Some(body) = &body {
                request = request.header("idempotency-key", &key);
                request = match body {
                    Body::Json(value) => request.json(value),
                    Body::Text(kind, text) => {
                        request.header(CONTENT_TYPE, *kind).body(text.clone())
                    }
                    Body::Bytes(kind, bytes) => {
                        request.header(CONTENT_TYPE, *kind).body(bytes.clone())
                    }
                };
            }
            let answer = request.send().await.map_err(|e| self.unreachable(e))?;
            let wait = wait_asked_for(&answer);
            match wait {
                Some(wait) if asked < ASKED_AT_MOST => tokio::time::sleep(wait).await,
                _ => return Ok(answer),
            }
        }
        bail!("the server {} is not ready", self.base)
    }

    fn unreachable(&self, error: reqwest::Error) -> anyhow::Error {
        let timed_out = error.is_timeout();
        let cause = innermost(&error.without_url());
        let what = if timed_out {
            "did not answer in time"
        } else {
            "cannot be reached"
        };
        anyhow!(
            "the server {} {what}: {cause} (set --url or FOREWARN_URL)",
            self.base
        )
    }

    async fn body(&self, mut answer: Response) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.unreachable(e))? {
            if body.len() + chunk.len() > MOST_ANSWER_BYTES {
                bail!("the server's answer is longer than {MOST_ANSWER_BYTES} bytes");
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(refusal(status, &body).into());
        }
        Ok((status, body))
    }

    async fn read(&self, answer: Response) -> anyhow::Result<Value> {
        let (status, body) = self.body(answer).await?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).with_context(|| {
            format!(
                "{} answers, but not as a Forewarn server does (status {status})",
                self.base
            )
        })
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How long a server that is not ready wants to be left alone.
fn wait_asked_for(answer: &Response) -> Option<Duration> {
    if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let asked = answer.headers().get(RETRY_AFTER);
    let seconds = asked.and_then(|v| v.to_str().ok()?.trim().parse().ok());
    Some(Duration::from_secs(seconds.unwrap_or(1)).min(WAIT_AT_MOST))
}

/// What a problem document says (RFC 9457); something short for anything else.
fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| {
        problem
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let title = match (text("title"), text("detail")) {
        ("", "") => match status {
            StatusCode::UNAUTHORIZED => {
                "no or an unknown token (set --token or FOREWARN_TOKEN)".into()
            }
            StatusCode::FORBIDDEN => "the token does not allow this".into(),
            StatusCode::NOT_FOUND => "there is no such thing".into(),
            _ => format!(
                "the server refused: {}",
                status.canonical_reason().unwrap_or("it did not say why")
            ),
        },
        (title, "") => title.to_owned(),
        // The title only repeats the status.
        (_, detail) => detail.to_owned(),
    };
    let errors = problem.get("errors").and_then(Value::as_array);
    let errors = errors.map_or(&[][..], Vec::as_slice).iter();
    Refusal {
        status: status.as_u16(),
        title,
        errors: errors
            .filter_map(|error| serde_json::from_value(error.clone()).ok())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> Client {
        let remote = Remote {
            url: url.into(),
            token: None,
        };
        Client::new(&remote).unwrap()
    }

    #[test]
    fn addresses_stay_under_the_servers_own() {
        let plain = client("http://127.0.0.1:8080");
        assert_eq!(
            plain
                .address(&["maintenances", "../x?y", "start"], &[("a", "b c")])
                .as_str(),
            "http://127.0.0.1:8080/api/v1/maintenances/..%2Fx%3Fy/start?a=b+c"
        );
        assert_eq!(
            client("https://it.example.edu/forewarn/")
                .address(&["notices"], &[])
                .as_str(),
            "https://it.example.edu/forewarn/api/v1/notices"
        );
    }

    #[test]
    fn a_problem_is_told_field_by_field() {
        let body = br#"{"title": "invalid", "detail": "2 problems", "errors":
            [{"field": "services[0].name", "problem": "is missing", "line": 3, "column": 5}, {"field": "", "problem": "x\u001b"}]}"#;
        let refused = refusal(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(
            refused.to_string(),
            "2 problems (status 422)\n  line 3, column 5: services[0].name: is missing\n  x\u{fffd}"
        );
        assert_eq!(refused.exit(), Exit::Refused);
        let broken = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(
            broken.to_string(),
            "the server refused: Bad Gateway (status 502)"
        );
        assert_eq!(broken.exit(), Exit::CouldNotRun);
    }
}
