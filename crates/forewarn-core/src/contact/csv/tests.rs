use super::*;
use crate::document::Documents;
use proptest::prelude::*;

fn catalogue() -> Catalogue {
    let text = "
services: [{id: portal, name: Portal}, {id: database, name: Database}]
audiences:
  - {id: students, name: Students, level: non_technical}
  - {id: engineers, name: Engineers, level: technical}
";
    let documents =
        Documents::parse_yaml(&[(String::new(), text.into())], &Catalogue::default(), "X").unwrap();
    documents.over(&Catalogue::default())
}

fn read(text: impl AsRef<[u8]>) -> CsvContacts {
    read_contacts(text.as_ref(), &catalogue()).unwrap()
}

/// `line column [value] reason`, a line each.
fn reasons(found: &CsvContacts) -> Vec<String> {
    let shown = |r: &Rejected| format!("{} {} [{}] {}", r.line, r.column, r.value, r.reason);
    found.rejected.iter().map(shown).collect()
}

#[test]
fn a_full_line_becomes_a_contact() {
    let found = read(
        "\u{feff}id,name,email,sms,voice,webhook_url,webhook_secret,audiences,services,tags,organisation,role,language,time_zone\r\n\
         alice,\"Example, Alice \"\"Al\"\"\",alice@Example.EDU,+1 415 555 0100,+14155550101,https://ops.example.test/hook,\
         whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3,students; engineers;students,portal,x;y z,Example University,Dean,pt-BR,America/New_York\r\n",
    );
    assert_eq!(reasons(&found), Vec::<String>::new());
    let expected = serde_json::json!([{
        "id": "alice", "name": "Example, Alice \"Al\"", "audiences": ["students", "engineers"], "services": ["portal"],
        "tags": ["x", "y z"], "organisation": "Example University", "role": "Dean", "language": "pt-BR",
        "time_zone": "America/New_York",
        "endpoints": [
            {"channel": "email", "address": "alice@example.edu"},
            {"channel": "sms", "number": "+14155550100"},
            {"channel": "voice", "number": "+14155550101"},
            {"channel": "webhook", "url": "https://ops.example.test/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"},
        ]
    }]);
    assert_eq!(serde_json::to_value(&found.contacts).unwrap(), expected);
}

#[test]
fn only_an_id_and_one_endpoint_are_required_in_any_order() {
    let found = read("email,id\na@example.org,a\n\n,,\n,\nb@example.org,\"b\"");
    let ids: Vec<&str> = found.contacts.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(reasons(&found), Vec::<String>::new());
}

#[test]
fn every_reason_of_every_bad_line_is_told_and_good_lines_are_kept() {
    let found = read(
        "id,email,sms,webhook_url,webhook_secret,audiences,services,language,time_zone,tags\n\
         a,a@example.org,,,,,,,,\n\
         b c,nobody,0415,,,students;studnets,portl,EN,Europe/Berlim,\n\
         a,again@example.org,,,,,,,,\n\
         d,,,,,,,,,\n\
         ,e@example.org,,,,,,,,\n\
         f,f@example.org,,,whsec_c2VjcmV0,,,,,\n\
         g,g@example.org,,,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3,,,,,\n\
         h,h@example.org\n\
         i,\"i@example.org,,,,,,,,\n\
         j,\"j@example.org\"x,,,,,,,,\n\
         k,k@example.org,,ftp://x,,,,,,\n\
         z,z@example.org,,,,,,,,\n",
    );
    assert_eq!(
        reasons(&found),
        [
            "3 id [b c] must be an id: a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
            "3 email [nobody] 'nobody' is not a mail address such as name@example.org",
            "3 sms [0415] '0415' is not a phone number with country code such as +14155550100",
            "3 audiences [studnets] unknown audience 'studnets'; did you mean 'students'?",
            "3 services [portl] unknown service 'portl'; did you mean 'portal'?",
            "3 language [EN] must be a language tag such as en or pt-BR",
            "3 time_zone [Europe/Berlim] unknown time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?",
            "4 id [a] stands on line 2 already; an id stands once in a file",
            "5 email [] needs at least one of email, sms, voice, webhook_url",
            "6 id [] is missing",
            "7 webhook_secret [] must be whsec_ and base64 of 24 to 64 random bytes",
            "8 webhook_secret [] stands without a webhook_url",
            "9  [h] the line has 2 fields, the header has 10",
            "10  [i,\"i@example.org,,,,,,,,] a quotation mark that opens on this line is not closed",
            "11  [j,\"j@example.org\"x,,,,,,,,] something stands between a closing quotation mark and the comma",
            "12 webhook_url [ftp://x] must start with https://",
        ]
    );
    let ids: Vec<&str> = found.contacts.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["a", "z"]);
}

