//! Places on a disk: Unix paths, Windows paths, shares, and files of source code.

use super::{Kind, Leak};
use crate::review::words::chunks;

/// First folders of a Unix machine.
const ROOTS: &[&str] = &[
    "var",
    "etc",
    "opt",
    "usr",
    "home",
    "srv",
    "tmp",
    "mnt",
    "data",
    "root",
    "dev",
    "proc",
    "app",
    "apps",
    "log",
    "logs",
    "export",
    "exports",
    "vol",
    "volumes",
    "nfs",
    "storage",
    "backup",
    "backups",
    "users",
    "library",
    "private",
    "run",
    "lib",
    "bin",
    "sbin",
    "boot",
    "media",
    "sys",
    "u01",
    "u02",
    "scratch",
    "workspace",
    "api",
];

/// Ends of files that programs are made of or kept with.
const ENDINGS: &[&str] = &[
    "log",
    "conf",
    "cfg",
    "ini",
    "yaml",
    "yml",
    "xml",
    "properties",
    "toml",
    "py",
    "java",
    "cs",
    "rb",
    "php",
    "pl",
    "sh",
    "ps1",
    "bat",
    "cmd",
    "sql",
    "dll",
    "exe",
    "jar",
    "war",
    "cpp",
    "ts",
    "kt",
    "go",
    "db",
    "bak",
    "pem",
    "key",
    "crt",
    "service",
    "env",
    "json",
    "lua",
    "jsp",
    "aspx",
    "config",
    "dump",
    "tsx",
];

pub(super) fn paths(text: &str, found: &mut Vec<Leak>) {
    for (start, chunk) in chunks(text) {
        if chunk.len() > 4_000 || !chunk.contains(['/', '\\', '.', '_']) {
            continue;
        }
        if let Some(range) = windows(text, start, chunk)
            .or_else(|| unix(chunk).map(|r| start + r.start..start + r.end))
        {
            found.push(Leak::at(Kind::FilePath, range));
        } else if is_source_file(chunk) || is_partition(text, start, chunk) {
            found.push(Leak::at(Kind::FilePath, start..start + chunk.len()));
        }
    }
}

/// `C:\...`, `\\share\...`, `%TEMP%\...`; a folder's name may have spaces: `C:\Program Files\App\x.dll`.
fn windows(text: &str, start: usize, chunk: &str) -> Option<std::ops::Range<usize>> {
    if !chunk.contains(['\\', ':']) || chunk.contains("://") {
        return None;
    }
    let bytes = chunk.as_bytes();
    let drive = |at: usize| {
        bytes[at].is_ascii_alphabetic()
            && matches!(bytes.get(at + 1), Some(b':'))
            && matches!(bytes.get(at + 2), Some(b'\\' | b'/'))
    };
    // `\\fs07` alone is a machine.
    let share = |at: usize| {
        bytes[at..].starts_with(b"\\\\")
            && bytes.get(at + 2).is_some_and(u8::is_ascii_alphanumeric)
            && chunk[at + 2..].contains('\\')
    };
    let registry = |at: usize| {
        ["HKLM\\", "HKCU\\", "HKCR\\", "HKEY_"]
            .iter()
            .any(|root| bytes[at..].starts_with(root.as_bytes()))
    };
    let begins = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    let variable = |at: usize| {
        bytes[at] == b'%'
            && chunk[at + 1..]
                .find('%')
                .is_some_and(|end| chunk[at + end + 2..].starts_with('\\'))
    };
    let at = (0..bytes.len()).find(|&at| {
        begins(at)
            && chunk.is_char_boundary(at)
            && (drive(at) || share(at) || variable(at) || registry(at))
    })?;
    let from = start + at;
    let mut end = start + chunk.len();
    // As long as the next run goes on with a folder.
    for _ in 0..4 {
        let Some(rest) = text[end..].strip_prefix(' ') else {
            break;
        };
        let next = rest.split_whitespace().next().unwrap_or_default();
        let folder = next
            .find('\\')
            .is_some_and(|at| at > 0 && !next[..at].contains([':', '.', ',']));
        if !folder || !rest.starts_with(next) {
            break;
        }
        end += 1 + next
            .trim_end_matches(['.', ',', ';', ':', ')', '!', '?', '"', '\''])
            .len();
    }
    Some(from..end)
}

/// `/home` of "the /home partition": one folder, which a page of a site may be called too.
fn is_partition(text: &str, start: usize, chunk: &str) -> bool {
    let folder = chunk.strip_prefix('/').is_some_and(|name| {
        (1..=20).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    });
    let next = text[start + chunk.len()..].split_whitespace().next();
    let before = text[..start].split_whitespace().next_back();
    let disk = |word: Option<&str>| {
        word.is_some_and(|word| {
            ["partition", "filesystem", "mount", "volume", "mounted"]
                .iter()
                .any(|disk| word.trim_matches(|c: char| !c.is_ascii_alphabetic()) == *disk)
        })
    };
    folder && (disk(next) || disk(before))
}

