//! What a node says about which primary serves which slots: the reply to CLUSTER SLOTS.

use std::collections::BTreeSet;

use redis::Value;

use super::address::Address;
use super::slots::{SLOTS, Slot};

/// The primaries of a cluster and their slots, as one node told them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// First and last slot of each range, and its primary. There is at least one.
    pub(crate) ranges: Vec<(Slot, Slot, Address)>,
}

/// How many primaries a cluster may have here; Redis's own advice ends at about 1000 nodes.
pub(crate) const MAX_PRIMARIES: usize = 1024;

impl Layout {
    /// Reads the reply of the node at `asked`; the error says what is wrong with it.
    ///
    /// CLUSTER SHARDS says the same and more, but is unknown before 7.0, and names nodes that are failing.
    pub(crate) fn read(reply: &Value, asked: &Address) -> Result<Self, &'static str> {
        let Value::Array(entries) = reply else { return Err("its CLUSTER SLOTS is no list") };
        if entries.is_empty() {
            return Err("it knows of no slot that is served");
        }
        if entries.len() > usize::from(SLOTS) {
            return Err("its CLUSTER SLOTS has more ranges than there are slots");
        }
        let ranges: Option<Vec<_>> = entries.iter().map(|entry| range(entry, asked)).collect();
        let ranges = ranges.ok_or("its CLUSTER SLOTS has a range that cannot be read")?;
        let primaries: BTreeSet<&Address> = ranges.iter().map(|(_, _, primary)| primary).collect();
        if primaries.len() > MAX_PRIMARIES {
            return Err("its cluster has more than 1024 primaries");
        }
        Ok(Self { ranges })
    }
}

/// `[first, last, [host, port, id, ..], replica, ..]`.
fn range(entry: &Value, asked: &Address) -> Option<(Slot, Slot, Address)> {
    let Value::Array(entry) = entry else { return None };
    let [first, last, Value::Array(primary), ..] = entry.as_slice() else { return None };
    let [host, port, ..] = primary.as_slice() else { return None };
    let host = if let Value::BulkString(host) = host {
        std::str::from_utf8(host).ok()?
    } else if *host == Value::Nil {
        ""
    } else {
        return None;
    };
    let address = Address::new(host, u16::try_from(int(port)?).ok()?).seen_from(asked);
    let (first, last) = (slot(first)?, slot(last)?);
    (first <= last).then_some((first, last, address))
}

fn slot(value: &Value) -> Option<Slot> {
    Slot::new(u16::try_from(int(value)?).ok()?)
}

const fn int(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value { Some(*number) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(resp: &str) -> Result<Layout, &'static str> {
        Layout::read(&redis::parse_redis_value(resp.as_bytes()).unwrap(), &Address::new("10.0.0.9", 1))
    }

    #[test]
    fn ranges_name_their_primary_and_an_empty_host_is_the_one_that_was_asked() {
        let layout = read(concat!(
            "*3\r\n*3\r\n:0\r\n:5460\r\n*4\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n*0\r\n",
            "*4\r\n:5461\r\n:9000\r\n*2\r\n$0\r\n\r\n:7001\r\n*2\r\n$1\r\nr\r\n:7002\r\n",
            "*3\r\n:16383\r\n:16383\r\n*2\r\n$-1\r\n:7003\r\n",
        ));
        let range = |first, last, host: &str, port| {
            (Slot::new(first).unwrap(), Slot::new(last).unwrap(), Address::new(host, port))
        };
        let expected = vec![
            range(0, 5460, "127.0.0.1", 7000),
            range(5461, 9000, "10.0.0.9", 7001),
            range(16_383, 16_383, "10.0.0.9", 7003),
        ];
        assert_eq!(layout, Ok(Layout { ranges: expected }));
    }

    #[test]
    fn what_cannot_be_read_is_said_and_nothing_is_guessed() {
        for resp in [
            "*0\r\n",
            "+OK\r\n",
            "*1\r\n+x\r\n",
            "*1\r\n*2\r\n:0\r\n:1\r\n",
            "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n",
            "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\na\r\n:1\r\n",
            "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:70000\r\n",
            "*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\na\r\n:7\r\n",
            "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n$1\r\na\r\n",
        ] {
            assert!(read(resp).is_err(), "{resp:?}");
        }
    }
}
