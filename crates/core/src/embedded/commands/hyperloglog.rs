//! PFADD, PFCOUNT and PFMERGE: about how many different elements there were, in at most 12 KiB.
//!
//! A sketch is a string, and byte for byte the one that Redis makes of the same commands (with its default of 3000 bytes for
//! `hll-sparse-max-bytes`), so that what one of them wrote, the other can count.
//!
//! # References
//!
//! Flajolet, Fusy, Gandouet and Meunier, "`HyperLogLog`: the analysis of a near-optimal cardinality estimation algorithm", 2007;
//! Ertl, "New cardinality estimation algorithms for `HyperLogLog` sketches", 2017.

mod dense;
mod estimate;
mod murmur;
mod sketch;
mod sparse;
#[cfg(test)]
mod tests;

use redis::Value;

use super::reply::flag;
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use sketch::{REGISTERS, Sketch};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("pfadd", -2, Keys::FIRST, add),
    Spec::read("pfcount", -2, Keys::ALL, count),
    Spec::write("pfmerge", -2, Keys::ALL, merge),
];

/// The sketch that a key holds, if there is the key.
fn sketch(call: &mut Call<'_>, key: &[u8]) -> Result<Option<Sketch>, Refusal> {
    call.keys().read::<Vec<u8>>(key)?.map(|bytes| Sketch::read(bytes)).transpose()
}

fn put(call: &mut Call<'_>, key: &[u8], sketch: Sketch) -> Result<(), Refusal> {
    *call.keys().write_or_new::<Vec<u8>>(key)? = sketch.into_bytes();
    Ok(())
}

fn add(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, elements) = (call.word(1)?, call.rest(2));
    let known = sketch(call, key)?;
    let mut is_changed = known.is_none();
    let mut sketch = known.unwrap_or_default();
    for element in elements {
        let (register, rank) = murmur::place(element);
        is_changed |= sketch.raise(register, rank)?;
    }
    if is_changed {
        sketch.forget_count();
        put(call, key, sketch)?;
    }
    Ok(flag(is_changed))
}

fn count(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let keys = call.rest(1);
    let [key] = keys else { return Ok(told(estimate::count(&highest(call, keys)?.0))) };
    let Some(mut sketch) = sketch(call, key)? else { return Ok(told(0)) };
    if let Some(count) = sketch.known_count() {
        return Ok(told(count));
    }
    let count = estimate::count(&sketch.registers()?);
    sketch.remember_count(count);
    put(call, key, sketch)?;
    Ok(told(count))
}

fn merge(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, keys) = (call.word(1)?, call.rest(1));
    let (registers, is_any_dense) = highest(call, keys)?;
    let mut sketch = sketch(call, key)?.unwrap_or_default();
    if is_any_dense {
        sketch.make_dense()?;
    }
    for (register, rank) in registers.into_iter().enumerate().filter(|(_, rank)| *rank > 0) {
        sketch.raise(register, rank)?;
    }
    sketch.forget_count();
    put(call, key, sketch)?;
    Ok(Value::Okay)
}

/// The highest rank of each register among these sketches, and whether any of them is dense.
fn highest(call: &mut Call<'_>, keys: &[&[u8]]) -> Result<(Vec<u8>, bool), Refusal> {
    let (mut highest, mut is_any_dense) = (vec![0; REGISTERS], false);
    for key in keys {
        let Some(sketch) = sketch(call, key)? else { continue };
        is_any_dense |= sketch.is_dense();
        for (highest, rank) in highest.iter_mut().zip(sketch.registers()?) {
            *highest = rank.max(*highest);
        }
    }
    Ok((highest, is_any_dense))
}

fn told(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
