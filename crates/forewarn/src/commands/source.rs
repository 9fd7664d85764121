//! Files that commands read: by path, or `-` for standard input.

use anyhow::{Context, bail};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger inputs are refused before they take memory: 100,000 contacts need about 20 MB.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of a file, and its name for messages.
///
/// # Errors
/// When it cannot be read or is too large.
pub fn bytes(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let (name, mut bytes) = (name(path), Vec::new());
    let source: &mut dyn Read = if path == Path::new("-") {
        &mut io::stdin().lock()
    } else {
        &mut File::open(path).with_context(|| format!("cannot read {name}"))?
    };
    source
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("{name} is larger than {} MB", MOST_BYTES / 1024 / 1024);
    }
    Ok((name, bytes))
}

/// The text of a file, and its name for messages.
///
/// # Errors
/// When it cannot be read, is too large, or is no UTF-8.
pub fn text(path: &Path) -> anyhow::Result<(String, String)> {
    let (name, bytes) = bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(problem) => bail!(
            "{name} is not UTF-8 text (byte {})",
            problem.utf8_error().valid_up_to() + 1
        ),
    }
}

fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}
