//! Which words of a command are its keys.

use redis::{Arg, Cmd};

/// The keys of a command, in the order in which they stand in it.
///
/// Servers tell with COMMAND; asking them would cost a round trip and could not be tested without one, and
/// the answer is the same everywhere. A command that is not known here has its key, as nearly all do, in its
/// first word after the name.
///
/// # Example
///
/// ```
/// use redfleet_core::keys_of;
/// use redis::cmd;
///
/// let mut copy = cmd("COPY");
/// copy.arg("from").arg("to").arg("REPLACE");
/// assert!(keys_of(&copy).eq([b"from".as_slice(), b"to"]));
/// ```
pub fn keys_of(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    let span = span(command);
    words(command).enumerate().filter_map(move |(index, word)| span.has(index).then_some(word))
}

/// The words of a command, the name first. The place of a cursor counts, as an empty word.
pub(crate) fn words(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    command.args_iter().map(|word| if let Arg::Simple(word) = word { word } else { Default::default() })
}

/// The words from `first` to before `end`, every `step`th; and one more that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    extra: Option<usize>,
    first: usize,
    end: usize,
    step: usize,
}

impl Span {
    const NONE: Self = Self { extra: None, first: 1, end: 1, step: 1 };
    const FIRST: Self = Self::between(1, 2);

    const fn between(first: usize, end: usize) -> Self {
        Self { extra: None, first, end, step: 1 }
    }

    const fn has(&self, index: usize) -> bool {
        let is_inside =
            index >= self.first && index < self.end && (index - self.first).is_multiple_of(self.step);
        is_inside || matches!(self.extra, Some(extra) if extra == index)
    }
}

/// The longest name in the table; what is longer is an everyday command with its key in word 1.
const MAX_NAME_BYTES: usize = 20;

fn span(command: &Cmd) -> Span {
    let len = command.args_iter().len();
    let name = crate::backend::name(command);
    let mut upper = [0; MAX_NAME_BYTES];
    let Some(upper) = upper.get_mut(..name.len()) else { return Span::FIRST };
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    match &*upper {
        b"DEL" | b"UNLINK" | b"EXISTS" | b"TOUCH" | b"MGET" | b"WATCH" | b"PFCOUNT" | b"PFMERGE"
        | b"SDIFF" | b"SINTER" | b"SUNION" | b"SDIFFSTORE" | b"SINTERSTORE" | b"SUNIONSTORE"
        | b"SSUBSCRIBE" | b"SUNSUBSCRIBE" => Span::between(1, len),
        b"RENAME" | b"RENAMENX" | b"COPY" | b"SMOVE" | b"LMOVE" | b"BLMOVE" | b"RPOPLPUSH"
        | b"BRPOPLPUSH" | b"LCS" | b"GEOSEARCHSTORE" | b"ZRANGESTORE" | b"TS.CREATERULE"
        | b"TS.DELETERULE" => Span::between(1, 3),
        b"MSET" | b"MSETNX" => Span { step: 2, ..Span::between(1, len) },
        b"TS.MADD" | b"JSON.MSET" => Span { step: 3, ..Span::between(1, len) },
        b"BLPOP" | b"BRPOP" | b"BZPOPMIN" | b"BZPOPMAX" | b"JSON.MGET" => {
            Span::between(1, len.saturating_sub(1))
        }
        b"EVAL" | b"EVALSHA" | b"EVAL_RO" | b"EVALSHA_RO" | b"FCALL" | b"FCALL_RO" | b"BLMPOP"
        | b"BZMPOP" => counted(command, 2, 1),
        b"ZUNION" | b"ZINTER" | b"ZDIFF" | b"ZINTERCARD" | b"SINTERCARD" | b"LMPOP" | b"ZMPOP" => {
            counted(command, 1, 1)
        }
        b"MSETEX" => counted(command, 1, 2),
        b"ZUNIONSTORE" | b"ZINTERSTORE" | b"ZDIFFSTORE" | b"TDIGEST.MERGE" | b"CMS.MERGE" => {
            Span { extra: Some(1), ..counted(command, 2, 1) }
        }
        b"BITOP" => Span::between(2, len),
        b"OBJECT" | b"XINFO" | b"XGROUP" | b"PFDEBUG" => Span::between(2, 3),
        b"MEMORY" if is(command, 1, "USAGE") => Span::between(2, 3),
        b"DEBUG" if is(command, 1, "OBJECT") => Span::between(2, 3),
        b"XREAD" | b"XREADGROUP" => streams(command, len),
        b"SORT" => Span { extra: stored(command, 2), ..Span::FIRST },
        b"GEORADIUS" => Span { extra: stored(command, 6), ..Span::FIRST },
        b"GEORADIUSBYMEMBER" => Span { extra: stored(command, 5), ..Span::FIRST },
        b"MIGRATE" => migrated(command, len),
        name if is_keyless(name) => Span::NONE,
        _ => Span::FIRST,
    }
}

