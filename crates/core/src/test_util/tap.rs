//! A link to a backend that can be disturbed, and that notes what is sent over it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;

use super::around::{Between, around};
use super::scripted::words;
use crate::backend::{Backend, Batch, Incarnation, Message, Messages, Topic};
use crate::error::{Effect, Error, LinkError, Result};
use crate::lock::lock;

/// How the link through a [`Tap`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// Everything passes.
    Up,
    /// Commands arrive after this time.
    Late(Duration),
    /// Commands are carried out, and their replies come after this time.
    LateReplies(Duration),
    /// Commands wait until it is another.
    Hung,
    /// Commands are carried out, and no reply comes until it is another: then the connection breaks.
    Silent,
    /// Nothing is sent.
    Refused,
    /// Commands are carried out, and then the connection breaks.
    LosesReplies,
}

/// A link to a backend: it is as a test says, and tells what was sent. Clones are the same link.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::{Link, Scripted, Tap};
/// use redfleet_core::{Backend, Effect};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tap = Tap::new(Scripted::new().on("INCR", ":1\r\n").shared());
/// let node = tap.shared();
/// tap.set(Link::LosesReplies);
/// let error = node.call(cmd("INCR").arg("k")).await.unwrap_err();
/// assert_eq!(error.effect(), Effect::Unknown);
/// assert_eq!(tap.take_sent(), ["INCR k"]);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tap {
    behind: Arc<dyn Backend>,
    line: Arc<Line>,
}

/// What the clones of a tap share.
#[derive(Debug)]
struct Line {
    link: watch::Sender<Link>,
    is_noticed: bool,
    sent: Mutex<Vec<String>>,
    round_trips: AtomicU64,
    reconnections: AtomicU64,
    gaps: broadcast::Sender<()>,
}

impl Tap {
    /// A link to this backend, which is up.
    #[must_use]
    pub fn new(behind: Arc<dyn Backend>) -> Self {
        Self::of(behind, true)
    }

    /// The same, whose failures no breaker counts: for tests of what is asked, whatever is thought of the node.
    #[must_use]
    pub fn unnoticed(behind: Arc<dyn Backend>) -> Self {
        Self::of(behind, false)
    }

    fn of(behind: Arc<dyn Backend>, is_noticed: bool) -> Self {
        let line = Line {
            link: watch::Sender::new(Link::Up),
            is_noticed,
            sent: Mutex::default(),
            round_trips: AtomicU64::new(0),
            reconnections: AtomicU64::new(0),
            gaps: broadcast::Sender::new(8),
        };
        Self { behind, line: Arc::new(line) }
    }

    /// The backend at the end of the link, as a layer or a fleet takes it.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Backend> {
        around(Arc::clone(&self.behind), &self.line)
    }

    /// How the link is from now on, also for what already hangs in it.
    pub fn set(&self, link: Link) {
        self.line.link.send_replace(link);
    }

    /// The connection is another one from now on; the server is the same.
    pub fn reconnect(&self) {
        self.line.reconnections.fetch_add(1, Ordering::SeqCst);
    }

    /// All that listen may have missed something.
    pub fn gap(&self) {
        self.line.gaps.send(()).ok();
    }

    /// Every command that was sent since this was asked last, its words joined by spaces.
    #[must_use]
    pub fn take_sent(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.line.sent))
    }

    /// How many times something was sent, a batch being one.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.line.round_trips.load(Ordering::SeqCst)
    }
}

impl Line {
    fn note<'a>(&self, commands: impl Iterator<Item = &'a Cmd>) {
        self.round_trips.fetch_add(1, Ordering::SeqCst);
        lock(&self.sent).extend(commands.map(words));
    }

    /// What comes back over the link of what is asked behind it.
    async fn pass<T>(&self, asked: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let mut link = self.link.subscribe();
        let was_hung = *link.borrow() == Link::Hung;
        let until_not = |old: Link| move |link: &Link| *link != old;
        // It is never gone: whoever waits for it holds it.
        let now = link.wait_for(until_not(Link::Hung)).await.map_or(Link::Refused, |link| *link);
        match now {
            Link::Up => {
                tokio::task::yield_now().await;
                asked.await
            }
            Link::Late(by) => {
                sleep(by).await;
                asked.await
            }
            Link::LateReplies(by) => {
                let answer = asked.await;
                sleep(by).await;
                answer
            }
            Link::Silent => {
                drop(asked.await);
                drop(link.wait_for(until_not(Link::Silent)).await);
                Err(self.broke())
            }
            Link::LosesReplies => {
                drop(asked.await);
                Err(self.broke())
            }
            Link::Hung | Link::Refused if was_hung => Err(self.broke()),
            Link::Hung | Link::Refused => Err(self.refused()),
        }
    }

    fn broke(&self) -> Error {
        if self.is_noticed {
            Error::link(LinkError::closed("the node"), Effect::Unknown)
        } else {
            Error::declined("the connection broke", Effect::Unknown)
        }
    }

    fn refused(&self) -> Error {
        if self.is_noticed {
            let reason = Arc::new(std::io::ErrorKind::ConnectionRefused.into());
            Error::link(LinkError::Connect { to: "the node".into(), reason }, Effect::None)
        } else {
            Error::declined("nobody is there", Effect::None)
        }
    }

    fn seen(&self, real: &Incarnation) -> Incarnation {
        let reconnections = self.reconnections.load(Ordering::SeqCst);
        Incarnation::new(real.run_id().map(Into::into), real.link() + reconnections)
    }
}

