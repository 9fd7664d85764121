//! Contacts as a table: what a directory or a spreadsheet exports.
//!
//! A line that is wrong is rejected with all its reasons, and the others are kept. A field in quotation marks may hold line breaks
//! (RFC 4180 2.6), as a spreadsheet writes a cell of several lines. A quotation mark that somebody forgot to close spoils its own
//! line all the same and not all that follow: what does not end as a record of the file's width within `MOST_RECORD_LINES` is
//! read again line by line.

use super::{Contact, EmailAddress, Endpoint, HookSecret, HookUrl, PhoneNumber, shorten};
use crate::document::{Catalogue, line};
use crate::id::Id;
use crate::organisation::parse_language;
use crate::problem::{Invalid, Problem, unknown};
use crate::time::Zone;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read};

/// The columns, in the order in which they are documented. A file may have them in any order and leave most out.
pub const COLUMNS: [&str; 14] = [
    "id",
    "name",
    "email",
    "sms",
    "voice",
    "webhook_url",
    "webhook_secret",
    "audiences",
    "services",
    "tags",
    "organisation",
    "role",
    "language",
    "time_zone",
];

/// Columns that say where somebody is reached; every contact needs one.
const ENDPOINTS: [&str; 4] = ["email", "sms", "voice", "webhook_url"];

/// The longest line that is read; a real one has some hundred bytes.
const MOST_LINE_BYTES: usize = 64 * 1024;
/// A field that goes on longer was never closed.
const MOST_RECORD_LINES: usize = 100;
/// More lines are refused: nobody has so many contacts, and each rejected one is remembered.
const MOST_LINES: u64 = 2_000_000;
/// More mistakes in one field are not told.
const MOST_REASONS: usize = 5;
/// Finding the nearest known name takes time, so it is done for this many unknown names and not for every line of a
/// file whose column is all wrong.
const MOST_OFFERS: usize = 500;

/// What a table held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvContacts {
    /// The contacts of all good lines, in the order of the file.
    pub contacts: Vec<Contact>,
    /// What is wrong with the others.
    pub rejected: Vec<Rejected>,
}

/// One thing wrong with one line, which is therefore left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The line in the file, from 1; the header is line 1.
    pub line: u64,
    /// The column's name; empty where it is the line as a whole.
    pub column: String,
    /// The beginning of what stands there; never a secret.
    pub value: String,
    /// What is wrong, in words that say what to do.
    pub reason: String,
}

/// Reads a table of contacts; its audiences and services must be in `catalogue`.
///
/// # Errors
/// When the table as a whole cannot be used: its header is wrong, it cannot be read, it is too long.
pub fn read_contacts(text: impl Read, catalogue: &Catalogue) -> Result<CsvContacts, Invalid> {
    let mut records = Records {
        text: BufReader::with_capacity(64 * 1024, text),
        read: 0,
        ahead: VecDeque::new(),
    };
    let header = match records.next(None)? {
        None => return Err(Invalid::one("header", "is missing: the file is empty")),
        Some(Record {
            text: Err(wrong), ..
        }) => return Err(Invalid::one("header", wrong)),
        Some(Record { text: Ok(text), .. }) => Header::read(&text)?,
    };
    let mut reader = Reader::new(&header, catalogue);
    while let Some(record) = records.next(Some(header.width))? {
        if record.line > MOST_LINES {
            let problem = format!("has more than {MOST_LINES} lines; load it in parts");
            return Err(Invalid::one("", problem));
        }
        match record.text {
            Ok(text) => reader.line(record.line, &text),
            Err(wrong) => reader.reject(record.line, "", &record.shown, wrong),
        }
    }
    Ok(reader.found)
}

/// Rejected lines as a table of their own. A cell that a spreadsheet would compute begins with an apostrophe instead.
pub fn rejected_csv(rejected: &[Rejected]) -> String {
    let mut text = String::from("line,column,value,reason\n");
    for rejected in rejected {
        let cells = [&rejected.column, &rejected.value, &rejected.reason].map(|cell| quoted(cell));
        text.push_str(&format!("{},{}\n", rejected.line, cells.join(",")));
    }
    text
}

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !cell.contains([',', '"', '\n', '\r']) {
        return cell.to_owned();
    }
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

