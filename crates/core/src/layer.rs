//! Layers: a backend in, a backend out, and the layer's state in between.

mod breaker;
mod faults;
mod limit;
mod trace;

use std::sync::Arc;

use crate::backend::Backend;

pub use breaker::Breaker;
pub(crate) use breaker::Guarded;
pub use faults::Faults;
pub use limit::Limit;
pub use trace::Trace;

/// Wraps a backend in another one that does something more.
///
/// The order is the order of the calls: the layer that is added last is asked first. A [`Trace`] outside of a
/// [`Breaker`] sees what the breaker refuses; inside, it sees only what was sent.
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, Breaker, Layer, Limit, Trace, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let node = Scripted::new().on("PING", "+PONG\r\n").shared();
/// let node = Limit::new(100)?.layer(node);      // asked last
/// let node = Breaker::default().layer(node);
/// let node = Trace::new("n0").layer(node);      // asked first
/// assert_eq!(node.query::<String>(cmd("PING")).await?, "PONG");
/// # Ok(())
/// # }
/// ```
pub trait Layer {
    /// The wrapped backend.
    fn layer(&self, inner: Arc<dyn Backend>) -> Arc<dyn Backend>;
}
