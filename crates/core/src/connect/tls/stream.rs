//! A TLS stream whose late failures are typed like the early ones.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client;

use crate::connect::dial::BoxedStream;
use crate::error::{Effect, Error, LinkError};

/// Wraps what TLS itself says into an [`Error`] inside of the IO error, which the way back from redis-rs finds.
pub(super) struct TlsStream {
    inner: client::TlsStream<BoxedStream>,
    to: Arc<str>,
}

impl TlsStream {
    pub(super) fn new(inner: client::TlsStream<BoxedStream>, to: &str) -> Self {
        Self { inner, to: to.into() }
    }

    /// The answer as it is, unless it is TLS that failed: the network's own errors stay what they are.
    fn typed<T>(&self, answer: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        answer.map_err(|error| {
            if !error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
                return error;
            }
            let kind = error.kind();
            let reason = LinkError::Tls { to: self.to.to_string(), reason: Arc::new(error) };
            io::Error::new(kind, Error::link(reason, Effect::Unknown))
        })
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.typed(answer)
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.typed(answer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.typed(answer)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.inner).poll_flush(cx);
        self.typed(answer)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.typed(answer)
    }
}