const TOO_LONG: &str = "the line is longer than 65536 bytes; is a line break missing?";

const UNCLOSED: &str = "a quotation mark that opens on this line is not closed";

/// The records of a text, one at a time.
struct Records<R> {
    text: BufReader<R>,
    /// How many lines were read.
    read: u64,
    /// Lines that were read to see where a record ends, and are records of their own: at most one record's worth.
    ahead: VecDeque<Line>,
}

/// One line, without its end.
struct Line {
    number: u64,
    bytes: Vec<u8>,
    /// Nothing of it was kept.
    is_too_long: bool,
}

/// One record, or why there is none.
struct Record {
    /// The line on which it begins.
    line: u64,
    text: Result<Vec<u8>, &'static str>,
    /// The beginning of what cannot be read.
    shown: String,
}

/// Where a reader of a record stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a field.
    Start,
    /// In a field without quotation marks.
    Plain,
    /// In a field with them.
    Quoted,
    /// After a quotation mark in one: it ends the field, or is half of one that is meant.
    Closed,
}

impl At {
    /// Where the reader stands after these bytes; nowhere when something follows a closing quotation mark.
    fn after(mut self, bytes: &[u8]) -> Option<At> {
        for byte in bytes {
            self = match (self, byte) {
                (At::Start | At::Closed, b'"') => At::Quoted,
                (At::Quoted, b'"') => At::Closed,
                (At::Quoted, _) => At::Quoted,
                (At::Start | At::Plain | At::Closed, b',') => At::Start,
                (At::Start | At::Plain, _) => At::Plain,
                (At::Closed, _) => return None,
            };
        }
        Some(self)
    }
}

impl<R: Read> Records<R> {
    /// The next record; one of several lines must have this many fields.
    fn next(&mut self, width: Option<usize>) -> Result<Option<Record>, Invalid> {
        let Some(first) = self.line()? else {
            return Ok(None);
        };
        let record = |text| Record {
            line: first.number,
            text,
            shown: String::new(),
        };
        if first.is_too_long {
            return Ok(Some(record(Err(TOO_LONG))));
        }
        if At::Start.after(&first.bytes) != Some(At::Quoted) {
            return Ok(Some(record(Ok(first.bytes))));
        }
        let (mut text, mut taken) = (first.bytes.clone(), Vec::new());
        while let Some(next) = self.line()? {
            let fits = taken.len() < MOST_RECORD_LINES
                && !next.is_too_long
                && text.len() + next.bytes.len() < MOST_LINE_BYTES;
            let at = At::Quoted.after(&next.bytes).filter(|_| fits);
            text.push(b'\n');
            text.extend_from_slice(&next.bytes);
            taken.push(next);
            match at {
                Some(At::Quoted) => {}
                Some(_) if has_width(&text, width) => return Ok(Some(record(Ok(text)))),
                _ => break,
            }
        }
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        let shown = &first.bytes[..first.bytes.len().min(100)];
        Ok(Some(Record {
            shown: String::from_utf8_lossy(shown).into_owned(),
            ..record(Err(UNCLOSED))
        }))
    }

    fn line(&mut self) -> Result<Option<Line>, Invalid> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let unreadable = |problem| Invalid::one("", format!("cannot be read: {problem}"));
        let (mut bytes, mut is_too_long) = (Vec::new(), false);
        loop {
            let part = self.text.fill_buf().map_err(unreadable)?;
            if part.is_empty() && bytes.is_empty() && !is_too_long {
                return Ok(None);
            }
            let end = part.iter().position(|b| *b == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            if bytes.len() + taken > MOST_LINE_BYTES {
                is_too_long = true;
                bytes.clear();
            } else {
                bytes.extend_from_slice(&part[..taken]);
            }
            let last = part.is_empty();
            self.text.consume(taken);
            if end.is_some() || last {
                break;
            }
        }
        self.read += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.read == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Some(Line {
            number: self.read,
            bytes,
            is_too_long,
        }))
    }
}

