//! What sort commands answer, as one types them.

use crate::embedded::store::{Hash, Key, List, Set, SortedSet, Stored};
use crate::embedded::testing::Console;

/// With a list `l`, a set `s`, a sorted set `z` and some keys to sort by.
fn console() -> Console {
    let mut console = Console::new();
    let key = |text: &str| Key::from(text.as_bytes());
    let mut object = Hash::default();
    object.set(key("f"), key("7"));
    let keyspace = &mut console.state.data.keyspace;
    let list: List = ["3", "1", "2", "10"].into_iter().map(key).collect();
    keyspace.set(key("l"), Stored::List(list), None);
    let set: Set = ["b", "a", "c"].into_iter().map(key).collect();
    keyspace.set(key("s"), Stored::Set(set), None);
    let sorted: SortedSet =
        [("b", 1.0), ("a", 2.0), ("c", 3.0)].into_iter().map(|(name, score)| (key(name), score)).collect();
    keyspace.set(key("z"), Stored::SortedSet(sorted), None);
    keyspace.set(key("o1"), Stored::Hash(object), None);
    for (name, value) in [("w1", "30"), ("w2", "20"), ("w3", "10")] {
        keyspace.set(key(name), Stored::String(value.into()), None);
    }
    console
}

#[test]
fn numbers_are_sorted_as_numbers_and_texts_as_texts() {
    console().expect(
        r"
        sort l => [1, 2, 3, 10]
        sort l desc => [10, 3, 2, 1]
        sort l alpha => [1, 10, 2, 3]
        sort l limit 1 2 => [2, 3]
        sort l limit -5 1 => [1]
        sort l limit 9 1 => []
        sort s alpha desc => [c, b, a]
        sort s => ERR One or more scores can't be converted into double
        sort o1 => WRONGTYPE Operation against a key holding the wrong kind of value
        sort none => []
        sort l limit 1 => ERR syntax error
        sort l limit 1 x => ERR value is not an integer or out of range
        sort_ro l store x => ERR syntax error
        ",
    );
}

#[test]
fn what_other_keys_say_can_be_sorted_by_and_returned() {
    console().expect(
        r"
        sort l by w* => [10, 3, 2, 1]
        sort l by w* get # get w* get none => [10, nil, nil, 3, 10, nil, 2, 20, nil, 1, 30, nil]
        sort l by o*->f => [10, 2, 3, 1]
        sort l by w* alpha => [10, 3, 2, 1]
        sort_ro l get o*->f => [7, nil, nil, nil]
        sort l get o* get o*-> => [nil, nil, nil, nil, nil, nil, nil, nil]
        ",
    );
}

#[test]
fn a_pattern_without_a_star_keeps_the_order_that_there_is() {
    console().expect(
        r"
        sort l by none => [3, 1, 2, 10]
        sort l by none desc limit 1 2 => [2, 1]
        sort z by none => [b, a, c]
        sort z by none desc limit 0 1 => [c]
        sort s by none => [a, b, c]
        ",
    );
}

#[test]
fn what_is_stored_is_a_list_or_nothing() {
    console().expect(
        r"
        sort l store d => 4
        type d => list
        sort d by none => [1, 2, 3, 10]
        sort l get o*->f store d => 4
        sort d alpha => [, , , 7]
        sort none store d => 0
        exists d => 0
        sort l store l => 4
        sort l by none => [1, 2, 3, 10]
        ",
    );
}
