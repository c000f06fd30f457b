//! Random places in a collection.

use crate::embedded::refusal::Refusal;

/// How many places that may be the same are drawn at once. A server begins with any number, and comes to its end
/// when its memory does; here that would be the end of the process around it.
const REPEATED_MAX: usize = 1 << 22;

/// Of the one number that has no opposite.
pub(super) const FARTHER_THAN_ANY: Refusal = Refusal::fixed(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

/// `wanted` different places below `len`, or all; for a number below zero, exactly so many that may be the same.
pub(super) fn places(random: &mut fastrand::Rng, len: usize, wanted: i64) -> Result<Vec<usize>, Refusal> {
    let number = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
    if len == 0 {
        return Ok(Vec::new());
    }
    if wanted >= 0 {
        return Ok(random.choose_multiple(0..len, number.min(len)));
    }
    if number > REPEATED_MAX {
        return Err(Refusal::fixed("ERR value is out of range"));
    }
    Ok((0..number).map(|_| random.usize(..len)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_numbers_give_different_places_and_negative_ones_so_many() {
        let mut random = fastrand::Rng::with_seed(1);
        for wanted in 0..10 {
            let mut places = places(&mut random, 5, wanted).unwrap();
            places.sort_unstable();
            places.dedup();
            assert_eq!(i64::try_from(places.len()).unwrap(), wanted.min(5));
            assert!(places.iter().all(|place| *place < 5));
        }
        assert_eq!(places(&mut random, 2, -9).unwrap().len(), 9);
        assert!(places(&mut random, 0, i64::MIN).unwrap().is_empty());
        assert!(places(&mut random, 2, i64::MIN).is_err());
    }
}
