//! One connection: requests in, replies and what is told unasked out, each at its own pace.

#[cfg(test)]
mod tests;
mod told;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use redis::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::limits::Limits;
use super::nil::{self, Nil};
use super::outbox::Outbox;
use super::parse::{Malformed, Parser};
use super::reply_mode::ReplyMode;
use super::write::{write, write_error};
use crate::embedded::client::{ClientId, Protocol};
use crate::embedded::mailbox::{Push, Reader};
use crate::embedded::node::Node;
use crate::embedded::refusal::Refusal;
use crate::embedded::state::Answer;
use crate::error::Result;

/// How much is read at once.
const CHUNK_BYTES: usize = 16 << 10;
/// How long, and for how many bytes, one is listened to who was hung up on: so that he reads the reason first.
const LINGER: Duration = Duration::from_millis(200);
const LINGER_MAX_BYTES: u64 = 16 << 20;
/// How long one who was hung up on may take to read the next byte of what is written.
const FAREWELL: Duration = Duration::from_secs(10);

/// A client of another process. It ends when it is dropped.
pub(super) struct Connection {
    node: Arc<Node>,
    id: ClientId,
    pushes: Reader,
    limits: Limits,
    parser: Parser,
    /// What came and was not looked at yet.
    ahead: Vec<u8>,
    outbox: Outbox,
    protocol: Protocol,
    /// Whether it wants to know what changes, be it that a key expires while nobody does anything.
    is_tracking: bool,
    mode: ReplyMode,
    transaction: Option<Queued>,
    waiting: Option<Waiting>,
    /// Nothing is carried out any more; what is written still goes out.
    is_over: bool,
}

/// What the entries of EXEC's reply need, and how much memory the commands hold.
#[derive(Default)]
struct Queued {
    nils: Vec<Nil>,
    bytes: usize,
}

/// A command that waits; those behind it wait for it.
struct Waiting {
    reply: BoxFuture<'static, Result<Result<Value, Refusal>>>,
    nil: Nil,
    is_written: bool,
}

impl Connection {
    pub(super) fn open(node: Arc<Node>, peer: SocketAddr, local: SocketAddr, limits: Limits) -> Self {
        let (id, pushes) = node.with(|state| {
            let id = state.connect(Protocol::Resp2);
            if let Some(member) = state.data.roster.get_mut(id) {
                (member.address, member.local_address) = (peer.to_string(), local.to_string());
            }
            (id, state.client(id).map(|client| client.mailbox.reader()).unwrap_or_default())
        });
        Self {
            node,
            id,
            pushes,
            limits,
            parser: Parser::new(limits.requests),
            ahead: Vec::new(),
            outbox: Outbox::default(),
            protocol: Protocol::Resp2,
            is_tracking: false,
            mode: ReplyMode::On,
            transaction: None,
            waiting: None,
            is_over: false,
        }
    }

    /// Answers until either side has enough. What is wrong with the stream is for the client to notice.
    pub(super) async fn serve(mut self, mut stream: TcpStream) {
        stream.set_nodelay(true).ok();
        if self.converse(&mut stream).await.is_ok() {
            timeout(LINGER, linger(&mut stream)).await.ok();
        }
    }

