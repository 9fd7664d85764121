//! `forewarn bench page`: the status page and its summary under a crowd, beside nginx serving the same bytes as files.
//!
//! A real `forewarn serve` with 30 services and 20 events, and nginx from PATH, are asked in turns by the same load generator over
//! loopback. A third pair of rounds asks with another query and another cookie each time, while an incident is declared: how soon it is
//! seen, and how often the server goes to its database meanwhile.

mod load;
mod stage;

use crate::exit::Exit;
use crate::terminal;
use anyhow::Result;
use load::{Asked, Load};
use serde::Serialize;
use stage::{Nginx, Server};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Connections that ask at once.
const CONNECTIONS: usize = 64;
/// How long a round takes, and how many each server has of each page. Turns keep a busy moment of the machine from counting for one
/// server only.
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
/// What is promised of each page: the share of nginx's requests, and how much longer the slowest of a hundred may take.
const PROMISED: (f64, f64) = (0.7, 2.0);

const PAGE: &str = "/";
const SUMMARY: &str = "/api/v2/summary.json";

/// What was measured.
#[derive(Debug, Default, Serialize)]
struct Measured {
    connections: usize,
    /// From the start of the process to its first page.
    start_milliseconds: f64,
    /// Resident before the crowd came, and at most.
    idle_rss_bytes: u64,
    peak_rss_bytes: u64,
    pages: Vec<Compared>,
    /// With random queries and cookies: from the declaration of an incident until the page showed it, and how often a second the
    /// server went to its database.
    visible_milliseconds: f64,
    database_per_second: f64,
}

/// One page, on both servers.
#[derive(Debug, Serialize)]
struct Compared {
    page: String,
    bytes: usize,
    #[serde(flatten)]
    ours: Rate,
    /// Nothing where there is no nginx.
    #[serde(skip_serializing_if = "Option::is_none")]
    nginx: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ratio: Option<f64>,
}

/// How fast a server answered.
#[derive(Clone, Debug, Serialize)]
struct Rate {
    per_second: f64,
    p50_milliseconds: f64,
    p99_milliseconds: f64,
}

impl Rate {
    fn of(load: &mut Load) -> Rate {
        load.times.sort_unstable();
        let nth = |percent: usize| {
            let place = (load.times.len() * percent).div_ceil(100).saturating_sub(1);
            load.times
                .get(place)
                .map_or(0.0, |t| f64::from(*t) / 1_000.0)
        };
        Rate {
            per_second: load.times.len() as f64 / load.took.as_secs_f64(),
            p50_milliseconds: nth(50),
            p99_milliseconds: nth(99),
        }
    }
}

