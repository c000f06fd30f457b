//! What we add to a write, in nanoseconds, on connections over streams in memory.

use redfleet_core::test_util::Wire;
use redfleet_multiwrite::{Guarantee, MultiWrite, RemoteOptions};
use redfleet_peers::{Plan, Row, Timing, compare, raw};
use redis::{AsyncCommands, Cmd};

use crate::Bench;
use crate::stores::{Folder, VALUE, store};

pub(crate) async fn rows(bench: &mut Bench) {
    let each = Plan { timing: Timing::EachOperation, ..bench.in_memory.clone() };
    let whole = bench.in_memory.clone();
    let folder = Folder::new();
    let up = in_memory(None);
    let spooled = in_memory(Some(&folder));
    let paused = in_memory(None);
    for name in ["r0", "r1"] {
        paused.pause(name).unwrap();
    }
    for (name, store, plan) in [
        ("own: everywhere().set, 2 remotes", &up, &each),
        ("own: everywhere().set, 2 remotes, with all that is shipped meanwhile", &up, &whole),
        ("own: everywhere().set, 2 remotes paused", &paused, &whole),
        ("own: everywhere().set, 2 remotes, spool", &spooled, &each),
    ] {
        by_store(bench, name, store, plan).await;
    }
    let server = Wire::saying("+OK\r\n");
    let mut theirs = raw::over(&server).await;
    let mut theirs_too = raw::over(&server).await;
    let row = compare(
        "own: A/A, raw SETs",
        &each,
        async || theirs_too.set::<_, _, ()>("k", &VALUE).await.unwrap(),
        async || theirs.set::<_, _, ()>("k", &VALUE).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, None));
}

async fn by_store(bench: &mut Bench, name: &str, store: &MultiWrite, plan: &Plan) {
    let server = Wire::saying("+OK\r\n");
    let mut theirs = raw::over(&server).await;
    let mut ours = store.everywhere();
    let row = compare(
        name,
        plan,
        async || ours.set::<_, _, ()>("k", &VALUE).await.unwrap(),
        async || Cmd::set("k", &VALUE).query_async::<()>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, None));
}

fn in_memory(spool: Option<&Folder>) -> MultiWrite {
    let server = || Wire::saying("+OK\r\n").backend();
    let options = RemoteOptions::new().guarantee(Guarantee::AtLeastOnce);
    store(server(), [server(), server()], &options, spool)
}
