//! Models on every image: the script that writes records, and their commands, say there what they say in this process.
#![cfg(all(feature = "derive", feature = "test-servers"))]
#![expect(clippy::unwrap_used, reason = "what fails is a failed test")]

mod patches;

use redfleet_core::test_util::{ClusterSet, servers};
use redfleet_pipe::{Model, Pipes};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(keyspace = "city", ttl_ms = 60_000)]
struct City {
    #[model(key)]
    name: String,
    people: Option<u64>,
    area: Option<f64>,
    #[model(version)]
    version: u64,
}

#[tokio::test]
async fn random_writes_of_records_mean_what_they_should() {
    let server = servers(1).await.remove(0);
    let pipes = Pipes::connect(&server.url()).unwrap();
    patches::agree(&pipes, "random", 150, 1).await;
}

#[tokio::test]
async fn records_live_as_long_as_their_model_says() {
    let server = servers(1).await.remove(0);
    let pipes = Pipes::connect(&server.url()).unwrap();
    let lives =
        async || -> i64 { pipes.run(|p| p.add(redis::cmd("PTTL").arg("city{lives}").take())).await.unwrap() };
    let city = City { name: "lives".into(), people: Some(1), area: None, version: 0 };
    pipes.run(|p| city.save(p)).await.unwrap();
    assert!((50_000..=60_000).contains(&lives().await));
    pipes.run(|p| p.expire("city{lives}", 1000)).await.unwrap();
    assert_eq!(pipes.run(|p| City::increment(p, "lives", City::AREA, 1.5)).await.unwrap().to_string(), "1.5");
    assert!((50_000..=60_000).contains(&lives().await));
    assert_eq!(pipes.run(|p| City::pop(p, "lives", City::PEOPLE)).await.unwrap(), Some(1));
}

#[tokio::test]
async fn on_a_cluster_records_of_many_slots_share_a_pipe() {
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    patches::agree(&pipes, "cluster", 30, 1000).await;
    let names: Vec<_> = (0..50).map(|number| format!("c{number}")).collect();
    let (saved, loaded, deleted) = pipes
        .run(|p| {
            let city = |name: &String| City { name: name.clone(), people: Some(7), area: None, version: 0 };
            let saved: Vec<_> = names.iter().map(|name| city(name).save(p)).collect();
            (saved, City::load_many(p, &names), City::delete(p, &names))
        })
        .await
        .unwrap();
    assert!(saved.iter().all(|written| written.version() == Some(1)));
    assert!(loaded.iter().all(|city| city.as_ref().is_some_and(|city| city.people == Some(7))));
    assert_eq!(deleted, 50);
}
