//! The key that signs links stands beside the database, never in it, and processes over one database have the same one.

use crate::database::Database;
use crate::running::{Folder, LINK_KEY, Start, ended, program};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What the server says that does not begin.
async fn refused(start: &Start) -> String {
    let (code, out, err) = ended(start.command()).await;
    assert_ne!(code, 0, "{out}");
    err
}

async fn doctor(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = program(&["doctor", "--data"]);
    command.arg(data).args(arguments);
    command.envs(variables.iter().copied());
    let (_, out, _) = ended(command).await;
    let line = out.lines().find(|line| line.starts_with("link key"));
    line.unwrap_or(&out).to_owned()
}

#[tokio::test]
async fn the_key_is_in_a_file_of_its_own_and_in_no_backup() {
    let folder = Folder::new();
    let data = folder.file("data");
    let start = Start::new(&data);
    start.run().await.stop().await;
    let file = data.join("link.key");
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(key.trim().len() >= 32, "{key}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let backup = folder.file("backup.jsonl");
    let mut command = program(&["backup", backup.to_str().unwrap(), "--data"]);
    command.arg(&data);
    let (code, out, _) = ended(command).await;
    assert_eq!(code, 0);
    assert!(
        out.contains("The key that signs links is not in it"),
        "{out}"
    );
    assert!(
        !std::fs::read_to_string(&backup)
            .unwrap()
            .contains(key.trim())
    );
    // The next start finds it.
    start.run().await.stop().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
    assert!(
        doctor(&data, &[], &[])
            .await
            .contains("the database was used with this key")
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        doctor(&data, &[], &[])
            .await
            .contains("others than its owner can read")
    );
    // Without it nothing begins, until somebody says that the links that were sent need not work.
    std::fs::remove_file(&file).unwrap();
    let said = refused(&start).await;
    assert!(
        said.contains("this database was used with a link key that is not here"),
        "{said}"
    );
    assert!(!file.exists(), "no other key is made by the way");
    assert!(doctor(&data, &[], &[]).await.contains("FAILED"));
    start
        .clone()
        .flag("--new-link-key")
        .run()
        .await
        .stop()
        .await;
    assert_ne!(std::fs::read_to_string(&file).unwrap(), key);
    start.run().await.stop().await;
    std::fs::write(&file, "short\n").unwrap();
    assert!(refused(&start).await.contains("holds no key"));
}

#[tokio::test]
async fn processes_over_one_database_have_one_key() {
    let (folder, database) = (Folder::new(), Database::new());
    let url = database.url();
    let node = |name: &str| Start::new(&folder.file(name)).with("--database", &url);
    let first = node("one").run().await;
    let second = node("two");
    let said = refused(&second).await;
    assert!(
        said.contains("copy link.key from the data folder"),
        "{said}"
    );
    let other = node("three").with_variable("FOREWARN_LINK_KEY", LINK_KEY);
    let said = refused(&other).await;
    assert!(
        said.contains("another link key") && !said.contains(LINK_KEY),
        "{said}"
    );
    let arguments = ["--database", url.as_str()];
    let told = doctor(
        &folder.file("three"),
        &arguments,
        &[("FOREWARN_LINK_KEY", LINK_KEY)],
    )
    .await;
    assert!(
        told.contains("FAILED") && told.contains("another link key"),
        "{told}"
    );
    let copy = |key: &str| {
        let (from, to) = (folder.file("one").join(key), folder.file("two").join(key));
        std::fs::copy(from, to).unwrap();
    };
    copy("link.key");
    let said = refused(&second).await;
    assert!(
        said.contains("copy secrets.key from the data folder"),
        "{said}"
    );
    copy("secrets.key");
    let second = second.run().await;
    second.stop().await;
    first.stop().await;
}
