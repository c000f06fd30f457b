//! Every command of the table with odd words: whatever is sent, there is a reply, and it can be written.

use redis::Value;

use super::client::{ClientId, Protocol};
use super::data::Data;
use super::door;
use super::spec::Spec;
use super::state::{Answer, State};
use super::table;

/// Keys that are of any type after a while.
const KEYS: &[&[u8]] = &[b"a", b"b", b"c", b"d", b"e", b""];

/// What somebody writes where something else was meant. No number that would rightly need much memory is among them.
const ODD: &[&[u8]] = &[
    b"",
    b" ",
    b"\0",
    b"\xff\xfe",
    b"\r\n",
    b"0",
    b"1",
    b"2",
    b"-1",
    b"-2",
    b"-0",
    b"+1",
    b"01",
    b"10",
    b"100",
    b"0.1",
    b"-1.5",
    b"1e400",
    b"nan",
    b"inf",
    b"-inf",
    b"0x10",
    b"4294967296",
    b"-4294967297",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"170000000000000",
    b"(1",
    b"(",
    b"[a",
    b"(a",
    b"[",
    b"-",
    b"+",
    b"*",
    b"$",
    b">",
    b"0-0",
    b"0-*",
    b"1-1",
    b"18446744073709551615-18446744073709551615",
    b"[",
    b"[z-a]",
    b"\\",
    b"a*",
    b"[^",
    b"#",
    b"*->f",
    b"nosort",
    b"#!lua",
    b"return",
    b"return {1,2,{3}}",
    b"u8",
    b"i64",
    b"#1",
    b"km",
    b"\x05\0\x0b\0",
];

/// Options of all commands.
const OPTIONS: &[&[u8]] = &[
    b"NX",
    b"XX",
    b"GT",
    b"LT",
    b"CH",
    b"INCR",
    b"EX",
    b"PX",
    b"EXAT",
    b"PXAT",
    b"KEEPTTL",
    b"PERSIST",
    b"GET",
    b"SET",
    b"OVERFLOW",
    b"COUNT",
    b"MATCH",
    b"TYPE",
    b"NOVALUES",
    b"LEFT",
    b"RIGHT",
    b"BEFORE",
    b"AFTER",
    b"RANK",
    b"MAXLEN",
    b"MINID",
    b"LIMIT",
    b"~",
    b"=",
    b"WITHSCORES",
    b"WITHSCORE",
    b"WITHVALUES",
    b"BYSCORE",
    b"BYLEX",
    b"REV",
    b"WEIGHTS",
    b"AGGREGATE",
    b"SUM",
    b"MIN",
    b"MAX",
    b"STORE",
    b"BY",
    b"ASC",
    b"DESC",
    b"ALPHA",
    b"REPLACE",
    b"ABSTTL",
    b"IDLETIME",
    b"FREQ",
    b"DB",
    b"FIELDS",
    b"FNX",
    b"FXX",
    b"STREAMS",
    b"BLOCK",
    b"GROUP",
    b"NOACK",
    b"MKSTREAM",
    b"NOMKSTREAM",
    b"ENTRIESREAD",
    b"JUSTID",
    b"IDLE",
    b"TIME",
    b"RETRYCOUNT",
    b"FORCE",
    b"LASTID",
    b"FULL",
    b"BIT",
    b"BYTE",
    b"AND",
    b"NOT",
    b"XOR",
    b"ON",
    b"OFF",
    b"REDIRECT",
    b"BCAST",
    b"PREFIX",
    b"OPTIN",
    b"OPTOUT",
    b"NOLOOP",
    b"YES",
    b"NO",
    b"ID",
    b"ADDR",
    b"SKIPME",
    b"MAXAGE",
    b"USER",
    b"AUTH",
    b"SETNAME",
    b"SYNC",
    b"ASYNC",
    b"LEN",
    b"IDX",
    b"MINMATCHLEN",
    b"WITHMATCHLEN",
    b"FILTERBY",
    b"PATTERN",
    b"ACLCAT",
    b"SAMPLES",
    b"hz",
    b"maxmem*",
    b"server",
    b"km",
    b"m",
];

