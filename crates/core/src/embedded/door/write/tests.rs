//! Replies of every kind, in both protocols.

use redis::{PushKind, VerbatimFormat};

use super::*;
use crate::embedded::refusal::Refusal;

fn text(value: &Value, protocol: Protocol) -> String {
    let mut out = Vec::new();
    write(&mut out, value, protocol, &Nil::Bulk);
    String::from_utf8_lossy(&out).into_owned()
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn samples() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (Value::Nil, "$-1\r\n", "_\r\n"),
        (Value::Int(i64::MIN), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
        (bulk("a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"),
        (bulk(""), "$0\r\n\r\n", "$0\r\n\r\n"),
        (Value::Okay, "+OK\r\n", "+OK\r\n"),
        (Value::SimpleString("a\r\nb".into()), "+a  b\r\n", "+a  b\r\n"),
        (Value::Array(vec![Value::Nil, Value::Int(1)]), "*2\r\n$-1\r\n:1\r\n", "*2\r\n_\r\n:1\r\n"),
        (Value::Array(Vec::new()), "*0\r\n", "*0\r\n"),
        (Value::Set(vec![bulk("a")]), "*1\r\n$1\r\na\r\n", "~1\r\n$1\r\na\r\n"),
        (
            Value::Map(vec![(bulk("a"), Value::Double(0.5))]),
            "*2\r\n$1\r\na\r\n$3\r\n0.5\r\n",
            "%1\r\n$1\r\na\r\n,0.5\r\n",
        ),
        (Value::Double(f64::INFINITY), "$3\r\ninf\r\n", ",inf\r\n"),
        (Value::Double(1e20), "$5\r\n1e+20\r\n", ",1e+20\r\n"),
        (Value::Boolean(true), ":1\r\n", "#t\r\n"),
        (Value::Boolean(false), ":0\r\n", "#f\r\n"),
        (
            Value::VerbatimString { format: VerbatimFormat::Text, text: "hi".into() },
            "$2\r\nhi\r\n",
            "=6\r\ntxt:hi\r\n",
        ),
        (Value::BigNumber(b"123".to_vec()), "$3\r\n123\r\n", "(123\r\n"),
        (
            Value::Push { kind: PushKind::Invalidate, data: vec![Value::Nil] },
            "*2\r\n$10\r\ninvalidate\r\n$-1\r\n",
            ">2\r\n$10\r\ninvalidate\r\n_\r\n",
        ),
        (
            Value::Attribute { data: Box::new(Value::Int(1)), attributes: vec![(bulk("a"), Value::Int(2))] },
            ":1\r\n",
            "|1\r\n$1\r\na\r\n:2\r\n:1\r\n",
        ),
        (Refusal::SYNTAX.into_value(), "-ERR syntax error\r\n", "-ERR syntax error\r\n"),
        (Refusal::fixed("NOAUTH").into_value(), "-NOAUTH\r\n", "-NOAUTH\r\n"),
    ]
}

#[test]
fn every_kind_of_reply_is_written_in_both_protocols() {
    for (value, resp2, resp3) in samples() {
        assert_eq!(text(&value, Protocol::Resp2), resp2, "{value:?}");
        assert_eq!(text(&value, Protocol::Resp3), resp3, "{value:?}");
    }
}

#[test]
fn what_is_written_is_what_a_client_reads() {
    for (value, _, resp3) in samples() {
        // A line cannot hold a line's end, and of an error without details the client makes one with none.
        if !matches!(value, Value::SimpleString(_)) {
            assert_eq!(text(&redis::parse_redis_value(resp3.as_bytes()).unwrap(), Protocol::Resp3), resp3);
        }
    }
}

#[test]
fn each_entry_of_a_transaction_has_its_own_nil() {
    let nil = Nil::Entries(vec![Nil::Array, Nil::Bulk]);
    let mut out = Vec::new();
    write(&mut out, &Value::Array(vec![Value::Nil, Value::Nil]), Protocol::Resp2, &nil);
    write(&mut out, &Value::Nil, Protocol::Resp2, &nil);
    write(&mut out, &Value::Nil, Protocol::Resp3, &nil);
    assert_eq!(String::from_utf8(out).unwrap(), "*2\r\n*-1\r\n$-1\r\n*-1\r\n_\r\n");
}

#[test]
fn an_error_is_one_line() {
    let mut out = Vec::new();
    write_error(&mut out, b"ERR a\r\nb\xff");
    assert_eq!(out, b"-ERR a  b\xff\r\n");
}
