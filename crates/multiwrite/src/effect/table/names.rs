//! The names of Redis 8.0 and Valkey 8.1, and of some that came later, by how they are shipped.

use super::How::{self, *};
use super::{collections, streams, strings};

type Family = &'static [(How, &'static str)];

pub(super) const FAMILIES: &[Family] = &[READS, WRITES, WHOLE, PARSED, REFUSED];

const READS: Family = &[
    (
        Read,
        "GET STRLEN GETRANGE SUBSTR MGET LCS BITCOUNT BITPOS GETBIT BITFIELD_RO DIGEST \
         DUMP EXISTS TOUCH TYPE TTL PTTL EXPIRETIME PEXPIRETIME OBJECT SORT_RO RANDOMKEY KEYS SCAN DBSIZE \
         HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN HRANDFIELD HTTL HPTTL HEXPIRETIME HPEXPIRETIME \
         LLEN LRANGE LINDEX LPOS SCARD SMEMBERS SISMEMBER SMISMEMBER SRANDMEMBER SSCAN SDIFF SINTER SINTERCARD SUNION \
         ZCARD ZCOUNT ZLEXCOUNT ZSCORE ZMSCORE ZRANK ZREVRANK ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZREVRANGE \
         ZREVRANGEBYLEX ZREVRANGEBYSCORE ZRANDMEMBER ZSCAN ZDIFF ZINTER ZINTERCARD ZUNION PFCOUNT \
         GEODIST GEOHASH GEOPOS GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO XLEN XRANGE XREVRANGE XREAD XPENDING XINFO \
         VCARD VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANDMEMBER VRANGE VSIM PING ECHO TIME LOLWUT",
    ),
    (Silent, "EVAL_RO EVALSHA_RO FCALL_RO INFO COMMAND ROLE LASTSAVE PUBSUB"),
];

const WRITES: Family = &[
    (Everything, "FLUSHALL FLUSHDB SWAPDB"),
    (Message, "PUBLISH SPUBLISH"),
    (Builds, "APPEND SETBIT HSET HMSET LPUSH RPUSH LSET LTRIM ZADD ZINCRBY GEOADD XSETID"),
    (
        BuildsUnlessZero,
        "SETRANGE PFADD HDEL LPUSHX RPUSHX LINSERT LREM LPOP RPOP SADD SREM ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK \
         ZREMRANGEBYSCORE XDEL XACK",
    ),
];

const WHOLE: Family = &[
    (Script, "EVAL EVALSHA FCALL"),
    (Whole, "XREADGROUP XCLAIM XAUTOCLAIM XACKDEL XDELEX XCFGSET XNACK VADD VREM VSETATTR DELIFEQ PFDEBUG"),
    (
        Target(1),
        "SDIFFSTORE SINTERSTORE SUNIONSTORE ZDIFFSTORE ZINTERSTORE ZUNIONSTORE ZRANGESTORE GEOSEARCHSTORE PFMERGE",
    ),
    (Target(2), "BITOP"),
];

const PARSED: Family = &[
    (Parsed(strings::set), "SET"),
    (Parsed(strings::set_if_new), "SETNX"),
    (Parsed(strings::set_with_life), "SETEX PSETEX"),
    (Parsed(strings::get_and_set), "GETSET"),
    (Parsed(strings::set_many), "MSET"),
    (Parsed(strings::set_many_if_new), "MSETNX"),
    (Parsed(strings::set_many_with_life), "MSETEX"),
    (Parsed(strings::get_and_live), "GETEX"),
    (Parsed(strings::live), "EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST"),
    (Parsed(strings::wipe), "DEL"),
    (Parsed(strings::unlink), "UNLINK"),
    (Parsed(strings::get_and_wipe), "GETDEL"),
    (Parsed(strings::wipe_one), "DELEX"),
    (Parsed(strings::increment), "INCR"),
    (Parsed(strings::decrement), "DECR"),
    (Parsed(strings::increment_by), "INCRBY"),
    (Parsed(strings::decrement_by), "DECRBY"),
    (Parsed(strings::increment_by_float), "INCRBYFLOAT"),
    (Parsed(strings::bit_field), "BITFIELD"),
    (Parsed(strings::restore), "RESTORE"),
    (Parsed(strings::rename), "RENAME RENAMENX"),
    (Parsed(strings::copy), "COPY"),
    (Parsed(strings::memory), "MEMORY"),
    (Parsed(collections::field_sum), "HINCRBY HINCRBYFLOAT"),
    (Parsed(collections::set_if_new), "HSETNX"),
    (Parsed(collections::field_lives), "HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST"),
    (Parsed(collections::get_and_live), "HGETEX"),
    (Parsed(collections::set_and_live), "HSETEX"),
    (Parsed(collections::get_and_wipe), "HGETDEL"),
    (Parsed(collections::pop_members), "SPOP"),
    (Parsed(collections::pop_scored), "ZPOPMIN ZPOPMAX"),
    (Parsed(collections::pop_scored_of_many), "ZMPOP"),
    (Parsed(collections::pop_elements_of_many), "LMPOP"),
    (Parsed(collections::move_element), "LMOVE"),
    (Parsed(collections::pop_and_push), "RPOPLPUSH"),
    (Parsed(collections::move_member), "SMOVE"),
    (Stored, "SORT GEORADIUS GEORADIUSBYMEMBER"),
    (Parsed(streams::add), "XADD"),
    (Parsed(streams::trim), "XTRIM"),
    (Parsed(streams::group), "XGROUP"),
];

const REFUSED: Family = &[
    (
        Refused("it waits for others", "use the form that does not wait, or a session on local"),
        "BLPOP BRPOP BLMOVE BLMPOP BRPOPLPUSH BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF",
    ),
    (
        Refused("it belongs to one connection", "send an atomic batch, or use a session on local"),
        "MULTI EXEC DISCARD WATCH UNWATCH",
    ),
    (
        Refused(
            "it belongs to one connection",
            "set it in the URL of each server, or use a session on local",
        ),
        "SELECT AUTH HELLO RESET QUIT ASKING READONLY READWRITE CLIENT SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE \
         PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE MONITOR",
    ),
    (Refused("it goes to another database or server", "write the key there by itself"), "MOVE MIGRATE"),
    (
        Refused("it concerns one server and no key", "run it on each server by itself"),
        "ACL BGREWRITEAOF BGSAVE CLUSTER COMMANDLOG CONFIG DEBUG FAILOVER FUNCTION LATENCY MODULE PFSELFTEST PSYNC \
         REPLCONF REPLICAOF SAVE SCRIPT SHUTDOWN SLAVEOF SLOWLOG SYNC HOTKEYS RESTORE-ASKING",
    ),
];
