//! Doubles as replies show them.

use super::grisu;

/// Writes a double as replies of Redis 8.0 do: in few digits that read back as the same value.
pub(in crate::embedded) fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".into() } else { "inf".into() };
    }
    if let Some(whole) = whole(value) {
        return whole;
    }
    let (digits, exponent) = grisu::digits(value.abs());
    let text = placed(&digits, exponent);
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Writes a double as C's `%.{precision}g` does: 17 for the replies of Redis 7.0, 14 for Lua's own numbers.
pub(in crate::embedded) fn general(value: f64, precision: usize) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".into() } else { "inf".into() };
    }
    let precision = precision.max(1);
    let text = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let cut = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    match usize::try_from(exponent + 4) {
        Ok(shifted) if shifted < precision + 4 => cut(&format!("{value:.*}", precision + 3 - shifted)),
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}e{sign}{:02}", cut(mantissa), exponent.abs())
        }
    }
}

/// A whole number of the size that Redis writes as such, and the sign that a zero may have.
fn whole(value: f64) -> Option<String> {
    // Redis's own bound: half the range of an i64, which is exactly a power of two as a double.
    const WHOLE_MAX: f64 = 4_611_686_018_427_387_904.0;
    if value == 0.0 {
        return Some(if value.is_sign_negative() { "-0".into() } else { "0".into() });
    }
    (value.fract() == 0.0 && value.abs() <= WHOLE_MAX).then(|| format!("{value:.0}"))
}

/// Places the point as Redis does: plainly where that needs few zeros, else with an exponent.
fn placed(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let magnitude = exponent + count - 1;
    if exponent >= 0 && magnitude < count + 7 {
        return format!("{digits}{}", "0".repeat(usize::try_from(exponent).unwrap_or_default()));
    }
    if exponent < 0 && (exponent > -7 || magnitude.abs() < 4) {
        let Ok(before) = usize::try_from(count + exponent) else {
            let zeros = usize::try_from(-count - exponent).unwrap_or_default();
            return format!("0.{}{digits}", "0".repeat(zeros));
        };
        let (front, back) = digits.split_at_checked(before).unwrap_or((digits, ""));
        return format!("{}.{back}", if front.is_empty() { "0" } else { front });
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if magnitude < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{}", magnitude.abs())
}
