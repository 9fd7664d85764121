//! Who would be reached by a maintenance, who not, and why.

use crate::app::{As, TestApp, upgrade};
use serde_json::json;

#[tokio::test]
async fn reach_says_who_and_who_not_and_why() {
    let app = TestApp::campus().await;
    let body = json!({"contacts": [
        {"id": "phone", "name": "Phone", "audiences": ["customers"], "endpoints": {"sms": "+14155550100"}},
        {"id": "elsewhere", "name": "Elsewhere", "audiences": [], "endpoints": {"email": "elsewhere@example.edu"}},
    ]});
    app.post("/api/v1/documents", &body).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/api/v1/maintenances/MNT-1/plan/reach";
    let reach = app.get(path).await.is(200).json();
    assert_eq!(reach["messages"], 2, "{reach:#}");
    let customers = &reach["audiences"][0];
    assert_eq!(
        (
            &customers["audience"],
            &customers["path"],
            &customers["people"],
            &customers["reached"],
            &customers["messages"]
        ),
        (
            &json!("customers"),
            &json!(["database", "portal"]),
            &json!(2),
            &json!(1),
            &json!({"email": 1})
        )
    );
    assert_eq!(
        customers["named"],
        json!([{"contact": "phone", "reason": "has no address for these channels"}])
    );
    for (contact, told) in [
        (
            "alice",
            "gets it as one of 'Students', which uses portal (database > portal), at level non_technical",
        ),
        (
            "phone",
            "does not get it as one of 'Students': has no address for these channels",
        ),
        (
            "elsewhere",
            "is in none of the audiences that hear of it, 'Students', 'On-call engineers'",
        ),
    ] {
        let why = app
            .get(&format!("{path}?contact={contact}"))
            .await
            .is(200)
            .json();
        assert!(why["because"][0].as_str().unwrap().contains(told), "{why}");
    }
    app.get(&format!("{path}?contact=nobody")).await.is(404);
    app.get("/api/v1/maintenances/MNT-9/plan/reach")
        .await
        .is(404);
}

