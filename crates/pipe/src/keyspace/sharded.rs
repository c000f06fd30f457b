//! One large map over many hashes, so that it spreads over a cluster.

mod md5;

use std::num::NonZeroU32;

use futures::stream::{self, BoxStream, StreamExt};
use redfleet_core::mutant;

use super::hashes::Hashes;
use super::request::refused;
use crate::deferred::Deferred;
use crate::error::Result;
use crate::field::{AsField, Field, InvalidValue};
use crate::pipe::Pipe;
use crate::pipes::Pipes;

/// One map from `F` to `V`, over so many hashes: `NAME{0}`, `NAME{1}`, ..
///
/// A field is in the hash whose number is its MD5, as the number that its hexadecimal digits are, modulo how many there
/// are. That never changes, and is where `RedPipe`'s `HashedString` has it. **How many hashes there are must never change
/// either**: with another number fields are looked for where they are not.
///
/// # Cost
///
/// Each method queues one command, those over several fields one for each field. A scan goes through every hash.
///
/// # Example
///
/// ```
/// use futures::TryStreamExt;
/// use redfleet_pipe::{Pipes, ShardedHash};
///
/// const INDEX: ShardedHash<String, u64> = ShardedHash::new("EMAILS", ShardedHash::SHARDS);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://sharded")?;
/// let (new, id) = pipes
///     .run(|pipe| (INDEX.set(pipe, "joe@example.com", 1), INDEX.get(pipe, "joe@example.com")))
///     .await?;
/// assert_eq!((new, id), (true, Some(1)));
/// let all: Vec<(String, u64)> = INDEX.stream(&pipes).try_collect().await?;
/// assert_eq!(all.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ShardedHash<F, V> {
    hashes: Hashes<u32, F, V>,
    shards: NonZeroU32,
}

impl ShardedHash<String, String> {
    /// `RedPipe`'s number of hashes, and a good one if nothing is known.
    pub const SHARDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(63);
}

impl<F, V> ShardedHash<F, V> {
    /// The hashes `NAME{0}` and on, so many.
    #[must_use]
    pub const fn new(name: &'static str, shards: NonZeroU32) -> Self {
        Self { hashes: Hashes::new(name), shards }
    }

    /// Its commands are for the connection that is called so, whatever the pipe is at.
    #[must_use]
    pub const fn on(self, connection: &'static str) -> Self {
        Self { hashes: self.hashes.on(connection), shards: self.shards }
    }

    /// The hashes themselves, by number: for commands that are not here.
    #[must_use]
    pub const fn hashes(self) -> Hashes<u32, F, V> {
        self.hashes
    }
}

impl<F: Field, V: Field> ShardedHash<F, V> {
    /// The number of the hash in which the field is.
    ///
    /// # Errors
    ///
    /// If the field cannot be written.
    #[expect(clippy::needless_pass_by_value, reason = "as all methods take it")]
    pub fn shard(self, field: impl AsField<F>) -> Result<u32, InvalidValue> {
        self.place(&field)
    }

    /// HGET: the field's value, if there is one.
    pub fn get(self, pipe: &mut Pipe, field: impl AsField<F>) -> Deferred<Option<V>> {
        match self.place(&field) {
            Ok(shard) => self.hashes.get(pipe, shard, field),
            Err(error) => refused(pipe, error),
        }
    }

    /// HSET: whether the field is new.
    pub fn set(self, pipe: &mut Pipe, field: impl AsField<F>, value: impl AsField<V>) -> Deferred<bool> {
        match self.place(&field) {
            Ok(shard) => self.hashes.set(pipe, shard, field, value),
            Err(error) => refused(pipe, error),
        }
    }

    /// HSETNX: whether it was set, because there was no such field.
    pub fn set_nx(self, pipe: &mut Pipe, field: impl AsField<F>, value: impl AsField<V>) -> Deferred<bool> {
        match self.place(&field) {
            Ok(shard) => self.hashes.set_nx(pipe, shard, field, value),
            Err(error) => refused(pipe, error),
        }
    }

