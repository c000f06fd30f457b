//! Yes and no: `1` and nothing, as RedPipe writes them.

use super::{Field, InvalidValue};

/// `true` is written as `1`, `false` as nothing. Read are also `true`, `0` and `false`, in letters of any case, because
/// that is how others write them; everything else is refused. (RedPipe reads whatever is not empty as true, `0` and
/// `false` as well.)
#[diagnostic::do_not_recommend]
impl Field for bool {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        if *self {
            out.push(b'1');
        }
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        match bytes {
            b"1" => Ok(true),
            b"" | b"0" => Ok(false),
            word if word.eq_ignore_ascii_case(b"true") => Ok(true),
            word if word.eq_ignore_ascii_case(b"false") => Ok(false),
            _ => Err(InvalidValue::not("a bool")),
        }
    }
}
