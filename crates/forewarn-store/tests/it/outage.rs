//! The database goes away and comes back: a pause, never a wrong answer.

use crate::database::{fresh_folder, runtime};
use crate::samples::*;
use forewarn_core::document::Documents;
use forewarn_core::plan::Changes;
use forewarn_store::{
    DeliveryFilter, Entry, EventFilter, Lane, Location, NoticeFilter, Role, Store, StoreError, User,
};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;

/// A PostgreSQL server of our own, stopped when dropped.
struct Server {
    folder: PathBuf,
}

impl Server {
    fn start() -> (Server, Location) {
        let server = Server {
            folder: fresh_folder(),
        };
        let url = server.run(&["start"]);
        (server, Location::Server(url))
    }

    fn run(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres.sh");
        let (verb, rest) = arguments.split_first().expect("a verb is given");
        let done = Command::new(script)
            .arg(verb)
            .arg(&self.folder)
            .args(rest)
            .output()
            .expect("the script runs");
        let problem = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script} {arguments:?}: {problem}");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres.sh");
        let _ = Command::new(script)
            .arg("stop")
            .arg(&self.folder)
            .arg("immediate")
            .output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

type Call<'a> = Pin<Box<dyn Future<Output = Option<StoreError>> + Send + 'a>>;

/// Every method that reaches the database, by name.
fn every_call(store: &Store) -> Vec<(&'static str, Call<'_>)> {
    macro_rules! calls {
        ($($name:ident($($argument:expr),*)),* $(,)?) => {
            vec![$((stringify!($name), Box::pin(async move { store.$name($($argument),*).await.err() }) as Call<'_>)),*]
        };
    }
    let user = || User {
        id: "x".into(),
        name: "ann".into(),
        password: "x".into(),
        role: Role::Viewer,
    };
    let mut calls = calls![
        check(),
        describe(),
        size(),
        setting("key", String::new),
        catalogue(),
        templates(),
        documents("services"),
        apply(&Documents::default(), "ann", at(0), false),
        remove_document("services", "x", "ann", at(0)),
        import_contacts(&contacts(0..1, "students"), "ann", at(0)),
        contacts(None, 9),
        contact("x"),
        remove_contact("x", "ann", at(0)),
        contact_counts(),
        unsubscribe("x", "*", at(0)),
        event("MNT-1"),
        events(&EventFilter::default(), 9),
        fresh_event_id("MNT"),
        planned("MNT-1"),
        approve(
            &maintenance("MNT-1"),
            1,
            &[],
            Entry::new("ann", "x", "y"),
            at(0)
        ),
        due_notices(Lane::Planned, at(0), 9),
        next_due(Lane::Planned),
        unexpanded(Lane::Planned),
        expand("n1", &members(), at(0)),
        finish_notices(at(0)),
        notice_content("n1"),
        notices(&NoticeFilter::default(), 9),
        notice("n1"),
        claim(Lane::Planned, "me", at(0), 9),
        give_back(Lane::Planned, "me", at(0)),
        beat("me", at(0)),
        take_back("me", at(0), at(0)),
        claim_alone("me", at(0)),
        deliveries(&DeliveryFilter::default(), 9),
        queue_depth(Lane::Planned),
        append_journal(&[Entry::new("ann", "x", "y")], at(0)),
        journal(None, None, 9),
        verify_journal(),
        has_users(),
        put_user("ann", "x", Role::Viewer, "ann", at(0)),
        set_role("ann", Role::Viewer, "ann", at(0)),
        remove_user("ann", "ann", at(0)),
        users(),
        user("ann"),
        put_session("h", &user(), at(0), at(0)),
        session("h", at(0)),
        end_session("h"),
        put_token("h", "ci", Role::Viewer, None, "ann", at(0)),
        tokens(),
        remove_token("ci", "ann", at(0)),
        token("h", at(0)),
        take_key("ann", "k", "r", at(0)),
        keep_answer("ann", "k", None),
        restore(std::io::Cursor::new("{}"), at(0)),
    ];
    calls.push((
        "publish",
        Box::pin(async move {
            publish(store, &maintenance("MNT-9"), 0, &Changes::default())
                .await
                .err()
        }),
    ));
    calls.push((
        "backup",
        Box::pin(async move { store.backup(&mut Vec::new(), at(0)).await.err() }),
    ));
    calls
}

async fn wrong_answers(store: &Store) -> Vec<String> {
    let calls = every_call(store);
    let names: Vec<_> = calls.iter().map(|(name, _)| *name).collect();
    let ended = futures_util::future::join_all(calls.into_iter().map(|(_, call)| call)).await;
    names
        .into_iter()
        .zip(ended)
        .filter(|(_, ended)| !matches!(ended, Some(StoreError::Unavailable(_))))
        .map(|(name, ended)| format!("{name}: {ended:?}"))
        .collect()
}

#[test]
fn while_the_server_is_away_everything_is_unavailable_and_afterwards_it_works() {
    runtime().block_on(async {
        let (server, location) = Server::start();
        let store = Store::open(&location).await.unwrap();
        publish(
            &store,
            &maintenance("MNT-1"),
            0,
            &adding(vec![notice("n1", "start", 0)]),
        )
        .await
        .unwrap();
        for how in ["fast", "immediate"] {
            server.run(&["stop", how]);
            assert_eq!(wrong_answers(&store).await, [""; 0], "{how}");
            let problem = Store::open(&location).await.unwrap_err();
            assert!(matches!(problem, StoreError::Unavailable(_)), "{problem:?}");
            server.run(&["start"]);
            store.check().await.unwrap();
            assert_eq!(store.event("MNT-1").await.unwrap().unwrap().sequence, 1);
        }
        store.close().await;
    });
}

#[test]
fn a_crash_in_the_middle_of_writes_loses_nothing_that_was_acknowledged() {
    runtime().block_on(async {
        let (server, location) = Server::start();
        let store = Store::open(&location).await.unwrap();
        let (told, mut heard) = tokio::sync::mpsc::channel::<()>(1);
        let writers: Vec<_> = (0..4)
            .map(|w| {
                let (store, told) = (store.clone(), told.clone());
                tokio::spawn(async move {
                    for n in 0.. {
                        let event = maintenance(&format!("MNT-{w}-{n}"));
                        let notices = adding(vec![notice(&format!("n{w}-{n}"), "start", 60)]);
                        match publish(&store, &event, 0, &notices).await {
                            Ok(()) => drop(told.try_send(())),
                            Err(problem) => return (n, problem),
                        }
                    }
                    unreachable!("it writes until it fails")
                })
            })
            .collect();
        for _ in 0..20 {
            heard.recv().await.expect("something is written");
        }
        let server = tokio::task::spawn_blocking(move || {
            server.run(&["stop", "immediate"]);
            server
        })
        .await
        .unwrap();
        let mut acknowledged = 0;
        for writer in writers {
            let (done, problem) = writer.await.unwrap();
            assert!(matches!(problem, StoreError::Unavailable(_)), "{problem:?}");
            acknowledged += done;
        }
        server.run(&["start"]);
        let found = store
            .events(&EventFilter::default(), 1_000_000)
            .await
            .unwrap()
            .len();
        // A writer whose commit got no answer may have written one more.
        assert!(
            (acknowledged..=acknowledged + 4).contains(&found),
            "{acknowledged} acknowledged, {found} found"
        );
        let verdict = store.verify_journal().await.unwrap();
        assert_eq!((verdict.broken, verdict.entries), (None, found as i64));
        store.close().await;
    });
}
