//! `forewarn backup` and `forewarn restore`: everything in one file, for both databases.

use crate::exit::Exit;
use crate::link_key::{self, Fit};
use crate::lock::DataLock;
use crate::settings::Settings;
use crate::terminal;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use forewarn_store::{Clock, Location, Restored, Store, StoreError};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter};
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
        if settings.link_key.is_none() {
            let key = link_key::file(&settings.data);
            terminal::print(&format!(
                "The key that signs links is not in it: keep a copy of {} in another place\n",
                key.display()
            ))?;
        }
    }
    Ok(Exit::Done.into())
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

/// Loads a backup into an empty database that no server uses.
///
/// # Errors
/// When the database is not empty or in use, or the file is not a whole backup; then nothing is loaded.
pub async fn restore(args: RestoreArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    let (lines, name): (Box<dyn io::Read>, String) = if args.file == Path::new("-") {
        (Box::new(io::stdin()), "standard input".into())
    } else {
        let name = args.file.display().to_string();
        let file = File::open(&args.file).with_context(|| format!("cannot read {name}"))?;
        (Box::new(file), name)
    };
    let _lock = DataLock::take(&settings.data)?;
    let store = Store::open(&settings.location).await?;
    let restored = store
        .restore(BufReader::new(lines), Clock::System.now())
        .await;
    let fit = match link_key::find(&settings) {
        Ok(found) => link_key::fit(found.as_ref().map(|(key, _)| key), &store).await?,
        Err(_) => Fit::Missing,
    };
    store.close().await;
    match restored {
        Ok(restored) => {
            terminal::print(&words(&restored))?;
            if matches!(fit, Fit::Missing | Fit::Other) {
                let advice = link_key::advice(&settings, &fit);
                terminal::print(&format!("Before the server starts: {advice}\n"))?;
            }
            Ok(Exit::Done.into())
        }
        // Not our database's fault, but the file's.
        Err(StoreError::Corrupt(problem)) => {
            terminal::complain(&format!("cannot restore {name}: {problem}"));
            Ok(Exit::Refused.into())
        }
        Err(problem) => Err(anyhow!(problem).context(format!("cannot restore {name}"))),
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