fn is_keyless(name: &[u8]) -> bool {
    // Search commands name an index, which is no key: the servers gather its parts among themselves.
    name.starts_with(b"FT.")
        || matches!(
            name,
            b"ACL"
                | b"ASKING"
                | b"AUTH"
                | b"BGREWRITEAOF"
                | b"BGSAVE"
                | b"CLIENT"
                | b"CLUSTER"
                | b"COMMAND"
                | b"CONFIG"
                | b"DBSIZE"
                | b"DEBUG"
                | b"DISCARD"
                | b"ECHO"
                | b"EXEC"
                | b"FAILOVER"
                | b"FLUSHALL"
                | b"FLUSHDB"
                | b"FUNCTION"
                | b"HELLO"
                | b"INFO"
                | b"KEYS"
                | b"LASTSAVE"
                | b"LATENCY"
                | b"LOLWUT"
                | b"MEMORY"
                | b"MODULE"
                | b"MONITOR"
                | b"MULTI"
                | b"PFSELFTEST"
                | b"PING"
                | b"PSUBSCRIBE"
                | b"PSYNC"
                | b"PUBLISH"
                | b"PUBSUB"
                | b"PUNSUBSCRIBE"
                | b"QUIT"
                | b"RANDOMKEY"
                | b"READONLY"
                | b"READWRITE"
                | b"REPLCONF"
                | b"REPLICAOF"
                | b"RESET"
                | b"ROLE"
                | b"SAVE"
                | b"SCAN"
                | b"SCRIPT"
                | b"SELECT"
                | b"SHUTDOWN"
                | b"SLAVEOF"
                | b"SLOWLOG"
                | b"SUBSCRIBE"
                | b"SWAPDB"
                | b"SYNC"
                | b"TIME"
                | b"TS.MGET"
                | b"TS.MRANGE"
                | b"TS.MREVRANGE"
                | b"TS.QUERYINDEX"
                | b"UNSUBSCRIBE"
                | b"UNWATCH"
                | b"WAIT"
                | b"WAITAOF"
        )
}

/// The word at `at` says how many keys follow it; other words stand between them if `step` is over 1.
fn counted(command: &Cmd, at: usize, step: usize) -> Span {
    let count = word(command, at).and_then(|word| std::str::from_utf8(word).ok()?.parse::<usize>().ok());
    let end = count.unwrap_or_default().saturating_mul(step).saturating_add(at + 1);
    Span { step, ..Span::between(at + 1, end) }
}

/// XREAD .. STREAMS key key id id.
fn streams(command: &Cmd, len: usize) -> Span {
    // GROUP takes two names, either of which might be the very word.
    let from = if is(command, 1, "GROUP") { 4 } else { 1 };
    match after(command, from, "STREAMS") {
        Some(first) => Span::between(first, first + (len - first) / 2),
        None => Span::NONE,
    }
}

