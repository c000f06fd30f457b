//! Which of the cluster's 16384 slots a key belongs to.

use std::fmt;

/// How many slots every Redis Cluster has.
pub(crate) const SLOTS: u16 = 16_384;

/// One of the 16384 slots of a Redis Cluster: keys of one slot live on one server.
///
/// # Example
///
/// ```
/// use redfleet_core::Slot;
///
/// assert_eq!(Slot::of_key(b"123456789").index(), 12_739);
/// assert_eq!(Slot::of_key(b"{user:1}:name"), Slot::of_key(b"{user:1}:visits"));
/// ```
///
/// # References
///
/// The hash is CRC16 in its XMODEM form, as the Redis Cluster specification has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

impl Slot {
    /// The slot of a key: of what stands between its first `{` and the next `}`, if that is something, else
    /// of the whole key.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Self {
        Self(crc16(tag(key)) % SLOTS)
    }

    /// The slot with this number, if there is one.
    #[must_use]
    pub const fn new(index: u16) -> Option<Self> {
        if index < SLOTS { Some(Self(index)) } else { None }
    }

    /// The slot's number, below 16384.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {}", self.0)
    }
}

fn tag(key: &[u8]) -> &[u8] {
    let inside = || {
        let open = key.iter().position(|byte| *byte == b'{')?;
        let rest = key.get(open + 1..)?;
        let close = rest.iter().position(|byte| *byte == b'}')?;
        rest.get(..close).filter(|tag| !tag.is_empty())
    };
    inside().unwrap_or(key)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        let [high, _] = crc.to_be_bytes();
        let step = TABLE.get(usize::from(high ^ byte)).copied().unwrap_or_default();
        (crc << 8) ^ step
    })
}

const TABLE: [u16; 256] = table();

#[expect(clippy::indexing_slicing, reason = "runs while compiling, where a wrong index is a compile error")]
const fn table() -> [u16; 256] {
    const POLYNOMIAL: u16 = 0x1021;
    let mut table = [0; 256];
    let mut byte: u16 = 0;
    while byte < 256 {
        let mut crc = byte << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_the_specification_gives() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(crc16(b""), 0);
    }

    #[test]
    fn slots_are_those_that_a_running_server_names() {
        // CLUSTER KEYSLOT of a Redis 8.0 server.
        for (key, slot) in [("{t}", 15_891), ("foo", 12_182), ("bar", 5_061), ("", 0)] {
            assert_eq!(Slot::of_key(key.as_bytes()).index(), slot, "{key}");
        }
    }

    #[test]
    fn only_the_first_tag_counts_and_an_empty_one_does_not() {
        for (key, counted) in [
            ("foo{bar}", "bar"),
            ("{bar}foo{baz}", "bar"),
            ("foo{{bar}}zap", "{bar"),
            ("foo{}{bar}", "foo{}{bar}"),
            ("foo{bar", "foo{bar"),
            ("foo}bar{", "foo}bar{"),
            ("}{bar}", "bar"),
        ] {
            assert_eq!(tag(key.as_bytes()), counted.as_bytes(), "{key}");
        }
    }

    #[test]
    fn there_is_no_slot_beyond_the_last() {
        assert_eq!(Slot::new(16_383).map(Slot::index), Some(16_383));
        assert_eq!(Slot::new(16_384), None);
    }
}
