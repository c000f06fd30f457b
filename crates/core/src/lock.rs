//! Locks without poison, for all crates here and nobody else.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also after a panic in another holder.
///
/// Nothing in these crates panics while it holds a lock half-way through a change, so what is inside is whole; and one
/// caller's panic must not become everybody's.
#[doc(hidden)]
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