/// Whether a record has as many fields as the header; that of the header is what it is.
fn has_width(text: &[u8], width: Option<usize>) -> bool {
    let mut fields = Vec::new();
    split(text, &mut fields).is_ok() && width.is_none_or(|width| fields.len() == width)
}

/// The fields of a record: separated by commas, in quotation marks where a comma is meant, which are doubled inside.
fn split(line: &[u8], fields: &mut Vec<Vec<u8>>) -> Result<(), &'static str> {
    fields.clear();
    let mut rest = line;
    loop {
        let mut field = Vec::new();
        if let Some(inner) = rest.strip_prefix(b"\"") {
            rest = inner;
            loop {
                let Some(mark) = rest.iter().position(|b| *b == b'"') else {
                    return Err(UNCLOSED);
                };
                field.extend_from_slice(&rest[..mark]);
                rest = &rest[mark + 1..];
                match rest.strip_prefix(b"\"") {
                    Some(after) => {
                        field.push(b'"');
                        rest = after;
                    }
                    None => break,
                }
            }
        } else {
            let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
            field.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        fields.push(field);
        match rest.split_first() {
            None => return Ok(()),
            Some((b',', after)) => rest = after,
            Some(_) => {
                return Err("something stands between a closing quotation mark and the comma");
            }
        }
    }
}

/// Where each column stands.
struct Header {
    places: HashMap<&'static str, usize>,
    width: usize,
}

impl Header {
    fn read(line: &[u8]) -> Result<Header, Invalid> {
        let mut fields = Vec::new();
        split(line, &mut fields).map_err(|problem| Invalid::one("header", problem))?;
        let text = std::str::from_utf8(line).ok().filter(|t| !t.contains('\0'));
        let Some(text) = text else {
            let problem = "is not UTF-8 text; save the file as CSV UTF-8";
            return Err(Invalid::one("header", problem));
        };
        if fields.len() == 1 && text.contains([';', '\t']) {
            let problem = "has one column; the columns must be separated by commas";
            return Err(Invalid::one("header", problem));
        }
        let (mut places, mut problems) = (HashMap::new(), Vec::new());
        for (n, field) in fields.iter().enumerate() {
            let name = String::from_utf8_lossy(field);
            let name = name.trim();
            let shown = shorten(name);
            let mut wrong = |problem| {
                problems.push(Problem::new("header", problem).at(Some((1, n + 1))));
            };
            match COLUMNS.iter().find(|known| **known == name) {
                None if name.is_empty() => wrong(format!("column {} has no name", n + 1)),
                None => wrong(unknown("column", &shown, COLUMNS)),
                Some(known) => {
                    if places.insert(*known, n).is_some() {
                        wrong(format!("the column '{known}' stands twice"));
                    }
                }
            }
        }
        if !places.contains_key("id") {
            problems.push(Problem::new("header", "the column 'id' is missing"));
        }
        if !ENDPOINTS.iter().any(|name| places.contains_key(name)) {
            let problem = format!("needs at least one of the columns {}", ENDPOINTS.join(", "));
            problems.push(Problem::new("header", problem));
        }
        if !problems.is_empty() {
            return Err(Invalid { problems });
        }
        Ok(Header {
            width: fields.len(),
            places,
        })
    }
}

/// Reads line after line and remembers what it found.
struct Reader<'a> {
    header: &'a Header,
    audiences: HashSet<&'a str>,
    services: HashSet<&'a str>,
    zones: HashMap<String, Result<Zone, String>>,
    offers: usize,
    lines: HashMap<Id, u64>,
    found: CsvContacts,
    fields: Vec<Vec<u8>>,
}

