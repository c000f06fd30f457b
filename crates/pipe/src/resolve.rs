//! From a structure of deferreds to the same structure of values.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::deferred::Deferred;
use crate::error::{Error, Result};

/// A structure of deferreds, which becomes the same structure of values once they are there: tuples, vectors, options,
/// arrays, maps, and a struct of one's own.
pub trait Resolve {
    /// What it becomes.
    type Output;

    /// The values.
    ///
    /// # Errors
    ///
    /// The first error in it.
    fn resolve(self) -> Result<Self::Output>;
}

impl<T> Resolve for Deferred<T> {
    type Output = T;

    fn resolve(self) -> Result<T> {
        self.take()
    }
}

impl<R: Resolve> Resolve for Vec<R> {
    type Output = Vec<R::Output>;

    fn resolve(self) -> Result<Self::Output> {
        self.into_iter().map(R::resolve).collect()
    }
}

impl<R: Resolve> Resolve for Option<R> {
    type Output = Option<R::Output>;

    fn resolve(self) -> Result<Self::Output> {
        self.map(R::resolve).transpose()
    }
}

impl<R: Resolve> Resolve for Box<R> {
    type Output = R::Output;

    fn resolve(self) -> Result<Self::Output> {
        (*self).resolve()
    }
}

/// What could not even be queued stays what it is: an error of the caller's own kind, as a value.
impl<R: Resolve, E> Resolve for std::result::Result<R, E> {
    type Output = std::result::Result<R::Output, E>;

    fn resolve(self) -> Result<Self::Output> {
        match self {
            Ok(structure) => Ok(Ok(structure.resolve()?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl<R: Resolve, const N: usize> Resolve for [R; N] {
    type Output = [R::Output; N];

    fn resolve(self) -> Result<Self::Output> {
        let values = self.into_iter().map(R::resolve).collect::<Result<Vec<_>>>()?;
        // As many came out as went in.
        <[R::Output; N]>::try_from(values).map_err(|_| Error::NotExecuted)
    }
}

impl<K: Eq + Hash, R: Resolve, S: std::hash::BuildHasher + Default> Resolve for HashMap<K, R, S> {
    type Output = HashMap<K, R::Output, S>;

    fn resolve(self) -> Result<Self::Output> {
        self.into_iter().map(|(key, structure)| Ok((key, structure.resolve()?))).collect()
    }
}

impl<K: Ord, R: Resolve> Resolve for BTreeMap<K, R> {
    type Output = BTreeMap<K, R::Output>;

    fn resolve(self) -> Result<Self::Output> {
        self.into_iter().map(|(key, structure)| Ok((key, structure.resolve()?))).collect()
    }
}

impl Resolve for () {
    type Output = ();

    fn resolve(self) -> Result<()> {
        Ok(())
    }
}

/// Tuples of up to twelve, as the standard library goes.
macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<$($name: Resolve),+> Resolve for ($($name,)+) {
            type Output = ($($name::Output,)+);

            fn resolve(self) -> Result<Self::Output> {
                #[expect(non_snake_case, reason = "a type's name serves for its value")]
                let ($($name,)+) = self;
                Ok(($($name.resolve()?,)+))
            }
        }
    )+};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
