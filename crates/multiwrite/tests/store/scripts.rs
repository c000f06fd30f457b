//! Scripts that are called everywhere, by each way to call them, though local does not know them.

use redfleet_core::{BackendExt, Batch, Script};
use redfleet_multiwrite::Everywhere;

use super::world::{LONG, World, ask};

const TEXT: &str = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

/// Local forgets all scripts.
async fn forget(world: &World) -> redfleet_core::Result<()> {
    ask::<()>(&world.local, "SCRIPT FLUSH").await
}

/// Calls a script by a batch, with and without another command in one transaction.
async fn by_batch(
    everywhere: &Everywhere,
    script: &Script,
    is_atomic: bool,
) -> redfleet_core::Result<Vec<redis::Value>> {
    let mut batch = if is_atomic { Batch::new().atomic() } else { Batch::new() };
    batch.push_script(&script.key("n").arg(1));
    batch.push(redis::cmd("INCR").arg("n").take());
    batch.push_script(&script.key("n").arg(10));
    let direct = everywhere.send_batch(&batch).await.map_err(redfleet_core::Error::from)?;
    let mut replies = Vec::new();
    for written in direct {
        replies.push(written?.reply);
    }
    for reply in BackendExt::send_batch(everywhere, &batch).await? {
        replies.push(reply?);
    }
    Ok(replies)
}

#[tokio::test(start_paused = true)]
async fn scripts_that_local_does_not_know_are_carried_out_everywhere_however_they_are_called() {
    for is_deterministic in [false, true] {
        let world = World::new();
        let store = world.store().unwrap();
        let everywhere = store.everywhere();
        let mut everywhere = if is_deterministic { everywhere.deterministic() } else { everywhere };
        let script = Script::new(TEXT);
        let mut last = 0;
        for _ in 0..2 {
            forget(&world).await.unwrap();
            assert_eq!(script.key("n").arg(5).run::<i64>(&everywhere).await.unwrap(), last + 5);
            last += 5;
            for is_atomic in [false, true] {
                forget(&world).await.unwrap();
                let replies = by_batch(&everywhere, &script, is_atomic).await.unwrap();
                let wanted = [1, 2, 12, 13, 14, 24].map(|more| redis::Value::Int(last + more));
                assert_eq!(replies, wanted, "atomic: {is_atomic}");
                last += 24;
            }
            forget(&world).await.unwrap();
            let by_redis_rs = redis::Script::new(TEXT);
            let reply: i64 = by_redis_rs.key("n").arg(2).invoke_async(&mut everywhere).await.unwrap();
            assert_eq!(reply, last + 2);
            last += 2;
            forget(&world).await.unwrap();
            let mut pipe = redis::pipe();
            let mut call = by_redis_rs.key("n");
            call.arg(3);
            pipe.load_script(&by_redis_rs).invoke_script(&call);
            pipe.query_async::<()>(&mut everywhere).await.unwrap();
            last += 3;
        }
        store.flush(LONG).await.unwrap();
        assert_eq!(ask::<i64>(&world.us, "GET n").await.unwrap(), last);
        assert!(world.are_equal().await.unwrap());
        assert!(store.health().iter().all(|remote| remote.dead_letters == 0), "{:?}", store.health());
    }
}
