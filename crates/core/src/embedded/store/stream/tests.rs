//! What a stream keeps besides its entries.

use std::collections::BTreeMap;

use super::*;
use crate::embedded::store::{Keyspace, Stored};

fn id(ms: u64) -> StreamId {
    StreamId { ms, seq: 0 }
}

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

fn add(stream: &mut Stream, ms: u64) {
    stream.add(id(ms), [key("n"), key(&ms.to_string())].into());
}

#[test]
fn entries_and_nodes_agree_with_a_map_whatever_is_removed() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut stream, mut model, mut last) = (Stream::default(), BTreeMap::new(), 0);
        let mut before = stream.clone();
        for step in 0..1_500 {
            match random.u8(..40) {
                0 => {
                    let kept = random.usize(..=model.len());
                    stream.trim(Trim { keep: Keep::Newest(kept), is_rough: false, limit: None });
                    while model.len() > kept {
                        model.pop_first();
                    }
                }
                1 => {
                    let from = random.u64(..=last);
                    stream.trim(Trim { keep: Keep::From(id(from)), is_rough: false, limit: None });
                    model = model.split_off(&from);
                }
                2..9 => {
                    let ms = random.u64(..=last);
                    assert_eq!(
                        stream.delete(id(ms)),
                        model.remove(&ms).is_some(),
                        "seed {seed}, step {step}"
                    );
                }
                9 => {
                    before = stream.clone();
                    stream.trim(Trim { keep: Keep::Newest(0), is_rough: true, limit: Some(150) });
                    let first = stream.first().map_or(last + 1, |entry| entry.id.ms);
                    model = model.split_off(&first);
                }
                _ => {
                    last += random.u64(1..9);
                    add(&mut stream, last);
                    model.insert(last, ());
                }
            }
            assert!(stream.after(StreamId::ZERO).map(|entry| &entry.id.ms).eq(model.keys()), "seed {seed}");
            assert_eq!(stream.nodes.live(), model.len(), "seed {seed}, step {step}");
        }
        assert_eq!(before.nodes.live(), before.len(), "seed {seed}");
    }
}

#[test]
fn what_is_pending_is_one_consumers_alone() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut group = Group::default();
    for name in ["a", "b", "c"] {
        group.make_consumer(name.as_bytes(), 0);
    }
    for step in 0..5_000 {
        let (id, consumer) = (id(random.u64(..300)), key(["a", "b", "c"][random.usize(..3)]));
        if random.u8(..3) == 0 {
            group.forget(id);
        } else {
            group.assign(Pending { id, consumer, delivered_at: 0, deliveries: 1 });
        }
        let sum: usize = group.consumers().map(|(_, consumer)| consumer.pending()).sum();
        assert_eq!(sum, group.pending(), "step {step}");
    }
    for (name, consumer) in group.consumers() {
        let owns = |id| group.pending_of(id).is_some_and(|pending| pending.consumer == *name);
        assert!(consumer.pending_from(StreamId::ZERO).all(owns));
    }
    let lost = group.remove_consumer(b"a").unwrap_or_default();
    assert!(lost > 0 && group.pending_from(StreamId::ZERO).all(|pending| *pending.consumer != *b"a"));
}

#[test]
fn what_is_written_quietly_can_be_undone() {
    let mut keys = Keyspace::default();
    let mut stream = Stream::default();
    add(&mut stream, 1);
    stream.make_group(b"g", Group::default());
    keys.set(key("s"), Stored::Stream(stream), None);
    let pending = |keys: &mut Keyspace| {
        let stream = keys.read::<Stream>(b"s").ok().flatten();
        stream.and_then(|stream| stream.group(b"g")).map_or(0, Group::pending)
    };
    keys.begin_undoable();
    let written = keys.write_quietly::<Stream>(b"s").ok().flatten();
    assert_eq!(written.map(|stream| stream.deliver(b"g", &key("c"), 9, true, 0).len()), Some(1));
    assert_eq!(pending(&mut keys), 1);
    keys.undo();
    assert_eq!(pending(&mut keys), 0);
}