impl<'a> Reader<'a> {
    fn new(header: &'a Header, catalogue: &'a Catalogue) -> Reader<'a> {
        Reader {
            header,
            audiences: catalogue.audiences.iter().map(|a| a.id.as_str()).collect(),
            services: catalogue.services.iter().map(|s| s.id.as_str()).collect(),
            zones: HashMap::new(),
            offers: MOST_OFFERS,
            lines: HashMap::new(),
            found: CsvContacts::default(),
            fields: Vec::new(),
        }
    }

    fn reject(&mut self, line: u64, column: &str, value: &str, reason: impl Into<String>) {
        // Somebody will read the report on a screen; a secret has no place there.
        let value = if column == "webhook_secret" {
            String::new()
        } else {
            shorten(value)
        };
        self.found.rejected.push(Rejected {
            line,
            column: column.to_owned(),
            value,
            reason: reason.into(),
        });
    }

    fn line(&mut self, number: u64, bytes: &[u8]) {
        let mut fields = std::mem::take(&mut self.fields);
        match split(bytes, &mut fields) {
            Err(problem) => {
                let value = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
                self.reject(number, "", &value, problem);
            }
            // A spreadsheet writes its empty rows out as commas.
            Ok(()) if fields.iter().all(|f| f.iter().all(u8::is_ascii_whitespace)) => {}
            Ok(()) if fields.len() != self.header.width => {
                let (found, width) = (fields.len(), self.header.width);
                let problem = format!("the line has {found} fields, the header has {width}");
                let value = String::from_utf8_lossy(&fields[0]);
                self.reject(number, "", &value, problem);
            }
            Ok(()) => self.contact(number, &fields),
        }
        self.fields = fields;
    }

    fn contact(&mut self, number: u64, fields: &[Vec<u8>]) {
        let before = self.found.rejected.len();
        let mut row = Row {
            number,
            fields,
            reader: self,
        };
        let id = row.one("id", Id::parse);
        if id.is_none() && row.text("id").is_some_and(|t| t.is_empty()) {
            row.reject("id", "is missing");
        }
        let name = row.one("name", on_one_line(200));
        let mut endpoints = Vec::new();
        endpoints.extend(
            row.one("email", EmailAddress::parse)
                .map(|address| Endpoint::Email { address }),
        );
        endpoints.extend(
            row.one("sms", PhoneNumber::parse)
                .map(|number| Endpoint::Sms { number }),
        );
        endpoints.extend(
            row.one("voice", PhoneNumber::parse)
                .map(|number| Endpoint::Voice { number }),
        );
        let secret = row.one("webhook_secret", HookSecret::parse);
        match row.one("webhook_url", HookUrl::parse) {
            Some(url) => endpoints.push(Endpoint::Webhook {
                url,
                secret,
                ordered: false,
            }),
            None if secret.is_some() && row.text("webhook_url").is_none_or(|t| t.is_empty()) => {
                row.reject("webhook_secret", "stands without a webhook_url");
            }
            None => {}
        }
        let audiences = row.ids("audiences", "audience");
        let services = row.ids("services", "service");
        let tags = row.list("tags", line(64));
        let organisation = row.one("organisation", on_one_line(200));
        let role = row.one("role", on_one_line(100));
        let language = row.one("language", parse_language);
        let time_zone = row.zone();
        if endpoints.is_empty() && self.found.rejected.len() == before {
            let reason = format!("needs at least one of {}", ENDPOINTS.join(", "));
            let places = &self.header.places;
            let column = ENDPOINTS.iter().find(|name| places.contains_key(*name));
            self.reject(number, column.unwrap_or(&"email"), "", reason);
        }
        let Some(id) = id.filter(|_| self.found.rejected.len() == before) else {
            return;
        };
        if let Some(first) = self.lines.get(&id) {
            let reason = format!("stands on line {first} already; an id stands once in a file");
            self.reject(number, "id", id.as_str(), reason);
            return;
        }
        self.lines.insert(id.clone(), number);
        self.found.contacts.push(Contact {
            id,
            name,
            audiences,
            services,
            kinds: Vec::new(),
            tags,
            organisation,
            role,
            language,
            time_zone,
            quiet_hours: None,
            endpoints,
        });
    }

    fn known(&self, what: &str) -> &HashSet<&'a str> {
        if what == "audience" {
            &self.audiences
        } else {
            &self.services
        }
    }

    /// Whether a nearest name may be looked for once more.
    fn may_offer(&mut self) -> bool {
        let may = self.offers > 0;
        self.offers = self.offers.saturating_sub(1);
        may
    }
}

