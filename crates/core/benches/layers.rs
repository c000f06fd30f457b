//! What each layer, and the handle for redis-rs, costs a call: CPU only, around a backend that is ready.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use redfleet_core::{Backend, Breaker, Faults, Handle, Layer, Limit, Trace};
use redis::aio::ConnectionLike;
use redis::cmd;
use tokio::runtime::{Builder, Runtime};

mod ready;

use ready::Ready;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut criterion = ready::criterion();
    let bare = || Ready::shared("a");
    let all = Limit::new(1000)?.layer(bare());
    let all = Trace::new("n0").layer(Breaker::default().layer(all));
    let backends: [(&str, Arc<dyn Backend>); 6] = [
        ("nothing", bare()),
        ("breaker", Breaker::default().layer(bare())),
        ("limit", Limit::new(1000)?.layer(bare())),
        ("trace, nobody listening", Trace::new("n0").layer(bare())),
        ("faults, none set", Faults::seeded(1).layer(bare())),
        ("limit, breaker and trace", all),
    ];
    for (name, backend) in &backends {
        call(&mut criterion, &runtime, name, backend);
    }
    through_handle(&mut criterion, &runtime, bare());
    criterion.final_summary();
    Ok(())
}

fn call(criterion: &mut Criterion, runtime: &Runtime, name: &str, backend: &Arc<dyn Backend>) {
    let command = cmd("GET").arg("k").take();
    criterion.bench_function(&format!("call through {name}"), |bencher| {
        bencher.to_async(runtime).iter(|| async { black_box(backend.call(black_box(&command)).await) });
    });
}

fn through_handle(criterion: &mut Criterion, runtime: &Runtime, backend: Arc<dyn Backend>) {
    let command = cmd("GET").arg("k").take();
    let handle = Handle::new(backend);
    criterion.bench_function("call through a handle (cloned)", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let mut handle = handle.clone();
            black_box(handle.req_packed_command(black_box(&command)).await)
        });
    });
}
