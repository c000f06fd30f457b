//! Replies as bytes, in RESP2 and RESP3.

use redis::Value;

use super::nil::Nil;
use crate::embedded::client::Protocol;
use crate::embedded::number::double_text;

/// Appends a reply. In RESP2, what it does not know becomes what Redis makes of it: maps and sets become flat arrays,
/// doubles and verbatim strings become bulk strings, booleans become integers, pushes become arrays.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, protocol: Protocol, nil: &Nil) {
    let is_resp3 = protocol == Protocol::Resp3;
    match value {
        Value::Nil if is_resp3 => out.extend(b"_\r\n"),
        Value::Nil => out.extend_from_slice(nil.text()),
        Value::Int(number) => line(out, b':', number.to_string().as_bytes()),
        Value::BulkString(bytes) => bulk(out, b'$', bytes),
        Value::SimpleString(text) => line(out, b'+', text.as_bytes()),
        Value::Okay => line(out, b'+', b"OK"),
        Value::Array(values) => list(out, b'*', values, protocol, nil),
        Value::Set(values) => list(out, if is_resp3 { b'~' } else { b'*' }, values, protocol, nil),
        Value::Map(pairs) if is_resp3 => map(out, b'%', pairs, protocol),
        Value::Map(pairs) => {
            head(out, b'*', pairs.len() * 2);
            flat(out, pairs, protocol);
        }
        Value::Attribute { data, attributes } => {
            if is_resp3 {
                map(out, b'|', attributes, protocol);
            }
            write(out, data, protocol, nil);
        }
        Value::Double(number) if is_resp3 => line(out, b',', double_text(*number).as_bytes()),
        Value::Double(number) => bulk(out, b'$', double_text(*number).as_bytes()),
        Value::Boolean(truth) if is_resp3 => line(out, b'#', if *truth { b"t" } else { b"f" }),
        Value::Boolean(truth) => line(out, b':', if *truth { b"1" } else { b"0" }),
        Value::VerbatimString { format, text } if is_resp3 => {
            bulk(out, b'=', format!("{format}:{text}").as_bytes());
        }
        Value::VerbatimString { text, .. } => bulk(out, b'$', text.as_bytes()),
        Value::BigNumber(digits) if is_resp3 => line(out, b'(', digits),
        Value::BigNumber(digits) => bulk(out, b'$', digits),
        Value::Push { kind, data } => {
            head(out, if is_resp3 { b'>' } else { b'*' }, data.len() + 1);
            bulk(out, b'$', kind.to_string().as_bytes());
            data.iter().for_each(|value| write(out, value, protocol, &Nil::Bulk));
        }
        Value::ServerError(error) => match error.details().filter(|details| !details.is_empty()) {
            Some(details) => write_error(out, format!("{} {details}", error.code()).as_bytes()),
            None => write_error(out, error.code().as_bytes()),
        },
        // redis-rs may know more kinds one day; an embedded node makes none of them.
        _ => write_error(out, b"ERR the reply is of a kind that this node cannot write"),
    }
}

/// Appends an error reply; its text starts with its code.
pub(super) fn write_error(out: &mut Vec<u8>, text: &[u8]) {
    line(out, b'-', text);
}

fn list(out: &mut Vec<u8>, mark: u8, values: &[Value], protocol: Protocol, nil: &Nil) {
    head(out, mark, values.len());
    for (at, value) in values.iter().enumerate() {
        write(out, value, protocol, nil.inside(at));
    }
}

fn map(out: &mut Vec<u8>, mark: u8, pairs: &[(Value, Value)], protocol: Protocol) {
    head(out, mark, pairs.len());
    flat(out, pairs, protocol);
}

fn flat(out: &mut Vec<u8>, pairs: &[(Value, Value)], protocol: Protocol) {
    for (key, value) in pairs {
        write(out, key, protocol, &Nil::Bulk);
        write(out, value, protocol, &Nil::Bulk);
    }
}

fn head(out: &mut Vec<u8>, mark: u8, count: usize) {
    line(out, mark, count.to_string().as_bytes());
}

fn bulk(out: &mut Vec<u8>, mark: u8, bytes: &[u8]) {
    head(out, mark, bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends a line; what would end it early is written as a space, as Redis does in errors.
fn line(out: &mut Vec<u8>, mark: u8, text: &[u8]) {
    out.push(mark);
    out.extend(text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
