//! The libraries, on values whose results were asked of a Redis 8.0.

use crate::embedded::testing::Console;

/// Shows the results of an expression in one line; `$` stands for it.
const SHOW: &str = include_str!("tests/show.lua");

/// Lines of `expression => results`, in one engine, because settings hold from one to the next.
#[track_caller]
fn expect(cases: &str) {
    let mut console = Console::new();
    let mut wrong = Vec::new();
    for case in cases.lines() {
        let (expression, results) = case.split_once(" => ").expect("each line has results");
        let script = SHOW.replace('$', expression);
        let found = match console.reply(&[b"EVAL", script.as_bytes(), b"0"]) {
            redis::Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
            other => crate::embedded::testing::text(&other),
        };
        if found != results {
            wrong.push(format!("{expression}\n  is {found}\n not {results}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn bits_are_moved_as_on_a_server() {
    expect(include_str!("tests/bit.txt"));
}

#[test]
fn json_is_written_and_read_as_on_a_server() {
    expect(include_str!("tests/cjson.txt"));
}

#[test]
fn messagepack_is_written_and_read_as_on_a_server() {
    expect(include_str!("tests/cmsgpack.txt"));
}

#[test]
fn structs_are_laid_out_as_on_a_server() {
    expect(include_str!("tests/struct.txt"));
}

#[test]
fn lua_itself_is_as_on_a_server() {
    expect(include_str!("tests/lang.txt"));
}
