//! The raw client, redis-rs, with the settings that redfleet-core gives it: what every crate of ours is held against.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

use redfleet_core::test_util::{Server, Wire};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

/// As `crates/core/src/connect/link.rs` has it.
fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(1024)
        .set_concurrency_limit(8192)
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
    let info = url.into_connection_info().unwrap();
    let tcp = TcpSettings::default().set_nodelay(true);
    let client = Client::open(info.set_tcp_settings(tcp).set_redis_settings(settings())).unwrap();
    client.get_multiplexed_async_connection_with_config(&config()).await.unwrap()
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
    let stream: Box<dyn redis::aio::AsyncStream + Send + Unpin> = Box::new(server.connect());
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&settings(), stream, config()).await.unwrap();
    drop(tokio::spawn(driver));
    connection
}