#[test]
fn a_wrong_header_refuses_the_file() {
    for (header, expected) in [
        ("", "header: is missing: the file is empty"),
        (
            "id,e-mail,email,email\nx",
            "line 1, column 2: header: unknown column 'e-mail'; did you mean 'email'?\n\
             line 1, column 4: header: the column 'email' stands twice",
        ),
        (
            "name,role,",
            "line 1, column 3: header: column 3 has no name\nheader: the column 'id' is missing\n\
             header: needs at least one of the columns email, sms, voice, webhook_url",
        ),
        (
            "id;name;email\na;b;c",
            "header: has one column; the columns must be separated by commas",
        ),
        (
            "\"id,email",
            "header: a quotation mark that opens on this line is not closed",
        ),
    ] {
        let refused = read_contacts(header.as_bytes(), &catalogue()).unwrap_err();
        assert_eq!(refused.to_string(), expected, "{header:?}");
    }
    let utf16: Vec<u8> = "\u{feff}id,email\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let refused = read_contacts(&utf16[..], &catalogue()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "header: is not UTF-8 text; save the file as CSV UTF-8"
    );
}

#[test]
fn hostile_lines_spoil_only_themselves() {
    let mut file = b"id,email,name\n".to_vec();
    file.extend(b"a,a@example.org,\xff\xfe\n");
    file.extend(b"b\0,b@example.org,x\n");
    file.extend(b"c,c@example.org,");
    file.extend(std::iter::repeat_n(b'x', 10 * MOST_LINE_BYTES));
    file.extend(b"\n\"\n");
    file.extend(b"d,d@example.org,=1+1\n");
    file.extend(b"e,\"e@example.org\r\nRCPT TO:<x@y>\",x\n");
    file.extend(b"f,f@example.org,last");
    let found = read(&file);
    let ids: Vec<&str> = found.contacts.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["d", "f"]);
    assert_eq!(
        reasons(&found),
        [
            "2 name [\u{fffd}\u{fffd}] is not UTF-8 text",
            "3 id [b] must be an id: a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
            "4  [] the line is longer than 65536 bytes; is a line break missing?",
            "5  [\"] a quotation mark that opens on this line is not closed",
            "7 email [e@example.orgRCPT TO:<x@y>] 'e@example.orgRCPT TO:<x@y>' is not a mail address such as name@example.org",
        ]
    );
}

#[test]
fn a_field_in_quotation_marks_may_hold_line_breaks() {
    let found = read(
        "id,email,name,tags,audiences\r\n\
         a,a@example.org,\"Ann\r\n  Example, \"\"Al\"\"\r\n\",\"x;\ny\",\"students;\nengineers\"\r\n\
         b,b@example.org,Ben,,\n\
         c,nobody,\"C\n\nD\",,nosuch\n\
         d,d@example.org,Dan,,\n",
    );
    let names: Vec<_> = found.contacts.iter().map(|c| c.name.as_deref()).collect();
    assert_eq!(
        names,
        [Some("Ann Example, \"Al\""), Some("Ben"), Some("Dan")]
    );
    assert_eq!(found.contacts[0].tags, ["x", "y"]);
    assert_eq!(found.contacts[0].audiences.len(), 2);
    // The line is the one on which the record begins.
    assert_eq!(
        reasons(&found),
        [
            "8 email [nobody] 'nobody' is not a mail address such as name@example.org",
            "8 audiences [nosuch] unknown audience 'nosuch'; known are engineers, students",
        ]
    );
}

