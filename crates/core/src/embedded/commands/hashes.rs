//! Hashes: fields with values, each of which may have a life of its own.

mod change;
mod ends;
mod fields;
mod lives;
mod look;
#[cfg(test)]
mod tests;

use super::expiry::{From, Unit};
use crate::embedded::spec::{Keys, Spec};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("hdel", -3, Keys::FIRST, change::delete),
    Spec::read("hexists", 3, Keys::FIRST, look::exists),
    Spec::read("hget", 3, Keys::FIRST, look::get),
    Spec::read("hgetall", 2, Keys::FIRST, look::get_all),
    Spec::write("hincrby", 4, Keys::FIRST, change::increase),
    Spec::write("hincrbyfloat", 4, Keys::FIRST, change::increase_float),
    Spec::read("hkeys", 2, Keys::FIRST, look::names),
    Spec::read("hlen", 2, Keys::FIRST, look::len),
    Spec::read("hmget", -3, Keys::FIRST, look::get_many),
    Spec::write("hmset", -4, Keys::FIRST, change::set_many),
    Spec::read("hrandfield", -2, Keys::FIRST, look::random),
    Spec::read("hscan", -3, Keys::FIRST, look::scan),
    Spec::write("hset", -4, Keys::FIRST, change::set),
    Spec::write("hsetnx", 4, Keys::FIRST, change::set_if_missing),
    Spec::read("hstrlen", 3, Keys::FIRST, look::value_len),
    Spec::read("hvals", 2, Keys::FIRST, look::values),
];

/// The commands that concern the lives of fields.
pub(super) const LIVES: &[Spec] = &[
    Spec::write("hexpire", -6, Keys::FIRST, |call| ends::expire(call, From::Now, Unit::Seconds)),
    Spec::write("hexpireat", -6, Keys::FIRST, |call| ends::expire(call, From::Epoch, Unit::Seconds)),
    Spec::read("hexpiretime", -5, Keys::FIRST, |call| ends::left(call, From::Epoch, Unit::Seconds)),
    Spec::write("hgetdel", -5, Keys::FIRST, lives::get_and_delete),
    Spec::write("hgetex", -5, Keys::FIRST, lives::get_and_set_life),
    Spec::write("hpersist", -5, Keys::FIRST, ends::persist),
    Spec::write("hpexpire", -6, Keys::FIRST, |call| ends::expire(call, From::Now, Unit::Milliseconds)),
    Spec::write("hpexpireat", -6, Keys::FIRST, |call| ends::expire(call, From::Epoch, Unit::Milliseconds)),
    Spec::read("hpexpiretime", -5, Keys::FIRST, |call| ends::left(call, From::Epoch, Unit::Milliseconds)),
    Spec::read("hpttl", -5, Keys::FIRST, |call| ends::left(call, From::Now, Unit::Milliseconds)),
    Spec::write("hsetex", -6, Keys::FIRST, lives::set_with_life),
    Spec::read("httl", -5, Keys::FIRST, |call| ends::left(call, From::Now, Unit::Seconds)),
];
