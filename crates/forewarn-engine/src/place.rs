//! Copies of the public documents away from home: in a folder that another web server serves, or in a bucket that speaks S3.
//!
//! A reader never sees half a file: in a folder a file gets its name when it is whole, in a bucket that is the store's promise. What
//! did not change is not written. A list of what is there lies beside the files, so that only what was put here is ever removed,
//! also after a restart.

pub mod s3;

use crate::channel::http::one_line;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use s3::Bucket;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The list of what is there.
pub const LIST: &str = "forewarn-copy.json";

/// Files under way at once: a bucket is far away.
const AT_ONCE: usize = 16;

/// Where a copy is kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Box<Bucket>),
}

/// A document of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the place, with slashes between folders and none at its beginning.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// How long others may keep it.
    pub cache_control: &'static str,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Differs where the bytes differ.
    pub hash: String,
    /// Others load it: it must be there before they are.
    pub loaded_by_others: bool,
}

/// What was done to make a copy equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Files that were written.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
    /// What could not be done, each with its file.
    pub failed: Vec<String>,
}

/// The list, as it stands beside the files.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    /// When the newest of it was made.
    made_at: Timestamp,
    /// Whose copy it is.
    copy_of: String,
    files: BTreeMap<String, String>,
}

/// A copy that is kept equal.
#[derive(Debug)]
pub struct Copy {
    place: Place,
    files: BTreeMap<String, String>,
}

impl Copy {
    /// The copy in this place, with what an earlier process left there.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn open(place: Place, now: Timestamp) -> Result<Copy, String> {
        let list = place.read(LIST, now).await?;
        // A list that cannot be read is as good as none: everything is written again, and nothing removed.
        let list: List = list
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Ok(Copy {
            place,
            files: list.files,
        })
    }

    /// Makes the copy equal to these files. What fails is tried again the next time.
    pub async fn bring(
        &mut self,
        files: Vec<File>,
        copy_of: &str,
        made_at: Timestamp,
        now: Timestamp,
    ) -> Done {
        let mut done = Done::default();
        let wanted: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
        let fresh = |file: &File| self.files.get(&file.name) != Some(&file.hash);
        let changed: Vec<File> = files.into_iter().filter(fresh).collect();
        let gone: Vec<String> = self.files.keys().cloned().collect();
        let gone: Vec<String> = gone.into_iter().filter(|n| !wanted.contains(n)).collect();
        if changed.is_empty() && gone.is_empty() {
            return done;
        }
        let (before, then) = changed.into_iter().partition(|file| file.loaded_by_others);
        self.write(before, now, &mut done).await;
        self.write(then, now, &mut done).await;
        for name in gone {
            match self.place.remove(&name, now).await {
                Ok(()) => {
                    self.files.remove(&name);
                    done.removed += 1;
                }
                Err(reason) => done.failed.push(format!("{name}: {reason}")),
            }
        }
        if let Err(reason) = self.put_list(copy_of, made_at, now).await {
            done.failed.push(format!("{LIST}: {reason}"));
        }
        if done.failed.is_empty() {
            metrics::gauge!("forewarn_copy_made_timestamp_seconds").set(made_at.as_second() as f64);
        } else {
            metrics::counter!("forewarn_copy_failures_total").increment(1);
        }
        done
    }

    async fn write(&mut self, files: Vec<File>, now: Timestamp, done: &mut Done) {
        let place = &self.place;
        let mut writing = stream::iter(files)
            .map(|file| async move { (place.put(&file, now).await, file) })
            .buffered(AT_ONCE);
        while let Some((outcome, file)) = writing.next().await {
            match outcome {
                Ok(()) => {
                    self.files.insert(file.name, file.hash);
                    done.written += 1;
                }
                Err(reason) => {
                    // What is there now is not known.
                    self.files.insert(file.name.clone(), String::new());
                    done.failed.push(format!("{}: {reason}", file.name));
                }
            }
        }
    }

    async fn put_list(
        &self,
        copy_of: &str,
        made_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), String> {
        let list = List {
            made_at,
            copy_of: copy_of.to_owned(),
            files: self.files.clone(),
        };
        let file = File {
            name: LIST.to_owned(),
            content_type: "application/json",
            cache_control: "no-cache",
            body: serde_json::to_vec(&list).map_err(|problem| problem.to_string())?,
            hash: String::new(),
            loaded_by_others: false,
        };
        self.place.put(&file, now).await
    }
}

impl Place {
    async fn put(&self, file: &File, now: Timestamp) -> Result<(), String> {
        match self {
            Place::Folder(folder) => {
                let (path, body) = (folder.join(&file.name), file.body.clone());
                on_disk(move || write_whole(&path, &body)).await
            }
            Place::Bucket(bucket) => bucket.put(file, now).await,
        }
    }

    async fn remove(&self, name: &str, now: Timestamp) -> Result<(), String> {
        match self {
            Place::Folder(folder) => {
                let (root, path) = (folder.clone(), folder.join(name));
                on_disk(move || remove_with_folders(&root, &path)).await
            }
            Place::Bucket(bucket) => bucket.remove(name, now).await,
        }
    }

    /// The bytes of a file; nothing where there is none.
    async fn read(&self, name: &str, now: Timestamp) -> Result<Option<Vec<u8>>, String> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                on_disk(move || match std::fs::read(path) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(problem) => Err(problem),
                })
                .await
            }
            Place::Bucket(bucket) => bucket.get(name, now).await,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Folder(folder) => write!(f, "{}", folder.display()),
            Place::Bucket(bucket) => write!(f, "{bucket}"),
        }
    }
}

/// Work with files, where it holds up nobody else.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|problem| one_line(&problem.to_string(), 300)),
        Err(problem) => Err(problem.to_string()),
    }
}

/// Writes a file under another name and renames it, so that whoever reads finds the old bytes or the new ones.
fn write_whole(path: &Path, body: &[u8]) -> io::Result<()> {
    let missing = || io::Error::other("it has no name");
    let folder = path.parent().ok_or_else(missing)?;
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().ok_or_else(missing)?.to_string_lossy();
    let partial = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&partial, body).and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Removes a file, and the folders that are empty without it.
fn remove_with_folders(root: &Path, path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
        _ => {}
    }
    let above = path.ancestors().skip(1);
    for folder in above.take_while(|folder| *folder != root) {
        // It holds something else, which stays.
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
