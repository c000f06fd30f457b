//! Commands that wait for something to come: on a connection of their own, because a pipe would make everybody wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Backend, command_name, mutant};
use redis::{Cmd, Direction, Value};

use super::lists::{ListOf, Lists};
use super::request::Request;
use super::sorted_sets::{SortedSetOf, SortedSets};
use super::{Keyspace, Kind, read};
use crate::bounded::bounded;
use crate::deferred::convert;
use crate::error::{Error, Result};
use crate::field::{AsField, Field};
use crate::pipes::Pipes;

/// A connection of one's own, on which one may wait for what comes into a list or a sorted set.
///
/// It is made on the keyspace's connection, or, if that names none, on the first one. It takes `&mut self`, because a
/// connection on which somebody waits can do nothing else. It ends when it is dropped.
///
/// # Cancel safety
///
/// Dropping a call ends the connection, and every later call says so; what was popped at that very moment is lost.
/// [`move_to`](Waiting::move_to) loses nothing: what was taken is in the other list.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Lists, Pipes};
/// use std::time::Duration;
///
/// const JOBS: Lists<String, u64> = Lists::new("J");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://waiting")?;
/// let mut jobs = JOBS.waiting(&pipes, "mail").await?;
/// let push = pipes.run(|pipe| JOBS.rpush(pipe, "mail", 7));
/// let (job, _) = tokio::join!(jobs.lpop(["mail", "fax"], Some(Duration::from_secs(5))), push);
/// assert_eq!(job?, Some(("mail".to_owned(), 7))); // the id, not the key
/// # Ok(())
/// # }
/// ```
pub struct Waiting<T> {
    keyspace: Keyspace<T>,
    session: Arc<dyn Backend>,
    connection: Arc<str>,
    /// How long a reply may take, besides what was to be waited for.
    deadline: Option<Duration>,
}

impl<T: Kind> Keyspace<T> {
    /// A connection of one's own, to the server that holds this id.
    ///
    /// # Cost
    ///
    /// A new connection.
    async fn open(self, pipes: &Pipes, id: impl AsField<T::Id>) -> Result<Waiting<T>> {
        let mut key = Vec::new();
        self.space.key(&id, &mut key)?;
        let connection = pipes.connection(self.space.connection)?;
        let deadline = pipes.limits().deadline;
        let backend = &**connection.backend();
        let opened = bounded(backend, deadline, backend.session(Some(&key))).await;
        let session = opened.map_err(|cause| Error::said(&connection.name(), "SESSION", cause))?;
        Ok(Waiting { keyspace: self, session, connection: connection.name(), deadline })
    }
}

impl<K: Field, V: Field> Lists<K, V> {
    /// A connection on which one may wait for values; on a cluster, for those of ids that have the slot of `id`.
    ///
    /// # Cost
    ///
    /// A new connection: two round trips after the transport's own.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] if it cannot be made, [`Error::UnknownConnection`], or an id that cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no connection behind.
    pub async fn waiting(self, pipes: &Pipes, id: impl AsField<K>) -> Result<Waiting<ListOf<K, V>>> {
        self.open(pipes, id).await
    }
}

impl<K: Field, M: Field> SortedSets<K, M> {
    /// A connection on which one may wait for members; on a cluster, for those of ids that have the slot of `id`.
    ///
    /// # Cost
    ///
    /// A new connection: two round trips after the transport's own.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] if it cannot be made, [`Error::UnknownConnection`], or an id that cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no connection behind.
    pub async fn waiting(self, pipes: &Pipes, id: impl AsField<K>) -> Result<Waiting<SortedSetOf<K, M>>> {
        self.open(pipes, id).await
    }
}

/// Each waits for so long, or for ever, and answers with nothing if nothing came.
impl<K: Field, V: Field> Waiting<ListOf<K, V>> {
    /// BLPOP: the first value of the first of these lists that has one, and which list that is.
    ///
    /// # Errors
    ///
    /// [`Error::Command`]: what the server or the connection said; [`Error::Invalid`] if what came is no `V`, which is
    /// popped all the same.
    #[doc(alias = "BLPOP")]
    pub async fn lpop(
        &mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, V)>> {
        self.pop("BLPOP", ids, wait).await
    }