    async fn converse(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        let (mut reader, mut writer) = stream.split();
        loop {
            self.carry_out();
            self.take_pushes();
            if self.is_over && self.outbox.is_empty() {
                return Ok(());
            }
            let has_room = self.has_room();
            let is_readable =
                has_room && (self.waiting.is_none() || self.ahead.len() < self.limits.ahead_max_bytes);
            self.ahead.reserve(CHUNK_BYTES);
            tokio::select! {
                biased;
                written = writer.write(self.outbox.rest()), if !self.outbox.is_empty() => match written? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    bytes => self.outbox.advance(bytes),
                },
                reply = finished(&mut self.waiting), if self.waiting.is_some() => self.answer(reply),
                read = reader.read_buf(&mut self.ahead), if !self.is_over && is_readable => {
                    if read? == 0 {
                        self.hang_up();
                    }
                }
                push = next_push(&self.node, &self.pushes, self.is_tracking), if !self.is_over && has_room => match push {
                    Some(push) => self.tell(push),
                    None => self.cut_off(),
                },
                // One who reads nothing ends as well.
                () = self.pushes.is_lost(), if !self.is_over && !has_room => self.cut_off(),
                () = sleep(FAREWELL), if self.is_over => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// Whether there may be more to write.
    fn has_room(&self) -> bool {
        self.outbox.len() < self.limits.unread_max_bytes
    }

    /// Carries out what came, in its order, as far as that is possible now.
    fn carry_out(&mut self) {
        if self.ahead.is_empty() {
            return;
        }
        let mut ahead = std::mem::take(&mut self.ahead);
        let mut input = ahead.as_slice();
        while !self.is_over && self.waiting.is_none() && self.has_room() {
            match self.parser.next(&mut input) {
                Ok(Some(request)) => self.run(&request.words(), request.cost_bytes()),
                Ok(None) => break,
                Err(problem) => self.refuse(problem),
            }
        }
        let left = input.len();
        ahead.drain(..ahead.len() - left);
        self.ahead = ahead;
    }

    /// Carries out one command, and then tells what it caused.
    fn run(&mut self, words: &[&[u8]], cost_bytes: usize) {
        let answer = self.node.execute(Some(self.id), words);
        let now = self
            .node
            .with(|state| state.client(self.id).map(|client| (client.protocol, client.tracking.is_some())));
        (self.protocol, self.is_tracking) = now.unwrap_or((self.protocol, false));
        // Not what was refused, nor what was only queued.
        let is_done = matches!(answer, Answer::Reply(Ok(Value::Okay)));
        let is_written;
        (self.mode, is_written) = self.mode.after(words, is_done);
        match answer {
            Answer::Reply(reply) => {
                let nil = self.nil(words, cost_bytes, &reply);
                if is_written {
                    self.write(reply, &nil);
                }
            }
            // These are of the kind that is told unasked, so no mode keeps them back.
            Answer::Confirmed(all) => all.into_iter().for_each(|value| self.write(Ok(value), &Nil::Bulk)),
            waits @ Answer::Waits { .. } => {
                let node = Arc::clone(&self.node);
                let reply = Box::pin(async move { node.finish(waits).await });
                self.waiting = Some(Waiting { reply, nil: nil::of(words, false), is_written });
            }
            Answer::Gone => return self.cut_off(),
        }
        self.take_pushes();
        if now.is_none() {
            self.hang_up();
        }
    }

    /// The nil of the reply to these words, which EXEC knows by the commands that were queued.
    fn nil(
        &mut self,
        words: &[&[u8]],
        cost_bytes: usize,
        reply: &std::result::Result<Value, Refusal>,
    ) -> Nil {
        let name = words.first().copied().unwrap_or_default();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        match (&mut self.transaction, reply) {
            (Some(queued), Ok(Value::SimpleString(text))) if text == "QUEUED" => {
                queued.nils.push(nil::of(words, true));
                queued.bytes = queued.bytes.saturating_add(cost_bytes);
                if queued.bytes > self.limits.requests.request_max_bytes {
                    self.refuse(Malformed::LongRequest);
                }
            }
            (Some(queued), _) if is("EXEC") => {
                let nils = std::mem::take(&mut queued.nils);
                self.transaction = None;
                return Nil::Entries(nils);
            }
            (Some(_), Ok(_)) if is("DISCARD") || is("RESET") => self.transaction = None,
            (None, Ok(Value::Okay)) if is("MULTI") => self.transaction = Some(Queued::default()),
            (Some(_) | None, _) => {}
        }
        nil::of(words, false)
    }

    /// The command that waited has its reply, unless the node ended.
    fn answer(&mut self, reply: Result<Result<Value, Refusal>>) {
        let Some(waiting) = self.waiting.take() else { return };
        match reply {
            Ok(reply) if waiting.is_written => self.write(reply, &waiting.nil),
            Ok(_) => {}
            Err(_) => self.cut_off(),
        }
    }

    fn write(&mut self, reply: std::result::Result<Value, Refusal>, nil: &Nil) {
        match reply {
            Ok(value) => write(self.outbox.end(), &value, self.protocol, nil),
            Err(refusal) => write_error(self.outbox.end(), refusal.text().as_bytes()),
        }
    }

    /// The rest cannot be understood.
    fn refuse(&mut self, problem: Malformed) {
        write_error(self.outbox.end(), &problem.text());
        self.hang_up();
    }

    /// Ends the connection after what is written.
    fn hang_up(&mut self) {
        self.is_over = true;
        self.waiting = None;
        self.ahead = Vec::new();
    }

    /// Ends the connection at once: who was killed, or outlived the node, need not be there to read.
    pub(super) fn cut_off(&mut self) {
        self.outbox = Outbox::default();
        self.hang_up();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.waiting = None;
        self.node.disconnect(self.id);
    }
}

/// What is told next. Only for one who is tracking somebody must see that keys expire: else each connection would wake
/// up for every key.
async fn next_push(node: &Node, pushes: &Reader, is_tracking: bool) -> Option<Push> {
    if is_tracking { node.next_push(pushes).await } else { pushes.take().await }
}

/// The reply of the command that waits; never, if there is none.
async fn finished(waiting: &mut Option<Waiting>) -> Result<Result<Value, Refusal>> {
    match waiting {
        Some(waiting) => (&mut waiting.reply).await,
        None => std::future::pending().await,
    }
}

/// Says that there is no more, and waits until the other side has understood: were it still sending, the end would
/// destroy what it has not read yet.
async fn linger(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(LINGER_MAX_BYTES), &mut tokio::io::sink()).await.map(|_bytes| ())
}
