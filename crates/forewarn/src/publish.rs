//! The public pages as files, kept away from home: once (`forewarn publish`), or by the server at every change.
//!
//! The bytes are those that the server sends, so a copy says of which instant it is, as the pages do. What needs the server, the form
//! to subscribe, is not in a copy.

use forewarn_engine::place::s3::{Bucket, Credentials};
use forewarn_engine::place::{Copy, Done, File, Place};
use forewarn_server::status_page::{Live, Page, Pages, subscription};
use forewarn_store::Clock;
use std::time::Duration;
use tokio::sync::watch;

/// However much changes, the copy is made at most this often.
const REST: Duration = Duration::from_secs(1);
/// After a failure it is tried again after this, then after twice as long and so on, to the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// The region of stores that have none.
const REGION: &str = "us-east-1";

/// Reads where a copy is kept. What a bucket needs besides comes from the variables that every program for S3 reads.
///
/// # Errors
/// Says what is missing or wrong; no secret is repeated.
pub fn read_place(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Place, String> {
    if !text.starts_with("s3://") {
        return match text.contains("://") {
            true => Err(format!(
                "'{text}' is neither a folder nor s3://bucket or s3://bucket/prefix"
            )),
            false => Ok(Place::Folder(text.into())),
        };
    }
    let first = |names: [&str; 2]| names.iter().find_map(|name| variable(name));
    let needed =
        |name: &str| variable(name).ok_or_else(|| format!("{name} must be set to write to {text}"));
    let region = first(["AWS_REGION", "AWS_DEFAULT_REGION"]).unwrap_or_else(|| REGION.into());
    let endpoint = first(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
        .unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let credentials = Credentials {
        key: needed("AWS_ACCESS_KEY_ID")?,
        secret: needed("AWS_SECRET_ACCESS_KEY")?,
        session: variable("AWS_SESSION_TOKEN"),
    };
    let bucket = Bucket::at(text, &endpoint, &region, credentials)?;
    Ok(Place::Bucket(Box::new(bucket)))
}

/// Makes the copy equal to these pages.
pub async fn bring(copy: &mut Copy, place: &Place, pages: &Pages, clock: &Clock) -> Done {
    let files = files(pages, place);
    copy.bring(files, pages.home(), pages.made_at(), clock.now())
        .await
}

/// Keeps a copy equal to the pages until it is told to stop.
pub async fn keep(place: Place, live: Live, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut changes = live.changes();
    let mut copy: Option<Copy> = None;
    let mut again = AGAIN.0;
    let mut failing = false;
    while !*stop.borrow() {
        let pages = changes.borrow_and_update().clone();
        let problem = match once(&mut copy, &place, &pages, &clock).await {
            Ok(done) => done.failed.into_iter().next(),
            Err(problem) => Some(problem),
        };
        match &problem {
            Some(problem) => {
                tracing::warn!(%problem, %place, "the copy of the public pages is not up to date; it is tried again");
            }
            None if failing => {
                tracing::info!(%place, "the copy of the public pages is up to date again")
            }
            None => {}
        }
        failing = problem.is_some();
        let pause = if failing { again } else { REST };
        again = if failing {
            (again * 2).min(AGAIN.1)
        } else {
            AGAIN.0
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
        if failing {
            continue;
        }
        tokio::select! {
            _ = changes.changed() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
}

async fn once(
    copy: &mut Option<Copy>,
    place: &Place,
    pages: &Pages,
    clock: &Clock,
) -> Result<Done, String> {
    let known = match copy.take() {
        Some(known) => known,
        None => Copy::open(place.clone(), clock.now()).await?,
    };
    let known = copy.insert(known);
    Ok(bring(known, place, pages, clock).await)
}

/// The files of a copy.
pub fn files(pages: &Pages, place: &Place) -> Vec<File> {
    let public = pages
        .iter()
        .filter(|(path, _)| !subscription::is_form(path));
    public
        .map(|(path, page)| File {
            name: name(path, page, place),
            content_type: page.content_type,
            cache_control: Page::cache_control(path),
            body: page.body.to_vec(),
            hash: page.etag.trim_matches('"').to_owned(),
            loaded_by_others: path.starts_with("/assets/"),
        })
        .collect()
}

/// A page that is found at `/history` is `history/index.html` in a folder, where web servers look for it and know its type by its
/// name. A bucket keeps types beside its objects, so there it is `history`. A first page is `index.html` in both.
fn name(path: &str, page: &Page, place: &Place) -> String {
    let path = path.trim_start_matches('/');
    let is_html = page.content_type.starts_with("text/html");
    match (path, place) {
        (path, _) if path.is_empty() || path.ends_with('/') => format!("{path}index.html"),
        (path, Place::Folder(_)) if is_html => format!("{path}/index.html"),
        (path, _) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read_place(text, &variable).map(|place| place.to_string())
    }

    #[test]
    fn a_place_is_a_folder_or_a_bucket_with_its_keys() {
        assert_eq!(read("/var/www/status", &[]).unwrap(), "/var/www/status");
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ];
        assert_eq!(
            read("s3://pages", &keys).unwrap(),
            "s3://pages/ at https://s3.us-east-1.amazonaws.com"
        );
        let own = [
            keys[0],
            keys[1],
            ("AWS_ENDPOINT_URL_S3", "http://10.0.0.5:9000"),
        ];
        assert_eq!(
            read("s3://pages/campus", &own).unwrap(),
            "s3://pages/campus/ at http://10.0.0.5:9000"
        );
        assert_eq!(
            read("s3://pages", &keys[1..]).unwrap_err(),
            "AWS_ACCESS_KEY_ID must be set to write to s3://pages"
        );
        let other = read("ftp://example.org/pages", &keys).unwrap_err();
        assert!(other.contains("neither a folder nor"), "{other}");
    }
}