/// A text whose line breaks are spaces: a spreadsheet breaks a name to fit its cell.
fn on_one_line(max: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        let parts = text.split(['\r', '\n']).map(str::trim);
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        line(max)(&parts.join(" "))
    }
}

/// A record that is being read.
struct Row<'r, 'a> {
    number: u64,
    fields: &'r [Vec<u8>],
    reader: &'r mut Reader<'a>,
}

impl<'r> Row<'r, '_> {
    fn reject(&mut self, column: &str, reason: impl Into<String>) {
        let value = self.text(column).unwrap_or_default();
        self.reader.reject(self.number, column, value, reason);
    }

    /// The trimmed text of a column; nothing when the file has no such column or it is no text.
    fn text(&self, column: &str) -> Option<&'r str> {
        let field = self.fields.get(*self.reader.header.places.get(column)?)?;
        std::str::from_utf8(field).ok().map(str::trim)
    }

    /// The same, when there is something to read; what is no text is rejected.
    fn given(&mut self, column: &str) -> Option<&'r str> {
        let place = *self.reader.header.places.get(column)?;
        match self.text(column) {
            Some(text) => Some(text).filter(|t| !t.is_empty()),
            None => {
                let value = String::from_utf8_lossy(self.fields.get(place)?);
                self.reader
                    .reject(self.number, column, &value, "is not UTF-8 text");
                None
            }
        }
    }

    fn one<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.given(column)?;
        parse(text)
            .map_err(|problem| self.reject(column, problem))
            .ok()
    }

    fn list<T: PartialEq>(
        &mut self,
        column: &str,
        mut parse: impl FnMut(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let (mut values, mut reasons) = (Vec::new(), 0);
        for part in self.given(column).unwrap_or_default().split(';') {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            match parse(part) {
                Ok(value) if values.contains(&value) => {}
                Ok(value) => values.push(value),
                Err(problem) => {
                    self.reader.reject(self.number, column, part, problem);
                    reasons += 1;
                    if reasons == MOST_REASONS {
                        break;
                    }
                }
            }
        }
        values
    }

    fn ids(&mut self, column: &str, what: &str) -> Vec<Id> {
        let ids = self.list(column, Id::parse);
        let mut reasons = 0;
        for id in &ids {
            if self.reader.known(what).contains(id.as_str()) {
                continue;
            }
            let reason = if self.reader.may_offer() {
                let mut known: Vec<&str> = self.reader.known(what).iter().copied().collect();
                known.sort_unstable();
                unknown(what, id.as_str(), known.iter().copied())
            } else {
                format!("unknown {what} '{id}'")
            };
            self.reader.reject(self.number, column, id.as_str(), reason);
            reasons += 1;
            if reasons == MOST_REASONS {
                break;
            }
        }
        ids
    }

    fn zone(&mut self) -> Option<Zone> {
        let text = self.given("time_zone")?;
        if !self.reader.zones.contains_key(text) {
            let read = if self.reader.may_offer_zone(text) {
                Zone::parse(text)
            } else {
                Err(format!("unknown time zone '{}'", shorten(text)))
            };
            // Bounded, or a file of made-up zones would fill the memory.
            if self.reader.zones.len() >= 2 * MOST_OFFERS {
                self.reader.zones.clear();
            }
            self.reader.zones.insert(text.to_owned(), read);
        }
        match self.reader.zones.get(text)?.clone() {
            Ok(zone) => Some(zone),
            Err(problem) => {
                self.reject("time_zone", problem);
                None
            }
        }
    }
}

impl Reader<'_> {
    /// A zone that exists is read without looking for a nearest name.
    fn may_offer_zone(&mut self, name: &str) -> bool {
        crate::zone_data::database().get(name).is_ok() || self.may_offer()
    }
}

#[cfg(test)]
mod tests;
