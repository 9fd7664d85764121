//! Any text: offsets are sound, and time grows with the length and with nothing else.

use super::*;
use proptest::prelude::*;

fn sound(message: &Text, review: &Review) {
    for finding in &review.findings {
        let text = match finding.part {
            Part::Text => message.text(),
            Part::Subject => message.subject().unwrap_or_default(),
        };
        assert!(
            text.get(finding.start..finding.end).is_some(),
            "{finding:?} in {text:?}"
        );
        assert!(!finding.because.is_empty() && !finding.suggestion.is_empty());
    }
}

/// Pieces that rules look at, so that random texts have something to find.
fn pieces() -> impl Strategy<Value = String> {
    let some = prop::sample::select(vec![
        "15:30",
        "UTC",
        "CET (UTC+01:00)",
        "next update",
        "no data is lost",
        "Sorry",
        "https://a.example/x",
        "10.0.0.1",
        "2001:db8::1",
        "db01",
        "at a.b(C.java:1)",
        "C:\\Program Files\\x",
        "/var/log/x",
        "v1.2.3",
        "INC0012345",
        "password: Abc123!",
        "jane.doe@example.edu",
        "Acme's",
        ".",
        "!",
        "\n\n",
        "- ",
        "\u{201c}",
        "\u{2019}",
        "é",
        "🙂",
        "\u{202e}",
        "ß",
        "İ",
        "e\u{301}",
        "    ",
        "\t",
        "://",
        "@",
        "%",
        "\\\\",
        "Traceback (most recent call last):",
        "-----BEGIN ",
        "jane.roe [at] example.com",
        "(at)",
        "jos\u{e9}.garc\u{ed}a@example.es",
        "o'neil@",
        "our engineer Jos\u{e9}",
        "on call: ",
        "our supplier, ",
        "the server called ",
        "`zeus`",
        "\\\\fs07",
        "vpn-gw",
        "i-0abcd1234ef567890",
        "00:1b:44:11:3a:b7",
        "jdbc:x",
        "/browse/",
        "Msg 1, Level ",
        "x.pl line 3",
        "ORA-01234:",
        "NullPointerException",
        "$2y$10$",
        "admin / ",
        "PR #",
        "CHG-2026-01",
        "T20260105.0012",
        "php8.2",
        "web[01-04]",
        "assigned to Jane Roe",
        "tbl_orders_2026",
        "ERROR 1045 (28000)",
        "10[.]20[.]30[.]40",
        "ops@web12",
        "SHOP-77 and SHOP-78",
        "std::bad_alloc",
        "sha256:9f8e7d6c",
        "Ms. Nair from IT",
        "v9 rollout",
        "CU14",
        "As a pipe burst,",
        "eyJhbGciOiJIUzI1NiJ9.a",
        "File \"x\", line 3",
        "our contractor",
        "0x1234567",
        "+",
        "-",
        "UTC-",
        "(",
        ")",
    ]);
    let one = prop_oneof![3 => some.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from), 1 => "[ -~]{0,12}"];
    prop::collection::vec((one, prop::bool::ANY), 0..60).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(part, space)| if space { part + " " } else { part })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_text_is_reviewed_with_places_that_stand_in_it(text in pieces(), subject in "[^\\p{Cc}]{0,60}", level in 0usize..3, stage in 0usize..38, medium in 0usize..5) {
        let stage = Stage::names().nth(stage).unwrap();
        let message = Text::new(&text, Some(&subject), Level::ALL[level], Stage::parse(stage).unwrap(), Medium::ALL[medium]).unwrap();
        let known = crate::privacy::Known {
            employees: vec!["Jane Doe".into(), "é".repeat(3)], vendors: vec!["Acme Hosting".into()], code_names: vec!["Project X1".into()],
            internal_domains: vec!["corp.example.edu".into()], allow: vec!["10.0.0.0/8".into(), "*".into()],
        };
        let context = Context { known, previous: Some(text.chars().rev().collect()) };
        let review = review(&message, &context);
        sound(&message, &review);
    }
}