#[async_trait]
impl Between for Line {
    async fn call(&self, behind: &dyn Backend, command: &Cmd) -> Result<Value> {
        self.note(std::iter::once(command));
        self.pass(behind.call(command)).await
    }

    async fn call_batch(&self, behind: &dyn Backend, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.note(batch.commands());
        match self.pass(behind.call_batch(batch)).await {
            Err(error) if error.effect() == Effect::Unknown => Ok(vec![Err(error); batch.len()]),
            answer => answer,
        }
    }

    async fn session(&self, behind: &dyn Backend, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.pass(behind.session(key)).await
    }

    async fn subscribe(&self, behind: &dyn Backend, topics: &[Topic]) -> Result<Messages> {
        let gaps = futures::stream::unfold(self.gaps.subscribe(), |mut gaps| async move {
            gaps.recv().await.ok().map(|()| (Message::Gap, gaps))
        });
        let heard = self.pass(behind.subscribe(topics)).await?;
        Ok(Messages::new(futures::stream::select(heard, gaps)))
    }

    async fn identify(&self, behind: &dyn Backend) -> Result<Incarnation> {
        Ok(self.seen(&self.pass(behind.identify()).await?))
    }

    fn incarnation(&self, behind: &dyn Backend) -> Option<Incarnation> {
        behind.incarnation().map(|real| self.seen(&real))
    }

    async fn fence(&self, behind: &dyn Backend) -> Result<()> {
        self.pass(behind.fence()).await
    }
}

#[cfg(test)]
mod tests {
    use redis::cmd;
    use tokio::time::Instant;

    use super::*;
    use crate::test_util::Scripted;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn server() -> (Scripted, Tap) {
        let server = Scripted::new().on("INCR", ":1\r\n");
        let tap = Tap::new(server.shared());
        (server, tap)
    }

    async fn increment(node: Arc<dyn Backend>) -> Result<(), Effect> {
        node.call(cmd("INCR").arg("k")).await.map(drop).map_err(|error| error.effect())
    }

    #[tokio::test(start_paused = true)]
    async fn what_arrives_and_what_comes_back_is_as_the_link_says() {
        let cases = [
            (Link::Up, Ok(()), 1, ms(0)),
            (Link::Late(ms(5)), Ok(()), 1, ms(5)),
            (Link::LateReplies(ms(5)), Ok(()), 1, ms(5)),
            (Link::Refused, Err(Effect::None), 0, ms(0)),
            (Link::LosesReplies, Err(Effect::Unknown), 1, ms(0)),
        ];
        for (link, told, arrived, after) in cases {
            let ((server, tap), start) = (server(), Instant::now());
            tap.set(link);
            assert_eq!(increment(tap.shared()).await, told, "{link:?}");
            assert_eq!((server.sent().len(), start.elapsed()), (arrived, after), "{link:?}");
            assert_eq!((tap.take_sent(), tap.take_sent()), (vec!["INCR k".to_owned()], vec![]), "{link:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_in_the_link_goes_on_when_that_is_another() {
        let cases = [
            (Link::Hung, Link::Up, Ok(()), 1),
            (Link::Hung, Link::LosesReplies, Err(Effect::Unknown), 1),
            (Link::Hung, Link::Refused, Err(Effect::Unknown), 0),
            (Link::Silent, Link::Up, Err(Effect::Unknown), 1),
        ];
        for (link, next, told, arrived) in cases {
            let (server, tap) = server();
            tap.set(link);
            let waiting = tokio::spawn(increment(tap.shared()));
            sleep(ms(100_000)).await;
            assert!(!waiting.is_finished(), "{link:?}");
            assert_eq!(server.sent().len(), usize::from(link == Link::Silent), "{link:?}");
            tap.set(next);
            assert_eq!(waiting.await.unwrap(), told, "{link:?} {next:?}");
            assert_eq!(server.sent().len(), arrived, "{link:?} {next:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_one_round_trip_and_a_lost_one_is_told_by_its_commands() {
        let (_, tap) = server();
        let node = tap.shared();
        assert!(node.call_batch(&Batch::new()).await.unwrap().is_empty());
        assert_eq!(tap.round_trips(), 0);
        let mut batch = Batch::new();
        batch.push(cmd("INCR").arg("k").clone());
        batch.push(cmd("INCR").arg("l").clone());
        tap.set(Link::LosesReplies);
        let told = node.call_batch(&batch).await.unwrap();
        assert_eq!(told.iter().filter(|told| told.is_err()).count(), 2);
        assert_eq!((tap.round_trips(), tap.take_sent()), (1, vec!["INCR k".to_owned(), "INCR l".to_owned()]));
    }

    #[tokio::test(start_paused = true)]
    async fn who_listens_hears_of_a_gap_and_another_connection_is_seen() {
        let (_, tap) = server();
        let node = tap.shared();
        let mut heard = node.subscribe(&[Topic::channel("news")]).await.unwrap();
        tap.gap();
        assert_eq!(heard.next().await, Some(Message::Gap));
        let link = node.incarnation().unwrap().link();
        tap.reconnect();
        assert_eq!(node.incarnation().unwrap().link(), link + 1);
        assert_eq!(node.identify().await.unwrap().link(), link + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_breaker_is_to_count_is_declined() {
        for link in [Link::Refused, Link::LosesReplies] {
            let (server, noticed) = server();
            let unnoticed = Tap::unnoticed(server.shared());
            for (tap, is_declined) in [(noticed, false), (unnoticed, true)] {
                tap.set(link);
                let error = tap.shared().call(cmd("INCR").arg("k")).await.unwrap_err();
                assert_eq!(matches!(error, Error::Declined { .. }), is_declined, "{link:?} {error}");
            }
        }
    }
}
