//! K2: a power cut loses nothing that was acknowledged. A disk may forget whatever it was not told to sync, in any part and order.
//!
//! The real program's writes and syncs are put on record (`power_cut.c`). For each cut the files are made anew as such a disk could
//! have left them: all that was synced by then, and of the rest none or some. The judge is who was answered, and which mails arrived.
//!
//! `FOREWARN_CRASH_SEED` chooses the cuts again, `FOREWARN_CRASH_POINTS` says how many.

use crate::crash::{Dice, from_environment};
use crate::running::{Folder, Running, Start};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use forewarn_store::{DeliveryFilter, Location, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Of what was not synced, a disk keeps or loses such pieces.
const SECTOR: usize = 512;

/// The recorder, compiled; what links the program is there.
fn recorder(folder: &Folder) -> PathBuf {
    let (source, library) = (folder.file("power_cut.c"), folder.file("power_cut.so"));
    fs::write(&source, include_str!("power_cut.c")).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(made.unwrap().success(), "cc compiles the recorder");
    library
}

/// What the program asked of the disk.
struct Entry<'a> {
    what: u8,
    path: &'a str,
    at: usize,
    bytes: &'a [u8],
}

/// The entries of a record up to a cut; one that was under way is none.
fn entries(record: &[u8]) -> Vec<Entry<'_>> {
    let (mut entries, mut rest) = (Vec::new(), record);
    while rest.len() >= 21 {
        let number = |from: usize| u64::from_le_bytes(rest[from..from + 8].try_into().unwrap());
        let path = u32::from_le_bytes(rest[1..5].try_into().unwrap()) as usize;
        let (at, bytes) = (number(5) as usize, number(13) as usize);
        let Some(body) = rest.get(21..21 + path + bytes) else {
            break;
        };
        entries.push(Entry {
            what: rest[0],
            path: std::str::from_utf8(&body[..path]).unwrap(),
            at,
            bytes: &body[path..],
        });
        rest = &rest[21 + path + bytes..];
    }
    entries
}

/// A file on a disk that forgets.
#[derive(Default)]
struct OnDisk<'a> {
    synced: Vec<u8>,
    pending: Vec<&'a Entry<'a>>,
    exists: bool,
}

impl<'a> OnDisk<'a> {
    fn sync(&mut self) {
        for entry in std::mem::take(&mut self.pending) {
            apply(&mut self.synced, entry, |_| true);
        }
        self.exists = true;
    }

    /// What is left when the power fails.
    fn left(mut self, keeps: &mut impl FnMut() -> bool) -> Option<Vec<u8>> {
        for entry in std::mem::take(&mut self.pending) {
            apply(&mut self.synced, entry, |_| keeps());
        }
        self.exists.then_some(self.synced)
    }
}

fn apply(file: &mut Vec<u8>, entry: &Entry<'_>, mut keeps: impl FnMut(usize) -> bool) {
    if entry.what == b'T' {
        if keeps(0) {
            file.resize(entry.at, 0);
        }
        return;
    }
    for (n, sector) in entry.bytes.chunks(SECTOR).enumerate() {
        if keeps(n) {
            let from = entry.at + n * SECTOR;
            let upto = from + sector.len();
            if file.len() < upto {
                file.resize(upto, 0);
            }
            file[from..upto].copy_from_slice(sector);
        }
    }
}

/// The files as the disk has them after the cut, in a folder of their own; `lies` about what it synced, if it does.
fn after_the_cut(record: &[u8], folder: &Path, dice: &mut Dice, lies: bool) -> PathBuf {
    let entries = entries(record);
    let mut files: BTreeMap<&str, OnDisk<'_>> = BTreeMap::new();
    for entry in &entries {
        let file = files.entry(entry.path).or_default();
        match entry.what {
            // Directories are journalled: what was removed before the next sync stays away.
            b'D' => *file = OnDisk::default(),
            b'S' if lies && file.exists => {}
            b'S' => file.sync(),
            _ => file.pending.push(entry),
        }
    }
    // Every other cut takes all that was not synced.
    let some = !lies && dice.throw(2) == 1;
    let mut keeps = || some && dice.throw(2) == 1;
    fs::create_dir_all(folder).unwrap();
    for (path, file) in files {
        if let Some(bytes) = file.left(&mut keeps) {
            let name = Path::new(path.trim_end_matches(" (deleted)")).file_name();
            fs::write(folder.join(name.unwrap()), bytes).unwrap();
        }
    }
    folder.join("forewarn.sqlite")
}

