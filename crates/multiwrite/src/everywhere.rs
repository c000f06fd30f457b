//! Writes that go everywhere.

mod backend;
mod plain;
mod unit;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Batch, Result as CoreResult};
use redis::{Cmd, Value};

use crate::error::Result;
use crate::receipt::Receipt;
use crate::store::Shared;
use crate::wait::Wait;

/// Writes that go everywhere: a connection of redis-rs and a [`Backend`](redfleet_core::Backend), each of whose commands local
/// carries out first, and then each remote.
///
/// Local's reply, or its error, is what the caller gets. What local refuses goes nowhere. Blocking commands, sessions, and
/// whatever cannot be carried out late are refused before anything is sent. Cheap to clone.
///
/// # What goes nowhere
///
/// What a script writes to a key that it does not name, in a call's KEYS, is on local alone, and nobody can see that it is; so it
/// is with a module's command that is not known here and writes keys behind its first word. And a message (PUBLISH, SPUBLISH) has no
/// key: where the write of it is dropped, is refused, or may have arrived once already, no copy makes up for it, and it is lost
/// there.
///
/// # Example
///
/// ```
/// use redfleet_core::Embedded;
/// use redfleet_multiwrite::MultiWrite;
/// use redis::{AsyncCommands, Script};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (here, there) = (Embedded::new(), Embedded::new());
/// let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
/// let mut everywhere = store.everywhere();
/// let length: usize = everywhere.rpush("queue", &["a", "b"]).await?;
/// let first: String = everywhere.lpop("queue", None).await?;
/// assert_eq!((length, &first[..]), (2, "a"));
///
/// // A script's effect is shipped, not the script: what it drew or what time it saw is the same everywhere.
/// let now = Script::new("redis.call('SET', KEYS[1], redis.call('TIME')[1])");
/// let () = now.key("seen").invoke_async(&mut everywhere).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Everywhere {
    shared: Arc<Shared>,
    how: How,
}

/// How a write is done.
#[derive(Clone, Copy, Debug)]
struct How {
    wait: Wait,
    deadline: Duration,
    /// Scripts are shipped as their text.
    is_deterministic: bool,
    is_receipt_wanted: bool,
}

/// What local replied to a write, and what became of it elsewhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Written {
    /// What local replied.
    pub reply: Value,
    /// What is known of it at each remote.
    pub receipt: Receipt,
}

impl Everywhere {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        let how = How {
            wait: Wait::None,
            deadline: Duration::ZERO,
            is_deterministic: false,
            is_receipt_wanted: false,
        };
        Self { shared, how }
    }

    /// The same, but each write also waits for remotes, at most until `deadline` after local has answered. If too few have it
    /// by then, the write is an [`Error::Short`](crate::Error::Short), and still on its way to the others.
    ///
    /// What local replied is in that error, which [`send`](Self::send) and [`send_batch`](Self::send_batch) tell whole. As a
    /// connection of redis-rs only its text is told: where a reply counts that cannot be had again, as that of LPOP does, use those
    /// two.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::{MultiWrite, Wait};
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, eu, us) = (Embedded::new(), Embedded::new(), Embedded::new());
    /// let store = MultiWrite::builder(here.shared()).remote("eu", eu.shared()).remote("us", us.shared()).build()?;
    /// store.pause("us")?;
    /// let mut careful = store.everywhere().waiting(Wait::Quorum, Duration::from_secs(1));
    /// let () = careful.set("a", 1).await?; // local and `eu` are two of three
    ///
    /// let mut all = store.everywhere().waiting(Wait::All, Duration::from_millis(10));
    /// let error = all.set::<_, _, ()>("a", 2).await.unwrap_err();
    /// assert!(error.to_string().contains("us: queued"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn waiting(mut self, wait: Wait, deadline: Duration) -> Self {
        (self.how.wait, self.how.deadline) = (wait, deadline);
        self
    }

    /// The same, but the caller vouches that the scripts that it sends (EVAL) depend on nothing but their keys and arguments: not
    /// on the time, on chance, or on other keys. They are shipped as their text, and not as the whole keys that they leave; but where
    /// one of their keys has an end of its life on a remote, or is not there yet, their keys are copied behind them all the same.
    ///
    /// They must name each key that they write, as all scripts must: one that a script writes and does not name is not watched
    /// and not copied.
    #[must_use]
    pub const fn deterministic(mut self) -> Self {
        self.how.is_deterministic = true;
        self
    }

    /// Writes one command, and tells also what becomes of it elsewhere.
    ///
    /// # Guarantee
    ///
    /// Once local has carried it out, each remote gets what it did, in the order in which local did it; or its keys are
    /// copied there whole.
    ///
    /// # Cost
    ///
    /// One round trip to local; and what is [waited](Self::waiting) for.
    ///
    /// # Errors
    ///
    /// [`Error::Local`](crate::Error::Local) is what local said. Each other one but [`Error::Short`](crate::Error::Short) says that
    /// nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before local is asked leaves nothing behind. Later the write is carried on to its end in the
    /// background.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::{MultiWrite, Outcome};
    /// use redis::{Value, cmd};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// # let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// let written = store.everywhere().send(cmd("INCR").arg("visits")).await?;
    /// assert_eq!(written.reply, Value::Int(1));
    /// let (remote, outcome) = &written.receipt.outcomes()[0];
    /// assert_eq!(&**remote, "eu");
    /// assert!(matches!(outcome, Outcome::Queued | Outcome::Acked));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, command: &Cmd) -> Result<Written> {
        let how = How { is_receipt_wanted: true, ..self.how };
        let done = write::command(&self.shared, how, command).await?;
        Ok(Written { reply: done.reply.map_err(crate::Error::Local)?, receipt: or_none(done.receipt) })
    }

    /// Writes a batch, with one entry a command. What is atomic in it is atomic on each server, and has one receipt; every other
    /// command has one of its own. Script calls take their whole text along.
    ///
    /// # Cost
    ///
    /// One round trip to local.
    ///
    /// # Errors
    ///
    /// Each says that nothing was sent, but for [`Error::Short`](crate::Error::Short). What local said is told entry by entry.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_batch(&self, batch: &Batch) -> Result<Vec<CoreResult<Written>>> {
        let how = How { is_receipt_wanted: true, ..self.how };
        let done = write::batch(&self.shared, how, &batch.in_full()).await?;
        let written =
            |done: write::Done| done.reply.map(|reply| Written { reply, receipt: or_none(done.receipt) });
        Ok(done.into_iter().map(written).collect())
    }
}

/// Where a receipt was asked for there is one.
fn or_none(receipt: Option<Receipt>) -> Receipt {
    receipt.unwrap_or_else(|| Receipt::new(Arc::from([])).0)
}

impl fmt::Debug for Everywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Everywhere")
            .field("local", &self.shared.local.backend)
            .field("how", &self.how)
            .finish()
    }
}
