//! The words FIELDS, a number, and so many fields, with which commands on lives end.

use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// What HEXPIRE and its variants say of a number of fields that is none.
pub(super) const NOT_ABOVE_ZERO: Refusal =
    Refusal::fixed("ERR Parameter `numFields` should be greater than 0");
/// What all others say.
pub(super) const NOT_POSITIVE: Refusal = Refusal::fixed("ERR Number of fields must be a positive integer");

/// The fields behind FIELDS and their number, which `words` consist of.
pub(super) fn read<'w, 'a>(words: &'w [&'a [u8]], no_number: Refusal) -> Result<&'w [&'a [u8]], Refusal> {
    let (name, rest) = words.split_first().ok_or_else(missing)?;
    if !name.eq_ignore_ascii_case(b"FIELDS") {
        return Err(missing());
    }
    let Some((number, fields)) = rest.split_first() else { return Err(no_number) };
    let number = number::integer(number).filter(|number| *number > 0).ok_or(no_number)?;
    if usize::try_from(number) == Ok(fields.len()) {
        Ok(fields)
    } else {
        Err(Refusal::fixed("ERR The `numfields` parameter must match the number of arguments"))
    }
}

/// The refusal of what stands where FIELDS should.
pub(super) fn missing() -> Refusal {
    Refusal::fixed("ERR Mandatory argument FIELDS is missing or not at the right position")
}