#[test]
fn a_quotation_mark_that_is_never_closed_takes_neither_memory_nor_the_lines_after_it() {
    let good = |n: usize| format!("c{n},c{n}@example.org,\"Name, {n}\"\n");
    let bare = |n: usize| format!("b{n},b{n}@example.org,Name {n}\n");
    let many = |line: &dyn Fn(usize) -> String| (0..20_000).map(line).collect::<String>();
    for (lines, unclosed) in [
        (many(&good), "x,x@example.org,\"never\n"),
        (many(&bare), "x,x@example.org,\"never\n"),
        (many(&bare), "x,\"x@example.org,never\n"),
    ] {
        let found = read(format!(
            "id,email,name\n{lines}{unclosed}{}",
            lines.replace("Name", "Other").replace(['b', 'c'], "d")
        ));
        assert_eq!(found.rejected.len(), 1, "{:?}", found.rejected);
        assert_eq!(
            (found.rejected[0].line, found.rejected[0].reason.as_str()),
            (20_002, UNCLOSED)
        );
        assert_eq!(found.contacts.len(), 40_000);
    }
    // However much follows, at most one record is held.
    let endless = std::io::repeat(b'x').take(200 << 20);
    let file = (&b"id,email,name\na,a@example.org,\"\n"[..]).chain(endless);
    let found = read_contacts(file, &catalogue()).unwrap();
    let told: Vec<(u64, &str)> = found
        .rejected
        .iter()
        .map(|r| (r.line, r.reason.as_str()))
        .collect();
    assert_eq!(told, [(2, UNCLOSED), (3, TOO_LONG)]);
}

#[test]
fn a_column_that_is_all_wrong_takes_no_time() {
    let mut file = String::from("id,email,audiences,time_zone\n");
    for n in 0..20_000 {
        file.push_str(&format!(
            "c{n},c{n}@example.org,nobody{n},Atlantis/City{n}\n"
        ));
    }
    let found = read(&file);
    assert_eq!(found.rejected.len(), 40_000);
    assert_eq!(
        found.rejected[39_999].reason,
        "unknown time zone 'Atlantis/City19999'"
    );
}

#[test]
fn the_report_computes_nothing_in_a_spreadsheet() {
    let rejected = |value: &str, reason: &str| Rejected {
        line: 3,
        column: "sms".into(),
        value: value.into(),
        reason: reason.into(),
    };
    let report = rejected_csv(&[
        rejected("=HYPERLINK(\"http://x\")", "is wrong, truly"),
        rejected("+0415", "x"),
        rejected("plain", "x"),
    ]);
    assert_eq!(
        report,
        "line,column,value,reason\n3,sms,\"'=HYPERLINK(\"\"http://x\"\")\",\"is wrong, truly\"\n3,sms,\"'+0415\",x\n3,sms,plain,x\n"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_contacts(&bytes[..], &Catalogue::default());
        let mut file = b"id,email,name,tags\n".to_vec();
        file.extend(&bytes);
        let found = read_contacts(&file[..], &Catalogue::default()).unwrap();
        // Every line that is not empty is kept or rejected.
        let told: HashSet<u64> = found.rejected.iter().map(|r| r.line).collect();
        prop_assert!(told.len() + found.contacts.len() <= file.split(|b| *b == b'\n').count());
    }

    #[test]
    fn records_of_several_lines_are_read_as_a_general_writer_wrote_them(rows in proptest::collection::vec(proptest::collection::vec("[^\r\u{feff}]{0,8}", 3), 1..6)) {
        let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let text = writer.into_inner().unwrap();
        let mut records = Records { text: BufReader::new(&text[..]), read: 0, ahead: VecDeque::new() };
        let mut found = Vec::new();
        while let Some(record) = records.next(Some(3)).unwrap() {
            let mut fields = Vec::new();
            split(&record.text.unwrap(), &mut fields).unwrap();
            let fields = fields.into_iter().map(|f| String::from_utf8(f).unwrap());
            found.push(fields.collect::<Vec<String>>());
        }
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn what_a_general_writer_wrote_is_split_as_it_was(row in proptest::collection::vec("[^\n\r]{0,12}", 1..8)) {
        let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(&row).unwrap();
        let line = writer.into_inner().unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        let mut fields = Vec::new();
        split(line, &mut fields).unwrap();
        let fields: Vec<String> = fields.into_iter().map(|f| String::from_utf8(f).unwrap()).collect();
        prop_assert_eq!(fields, row);
    }

    #[test]
    fn a_report_is_read_back_by_a_general_reader(cells in proptest::collection::vec("\\PC{0,20}", 3)) {
        let rejected = Rejected { line: 7, column: cells[0].clone(), value: cells[1].clone(), reason: cells[2].clone() };
        let text = rejected_csv(&[rejected]);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        prop_assert_eq!(record.len(), 4);
        for (read, written) in record.iter().skip(1).zip(&cells) {
            let guarded = format!("'{written}");
            prop_assert!(read == written || read == guarded);
        }
    }
}
