//! The version of the machine's time zone data.

use forewarn_core::zone_data;
use std::path::{Path, PathBuf};

/// Takes the newer of the machine's data and the bundled; `TZDIR` names a folder whose data is taken in any case.
pub fn choose() {
    let version = of_the_machine();
    match std::env::var_os("TZDIR") {
        Some(_) => zone_data::choose_the_machines(version.as_deref()),
        None => zone_data::choose(version.as_deref()),
    }
}

/// The version of the data that this machine has, if it says one: in the first line of `tzdata.zi`, or in `+VERSION`.
fn of_the_machine() -> Option<String> {
    let folder = std::env::var_os("TZDIR").map(PathBuf::from);
    in_folder(&folder.unwrap_or_else(|| "/usr/share/zoneinfo".into()))
}

fn in_folder(folder: &Path) -> Option<String> {
    let first_line = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        Some(text.lines().next()?.trim().to_owned())
    };
    let stated =
        first_line("tzdata.zi").and_then(|line| Some(line.strip_prefix("# version ")?.to_owned()));
    stated.or_else(|| first_line("+VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_where_systems_write_it() {
        let folder = std::env::temp_dir().join(format!("forewarn-zones-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(in_folder(&folder), None);
        std::fs::write(folder.join("+VERSION"), "2024a\n").unwrap();
        assert_eq!(in_folder(&folder).as_deref(), Some("2024a"));
        std::fs::write(folder.join("tzdata.zi"), "# version 2025b\n# ...\n").unwrap();
        assert_eq!(in_folder(&folder).as_deref(), Some("2025b"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
