//! The installation's key: with it links, codes, webhooks and forms prove to be ours. It stands in a file of the data folder or in the
//! environment, and never in the database: whoever reads that, or a backup of it, can complete no link and knows no code.
//!
//! The database keeps a print of the key, by which every process sees whether it has the same one as the others.

use crate::settings::Settings;
use anyhow::{Context, bail};
use forewarn_core::token::Key;
use forewarn_server::random_token;
use forewarn_store::Store;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The variable that gives the key to several processes.
pub const VARIABLE: &str = "FOREWARN_LINK_KEY";
/// Shorter ones can be guessed.
pub const SHORTEST: usize = 32;
const FILE: &str = "link.key";
/// The setting under which the database knows the key again.
const PRINT: &str = "link_key_print";

/// How the key that is here goes with the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is the one with which the database was used.
    Same,
    /// The database was used with no key so far.
    First,
    /// There is none here, and the database was used with one.
    Missing,
    /// It is another than the one with which the database was used.
    Other,
}

/// The file of the key.
pub fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The key that is here, and where it comes from.
///
/// # Errors
/// When its file cannot be read, or holds no key.
pub fn find(settings: &Settings) -> anyhow::Result<Option<(Key, String)>> {
    if let Some(text) = &settings.link_key {
        return Ok(Some((Key::new(text), VARIABLE.to_owned())));
    }
    let path = file(&settings.data);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
        Err(problem) => {
            let said = format!("cannot read the key in {}", path.display());
            return Err(anyhow::Error::new(problem).context(said));
        }
    };
    match is_key(text.trim()) {
        true => Ok(Some((Key::new(text.trim()), path.display().to_string()))),
        false => bail!(
            "{} holds no key: at least {SHORTEST} letters, digits or signs in one line",
            path.display()
        ),
    }
}

/// Whether a text can be a key.
pub fn is_key(text: &str) -> bool {
    text.len() >= SHORTEST && text.bytes().all(|b| b.is_ascii_graphic())
}

/// How a key goes with the database.
///
/// # Errors
/// When the database cannot be read.
pub async fn fit(key: Option<&Key>, store: &Store) -> forewarn_store::Result<Fit> {
    let known = store.known_setting(PRINT).await?;
    Ok(match (key, known) {
        (_, None) => Fit::First,
        (None, Some(_)) => Fit::Missing,
        (Some(key), Some(known)) if key.print() == known => Fit::Same,
        (Some(_), Some(_)) => Fit::Other,
    })
}

/// The key for a process that begins to work: the one that is here, or a new one where the database knows none. With `anew` what is
/// here, or a new one, takes the place of whatever the database knows.
///
/// # Errors
/// When the database was used with another key: links that others sent would not work here, nor those that we send there.
pub async fn take(settings: &Settings, store: &Store, anew: bool) -> anyhow::Result<Key> {
    let found = find(settings)?.map(|(key, _)| key);
    let fits = fit(found.as_ref(), store).await?;
    let key = match (found, fits) {
        (None, Fit::Missing) if !anew => bail!("{}", advice(settings, &Fit::Missing)),
        (Some(key), _) => key,
        (None, _) => make(&settings.data)?,
    };
    if anew {
        store.put_setting(PRINT, &key.print()).await?;
    }
    // Of two that begin at once, the first has said which key it is.
    match store.setting(PRINT, || key.print()).await? == key.print() {
        true => Ok(key),
        false => bail!("{}", advice(settings, &Fit::Other)),
    }
}

/// What to do, in one sentence.
pub fn advice(settings: &Settings, fit: &Fit) -> String {
    let path = file(&settings.data);
    let path = path.display();
    let remedy = format!(
        "copy {FILE} from the data folder of the process that used this database first to {path}, or give {VARIABLE} to all of them \
         (where the key is lost: serve --new-link-key, after which links that were sent do not work)"
    );
    match fit {
        Fit::Same => "the database was used with this key".to_owned(),
        Fit::First => "the database was used with no key yet".to_owned(),
        Fit::Missing => {
            format!("this database was used with a link key that is not here: {remedy}")
        }
        Fit::Other => format!("this database was used with another link key: {remedy}"),
    }
}

/// A new key in a file that only its owner reads.
fn make(data: &Path) -> anyhow::Result<Key> {
    let path = file(data);
    let text = random_token() + &random_token();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&path)
        .and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.sync_all()
        })
        .with_context(|| format!("cannot write the key to {}", path.display()))?;
    Ok(Key::new(&text))
}

/// Whether others than its owner can read the file of the key.
pub fn is_open_to_others(data: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(file(data)).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        false
    }
}
