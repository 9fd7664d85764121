//! The checksums of a backup, so that damage is found before anything is loaded, and where.
//!
//! After each table stands a line `{"sha256": "..."}`, and the last line has one too. Each is of every byte before its line, so the
//! first that is wrong says between which lines the damage is, and none can be left out. Older backups have none.

use super::{Head, newer, torn};
use crate::error::{Result, StoreError};
use crate::schema::VERSION;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Write};

/// The field of a line that holds the checksum of all before it.
const FIELD: &str = "sha256";

/// What a look at a whole backup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When it was made.
    pub made_at: Timestamp,
    /// How many rows it has.
    pub rows: u64,
    /// It has checksums, and they are right. Otherwise it is whole, as far as can be seen.
    pub has_checksums: bool,
}

/// Writes, and keeps the sum of what was written.
pub(super) struct Summed<'a, W> {
    out: &'a mut W,
    sum: Sha256,
}

impl<'a, W: Write> Summed<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Summed<'a, W> {
        Summed {
            out,
            sum: Sha256::new(),
        }
    }

    /// A line with the checksum of all before it.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        let sum = hex(self.sum.clone());
        writeln!(self, "{}", json!({ FIELD: sum }))
    }

    /// The last line.
    pub(super) fn end(&mut self, rows: u64) -> io::Result<()> {
        let sum = hex(self.sum.clone());
        writeln!(self, "{}", json!({"end": rows, FIELD: sum}))
    }
}

impl<W: Write> Write for Summed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Whether a line is nothing but a checksum.
pub(super) fn is_checksum(marker: &serde_json::Map<String, Value>) -> bool {
    marker.len() == 1 && marker.contains_key(FIELD)
}

/// Reads a backup to its end and loads nothing: whether it is whole, and undamaged where it has checksums.
///
/// # Errors
/// Where it is damaged, what is missing, or that a newer program made it.
pub fn check_backup(mut lines: impl BufRead) -> Result<Checked> {
    let (mut sum, mut line) = (Sha256::new(), Vec::new());
    let (mut number, mut rows, mut sound, mut has_checksums) = (0u64, 0u64, 0u64, false);
    let (mut table, mut made_at) = (String::new(), None);
    loop {
        line.clear();
        let read = lines
            .read_until(b'\n', &mut line)
            .map_err(|problem| torn(&problem.to_string()))?;
        if read == 0 {
            return Err(torn("its end is missing"));
        }
        number += 1;
        let from = sound + 1;
        let damaged = |what: &str| damage(what, from, number, &table);
        if number == 1 {
            made_at = Some(head(&line)?);
            sum.update(&line);
            continue;
        }
        let Ok(marker) = serde_json::from_slice::<Value>(&line) else {
            return Err(damaged("a line cannot be read"));
        };
        match &marker {
            Value::Array(_) if table.is_empty() => {
                return Err(damaged("a row stands before its table"));
            }
            Value::Array(_) => rows += 1,
            Value::Object(fields) => {
                if let Some(given) = fields.get(FIELD) {
                    has_checksums = true;
                    if *given != hex(sum.clone()).as_str() {
                        return Err(damaged("its checksum is wrong"));
                    }
                    sound = number;
                }
                if let Some(expected) = fields.get("end") {
                    if expected.as_u64() != Some(rows) {
                        return Err(torn(&format!(
                            "it should have {expected} rows and has {rows}"
                        )));
                    }
                    if has_checksums && sound != number {
                        return Err(damaged("its last checksum is missing"));
                    }
                    break;
                }
                if let Some(name) = fields.get("table").and_then(Value::as_str) {
                    name.clone_into(&mut table);
                }
            }
            _ => return Err(damaged("a line is neither a row nor a table")),
        }
        sum.update(&line);
    }
    line.clear();
    match lines.read_until(b'\n', &mut line) {
        Ok(0) => {}
        _ => return Err(torn("something follows its end")),
    }
    Ok(Checked {
        made_at: made_at.ok_or_else(|| torn("it is empty"))?,
        rows,
        has_checksums,
    })
}

fn head(line: &[u8]) -> Result<Timestamp> {
    let head: Head =
        serde_json::from_slice(line).map_err(|_| torn("its first line is not a backup's"))?;
    match head.forewarn_backup > VERSION {
        true => Err(newer(&head)),
        false => Ok(head.made_at),
    }
}

fn damage(what: &str, from: u64, to: u64, table: &str) -> StoreError {
    let place = match from == to {
        true => format!("in line {to}"),
        false => format!("between lines {from} and {to}"),
    };
    let table = match table {
        "" => String::new(),
        table => format!(" (table {table})"),
    };
    StoreError::Corrupt(format!("the backup is damaged {place}{table}: {what}"))
}

fn hex(sum: Sha256) -> String {
    sum.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut out = Vec::new();
        let mut summed = Summed::new(&mut out);
        let head = json!({"forewarn_backup": VERSION, "made_at": "2026-11-23T08:00:00Z"});
        writeln!(summed, "{head}").unwrap();
        for (table, rows) in [("contacts", ["ann", "bob"]), ("users", ["eve", "kim"])] {
            writeln!(summed, "{}", json!({"table": table, "columns": ["id"]})).unwrap();
            for row in rows {
                writeln!(summed, "{}", json!([row])).unwrap();
            }
            summed.seal().unwrap();
        }
        summed.end(4).unwrap();
        out
    }

    #[test]
    fn a_whole_backup_is_sound_and_one_without_sums_is_told_apart() {
        let whole = sample();
        let checked = check_backup(&whole[..]).unwrap();
        assert_eq!((checked.rows, checked.has_checksums), (4, true));
        let text = String::from_utf8(whole).unwrap();
        let older: Vec<&str> = text.lines().filter(|l| !l.contains(FIELD)).collect();
        let older = format!("{}\n{}\n", older.join("\n"), json!({"end": 4}));
        let checked = check_backup(older.as_bytes()).unwrap();
        assert_eq!((checked.rows, checked.has_checksums), (4, false));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let whole = sample();
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[place] ^= 1 << bit;
                // The last line break alone says nothing.
                let said = check_backup(&damaged[..]);
                assert!(
                    said.is_err() || place == whole.len() - 1,
                    "byte {place}, bit {bit}: {said:?}"
                );
            }
        }
    }

    #[test]
    fn the_damage_is_said_to_be_where_it_is() {
        let text = String::from_utf8(sample()).unwrap();
        let said = |text: String| check_backup(text.as_bytes()).unwrap_err().to_string();
        let changed = said(text.replace("eve", "eva"));
        assert!(
            changed.contains("between lines 6 and 9 (table users)"),
            "{changed}"
        );
        let first = said(text.replace("bob", "bab"));
        assert!(
            first.contains("between lines 1 and 5 (table contacts)"),
            "{first}"
        );
        let torn = said(text[..text.len() / 2].to_owned());
        assert!(
            torn.contains("cannot be read") || torn.contains("its end"),
            "{torn}"
        );
        let longer = said(format!("{text}[1]\n"));
        assert!(longer.contains("something follows"), "{longer}");
    }
}
