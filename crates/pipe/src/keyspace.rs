//! Typed keyspaces: what a kind of key is called, what lies under it, and the commands that suit it.

mod common;
mod hashes;
mod hyperloglogs;
mod life;
mod lists;
mod read;
mod request;
mod scan;
mod sets;
mod sharded;
mod sort;
mod sorted_sets;
mod space;
mod strings;
mod waiting;

use std::fmt;
use std::marker::PhantomData;

use crate::field::{AsField, Field, InvalidValue};

use request::Request;
use space::Space;

pub use hashes::{HashOf, Hashes};
pub use hyperloglogs::{HyperLogLogOf, HyperLogLogs};
pub use life::Ttl;
pub use lists::{ListOf, Lists};
pub use scan::{Page, Scan};
pub use sets::{SetOf, Sets};
pub use sharded::ShardedHash;
pub use sort::{Sort, Sortable};
pub use sorted_sets::{Aggregate, SortedSetOf, SortedSets, Span};
pub use strings::{SetOptions, StringOf, Strings};
pub use waiting::Waiting;

/// What the keys of one kind are called and what lies under them: a constant of the program.
///
/// | | under each key | commands |
/// |---|---|---|
/// | [`Strings<K, V>`](Strings) | a value | GET, SET, INCR, .. |
/// | [`Sets<K, M>`](Sets) | different members | SADD, SMEMBERS, SINTER, .. |
/// | [`Lists<K, V>`](Lists) | values in order | LPUSH, RPOP, LRANGE, .. |
/// | [`Hashes<K, F, V>`](Hashes) | fields and their values | HGET, HSET, HINCRBY, .. |
/// | [`SortedSets<K, M>`](SortedSets) | members by score | ZADD, ZRANGE, ZRANK, .. |
/// | [`HyperLogLogs<K, V>`](HyperLogLogs) | about how many different values | PFADD, PFCOUNT, PFMERGE |
///
/// and [`ShardedHash<F, V>`](ShardedHash), one large map over many hashes. All share the commands on keys: to delete,
/// expire, rename, dump, scan. Methods are named as Redis's commands without the letter of the type: SADD is
/// `Sets::add`, ZADD `SortedSets::add`.
///
/// # Guarantee
///
/// The key of an id is `NAME{id}`, so the keys of one id have one slot on a cluster, in whatever keyspaces they are,
/// and commands and transactions over them work there. (The exceptions are an empty id and one that begins with `}`:
/// Redis sees no tag in their keys, so each key has a slot of its own. A name with braces makes its own tag.) Every key
/// leads back to its id.
///
/// A value that its codec cannot write is refused before anything of the pipe is sent; a stored one that it cannot read
/// is the error of that one deferred.
///
/// # Cost
///
/// Every method queues one command, where it does not say otherwise. A method that takes several operands queues none
/// if there are none: then there is nothing to do, and its answer is there at once.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Deferred, Hashes, Pipe, Pipes, SortedSets};
///
/// const USERS: Hashes<u64, String, String> = Hashes::new("U").on("users");
/// const FOLLOWERS: SortedSets<u64, String> = SortedSets::new("F").on("users");
///
/// fn follow(pipe: &mut Pipe, id: u64, follower: &str, at: f64) -> Deferred<bool> {
///     USERS.set(pipe, id, "last follower", follower);
///     FOLLOWERS.add(pipe, id, follower, at)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::builder().connect("users", "embedded://keyspaces")?.build()?;
/// let (new, followers) = pipes
///     .run(|pipe| (follow(pipe, 1, "bob", 7.0), FOLLOWERS.range_with_scores(pipe, 1, 0, -1)))
///     .await?;
/// assert_eq!((new, followers), (true, vec![("bob".to_owned(), 7.0)]));
/// # Ok(())
/// # }
/// ```
pub struct Keyspace<T> {
    space: Space,
    kind: PhantomData<fn() -> T>,
}

/// A type of Redis's, with the types of what is in it.
///
/// It is sealed: Redis has no more.
pub trait Kind: sealed::Sealed {
    /// What tells the keys of a keyspace apart.
    type Id: Field;

    /// What TYPE calls it.
    const TYPE: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

impl<T> Keyspace<T> {
    /// The keys `NAME{id}`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self::at(Space { name: Some(name), connection: None })
    }

    /// The ids themselves are the keys: no name, no braces.
    #[must_use]
    pub const fn bare() -> Self {
        Self::at(Space { name: None, connection: None })
    }

    /// Its commands are for the connection that is called so, whatever the pipe is at.
    #[must_use]
    pub const fn on(self, connection: &'static str) -> Self {
        Self::at(Space { name: self.space.name, connection: Some(connection) })
    }

    const fn at(space: Space) -> Self {
        Self { space, kind: PhantomData }
    }
}

impl<T: Kind> Keyspace<T> {
    /// The key of an id.
    ///
    /// # Errors
    ///
    /// If the id cannot be written.
    #[expect(clippy::needless_pass_by_value, reason = "as all methods take it")]
    pub fn key(self, id: impl AsField<T::Id>) -> Result<Vec<u8>, InvalidValue> {
        let mut key = Vec::new();
        self.space.key(&id, &mut key)?;
        Ok(key)
    }

    /// The id of a key.
    ///
    /// # Errors
    ///
    /// If it is no key of this keyspace.
    pub fn id(self, key: &[u8]) -> Result<T::Id, InvalidValue> {
        self.space.id(key)
    }

    fn request(self, command: &str) -> Request {
        Request::new(self.space, command)
    }

    /// A command with its first key.
    fn command(self, command: &str, id: impl AsField<T::Id>) -> Request {
        self.request(command).id(id)
    }
}

impl<T> Clone for Keyspace<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Keyspace<T> {}

impl<T> fmt::Debug for Keyspace<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyspace")
            .field("name", &self.space.name)
            .field("connection", &self.space.connection)
            .finish_non_exhaustive()
    }
}
