//! The embedded node through `Backend`: commands, and scripts that it knows.

use std::time::Duration;

use criterion::Criterion;
use redfleet_core::{BackendExt, Script, connect};
use redis::{Value, cmd};
use tokio::runtime::Builder;

/// A counter that says when it ends, as rate limits have it.
const COUNT: &str = "
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return { count, redis.call('PTTL', KEYS[1]) }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (warm_up, measurement) = (Duration::from_millis(500), Duration::from_secs(2));
    let criterion = Criterion::default().without_plots();
    let mut criterion = criterion.warm_up_time(warm_up).measurement_time(measurement).configure_from_args();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let node = connect("embedded://bench")?;
    let set = cmd("SET").arg("key").arg(&[b'v'; 100]).take();
    for (name, command) in [("SET", set), ("GET", cmd("GET").arg("key").take())] {
        criterion.bench_function(&format!("embedded: {name} of 100 bytes"), |bencher| {
            bencher.to_async(&runtime).iter(|| node.query::<Value>(&command));
        });
    }
    for (name, text) in [("two commands", COUNT), ("no command", "return 1")] {
        let script = Script::new(text);
        let call = script.key("count").arg(3_600_000);
        criterion.bench_function(&format!("embedded: a cached script of {name}"), |bencher| {
            bencher.to_async(&runtime).iter(|| call.run::<Value>(&*node));
        });
    }
    criterion.final_summary();
    Ok(())
}
