//! Who holds, where that is not each lease for itself: what a lock is re-entered by.

use std::fmt;
use std::sync::Arc;

/// Somebody in this process who may take a lock that he holds already: he gets another lease on the same hold, at once, and the lock
/// is given back with the last of them. Clones are the same owner.
///
/// Tasks have no identity that a library could rely on, so it is said in so many words: pass an owner down the calls that
/// belong together. Without one, a second request for a lock that this process holds waits as every other does.
///
/// # Example
///
/// ```
/// use redfleet_core::{Embedded, Fleet};
/// use redfleet_lock::{Locks, Owner};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
/// let locks = Locks::builder(fleet).new_fleet().build()?;
/// let me = Owner::new();
/// let outer = locks.lock("stock").owner(&me).acquire().await?;
/// let inner = locks.lock("stock").owner(&me).acquire().await?; // no command is sent
/// assert_eq!(inner.fence(), outer.fence());
/// inner.release().await?; // still held
/// outer.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Owner(Arc<Mark>);

/// Has a size, so that no two owners have one address.
struct Mark(#[expect(dead_code, reason = "its address alone matters")] u8);

impl Owner {
    /// An owner that is no other.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mark(0)))
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Owner {}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owner").field(&Arc::as_ptr(&self.0)).finish()
    }
}
