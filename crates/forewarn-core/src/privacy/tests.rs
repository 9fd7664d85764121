//! Every kind in the forms in which people leak it, and ordinary texts that look alike.

use super::*;

fn known() -> Known {
    Known {
        employees: vec!["Jane Doe".into(), "Will Grant".into()],
        vendors: vec!["Acme Hosting".into(), "Northshelf Systems".into()],
        code_names: vec!["Bluebird".into(), "Project Heron".into()],
        internal_domains: vec!["corp.example.edu".into()],
        allow: vec!["status.corp.example.edu".into(), "192.0.2.0/24".into()],
    }
}

fn found(text: &str) -> Vec<(Kind, &str)> {
    let leaks = leaks(text, Level::NonTechnical, &known());
    leaks
        .into_iter()
        .map(|leak| (leak.kind, &text[leak.start..leak.end]))
        .collect()
}

#[test]
fn each_kind_is_found_in_the_forms_in_which_it_leaks() {
    use Kind::*;
    for (text, expected) in [
        ("It is 10.12.0.4.", &[(IpAddress, "10.12.0.4")][..]),
        ("relay-mail.dmz is slow", &[(HostName, "relay-mail.dmz")]),
        (
            "arn:aws:iam::123456789012:role/Admin was removed",
            &[(HostName, "arn:aws:iam::123456789012:role/Admin")],
        ),
        ("The PIN for the meeting is 882211.", &[(Secret, "882211")]),
        (
            "Enter 418297-553201-660814-209473 there.",
            &[(Secret, "418297-553201-660814-209473")],
        ),
        (
            "It stopped with ERR-4102 in the night.",
            &[(StackTrace, "ERR-4102")],
        ),
        (
            "It logs MapiExceptionLogonFailed now.",
            &[(StackTrace, "MapiExceptionLogonFailed")],
        ),
        (
            "Requests wait because our clearing partner, Portabridge Ltd, is slow.",
            &[(Vendor, "Portabridge Ltd")],
        ),
        (
            "passphrase: correct horse battery staple",
            &[(Secret, "correct horse battery staple")],
        ),
        (
            "(10.12.0.4:8080), 10.20.30.40/29",
            &[(IpAddress, "10.12.0.4:8080"), (IpAddress, "10.20.30.40/29")],
        ),
        (
            "peers [2001:db8::1] and fe80::1/64",
            &[(IpAddress, "2001:db8::1"), (IpAddress, "fe80::1/64")],
        ),
        (
            "See db01.corp.example.edu.",
            &[(HostName, "db01.corp.example.edu")],
        ),
        (
            "edge-fra-02, gw-west-2b and SW-CORE-01",
            &[
                (HostName, "edge-fra-02"),
                (HostName, "gw-west-2b"),
                (HostName, "SW-CORE-01"),
            ],
        ),
        ("On lb1.shop.internal", &[(HostName, "lb1.shop.internal")]),
        (
            "on http://grafana.int.example.com:3000/d/crm.",
            &[(InternalUrl, "http://grafana.int.example.com:3000/d/crm")],
        ),
        (
            "https://wiki.corp.example.edu/tls",
            &[(InternalUrl, "https://wiki.corp.example.edu/tls")],
        ),
        (
            "http://localhost:8080/x http://wiki/y",
            &[
                (InternalUrl, "http://localhost:8080/x"),
                (InternalUrl, "http://wiki/y"),
            ],
        ),
        (
            "put back /opt/heron/conf/site.xml now",
            &[(FilePath, "/opt/heron/conf/site.xml")],
        ),
        (
            "in C:\\Program Files\\App\\x.dll, and \\\\files01\\public\\readme.txt",
            &[
                (FilePath, "C:\\Program Files\\App\\x.dll"),
                (FilePath, "\\\\files01\\public\\readme.txt"),
            ],
        ),
        (
            "java.lang.IllegalStateException: closed\n  at com.example.Cache.get(Cache.java:88)",
            &[(
                StackTrace,
                "java.lang.IllegalStateException: closed\n  at com.example.Cache.get(Cache.java:88)",
            )],
        ),
        (
            "stops at A.B.Save(Claim c) in D:\\x\\I.cs:line 57 always",
            &[(StackTrace, "at A.B.Save(Claim c) in D:\\x\\I.cs:line 57")],
        ),
        (
            "Traceback (most recent call last):\n  File \"/srv/a.py\", line 2, in f\nKeyError: 'a'\n",
            &[(
                StackTrace,
                "Traceback (most recent call last):\n  File \"/srv/a.py\", line 2, in f\nKeyError: 'a'",
            )],
        ),
        (
            "back to 4.18.1, v5.11.3, 2.14.0-rc3",
            &[
                (Version, "4.18.1"),
                (Version, "v5.11.3"),
                (Version, "2.14.0-rc3"),
            ],
        ),
        (
            "OpenSSL 1.1.1w, IOS XR 7.9, Java 8, version 5.2",
            &[
                (Version, "1.1.1w"),
                (Version, "7.9"),
                (Version, "8"),
                (Version, "5.2"),
            ],
        ),
        (
            "INC0048213, see CRM-4471 and ticket 48213",
            &[
                (TicketId, "INC0048213"),
                (TicketId, "CRM-4471"),
                (TicketId, "48213"),
            ],
        ),
        (
            "the password is Sommer2024!x now",
            &[(Secret, "Sommer2024!x")],
        ),
        (
            "password: hunter2, PIN 4471",
            &[(Secret, "hunter2"), (Secret, "4471")],
        ),
        (
            "AKIAIOSFODNN7EXAMPLE with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            &[
                (Secret, "AKIAIOSFODNN7EXAMPLE"),
                (Secret, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ],
        ),
        (
            "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcHMifQ.c2ln",
            &[(Secret, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcHMifQ.c2ln")],
        ),
        (
            "lena.vogt@example.com or jsmith@example.com",
            &[
                (EmailAddress, "lena.vogt@example.com"),
                (EmailAddress, "jsmith@example.com"),
            ],
        ),
        (
            "Jane Doe's fix, says Mr. Grant",
            &[(Employee, "Jane Doe"), (Employee, "Mr. Grant")],
        ),
        (
            "Acme's line, acme hosting, our supplier Quick Tiles",
            &[
                (Vendor, "Acme"),
                (Vendor, "acme hosting"),
                (Vendor, "Quick Tiles"),
            ],
        ),
        (
            "bluebird and Heron",
            &[(CodeName, "bluebird"), (CodeName, "Heron")],
        ),
        (
            "nginx/1.18.0 on prod-db",
            &[(Version, "1.18.0"), (HostName, "prod-db")],
        ),
        (
            "INC 0048213; the passphrase \"correct horse\"",
            &[(TicketId, "INC 0048213"), (Secret, "correct horse")],
        ),
        (
            "Jane is on it; curl -u admin:Pa55word",
            &[(Employee, "Jane"), (Secret, "Pa55word")],
        ),
        (
            "http://10.2.3.4/admin",
            &[
                (InternalUrl, "http://10.2.3.4/admin"),
                (IpAddress, "10.2.3.4"),
            ],
        ),
        (
            "C:/Temp/a.txt of asmith@example.com",
            &[
                (FilePath, "C:/Temp/a.txt"),
                (EmailAddress, "asmith@example.com"),
            ],
        ),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_secret_in_an_address_is_told_besides_it() {
    let text = "postgres://report:Pa55-for-rep@pg-rep-2:5432/dw";
    assert_eq!(
        found(text),
        [(Kind::InternalUrl, text), (Kind::Secret, "Pa55-for-rep")]
    );
}

#[test]
fn ordinary_texts_are_left_alone() {
    for text in [
        "Room B-1204, course MATH-101, flight EX1907, slip RR-2040, COVID-19, ISO-9001, UTF-8.",
        "On 13.03.2026, chapter 10.2 costs 24.90; article 5.2.1 and 1.200.000 people.",
        "Call +1 555 0142 or 555.010.0123; open 24/7, and/or 9-17.",
        "See https://status.example.edu/events/INC-12 and www.example.com/help.",
        "Write to help@example.edu, exams@example.edu or it-changes@example.edu.",
        "Change your password; passwords are safe. Your new password is not needed.",
        "Will you grant this? May we be frank? Windows 3 to 5 in the hall.",
        "Portal 2, Season 2.0, iOS 17, Windows 11, version two, us-east-1.",
        "From 22:00 to 02:00 CET (UTC+01:00), 2026-11-21T17:00:00Z.",
        "Our status.corp.example.edu and 192.0.2.77 are public.",
        "The team, led by our vendor relations desk, is on it.",
        "Windows side of the bar, Dr. Smith's lecture, Node.js course.",
        "A 10-15 minute wait; a 30-day trial; gate B12, bus 42, terminal-2.",
        "London SW1, licence plate ABC-1234, booking reference ABC-1234, +1.555.0144.",
        "Will is a word. Grant is another.",
        "Grant Street is closed.",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn richer_levels_see_more() {
    let text =
        "Jane Doe put db01 (10.0.0.1) back to 4.18.1, see INC0048213; the password is Sommer2024!x";
    let count = |level| leaks(text, level, &known()).len();
    assert_eq!(
        [
            count(Level::NonTechnical),
            count(Level::SemiTechnical),
            count(Level::Technical)
        ],
        [6, 4, 1]
    );
}
