//! The lock on the data folder: one server at a time works in it, and nothing is restored under a running one.

use anyhow::{Context, anyhow};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The name of the file that is locked.
const FILE: &str = "forewarn.lock";

/// Held while a process works in a data folder. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    // Closing the file ends the lock.
    _file: File,
}

impl DataLock {
    /// Takes the folder, which is made when it does not exist.
    ///
    /// # Errors
    /// When another process has it, or it cannot be written.
    pub fn take(folder: &Path) -> anyhow::Result<DataLock> {
        make(folder)
            .with_context(|| format!("cannot make the data folder {}", folder.display()))?;
        let path = folder.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                // Only for whoever reads it; the lock does not depend on it.
                let _ = file
                    .set_len(0)
                    .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
                Ok(DataLock { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file
                    .seek(SeekFrom::Start(0))
                    .and_then(|_| Read::by_ref(&mut file).take(20).read_to_string(&mut holder));
                let holder = match holder.trim().parse::<u32>() {
                    Ok(id) => format!("process {id}"),
                    Err(_) => "another process".into(),
                };
                Err(anyhow!(
                    "the data folder {} is in use by {holder}; stop it first, or choose another with --data",
                    folder.display()
                ))
            }
            Err(TryLockError::Error(problem)) => {
                Err(anyhow!(problem).context(format!("cannot lock {}", path.display())))
            }
        }
    }
}

/// Makes the folder. What will stand in it, addresses and keys, is nobody else's to read.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let folder =
            std::env::temp_dir().join(format!("forewarn-lock-{}", uuid::Uuid::now_v7().simple()));
        let held = DataLock::take(&folder).unwrap();
        let refused = DataLock::take(&folder).unwrap_err().to_string();
        let holder = format!("is in use by process {}", std::process::id());
        assert!(refused.contains(&holder), "{refused}");
        drop(held);
        DataLock::take(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
