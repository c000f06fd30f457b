//! Each kind of command, through the store and to both remotes.

use std::time::Duration;

use redfleet_core::test_util::TestImage;
use redfleet_multiwrite::{Error, Wait};
use redis::AsyncCommands;

use super::load::{draw, words};
use super::world::{LONG, World, quick};

/// What is written, one after the other.
const LINES: &[&str] = &[
    "SET #a 1 EX 100",
    "SET #b 1 NX GET",
    "SETEX #c 100 v",
    "GETSET #a 2",
    "INCRBYFLOAT #f 1.5",
    "SETBIT #bits 7 1",
    "BITFIELD #bits SET u8 0 200 INCRBY u2 100 1",
    "BITOP NOT #bits2 #bits",
    "HSET #h a 1 b 2 c 3",
    "HRANDFIELD #h",
    "RPUSH #l a b c d e",
    "LINSERT #l BEFORE c x",
    "LMPOP 2 #none #l LEFT COUNT 2",
    "LPOS #l x",
    "LTRIM #l 0 2",
    "SADD #s 1 2 3 4 5 6 7 8 9",
    "SPOP #s 3",
    "SMOVE #s #s2 1",
    "SRANDMEMBER #s 2",
    "ZADD #z 1 a 2 b 3 c 4 d",
    "ZADD #z GT CH 9 a",
    "ZINCRBY #z 0.1 b",
    "ZMPOP 1 #z MAX",
    "ZPOPMIN #z 2",
    "ZRANGESTORE #z2 #z 0 -1",
    "GEOADD #g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
    "GEOSEARCHSTORE #g2 #g FROMMEMBER Palermo BYRADIUS 300 km",
    "PFADD #p a b c",
    "PFMERGE #p2 #p",
    "XADD #x * f 1",
    "XADD #x * f 2",
    "XGROUP CREATE #x group 0",
    "XREADGROUP GROUP group me COUNT 1 STREAMS #x >",
    "XAUTOCLAIM #x group you 0 0",
    "XTRIM #x MAXLEN 1",
    "SORT #l ALPHA STORE #sorted",
    "EXPIRE #h 1000",
    "PEXPIRE #l 100000 NX",
    "EXPIREAT #s 4102444800",
    "GETEX #a PERSIST",
    "COPY #a #a2",
    "RENAMENX #a2 #a3",
    "UNLINK #c",
    "EVAL return{redis.call('INCR',KEYS[1]),redis.call('TIME')} 1 #scripted",
    "TOUCH #a #b",
    "GET #a",
];

#[tokio::test]
async fn each_kind_of_command_does_the_same_on_remotes_as_on_local() {
    let world = World::shared().await;
    let store = world.store(&quick());
    let everywhere = store.everywhere().waiting(Wait::All, LONG);
    for line in LINES {
        everywhere
            .send(&words(line, &world.prefix))
            .await
            .unwrap_or_else(|error| panic!("{line}: {error}: {:#?}", store.health()));
        world.settle(&store).await;
    }
    if TestImage::chosen() == TestImage::Redis80 {
        for line in ["HPEXPIRE #h 50000 FIELDS 1 a", "HGETEX #h EX 100 FIELDS 1 b", "HGETDEL #h FIELDS 1 c"] {
            everywhere.send(&words(line, &world.prefix)).await.unwrap();
            world.settle(&store).await;
        }
    }
    assert!(store.health().iter().all(|remote| remote.dead_letters == 0), "{:#?}", store.health());
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn a_transaction_is_one_on_each_node_and_typed_commands_are_those_of_redis_rs() {
    let world = World::shared().await;
    let store = world.store(&quick());
    let mut block = redis::pipe();
    block.incr(world.key("n"), 2).rpush(world.key("l"), &["a", "b"]).set_ex(world.key("e"), "v", 100);
    let (count, length, _): (i64, i64, String) = store.pipe_everywhere(&block).await.unwrap();
    assert_eq!((count, length), (2, 2));
    let mut everywhere = store.everywhere();
    let _: () = everywhere.hset_multiple(world.key("h"), &[("a", 1), ("b", 2)]).await.unwrap();
    let popped: Vec<String> = everywhere.lpop(world.key("l"), std::num::NonZeroUsize::new(1)).await.unwrap();
    assert_eq!(popped, ["a"]);
    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let count: i64 = script.key(world.key("n")).arg(5).invoke_async(&mut everywhere).await.unwrap();
    assert_eq!(count, 7);
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn a_thousand_mixed_writes_in_a_row_leave_the_remotes_equal() {
    let world = World::shared().await;
    let store = world.store(&quick().gather(Duration::ZERO));
    let mut random = fastrand::Rng::with_seed(41);
    for _ in 0..1000 {
        match store.everywhere().send(&draw(&mut random, &world.prefix)).await {
            Ok(_) | Err(Error::Local(redfleet_core::Error::Refused { .. })) => {}
            Err(error) => panic!("{error}"),
        }
    }
    world.settle(&store).await;
    assert!(store.health().iter().all(|remote| remote.dead_letters == 0), "{:#?}", store.health());
    store.shutdown(LONG).await.unwrap();
}
