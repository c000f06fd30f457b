//! A client that knows nothing but bytes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "only tests use it, and what is wrong fails them"
)]

use std::time::Duration;

use redfleet_core::Door;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(60);

/// One connection. Whatever it waits for must come soon.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) async fn to(door: &Door) -> Self {
        let stream = TcpStream::connect(door.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends lines, each of which ends as RESP wants it.
    pub(crate) async fn send(&mut self, lines: &str) {
        let bytes = lines.replace('\n', "\r\n");
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// The next line, without its end; empty at the end of the stream.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        timeout(SOON, self.stream.read_until(b'\n', &mut line)).await.expect("a line comes").unwrap();
        String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()
    }

    pub(crate) async fn skip(&mut self, bytes: usize) {
        let mut skipped = vec![0; bytes];
        timeout(SOON, self.stream.read_exact(&mut skipped)).await.expect("bytes come").unwrap();
    }

    /// Exactly this comes next.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let mut came = vec![0; text.len()];
            let mut length = 0;
            while length < came.len() {
                match timeout(SOON, self.stream.read(&mut came[length..])).await {
                    Ok(Ok(bytes @ 1..)) => length += bytes,
                    _ => break,
                }
                if !text.as_bytes().starts_with(&came[..length]) {
                    break;
                }
            }
            assert_eq!(String::from_utf8_lossy(&came[..length]), text, "expected at {caller}");
        }
    }

    /// This comes, whatever comes before it.
    pub(crate) async fn expect_end(&mut self, text: &str) {
        let mut came = Vec::new();
        while !came.ends_with(text.as_bytes()) {
            let byte = timeout(SOON, self.stream.read_u8()).await;
            let Ok(Ok(byte)) = byte else {
                panic!("{text:?} never came: {:?}", String::from_utf8_lossy(&came))
            };
            came.push(byte);
        }
    }

    /// Nothing more comes, because the other side is gone.
    pub(crate) async fn expect_close(&mut self) {
        let mut rest = Vec::new();
        let end = timeout(SOON, self.stream.read_to_end(&mut rest)).await.expect("it is closed");
        assert!(end.is_err() || rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest));
    }
}
