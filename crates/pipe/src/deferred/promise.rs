//! A deferred whose value comes from the program's own code, in a callback say.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{Deferred, Make};
use crate::error::{Error, Result};

/// The other end of a deferred that the program itself fulfils, mostly in
/// [`Pipe::on_execute`](crate::Pipe::on_execute).
///
/// Dropped before that, as it is when its callback is rolled back, its deferred says [`Error::Unfulfilled`].
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Deferred, Pipe, Pipes, Promise};
///
/// fn increment_all(pipe: &mut Pipe, keys: &[&str]) -> Deferred<i64> {
///     let (promise, sum) = Promise::new();
///     let counts: Vec<_> = keys.iter().map(|key| pipe.incr(*key, 1)).collect();
///     pipe.on_execute(move || promise.set(counts.iter().map(|count| count.get()).sum()));
///     sum
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://promise")?;
/// assert_eq!(pipes.run(|pipe| increment_all(pipe, &["a", "b", "a"])).await?, 1 + 1 + 2);
/// # Ok(())
/// # }
/// ```
pub struct Promise<T> {
    value: Arc<OnceLock<Result<T>>>,
}

impl<T: Clone + Send + Sync + 'static> Promise<T> {
    /// A promise, and the deferred that it fulfils.
    #[must_use]
    pub fn new() -> (Self, Deferred<T>) {
        let value = Arc::new(OnceLock::new());
        (Self { value: Arc::clone(&value) }, Deferred::made(Promised(value)))
    }

    /// Fulfils the promise with a value, or with an error.
    pub fn set(self, value: Result<T>) {
        // It is taken by value, so nothing was set before; dropping it then changes nothing.
        self.value.set(value).ok();
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        // What was fulfilled stays so.
        self.value.set(Err(Error::Unfulfilled)).ok();
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").finish_non_exhaustive()
    }
}

struct Promised<T>(Arc<OnceLock<Result<T>>>);

impl<T: Clone + Send + Sync> Make<T> for Promised<T> {
    fn get(&self) -> Result<T> {
        self.0.get().cloned().unwrap_or(Err(Error::NotExecuted))
    }

    fn take(&mut self) -> Result<T> {
        self.get()
    }

    fn excuse(&self) {}
}
