//! How this process is woken: one subscription a server for all locks, and to whom goes what is heard.

mod late;
mod notice;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use redfleet_core::{Message, Messages, Node, Topic};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::line::lines::Addressee;
use crate::locks::Inner;
use notice::{Notice, Verb};
use redfleet_core::lock;

/// The pause before a subscription is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long one try may take.
const TRY: Duration = Duration::from_secs(1);

/// The subscriptions of a process. They are made at the first wait, and end with the process' locks.
#[derive(Debug)]
pub(crate) struct Wakes {
    is_begun: AtomicBool,
    /// Whether places in line are taken now: each server was tried, or is too slow to be waited for.
    is_settled: AtomicBool,
    /// How many servers were tried once.
    tried: watch::Sender<usize>,
    tasks: Mutex<JoinSet<()>>,
}

impl Default for Wakes {
    fn default() -> Self {
        let (is_begun, is_settled) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { is_begun, is_settled, tried: watch::Sender::new(0), tasks: Mutex::default() }
    }
}

impl Wakes {
    /// Whether a place in line can be taken: a wake that nobody hears costs the place.
    pub(crate) fn is_standing(&self) -> bool {
        self.is_settled.load(Ordering::Acquire)
    }

    /// Subscribes on all servers, if that was not done before. A server that cannot now is tried again, and not waited for.
    ///
    /// # Cost
    ///
    /// One round trip, the first time.
    pub(crate) async fn stand(&self, inner: &Arc<Inner>) {
        if self.is_standing() {
            return;
        }
        if !self.is_begun.swap(true, Ordering::AcqRel) {
            let channel = format!("{}{}", inner.servers.channels(), inner.ids.client());
            // Who waits first may do so on a runtime that ends long before the others have waited.
            let (runtime, mut tasks) = (inner.servers.background().runtime(), lock(&self.tasks));
            for (node, runtime) in inner.servers.fleet().nodes().iter().zip(runtime.iter().cycle()) {
                let topic = Topic::channel(channel.clone());
                let listening = listen(Arc::downgrade(inner), node.clone(), topic, self.tried.clone());
                drop(tasks.spawn_on(listening, runtime));
            }
        }
        let servers = inner.servers.fleet().len();
        let mut tried = self.tried.subscribe();
        let all = tried.wait_for(|tried| *tried >= servers);
        timeout(inner.servers.round_trip().deadline(), all).await.map(drop).ok();
        self.is_settled.store(true, Ordering::Release);
    }
}

/// Listens to one server for ever.
async fn listen(inner: Weak<Inner>, node: Node, topic: Topic, tried: watch::Sender<usize>) {
    let mut pause = RETRY.0;
    let mut is_first = true;
    loop {
        let subscribed = timeout(TRY, node.subscribe(std::slice::from_ref(&topic))).await;
        let messages = subscribed.ok().and_then(Result::ok);
        if messages.is_some() {
            // Until now nothing was heard from here, and somebody may have gone to sleep meanwhile.
            on_gap(&inner);
        }
        if std::mem::take(&mut is_first) {
            tried.send_modify(|tried| *tried += 1);
        }
        if let Some(messages) = messages {
            pause = RETRY.0;
            hear(&inner, &node, messages).await;
        }
        if inner.strong_count() == 0 {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(RETRY.1);
    }
}

async fn hear(inner: &Weak<Inner>, node: &Node, mut messages: Messages) {
    while let Some(message) = messages.next().await {
        let Message::Published { payload, .. } = message else {
            on_gap(inner);
            continue;
        };
        let Some(inner) = inner.upgrade() else { return };
        if let Some(notice) = Notice::parse(&payload) {
            on_notice(&inner, node, &notice);
        }
    }
}

/// Wakes may have been missed: all that wait look for themselves.
fn on_gap(inner: &Weak<Inner>) {
    let Some(inner) = inner.upgrade() else { return };
    for seat in inner.lines.askers() {
        seat.tell(|news| news.has_gap = true);
    }
}

fn on_notice(inner: &Arc<Inner>, node: &Node, notice: &Notice) {
    let server = node.index();
    match (inner.lines.addressee(notice.key()), notice.verb()) {
        (Addressee::Waiter(seat), Verb::Wake) => seat.tell(|news| {
            news.woken_by.extend([server]);
            news.slot = notice.slot().or(news.slot);
        }),
        (Addressee::Waiter(seat), Verb::Next) => seat.tell(|news| news.is_next = true),
        (Addressee::Holder(hold), Verb::Wake) => {
            inner.in_background(late::keep(Arc::clone(inner), node.clone(), hold));
        }
        (Addressee::Nobody, Verb::Wake) => {
            if let Some(site) = notice.site(&inner.servers.settings().space, inner.servers.channels()) {
                let waiter = notice.waiter().into();
                inner.in_background(late::pass_on(Arc::clone(&inner.servers), node.clone(), site, waiter));
            }
        }
        (Addressee::Holder(_) | Addressee::Nobody, Verb::Next) => {}
    }
}
