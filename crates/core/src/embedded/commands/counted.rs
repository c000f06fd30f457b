//! Keys behind the number that says how many they are.

use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// The keys behind the number at `index`.
pub(super) fn keys<'a>(call: &Call<'a>, index: usize) -> Result<&'a [&'a [u8]], Refusal> {
    let number = number::integer(call.word(index)?).and_then(|number| usize::try_from(number).ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or(Refusal::fixed("ERR numkeys should be greater than 0"))?;
    let keys = call.rest(index + 1).get(..number);
    keys.ok_or(Refusal::fixed("ERR Number of keys can't be greater than number of args"))
}
