//! The keys that stand apart from the database, so that whoever reads that, or a backup of it, has little: the link key, with which
//! links, codes, webhooks and forms prove to be ours, and the keys of secrets, which open what is sealed in it. Each stands in a file of
//! the data folder or in the environment.
//!
//! The database keeps a print of each, by which every process sees whether it has the same as the others.

use crate::settings::Settings;
use anyhow::{Context, bail};
use forewarn_core::token::Key;
use forewarn_server::random_token;
use forewarn_store::{SECRETS_PRINT, Sealer, Store};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Shorter ones can be guessed.
pub const SHORTEST: usize = 32;

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It completes links and codes. There is one.
    Link,
    /// It seals the secrets in the database. There may be several: the first seals, all of them open.
    Secrets,
}

/// How the keys that are here go with the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The one with which the database was used is among them.
    Same,
    /// The database was used with no key so far.
    First,
    /// There is none here, and the database was used with one.
    Missing,
    /// They are others than the one with which the database was used.
    Other,
}

/// Keys, and where they come from.
pub struct Found {
    /// The newest first; never empty.
    pub keys: Vec<Key>,
    /// The file or variable.
    pub from: String,
}

impl Kind {
    /// Both of them.
    pub const ALL: [Kind; 2] = [Kind::Link, Kind::Secrets];

