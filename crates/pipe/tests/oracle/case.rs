//! What a random program is made of.

use redfleet_core::{Script, ScriptCall};
use redis::{Cmd, cmd};

pub(crate) const CONNECTIONS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Several pipelines, one after another, on the same servers.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// How many commands go in one batch.
    pub(crate) batch: usize,
    /// How many commands a pipe may hold for one connection.
    pub(crate) limit: usize,
    pub(crate) pipelines: Vec<Pipeline>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) end: End,
    pub(crate) steps: Vec<Step>,
}

/// What is done with a pipe when everything is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is executed, and used again by the next pipeline.
    Execute,
    ExecuteTwice,
    /// The whole of it is `Pipes::run`.
    Run,
    /// Each of its steps is one of a `Pipes::scope`, all side by side.
    Scope,
    Clear,
    Drop,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    One(What, Hold),
    Zip(What, What),
    All(Vec<What>),
    On(usize, Vec<Self>),
    Nest {
        fails: bool,
        steps: Vec<Self>,
    },
    Atomic(Vec<Self>),
    Idempotent(Vec<Self>),
    Callback,
    /// Something that cannot be queued.
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// Commands for a connection that is not there.
    Nowhere,
    /// A value that its codec does not take.
    Invalid,
    /// A command that would change the connection for others.
    Forbidden,
}

/// How a command's deferred is kept and read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hold {
    /// Read twice.
    Get,
    Take,
    /// A clone is taken first, then the original is read.
    Clone,
    Map,
    /// Asked for as a number, whatever it is.
    Number,
    Outcome,
    ZipSelf,
    /// What is made of it is an error.
    Fails,
    Dropped,
}

/// A command. Keys are few, so that commands meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Set(u8, u8),
    Get(u8),
    Append(u8, u8),
    Incr(u8, u8),
    Del(u8),
    Push(u8, u8),
    Pop(u8),
    Range(u8),
    SetField(u8, u8),
    AddField(u8, u8),
    Add(u8, u8),
    Count(u8),
    Type(u8),
    Rank(u8, u8),
    /// INCRBY as a script, which the server may not know yet.
    Script(u8, u8),
    /// A server does not know it.
    Unknown,
    /// A server knows it, but not so.
    Malformed,
}

impl What {
    pub(crate) fn script(self) -> Option<ScriptCall> {
        let Self::Script(key, by) = self else { return None };
        Some(Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])").key(key_name(key)).arg(by))
    }

    pub(crate) fn command(self) -> Cmd {
        let of = |name: &str, key: u8| cmd(name).arg(key_name(key)).take();
        match self {
            Self::Set(key, value) => of("SET", key).arg(value).take(),
            Self::Get(key) => of("GET", key),
            Self::Append(key, value) => of("APPEND", key).arg(value).take(),
            Self::Incr(key, by) => of("INCRBY", key).arg(by).take(),
            Self::Del(key) => of("DEL", key),
            Self::Push(key, value) => of("RPUSH", key).arg(value).take(),
            Self::Pop(key) => of("LPOP", key),
            Self::Range(key) => of("LRANGE", key).arg(0).arg(-1).take(),
            Self::SetField(key, field) => of("HSET", key).arg(field % 3).arg(field).take(),
            Self::AddField(key, field) => of("HINCRBY", key).arg(field % 3).arg(field).take(),
            Self::Add(key, member) => of("ZADD", key).arg(member).arg(member % 4).take(),
            Self::Rank(key, member) => of("ZRANK", key).arg(member % 4).take(),
            Self::Count(key) => of("ZCARD", key),
            Self::Type(key) => of("TYPE", key),
            Self::Script(..) => self.script().unwrap().command(),
            Self::Unknown => cmd("NOSUCH").arg("k0").take(),
            Self::Malformed => cmd("GET"),
        }
    }

    /// Whether a server refuses it before it looks at any key.
    pub(crate) const fn is_refused_unseen(self) -> bool {
        matches!(self, Self::Unknown | Self::Malformed)
    }
}

pub(crate) const KEYS: u8 = 4;

pub(crate) fn key_name(key: u8) -> String {
    format!("k{key}")
}
