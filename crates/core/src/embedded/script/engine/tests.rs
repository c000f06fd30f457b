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
