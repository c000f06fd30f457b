//! A resource in Redis that lets no holder write after a later one.

use std::sync::Arc;

use redfleet_core::{Backend, Error as CoreError, ScriptCall, keys_of};
use redis::{Arg, Cmd, FromRedisValue};

use super::{Fence, Stale};
use crate::scripts;

/// Writes to a Redis that refuses whoever does not hold the lock any more: each command goes with the token, and is carried out only
/// if no later holder was there before.
///
/// The server that is written to need not be one that the lock is on, and mostly is not. It keeps the greatest token under a key that
/// is named here: one for all that one lock protects, and in a cluster in the same slot as that (`{invoice:7}:fence`).
///
/// # Guarantee
///
/// Once a command has been carried out with a token, none is with a smaller one, as long as the server keeps that key: check and
/// command are one script. A server that comes back without it has forgotten, and takes an older holder's write until a later one
/// writes. The key has no end of life, and must be given none; nobody else may write without a token.
///
/// # Example
///
/// ```
/// use redfleet_core::{Embedded, Fleet};
/// use redfleet_lock::{FencedError, FencedWrite, Locks};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
/// let locks = Locks::builder(fleet).new_fleet().build()?;
/// let store = Embedded::new().shared(); // where the invoices are
///
/// let lease = locks.lock("invoice:7").try_acquire().await?;
/// let early = FencedWrite::new("{invoice:7}:fence", lease.fence());
/// lease.release().await?; // or its time was over, while this process did not run
/// let lease = locks.lock("invoice:7").try_acquire().await?;
/// let late = FencedWrite::new("{invoice:7}:fence", lease.fence());
///
/// let set = |state: &str| cmd("SET").arg("{invoice:7}").arg(state).to_owned();
/// let () = late.run(&*store, &set("paid")).await?;
/// let refused = early.run::<()>(&*store, &set("open")).await;
/// assert!(matches!(refused, Err(FencedError::Stale(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FencedWrite {
    token_key: Arc<str>,
    fence: Fence,
}

/// Why a fenced command was not carried out, or perhaps not.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FencedError {
    /// A later holder was there before: nothing was written.
    #[error(transparent)]
    Stale(Stale),

    /// The server said no, or nothing. Its effect says whether it may be there all the same: with the same token the command may be
    /// sent again, if it may be carried out twice.
    #[error(transparent)]
    Node(CoreError),
}

/// The code of the script's error.
const STALE: &str = "STALEFENCE";

impl FencedWrite {
    /// Writes with this token, of which the server keeps the greatest under `token_key`.
    pub fn new(token_key: impl Into<Arc<str>>, fence: Fence) -> Self {
        Self { token_key: token_key.into(), fence }
    }

    /// Carries out one command, unless a later holder was here before. Commands that wait for something, as BLPOP, do not wait in it.
    ///
    /// # Cost
    ///
    /// One round trip.
    ///
    /// # Errors
    ///
    /// [`FencedError::Stale`] if a later holder was here; nothing was done. [`FencedError::Node`] with what the server said otherwise.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the command's effect unknown.
    pub async fn run<T: FromRedisValue>(
        &self,
        node: &(impl Backend + ?Sized),
        command: &Cmd,
    ) -> Result<T, FencedError> {
        self.call(command).run(node).await.map_err(|error| self.refused(error))
    }

    fn call(&self, command: &Cmd) -> ScriptCall {
        let words = command.args_iter().map(|word| if let Arg::Simple(word) = word { word } else { b"0" });
        let call = scripts::FENCED.key(&*self.token_key).arg(self.fence.get());
        let call = keys_of(command).fold(call, ScriptCall::key);
        words.fold(call, ScriptCall::arg)
    }

    fn refused(&self, error: CoreError) -> FencedError {
        let CoreError::Refused { error: said, .. } = &error else { return FencedError::Node(error) };
        let greatest = said.details().and_then(|number| number.trim().parse().ok());
        match greatest {
            Some(greatest) if said.code() == STALE => FencedError::Stale(Stale {
                resource: Arc::clone(&self.token_key),
                fence: self.fence,
                greatest: Fence::new(greatest),
            }),
            _ => FencedError::Node(error),
        }
    }
}
