//! Deferreds made of deferreds: nothing is computed before somebody asks.

use std::marker::PhantomData;

use super::{Deferred, Make};
use crate::error::{Error, Result};

impl<T: 'static> Deferred<T> {
    /// What `then` makes of the value. It must not wait for another thread that reads a deferred of the same execution: see
    /// [above](Deferred#what-it-does-not-do).
    pub fn map<U: 'static>(self, then: impl Fn(T) -> U + Send + Sync + 'static) -> Deferred<U> {
        self.and_then(move |value| Ok(then(value)))
    }

    /// What `then` makes of the value, which may be an error. It must not wait for other threads: as [`map`](Self::map).
    pub fn and_then<U: 'static>(self, then: impl Fn(T) -> Result<U> + Send + Sync + 'static) -> Deferred<U> {
        Deferred::made(AndThen { from: self, then, to: PhantomData })
    }

    /// What `then` makes of the answer, be it a value or an error. An error does not count as seen by that.
    pub(crate) fn recast<U: 'static>(
        self,
        then: impl Fn(Result<T>) -> Result<U> + Send + Sync + 'static,
    ) -> Deferred<U> {
        Deferred::made(Recast { from: self, then, to: PhantomData })
    }

    /// Both values; the first one's error, if both have one.
    #[must_use]
    pub fn zip<U: 'static>(self, other: Deferred<U>) -> Deferred<(T, U)> {
        Deferred::made(Zip(self, other))
    }

    /// The value or the error, as a value: this deferred never fails once its pipe was executed, and its error counts
    /// as seen. See [`Pipes::run`](crate::Pipes::run).
    #[must_use]
    pub fn result(self) -> Deferred<Result<T>> {
        self.excuse();
        Deferred::made(Outcome(self))
    }

    /// All values, in order; the first error, if there is one.
    pub fn all(deferreds: impl IntoIterator<Item = Self>) -> Deferred<Vec<T>> {
        Deferred::made(All(deferreds.into_iter().collect()))
    }

    /// A value that is there already.
    pub fn ready(value: T) -> Self
    where
        T: Clone + Send + Sync,
    {
        Self::made(Ready(value))
    }
}

impl<T> Deferred<T> {
    /// A deferred that has failed already.
    #[must_use]
    pub fn failed(error: Error) -> Self {
        Self::made(Failed(error))
    }

    /// What there is where nothing was to be done.
    pub(crate) fn nothing() -> Self
    where
        T: Default,
    {
        Self::made(Nothing)
    }
}

struct AndThen<T, U, F> {
    from: Deferred<T>,
    then: F,
    to: PhantomData<fn() -> U>,
}

impl<T, U, F: Fn(T) -> Result<U> + Send + Sync> Make<U> for AndThen<T, U, F> {
    fn get(&self) -> Result<U> {
        self.from.get().and_then(&self.then)
    }

    fn take(&mut self) -> Result<U> {
        self.from.remove().and_then(&self.then)
    }

    fn excuse(&self) {
        self.from.excuse();
    }
}

struct Recast<T, U, F> {
    from: Deferred<T>,
    then: F,
    to: PhantomData<fn() -> U>,
}

impl<T, U, F: Fn(Result<T>) -> Result<U> + Send + Sync> Make<U> for Recast<T, U, F> {
    fn get(&self) -> Result<U> {
        (self.then)(self.from.get())
    }

    fn take(&mut self) -> Result<U> {
        (self.then)(self.from.remove())
    }

    fn excuse(&self) {
        self.from.excuse();
    }
}

struct Zip<T, U>(Deferred<T>, Deferred<U>);

impl<T, U> Make<(T, U)> for Zip<T, U> {
    fn get(&self) -> Result<(T, U)> {
        Ok((self.0.get()?, self.1.get()?))
    }

    fn take(&mut self) -> Result<(T, U)> {
        Ok((self.0.remove()?, self.1.remove()?))
    }

    fn excuse(&self) {
        self.0.excuse();
        self.1.excuse();
    }
}

struct Outcome<T>(Deferred<T>);

impl<T> Outcome<T> {
    /// What the command answered is a value; that it was not even executed is not.
    fn seen(result: Result<T>) -> Result<Result<T>> {
        match result {
            Err(Error::NotExecuted) => Err(Error::NotExecuted),
            result => Ok(result),
        }
    }
}

impl<T> Make<Result<T>> for Outcome<T> {
    fn get(&self) -> Result<Result<T>> {
        Self::seen(self.0.get())
    }

    fn take(&mut self) -> Result<Result<T>> {
        Self::seen(self.0.remove())
    }

    fn excuse(&self) {}
}

struct All<T>(Vec<Deferred<T>>);

impl<T> Make<Vec<T>> for All<T> {
    fn get(&self) -> Result<Vec<T>> {
        self.0.iter().map(Deferred::get).collect()
    }

    fn take(&mut self) -> Result<Vec<T>> {
        self.0.iter_mut().map(Deferred::remove).collect()
    }

    fn excuse(&self) {
        self.0.iter().for_each(Deferred::excuse);
    }
}

struct Ready<T>(T);

impl<T: Clone + Send + Sync> Make<T> for Ready<T> {
    fn get(&self) -> Result<T> {
        Ok(self.0.clone())
    }

    fn take(&mut self) -> Result<T> {
        self.get()
    }

    fn excuse(&self) {}
}

struct Failed(Error);

impl<T> Make<T> for Failed {
    fn get(&self) -> Result<T> {
        Err(self.0.clone())
    }

    fn take(&mut self) -> Result<T> {
        Err(self.0.clone())
    }

    fn excuse(&self) {}
}

struct Nothing;

impl<T: Default> Make<T> for Nothing {
    fn get(&self) -> Result<T> {
        Ok(T::default())
    }

    fn take(&mut self) -> Result<T> {
        Ok(T::default())
    }

    fn excuse(&self) {}
}
