//! Numbers between Lua, which has doubles alone, and Redis.

pub(super) use crate::embedded::number::{double_text, general};

/// A number as a reply: cut to an integer, and what no integer can say as x86's smallest.
pub(super) fn to_integer(number: f64) -> i64 {
    const EDGE: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if !(-EDGE..EDGE).contains(&number) {
        return i64::MIN;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "cutting is the rule, and the range is checked above"
    )]
    let whole = number as i64;
    whole
}

/// The integer that a double is, if it is one within the half range where Redis trusts the conversion.
pub(super) fn exact_integer(number: f64) -> Option<i64> {
    const HALF: f64 = 4_611_686_018_427_387_904.0; // 2^62
    let whole = to_integer(number);
    #[expect(clippy::cast_precision_loss, reason = "compared with what it came from")]
    let same = (whole as f64) == number;
    ((-HALF..=HALF).contains(&number) && same).then_some(whole)
}

/// A number as a command's argument.
pub(super) fn to_text(number: f64) -> String {
    match exact_integer(number) {
        Some(whole) => whole.to_string(),
        None if number.is_nan() && number.is_sign_negative() => "-nan".into(),
        None => double_text(number),
    }
}

/// A number as Lua itself writes it.
pub(super) fn lua_text(number: f64) -> String {
    general(number, 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was asked of a Redis 8.0: `redis.call('SET', 'x', number)`, then GET.
    #[test]
    fn numbers_become_arguments_as_redis_writes_them() {
        let cases: [(f64, &str); 16] = [
            (1e20, "1e+20"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (f64::INFINITY, "inf"),
            (-0.0, "0"),
            (9_223_372_036_854_775_808.0, "9223372036854776000"),
            (-9_223_372_036_854_775_808.0, "-9223372036854776000"),
            (9_007_199_254_740_994.0, "9007199254740994"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (1e-7, "1e-7"),
            (1.5e-5, "0.000015"),
            (123_456_789.123, "123456789.123"),
            (1e17, "100000000000000000"),
            (-1.5e300, "-1.5e+300"),
            (1.0 / 3.0, "0.3333333333333333"),
            (9.3e18, "9.3e+18"),
        ];
        for (number, text) in cases {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn replies_are_cut_and_edges_become_the_smallest_integer() {
        assert_eq!(to_integer(3.99), 3);
        assert_eq!(to_integer(-3.99), -3);
        assert_eq!(to_integer(9_007_199_254_740_992.0), 9_007_199_254_740_992);
        for number in [1e30, -1e30, f64::NAN, f64::INFINITY, 9_223_372_036_854_775_808.0] {
            assert_eq!(to_integer(number), i64::MIN);
        }
    }
}
