//! Writes every screen with sample data into a folder, to be looked at; with `hostile` after it, full of attacks:
//! `cargo run -p forewarn-server --example screens -- target/screens && python3 -m http.server -d target/screens`.

mod mails;
mod samples;

use forewarn_server::status_page::{Pages, Snapshot, assets};
use samples::Samples;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .unwrap_or_else(|| "target/screens".into());
    let folder = Path::new(&folder);
    let hostile = env::args().nth(2).is_some_and(|word| word == "hostile");
    let samples = Samples { hostile };
    let mut names = Vec::new();
    for (name, html) in samples
        .console()
        .into_iter()
        .chain(samples.subscriptions())
        .chain(samples.outage_plans())
        .chain(samples.changes_ahead())
        .chain(samples.private_pages())
    {
        put(&folder.join(format!("{name}.html")), html.as_bytes())?;
        names.push(name);
    }
    let by_name = [
        assets::console_style(),
        assets::console_script(),
        assets::push_script(),
    ];
    for path in by_name {
        if let Some(page) = assets::get(path) {
            put(&folder.join(path.trim_start_matches('/')), &page.body)?;
        }
    }
    names.extend(public(folder, "status", &samples.snapshot())?);
    names.extend(public(folder, "status-quiet", &samples.quiet_snapshot())?);
    names.extend(public(folder, "status-empty", &samples.empty_snapshot())?);
    if !hostile {
        mails::write(folder)?;
    }
    put(&folder.join("screens.txt"), names.join("\n").as_bytes())
}

/// Writes the pages of a snapshot that people read, and what they load. Of other languages those are looked at with the longest words,
/// and the other direction.
fn public(folder: &Path, name: &str, snapshot: &Snapshot) -> io::Result<Vec<String>> {
    let pages = Pages::render(snapshot);
    let mut names = Vec::new();
    for (path, page) in pages.iter() {
        let flat = match path {
            "/" => name.to_owned(),
            "/history" | "/calendar" | "/subscribe" => format!("{name}-{}", &path[1..]),
            "/events/INC-7" | "/events/MNT-1" | "/events/ADV-3" => {
                format!("{name}{}", path.replace('/', "-"))
            }
            "/ar/" => format!("{name}-ar"),
            "/de/" | "/ar/subscribe" if name == "status" => {
                format!("{name}{}", path.trim_end_matches('/').replace('/', "-"))
            }
            _ => {
                let file = path.trim_start_matches('/');
                let ending = match page.content_type.starts_with("text/html") {
                    true if file.ends_with('/') => "index.html",
                    true => ".html",
                    false => "",
                };
                put(&folder.join(format!("{file}{ending}")), &page.body)?;
                continue;
            }
        };
        put(&folder.join(format!("{flat}.html")), &page.body)?;
        names.push(flat);
    }
    Ok(names)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}
