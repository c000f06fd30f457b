//! How far one node has come with an operation.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::node::Passage;
use super::noted::Noted;
use super::outcome::Reply;
use crate::error::{Error, Result};

/// How far one node has come.
pub(super) enum Progress<T, F> {
    /// Its turn has not come (hedging only).
    Waiting,
    /// Its connection is being made, or it is being asked who it is. Nothing was sent.
    Admitting { admission: BoxFuture<'static, Result<()>>, since: Instant, passage: Passage },
    /// The operation is under way.
    Flying { operation: Pin<Box<F>>, noted: Arc<Noted>, since: Instant, _passage: Passage },
    /// It has said its say.
    Landed(Reply<T>),
}

/// The node has said its say.
pub(super) fn landed<T, F>(result: Result<T>, took: Duration) -> Progress<T, F> {
    Progress::Landed(Reply::Said { result, took })
}

/// What a panic of the operation's own code is as an error.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::Panicked { message: message.unwrap_or("(no message)").into() }
}