fn unix(chunk: &str) -> Option<std::ops::Range<usize>> {
    if !chunk.contains('/') {
        return None;
    }
    let bytes = chunk.as_bytes();
    let starts = (0..bytes.len()).filter(|&at| {
        let tilde = bytes[at] == b'~' && bytes.get(at + 1) == Some(&b'/');
        let slash = bytes[at] == b'/'
            && bytes
                .get(at + 1)
                .is_some_and(|b| b.is_ascii_alphanumeric() || b"._".contains(b));
        let before = at.checked_sub(1).map(|n| bytes[n]);
        let begins = before.is_none_or(|b| b"=:(['\"<>,;|`".contains(&b));
        begins && (tilde || slash)
    });
    // A port and a path, `https:/`, are no paths of a disk.
    for at in starts.take(4) {
        if chunk[..at].contains("://") {
            return None;
        }
        let end = chunk[at..]
            .find(['"', '\'', '<', '>', ')', ']', ',', ';', '|', '`', '('])
            .map_or(chunk.len(), |n| at + n);
        let path = chunk[at..end].trim_end_matches(['.', ':', '/', '!', '?']);
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let first = parts.next().unwrap_or_default().to_ascii_lowercase();
        let more = parts.clone().count();
        let last = parts.next_back().unwrap_or_default();
        let file = last
            .rsplit_once('.')
            .is_some_and(|(name, ending)| !name.is_empty() && ENDINGS.contains(&ending));
        let rooted = ROOTS.contains(&first.as_str()) && more >= 1;
        // `/tmp`: a folder of every such machine, that no page is called.
        let folder = more == 0
            && before_is_space(chunk, at)
            && matches!(
                path,
                "/tmp" | "/var" | "/etc" | "/opt" | "/usr" | "/boot" | "/srv" | "/mnt" | "/dev"
            );
        if rooted || folder || (file && more >= 1) || (first == "~" && more >= 1) {
            return Some(at..at + path.len());
        }
    }
    // `$HOME/.aws/credentials`, `../config/app.yml`, `//fs02/share/finance`
    let relative = (chunk.starts_with('$')
        && chunk[1..].starts_with(|c: char| c.is_ascii_uppercase())
        && chunk.contains('/'))
        || chunk.starts_with("../")
        || (chunk.starts_with("./") && chunk.len() > 4)
        || (chunk.starts_with("//")
            && chunk[2..].contains('/')
            && chunk[2..].starts_with(|c: char| c.is_ascii_alphabetic()));
    if relative {
        return Some(0..chunk.len());
    }
    // `src/import/run.py`
    let ending = chunk.rsplit_once('.').map_or("", |(_, ending)| ending);
    // `config/prod.yaml`: with one folder only where the file is a program's for certain.
    let sure = matches!(
        ending,
        "yaml" | "yml" | "conf" | "cfg" | "ini" | "toml" | "py" | "sh" | "rb" | "tf"
    );
    let inner = chunk.matches('/').count() >= if sure { 1 } else { 2 }
        && !chunk.contains("://")
        && !chunk.contains("..");
    (inner && ENDINGS.contains(&ending) && !chunk.starts_with('/')).then_some(0..chunk.len())
}

fn before_is_space(chunk: &str, at: usize) -> bool {
    at == 0 || chunk[..at].ends_with(['(', '"', '\'', '`'])
}

/// `tax.py`, and no name of a product such as `Node.js`.
fn is_source_file(chunk: &str) -> bool {
    const SOURCE: &[&str] = &[
        "py",
        "java",
        "cs",
        "rb",
        "php",
        "sh",
        "ps1",
        "bat",
        "sql",
        "dll",
        "jar",
        "cpp",
        "conf",
        "cfg",
        "ini",
        "yaml",
        "yml",
        "toml",
        "properties",
        "config",
        "service",
        "json",
        "xml",
        "log",
        "bak",
        "pem",
        "key",
        "crt",
        "tfstate",
        "mdb",
        "dmp",
    ];
    const NAMED: &[&str] = &["id_rsa", "id_ed25519", "authorized_keys", "known_hosts"];
    if NAMED.contains(&chunk) || chunk.ends_with(".tar.gz") || chunk.ends_with(".sql.gz") {
        return true;
    }
    // `.htaccess`, `.env`: files that begin with a full stop, for programs only.
    if matches!(
        chunk,
        ".htaccess" | ".htpasswd" | ".env" | ".bashrc" | ".gitconfig" | ".npmrc" | ".pgpass"
    ) {
        return true;
    }
    chunk.rsplit_once('.').is_some_and(|(name, ending)| {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            && name.len() >= 2;
        plain && SOURCE.contains(&ending)
    })
}
