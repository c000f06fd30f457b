//! The state of the flush that this thread is resolving: in its own hands, so that no reply costs a lock.
//!
//! A lock costs up to 20 ns, which is most of what a deferred may cost, and whoever resolves a structure takes one reply
//! after the other. So the lock is taken once, and the state is moved to where this thread finds it without. It may be
//! asked for from within: the closure of a [`map`](crate::Deferred::map) may read another deferred of the same flush.

use std::cell::{Cell, RefCell};
use std::sync::MutexGuard;

use super::{Flush, State};

/// What this thread was lent.
struct Lent {
    /// Of which flush, which is null if of none. It is only compared: whoever lends the state holds the flush.
    of: Cell<*const Flush>,
    state: RefCell<State>,
}

thread_local! {
    static LENT: Lent = const { Lent { of: Cell::new(std::ptr::null()), state: RefCell::new(State::new()) } };
}

/// Whether this thread was lent the state of this flush.
pub(super) fn is_of(flush: &Flush) -> bool {
    // A thread that is ending has nothing.
    LENT.try_with(|lent| std::ptr::eq(lent.of.get(), flush)).unwrap_or(false)
}

/// Works on what this thread was lent.
pub(super) fn with<R>(work: impl FnOnce(&mut State) -> R) -> R {
    LENT.with(|lent| work(&mut lent.state.borrow_mut()))
}

/// Runs `resolve` with the flush's state in this thread's hands.
///
/// Not where the thread was lent another one already, in a closure that runs a pipe of its own: that one it may still read.
pub(super) fn to_this_thread<R>(flush: &Flush, resolve: impl FnOnce() -> R) -> R {
    if LENT.try_with(|lent| !lent.of.get().is_null()).unwrap_or(true) {
        return resolve();
    }
    let mut guard = flush.lock();
    let state = std::mem::take(&mut *guard);
    LENT.with(|lent| {
        lent.of.set(flush);
        lent.state.replace(state);
    });
    let _loan = Loan { guard };
    resolve()
}

/// Gives the state back, also if resolving panics.
struct Loan<'a> {
    guard: MutexGuard<'a, State>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        *self.guard = LENT.with(|lent| {
            lent.of.set(std::ptr::null());
            lent.state.take()
        });
    }
}
