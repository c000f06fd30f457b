//! One connection that speaks RESP, without a client's library in between.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::command::Words;
use super::reply::Reply;

/// How long a reply may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Link {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// What was pushed out of band (RESP3).
    pub(super) pushes: Vec<Reply>,
    pub(super) is_broken: bool,
    /// How long it waits for a reply.
    pub(super) patience: Duration,
}

impl Link {
    pub(super) async fn open(addr: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: BufReader::new(reader), writer, pushes: Vec::new(), is_broken: false, patience })
    }

    /// Sends all, then answers one reply each. Replies that do not come are [`Reply::Lost`].
    pub(super) async fn pipeline<'a>(&mut self, commands: impl Iterator<Item = &'a Words>) -> Vec<Reply> {
        let mut count = 0;
        let mut request = Vec::with_capacity(4096);
        for words in commands {
            encode(words, &mut request);
            count += 1;
        }
        let patience = self.patience;
        let (reader, writer, pushes) = (&mut self.reader, &mut self.writer, &mut self.pushes);
        let mut replies = Vec::with_capacity(count);
        let read = async {
            while replies.len() < count {
                let reply = match timeout(patience, read(reader)).await {
                    Ok(Ok(Reply::Push(items))) => {
                        pushes.push(Reply::Push(items));
                        continue;
                    }
                    Ok(Ok(reply)) => reply,
                    Ok(Err(error)) => Reply::Lost(error.to_string()),
                    Err(_) => Reply::Lost("it did not come in time".into()),
                };
                let is_lost = matches!(reply, Reply::Lost(_));
                replies.push(reply);
                if is_lost {
                    break;
                }
            }
        };
        let (written, ()) = tokio::join!(writer.write_all(&request), read);
        if written.is_err() || matches!(replies.last(), Some(Reply::Lost(_))) {
            self.is_broken = true;
        }
        replies.resize_with(count, || Reply::Lost("after a broken link".into()));
        replies
    }

    /// Sends one without waiting.
    pub(super) async fn send(&mut self, words: &Words) {
        let mut request = Vec::new();
        encode(words, &mut request);
        self.is_broken |= self.writer.write_all(&request).await.is_err();
    }

    /// The reply to what was [sent](Self::send), if it comes within this time.
    pub(super) async fn receive(&mut self, patience: Duration) -> Option<Reply> {
        // Nothing is consumed until something is there, so that giving up loses nothing.
        let is_there = timeout(patience, self.reader.fill_buf()).await.is_ok();
        if !is_there {
            return None;
        }
        self.pipeline_of_one().await
    }

    async fn pipeline_of_one(&mut self) -> Option<Reply> {
        let reply = match timeout(self.patience, read(&mut self.reader)).await {
            Ok(Ok(reply)) => return Some(reply),
            Ok(Err(error)) => Reply::Lost(error.to_string()),
            Err(_) => Reply::Lost("it did not come in time".into()),
        };
        self.is_broken = true;
        Some(reply)
    }
}

/// A command as RESP writes it.
pub(super) fn encode(words: &Words, out: &mut Vec<u8>) {
    out.extend(format!("*{}\r\n", words.len()).bytes());
    for word in words {
        out.extend(format!("${}\r\n", word.len()).bytes());
        out.extend(word);
        out.extend(b"\r\n");
    }
}

fn read<'a, R>(reader: &'a mut R) -> Pin<Box<dyn Future<Output = io::Result<Reply>> + Send + 'a>>
where
    R: AsyncBufReadExt + Unpin + Send,
{
    Box::pin(async move {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).await?;
        let Some(([kind], text)) = line.strip_suffix(b"\r\n").and_then(|line| line.split_first_chunk())
        else {
            return Err(io::Error::other("the server closed the connection"));
        };
        let number = || -> io::Result<i64> {
            let text = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            text.ok_or_else(|| io::Error::other(format!("no number: {line:?}")))
        };
        Ok(match kind {
            b'+' => Reply::Simple(text.to_vec()),
            b'-' => Reply::Error(text.to_vec()),
            b':' => Reply::Integer(number()?),
            b',' => Reply::Double(text.to_vec()),
            b'(' => Reply::BigNumber(text.to_vec()),
            b'#' => Reply::Boolean(text == b"t"),
            b'_' => Reply::Null,
            b'$' | b'=' => match usize::try_from(number()?) {
                Err(_) => Reply::NullBulk,
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    reader.read_exact(&mut bytes).await?;
                    bytes.truncate(length);
                    if *kind == b'$' { Reply::Bulk(bytes) } else { Reply::Verbatim(bytes) }
                }
            },
            b'*' | b'~' | b'>' | b'%' => match usize::try_from(number()?) {
                Err(_) => Reply::NullArray,
                Ok(count) => {
                    let count = if *kind == b'%' { 2 * count } else { count };
                    let mut items = Vec::new();
                    for _ in 0..count {
                        items.push(read(reader).await?);
                    }
                    match kind {
                        b'*' => Reply::Array(items),
                        b'~' => Reply::Set(items),
                        b'>' => Reply::Push(items),
                        _ => Reply::Map(pairs(items)),
                    }
                }
            },
            other => return Err(io::Error::other(format!("no RESP: {:?}", char::from(*other)))),
        })
    })
}

fn pairs(items: Vec<Reply>) -> Vec<(Reply, Reply)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::new();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}
