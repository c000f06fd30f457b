//! What is written everywhere arrives.

use redis::AsyncCommands;

use super::world::{LONG, World, ask};

#[tokio::test(start_paused = true)]
async fn set_incr_and_del_arrive_on_both_remotes() {
    let world = World::new();
    let store = world.store().unwrap();
    let mut everywhere = store.everywhere();
    let () = everywhere.set("a", "1").await.unwrap();
    let () = everywhere.set("b", "x").await.unwrap();
    let sum: i64 = everywhere.incr("a", 41).await.unwrap();
    let gone: i64 = everywhere.del("b").await.unwrap();
    assert_eq!((sum, gone), (42, 1));
    store.flush(LONG).await.unwrap();
    for node in [&world.local, &world.eu, &world.us] {
        assert_eq!(ask::<String>(node, "GET a").await.unwrap(), "42");
        assert_eq!(ask::<i64>(node, "EXISTS b").await.unwrap(), 0);
    }
}
