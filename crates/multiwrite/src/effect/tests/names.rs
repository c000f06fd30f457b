//! That every command is known, and what is refused says what to do.

use std::collections::BTreeSet;

use super::notation::command;
use crate::effect::{Plan, Unshippable, table};

/// What COMMAND LIST said on Redis 8.0 and Valkey 8.1, subcommands left out.
const LISTED: &str = "\
    acl append asking auth bgrewriteaof bgsave bitcount bitfield bitfield_ro bitop bitpos blmove blmpop \
     blpop brpop brpoplpush bzmpop bzpopmax bzpopmin client cluster command commandlog config copy \
     dbsize debug decr decrby del discard dump echo eval eval_ro evalsha evalsha_ro exec exists expire \
     expireat expiretime failover fcall fcall_ro flushall flushdb function geoadd geodist geohash geopos \
     georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore get getbit \
     getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget hgetall hgetdel \
     hgetex hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl \
     hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby incrbyfloat info keys lastsave \
     latency lcs lindex linsert llen lmove lmpop lolwut lpop lpos lpush lpushx lrange lrem lset ltrim \
     memory mget migrate module monitor move mset msetnx multi object persist pexpire pexpireat \
     pexpiretime pfadd pfcount pfdebug pfmerge pfselftest ping psetex psubscribe psync pttl publish \
     pubsub punsubscribe quit randomkey readonly readwrite rename renamenx replconf replicaof reset \
     restore restore-asking role rpop rpoplpush rpush rpushx sadd save scan scard script sdiff \
     sdiffstore select set setbit setex setnx setrange shutdown sinter sintercard sinterstore sismember \
     slaveof slowlog smembers smismember smove sort sort_ro spop spublish srandmember srem sscan \
     ssubscribe strlen subscribe substr sunion sunionstore sunsubscribe swapdb sync time touch ttl type \
     unlink unsubscribe unwatch vadd vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vrem \
     vsetattr vsim wait waitaof watch xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange \
     xread xreadgroup xrevrange xsetid xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter \
     zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex \
     zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange \
     zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore";

#[test]
fn every_command_of_redis_8_0_and_valkey_8_1_has_its_place() {
    let known: BTreeSet<&str> = table::known().collect();
    let missing: Vec<_> =
        LISTED.split_whitespace().filter(|name| !known.contains(name.to_uppercase().as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_name_has_two_places() {
    let names: Vec<&str> = table::known().collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert!(names.iter().all(|name| name.to_uppercase() == **name));
}

#[test]
fn what_cannot_be_written_everywhere_says_what_to_do() {
    for (text, told) in [
        ("blpop k 0", "BLPOP: it waits for others; use the form that does not wait, or a session on local"),
        ("MULTI", "MULTI: it belongs to one connection; send an atomic batch, or use a session on local"),
        ("CONFIG SET a b", "CONFIG: it concerns one server and no key; run it on each server by itself"),
        ("SCRIPT FLUSH", "SCRIPT: it concerns one server and no key; run it on each server by itself"),
        (
            "EVAL x 0",
            "EVAL: it names no key, so nobody can say what it writes; name its keys, or run it as EVAL_RO or FCALL_RO",
        ),
        ("COPY a b DB 2", "COPY: it goes to another database; write the key there by itself"),
        ("FT.SEARCH i q", "FT.SEARCH: an index is no key; make and ask the index on each server by itself"),
        ("NEWS", "NEWS: it is not known, and names no key; run it on each server by itself"),
    ] {
        let command = command(text);
        let Unshippable { command: name, why, instead } = Plan::of(&[&command]).unwrap_err();
        assert_eq!(format!("{name}: {why}; {instead}"), told);
        assert!(Plan::deterministic(&[&command]).is_err());
    }
}

#[test]
fn commands_without_their_words_are_planned_and_do_no_harm() {
    for name in table::known() {
        for rest in
            ["", " k", " k 1", " k 1 2", " 1 k", " 9 k l", " k FIELDS 3 f", " -1", " 99999999999999999999 k"]
        {
            drop(Plan::of(&[&command(&format!("{name}{rest}"))]));
        }
    }
}
