//! `forewarn backup` and `forewarn restore`: everything in one file, for both databases.

use crate::exit::Exit;
use crate::keys::{self, Fit, Kind};
use crate::lock::DataLock;
use crate::settings::Settings;
use crate::terminal;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use forewarn_store::{Clock, Location, Restored, Store, StoreError, check_backup};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `backup`.
#[derive(Args)]
pub struct BackupArgs {
    /// The file to write; - is standard output
    file: PathBuf,
}

/// Flags of `restore`.
#[derive(Args)]
pub struct RestoreArgs {
    /// A file that `forewarn backup` wrote; - is standard input
    file: PathBuf,
}

/// Writes a backup. A server may go on working meanwhile.
///
/// # Errors
/// When there is no database or the file cannot be written; an older file of that name is left as it was then.
pub async fn run(args: BackupArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    if let Location::File(path) = &settings.location
        && !path.exists()
    {
        bail!(
            "there is no database at {} (set --data or --database)",
            path.display()
        );
    }
    let store = Store::open(&settings.location).await?;
    let written = if args.file == Path::new("-") {
        let mut out = BufWriter::new(io::stdout());
        store.backup(&mut out, Clock::System.now()).await
    } else {
        let partial = Partial::beside(&args.file)?;
        let mut out = BufWriter::new(&partial.file);
        let written = store.backup(&mut out, Clock::System.now()).await;
        drop(out);
        if written.is_ok() {
            partial.finish(&args.file)?;
        }
        written
    };
    store.close().await;
    let rows = written?;
    if args.file != Path::new("-") {
        terminal::print(&format!("{rows} rows written to {}\n", args.file.display()))?;
        terminal::print(&not_in_it(&settings))?;
    }
    Ok(Exit::Done.into())
}

/// What has to be kept beside it.
fn not_in_it(settings: &Settings) -> String {
    let kept = |what: &str, kind: Kind| {
        let file = kind.file(&settings.data);
        let file = file.display();
        format!("The key that {what} is not in it: keep a copy of {file} in another place\n")
    };
    let mut text = String::new();
    if settings.link_key.is_none() {
        text += &kept("signs links", Kind::Link);
    }
    if settings.secrets_key.is_none() {
        text += &kept("opens secrets", Kind::Secrets);
    }
    text
}

