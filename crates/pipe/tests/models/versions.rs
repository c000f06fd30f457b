//! The version: nobody writes over what they have not seen.

use redfleet_pipe::{Error, Model};

use crate::{Note, User, pipes, stored, user};

#[tokio::test]
async fn a_save_of_what_is_outdated_writes_nothing() {
    let pipes = pipes("outdated");
    let written = pipes.run(|p| user("Bob").save(p)).await.unwrap();
    assert_eq!(written.version(), Some(1));
    let seen = pipes.run(|p| User::load(p, "1")).await.unwrap().unwrap();
    assert_eq!(seen.version, 1);

    let other = User { name: "Ann".into(), ..seen.clone() };
    assert_eq!(pipes.run(|p| other.save(p)).await.unwrap().version(), Some(2));
    let late = User { name: "Joe".into(), visits: Some(9), ..seen.clone() };
    let error = pipes.run(|p| late.save(p)).await.err().unwrap();
    assert!(matches!(error, Error::Outdated { keyspace: "U", .. }), "{error}");
    let error = pipes.run(|p| seen.patch_to(&late).send(p)).await.err().unwrap();
    assert!(matches!(error, Error::Outdated { .. }));
    let error = pipes.run(|p| user("New").save(p)).await.err().unwrap();
    assert!(matches!(error, Error::Outdated { .. }), "a new one is of version 0");
    let now = stored(&pipes, "users", "U{1}").await;
    assert_eq!((now["name"].as_str(), now["version"].as_str(), now.contains_key("n")), ("Ann", "2", false));
}

#[tokio::test]
async fn a_conflict_is_not_overlooked_where_the_deferred_was_dropped() {
    let pipes = pipes("dropped");
    pipes.run(|p| user("Bob").save(p)).await.unwrap();
    let error = pipes.run(|p| drop(user("Ann").save(p))).await.unwrap_err();
    assert_eq!(error.code(), Some("CONFLICT"));
}

#[tokio::test]
async fn every_write_counts_the_version_and_a_read_does_not() {
    let pipes = pipes("counts");
    let version = pipes
        .run(|p| {
            let writes = (user("Bob").create(p), User::patch("1").set(User::NAME, "Ann").send(p));
            let counts = (User::increment(p, "1", User::VISITS, 1), User::pop(p, "1", User::VISITS));
            let removed = (User::remove(p, "1", User::VISITS), User::load(p, "1"), user("Joe").create(p));
            (writes, counts, removed, User::load_fields(p, "1", User::VERSION))
        })
        .await
        .unwrap();
    assert_eq!((version.1, version.2.0, version.2.2, version.3), ((1, Some(1)), 0, false, Some(5)));
}

#[tokio::test]
async fn a_patch_can_ask_for_a_version() {
    let pipes = pipes("asks");
    pipes.run(|p| user("Bob").create(p)).await.unwrap();
    let patch = |version| User::patch("1").set(User::NAME, "Ann").if_version(version);
    assert!(matches!(pipes.run(|p| patch(7).send(p)).await, Err(Error::Outdated { .. })));
    assert_eq!(pipes.run(|p| patch(1).send(p)).await.unwrap().version(), Some(2));
    let error = pipes.run(|p| Note::patch(1).set(Note::STARS, 1).if_version(1).send(p)).await.err().unwrap();
    assert_eq!(error.to_string(), "Note: not a model with a version");
}

#[tokio::test]
async fn a_patch_with_nothing_to_change_sends_nothing_and_tells_no_version() {
    let pipes = pipes("nothing");
    pipes.run(|p| user("Bob").create(p)).await.unwrap();
    let bob = User { version: 1, ..user("Bob") };
    let mut p = pipes.pipe();
    let same = bob.patch_to(&bob).send(&mut p);
    assert!(p.is_empty());
    assert_eq!(same.get().unwrap().version(), None);
    let now = pipes.run(|p| User::load(p, "1")).await.unwrap();
    assert_eq!(now, Some(bob), "no version was counted up");
}

/// Ten writers, each reading and writing until it has its way: none of their increments is lost.
#[tokio::test]
async fn optimistic_writers_lose_nothing() {
    let pipes = pipes("race");
    pipes.run(|p| User { visits: Some(0), ..user("Bob") }.create(p)).await.unwrap();
    let writer = async || {
        loop {
            let seen = pipes.run(|p| User::load(p, "1")).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let next = User { visits: seen.visits.map(|visits| visits + 1), ..seen.clone() };
            match pipes.run(|p| seen.patch_to(&next).send(p)).await {
                Ok(_) => return,
                Err(error) => assert!(matches!(error, Error::Outdated { .. })),
            }
        }
    };
    futures::future::join_all((0..10).map(|_| writer())).await;
    let end = pipes.run(|p| User::load(p, "1")).await.unwrap().unwrap();
    assert_eq!((end.visits, end.version), (Some(10), 11));
}
