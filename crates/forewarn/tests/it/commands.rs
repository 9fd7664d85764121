//! Commands that ask a server, through the real program.

use crate::running::{Folder, Running, Start, TOKEN, ended, program};
use serde_json::Value;

const CAMPUS: &str = "
organisation: {name: Example University, time_zone: UTC}
services: [{id: portal, name: Portal, owner: dba@example.edu}]
audiences: [{id: students, name: Students, level: non_technical, channels: [email], services: [portal]}]
contacts: [{id: ann, audiences: [students], endpoints: {email: ann@example.edu}}]
";

const WORK: &str = "
maintenance: {id: MNT-1, title: Upgrade, services: [portal], start: 2040-06-11T10:00, end: 2040-06-11T11:00, steps: [Copy],
  change_request: {number: CHG-1}, facts: {effect: You cannot sign in.}}
";

async fn asked(server: &Running, arguments: &[&str]) -> (i32, String) {
    let mut command = program(arguments);
    command
        .env("FOREWARN_URL", server.url(""))
        .env("FOREWARN_TOKEN", TOKEN);
    let (code, said, complained) = ended(command).await;
    (code, said + &complained)
}

#[tokio::test]
async fn work_is_taken_through_its_life_on_the_command_line() {
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).run().await;
    server.apply(CAMPUS).await;
    let file = |name: &str, text: &str| {
        let path = folder.file(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (work, answers) = (
        file("work.yaml", WORK),
        file("answers.yaml", "client_action: before\n"),
    );
    let maintenance = async |rest: &[&str]| {
        let (code, said) = asked(&server, &[&["maintenance"], rest].concat()).await;
        assert_eq!(code, 0, "{rest:?}: {said}");
        said
    };
    let (owner, reason) = ("dba@example.edu", "Nobody is there.");
    let decide = ["decide", "MNT-1", answers.as_str()];
    let own = ["--own", "not needed", "--by", owner, "--reason", reason];
    for (command, expected) in [
        (vec!["create", work.as_str()], "MNT-1 is awaiting approval"),
        (
            vec!["list", "--open"],
            "MNT-1 awaiting approval Upgrade, 2040-06-11T10:00",
        ),
        (
            vec![
                "change",
                "MNT-1",
                "--state",
                "approved",
                "--board",
                "2026-11-12",
            ],
            "MNT-1 is scheduled",
        ),
        (
            [&decide[..], &own].concat(),
            "dba@example.edu decided: not needed, because Nobody is there.",
        ),
        (
            vec!["reach", "MNT-1", "--contact", "ANN@example.edu"],
            "it was decided that clients need not be told",
        ),
        (
            [&decide[..], &["--withdraw"]].concat(),
            "MNT-1: client communication is required",
        ),
        (
            vec!["reach", "MNT-1", "--contact", "ann"],
            "gets it as one of 'Students'",
        ),
        (vec!["start", "MNT-1"], "MNT-1 is in progress"),
        (vec!["step", "MNT-1", "1"], "MNT-1 is in progress"),
        (vec!["show", "MNT-1"], "MNT-1: Upgrade"),
    ] {
        let said = maintenance(&command).await;
        assert!(said.contains(expected), "{command:?}: {said}");
    }
    let shown: Value =
        serde_json::from_str(&maintenance(&["show", "MNT-1", "--json"]).await).unwrap();
    assert!(shown["steps"][0]["done_at"].is_string(), "{shown:#}");
    let (code, said) = asked(&server, &["maintenance", "step", "MNT-1", "9"]).await;
    assert_eq!(code, 1, "{said}");
    let incident = [
        "incident",
        "declare",
        "--service",
        "portal=major_outage",
        "--severity",
        "P3",
    ];
    let (code, said) = asked(&server, &incident).await;
    assert_eq!(code, 0, "{said}");
    let wrong = [
        "incident",
        "declare",
        "--service",
        "portl=major_outage",
        "--severity",
        "P9",
    ];
    let (code, said) = asked(&server, &wrong).await;
    assert_eq!(code, 1, "{said}");
    for problem in [
        "services.portl: unknown service 'portl'; did you mean 'portal'?",
        "severity: unknown severity 'P9'; known are P1, P2, P3, P4, P5",
    ] {
        assert!(said.contains(problem), "{problem}: {said}");
    }
    let wrong = [
        "incident",
        "update",
        "INC-1",
        "--service",
        "portl=none",
        "--severity",
        "P9",
        "--text",
        "So.",
    ];
    let (code, said) = asked(&server, &wrong).await;
    assert!(
        code == 1 && said.contains("'portl'; did you mean 'portal'?") && said.contains("'P9'"),
        "{said}"
    );
    let (code, said) = asked(&server, &["incident", "reach", "INC-1"]).await;
    assert!(
        code == 0 && said.contains("students  non-technical"),
        "{said}"
    );
    server.stop().await;
}
