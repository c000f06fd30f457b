//! Random effects, and random bytes.

use fastrand::Rng;

use super::*;

/// The one under test, whose name is that of what it gives.
fn decoded(reader: &mut Reader<'_>) -> Option<Effect> {
    effect(reader)
}

fn words(command: &Cmd) -> Vec<Vec<u8>> {
    let words = command.args_iter().map(|word| match word {
        Arg::Simple(word) => word.to_vec(),
        Arg::Cursor | _ => b"0".to_vec(),
    });
    words.collect()
}

fn some_bytes(rng: &mut Rng) -> Vec<u8> {
    let len = if rng.u8(..) == 0 { rng.usize(..70_000) } else { rng.usize(..20) };
    (0..len).map(|_| rng.u8(..)).collect()
}

fn some_effect(rng: &mut Rng) -> Effect {
    let mut step = || {
        let mut step = Cmd::new();
        for _ in 0..rng.usize(..5) {
            step.arg(some_bytes(rng));
        }
        step
    };
    let steps: Vec<Cmd> = (0..3).map(|_| step()).collect();
    let steps = steps.into_iter().take(rng.usize(..4)).collect();
    let keys: Vec<Key> = (0..rng.usize(..4)).map(|_| some_bytes(rng).into()).collect();
    let mut lives = Vec::new();
    for _ in 0..rng.usize(..4) {
        let key =
            if rng.bool() { some_bytes(rng).into() } else { rng.choice(keys.clone()).unwrap_or_default() };
        let life = match rng.u8(..3) {
            0 => Life::Forever,
            1 => Life::Until { unix_ms: rng.i64(..) },
            _ => Life::Gone,
        };
        lives.push((key, life));
    }
    let kind = match rng.u8(..5) {
        0 => Kind::Overwrites,
        1 => Kind::SetsLife,
        2 => Kind::Adds(rng.i64(..)),
        3 => Kind::Builds,
        _ => Kind::Reads,
    };
    Effect { steps, keys, lives, kind }
}

#[test]
fn random_effects_come_back_as_they_were() {
    for seed in 0..3000 {
        let effect = some_effect(&mut Rng::with_seed(seed));
        let mut out = Vec::new();
        put_effect(&mut out, &effect);
        let mut reader = Reader::new(&out);
        let read = decoded(&mut reader).unwrap_or_else(|| panic!("seed {seed}"));
        assert!(reader.is_at_end(), "seed {seed}");
        let steps = |effect: &Effect| effect.steps.iter().map(words).collect::<Vec<_>>();
        assert_eq!(steps(&read), steps(&effect), "seed {seed}");
        assert_eq!(read.keys, effect.keys, "seed {seed}");
        assert_eq!(read.lives, effect.lives, "seed {seed}");
        assert_eq!(read.kind, effect.kind, "seed {seed}");
        // A part of it is none, or is seen to be short of something.
        let cut = Rng::with_seed(seed).usize(..out.len());
        let mut reader = Reader::new(&out[..cut]);
        assert!(decoded(&mut reader).is_none(), "seed {seed}");
    }
}

#[test]
fn a_key_of_a_life_is_the_same_key_in_memory() {
    let key = Key::from(&b"k"[..]);
    let effect = Effect {
        steps: vec![redis::cmd("INCR").arg("k").take()],
        keys: vec![key.clone()],
        lives: vec![(key, Life::Forever)],
        kind: Kind::Adds(1),
    };
    let mut out = Vec::new();
    put_effect(&mut out, &effect);
    let read = decoded(&mut Reader::new(&out)).unwrap();
    assert!(Arc::ptr_eq(&read.keys[0], &read.lives[0].0));
}

#[test]
fn arbitrary_bytes_are_an_effect_or_none_and_no_length_is_believed() {
    for seed in 0..20_000 {
        let mut rng = Rng::with_seed(seed);
        let mut bytes = Vec::new();
        if rng.bool() {
            put_effect(&mut bytes, &some_effect(&mut rng));
            for _ in 0..rng.usize(1..4) {
                let at = rng.usize(..bytes.len());
                bytes[at] = rng.u8(..);
            }
        } else {
            bytes = some_bytes(&mut rng);
        }
        let mut reader = Reader::new(&bytes);
        if let Some(read) = decoded(&mut reader) {
            let words = read.steps.iter().map(|step| step.args_iter().len()).sum::<usize>();
            let things = read.steps.len() + words + read.keys.len() + read.lives.len();
            assert!(things <= bytes.len(), "seed {seed}: {things} things in {} bytes", bytes.len());
        }
    }
}
