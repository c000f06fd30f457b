//! The everyday commands by name. All others are [`Pipe::add`] with redis-rs's own constructors.

use redis::{Cmd, FromRedisValue, ToRedisArgs, ToSingleRedisArg};

use crate::deferred::Deferred;
use crate::pipe::Pipe;

/// Each is one command in the round trip of the execution.
impl Pipe {
    /// GET: the value, if there is one.
    pub fn get<T: FromRedisValue>(&mut self, key: impl ToSingleRedisArg) -> Deferred<Option<T>> {
        self.add(Cmd::get(key))
    }

    /// SET.
    pub fn set(&mut self, key: impl ToSingleRedisArg, value: impl ToSingleRedisArg) -> Deferred<()> {
        self.add(Cmd::set(key, value))
    }

    /// MGET: each value, if there is one.
    pub fn mget<T: FromRedisValue>(&mut self, keys: impl ToRedisArgs) -> Deferred<Vec<Option<T>>> {
        // By hand, because the constructor sends GET for a single key, whose reply is no list.
        self.add(redis::cmd("MGET").arg(keys).take())
    }

    /// DEL: how many there were.
    pub fn del(&mut self, keys: impl ToRedisArgs) -> Deferred<usize> {
        self.add(Cmd::del(keys))
    }

    /// EXISTS, of one key.
    pub fn exists(&mut self, key: impl ToSingleRedisArg) -> Deferred<bool> {
        self.add(redis::cmd("EXISTS").arg(key).take())
    }

    /// INCRBY: the value after it.
    pub fn incr(&mut self, key: impl ToSingleRedisArg, by: i64) -> Deferred<i64> {
        self.add(Cmd::incr(key, by))
    }

    /// EXPIRE, in seconds: whether there is such a key.
    pub fn expire(&mut self, key: impl ToSingleRedisArg, seconds: i64) -> Deferred<bool> {
        self.add(Cmd::expire(key, seconds))
    }

    /// HGET: the field's value, if there is one.
    pub fn hget<T: FromRedisValue>(
        &mut self,
        key: impl ToSingleRedisArg,
        field: impl ToSingleRedisArg,
    ) -> Deferred<Option<T>> {
        self.add(redis::cmd("HGET").arg(key).arg(field).take())
    }

    /// HSET of one field: how many fields are new.
    pub fn hset(
        &mut self,
        key: impl ToSingleRedisArg,
        field: impl ToSingleRedisArg,
        value: impl ToSingleRedisArg,
    ) -> Deferred<usize> {
        self.add(Cmd::hset(key, field, value))
    }

    /// HGETALL, as a map or as pairs.
    pub fn hgetall<T: FromRedisValue>(&mut self, key: impl ToSingleRedisArg) -> Deferred<T> {
        self.add(Cmd::hgetall(key))
    }

    /// SADD: how many members are new.
    pub fn sadd(&mut self, key: impl ToSingleRedisArg, members: impl ToRedisArgs) -> Deferred<usize> {
        self.add(Cmd::sadd(key, members))
    }

    /// SMEMBERS.
    pub fn smembers<T: FromRedisValue>(&mut self, key: impl ToSingleRedisArg) -> Deferred<T> {
        self.add(Cmd::smembers(key))
    }

    /// LPUSH: how long the list is after it.
    pub fn lpush(&mut self, key: impl ToSingleRedisArg, values: impl ToRedisArgs) -> Deferred<usize> {
        self.add(Cmd::lpush(key, values))
    }

    /// RPUSH: how long the list is after it.
    pub fn rpush(&mut self, key: impl ToSingleRedisArg, values: impl ToRedisArgs) -> Deferred<usize> {
        self.add(Cmd::rpush(key, values))
    }

    /// LRANGE: the elements from the index `start` to the index `stop`, both inclusive, negative from the end.
    pub fn lrange<T: FromRedisValue>(
        &mut self,
        key: impl ToSingleRedisArg,
        start: isize,
        stop: isize,
    ) -> Deferred<Vec<T>> {
        self.add(Cmd::lrange(key, start, stop))
    }

    /// ZADD of one member: how many members are new.
    pub fn zadd(
        &mut self,
        key: impl ToSingleRedisArg,
        member: impl ToSingleRedisArg,
        score: f64,
    ) -> Deferred<usize> {
        self.add(Cmd::zadd(key, member, score))
    }

    /// ZRANGE: the members from the rank `start` to the rank `stop`, both inclusive, negative from the end.
    pub fn zrange<T: FromRedisValue>(
        &mut self,
        key: impl ToSingleRedisArg,
        start: isize,
        stop: isize,
    ) -> Deferred<Vec<T>> {
        self.add(Cmd::zrange(key, start, stop))
    }
}
