//! A server's backend over any stream of bytes: for tests and measurements without a network.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::Backend;
use crate::connect::over_streams;

/// What makes a new stream each time the backend connects.
pub(crate) type Open =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = io::Result<BoxedStream>> + Send>> + Send + Sync>;

/// Any stream.
pub(crate) type BoxedStream = Box<dyn crate::connect::Stream>;

/// The backend of the server at the other end of the streams that `open` makes, one for each connection.
///
/// # Example
///
/// ```
/// use redfleet_core::{Effect, test_util::over};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let node = over(|| async {
///     let (ours, theirs) = tokio::io::duplex(1024);
///     drop(theirs); // a server that hangs up at once
///     Ok(ours)
/// });
/// assert_eq!(node.call(&cmd("PING")).await.unwrap_err().effect(), Effect::None);
/// # }
/// ```
pub fn over<F, S>(open: impl Fn() -> F + Send + Sync + 'static) -> Arc<dyn Backend>
where
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    over_streams(Streams(Box::new(move || {
        let stream = open();
        Box::pin(async move { Ok(Box::new(stream.await?) as BoxedStream) })
    })))
}

/// Dials by a closure.
pub(crate) struct Streams(pub(crate) Open);

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streams(..)")
    }
}
