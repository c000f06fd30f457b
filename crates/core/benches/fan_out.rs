//! What the executor costs an operation: CPU only, on nodes that are ready.

use std::hint::black_box;

use criterion::Criterion;
use redfleet_core::{BackendExt, Fleet, FleetBuilder, Policy};
use redis::{Cmd, cmd};
use tokio::runtime::{Builder, Runtime};

mod ready;

use ready::Ready;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut criterion = ready::criterion();
    for count in [1, 3, 5] {
        let fleet = runtime.block_on(async { fleet(count).build() })?;
        run(&mut criterion, &runtime, &fleet, Policy::All);
        run(&mut criterion, &runtime, &fleet, fleet.majority());
    }
    criterion.final_summary();
    Ok(())
}

fn fleet(count: usize) -> FleetBuilder {
    (0..count).fold(Fleet::builder(), |fleet, node| {
        fleet.node(format!("n{node}"), Ready::shared(&node.to_string()))
    })
}

fn run(criterion: &mut Criterion, runtime: &Runtime, fleet: &Fleet, policy: Policy) {
    let set: Cmd = cmd("SET").arg("k").arg("v").take();
    criterion.bench_function(&format!("fan-out to {}, {policy:?}", fleet.len()), |bencher| {
        bencher.to_async(runtime).iter(|| {
            let set = set.clone();
            fleet.run(policy, move |node| {
                let set = set.clone();
                async move { black_box(node.query::<()>(set).await) }
            })
        });
    });
}
