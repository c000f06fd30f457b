//! RP-CLUSTER: every kind of key through a cluster.

use std::collections::BTreeSet;

use redfleet_core::test_util::ClusterSet;
use redfleet_pipe::Pipes;
use redis::{Cmd, cmd};

#[tokio::test]
async fn rp_cluster_all_kinds_of_keys_on_all_servers_in_one_pipeline() {
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    let names: Vec<String> = (0..12).map(|at| format!("k{at}")).collect();
    let results = pipes
        .run(|pipe| {
            names
                .iter()
                .map(|name| {
                    pipe.set(format!("string:{name}"), name);
                    pipe.rpush(format!("list:{name}"), &[1, 2, 3]);
                    pipe.sadd(format!("set:{name}"), &["a", "b", "a"]);
                    pipe.zadd(format!("zset:{name}"), "m", 1.5);
                    let counted = pipe.add::<bool>(Cmd::pfadd(format!("hll:{name}"), &["a", "b", "c"]));
                    let kinds = (
                        pipe.get::<String>(format!("string:{name}")),
                        pipe.lrange::<i64>(format!("list:{name}"), 0, -1),
                        pipe.smembers::<BTreeSet<String>>(format!("set:{name}")),
                        pipe.zrange::<String>(format!("zset:{name}"), 0, -1),
                        pipe.add::<i64>(cmd("PFCOUNT").arg(format!("hll:{name}")).take()),
                    );
                    (counted, kinds)
                })
                .collect::<Vec<_>>()
        })
        .await
        .unwrap();
    for (name, (counted, (string, list, set, zset, hll))) in names.iter().zip(results) {
        assert_eq!(
            (string.as_ref(), list, zset, counted, hll),
            (Some(name), vec![1, 2, 3], vec!["m".into()], true, 3)
        );
        assert!(set.into_iter().eq(["a", "b"]));
    }
    for server in cluster.servers() {
        let held: i64 = redis::from_redis_value(server.direct(&cmd("DBSIZE")).await.unwrap()).unwrap();
        assert!(held > 5, "each server has its share: {held}");
    }
}