#[tokio::test]
async fn who_hears_of_no_part_of_such_events_is_not_told_and_reads_why() {
    let app = TestApp::campus().await;
    let body = json!({
        "audiences": [
            {"id": "ends", "name": "Ends", "level": "non_technical", "channels": ["email"], "services": ["portal"],
             "routing": {"stages": ["holding", "resolution"]}},
            {"id": "grave", "name": "Outages", "level": "non_technical", "channels": ["email"], "services": ["portal"],
             "routing": {"events": ["incident"]}},
        ],
        "contacts": [{"id": "eve", "name": "Eve", "audiences": ["ends"], "endpoints": {"email": "eve@example.edu"}}],
    });
    app.post("/api/v1/documents", &body).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/api/v1/maintenances/MNT-1/plan/reach";
    let reach = app.get(path).await.is(200).json();
    let audiences: Vec<_> = reach["audiences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["audience"].clone())
        .collect();
    assert_eq!(audiences, ["customers", "engineers"], "{reach:#}");
    let because =
        "hears of the stages holding, resolution only, and no maintenance has one of them";
    assert_eq!(
        reach["not_told"],
        json!([{"audience": "ends", "because": because}, {"audience": "grave", "because": "hears of incident only"}])
    );
    let why = app.get(&format!("{path}?contact=eve")).await.is(200).json();
    assert_eq!(
        why["because"],
        json!([format!("does not get it as one of 'Ends': it {because}")])
    );
    let page = app
        .page(As::Operator, "/console/maintenances/MNT-1/reach")
        .await
        .is(200)
        .text();
    assert!(page.contains(because), "{page}");
    // Of an incident they hear.
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
    app.post("/api/v1/incidents", &body).await.is(201);
    let reach = app
        .get("/api/v1/incidents/INC-1/reach")
        .await
        .is(200)
        .json();
    assert!(
        reach["audiences"]
            .as_array()
            .unwrap()
            .iter()
            .any(|a| a["audience"] == "ends"),
        "{reach:#}"
    );
}

#[tokio::test]
async fn a_list_elsewhere_is_one_message_and_a_decision_tells_nobody() {
    let app = TestApp::campus().await;
    let body = json!({"audiences": [{"id": "staff", "name": "All staff", "level": "non_technical", "channels": ["email"], "services": ["*"],
        "external": {"email": "all-staff@lists.example.edu"}}]});
    app.post("/api/v1/documents", &body).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/api/v1/maintenances/MNT-1/plan/reach";
    let reach = app.get(path).await.is(200).json();
    assert_eq!(reach["messages"], 3, "{reach:#}");
    let staff = &reach["audiences"][2];
    assert_eq!(
        (&staff["external"], &staff["messages"]),
        (&json!("all-staff@lists.example.edu"), &json!({"email": 1}))
    );
    let decided = json!({"maintenance": "MNT-1", "own": {"verdict": "not needed", "by": "dba@example.edu", "reason": "Nobody is there."}});
    app.post("/api/v1/decisions", &decided).await.is(200);
    assert_eq!(
        app.get(path).await.is(200).json(),
        json!({"messages": 0, "audiences": []})
    );
    // The owners' word is kept with an event or not taken at all.
    let loose = json!({"own": {"verdict": "optional", "by": "dba", "reason": "So."}});
    assert_eq!(
        app.post("/api/v1/decisions", &loose)
            .await
            .is(422)
            .problems(),
        ["own: is kept with an event; name its maintenance"]
    );
}

#[tokio::test]
async fn who_has_not_been_told_yet_learns_why() {
    let app = TestApp::campus().await;
    let wrong = json!({"contacts": [{"id": "tokyo", "endpoints": {"sms": "+81355550100"}, "quiet_hours": {"from": "25:00", "to": "7", "until": "8:00"}}]});
    let problems = app
        .post("/api/v1/documents", &wrong)
        .await
        .is(422)
        .problems();
    assert_eq!(
        problems,
        [
            "contacts[0].quiet_hours.from: must be a time of day such as 09:00",
            "contacts[0].quiet_hours.to: must be a time of day such as 09:00",
            "contacts[0].quiet_hours.until: unknown field 'until'; known are from, to",
        ]
    );
    let same = json!({"contacts": [{"id": "tokyo", "endpoints": {"sms": "+81355550100"}, "quiet_hours": {"from": "07:00", "to": "7:00"}}]});
    let problems = app
        .post("/api/v1/documents", &same)
        .await
        .is(422)
        .problems();
    assert_eq!(
        problems,
        [
            "contacts[0].quiet_hours.to: is the time at which they begin; quiet hours end at another one"
        ]
    );
    let body = json!({
        "audiences": [{"id": "far", "name": "Far away", "level": "non_technical", "channels": ["sms", "email"], "services": ["portal"]}],
        "contacts": [{"id": "tokyo", "audiences": ["far"], "time_zone": "Asia/Tokyo", "quiet_hours": {"from": "22:00", "to": "07:00"},
            "endpoints": {"sms": "+81355550100", "email": "tokyo@example.edu"}}],
    });
    app.post("/api/v1/documents", &body).await.is(200);
    let stored = app.get("/api/v1/contacts/tokyo").await.is(200).json();
    assert_eq!(
        stored["quiet_hours"],
        json!({"from": "22:00", "to": "07:00"})
    );
    // It is 2 at night in Tokyo.
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    app.expand_due().await;
    let path = "/api/v1/maintenances/MNT-1/plan/reach?contact=tokyo";
    let why = app.get(path).await.is(200).json();
    assert_eq!(
        why["because"],
        json!([
            "gets it as one of 'Far away', which uses portal (database > portal), at level non_technical",
            "has not got the announcement by email yet: it is in the queue",
            "has not got the announcement by sms yet: quiet hours until 2026-11-22 07:00 JST (next try 2026-11-21T22:00:00Z)",
        ])
    );
}

const CIRCLES: &str = "
services: [{id: wiki, name: Wiki}]
audiences:
  - {id: leadership, name: Leaders, level: semi_technical, channels: [email], services: [wiki]}
  - {id: chiefs, name: Chiefs, level: non_technical, channels: [email], services: [portal], routing: {events: [incident], severities: [P1]}}
  - {id: ends, name: Ends, level: non_technical, channels: [email], services: [portal], routing: {events: [maintenance], stages: [final_reminder, completion]}}
contacts:
  - {id: lea, audiences: [leadership], endpoints: {email: lea@example.edu}}
  - {id: chief, audiences: [chiefs], endpoints: {email: chief@example.edu}}
  - {id: ender, audiences: [ends], endpoints: {email: ender@example.edu}}
";

on_both_databases! {
    async fn whoever_asks_learns_what_keeps_them_away(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", CIRCLES).await.is(200);
        let mut work = upgrade();
        work["requesters"] = json!(["req@example.edu"]);
        app.post("/api/v1/maintenances", &work).await.is(201);
        let because = async |path: &str, who: &str| {
            let why = app.get(&format!("{path}?contact={who}")).await.is(200).json();
            let all = why["because"].as_array().unwrap().iter();
            all.map(|said| said.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let path = "/api/v1/maintenances/MNT-1/plan/reach";
        for (who, said) in [
            ("chief", "does not get it as one of 'Chiefs': it hears of incident only"),
            ("lea", "does not get it as one of 'Leaders': it uses none of what is affected, database, portal"),
            ("ender", "gets it as one of 'Ends', which uses portal (database > portal), at level non_technical; of its story: final reminder, completion"),
            ("ALICE@example.edu", "gets it as one of 'Students', which uses portal (database > portal), at level non_technical"),
            ("req@example.edu", "gets the end of it, because they asked for it"),
            ("dba@example.edu", "is one of the people who run it, and gets what those are told"),
        ] {
            assert_eq!(because(path, who).await, [said], "{who}");
        }
        app.get(&format!("{path}?contact=nobody@example.org")).await.is(404);
        // Where the impact is high the leadership hears first, whatever it uses, and is counted.
        let before = app.get(path).await.json()["messages"].as_i64().unwrap();
        let decided = json!({"maintenance": "MNT-1", "interruption": "yes", "impact": "high"});
        app.post("/api/v1/decisions", &decided).await.is(200);
        assert_eq!(because(path, "lea").await, ["gets it as one of 'Leaders', which hears before the rest, as was decided, at level semi_technical"]);
        assert_eq!(app.get(path).await.json()["messages"], before + 1);
        // The owners may say otherwise.
        let decided = json!({"maintenance": "MNT-1", "own": {"verdict": "not needed", "by": "dba@example.edu", "reason": "Nobody is there."}});
        app.post("/api/v1/decisions", &decided).await.is(200);
        for who in ["alice", "chief"] {
            assert_eq!(because(path, who).await, ["does not get it: it was decided that clients need not be told"]);
        }
        app.get(&format!("{path}?contact=req@example.edu")).await.is(404);
        assert_eq!(app.get(path).await.json(), json!({"messages": 0, "audiences": []}));
    }

    async fn whoever_was_told_is_counted_though_the_catalogue_has_changed(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        let path = "/api/v1/maintenances/MNT-1/plan/reach";
        assert_eq!(app.get(path).await.json()["messages"], 2);
        app.yaml("/api/v1/documents", "services: [{id: portal, name: Student portal}]").await.is(200);
        let reach = app.get(path).await.is(200).json();
        assert_eq!((&reach["messages"], &reach["audiences"][0]["because"]), (&json!(2), &json!("was told of it before")), "{reach:#}");
        let why = app.get(&format!("{path}?contact=alice")).await.is(200).text();
        assert!(why.contains("gets it as one of 'Students', which was told of it before, at level non_technical"), "{why}");
    }

    async fn who_hears_of_an_incident_and_why_can_be_asked(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", CIRCLES).await.is(200);
        let declared = json!({"services": {"portal": "major_outage"}, "severity": "P3", "effect": "You cannot sign in."});
        app.post("/api/v1/incidents", &declared).await.is(201);
        let path = "/api/v1/incidents/INC-1/reach";
        let reach = app.get(path).await.is(200).json();
        let heard: Vec<_> = reach["audiences"].as_array().unwrap().iter().map(|a| a["audience"].as_str().unwrap()).collect();
        assert_eq!(heard, ["customers"]);
        let why = app.get(&format!("{path}?contact=chief")).await.is(200).json();
        assert_eq!(why["because"], json!(["does not get it as one of 'Chiefs': it hears of severity P1 only, and this is P3"]));
        app.get("/api/v1/incidents/INC-9/reach").await.is(404);
        let page = app.page(crate::app::As::Viewer, "/console/incidents/INC-1/reach?contact=chief").await.is(200).text();
        assert!(page.contains("hears of severity P1 only") && page.contains("Students"), "{page}");
        let page = app.page(crate::app::As::Viewer, "/console/incidents/INC-1").await.is(200).text();
        assert!(page.contains("href=\"/console/incidents/INC-1/reach\""), "{page}");
    }

    async fn who_was_added_in_the_middle_is_counted_as_they_are_told(app: TestApp) {
        app.apply_campus().await;
        let people = json!({"contacts": [
            {"id": "carl", "name": "Carl", "audiences": [], "endpoints": {"email": "carl@example.edu"}},
            {"id": "mute", "name": "Mute", "audiences": [], "endpoints": {"sms": "+14155550100"}},
            {"id": "left", "name": "Left", "audiences": [], "endpoints": {"email": "left@example.edu"}},
        ], "audiences": [{"id": "press", "name": "Press", "level": "non_technical", "channels": ["email"], "services": []}],
        });
        app.post("/api/v1/documents", &people).await.is(200);
        app.post("/api/v1/contacts", &json!({"id": "paul", "audiences": ["press"], "endpoints": {"email": "paul@example.org"}})).await.is(201);
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        let path = "/api/v1/maintenances/MNT-1/plan/reach";
        assert_eq!(app.get(path).await.is(200).json()["messages"], 2);
        let left = app.app.store.contact("left").await.unwrap().unwrap().contact.endpoints[0].id("left");
        app.app.store.unsubscribe(&left, "*", app.app.clock.now()).await.unwrap();
        for who in [
            json!({"contact": "carl", "level": "technical"}),
            json!({"contact": "mute", "level": "technical"}),
            json!({"contact": "left", "level": "technical"}),
            json!({"email": "dean@example.org", "level": "non_technical"}),
            json!({"webhook_url": "https://hook.example.org/in", "level": "technical"}),
            // Alice is one of the students already: one message all the same.
            json!({"contact": "alice", "level": "technical"}),
            json!({"audience": "press", "level": "semi_technical"}),
        ] {
            app.post("/api/v1/maintenances/MNT-1/recipients", &who).await.is(200);
        }
        let reach = app.get(path).await.is(200).json();
        let rows: Vec<String> = reach["audiences"].as_array().unwrap().iter()
            .map(|a| format!("{} {} {}/{} {} {}", a["audience"].as_str().unwrap(), a["level"].as_str().unwrap(), a["reached"], a["people"], a["messages"], a["unreached"]))
            .collect();
        assert_eq!(rows, [
            "customers non_technical 1/1 {\"email\":1} {}",
            "engineers technical 1/1 {\"email\":1} {}",
            "press semi_technical 1/1 {\"email\":1} {}",
            "added-non_technical non_technical 1/1 {\"email\":1} {}",
            "added-technical technical 3/5 {\"email\":2,\"webhook\":1} {\"has no address for these channels\":1,\"unsubscribed\":1}",
        ]);
        assert_eq!(reach["audiences"][4]["named"], json!([
            {"contact": "left", "reason": "unsubscribed"},
            {"contact": "mute", "reason": "has no address for these channels"},
        ]));
        // alice, bob, paul, dean, carl and the program: as many as the next notice to everybody makes.
        assert_eq!(reach["messages"], 6);
        app.expand_due().await;
        app.app.clock.set("2026-12-01T06:00:00Z".parse().unwrap());
        app.expand_due().await;
        let all = app.get("/api/v1/deliveries?event=MNT-1&limit=500").await.json();
        let notices = app.get("/api/v1/notices?event=MNT-1&limit=500").await.json();
        let starts: Vec<&serde_json::Value> = notices["items"].as_array().unwrap().iter().filter(|n| n["milestone"] == "start").map(|n| &n["id"]).collect();
        let made: Vec<&serde_json::Value> = all["items"].as_array().unwrap().iter().filter(|d| starts.contains(&&d["notice"])).collect();
        let queued = made.iter().filter(|d| d["status"] == "queued").count();
        assert_eq!(queued, 6, "{made:#?}");
        assert_eq!(made.iter().filter(|d| d["status"] == "suppressed").count(), 1);
        for (contact, told) in [
            ("carl", "gets it as one of 'People added to this event', at level technical"),
            ("mute", "does not get it as one of 'People added to this event': has no address for these channels"),
            ("left", "does not get it as one of 'People added to this event': unsubscribed"),
            ("paul", "gets it as one of 'Press'"),
        ] {
            let why = app.get(&format!("{path}?contact={contact}")).await.is(200).json();
            assert!(why["because"][0].as_str().unwrap().starts_with(told), "{why}");
        }
        let page = app.page(crate::app::As::Viewer, "/console/maintenances/MNT-1/reach").await.is(200).text();
        assert!(page.contains("People added to this event") && page.contains("added by hand"), "{page}");
    }
}
