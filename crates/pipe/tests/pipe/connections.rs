//! Named connections in one pipe.

use std::time::Duration;

use redfleet_core::test_util::Condition;
use redfleet_pipe::{Deferred, Pipe, Pipes};
use tokio::time::Instant;

use super::world::{over, scripted};

fn bump(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
    pipe.incr(key, 1)
}

#[tokio::test]
async fn each_command_goes_to_the_connection_it_was_queued_for() {
    let (one, two) = (scripted(), scripted());
    let pipes = over([("one", &one), ("two", &two)]).build().unwrap();
    let mut pipe = pipes.pipe();
    bump(&mut pipe, "a");
    bump(&mut pipe.on("two"), "b");
    pipe.on("two").on("one").set("c", 1);
    {
        let mut two = pipe.on("two");
        two.set("d", 1);
        two.nest(|pipe| Ok::<_, redfleet_pipe::Error>(pipe.set("e", 1))).unwrap();
        bump(&mut two.on("one"), "f");
        two.set("g", 1);
    }
    bump(&mut pipe, "h");
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(one.sent(), ["INCRBY a 1", "SET c 1", "INCRBY f 1", "INCRBY h 1"]);
    assert_eq!(two.sent(), ["INCRBY b 1", "SET d 1", "SET e 1", "SET g 1"]);
    assert_eq!((one.round_trips(), two.round_trips()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn connections_are_flushed_at_the_same_time() {
    let nodes = [scripted(), scripted(), scripted(), scripted()];
    let names = ["a", "b", "c", "d"];
    for (node, ms) in nodes.iter().zip([5, 10, 15, 20]) {
        node.set(Condition::Slow(Duration::from_millis(ms)));
    }
    let pipes = over(names.into_iter().zip(&nodes)).build().unwrap();
    let started = Instant::now();
    let counts = pipes.run(|pipe| names.map(|name| pipe.on(name).incr("n", 1))).await.unwrap();
    assert_eq!((counts, started.elapsed()), ([1; 4], Duration::from_millis(20)));
}

#[tokio::test]
async fn two_names_may_be_the_same_server_and_a_clone_of_pipes_has_the_same_names() {
    let node = scripted();
    let pipes = over([("a", &node), ("b", &node)]).build().unwrap().clone();
    let counts = pipes.run(|pipe| (pipe.incr("n", 1), pipe.on("b").incr("n", 1))).await.unwrap();
    assert_eq!((counts, node.round_trips()), ((1, 1), 2));
}

#[test]
fn connections_that_make_no_sense_are_refused_when_they_are_named() {
    let node = scripted();
    assert!(Pipes::builder().build().is_err(), "none");
    assert!(over([("a", &node), ("a", &node)]).build().is_err(), "one name twice");
    assert!(over([("a", &node)]).max_batch(0).build().is_err(), "batches that hold nothing");
    assert!(over([("a", &node)]).max_commands(usize::MAX).build().is_err());
    assert!(Pipes::connect("http://example").is_err());
}