    /// How people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Link => "link key",
            Kind::Secrets => "secrets key",
        }
    }

    /// The variable that gives it to several processes.
    pub fn variable(self) -> &'static str {
        match self {
            Kind::Link => "FOREWARN_LINK_KEY",
            Kind::Secrets => "FOREWARN_SECRETS_KEY",
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Kind::Link => "link.key",
            Kind::Secrets => "secrets.key",
        }
    }

    /// Its file.
    pub fn file(self, data: &Path) -> PathBuf {
        data.join(self.file_name())
    }

    /// The setting under which the database knows it again.
    fn print(self) -> &'static str {
        match self {
            Kind::Link => "link_key_print",
            Kind::Secrets => SECRETS_PRINT,
        }
    }

    fn given(self, settings: &Settings) -> Option<&str> {
        match self {
            Kind::Link => settings.link_key.as_deref(),
            Kind::Secrets => settings.secrets_key.as_deref(),
        }
    }

    fn if_lost(self) -> &'static str {
        match self {
            Kind::Link => "serve --new-link-key, after which links that were sent do not work",
            Kind::Secrets => {
                "serve --new-secrets-key, after which nothing is sent to webhooks and chat rooms, and nothing taken by hooks, until they \
                 are applied again"
            }
        }
    }

    /// The keys in a text: one, or several of secrets with space between.
    ///
    /// # Errors
    /// Says the accepted form, never the text.
    pub fn read(self, text: &str) -> Result<Vec<Key>, String> {
        let parts: Vec<&str> = match self {
            Kind::Link => vec![text.trim()],
            Kind::Secrets => text.split_whitespace().collect(),
        };
        let is_key =
            |text: &&str| text.len() >= SHORTEST && text.bytes().all(|b| b.is_ascii_graphic());
        match !parts.is_empty() && parts.iter().all(is_key) {
            true => Ok(parts.into_iter().map(Key::new).collect()),
            false => Err(format!(
                "must be at least {SHORTEST} letters, digits or signs without spaces"
            )),
        }
    }

    /// The keys that are here.
    ///
    /// # Errors
    /// When their file cannot be read, or holds no key.
    pub fn find(self, settings: &Settings) -> anyhow::Result<Option<Found>> {
        let (text, from) = match self.given(settings) {
            Some(text) => (text.to_owned(), self.variable().to_owned()),
            None => {
                let path = self.file(&settings.data);
                match std::fs::read_to_string(&path) {
                    Ok(text) => (text, path.display().to_string()),
                    Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
                    Err(problem) => {
                        let said = format!("cannot read the key in {}", path.display());
                        return Err(anyhow::Error::new(problem).context(said));
                    }
                }
            }
        };
        match self.read(&text) {
            Ok(keys) => Ok(Some(Found { keys, from })),
            Err(problem) => bail!("{from} holds no key: it {problem}"),
        }
    }

    /// How keys go with the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn fit(self, found: Option<&Found>, store: &Store) -> forewarn_store::Result<Fit> {
        let known = store.known_setting(self.print()).await?;
        Ok(match (found, known) {
            (_, None) => Fit::First,
            (None, Some(_)) => Fit::Missing,
            (Some(found), Some(known)) if found.keys.iter().any(|key| key.print() == known) => {
                Fit::Same
            }
            (Some(_), Some(_)) => Fit::Other,
        })
    }

    /// Keys for a process that begins to work: those that are here, or a new one where the database knows none. With `anew` what is
    /// here, or a new one, takes the place of whatever the database knows; of secrets a new one goes before those that are here.
    ///
    /// # Errors
    /// When the database was used with another: links that others sent would not work here, secrets could not be read.
    pub async fn take(
        self,
        settings: &Settings,
        store: &Store,
        anew: bool,
    ) -> anyhow::Result<Vec<Key>> {
        let found = self.find(settings)?;
        let fits = self.fit(found.as_ref(), store).await?;
        let keys = match (found, fits) {
            (None, Fit::Missing) if !anew => bail!("{}", self.advice(settings, &Fit::Missing)),
            (Some(_), _) if anew && self == Kind::Secrets && self.given(settings).is_some() => {
                bail!(
                    "{0} gives the keys: put a new one before those that stand in it, and start without --new-secrets-key",
                    self.variable()
                )
            }
            (Some(found), _) if anew && self == Kind::Secrets => {
                let mut keys = vec![self.make(&settings.data)?];
                keys.extend(found.keys);
                keys
            }
            (Some(found), _) => found.keys,
            (None, _) => vec![self.make(&settings.data)?],
        };
        if anew {
            store.put_setting(self.print(), &keys[0].print()).await?;
        }
        // Of two that begin at once, the first has said which key it is.
        let known = store.setting(self.print(), || keys[0].print()).await?;
        match keys.iter().any(|key| key.print() == known) {
            true => Ok(keys),
            false => bail!("{}", self.advice(settings, &Fit::Other)),
        }
    }

    /// What to do, in one sentence.
    pub fn advice(self, settings: &Settings, fit: &Fit) -> String {
        let (name, path) = (self.name(), self.file(&settings.data));
        let remedy = format!(
            "copy {} from the data folder of the process that used this database first to {}, or give {} to all of them (where the key is \
             lost: {})",
            self.file_name(),
            path.display(),
            self.variable(),
            self.if_lost()
        );
        match fit {
            Fit::Same => "the database was used with this key".to_owned(),
            Fit::First => "the database was used with no key yet".to_owned(),
            Fit::Missing => {
                format!("this database was used with a {name} that is not here: {remedy}")
            }
            Fit::Other => format!("this database was used with another {name}: {remedy}"),
        }
    }

    /// A new key in a file that only its owner reads, before those that stand there.
    fn make(self, data: &Path) -> anyhow::Result<Key> {
        let path = self.file(data);
        let text = random_token() + &random_token();
        let older = std::fs::read_to_string(&path).unwrap_or_default();
        // Renamed when it is whole: a key that was lost half-way would take what it sealed along.
        let partial = data.join(format!(
            "{}.partial-{}",
            self.file_name(),
            std::process::id()
        ));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&partial)
            .and_then(|mut file| {
                write!(file, "{text}\n{older}")?;
                file.sync_all()
            })
            .and_then(|()| std::fs::rename(&partial, &path))
            .with_context(|| format!("cannot write the key to {}", path.display()))?;
        Ok(Key::new(&text))
    }

    /// Whether others than its owner can read its file.
    pub fn is_open_to_others(self, data: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::metadata(self.file(data))
                .is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
        }
        #[cfg(not(unix))]
        {
            let _ = data;
            false
        }
    }
}

/// A store that opens what the keys that are here can open, for whoever only looks.
///
/// # Errors
/// When their file cannot be read, or holds no key.
pub fn reading(settings: &Settings, store: Store) -> anyhow::Result<Store> {
    let found = Kind::Secrets.find(settings)?;
    let keys = found.map_or(Vec::new(), |found| found.keys);
    Ok(store.with_sealer(Sealer::new(&keys)))
}
