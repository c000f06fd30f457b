//! Random commands, drawn from templates.

/// Commands, word by word; what begins with `$` is drawn.
const TEMPLATES: &[&str] = &[
    "SET $s $v",
    "SET $s $v EX $sec",
    "SET $s $v PX $ms NX",
    "SET $s $v XX KEEPTTL",
    "SET $s $v PXAT $end GET",
    "SET $s $n",
    "SETNX $s $v",
    "SETEX $s $sec $v",
    "PSETEX $s $ms $v",
    "GETSET $s $v",
    "GETDEL $s",
    "GETEX $s PX $ms",
    "GETEX $s PERSIST",
    "GETEX $s",
    "MSET $s $v $s $n",
    "MSETNX $s $v $s $v",
    "INCR $s",
    "DECRBY $s $n",
    "INCRBY $s $n",
    "INCRBYFLOAT $s 0.1",
    "APPEND $s $v",
    "SETRANGE $s 2 $v",
    "SETBIT $s 9 1",
    "BITFIELD $s INCRBY u8 0 $n",
    "BITOP XOR $s $s $s",
    "PFADD $p $v $v",
    "PFMERGE $p $p $p",
    "DEL $a",
    "UNLINK $a $a",
    "EXPIRE $a $sec",
    "EXPIRE $a $sec GT",
    "PEXPIRE $a $ms NX",
    "PEXPIRE $a $ms",
    "PEXPIREAT $a $end LT",
    "EXPIRE $a -1",
    "PERSIST $a",
    "RENAME $l $l",
    "RENAMENX $s $s",
    "COPY $h $h REPLACE",
    "COPY $t $t",
    "HSET $h $f $v",
    "HSET $h $f $n $f $n",
    "HSETNX $h $f $v",
    "HDEL $h $f",
    "HINCRBY $h $f $n",
    "HINCRBYFLOAT $h $f 0.5",
    "HEXPIRE $h $sec FIELDS 2 $f $f",
    "HPEXPIRE $h $ms NX FIELDS 1 $f",
    "HPEXPIREAT $h $end FIELDS 1 $f",
    "HPERSIST $h FIELDS 1 $f",
    "HGETEX $h PX $ms FIELDS 1 $f",
    "HSETEX $h EX $sec FIELDS 2 $f $v $f $n",
    "HSETEX $h FXX KEEPTTL FIELDS 1 $f $n",
    "HGETDEL $h FIELDS 1 $f",
    "LPUSH $l $v $v",
    "RPUSH $l $v",
    "LPUSHX $l $v",
    "LPOP $l",
    "RPOP $l 2",
    "LREM $l 1 $v",
    "LINSERT $l BEFORE $v $v",
    "LSET $l 0 $v",
    "LTRIM $l 0 5",
    "LMOVE $l $l LEFT RIGHT",
    "RPOPLPUSH $l $l",
    "LMPOP 2 $l $l RIGHT COUNT 2",
    "SORT $t ALPHA STORE $l",
    "SADD $t $m $m",
    "SREM $t $m",
    "SPOP $t",
    "SPOP $t 2",
    "SMOVE $t $t $m",
    "SUNIONSTORE $t $t $t",
    "SDIFFSTORE $t $t $t",
    "ZADD $z $n $m $n $m",
    "ZADD $z GT CH $n $m",
    "ZADD $z INCR $n $m",
    "ZINCRBY $z $n $m",
    "ZREM $z $m",
    "ZPOPMIN $z",
    "ZPOPMAX $z 2",
    "ZMPOP 2 $z $z MIN",
    "ZUNIONSTORE $z 2 $z $z",
    "ZRANGESTORE $z $z 0 2",
    "ZREMRANGEBYRANK $z 0 0",
    "XADD $x * $f $v",
    "XADD $x MAXLEN ~ 4 * $f $v",
    "XADD $x NOMKSTREAM MAXLEN 3 * $f $v",
    "XTRIM $x MAXLEN 2",
    "XTRIM $x MAXLEN ~ 2",
    "XGROUP CREATE $x g $ MKSTREAM",
    "XREADGROUP GROUP g c COUNT 2 STREAMS $x >",
    "XGROUP DESTROY $x g",
    "XGROUP DELCONSUMER $x g c",
    "GET $s",
    "TYPE $a",
    "EVAL redis.call('INCR',KEYS[1])redis.call('PEXPIRE',KEYS[1],ARGV[1]) 1 $s $ms",
    "EVAL redis.call('SADD',KEYS[1],redis.call('TIME')[2])error('late') 1 $t",
];

/// Draws commands. `prefix` is that of all keys, and `now_ms` the Unix time from which ends are counted.
pub(crate) struct Script<'a> {
    pub(crate) dice: fastrand::Rng,
    pub(crate) prefix: &'a str,
    /// Templates beside the usual ones.
    pub(crate) more: &'a [&'a str],
}

impl Script<'_> {
    /// The keys that there may be.
    pub(crate) fn keys(prefix: &str) -> Vec<String> {
        let names = ["s", "p", "h", "l", "t", "z", "x"];
        names.iter().flat_map(|name| (0..3).map(move |at| format!("{prefix}{name}{at}"))).collect()
    }

    /// The words of one command.
    pub(crate) fn command(&mut self, now_ms: u64) -> String {
        let template = *self.dice.choice(TEMPLATES.iter().chain(self.more).collect::<Vec<_>>()).unwrap();
        template.split(' ').map(|word| self.word(word, now_ms)).collect::<Vec<_>>().join(" ")
    }

    fn word(&mut self, word: &str, now_ms: u64) -> String {
        let dice = &mut self.dice;
        match word {
            "$v" | "$m" => dice.choice(["a", "b", "c", "d", "5"]).unwrap().into(),
            "$f" => dice.choice(["f", "g", "i"]).unwrap().into(),
            "$n" => dice.i64(-3..9).to_string(),
            "$sec" => dice.u64(1..60).to_string(),
            "$ms" => dice.u64(500..60_000).to_string(),
            "$end" => (now_ms + dice.u64(500..60_000)).to_string(),
            "$a" => dice.choice(Self::keys(self.prefix)).unwrap(),
            "$" => "$".into(),
            name => match name.strip_prefix('$') {
                Some(kind) => format!("{}{kind}{}", self.prefix, dice.usize(..3)),
                None => name.into(),
            },
        }
    }
}
