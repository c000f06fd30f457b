//! The bits of a value.

use super::Strings;
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

/// Commands on the bits of a value.
impl<K: Field, V: Field> Strings<K, V> {
    /// SETBIT: what the bit was.
    #[doc(alias = "SETBIT")]
    pub fn set_bit(self, pipe: &mut Pipe, id: impl AsField<K>, offset: usize, bit: bool) -> Deferred<bool> {
        self.command("SETBIT", id).arg(offset).arg(u8::from(bit)).queue(pipe, convert)
    }

    /// GETBIT.
    #[doc(alias = "GETBIT")]
    pub fn get_bit(self, pipe: &mut Pipe, id: impl AsField<K>, offset: usize) -> Deferred<bool> {
        self.command("GETBIT", id).arg(offset).queue(pipe, convert)
    }

    /// BITCOUNT: how many bits are set.
    #[doc(alias = "BITCOUNT")]
    pub fn count_bits(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("BITCOUNT", id).queue(pipe, convert)
    }

    /// BITCOUNT, from the byte `start` to the byte `end`, both inclusive, negative from the end.
    pub fn count_bits_in(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        start: i64,
        end: i64,
    ) -> Deferred<usize> {
        self.command("BITCOUNT", id).arg(start).arg(end).queue(pipe, convert)
    }

    /// BITPOS: where the first such bit is, if there is one.
    #[doc(alias = "BITPOS")]
    pub fn find_bit(self, pipe: &mut Pipe, id: impl AsField<K>, bit: bool) -> Deferred<Option<usize>> {
        self.command("BITPOS", id)
            .arg(u8::from(bit))
            .queue(pipe, |reply| Ok(usize::try_from(convert::<i64>(reply)?).ok()))
    }
}
