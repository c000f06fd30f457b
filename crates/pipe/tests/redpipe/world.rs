//! What these tests have in common.

use std::sync::Arc;

use redfleet_core::{Backend, BackendExt, Embedded};
use redfleet_pipe::Pipes;
use redis::{FromRedisValue, cmd};

/// One connection to a store of its own.
pub(super) fn one() -> (Pipes, Arc<dyn Backend>) {
    let store = Embedded::new().shared();
    (Pipes::new(Arc::clone(&store)), store)
}

/// Connections `a` and `b`, each to a store of its own.
pub(super) fn two() -> (Pipes, [Arc<dyn Backend>; 2]) {
    let stores = [Embedded::new().shared(), Embedded::new().shared()];
    let [a, b] = &stores;
    let pipes = Pipes::builder().connection("a", Arc::clone(a)).connection("b", Arc::clone(b));
    (pipes.build().unwrap(), stores)
}

/// What is in a store, asked without a pipe.
pub(super) async fn stored<T: FromRedisValue>(store: &Arc<dyn Backend>, key: &str) -> T {
    store.query(cmd("GET").arg(key)).await.unwrap()
}