/// Who was told what by when: the length of the record when it was known.
#[derive(Default)]
struct Told {
    events: Vec<(usize, String)>,
    mails: Vec<(usize, usize)>,
}

/// What of that is missing after a cut, and what else is wrong.
async fn missing(database: &Path, cut: usize, told: &Told) -> Vec<String> {
    let store = match Store::open(&Location::File(database.to_owned())).await {
        Ok(store) => store,
        Err(problem) => return vec![format!("it does not open: {problem}")],
    };
    let mut wrong = store.damage().await.unwrap();
    for (_, id) in told.events.iter().filter(|(known, _)| *known <= cut) {
        if store.event(id).await.unwrap().is_none() {
            wrong.push(format!("{id} was answered and is gone"));
        }
    }
    let verdict = store.verify_journal().await.unwrap();
    wrong.extend(
        verdict
            .broken
            .map(|(entry, how)| format!("journal: entry {entry} {how}")),
    );
    let arrived = told.mails.iter().filter(|(known, _)| *known <= cut);
    let arrived = arrived.map(|(_, count)| *count).max().unwrap_or(0);
    let all = DeliveryFilter::default();
    let deliveries = store.deliveries(&all, 1_000_000).await.unwrap();
    let begun = deliveries
        .iter()
        .filter(|d| d.status != DeliveryStatus::Queued);
    let begun = begun.count();
    if begun < arrived {
        wrong.push(format!(
            "{arrived} mails arrived, and {begun} attempts are on record"
        ));
    }
    store.close().await;
    wrong
}

/// Works it, and keeps who was told what.
async fn work(server: &Running, sink: &SmtpPeer, record: &Path) -> Told {
    let length = || fs::metadata(record).map_or(0, |file| file.len() as usize);
    let mut told = Told::default();
    server.fill("portal", 8).await;
    for _ in 0..12 {
        let id = server.declare("portal").await;
        told.events.push((length(), id));
        // Arrived first, then looked at: what is on record by then covers it.
        let arrived = sink.count();
        told.mails.push((length(), arrived));
    }
    for (_, id) in &told.events {
        server.all_sent(id).await;
        let arrived = sink.count();
        told.mails.push((length(), arrived));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let points = from_environment("FOREWARN_CRASH_POINTS").unwrap_or(12);
    let mut dice = Dice::thrown();
    let folder = Folder::new();
    let record = folder.file("writes");
    let library = recorder(&folder);
    let sink = SmtpPeer::start(Script::default(), Keep::Count)
        .await
        .unwrap();
    let server = Start::new(&folder.file("data"))
        .mail_to(&sink)
        .with_variable("LD_PRELOAD", library.to_str().unwrap())
        .with_variable("FOREWARN_WRITES", record.to_str().unwrap())
        .run()
        .await;
    let told = work(&server, &sink, &record).await;
    server.kill().await;

    let record = fs::read(&record).unwrap();
    let first = told.events[0].0;
    for n in 0..points {
        let cut = first + dice.throw((record.len() - first) as u64) as usize;
        let place = folder.file(&format!("cut-{n}"));
        let database = after_the_cut(&record[..cut], &place, &mut dice, false);
        let wrong = missing(&database, cut, &told).await;
        assert_eq!(
            wrong,
            Vec::<String>::new(),
            "cut at {cut} of {}",
            record.len()
        );
        fs::remove_dir_all(place).unwrap();
    }
    println!("{points} cuts in {} bytes", record.len());

    // The judge is one: a disk that says it has synced, and has not, is found out.
    let place = folder.file("liar");
    let database = after_the_cut(&record, &place, &mut dice, true);
    assert_ne!(
        missing(&database, record.len(), &told).await,
        Vec::<String>::new()
    );
}