/// Says what was sent when it panicked.
struct Told(Vec<Vec<u8>>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let words: Vec<_> = self.0.iter().map(|word| word.escape_ascii().to_string()).collect();
            println!("the command was: {words:?}");
        }
    }
}

fn one_of<'a>(random: &mut fastrand::Rng, all: &[&'a [u8]]) -> &'a [u8] {
    random.choice(all).copied().unwrap_or_default()
}

fn word<'a>(random: &mut fastrand::Rng, commands: &[&'static Spec]) -> &'a [u8] {
    match random.u8(..16) {
        0..6 => one_of(random, KEYS),
        6..11 => one_of(random, ODD),
        11..15 => one_of(random, OPTIONS),
        _ => random.choice(commands).map_or(b"", |spec| spec.name.as_bytes()),
    }
}

/// A command with about as many words as it wants, the first of which often is a key.
fn words(random: &mut fastrand::Rng, commands: &[&'static Spec]) -> Vec<Vec<u8>> {
    let mut spec = *random.choice(commands).expect("there are commands");
    let mut words = vec![spec.name.as_bytes().to_vec()];
    if let Some(chosen) = random.choice(spec.subcommands) {
        spec = chosen;
        let (_, own) = spec.name.split_once('|').unwrap_or_default();
        words.push(own.as_bytes().to_vec());
    }
    let wanted = usize::try_from(spec.arity.unsigned_abs()).unwrap_or_default();
    let more = if spec.arity < 0 || random.u8(..16) == 0 { random.usize(..6) } else { 0 };
    if wanted + more > words.len() && random.bool() {
        words.push(one_of(random, KEYS).to_vec());
    }
    while words.len() < wanted + more {
        words.push(word(random, commands).to_vec());
    }
    words
}

fn send(state: &mut State, id: ClientId, words: &[Vec<u8>], now_ms: i64) {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let replies = match state.execute(id, &words, now_ms) {
        Answer::Reply(Ok(value)) => vec![value],
        Answer::Reply(Err(refusal)) => {
            assert!(
                !refusal.text().contains(['\r', '\n']) && refusal.text().contains(' '),
                "{}",
                refusal.text()
            );
            vec![refusal.into_value()]
        }
        Answer::Confirmed(values) => values,
        Answer::Waits { ticket, .. } => {
            state.give_up(ticket);
            vec![Value::Nil]
        }
        Answer::Gone => Vec::new(),
    };
    replies.iter().for_each(door::must_be_writable);
}

fn fuzz(seed: u64, rounds: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let commands: Vec<&'static Spec> = table::all().collect();
    let mut now_ms = 1_700_000_000_000;
    let mut state = State::new(Data::new(fastrand::Rng::with_seed(seed), now_ms));
    let mut ids = [0; 3];
    for _ in 0..rounds {
        now_ms += if random.u8(..8) == 0 { random.i64(0..100_000) } else { 0 };
        let at = random.usize(..ids.len());
        if state.client(ids[at]).is_none() {
            ids[at] = state.connect(if random.bool() { Protocol::Resp2 } else { Protocol::Resp3 });
        }
        let told = Told(words(&mut random, &commands));
        send(&mut state, ids[at], &told.0, now_ms);
    }
}

/// `REDFLEET_FUZZ_SEED` and `REDFLEET_FUZZ_ROUNDS` choose the first seed and how many follow.
#[test]
fn no_words_of_any_command_cause_a_panic() {
    let chosen = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first: u64 = chosen("REDFLEET_FUZZ_SEED").unwrap_or_default();
    for seed in first..first + chosen("REDFLEET_FUZZ_ROUNDS").unwrap_or(20) {
        println!("seed {seed}");
        fuzz(seed, 400);
    }
}
