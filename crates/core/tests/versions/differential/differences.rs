//! Where the servers' versions differ from Redis 8.0, which is what the embedded node is. What is not named here agrees.
//!
//! Each entry comes with an example, and a test plays them all: one that makes no difference fails.

use redfleet_core::test_util::TestImage;
use redfleet_core::test_util::TestImage::{Redis70, Redis80, Valkey81};

use super::command::name_of;
use super::compare::agree;
use super::families::{FAMILIES, Family};
use super::reply::Reply;
use super::rules::Rule;

/// One command and its two replies.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) words: &'a [Vec<u8>],
    pub(super) subject: &'a Reply,
    pub(super) server: &'a Reply,
}

#[derive(Debug)]
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) on: &'static [TestImage],
    pub(super) kind: Kind,
    /// Commands that show it, a line each; the last one's replies differ.
    pub(super) example: &'static [&'static str],
}

impl Difference {
    pub(super) const fn is_lack(&self) -> bool {
        matches!(self.kind, Kind::Lacks(_))
    }
}

#[derive(Debug)]
pub(super) enum Kind {
    /// The server has no such commands or options: they are not sent to it.
    Lacks(&'static [&'static str]),
    /// It says the same in another way: the sequence goes on.
    Says(fn(&Exchange<'_>) -> bool),
    /// It does something else: the keyspaces may part, so the sequence ends here.
    Parts(fn(&Exchange<'_>) -> bool),
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        what: "the embedded node's errors are text: what is no UTF-8 in them is replaced",
        on: &[Redis80, Redis70, Valkey81],
        kind: Kind::Says(|exchange| match (exchange.subject, exchange.server) {
            (Reply::Error(subject), Reply::Error(server)) => {
                String::from_utf8_lossy(server).as_bytes() == subject
            }
            _ => false,
        }),
        example: &["NOSUCH \\xff"],
    },
    Difference {
        what: "a score of -0 is 0: a server keeps the sign in a sorted set that is large, or has a long member",
        on: &[Redis80, Redis70, Valkey81],
        kind: Kind::Says(|exchange| signless(exchange.subject) == signless(exchange.server)),
        example: &[
            "ZADD a 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -0 m",
            "ZSCORE a m",
        ],
    },
    Difference {
        what: "ZSCAN tells scores by 17 digits: a server does so of a sorted set that is large, or has a long member",
        on: &[Redis80, Valkey81],
        kind: Kind::Says(|exchange| {
            name_of(exchange.words).ends_with("ZSCAN")
                && numbers(exchange.subject) == numbers(exchange.server)
        }),
        example: &[
            "ZADD a 0.2 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "@ZSCAN a",
        ],
    },
    Difference {
        what: "an offset below 0 finds nothing: in a sorted set that is large, or has a long member, it counts from the end",
        on: &[Redis80, Valkey81],
        kind: Kind::Parts(|exchange| {
            let mut pairs = exchange.words.windows(2);
            name_of(exchange.words).starts_with('Z')
                && pairs.any(|pair| pair[0].eq_ignore_ascii_case(b"LIMIT") && pair[1].starts_with(b"-"))
        }),
        example: &[
            "ZADD a 0.2 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 m",
            "ZRANGE a 0 1 BYSCORE LIMIT -1 -1",
        ],
    },
    Difference {
        what: "what setmetatable refuses at the end of a function has lost its place in the embedded node",
        on: &[Redis80, Valkey81],
        kind: Kind::Says(|exchange| {
            exchange.words.iter().any(|word| word == b"return setmetatable(1, {})")
                && exchange.subject.is_error_with("ERR bad argument #1 to '?'")
        }),
        example: &["EVAL return\\x20setmetatable(1,\\x20{}) 0"],
    },
    Difference {
        what: "a script that is compiled already is refused in Lua's newer words by the embedded node",
        on: &[Redis80, Valkey81],
        kind: Kind::Says(|exchange| {
            let is_compiled = exchange.words.iter().any(|word| word.starts_with(b"\x1bLua"));
            let is_refused = |reply: &Reply| reply.is_error_with("ERR Error compiling script");
            is_compiled && is_refused(exchange.subject) && is_refused(exchange.server)
        }),
        example: &["EVAL \\x1bLua 0"],
    },
    Difference {
        what: "Valkey does not call its commands Redis's",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| reworded(exchange.subject) == *exchange.server),
        example: &["EVAL return\\x20redis.call('NOSUCH') 0"],
    },
    Difference {
        what: "Valkey refuses MULTI and WATCH inside of MULTI as it does what cannot be queued, and EXEC with them",
        on: &[Valkey81],
        kind: Kind::Parts(|exchange| {
            exchange.server.is_error_with("ERR Command not allowed inside a transaction")
                && ["MULTI", "WATCH"].contains(&name_of(exchange.words).as_str())
        }),
        example: &["MULTI", "MULTI"],
    },
    Difference {
        what: "SORT believes an overflow that an earlier command met: it looks at errno and does not clear it before",
        on: &[Redis80],
        kind: Kind::Parts(|exchange| sort_says_no_double(exchange.server, exchange.words)),
        example: &["SADD a 3", "MULTI", "SCAN 18446744073709551616", "SORT a", "EXEC"],
    },
    Difference {
        what: "SORT takes no number beyond a double's range",
        on: &[Redis70, Valkey81],
        kind: Kind::Parts(|exchange| sort_says_no_double(exchange.server, exchange.words)),
        example: &["RPUSH a 1e400", "SORT a"],
    },
    Difference {
        what: "numbers are read as C's strtod does: behind spaces, and hexadecimal ones",
        on: &[Redis70, Valkey81],
        kind: Kind::Parts(|exchange| {
            let is_read = |word: &Vec<u8>| {
                let number = word.strip_prefix(b"(").unwrap_or(word);
                number.starts_with(b" ") || number.starts_with(b"0x") || number.starts_with(b"-0x")
            };
            exchange.words.iter().any(is_read) || sort_says_no_double(exchange.subject, exchange.words)
        }),
        example: &["ZADD a 1 m", "ZCOUNT a (\\x201 2"],
    },
    Difference {
        what: "BITCOUNT and BITPOS look at the key before the words behind it, and BITCOUNT asks for no end",
        on: &[Redis70, Valkey81],
        kind: Kind::Says(|exchange| {
            ["BITCOUNT", "BITPOS"].contains(&name_of(exchange.words).as_str())
                && matches!(exchange.subject, Reply::Error(_))
        }),
        example: &["BITCOUNT nokey 0"],
    },
    Difference {
        what: "a walk over keys of a type that there is not is refused",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| exchange.server.is_error_with("ERR unknown type name")),
        example: &["SCAN 0 TYPE nosuch"],
    },
    Difference {
        what: "Valkey shares no small numbers among keys",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| {
            let asks = exchange.words.get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"REFCOUNT"));
            name_of(exchange.words) == "OBJECT" && asks
        }),
        example: &["SET a 5", "OBJECT REFCOUNT a"],
    },
    Difference {
        what: "doubles have 17 digits",
        on: &[Redis70],
        kind: Kind::Says(|exchange| exchange.subject.is_but_for_digits(exchange.server)),
        example: &["ZADD a 0.1 m", "ZSCORE a m"],
    },
    Difference {
        what: "a walk may begin at an empty cursor",
        on: &[Redis70],
        kind: Kind::Says(|exchange| {
            name_of(exchange.words).ends_with("SCAN") && exchange.subject.is_error_with("ERR invalid cursor")
        }),
        example: &["SSCAN nokey "],
    },
    Difference {
        what: "a walk over a hash comes with its values",
        on: &[Redis70],
        kind: Kind::Lacks(&["NOVALUES"]),
        example: &["HSET a f v", "HSCAN a 0 NOVALUES"],
    },
    Difference {
        what: "a rank comes without its score",
        on: &[Redis70],
        kind: Kind::Parts(|exchange| {
            ["ZRANK", "ZREVRANK"].contains(&name_of(exchange.words).as_str()) && exchange.words.len() > 3
        }),
        example: &["ZRANK a m WITHSCORE"],
    },
    Difference {
        what: "what may wait may not be called by scripts",
        on: &[Redis70],
        kind: Kind::Parts(|exchange| {
            exchange.server.is_error_with("ERR This Redis command is not allowed from script")
        }),
        example: &["EVAL return\\x20redis.call('BLPOP','a',0) 0"],
    },
    Difference {
        what: "a client's name is looked at beyond its first NUL",
        on: &[Redis70],
        kind: Kind::Parts(|exchange| exchange.server.is_error_with("ERR Client names cannot contain")),
        example: &["CLIENT SETNAME \\x00\\xff"],
    },
    Difference {
        what: "LPOS takes the one rank that has no opposite",
        on: &[Redis70],
        kind: Kind::Says(|exchange| {
            name_of(exchange.words) == "LPOS" && exchange.subject.is_error_with("ERR value is out of range")
        }),
        example: &["LPOS a v RANK -9223372036854775808"],
    },
    Difference {
        what: "streams without ids are refused in other words",
        on: &[Redis70, Valkey81],
        kind: Kind::Says(|exchange| {
            [exchange.subject, exchange.server].iter().all(|reply| reply.is_error_with("ERR Unbalanced "))
        }),
        example: &["XREAD STREAMS a b 0"],
    },
    Difference {
        what: "the last entry of a stream that has none is refused",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| exchange.server.is_error_with("ERR the stream last element ID is 0-0")),
        example: &["XGROUP CREATE a g 0 MKSTREAM", "XREAD STREAMS a +"],
    },
    Difference {
        what: "how far a group is behind is counted in another way, and a script gets the report in another order",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| {
            name_of(exchange.words) == "XINFO" && is_same_but_for_lag(exchange.subject, exchange.server)
        }),
        example: &["XGROUP CREATE a g 0 MKSTREAM ENTRIESREAD 2", "XADD a 1-1 f v", "XINFO GROUPS a"],
    },
    Difference {
        what: "Valkey may have other engines for scripts, and misses the one that is asked for",
        on: &[Valkey81],
        kind: Kind::Says(|exchange| exchange.server.is_error_with("ERR Could not find scripting engine")),
        example: &["EVAL #!js\\x0areturn\\x201 0"],
    },
    Difference {
        what: "a limit beyond all measure is another kind of wrong limit",
        on: &[Redis70],
        kind: Kind::Says(|exchange| {
            exchange.subject.is_error_with("ERR timeout is")
                && exchange.server.is_error_with("ERR timeout is")
        }),
        example: &["BLPOP a inf"],
    },
    Difference {
        what: "fields of a hash have no life of their own",
        on: &[Redis70, Valkey81],
        kind: Kind::Lacks(&[
            "HEXPIRE",
            "HPEXPIRE",
            "HEXPIREAT",
            "HPEXPIREAT",
            "HTTL",
            "HPTTL",
            "HEXPIRETIME",
            "HPEXPIRETIME",
            "HPERSIST",
            "HGETEX",
            "HSETEX",
            "HGETDEL",
        ]),
        example: &["HTTL h FIELDS 1 f"],
    },
];