/// A file that gets its name only when it is whole. Whoever may read it can read every address, so only its owner may.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn beside(target: &Path) -> anyhow::Result<Partial> {
        let Some(name) = target.file_name() else {
            bail!("{} is not a file name", target.display());
        };
        let own = format!("{}.partial-{}", name.to_string_lossy(), std::process::id());
        let path = target.with_file_name(own);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Partial { path, file })
    }

    fn finish(self, target: &Path) -> anyhow::Result<()> {
        self.file
            .sync_all()
            .and_then(|()| std::fs::rename(&self.path, target))
            .with_context(|| format!("cannot write {}", target.display()))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a success there is nothing of this name.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Loads a backup into an empty database that no server uses. It is read to its end beforehand: damage is found before anything is made.
///
/// # Errors
/// When the database is not empty or in use, or the file is damaged or not a whole backup; then nothing is left behind.
pub async fn restore(args: RestoreArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    let name = match args.file == Path::new("-") {
        true => "standard input".to_owned(),
        false => args.file.display().to_string(),
    };
    let mut file = opened(&args.file).with_context(|| format!("cannot read {name}"))?;
    // Not our database's fault, but the file's.
    let refused = |problem: String| -> anyhow::Result<ExitCode> {
        terminal::complain(&format!("cannot restore {name}: {problem}"));
        Ok(Exit::Refused.into())
    };
    let checked = match check_backup(BufReader::new(&file)) {
        Ok(checked) => checked,
        Err(StoreError::Corrupt(problem)) => return refused(problem),
        Err(problem) => return Err(problem.into()),
    };
    file.seek(SeekFrom::Start(0))?;
    let made = Made::by_now(&settings);
    let lock = DataLock::take(&settings.data)?;
    let restored = loaded(&file, &settings).await;
    drop(lock);
    match restored {
        Ok((restored, before)) => {
            terminal::print(&words(&restored))?;
            terminal::print(&before)?;
            if checked.has_checksums {
                return Ok(Exit::Done.into());
            }
            terminal::caution(
                "an older Forewarn made this backup, without checksums: it is whole, but damage within it would not have been seen",
            );
            Ok(Exit::Warned.into())
        }
        Err(StoreError::Corrupt(problem)) => {
            made.undo(&settings);
            refused(problem)
        }
        Err(problem) => {
            made.undo(&settings);
            Err(anyhow!(problem).context(format!("cannot restore {name}")))
        }
    }
}

/// Loads it, and says what must be done before a server starts on it.
async fn loaded(file: &File, settings: &Settings) -> forewarn_store::Result<(Restored, String)> {
    let store = Store::open(&settings.location).await?;
    let restored = store
        .restore(BufReader::new(file), Clock::System.now())
        .await;
    let store = match keys::reading(settings, store.clone()) {
        Ok(reading) => reading,
        Err(_) => store,
    };
    let before = match &restored {
        Ok(_) => before_the_start(settings, &store).await,
        Err(_) => Ok(String::new()),
    };
    store.close().await;
    Ok((restored?, before?))
}

/// What is missing here that does not stand in a backup, and what cannot be read without it.
async fn before_the_start(settings: &Settings, store: &Store) -> forewarn_store::Result<String> {
    let mut text = String::new();
    for kind in Kind::ALL {
        let fit = match kind.find(settings) {
            Ok(found) => kind.fit(found.as_ref(), store).await?,
            Err(_) => Fit::Missing,
        };
        if matches!(fit, Fit::Missing | Fit::Other) {
            let advice = kind.advice(settings, &fit);
            text += &format!("Before the server starts: {advice}\n");
        }
    }
    let unreadable = store.secrets().await?.unreadable;
    if !unreadable.is_empty() {
        let names = unreadable.join(", ");
        text += &format!("Without their key the secrets of these cannot be read: {names}\n");
    }
    Ok(text)
}

/// A file that can be read twice: what comes through a pipe is kept for as long as we run, under no name.
fn opened(path: &Path) -> io::Result<File> {
    if path != Path::new("-") {
        let mut file = File::open(path)?;
        return match file.metadata()?.is_file() {
            true => Ok(file),
            false => kept(&mut file),
        };
    }
    kept(&mut io::stdin().lock())
}

fn kept(from: &mut impl io::Read) -> io::Result<File> {
    let name = format!("forewarn-restore-{}", uuid::Uuid::now_v7().simple());
    let path = std::env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    std::fs::remove_file(&path)?;
    io::copy(from, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// What stood there before a restore made what it needs.
struct Made {
    folder: bool,
    database: bool,
}

impl Made {
    fn by_now(settings: &Settings) -> Made {
        Made {
            folder: settings.data.exists(),
            database: settings.database_file().is_none_or(|file| file.exists()),
        }
    }

    /// Takes away what was made since. What cannot be removed stays: that the restore failed is what has to be said.
    fn undo(&self, settings: &Settings) {
        if let Some(file) = settings.database_file().filter(|_| !self.database) {
            for end in ["", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_owned();
                name.push(end);
                let _ = std::fs::remove_file(name);
            }
        }
        if !self.folder {
            let _ = std::fs::remove_dir_all(&settings.data);
        }
    }
}

fn words(restored: &Restored) -> String {
    let mut text = format!(
        "{} rows restored from the backup of {}\n",
        restored.rows, restored.made_at
    );
    let note = &restored.note;
    if note.unknown_deliveries > 0 {
        text.push_str(&format!(
            "{} messages were waiting or under way when the backup was made. They may have been sent since, so they are \
             not sent again; they are listed as unknown: forewarn deliveries --status unknown\n",
            note.unknown_deliveries
        ));
    }
    if note.notices_in_doubt > 0 {
        text.push_str(&format!(
            "{} notices fell due since the backup was made. They may have been sent, so each waits until a person approves \
             it: forewarn notices --status awaiting_approval\n",
            note.notices_in_doubt
        ));
    }
    if note.unknown_deliveries == 0 && note.notices_in_doubt == 0 {
        text.push_str("Nothing was under way; nothing waits for a person\n");
    }
    text.push_str("Everybody must sign in again\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_store::RestoreNote;

    #[test]
    fn what_is_in_doubt_is_told_in_words() {
        let restored = |note| Restored {
            made_at: "2026-11-21T17:00:00Z".parse().unwrap(),
            rows: 12,
            note,
        };
        let quiet = words(&restored(RestoreNote::default()));
        assert!(quiet.contains("Nothing was under way"), "{quiet}");
        let busy = words(&restored(RestoreNote {
            unknown_deliveries: 3,
            notices_in_doubt: 2,
        }));
        assert!(busy.contains("3 messages were waiting"), "{busy}");
        assert!(busy.contains("2 notices fell due"), "{busy}");
    }
}
