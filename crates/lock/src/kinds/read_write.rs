//! Read-write locks: many read, or one writes.

use std::sync::Arc;

use super::Kind;
use crate::locks::Locks;
use crate::request::LockRequest;

impl Locks {
    /// The read-write lock of this name, to read: with others who read, and while nobody writes.
    ///
    /// It is another lock than [`lock`](Self::lock) of the same name: the two do not exclude each other.
    ///
    /// # Guarantee
    ///
    /// While a lease to read is valid no lease to write is, and the other way round. A reader's [fence](crate::Lease::fence) is
    /// greater than those of all writers before it, and less than those of all writers after it; two readers may have the same.
    /// So a resource that refuses what is less than the greatest fence that *wrote* there refuses every late writer, and every
    /// reader who read before that.
    ///
    /// Writers do not starve: where others read, and a writer waits, whoever comes later to read waits behind it. When it was there
    /// before and the last reader leaves, the writer is woken; when a reader is woken, so are the readers right behind it.
    /// [`fast`](LockRequest::fast) readers do not heed those who wait, so they can starve writers.
    ///
    /// # Cost
    ///
    /// As [`lock`](Self::lock); on the servers, time that grows with the logarithm of the number of readers, and with the number of
    /// those who wait before.
    ///
    /// # What it does not do
    ///
    /// A lease to read does not become one to write: release it, and acquire another. Two readers that both waited for the other to
    /// let them write would wait for ever.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Embedded, Fleet};
    /// use redfleet_lock::{Error, Locks};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::builder().node("a", Embedded::new().shared()).build()?;
    /// let locks = Locks::builder(fleet).new_fleet().build()?;
    /// let one = locks.read("prices").try_acquire().await?;
    /// let other = locks.read("prices").try_acquire().await?;
    /// assert!(matches!(locks.write("prices").try_acquire().await, Err(Error::Held { .. })));
    /// one.release().await?;
    /// other.release().await?;
    /// let writer = locks.write("prices").try_acquire().await?;
    /// assert!(writer.fence() > one.fence());
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(&self, name: impl Into<Arc<str>>) -> LockRequest {
        self.request(name.into(), Kind::Read, self.options())
    }

    /// The read-write lock of this name, to write: while nobody else writes or reads. See [`read`](Self::read).
    pub fn write(&self, name: impl Into<Arc<str>>) -> LockRequest {
        self.request(name.into(), Kind::Write, self.options())
    }
}