    /// HDEL: whether there was such a field.
    pub fn remove(self, pipe: &mut Pipe, field: impl AsField<F>) -> Deferred<bool> {
        match self.place(&field) {
            Ok(shard) => self.hashes.remove(pipe, shard, field),
            Err(error) => refused(pipe, error),
        }
    }

    /// HEXISTS.
    pub fn contains(self, pipe: &mut Pipe, field: impl AsField<F>) -> Deferred<bool> {
        match self.place(&field) {
            Ok(shard) => self.hashes.contains(pipe, shard, field),
            Err(error) => refused(pipe, error),
        }
    }

    /// HSTRLEN: how many bytes the field's value has.
    pub fn value_len_bytes(self, pipe: &mut Pipe, field: impl AsField<F>) -> Deferred<usize> {
        match self.place(&field) {
            Ok(shard) => self.hashes.value_len_bytes(pipe, shard, field),
            Err(error) => refused(pipe, error),
        }
    }

    /// HINCRBY: the number after it.
    pub fn increment(self, pipe: &mut Pipe, field: impl AsField<F>, by: i64) -> Deferred<i64> {
        match self.place(&field) {
            Ok(shard) => self.hashes.increment(pipe, shard, field, by),
            Err(error) => refused(pipe, error),
        }
    }

    /// HINCRBYFLOAT: the number after it.
    pub fn increment_float(self, pipe: &mut Pipe, field: impl AsField<F>, by: f64) -> Deferred<f64> {
        match self.place(&field) {
            Ok(shard) => self.hashes.increment_float(pipe, shard, field, by),
            Err(error) => refused(pipe, error),
        }
    }

    fn place(self, field: &impl AsField<F>) -> Result<u32, InvalidValue> {
        let mut word = Vec::new();
        field.encode_as(&mut word)?;
        // A remainder is less than what it is divided by.
        Ok(u32::try_from(md5::md5(&word) % u128::from(self.shards.get())).unwrap_or_default())
    }
}

impl<F: Field + 'static, V: Field + 'static> ShardedHash<F, V> {
    /// HGET of many: each field's value, if there is one.
    pub fn get_all(
        self,
        pipe: &mut Pipe,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<Vec<Option<V>>> {
        Deferred::all(fields.into_iter().map(|field| self.get(pipe, field)))
    }

    /// HDEL of many: how many there were.
    pub fn remove_all(
        self,
        pipe: &mut Pipe,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<usize> {
        let removed = Deferred::all(fields.into_iter().map(|field| self.remove(pipe, field)));
        removed.map(|removed| removed.into_iter().filter(|was_there| *was_there).count())
    }

    /// HLEN of every hash: how many fields there are.
    ///
    /// # Cost
    ///
    /// A command for each hash.
    pub fn len(self, pipe: &mut Pipe) -> Deferred<usize> {
        let lengths = Deferred::all(self.numbers().map(|shard| self.hashes.len(pipe, shard)));
        lengths.map(|lengths| lengths.into_iter().sum())
    }

    /// HSCAN of every hash, one after the other: all fields and their values.
    ///
    /// # Guarantee
    ///
    /// As [`Scan`](super::Scan).
    ///
    /// # Cost
    ///
    /// A round trip for each page, when it is asked for; at least one for each hash.
    #[must_use]
    pub fn stream(self, pipes: &Pipes) -> BoxStream<'static, Result<(F, V)>>
    where
        F: Send,
        V: Send,
    {
        let pipes = pipes.clone();
        stream::iter(self.numbers()).flat_map(move |shard| self.hashes.scan(shard).stream(&pipes)).boxed()
    }

    fn numbers(self) -> impl Iterator<Item = u32> + use<F, V> {
        0..self.shards.get() - u32::from(mutant::is_on("the_last_shard_is_passed_over"))
    }
}

impl<F, V> Clone for ShardedHash<F, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, V> Copy for ShardedHash<F, V> {}
