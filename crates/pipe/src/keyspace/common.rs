//! The commands on keys, which all keyspaces have: to delete, expire, rename, dump, look, run scripts.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use redfleet_core::Script;
use redis::{ExpireOption, FromRedisValue, ToRedisArgs, ValueType};

use super::life::{self, Ttl};
use super::request::refused;
use super::{Keyspace, Kind};
use crate::deferred::{Deferred, Read, convert};
use crate::field::{AsField, InvalidValue};
use crate::pipe::Pipe;

static RESTORE_NX: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("../scripts/restore_nx.lua")));

/// Commands on keys, whatever is under them.
impl<T: Kind> Keyspace<T> {
    /// DEL: whether there was such a key.
    pub fn delete(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<bool> {
        self.command("DEL", id).queue(pipe, convert)
    }

    /// DEL of many: how many there were. On a cluster they may have several slots.
    pub fn delete_all(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<T::Id>>,
    ) -> Deferred<usize> {
        self.over("DEL", pipe, ids)
    }

    /// UNLINK of many: as [`delete_all`](Self::delete_all), and their memory is freed later.
    pub fn unlink_all(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<T::Id>>,
    ) -> Deferred<usize> {
        self.over("UNLINK", pipe, ids)
    }

    /// EXISTS.
    pub fn exists(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<bool> {
        self.command("EXISTS", id).queue(pipe, convert)
    }

    /// EXISTS of many: how many there are; an id that is given twice counts twice.
    pub fn count_existing(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<T::Id>>,
    ) -> Deferred<usize> {
        self.over("EXISTS", pipe, ids)
    }

    /// TOUCH: whether there is such a key, which counts as used now.
    pub fn touch(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<bool> {
        self.command("TOUCH", id).queue(pipe, convert)
    }

    /// TYPE.
    #[doc(alias = "TYPE")]
    pub fn value_type(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<ValueType> {
        self.command("TYPE", id).queue(pipe, convert)
    }

    /// PEXPIRE: it is deleted after so long, at once if that is nothing. Whether there is such a key.
    #[doc(alias = "PEXPIRE")]
    pub fn expire(self, pipe: &mut Pipe, id: impl AsField<T::Id>, after: Duration) -> Deferred<bool> {
        self.command("PEXPIRE", id).arg(life::millis(after)).queue(pipe, convert)
    }

    /// PEXPIRE with a condition on the time to live that it has: whether it was set.
    pub fn expire_if(
        self,
        pipe: &mut Pipe,
        id: impl AsField<T::Id>,
        after: Duration,
        condition: ExpireOption,
    ) -> Deferred<bool> {
        self.command("PEXPIRE", id).arg(life::millis(after)).arg(condition).queue(pipe, convert)
    }

    /// PEXPIREAT: it is deleted then, by the server's clock. Whether there is such a key.
    #[doc(alias = "PEXPIREAT")]
    pub fn expire_at(self, pipe: &mut Pipe, id: impl AsField<T::Id>, at: SystemTime) -> Deferred<bool> {
        self.command("PEXPIREAT", id).arg(life::unix_millis(at)).queue(pipe, convert)
    }

    /// PERSIST: it has no time to live any more. Whether it had one.
    pub fn persist(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<bool> {
        self.command("PERSIST", id).queue(pipe, convert)
    }

    /// PTTL.
    #[doc(alias = "PTTL")]
    pub fn ttl(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Ttl> {
        self.command("PTTL", id).queue(pipe, life::ttl)
    }

    /// RENAME: it replaces what is there. That there is no such key is an error.
    pub fn rename(self, pipe: &mut Pipe, from: impl AsField<T::Id>, to: impl AsField<T::Id>) -> Deferred<()> {
        self.command("RENAME", from).id(to).queue(pipe, convert)
    }

    /// RENAMENX: whether it was renamed; it is not if there is something already.
    pub fn rename_nx(
        self,
        pipe: &mut Pipe,
        from: impl AsField<T::Id>,
        to: impl AsField<T::Id>,
    ) -> Deferred<bool> {
        self.command("RENAMENX", from).id(to).queue(pipe, convert)
    }

    /// COPY: whether it was copied; it is not if there is something already.
    pub fn copy(self, pipe: &mut Pipe, from: impl AsField<T::Id>, to: impl AsField<T::Id>) -> Deferred<bool> {
        self.command("COPY", from).id(to).queue(pipe, convert)
    }

    /// DUMP: what [`restore`](Self::restore) takes, if there is such a key. Its time to live is not in it.
    pub fn dump(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Option<Vec<u8>>> {
        self.command("DUMP", id).queue(pipe, convert)
    }

    /// RESTORE: to live for `ttl`, or for ever. That there is such a key already is an error, BUSYKEY.
    pub fn restore(
        self,
        pipe: &mut Pipe,
        id: impl AsField<T::Id>,
        dump: &[u8],
        ttl: Option<Duration>,
    ) -> Deferred<()> {
        self.command("RESTORE", id).arg(life_ms(ttl)).arg(dump).queue(pipe, convert)
    }

    /// RESTORE with REPLACE: over what is there.
    pub fn restore_over(
        self,
        pipe: &mut Pipe,
        id: impl AsField<T::Id>,
        dump: &[u8],
        ttl: Option<Duration>,
    ) -> Deferred<()> {
        self.command("RESTORE", id).arg(life_ms(ttl)).arg(dump).arg("REPLACE").queue(pipe, convert)
    }

    /// RESTORE, unless there is such a key: whether it was restored.
    ///
    /// # Cost
    ///
    /// One call of a script.
    pub fn restore_nx(
        self,
        pipe: &mut Pipe,
        id: impl AsField<T::Id>,
        dump: &[u8],
        ttl: Option<Duration>,
    ) -> Deferred<bool> {
        self.script(pipe, &RESTORE_NX, [id], (life_ms(ttl), dump))
    }

    /// OBJECT ENCODING: how the server keeps it, if there is such a key.
    #[doc(alias = "OBJECT")]
    pub fn encoding(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Option<String>> {
        self.object("ENCODING", pipe, id, convert)
    }

    /// OBJECT IDLETIME: for how many seconds nobody has used it, if there is such a key.
    pub fn idle_secs(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Option<u64>> {
        self.object("IDLETIME", pipe, id, convert)
    }

    /// OBJECT FREQ: how often it is used, on the scale of a server that evicts by frequency; others refuse it.
    pub fn frequency(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Option<u64>> {
        self.object("FREQ", pipe, id, convert)
    }

    /// OBJECT REFCOUNT, if there is such a key.
    pub fn references(self, pipe: &mut Pipe, id: impl AsField<T::Id>) -> Deferred<Option<u64>> {
        self.object("REFCOUNT", pipe, id, convert)
    }

    /// Calls a script with the keys of these ids as its KEYS.
    ///
    /// # Cost
    ///
    /// As [`Pipe::script`].
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Script;
    /// use redfleet_pipe::{Pipes, Strings};
    ///
    /// const TOTALS: Strings<String, i64> = Strings::new("T");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    /// let pipes = Pipes::connect("embedded://keyspace-script")?;
    /// let total: i64 = pipes.run(|pipe| TOTALS.script(pipe, &add, ["a"], 5)).await?;
    /// assert_eq!(total, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn script<R: FromRedisValue>(
        self,
        pipe: &mut Pipe,
        script: &Script,
        ids: impl IntoIterator<Item = impl AsField<T::Id>>,
        args: impl ToRedisArgs,
    ) -> Deferred<R> {
        let keys: Result<Vec<_>, InvalidValue> = ids.into_iter().map(|id| self.key(id)).collect();
        let keys = match keys {
            Ok(keys) => keys,
            Err(error) => return refused(pipe, error),
        };
        let call = keys.into_iter().fold(script.call(), |call, key| call.key(key)).arg(args);
        match self.space.connection {
            Some(name) => pipe.on(name).script(&call),
            None => pipe.script(&call),
        }
    }

    /// A command over several keys that answers with a number.
    fn over(
        self,
        command: &str,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<T::Id>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.request(command).ids(ids, &mut count).queue_if(count, pipe, convert)
    }

    fn object<R>(self, what: &str, pipe: &mut Pipe, id: impl AsField<T::Id>, read: Read<R>) -> Deferred<R> {
        self.request("OBJECT").arg(what).id(id).queue(pipe, read)
    }
}

/// RESTORE takes 0 for ever.
fn life_ms(ttl: Option<Duration>) -> u64 {
    ttl.map_or(0, |ttl| life::millis(ttl).max(1))
}
