//! Random values are read back as they were, values that differ are written differently, and no bytes make a field panic.

use std::fmt::Debug;

use fastrand::Rng;
use redfleet_pipe::{Ascii, Field, StringList};

use crate::encoded;

const ROUNDS: u64 = 2_000;

/// `ROUNDS` values of `draw`, each with its seed in the message.
fn agree<F: Field + Debug + PartialEq>(draw: impl Fn(&mut Rng) -> F) {
    for seed in 0..ROUNDS {
        let mut rng = Rng::with_seed(seed);
        let (one, other) = (draw(&mut rng), draw(&mut rng));
        let bytes = encoded(&one).unwrap();
        assert_eq!(F::decode(&bytes).unwrap(), one, "seed {seed}");
        assert_eq!(encoded(&other).unwrap() == bytes, one == other, "seed {seed}: {one:?} and {other:?}");
    }
}

/// Few letters, so that what has a meaning of its own comes often.
fn text(rng: &mut Rng) -> String {
    let letters = ['a', 'e', ',', '\\', ' ', '\u{c17}'];
    (0..rng.usize(..5)).map(|_| *rng.choice(&letters).unwrap()).collect()
}

#[test]
fn integers_come_back() {
    agree(|rng| rng.i8(..));
    agree(|rng| rng.u16(..));
    agree(|rng| rng.i32(..));
    agree(|rng| rng.i64(..));
    agree(|rng| rng.u64(..));
}

#[test]
fn floats_come_back_to_the_last_bit() {
    let number = |rng: &mut Rng| f64::from_bits(rng.u64(..));
    agree(|rng| Some(number(rng)).filter(|number| !number.is_nan()).unwrap_or(-0.0));
    agree(|rng| Some(f32::from_bits(rng.u32(..))).filter(|number| !number.is_nan()).unwrap_or(0.5));
    agree(|rng| (rng.f64() - 0.5) * f64::from(rng.u16(..)));
    assert_eq!(f64::decode(&encoded(&-0.0).unwrap()).unwrap().to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn texts_bytes_and_lists_come_back() {
    agree(text);
    agree(|rng| text(rng).into_bytes());
    agree(|rng| Ascii(text(rng).replace('\u{c17}', "~")));
    agree(|rng| (0..rng.usize(..4)).map(|_| text(rng)).collect::<StringList>());
    agree(|rng| rng.bool());
}

#[cfg(feature = "json")]
#[test]
fn json_comes_back() {
    use redfleet_pipe::Json;
    use std::collections::BTreeMap;

    agree(|rng| Json((0..rng.usize(..4)).map(|_| (text(rng), rng.i64(..))).collect::<BTreeMap<_, _>>()));
}

#[test]
fn no_bytes_make_a_field_panic() {
    let alphabet = b"0123456789+-.einfatrulsNX,\\ \xff";
    for seed in 0..ROUNDS {
        let mut rng = Rng::with_seed(seed);
        let bytes: Vec<_> = (0..rng.usize(..8)).map(|_| *rng.choice(alphabet).unwrap()).collect();
        let again = |written: Result<Vec<u8>, _>| written.unwrap();
        if let Ok(number) = i64::decode(&bytes) {
            assert_eq!(again(encoded(&number)), bytes, "an integer has one spelling");
        }
        if let Ok(list) = StringList::decode(&bytes) {
            assert_eq!(again(encoded(&list)), bytes, "a list has one spelling");
        }
        if let Ok(number) = f64::decode(&bytes) {
            assert_eq!(f64::decode(&again(encoded(&number))).unwrap().to_bits(), number.to_bits());
        }
        let _ = (bool::decode(&bytes).is_ok(), f32::decode(&bytes).is_ok(), u8::decode(&bytes).is_ok());
    }
}
