//! Fields that the server can count in.

use crate::field::Field;

/// A field that can be incremented where it is stored.
///
/// The server counts integers in 64 bits with a sign and refuses to go beyond. It does not know narrower types: what goes
/// beyond one is stored, and refused when it is read.
pub trait Number: Field {
    /// What it is incremented by.
    type Step: Field;

    /// Whether it has a fraction: HINCRBYFLOAT counts it and not HINCRBY.
    const IS_FLOAT: bool;
}

/// Implements [`Number`] for one type.
macro_rules! number {
    ($($type:ty, $step:ty, $is_float:literal;)+) => {$(
        impl Number for $type {
            type Step = $step;
            const IS_FLOAT: bool = $is_float;
        }
    )+};
}

number! {
    i8, i64, false;
    i16, i64, false;
    i32, i64, false;
    i64, i64, false;
    u8, i64, false;
    u16, i64, false;
    u32, i64, false;
    u64, i64, false;
    f32, f64, true;
    f64, f64, true;
}
