//! A remote of another version than local, which may not read local's payloads: whole keys are copied by the commands that build
//! them.

use redfleet_core::test_util::{Server, ServerOptions, TestImage};
use redfleet_multiwrite::MultiWrite;

use super::world::{LONG, flush, held, node, quick, write};

/// Keys of every type, written before there is a remote.
const LINES: &[&str] = &[
    "SET v:s text",
    "SET v:e text PXAT 4102444800123",
    "SETBIT v:b 100 1",
    "RPUSH v:l a b c d",
    "SADD v:i 1 2 3",
    "SADD v:t a b c",
    "ZADD v:z 1.5 a -inf b 3 c",
    "HSET v:h a 1 b 2",
    "PFADD v:p a b c",
    "GEOADD v:g 13.361389 38.115556 Palermo",
    "PEXPIREAT v:h 4102444800456",
    "XADD v:x 1-1 a 1",
    "XADD v:x 2-1 a 2 b 3",
    "XADD v:x 3-1 a 4",
    "XDEL v:x 3-1",
    "XGROUP CREATE v:x group 0",
    "XGROUP CREATE v:x other 1-1",
    "XGROUP CREATE v:y group $ MKSTREAM",
    "XREADGROUP GROUP group me COUNT 1 STREAMS v:x >",
];

/// A store without remotes.
fn store(local: &Server) -> MultiWrite {
    MultiWrite::builder(node(local)).only("v:").seed(1).build().unwrap()
}

/// Copies everything to a new remote, writes some more, and sees that it arrives.
async fn follow(store: &MultiWrite, local: &Server, name: &str, remote: &Server) {
    store.add_remote(name, node(remote), quick()).unwrap();
    flush(store).await;
    assert_eq!(held(local, "v:").await, held(remote, "v:").await);
    for line in [
        "SET v:s other",
        "HSET v:h c 3",
        "SPOP v:t",
        "EVAL redis.call('INCR',KEYS[1]) 1 v:n",
        "XADD v:x * a 5",
    ] {
        write(store, line).await;
    }
    flush(store).await;
    assert_eq!(held(local, "v:").await, held(remote, "v:").await);
    let report = store.verify(name).await.unwrap();
    assert!(report.is_equal() && report.compared >= 13, "{report}");
}

#[tokio::test]
async fn every_type_is_copied_from_redis_8_to_redis_7_and_to_valkey_and_back() {
    let start = |image| ServerOptions::new().image(image).start();
    let (new, old) = futures::future::join(start(TestImage::Redis80), start(TestImage::Redis70)).await;
    let (valkey, newer) = futures::future::join(start(TestImage::Valkey81), start(TestImage::Redis80)).await;
    let from_new = store(&new);
    for line in LINES {
        write(&from_new, line).await;
    }
    for numbers in (0..3000).collect::<Vec<u32>>().chunks(500) {
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        write(&from_new, &format!("RPUSH v:long {}", numbers.join(" "))).await;
    }
    follow(&from_new, &new, "old", &old).await;
    follow(&from_new, &new, "valkey", &valkey).await;
    from_new.shutdown(LONG).await.unwrap();
    let from_valkey = store(&valkey);
    follow(&from_valkey, &valkey, "newer", &newer).await;
    from_valkey.shutdown(LONG).await.unwrap();
}
