//! One command straight to a server, past its proxy: for set-up, and to see what really happened.

use std::net::SocketAddr;
use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, Cmd, RedisResult, Value, cmd};

const DEADLINE: Duration = Duration::from_secs(30);

/// Sends `command` on a connection of its own, logged in as the default user if there is a password.
pub(super) async fn call(addr: SocketAddr, password: Option<&str>, command: &Cmd) -> RedisResult<Value> {
    let client = Client::open(format!("redis://{addr}"))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(DEADLINE))
        .set_response_timeout(Some(DEADLINE));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    if let Some(password) = password {
        cmd("AUTH").arg(password).exec_async(&mut connection).await?;
    }
    connection.send_packed_command(command).await?.extract_error()
}

/// Whether the server there answers commands. One that asks for a password does.
pub(super) async fn ping(addr: SocketAddr, password: Option<&str>) -> Result<(), String> {
    match call(addr, password, &cmd("PING")).await {
        Ok(Value::SimpleString(_)) => Ok(()),
        Ok(other) => Err(format!("{addr} answers PING with {other:?}")),
        Err(error) if error.code() == Some("NOAUTH") => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
