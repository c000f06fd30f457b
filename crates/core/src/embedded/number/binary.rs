//! Binary numbers before they are rounded, and the rounding: once, to the nearest, ties to the even one.

/// What a floating-point format can hold: a mantissa of so many bits, times two to an exponent between two ends.
#[derive(Debug)]
pub(super) struct Format {
    bits: u32,
    lowest: i64,
    highest: i64,
}

impl Format {
    /// An `f64`.
    pub(super) const DOUBLE: Self = Self { bits: 53, lowest: -1074, highest: 971 };
    /// The `long double` of x86: what Redis counts with in INCRBYFLOAT.
    pub(super) const LONG_DOUBLE: Self = Self { bits: 64, lowest: -16445, highest: 16320 };
}

/// `mantissa * 2^exponent`. Where the mantissa has its full 128 bits or nearly, its lowest bit may stand for any rest
/// below it (a sticky bit): far enough from where it is rounded, all that matters is that there is some.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    pub(super) mantissa: u128,
    pub(super) exponent: i64,
}

impl Exact {
    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The nearest mantissa and exponent in a format; `None` if the value is too large for it.
    pub(super) fn rounded(self, format: &Format) -> Option<(u64, i64)> {
        let bits = 128 - self.mantissa.leading_zeros();
        if bits == 0 {
            return Some((0, 0));
        }
        // The last bit kept is where the format's mantissa ends, or higher, where the format itself ends.
        let exponent =
            self.exponent.saturating_add(i64::from(bits) - i64::from(format.bits)).max(format.lowest);
        let cut = exponent.saturating_sub(self.exponent);
        let mantissa = match u32::try_from(cut) {
            // A cut below zero adds zeros: at most as many bits as the format's mantissa lacks.
            Err(_) if cut < 0 => self.mantissa << u32::try_from(-cut).unwrap_or_default(),
            Err(_) => 0,
            Ok(cut) => shifted(self.mantissa, cut),
        };
        // The mantissa may have become one bit longer, as 0b111 rounds up to 0b1000.
        let (mantissa, exponent) =
            if mantissa >> format.bits == 0 { (mantissa, exponent) } else { (mantissa >> 1, exponent + 1) };
        if exponent > format.highest {
            return None;
        }
        u64::try_from(mantissa).ok().map(|mantissa| (mantissa, exponent))
    }
}

/// `value / 2^cut` to the nearest, ties to the even one.
pub(super) fn shifted(value: u128, cut: u32) -> u128 {
    match cut {
        0 => value,
        1..=127 => {
            let (kept, rest, half) = (value >> cut, value & ((1 << cut) - 1), 1_u128 << (cut - 1));
            kept + u128::from(rest > half || (rest == half && kept & 1 == 1))
        }
        128 => u128::from(value > 1 << 127),
        _ => 0,
    }
}