/// Measures once and prints.
///
/// # Errors
/// When a server does not start or gives a wrong answer.
pub async fn run(as_json: bool) -> Result<ExitCode> {
    let folder = std::env::temp_dir().join(format!("forewarn-bench-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&folder).await;
    let _ = std::fs::remove_dir_all(&folder);
    let measured = measured?;
    match as_json {
        true => terminal::print(&format!("{}\n", serde_json::to_string(&measured)?))?,
        false => terminal::print(&show(&measured))?,
    }
    if measured.pages.iter().any(|page| page.nginx.is_none()) {
        terminal::caution(
            "there is no nginx on PATH, so nothing was compared (Debian: apt install nginx-light)",
        );
        return Ok(Exit::Warned.into());
    }
    Ok(Exit::Done.into())
}

async fn measure(folder: &Path) -> Result<Measured> {
    let data = folder.join("data");
    // The first one makes the database; what is measured is a server that comes back.
    let server = Server::start(&data).await?;
    server.fill().await?;
    server.stop().await?;
    let began = Instant::now();
    let server = Server::start(&data).await?;
    server.body(PAGE).await?;
    let start_milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
    let idle_rss_bytes = server.memory("VmRSS:")?;
    let bodies = [server.body(PAGE).await?, server.body(SUMMARY).await?];
    let nginx = Nginx::start(folder, &[("index.html", &bodies[0]), (SUMMARY, &bodies[1])]).await?;
    let mut measured = Measured {
        connections: CONNECTIONS,
        start_milliseconds,
        idle_rss_bytes,
        ..Measured::default()
    };
    for (path, body) in [PAGE, SUMMARY].into_iter().zip(&bodies) {
        let asked = Asked::plain(path);
        let compared = compare(path.to_owned(), body.len(), &asked, &server, nginx.as_ref());
        measured.pages.push(compared.await?);
    }
    let asked = Asked::random(PAGE);
    let before = (server.transactions().await?, Instant::now());
    let name = format!("{PAGE} with random queries and cookies");
    let (compared, visible) = tokio::join!(
        compare(name, bodies[0].len(), &asked, &server, nginx.as_ref()),
        server.declare_and_look(SUMMARY)
    );
    measured.pages.push(compared?);
    measured.visible_milliseconds = visible?.as_secs_f64() * 1_000.0;
    let after = server.transactions().await?;
    measured.database_per_second = (after - before.0) / before.1.elapsed().as_secs_f64();
    measured.peak_rss_bytes = server.memory("VmHWM:")?;
    if let Some(nginx) = nginx {
        nginx.stop().await?;
    }
    server.stop().await?;
    Ok(measured)
}

async fn compare(
    page: String,
    bytes: usize,
    asked: &Asked,
    server: &Server,
    nginx: Option<&Nginx>,
) -> Result<Compared> {
    let (mut ours, mut theirs) = (Load::default(), Load::default());
    for _ in 0..ROUNDS {
        ours.add(load::run(server.address, asked, CONNECTIONS, ROUND).await?);
        if let Some(nginx) = nginx {
            theirs.add(load::run(nginx.address, asked, CONNECTIONS, ROUND).await?);
        }
    }
    let ours = Rate::of(&mut ours);
    let nginx = nginx.map(|_| Rate::of(&mut theirs));
    Ok(Compared {
        page,
        bytes,
        ratio: nginx.as_ref().map(|n| ours.per_second / n.per_second),
        p99_ratio: nginx
            .as_ref()
            .map(|n| ours.p99_milliseconds / n.p99_milliseconds),
        ours,
        nginx,
    })
}

fn show(measured: &Measured) -> String {
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let mut said = format!(
        "start to first page    {:.0} ms\nmemory                 {:.0} MiB idle, {:.0} MiB at most\n",
        measured.start_milliseconds,
        mib(measured.idle_rss_bytes),
        mib(measured.peak_rss_bytes)
    );
    let line = |name: &str, rate: &Rate| {
        format!(
            "  {name:<9}{:>9.0} a second, half within {:.2} ms, 99 in 100 within {:.2} ms\n",
            rate.per_second, rate.p50_milliseconds, rate.p99_milliseconds
        )
    };
    for page in &measured.pages {
        said += &format!(
            "{} ({} bytes, {} connections)\n",
            page.page, page.bytes, measured.connections
        );
        said += &line("Forewarn", &page.ours);
        if let Some(nginx) = &page.nginx {
            said += &line("nginx", nginx);
        }
        if let (Some(ratio), Some(slow)) = (page.ratio, page.p99_ratio) {
            let (least, most) = PROMISED;
            said += &format!(
                "  ratio    {ratio:.2} ({least} is promised), 99 in 100: {slow:.2} times nginx's ({most} is promised)\n"
            );
        }
    }
    said += &format!(
        "meanwhile              an incident was seen after {:.0} ms; {:.1} times a second to the database\n",
        measured.visible_milliseconds, measured.database_per_second
    );
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_all_requests_and_of_the_slowest() {
        let mut load = Load {
            times: (1..=1_000).rev().collect(),
            took: Duration::from_secs(2),
        };
        let rate = Rate::of(&mut load);
        assert_eq!(
            (
                rate.per_second,
                rate.p50_milliseconds,
                rate.p99_milliseconds
            ),
            (500.0, 0.5, 0.99)
        );
    }
}
