//! Numbers and byte strings one behind the other, as records are made of.

/// A length or count as it is written.
pub(super) fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Appends a number, seven bits a byte, the lowest first.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(0x80 | low_bits(number));
        number >>= 7;
    }
    out.push(low_bits(number));
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

/// Appends a signed number; one that is small either way is short.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Appends a byte string behind its length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, wide(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Takes apart what was put together. Whatever the bytes are, it neither panics nor allocates: what it gives is a part of
/// them, or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all was taken.
    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if bits.leading_zeros() < shift {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// How many things follow. Each takes a byte at least, so more than there are bytes is a lie.
    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_at_all_their_edges() {
        let edges = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, (1 << bit) | 1]).chain([u64::MAX]);
        for number in edges {
            let mut out = Vec::new();
            put_number(&mut out, number);
            put_signed(&mut out, number.cast_signed());
            put_signed(&mut out, number.cast_signed().wrapping_neg());
            let mut reader = Reader::new(&out);
            assert_eq!(reader.number(), Some(number));
            assert_eq!(reader.signed(), Some(number.cast_signed()));
            assert_eq!(reader.signed(), Some(number.cast_signed().wrapping_neg()));
            assert!(reader.is_at_end());
        }
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_nothing() {
        for bytes in [
            &[][..],
            &[0x80],
            &[0xff; 9],
            &[0xff; 11],
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2],
        ] {
            assert_eq!(Reader::new(bytes).number(), None, "{bytes:?}");
        }
        let mut all = Vec::new();
        put_number(&mut all, u64::MAX);
        assert_eq!(Reader::new(&all).bytes(), None);
        assert_eq!(Reader::new(&all).count(), None);
        assert_eq!(Reader::new(&[2, b'a', b'b', b'c']).bytes(), Some(&b"ab"[..]));
        assert_eq!(Reader::new(&[3, b'a', b'b']).bytes(), None);
        assert_eq!(Reader::new(&[2, 0xc3, 0x28]).text(), None);
    }
}