/// MIGRATE host port key .., or with an empty key and KEYS key key at the end.
fn migrated(command: &Cmd, len: usize) -> Span {
    if word(command, 3).is_some_and(|key| !key.is_empty()) {
        return Span::between(3, 4);
    }
    after(command, 6, "KEYS").map_or(Span::NONE, |first| Span::between(first, len))
}

/// The key after STORE or STOREDIST among the options that begin at `from`.
fn stored(command: &Cmd, from: usize) -> Option<usize> {
    stored_at(words(command), from)
}

/// Where the key stands that SORT or GEORADIUS stores at, its options beginning at `from`. Servers take the last one; and what
/// another option takes, such as the pattern of BY, may be any word.
pub(crate) fn stored_at<'a>(words: impl Iterator<Item = &'a [u8]>, from: usize) -> Option<usize> {
    let (mut skip, mut found) = (0, None);
    for (index, word) in words.enumerate().skip(from) {
        let is_one_of = |names: &[&str]| names.iter().any(|name| equal(word, name));
        if skip > 0 {
            skip -= 1;
        } else if is_one_of(&["STORE", "STOREDIST"]) {
            (skip, found) = (1, Some(index + 1));
        } else if is_one_of(&["BY", "GET", "COUNT"]) {
            skip = 1;
        } else if is_one_of(&["LIMIT"]) {
            skip = 2;
        }
    }
    found
}

/// The index after the first `wanted` at `from` or later.
fn after(command: &Cmd, from: usize, wanted: &str) -> Option<usize> {
    words(command).enumerate().skip(from).find(|(_, word)| equal(word, wanted)).map(|(index, _)| index + 1)
}

fn is(command: &Cmd, index: usize, wanted: &str) -> bool {
    word(command, index).is_some_and(|word| equal(word, wanted))
}

fn equal(word: &[u8], wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted.as_bytes())
}

