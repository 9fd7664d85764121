//! `forewarn outage-plan`: what is prepared for the day on which a service fails.

use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, Style, Table};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `outage-plan`.
#[derive(Args)]
pub struct OutagePlanArgs {
    #[command(subcommand)]
    command: OutagePlanCommand,
}

#[derive(Subcommand)]
enum OutagePlanCommand {
    /// List the plans of all services, the least complete first
    List {
        #[command(flatten)]
        remote: Remote,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the plan of a service as JSON
    Show {
        #[command(flatten)]
        remote: Remote,
        /// The service
        service: String,
    },
    /// Put on record that a stakeholder agrees with the plan as it stands
    Sign {
        #[command(flatten)]
        remote: Remote,
        /// The service
        service: String,
        /// Who agrees, as the plan names them
        #[arg(long, value_name = "ADDRESS")]
        stakeholder: String,
        /// The version that was read; without it, the one of now
        #[arg(long)]
        version: Option<String>,
    },
    /// Write the cards "what to do and say when an outage starts": pages that need no server
    Cards {
        #[command(flatten)]
        remote: Remote,
        /// Of these services; of all without any
        services: Vec<String>,
        /// The folder; SERVICE.html for each, and index.html
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Does what the command line says.
///
/// # Errors
/// When the server refuses or cannot be reached, or a file cannot be written.
pub async fn run(args: OutagePlanArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        OutagePlanCommand::List { remote, json } => {
            let list = Client::new(&remote)?.get(&["outage-plans"], &[]).await?;
            match json {
                true => terminal::print_json(&list)?,
                false => terminal::print(&show(&list, Colour::of_stdout()))?,
            }
        }
        OutagePlanCommand::Show { remote, service } => {
            let path = ["services", &service, "outage-plan"];
            terminal::print_json(&Client::new(&remote)?.get(&path, &[]).await?)?;
        }
        OutagePlanCommand::Sign {
            remote,
            service,
            stakeholder,
            version,
        } => sign(&remote, &service, &stakeholder, version).await?,
        OutagePlanCommand::Cards {
            remote,
            services,
            out,
        } => cards(&Client::new(&remote)?, services, &out).await?,
    }
    Ok(Exit::Done.into())
}

async fn sign(
    remote: &Remote,
    service: &str,
    stakeholder: &str,
    version: Option<String>,
) -> anyhow::Result<()> {
    let client = Client::new(remote)?;
    let path = ["services", service, "outage-plan"];
    let version = match version {
        Some(version) => version,
        None => {
            let plan = client.get(&path, &[]).await?;
            plan["version"].as_str().unwrap_or_default().to_owned()
        }
    };
    let body = Body::Json(json!({"stakeholder": stakeholder, "version": version}));
    let signed = client
        .post(&[path[0], path[1], path[2], "sign-offs"], &[], body)
        .await?;
    let score = &signed["score"];
    terminal::print(&format!(
        "{stakeholder} agrees with version {version} of the plan of {service}; it is {score} % complete.\n"
    ))
}

/// Writes the cards and a page that lists them. Names are ids, so none leads out of the folder.
async fn cards(client: &Client, mut services: Vec<String>, out: &Path) -> anyhow::Result<()> {
    let list = client.get(&["outage-plans"], &[]).await?;
    let plans = list["items"].as_array().cloned().unwrap_or_default();
    let text = |plan: &Value, name: &str| plan[name].as_str().unwrap_or_default().to_owned();
    if services.is_empty() {
        services = plans.iter().map(|plan| text(plan, "service")).collect();
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut links = String::new();
    for service in &services {
        let card = client.text(&["services", service, "card"], &[]).await?;
        write(&out.join(format!("{service}.html")), &card)?;
        let plan = plans
            .iter()
            .find(|plan| plan["service"] == service.as_str());
        let name = plan.map_or_else(|| service.clone(), |plan| text(plan, "name"));
        links += &format!(
            "<li><a href=\"{service}.html\">{}</a></li>\n",
            escaped(&name)
        );
    }
    let index = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>When something fails</title>\n<h1>When something fails</h1>\n<ul>\n{links}</ul>\n</html>\n"
    );
    write(&out.join("index.html"), &index)?;
    let written = match services.len() {
        1 => "1 card".to_owned(),
        n => format!("{n} cards"),
    };
    terminal::print(&format!("{written} written to {}.\n", out.display()))
}

/// Whole or not at all: whoever opens it while it is written anew reads the old one.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("html.new");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn show(list: &Value, colour: Colour) -> String {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return "No services.\n".into();
    }
    let mut table = Table::new(&["service", "complete", "missing"]);
    for item in items {
        let missing = item["missing"].as_array().map_or(&[][..], Vec::as_slice);
        let problem = |gap: &Value| gap["problem"].as_str().unwrap_or_default().to_owned();
        let style = match item["score"].as_u64() {
            Some(100) => Style::Plain,
            Some(70..) => Style::Warning,
            _ => Style::Failure,
        };
        let rest = match missing.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        table.row(
            style,
            [
                item["service"].as_str().unwrap_or_default().to_owned(),
                format!("{} %", item["score"]),
                missing.first().map(problem).unwrap_or_default() + &rest,
            ],
        );
    }
    table.show(colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_how_complete_and_what_first() {
        let list = json!({"items": [
            {"service": "portal", "score": 40, "missing": [{"problem": "nobody is named who speaks for it"}, {"problem": "x"}]},
            {"service": "wiki", "score": 100, "missing": []},
        ]});
        assert_eq!(
            show(&list, Colour::Off),
            "service  complete  missing\n\
             portal   40 %      nobody is named who speaks for it (and 1 more)\n\
             wiki     100 %\n"
        );
    }
}
