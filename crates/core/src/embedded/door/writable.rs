//! Replies of any kind against the reader of redis-rs.

use redis::Value;

use super::nil::Nil;
use super::write::write;
use crate::embedded::client::Protocol;

/// A reply can be written in both protocols, and is exactly one reply then.
pub(in crate::embedded) fn must_be_writable(value: &Value) {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut out = Vec::new();
        write(&mut out, value, protocol, &Nil::Bulk);
        let read = redis::parse_redis_value(&out);
        assert!(read.is_ok(), "{read:?} of {}", out.escape_ascii());
        let mut again = Vec::new();
        write(&mut again, &read.expect("it was read"), protocol, &Nil::Bulk);
        assert_eq!(again.len(), out.len(), "{}", out.escape_ascii());
    }
}
