//! A backup that is damaged is refused before anything is made, and it is said where the damage is.

use crate::running::{Folder, Start, ended, program};
use std::path::Path;

async fn restored(file: &Path, data: &Path) -> (i32, String, String) {
    let mut command = program(&["restore", file.to_str().unwrap(), "--data"]);
    command.arg(data);
    ended(command).await
}

#[tokio::test]
async fn a_damaged_backup_leaves_nothing_behind() {
    let folder = Folder::new();
    let data = folder.file("data");
    let server = Start::new(&data).run().await;
    server.fill("portal", 20).await;
    server.stop().await;
    let whole = folder.file("whole.jsonl");
    let mut command = program(&["backup", whole.to_str().unwrap(), "--data"]);
    command.arg(&data);
    let (code, out, err) = ended(command).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let bytes = std::fs::read(&whole).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    // One bit of an address: what comes of it is an address too.
    let mut flipped = bytes.clone();
    let place = text.find("portal-7@example.org").unwrap();
    flipped[place] ^= 1;
    let torn = bytes[..bytes.len() * 2 / 3].to_vec();
    let swapped = text.replace("\"administrator\"", "\"viewer\"").into_bytes();
    let file = folder.file("damaged.jsonl");
    for (damaged, said) in [
        (flipped, "(table contacts): its checksum is wrong"),
        (torn, "a line cannot be read"),
        (swapped, "(table users): its checksum is wrong"),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let fresh = folder.file("fresh");
        let (code, out, err) = restored(&file, &fresh).await;
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert!(
            err.contains("cannot restore") && err.contains("damaged.jsonl"),
            "{err}"
        );
        assert!(err.contains(said), "{said}: {err}");
        assert!(!fresh.exists(), "{said}: a folder is left behind");
    }
    // Nor does one whose damage no checksum could show: an older one that names what there is not.
    let older: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("sha256"))
        .collect();
    let rows = older.iter().filter(|line| line.starts_with('[')).count();
    let older = format!("{}\n{{\"end\":{rows}}}\n", older.join("\n"));
    std::fs::write(&file, older.replace("\"password\"", "\"passphrase\"")).unwrap();
    let fresh = folder.file("fresh");
    let (code, _, err) = restored(&file, &fresh).await;
    assert!(code == 1 && err.contains("unknown column"), "{err}");
    assert!(!fresh.exists());
    // An older one that is whole is loaded, with a word about it; today's without a word.
    std::fs::write(&file, older).unwrap();
    let (code, out, err) = restored(&file, &fresh).await;
    assert_eq!(code, 3, "{out}{err}");
    assert!(err.contains("without checksums"), "{err}");
    let (code, _, err) = restored(&whole, &folder.file("second")).await;
    assert_eq!((code, err.as_str()), (0, ""));
}
