//! Fields: the table of the wire format, every case that RedPipe tests, and round trips of random values.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails is a failed test")]

mod fields {
    mod redpipe;
    mod round_trips;
    mod table;
}

use redfleet_pipe::{Field, InvalidValue};

/// What `value` is written as.
fn encoded<F: Field>(value: &F) -> Result<Vec<u8>, InvalidValue> {
    let mut out = b"before".to_vec();
    value.encode(&mut out)?;
    assert!(out.starts_with(b"before"), "a field only appends");
    Ok(out.split_off(6))
}

/// The text of the error with which `F` refuses `bytes`.
fn refusal<F: Field + std::fmt::Debug>(bytes: &[u8]) -> String {
    F::decode(bytes).unwrap_err().to_string()
}