/// The `index`th word of a command, the name being the 0th.
pub(crate) fn word(command: &Cmd, index: usize) -> Option<&[u8]> {
    words(command).nth(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `_` stands for an empty word.
    pub(crate) fn command(text: &str) -> Cmd {
        let mut command = Cmd::new();
        for word in text.split(' ') {
            command.arg(if word == "_" { "" } else { word });
        }
        command
    }

    fn keys(text: &str) -> Vec<String> {
        keys_of(&command(text)).map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    #[test]
    fn keys_stand_where_the_command_table_of_redis_has_them() {
        for (text, expected) in [
            ("GET a", "a"),
            ("set a v EX 1", "a"),
            ("HSET a f v", "a"),
            ("ZADD a 1 m", "a"),
            ("XADD a * f v", "a"),
            ("GEOADD a 1 2 m", "a"),
            ("VENDOR.NEW a b", "a"),
            ("SPUBLISH a m", "a"),
            ("RESTORE a 0 v", "a"),
            ("A.COMMAND.WITH.A.VERY.LONG.NAME a b", "a"),
            ("DEL a b c", "a b c"),
            ("unlink a b", "a b"),
            ("EXISTS a a", "a a"),
            ("TOUCH a", "a"),
            ("MGET a b", "a b"),
            ("WATCH a b", "a b"),
            ("PFCOUNT a b", "a b"),
            ("PFMERGE a b c", "a b c"),
            ("SDIFF a b", "a b"),
            ("SINTERSTORE a b c", "a b c"),
            ("SSUBSCRIBE a b", "a b"),
            ("RENAME a b", "a b"),
            ("COPY a b DB 1 REPLACE", "a b"),
            ("SMOVE a b m", "a b"),
            ("LCS a b LEN", "a b"),
            ("LMOVE a b LEFT RIGHT", "a b"),
            ("BLMOVE a b LEFT RIGHT 0", "a b"),
            ("RPOPLPUSH a b", "a b"),
            ("BRPOPLPUSH a b 0", "a b"),
            ("GEOSEARCHSTORE a b FROMMEMBER m BYRADIUS 1 m", "a b"),
            ("ZRANGESTORE a b 0 1", "a b"),
            ("MSET a 1 b 2", "a b"),
            ("MSETNX a b c d", "a c"),
            ("JSON.MSET a $ 1 b $ 2", "a b"),
            ("BLPOP a b 0", "a b"),
            ("BRPOP a 0", "a"),
            ("BZPOPMIN a b 1.5", "a b"),
            ("JSON.MGET a b $", "a b"),
            ("EVAL return 2 a b x", "a b"),
            ("EVALSHA hash 0 a", ""),
            ("FCALL f 1 a x", "a"),
            ("EVAL_RO t 1 a", "a"),
            ("BLMPOP 0 2 a b LEFT", "a b"),
            ("BZMPOP 0 1 a MIN", "a"),
            ("ZUNION 2 a b WEIGHTS 1 2", "a b"),
            ("ZINTERCARD 1 a LIMIT 3", "a"),
            ("SINTERCARD 2 a b", "a b"),
            ("LMPOP 1 a LEFT", "a"),
            ("ZMPOP 2 a b MAX COUNT 2", "a b"),
            ("MSETEX 2 a 1 b 2 EX 3", "a b"),
            ("ZUNIONSTORE a 2 b c AGGREGATE MAX", "a b c"),
            ("ZDIFFSTORE a 1 b", "a b"),
            ("BITOP AND a b c", "a b c"),
            ("OBJECT ENCODING a", "a"),
            ("OBJECT HELP", ""),
            ("XINFO STREAM a FULL", "a"),
            ("XGROUP CREATE a g $", "a"),
            ("MEMORY USAGE a SAMPLES 1", "a"),
            ("MEMORY DOCTOR", ""),
            ("DEBUG OBJECT a", "a"),
            ("DEBUG SLEEP 0", ""),
            ("XREAD COUNT 1 STREAMS a b 0 0", "a b"),
            ("XREAD STREAMS STREAMS 0", "STREAMS"),
            ("XREADGROUP GROUP STREAMS c STREAMS a >", "a"),
            ("XREAD COUNT 1", ""),
            ("XREAD STREAMS", ""),
            ("SORT a BY w LIMIT 0 1 STORE b", "a b"),
            ("SORT a", "a"),
            ("SORT a BY STORE GET STORE STORE b", "a b"),
            ("SORT a GET STORE", "a"),
            ("SORT a STORE b LIMIT 0 1 STORE c", "a c"),
            ("SORT_RO a", "a"),
            ("GEORADIUS a 1 2 3 m STORE b", "a b"),
            ("GEORADIUSBYMEMBER a m 1 m STOREDIST b", "a b"),
            ("GEORADIUS a 1 2 3 m STORE storedist", "a storedist"),
            ("GEORADIUS a 1 2 3 m COUNT 2 ANY STORE b STOREDIST c", "a c"),
            ("MIGRATE h 1 a 0 5", "a"),
            ("MIGRATE h 1 _ 0 5 COPY KEYS a b", "a b"),
            ("PING", ""),
            ("SCAN 0", ""),
            ("PUBLISH c m", ""),
            ("SCRIPT LOAD x", ""),
            ("FT.SEARCH idx q", ""),
            ("CLUSTER KEYSLOT a", ""),
            ("keys *", ""),
        ] {
            assert_eq!(keys(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn counts_that_lie_name_only_words_that_are_there() {
        for text in
            ["EVAL s", "EVAL s x a", "EVAL s -1 a", "ZUNIONSTORE", "BLPOP", "MSET", "BITOP", "MIGRATE", "GET"]
        {
            assert!(keys(text).is_empty() || text == "ZUNIONSTORE", "{text}");
        }
        assert_eq!(keys("EVAL s 18446744073709551615 a b"), ["a", "b"]);
        assert_eq!(keys("ZUNIONSTORE a 99 b"), ["a", "b"]);
        assert!(keys_of(&Cmd::new()).next().is_none());
    }
}
