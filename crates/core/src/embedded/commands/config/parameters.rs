//! The parameters that there are, and what each may be set to.

use crate::embedded::number;

/// One parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    range: Range,
}

/// What a parameter may be set to.
#[derive(Debug)]
enum Range {
    /// Nothing: no server changes it while it runs.
    Immutable,
    /// What it is: a real server would do something else after the change, and this one would not.
    AsItIs,
    YesOrNo,
    Integer(i64, i64),
    OneOf(&'static [&'static str]),
}

impl Parameter {
    const fn new(name: &'static str, default: &'static str, range: Range) -> Self {
        Self { name, default, range }
    }

    /// The value that these bytes mean, or what is wrong with them.
    pub(super) fn read(&self, given: &[u8], before: &str) -> Result<String, String> {
        let text = String::from_utf8_lossy(given).into_owned();
        match self.range {
            Range::Immutable => Err("can't set immutable config".into()),
            Range::AsItIs if text == before => Ok(text),
            Range::AsItIs => Err("an embedded node does not support another value".into()),
            Range::YesOrNo => match text.to_ascii_lowercase().as_str() {
                lower @ ("yes" | "no") => Ok(lower.to_owned()),
                _ => Err("argument must be 'yes' or 'no'".into()),
            },
            Range::Integer(least, most) => match number::integer(given) {
                None => Err("argument couldn't be parsed into an integer".into()),
                Some(number) if (least..=most).contains(&number) => Ok(number.to_string()),
                Some(_) => Err(format!("argument must be between {least} and {most} inclusive")),
            },
            Range::OneOf(values) => match values.iter().find(|value| value.eq_ignore_ascii_case(&text)) {
                Some(value) => Ok((*value).to_owned()),
                None => Err(format!("argument(s) must be one of the following: {}", values.join(", "))),
            },
        }
    }
}

const INT_MAX: i64 = 2_147_483_647;

/// All of them, by name. What only says how a real server keeps its values has the value by which OBJECT ENCODING goes.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::new("activedefrag", "no", Range::AsItIs),
    Parameter::new("activerehashing", "yes", Range::YesOrNo),
    Parameter::new("appendfsync", "everysec", Range::OneOf(&["everysec", "always", "no"])),
    Parameter::new("appendonly", "no", Range::AsItIs),
    Parameter::new("bind", "127.0.0.1", Range::AsItIs),
    Parameter::new("client-query-buffer-limit", "1073741824", Range::AsItIs),
    Parameter::new("cluster-enabled", "no", Range::Immutable),
    Parameter::new("daemonize", "no", Range::Immutable),
    Parameter::new("databases", "1", Range::Immutable),
    Parameter::new("dbfilename", "dump.rdb", Range::AsItIs),
    Parameter::new("enable-debug-command", "no", Range::Immutable),
    Parameter::new("hash-max-listpack-entries", "512", Range::AsItIs),
    Parameter::new("hash-max-listpack-value", "64", Range::AsItIs),
    Parameter::new("hz", "10", Range::Integer(1, INT_MAX)),
    Parameter::new("io-threads", "1", Range::Immutable),
    Parameter::new("latency-monitor-threshold", "0", Range::AsItIs),
    Parameter::new("lazyfree-lazy-eviction", "no", Range::YesOrNo),
    Parameter::new("lazyfree-lazy-expire", "no", Range::YesOrNo),
    Parameter::new("lazyfree-lazy-server-del", "no", Range::YesOrNo),
    Parameter::new("lazyfree-lazy-user-del", "no", Range::YesOrNo),
    Parameter::new("lazyfree-lazy-user-flush", "no", Range::YesOrNo),
    Parameter::new("list-max-listpack-size", "-2", Range::AsItIs),
    Parameter::new("loglevel", "notice", Range::OneOf(&["debug", "verbose", "notice", "warning", "nothing"])),
    Parameter::new("maxclients", "10000", Range::AsItIs),
    Parameter::new("maxmemory", "0", Range::AsItIs),
    Parameter::new("maxmemory-clients", "0", Range::AsItIs),
    // As there is no limit, nothing is ever evicted, by whatever policy.
    Parameter::new("maxmemory-policy", "noeviction", Range::OneOf(POLICIES)),
    Parameter::new("maxmemory-samples", "5", Range::Integer(1, 64)),
    Parameter::new("min-replicas-to-write", "0", Range::AsItIs),
    Parameter::new("notify-keyspace-events", "", Range::AsItIs),
    Parameter::new("port", "0", Range::AsItIs),
    Parameter::new("proto-max-bulk-len", "536870912", Range::AsItIs),
    Parameter::new("requirepass", "", Range::AsItIs),
    Parameter::new("save", "", Range::AsItIs),
    Parameter::new("set-max-intset-entries", "512", Range::AsItIs),
    Parameter::new("set-max-listpack-entries", "128", Range::AsItIs),
    Parameter::new("set-max-listpack-value", "64", Range::AsItIs),
    Parameter::new("slowlog-log-slower-than", "10000", Range::Integer(-1, i64::MAX)),
    Parameter::new("slowlog-max-len", "128", Range::Integer(0, i64::MAX)),
    Parameter::new("stream-node-max-bytes", "4096", Range::AsItIs),
    Parameter::new("stream-node-max-entries", "100", Range::AsItIs),
    Parameter::new("tcp-keepalive", "300", Range::Integer(0, INT_MAX)),
    Parameter::new("timeout", "0", Range::AsItIs),
    Parameter::new("tracking-table-max-keys", "1000000", Range::AsItIs),
    Parameter::new("zset-max-listpack-entries", "128", Range::AsItIs),
    Parameter::new("zset-max-listpack-value", "64", Range::AsItIs),
];

const POLICIES: &[&str] = &[
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
];