    /// BRPOP: the last value of the first of these lists that has one, and which list that is.
    ///
    /// # Errors
    ///
    /// As [`lpop`](Self::lpop).
    #[doc(alias = "BRPOP")]
    pub async fn rpop(
        &mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, V)>> {
        self.pop("BRPOP", ids, wait).await
    }

    /// BLMOVE: takes a value off one end of a list and puts it at one end of another. Which one that is.
    ///
    /// # Errors
    ///
    /// As [`lpop`](Self::lpop).
    #[doc(alias = "BLMOVE")]
    #[doc(alias = "BRPOPLPUSH")]
    pub async fn move_to(
        &mut self,
        (from, off): (impl AsField<K>, Direction),
        (to, at): (impl AsField<K>, Direction),
        wait: Option<Duration>,
    ) -> Result<Option<V>> {
        let request = self.keyspace.command("BLMOVE", from).id(to).arg(off).arg(at);
        read::optional(self.call(request, wait).await?)
    }

    async fn pop(
        &mut self,
        command: &str,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, V)>> {
        let reply = self.call(self.keyspace.request(command).ids(ids, &mut 0), wait).await?;
        let mut parts = read::sequence(reply)?.into_iter();
        let (Some(key), Some(value)) = (parts.next(), parts.next()) else { return Ok(None) };
        Ok(Some((self.keyspace.id(&convert::<Vec<u8>>(key)?)?, read::value(value)?)))
    }
}

/// Each waits for so long, or for ever, and answers with nothing if nothing came.
impl<K: Field, M: Field> Waiting<SortedSetOf<K, M>> {
    /// BZPOPMIN: takes out the member with the lowest score of the first of these sorted sets that has any.
    ///
    /// # Errors
    ///
    /// [`Error::Command`]: what the server or the connection said; [`Error::Invalid`] if what came is no `M`, which is
    /// popped all the same.
    #[doc(alias = "BZPOPMIN")]
    pub async fn pop_min(
        &mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, M, f64)>> {
        self.pop("BZPOPMIN", ids, wait).await
    }

    /// BZPOPMAX: takes out the member with the highest score of the first of these sorted sets that has any.
    ///
    /// # Errors
    ///
    /// As [`pop_min`](Self::pop_min).
    #[doc(alias = "BZPOPMAX")]
    pub async fn pop_max(
        &mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, M, f64)>> {
        self.pop("BZPOPMAX", ids, wait).await
    }

    async fn pop(
        &mut self,
        command: &str,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        wait: Option<Duration>,
    ) -> Result<Option<(K, M, f64)>> {
        let reply = self.call(self.keyspace.request(command).ids(ids, &mut 0), wait).await?;
        let mut parts = read::sequence(reply)?.into_iter();
        let (Some(key), Some(member), Some(score)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(None);
        };
        let id = self.keyspace.id(&convert::<Vec<u8>>(key)?)?;
        let (member, score) = read::scored((member, score))?;
        Ok(Some((id, member, score)))
    }
}

impl<T> Waiting<T> {
    /// Sends it with its time to wait, and waits that long and for as long as any reply may take.
    async fn call(&mut self, request: Request, wait: Option<Duration>) -> Result<Value> {
        // Redis waits for ever for 0, which is no wait at all here.
        let seconds = wait.map_or(0.0, |wait| wait.max(Duration::from_millis(1)).as_secs_f64());
        let command: Cmd = request.arg(seconds).finish()?;
        let deadline = wait.zip(self.deadline).map(|(wait, deadline)| wait.saturating_add(deadline));
        let guard = Leave(&*self.session);
        let answer = bounded(&*self.session, deadline, self.session.call(&command)).await;
        if !matches!(answer, Err(redfleet_core::Error::Deadline { .. })) {
            guard.stay();
        }
        answer.map_err(|cause| Error::said(&self.connection, &command_name(&command), cause))
    }
}

/// Ends a session whose call is dropped, so that nothing is popped for somebody who is gone.
struct Leave<'a>(&'a dyn Backend);

impl Leave<'_> {
    fn stay(self) {
        std::mem::forget(self);
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if !mutant::is_on("who_left_still_waits") {
            self.0.disconnect();
        }
    }
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("keyspace", &self.keyspace)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
