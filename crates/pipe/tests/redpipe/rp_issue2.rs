//! RP-ISSUE2: a keyspace that names its connection goes there, whatever the pipe stands on. For models, see theirs.

use redfleet_core::BackendExt;
use redfleet_pipe::Hashes;
use redis::cmd;

use super::world::two;

const ON_B: Hashes<String, String, i64> = Hashes::new("H").on("b");

#[tokio::test]
async fn rp_issue2_a_hash_with_a_connection_of_its_own_in_pipelines_of_the_same_name_and_of_none() {
    let (pipes, [a, b]) = two();
    let (plain, same, other) = pipes
        .run(|pipe| {
            let plain = ON_B.set(pipe, "1", "f", 1);
            let same = ON_B.set(&mut pipe.on("b"), "2", "f", 2);
            let other = ON_B.set(&mut pipe.on("a"), "3", "f", 3);
            (plain, same, other)
        })
        .await
        .unwrap();
    assert!(plain && same && other);
    let keys = async |store: &std::sync::Arc<dyn redfleet_core::Backend>| -> i64 {
        store.query(&cmd("DBSIZE")).await.unwrap()
    };
    assert_eq!((keys(&a).await, keys(&b).await), (0, 3));
    let back = pipes.run(|pipe| ["1", "2", "3"].map(|id| ON_B.get(pipe, id, "f"))).await.unwrap();
    assert_eq!(back, [Some(1), Some(2), Some(3)]);
}