/// What Redis calls its own, and how Valkey calls it.
const REWORDED: [(&str, &str); 6] = [
    ("Redis command", "command"),
    (" Please use EVAL.", ""),
    ("for this redis lib call", "for this call"),
    ("Lua redis lib command arguments", "Command arguments"),
    ("ERR redis.", "ERR server."),
    ("passed to redis.", "passed to server."),
];

/// Errors of scripts as Valkey says them.
fn reworded(reply: &Reply) -> Reply {
    match reply {
        Reply::Error(text) => {
            let text = String::from_utf8_lossy(text);
            let text =
                REWORDED.iter().fold(text.into_owned(), |text, (ours, theirs)| text.replace(ours, theirs));
            Reply::Error(text.into_bytes())
        }
        Reply::Bulk(text) if text.starts_with(b"ERR ") => match reworded(&Reply::Error(text.clone())) {
            Reply::Error(text) => Reply::Bulk(text),
            other => other,
        },
        Reply::Array(items) => Reply::Array(items.iter().map(reworded).collect()),
        _ => reply.clone(),
    }
}

fn is_same_but_for_lag(subject: &Reply, server: &Reply) -> bool {
    agree(&Rule::Pairs, subject, server) || agree(&Rule::Report(LAG), subject, server)
}

/// What depends on how far a group is behind, and what is measured anyway.
const LAG: &[&str] = &[
    "lag",
    "entries-read",
    "radix-tree-keys",
    "radix-tree-nodes",
    "idle",
    "inactive",
    "seen-time",
    "active-time",
];

