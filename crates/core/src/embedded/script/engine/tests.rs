//! The engine with a host that knows GET and SET.

use std::collections::BTreeMap;

use super::super::host::Protocol;
use super::*;

/// A store of strings.
#[derive(Debug, Default)]
struct Strings(BTreeMap<Vec<u8>, Vec<u8>>);

impl Host for Strings {
    fn call(&mut self, words: &[&[u8]], _: Protocol) -> Result<Value, String> {
        match words {
            [b"GET", key] => {
                Ok(self.0.get(*key).map_or(Value::Nil, |value| Value::BulkString(value.clone())))
            }
            [b"SET", key, value] => {
                self.0.insert(key.to_vec(), value.to_vec());
                Ok(Value::Okay)
            }
            _ => Err("ERR Unknown Redis command called from script".to_owned()),
        }
    }

    fn permits(&mut self, _: &[&[u8]]) -> Option<bool> {
        Some(true)
    }

    fn log(&mut self, _: u8, _: &[u8]) {}
}

fn eval(source: &str) -> Result<Value, Failure> {
    let mut engine = Engine::new(Limits::default()).expect("an engine");
    let script = engine.load(source.as_bytes())?;
    engine.run(&script, &[b"k"], &[b"a", b"b"], Strings::default()).reply
}

#[test]
fn a_script_reads_what_it_wrote() {
    let reply = eval("redis.call('SET', KEYS[1], ARGV[2]) return redis.call('GET', KEYS[1])");
    assert_eq!(reply, Ok(Value::BulkString(b"b".to_vec())));
}

#[test]
fn what_table_insert_writes_into_a_library_is_gone_after_the_script_however_it_was_found() {
    let ways = [
        "table.insert(redis, 'x')",
        "local t = _G.table; t.insert(redis, 7, 'x') t.insert(redis, 'x')",
        "rawget(table, 'insert')(redis, 'x')",
        "for name, f in pairs(table) do if name == 'insert' then f(redis, 'x') end end",
        "local name, f repeat name, f = next(table, name) until name == 'insert' f(redis, 'x')",
        "table.foreach(table, function(name, f) if name == 'insert' then f(redis, 'x') end end)",
    ];
    let limits = Limits { instructions: 100_000, ..Limits::default() };
    let mut engine = Engine::new(limits).unwrap();
    let mut run = |source: &str| {
        let script = engine.load(source.as_bytes()).unwrap();
        engine.run(&script, &[], &[], Strings::default()).reply
    };
    for way in ways {
        assert_eq!(run(&format!("{way} return redis[1]")), Ok(Value::BulkString(b"x".to_vec())), "{way}");
        assert_eq!(run("return redis[1] or redis[7] or table.insert == nil"), Ok(Value::Nil), "{way}");
    }
    assert!(matches!(run("table.insert(redis, 'x') while true do end"), Err(Failure::Stopped(_))));
    assert_eq!(run("return redis[1]"), Ok(Value::Nil));
}

#[test]
fn a_table_is_what_its_own_fields_say_it_is() {
    let list = Ok(Value::Array(vec![Value::Int(1)]));
    assert_eq!(eval("return {1}"), list);
    assert_eq!(eval("return {1, ok = false, err = 5, map = 'x', double = 'x'}"), list);
    assert_eq!(eval("return setmetatable({1}, {__index = {ok = 'x'}})"), list);
    assert_eq!(eval("return setmetatable({1}, {__metatable = false})"), list);
    let fine = Ok(Value::SimpleString("x".into()));
    assert_eq!(eval("return {1, ok = 'x'}"), fine);
    assert_eq!(eval("return setmetatable({1, ok = 'x'}, {})"), fine);
    assert_eq!(eval("return {1, double = 0.5}"), Ok(Value::Double(0.5)));
    assert_eq!(eval("return {err = 'X'}"), Err(Failure::Refused("X".into())));
    assert_eq!(eval("return {{ok = 'x'}}"), Ok(Value::Array(vec![Value::SimpleString("x".into())])));
}
