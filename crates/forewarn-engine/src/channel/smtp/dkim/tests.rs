use super::*;

/// The message and keys of RFC 8463, appendix A.
const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// The seed as openssl writes it: PKCS #8 without the public key.
fn pem() -> String {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend(BASE64.decode(SEED.as_bytes()).unwrap());
    let text = BASE64.encode(&der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn signer() -> Signer {
    Signer::read("brisbane._domainkey.football.example.com", pem().as_bytes()).unwrap()
}

#[test]
fn the_example_of_the_standard_is_signed_as_it_stands_there() {
    let parsed = Parsed::of(MESSAGE.as_bytes());
    let hash = BASE64.encode(relaxed_body_hash(parsed.body).as_ref());
    assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let unsigned = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let names = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "from",
        "subject",
        "date",
    ];
    let signature = signer().key.sign(&parsed.signed_bytes(&names, unsigned));
    assert_eq!(
        BASE64.encode(&signature.unwrap()),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
}

#[test]
fn the_record_holds_the_public_key() {
    let (name, text) = signer().record();
    assert_eq!(name, "brisbane._domainkey.football.example.com");
    assert_eq!(text, format!("v=DKIM1; k=ed25519; p={PUBLIC}"));
}

#[test]
fn what_is_sealed_is_named_once_more_than_it_occurs() {
    let header = sign(&[signer()], MESSAGE.as_bytes()).unwrap();
    let flat = header.replace("\r\n ", "");
    assert!(
        flat.contains(
            "h=from:from:reply-to:to:to:subject:subject:date:date:message-id:message-id;"
        ),
        "{header}"
    );
    assert!(header.starts_with("DKIM-Signature: v=1; a=ed25519-sha256; "));
    assert!(header.ends_with("\r\n") && header.lines().all(|line| line.len() <= 90));
    // Nothing of it depends on when or how often it is made.
    assert_eq!(sign(&[signer()], MESSAGE.as_bytes()).unwrap(), header);
}

#[test]
fn what_happens_on_the_way_changes_nothing_and_other_words_do() {
    let signed = |message: &str| sign(&[signer()], message.as_bytes()).unwrap();
    let first = signed(MESSAGE);
    let folded = MESSAGE
        .replace(
            "Subject: Is dinner ready?",
            "SUBJECT:  Is dinner\r\n\tready? ",
        )
        .replace("the game.  Are", "the game. \t Are  ")
        .replace("Are   you", "Are you")
        .replace("Joe.\r\n", "Joe. \r\n\r\n\r\n");
    assert_eq!(signed(&folded), first);
    assert_ne!(signed(&MESSAGE.replace("lost", "won")), first);
    assert_ne!(signed(&MESSAGE.replace("dinner", "lunch")), first);
    assert_ne!(
        signed(&format!("Reply-To: eve@example.com\r\n{MESSAGE}")),
        first
    );
}

#[test]
fn a_body_of_nothing_and_one_without_a_line_end_are_canonical_too() {
    let hash = |body: &str| BASE64.encode(relaxed_body_hash(body.as_bytes()).as_ref());
    // The hash of no bytes at all (RFC 6376, section 3.4.4).
    let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!([hash(""), hash("\r\n\r\n"), hash(" \t\r\n")], [empty; 3]);
    assert_eq!(hash("a"), hash("a\r\n"));
    assert_ne!(hash(" a"), hash("a"));
}

#[test]
fn what_is_no_name_and_no_key_is_told_without_the_key() {
    for record in [
        "football.example.com",
        "a._domainkey.",
        "._domainkey.b.c",
        "a b._domainkey.c.d",
        "a._domainkey.local",
    ] {
        let problem = Signer::read(record, pem().as_bytes()).unwrap_err();
        assert!(problem.contains("._domainkey.example.org"), "{problem}");
    }
    for text in ["", "no key", &pem().replace("MC4C", "MC4D")] {
        let problem = Signer::read("a._domainkey.b.c", text.as_bytes()).unwrap_err();
        assert!(
            problem.contains("key") && !problem.contains(SEED),
            "{problem}"
        );
    }
    assert_eq!(
        format!("{:?}", signer()),
        "brisbane._domainkey.football.example.com"
    );
}
