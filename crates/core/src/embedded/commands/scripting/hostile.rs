//! Scripts that want to run for ever, to have all the memory, or to break what the next script finds.

use std::path::Path;
use std::{env, fs};

use redis::Value;

use crate::embedded::script::Limits;
use crate::embedded::scripts::Scripts;
use crate::embedded::testing::{Console, text};

/// Small, so that the worst that a script can do takes no time.
const LIMITS: Limits = Limits { instructions: 200_000, memory_bytes: 4 << 20 };

/// A node with a little of everything.
fn node() -> Console {
    let mut console = Console::new();
    console.state.data.scripts = Scripts::new(LIMITS);
    console.expect(
        "SET guarded before => OK
         RPUSH list a b => 2
         SADD set a => 1
         ZADD sorted 1 a => 1",
    );
    console
}

fn contents(console: &Console) -> Vec<String> {
    let mut all: Vec<_> =
        console.state.data.keyspace.iter().map(|(key, entry)| format!("{key:?} {entry:?}")).collect();
    all.sort();
    all
}

/// Runs one script: what it changed is undone if it was stopped, and the node is as good as before.
fn survives(console: &mut Console, name: &str, source: &[u8]) -> String {
    let before = contents(console);
    let reply = text(&console.reply(&[b"EVAL", source, b"1", b"guarded", b"argument"]));
    if reply.starts_with("ERR script stopped") {
        assert_eq!(contents(console), before, "{name} is undone: {}", source.escape_ascii());
    }
    let next = b"return {#KEYS, ARGV[1], ('x'):upper(), cjson.encode({1}), redis.call('PING').ok, collectgarbage('count') > 0}";
    let after = console.reply(&[b"EVAL", next, b"1", b"k", b"a"]);
    assert_eq!(
        text(&after),
        "[1, a, X, [1], PONG, 1]",
        "the next one runs after {name}: {}",
        source.escape_ascii()
    );
    reply
}

#[test]
fn the_corpus_is_survived_and_what_was_stopped_is_undone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/lua");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 40, "the corpus is not there");
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let reply = survives(&mut node(), &name, &fs::read(&file).unwrap());
        if name.starts_with("endless") || name.starts_with("memory") {
            assert!(reply.starts_with("ERR script stopped: it"), "{name}: {reply}");
        }
    }
}

#[test]
fn one_node_survives_the_whole_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/lua");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut console = node();
    for file in files {
        survives(&mut console, &file.display().to_string(), &fs::read(&file).unwrap());
    }
}

/// `$` stands for another piece.
const PIECES: &[&str] = &[
    "redis.call('SET', KEYS[1], $)",
    "redis.pcall('LPOP', $)",
    "redis.call($, $)",
    "redis.call('DEL', 'list', $)",
    "redis.call('ZADD', 'sorted', $, 'm')",
    "pcall(function() return $ end)",
    "xpcall(function() error($) end, function(e) return $ end)",
    "coroutine.wrap(function() return $ end)()",
    "coroutine.resume(coroutine.create(function() coroutine.yield($) return $ end))",
    "(function() while true do local x = $ end end)()",
    "(function() for i = 1, 3 do local x = $ end return $ end)()",
    "(function() local t = {} t[1], t[2] = t, $ return t end)()",
    "setmetatable({}, {__index = function() return $ end, __tostring = function() return $ end})",
    "cjson.encode($)",
    "cjson.decode($)",
    "cmsgpack.pack($, $)",
    "cmsgpack.unpack($)",
    "struct.pack($, $)",
    "struct.unpack($, $)",
    "bit.bor($, $)",
    "('x'):rep($)",
    "string.format($, $)",
    "string.gsub($, $, $)",
    "table.concat({$, $})",
    "table.sort({$, $, $}, function(a, b) return $ end)",
    "unpack($, $, $)",
    "select($, $)",
    "tostring($)",
    "loadstring($)",
    "error($)",
    "redis.error_reply($)",
    "redis.setresp($)",
    "redis.sha1hex($)",
    "{$, $, a = $}",
    "{map = {[$] = $}}",
    "{double = $}",
    "{err = $}",
    "{ok = $}",
    "{set = {[1] = $}}",
    "{verbatim_string = {format = $, string = $}}",
    "{big_number = $}",
    "$ .. $",
    "$ + $",
    "$ == $",
    "#$",
    "-$",
    "$[$]",
    "_G[$]",
];
const ENDS: &[&str] = &[
    "1",
    "0",
    "-1",
    "3",
    "1e308",
    "2^63",
    "-2^63",
    "0/0",
    "1/0",
    "nil",
    "true",
    "false",
    "''",
    "'a'",
    "'\\0'",
    "'\\255'",
    "'%d'",
    "'GET'",
    "'guarded'",
    "'list'",
    "'[1,{\"a\":null}]'",
    "'\\147\\1\\2'",
    "'>I2s'",
    "{}",
    "KEYS",
    "ARGV[1]",
    "cjson.null",
    "string",
    "redis",
    "tostring",
    "_G",
    "'x\\r\\ny'",
    "2.5",
    "100000",
];

fn piece(random: &mut fastrand::Rng, depth: usize, out: &mut String) {
    if depth == 0 || random.u8(..4) == 0 {
        out.push_str(random.choice(ENDS).unwrap());
        return;
    }
    for part in random.choice(PIECES).unwrap().split_inclusive('$') {
        match part.strip_suffix('$') {
            Some(front) => {
                out.push_str(front);
                piece(random, depth - 1, out);
            }
            None => out.push_str(part),
        }
    }
}

fn some_script(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut source = String::new();
    for _ in 0..random.usize(0..4) {
        source.push_str("local _ = ");
        piece(random, 3, &mut source);
        source.push('\n');
    }
    source.push_str("return ");
    piece(random, 4, &mut source);
    let mut source = source.into_bytes();
    if random.u8(..4) == 0 {
        let at = random.usize(..source.len());
        source[at] = random.u8(..);
    }
    source
}

#[test]
fn random_scripts_are_survived() {
    let number =
        |name: &str, default| env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(default);
    let seed = number("REDFLEET_FUZZ_SEED", 1);
    let rounds = number("REDFLEET_FUZZ_ROUNDS", 200);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut console = node();
    let (mut failed, mut compiled) = (0, 0);
    for round in 0..rounds {
        if round % 50 == 0 {
            console = node();
        }
        let reply = survives(&mut console, &format!("seed {seed}, round {round}"), &some_script(&mut random));
        failed += u64::from(reply.starts_with("ERR"));
        compiled += u64::from(!reply.starts_with("ERR Error compiling"));
    }
    assert!(failed < rounds && compiled > rounds / 2, "{failed} of {rounds} failed, {compiled} compiled");
}

#[test]
fn the_same_scripts_stop_at_the_same_instruction() {
    let counted = || {
        let mut console = node();
        let script = b"local n = 0 while true do n = n + 1 redis.call('PUBLISH', 'c', n) end";
        let reply = console.reply(&[b"EVAL", script, b"0"]);
        assert!(matches!(reply, Value::ServerError(_)));
        console.state.data.commands
    };
    assert_eq!(counted(), counted());
}