/// Repetitions that make careless scanners take the square of the length.
#[test]
fn time_grows_with_the_length_and_with_nothing_else() {
    let nasty = [
        "a",
        " ",
        ".",
        "\n",
        "((",
        "1.",
        "1:",
        ":",
        "::",
        "://",
        "a://",
        "/",
        "\\",
        "C:\\a ",
        "a@",
        "@",
        "at a.b(",
        "File \"",
        "Next ",
        "next update ",
        "15:30 ",
        "15:30, ",
        "password ",
        "password is ",
        "eyJ",
        "-----BEGIN ",
        "-----BEGIN -----END ",
        "A-1 ",
        "v1.",
        "1.1.",
        "db01-",
        "é",
        "🙂",
        "\u{202e}",
        "We ",
        "IT ",
        "UTC+",
        "UTC (",
        "Acme ",
        "Acme",
        "sorry ",
        "goroutine ",
        "Traceback (most recent call last)\n ",
        "- ",
        "```\n",
        "\t",
        "a.",
        "Dr. ",
        "token=",
        "AKIA",
        "10.0.0.1,",
        "10.",
        "x=\"",
        "'s ",
        "\u{2019}",
        "our contractor A ",
        "fixed in ",
        "will be fixed by ",
        "0x",
        "%a%\\",
        "\\\\a",
        "~/",
        "=/a",
        "password-",
        "SHOP-77 ",
        "a_a_a ",
        "a_",
        "ERROR ",
        "x[1-2]",
        "@jane.",
        "Jane Roe (network ",
        "A/2026/",
        "sign in as a with b ",
        "()",
        "Acmeacme",
        "a problem with ",
        "03:14:07 ERROR ",
        "A B ",
        "CET ",
        "from 8 to ",
    ];
    let known = crate::privacy::Known {
        employees: vec!["Jane Doe".into()],
        vendors: vec!["Acme Hosting".into()],
        ..Default::default()
    };
    for piece in nasty {
        let text = piece.repeat(LENGTH / piece.len());
        let context = Context {
            known: known.clone(),
            previous: Some(text.clone()),
        };
        let message = message(&text, None, "non_technical", "update", "sms");
        let began = Instant::now();
        let review = review(&message, &context);
        let took = began.elapsed();
        sound(&message, &review);
        assert!(took < LIMIT, "{piece:?}: {took:?}");
    }
}

/// A build without optimisation takes about thirty times as long, so it gets less to do.
const LENGTH: usize = if cfg!(debug_assertions) {
    20_000
} else {
    200_000
};

/// What a text of that length may take.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

#[test]
#[ignore = "a measurement"]
fn speed() {
    let text = format!("{GOOD}\n\n").repeat(5);
    let words = text.split_whitespace().count();
    let message = message(
        &text,
        Some("Example University: portal slow, 3 Dec"),
        "non_technical",
        "update",
        "email",
    );
    let context = Context::default();
    review(&message, &context);
    let began = Instant::now();
    for _ in 0..100 {
        std::hint::black_box(review(&message, &context));
    }
    println!("{words} words: {:?} a review", began.elapsed() / 100);
    let time = |name: &str, work: &dyn Fn()| {
        let began = Instant::now();
        (0..100).for_each(|_| work());
        println!("  {name}: {:?}", began.elapsed() / 100);
    };
    time("words", &|| drop(words::words(&text)));
    time("reading", &|| drop(Reading::of(&text)));
    time("privacy", &|| {
        drop(privacy::leaks(&text, Level::NonTechnical, &context.known))
    });
    let reading = Reading::of(&text);
    time("jargon", &|| {
        drop(jargon::jargon(&reading, Level::NonTechnical))
    });
    time("tone", &|| {
        drop(tone::tone(&reading, Stage::default(), &context))
    });
    time("completeness", &|| {
        drop(completeness::completeness(&reading, None, Stage::default()))
    });
    time("measures", &|| {
        let _ = Measures::of(&reading, None);
    });
}