/// The reply with 0 for every -0.
fn signless(reply: &Reply) -> Reply {
    let all = |items: &[Reply]| items.iter().map(signless).collect();
    match reply {
        Reply::Double(text) if text == b"-0" => Reply::Double(b"0".to_vec()),
        Reply::Bulk(text) if text == b"-0" => Reply::Bulk(b"0".to_vec()),
        Reply::Array(items) => Reply::Array(all(items)),
        _ => reply.clone(),
    }
}

/// A walk's words; what can be read as a number stands for it.
fn numbers(reply: &Reply) -> Vec<Result<f64, &Reply>> {
    let number = |item: &Reply| std::str::from_utf8(item.text()?).ok()?.parse().ok();
    reply.items().unwrap_or_default().iter().map(|item| number(item).ok_or(item)).collect()
}

fn sort_says_no_double(reply: &Reply, words: &[Vec<u8>]) -> bool {
    let is_sort = ["SORT", "SORT_RO"].contains(&name_of(words).as_str());
    is_sort && reply.is_error_with("ERR One or more scores can't be converted into double")
}

/// Families that are not played on an image, because more differs there than is named here.
const LEFT_OUT: &[(TestImage, &[&str])] = &[(Redis70, &["streams", "scripts", "blocking"])];

/// What is held against this image.
pub(super) fn played(image: TestImage) -> impl Iterator<Item = &'static Family> {
    let is_left_out =
        move |name: &str| LEFT_OUT.iter().any(|(other, names)| *other == image && names.contains(&name));
    FAMILIES.iter().copied().filter(move |family| !is_left_out(family.name))
}

pub(super) fn of(image: TestImage) -> impl Iterator<Item = &'static Difference> {
    DIFFERENCES.iter().filter(move |difference| difference.on.contains(&image))
}

/// What must not be sent to this image.
pub(super) fn lacking(image: TestImage) -> Vec<&'static str> {
    of(image)
        .filter_map(|difference| match difference.kind {
            Kind::Lacks(names) => Some(names),
            Kind::Says(_) | Kind::Parts(_) => None,
        })
        .flatten()
        .copied()
        .collect()
}
