//! The raw client, redis-rs, with the settings that redfleet-core gives it: what every crate of ours is held against.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

use redfleet_core::test_util::{Server, Wire};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

/// As `crates/core/src/connect/handshake.rs` has it, and as bounded: ours counts what is in flight in
/// `crates/core/src/connect/link.rs`, a batch at a time; here redis-rs counts, each command by itself.
fn config() -> AsyncConnectionConfig {
    unbounded().set_concurrency_limit(8192)
}

/// The same without a limit on what is in flight.
fn unbounded() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(1024)
        .set_write_backpressure_boundary(256 * 1024)
}

fn settings() -> RedisConnectionInfo {
    RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3)
}

/// A connection to a URL of redis-rs, with NODELAY.
///
/// # Panics
///
/// If it cannot be made.
pub async fn connect(url: &str) -> MultiplexedConnection {
    connect_with(url, &config()).await
}

/// A connection as by [`connect`], but without a limit on what is in flight: a guarantee less, and faster.
///
/// # Panics
///
/// If it cannot be made.
pub async fn connect_unbounded(url: &str) -> MultiplexedConnection {
    connect_with(url, &unbounded()).await
}

async fn connect_with(url: &str, config: &AsyncConnectionConfig) -> MultiplexedConnection {
    let info = url.into_connection_info().unwrap();
    let tcp = TcpSettings::default().set_nodelay(true);
    let client = Client::open(info.set_tcp_settings(tcp).set_redis_settings(settings())).unwrap();
    client.get_multiplexed_async_connection_with_config(config).await.unwrap()
}

/// A connection to each server.
///
/// # Panics
///
/// If one cannot be made.
pub async fn connect_all(servers: &[Server]) -> Vec<MultiplexedConnection> {
    futures::future::join_all(servers.iter().map(|server| async { connect(&server.direct_url()).await }))
        .await
}

/// A connection in memory. The stream is boxed, as it is within redis-rs when it connects by itself.
///
/// # Panics
///
/// Outside of a runtime.
pub async fn over(server: &Wire) -> MultiplexedConnection {
    over_with(server, config()).await
}

/// A connection as by [`over`], but without a limit on what is in flight.
///
/// # Panics
///
/// Outside of a runtime.
pub async fn over_unbounded(server: &Wire) -> MultiplexedConnection {
    over_with(server, unbounded()).await
}

async fn over_with(server: &Wire, config: AsyncConnectionConfig) -> MultiplexedConnection {
    let stream: Box<dyn redis::aio::AsyncStream + Send + Unpin> = Box::new(server.connect());
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&settings(), stream, config).await.unwrap();
    drop(tokio::spawn(driver));
    connection
}
