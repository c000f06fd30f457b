//! What is decided without clock or IO: the verdict, the slot of a key, the text of an outcome.

use std::hint::black_box;

use criterion::Criterion;
use redfleet_core::{BackendExt, Fleet, Policy, Slot, Tally};
use redis::cmd;
use tokio::runtime::Builder;

mod ready;

use ready::Ready;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = ready::criterion();
    verdict(&mut criterion);
    slot(&mut criterion);
    text(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn verdict(criterion: &mut Criterion) {
    for nodes in [3, 5] {
        let policy = Policy::majority(nodes);
        criterion.bench_function(&format!("verdict over {nodes} replies, {policy:?}"), |bencher| {
            bencher.iter(|| {
                let mut tally = Tally::new(black_box(policy), nodes)?;
                for node in 0..nodes {
                    tally.note(node, black_box(true));
                }
                Ok::<_, redfleet_core::ConfigError>(tally.verdict())
            });
        });
    }
}

fn slot(criterion: &mut Criterion) {
    for (name, key) in [("16 bytes", "user:1234567:nam"), ("16 bytes with a tag", "u:{1234567}:name")] {
        criterion.bench_function(&format!("slot of a key of {name}"), |bencher| {
            bencher.iter(|| Slot::of_key(black_box(key.as_bytes())));
        });
    }
}

fn text(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let nodes = ["n0", "n1", "n2"].map(|name| (name, Ready::shared(name)));
        let fleet = nodes.into_iter().fold(Fleet::builder(), |fleet, (name, node)| fleet.node(name, node));
        let ping = |node: redfleet_core::Node| async move { node.query::<String>(cmd("PING")).await };
        Ok::<_, redfleet_core::ConfigError>(fleet.build()?.run(Policy::All, ping).await)
    })?;
    criterion.bench_function("printing an outcome of 3 nodes", |bencher| {
        bencher.iter(|| black_box(&outcome).to_string());
    });
    Ok(())
}
