//! The handshake: HELLO or AUTH, SELECT and CLIENT SETINFO, with every setting of redis-rs set on purpose.

use std::sync::Arc;

use futures::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, PushInfo, RedisError};

use super::dial::{Dial, Dialed};
use super::link::OnPush;
use super::login::{Login, Protocol, settings_for_redis};
use crate::error::{Error, LinkError};

/// How many requests wait in the connection's queue before callers wait instead.
const QUEUE_REQUESTS: usize = 1024;
/// How many bytes are collected before they are written: a reply is not slower for it, bursts are faster.
const WRITE_BOUNDARY_BYTES: usize = 256 * 1024;

/// Whom we are talking to, and as whom.
pub(super) struct Who {
    pub(super) to: Arc<str>,
    pub(super) login: Login,
    pub(super) must_be_primary: bool,
}

/// A connection that is logged in, the driver that has to be polled for it, and whom it leads to.
pub(super) type LoggedIn = (MultiplexedConnection, BoxFuture<'static, ()>, Who);

/// Why a login failed, and as whom it may succeed in an older protocol.
enum LoginFailure {
    NoHello(Login, LinkError),
    Reason(LinkError),
}

/// Connects and logs in; in RESP2 where the server does not know HELLO.
pub(super) async fn log_in(dial: &dyn Dial, on_push: &OnPush) -> Result<LoggedIn, LinkError> {
    match try_as(dial, None, on_push).await {
        Ok(logged_in) => Ok(logged_in),
        Err(LoginFailure::Reason(reason)) => Err(reason),
        Err(LoginFailure::NoHello(older, _)) => match try_as(dial, Some(older), on_push).await {
            Ok(logged_in) => Ok(logged_in),
            Err(LoginFailure::Reason(reason) | LoginFailure::NoHello(_, reason)) => Err(reason),
        },
    }
}

/// Connects, and sends HELLO or AUTH, SELECT and CLIENT SETINFO as redis-rs does: one round trip.
async fn try_as(dial: &dyn Dial, older: Option<Login>, on_push: &OnPush) -> Result<LoggedIn, LoginFailure> {
    let Dialed { stream, to, login, must_be_primary } = dial.dial().await.map_err(LoginFailure::Reason)?;
    let login = older.unwrap_or(login);
    // No time-out below the executor's; the other bounds are set on purpose. How many commands are in flight is the link's
    // own matter.
    let mut config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(QUEUE_REQUESTS)
        .set_write_backpressure_boundary(WRITE_BOUNDARY_BYTES);
    if login.protocol != Protocol::Resp2 {
        let on_push = on_push.clone();
        config = config.set_push_sender(move |push: PushInfo| {
            on_push(push);
            Ok::<(), std::convert::Infallible>(())
        });
    }
    match MultiplexedConnection::new_with_config(&settings_for_redis(&login), stream, config).await {
        Ok((connection, driver)) => Ok((connection, Box::pin(driver), Who { to, login, must_be_primary })),
        Err(error) => {
            let is_too_old = error.kind() == ErrorKind::RESP3NotSupported || is_unknown_command(&error);
            let reason = login_error(error, &to);
            Err(match login.without_hello() {
                Some(older) if is_too_old => LoginFailure::NoHello(older, reason),
                Some(_) | None => LoginFailure::Reason(reason),
            })
        }
    }
}

fn login_error(error: RedisError, to: &str) -> LinkError {
    let to = to.to_owned();
    if let Some(reason) = told_by_stream(&error) {
        return reason;
    }
    if is_unknown_command(&error) {
        let reason = "the server does not know HELLO or AUTH".to_owned();
        return LinkError::Rejected { to, reason };
    }
    match redis::ServerError::try_from(error) {
        Ok(error) => LinkError::Login { to, error },
        Err(error) if error.kind() == ErrorKind::Parse => LinkError::Protocol { to },
        Err(error) if error.is_io_error() => LinkError::Closed { to },
        Err(error) => LinkError::Rejected { to, reason: error.to_string() },
    }
}

/// Whether the server does not know the command. It then quotes the arguments, the password among them, so its
/// words are never shown.
fn is_unknown_command(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.to_ascii_lowercase().starts_with("unknown command"))
}

/// What the stream itself said: with TLS 1.3, a client certificate is refused only after the handshake.
pub(super) fn told_by_stream(error: &RedisError) -> Option<LinkError> {
    let Error::Link { reason, .. } = crate::error::wrapped(error)? else { return None };
    Some((**reason).clone())
}
