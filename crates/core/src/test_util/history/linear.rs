//! Linearizability: could all of this have happened one after another?

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use super::search::{Found, search};
use super::{Operation, Violation};

/// How many steps are looked at before a history is given up: about ten seconds.
const MAX_STEPS: usize = 20_000_000;

/// What an object does when its operations come one at a time.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::history::{Model, Operation, linearizable};
///
/// /// A counter: the operation adds, and says the sum.
/// struct Counter;
///
/// impl Model for Counter {
///     type State = i64;
///     type Op = i64;
///     type Reply = i64;
///
///     fn start(&self) -> i64 {
///         0
///     }
///
///     fn step(&self, sum: &i64, by: &i64, reply: Option<&i64>) -> Option<i64> {
///         let sum = sum + by;
///         reply.is_none_or(|reply| *reply == sum).then_some(sum)
///     }
/// }
///
/// // c0:  add 1 ---------> 1
/// // c1:       add 2 ----------> 3
/// // c2:                           add 5 -----> 8
/// // c3:            add 7, of which nobody heard again: it did not happen, or will later.
/// let history = [
///     Operation::told(0, 1, 0, 2, 1),
///     Operation::told(1, 2, 1, 4, 3),
///     Operation::unknown(3, 7, 3),
///     Operation::told(2, 5, 5, 6, 8),
/// ];
/// assert!(linearizable(&Counter, &history).is_ok());
///
/// let lost_update = [Operation::told(0, 1, 0, 1, 1), Operation::told(1, 2, 2, 3, 2)];
/// assert!(linearizable(&Counter, &lost_update).is_err());
/// ```
pub trait Model {
    /// All that the object remembers.
    type State: Clone + Eq + Hash;
    /// What it can be asked.
    type Op;
    /// What it can say.
    type Reply;

    /// What it is before the first operation.
    fn start(&self) -> Self::State;

    /// What it is after `op`, if it could have said `reply` then. Without a reply, it may have said anything: then there
    /// always is a state after it.
    fn step(&self, state: &Self::State, op: &Self::Op, reply: Option<&Self::Reply>) -> Option<Self::State>;
}

/// Whether the operations could have happened one after another, each at one moment between its beginning and its end.
///
/// One whose outcome is unknown may have happened at any moment since its beginning, or never.
///
/// # Cost
///
/// The question is NP-complete. What is found out is remembered, so that short histories, or long ones of few clients,
/// are quick: 200 operations of five clients on one key take about 0.1 ms. Every unknown outcome that changes the
/// state may double it.
///
/// # Errors
///
/// A violation that shows the longest order there is, and where it ends; or that the search was given up.
///
/// # References
///
/// Herlihy and Wing, Linearizability, 1990. Wing and Gong, Testing and Verifying Concurrent Objects, 1993. Lowe, Testing
/// for Linearizability, 2017: remembering what was seen.
pub fn linearizable<M: Model>(model: &M, operations: &[Operation<M::Op, M::Reply>]) -> Result<(), Violation>
where
    M::Op: Debug,
    M::Reply: Debug,
{
    let borrowed: Vec<_> = operations.iter().collect();
    judge(model, &borrowed)
}

/// [`linearizable`] for every key by itself, which is the same and far cheaper: a history of independent objects is
/// linearizable if that of each object is.
///
/// # Errors
///
/// As [`linearizable`], for the first key that is not.
pub fn linearizable_by_key<M: Model, K: Ord + Debug>(
    model: &M,
    operations: &[Operation<M::Op, M::Reply>],
    key: impl Fn(&M::Op) -> K,
) -> Result<(), Violation>
where
    M::Op: Debug,
    M::Reply: Debug,
{
    let mut keys: BTreeMap<K, Vec<_>> = BTreeMap::new();
    for operation in operations {
        keys.entry(key(&operation.what)).or_default().push(operation);
    }
    keys.iter().try_for_each(|(key, operations)| {
        judge(model, operations).map_err(|violation| violation.because(format!("the key is {key:?}")))
    })
}

fn judge<M: Model>(model: &M, operations: &[&Operation<M::Op, M::Reply>]) -> Result<(), Violation>
where
    M::Op: Debug,
    M::Reply: Debug,
{
    const RULE: &str = "all of this could have happened one after another";
    match search(model, operations, MAX_STEPS) {
        Found::Order => Ok(()),
        Found::GaveUp => {
            let text =
                format!("nobody knows: the search ended after {MAX_STEPS} steps; use shorter histories");
            Err(Violation::new(RULE).because(text))
        }
        Found::None { longest, stuck } => {
            let mut lines = vec!["the longest order that fits:".to_owned()];
            lines.extend(longest.iter().filter_map(|place| operations.get(*place)).map(ToString::to_string));
            lines.push("and there is no place for:".to_owned());
            lines.extend(operations.get(stuck).map(ToString::to_string));
            Err(Violation::new(RULE).because(lines.join("\n")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Op {
        Read,
        Write(u8),
        Swap(u8, u8),
    }

    /// What was read, or whether it was written.
    type Reply = Result<u8, bool>;

    /// A register of a small number.
    struct Register;

    impl Model for Register {
        type State = u8;
        type Op = Op;
        type Reply = Reply;

        fn start(&self) -> u8 {
            0
        }

        fn step(&self, state: &u8, op: &Op, reply: Option<&Reply>) -> Option<u8> {
            let (said, after) = match *op {
                Op::Read => (Ok(*state), *state),
                Op::Write(value) => (Err(true), value),
                Op::Swap(old, new) if *state == old => (Err(true), new),
                Op::Swap(..) => (Err(false), *state),
            };
            reply.is_none_or(|reply| *reply == said).then_some(after)
        }
    }

    type Event = Operation<Op, Reply>;

    fn check(history: &[Event]) -> bool {
        linearizable(&Register, history).is_ok()
    }

    fn write(value: u8, begun: u64, ended: u64) -> Event {
        Operation::told(0, Op::Write(value), begun, ended, Err(true))
    }

    fn read(value: u8, begun: u64, ended: u64) -> Event {
        Operation::told(1, Op::Read, begun, ended, Ok(value))
    }

    #[test]
    fn histories_known_to_be_good_are_good() {
        assert!(check(&[]));
        assert!(check(&[write(1, 0, 1), read(1, 2, 3)]));
        assert!(check(&[write(1, 0, 3), read(0, 1, 2)]), "the write took effect afterwards");
        assert!(check(&[write(1, 0, 9), write(2, 1, 8), read(2, 2, 3), read(1, 4, 5)]), "in reverse order");
        assert!(check(&[write(1, 0, 9), write(2, 1, 8), read(1, 2, 3), read(2, 4, 5)]));
    }

    #[test]
    fn histories_known_to_be_bad_are_bad() {
        assert!(!check(&[read(1, 0, 1)]), "nobody wrote it");
        assert!(!check(&[write(1, 0, 1), read(0, 2, 3)]), "a stale read");
        assert!(!check(&[write(1, 0, 9), read(1, 1, 2), read(0, 3, 4)]), "a read that goes back");
        let readers = [write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)];
        assert!(!check(&readers), "two readers who disagree about the order");
    }

    #[test]
    fn an_unknown_outcome_may_take_effect_late_or_never_but_not_before_it_began() {
        let unknown = |begun| Operation::unknown(2, Op::Write(7), begun);
        assert!(check(&[unknown(0), read(0, 1, 2), read(7, 8, 9)]));
        assert!(check(&[unknown(0), read(0, 1, 2), read(0, 8, 9)]));
        assert!(!check(&[unknown(0), read(7, 1, 2), read(0, 8, 9)]), "it does not go away again");
        assert!(!check(&[read(7, 0, 1), unknown(2)]), "it did not happen before");
        let swap = |begun| Operation::unknown(2, Op::Swap(3, 7), begun);
        assert!(check(&[swap(0), write(3, 1, 2), read(7, 3, 4)]), "by then it fits");
        assert!(!check(&[swap(0), write(4, 1, 2), read(7, 3, 4)]));
    }

    #[test]
    fn the_violation_shows_the_longest_order_and_what_has_no_place_in_it() {
        let violation = linearizable(&Register, &[write(1, 0, 1), read(1, 2, 3), read(0, 4, 5)]).unwrap_err();
        let want = "broken: all of this could have happened one after another\n  the longest order that fits:\n  \
                    c0 Write(1) -> Err(true) (0 to 1 ms)\n  c1 Read -> Ok(1) (2 to 3 ms)\n  \
                    and there is no place for:\n  c1 Read -> Ok(0) (4 to 5 ms)";
        assert_eq!(violation.to_string(), want);
    }

    #[test]
    fn keys_are_judged_one_by_one() {
        let history = [write(1, 0, 1), write(9, 2, 3), read(1, 4, 5)];
        assert!(!check(&history));
        let key = |op: &Op| *op == Op::Write(9);
        assert!(linearizable_by_key(&Register, &history, key).is_ok(), "9 was written elsewhere");
        let violation = linearizable_by_key(&Register, &[read(4, 0, 1)], key).unwrap_err();
        assert!(violation.to_string().ends_with("the key is false"), "{violation}");
    }

    /// By the definition: some order of all known and some unknown operations keeps to time and to the model.
    fn is_linearizable_by_trying_all(history: &[Event]) -> bool {
        fn place(history: &[Event], done: u32, state: u8) -> bool {
            let is_left = |place: &usize| done >> place & 1 == 0;
            let left: Vec<usize> = (0..history.len()).filter(is_left).collect();
            if left.iter().all(|place| history[*place].ended().is_none()) {
                return true;
            }
            left.iter().any(|next| {
                let operation = &history[*next];
                let is_too_late =
                    |other: &usize| history[*other].ended().is_some_and(|end| end < operation.begun);
                let after = Register.step(&state, &operation.what, operation.reply());
                !left.iter().any(is_too_late)
                    && after.is_some_and(|after| place(history, done | 1 << next, after))
            })
        }
        place(history, 0, Register.start())
    }

    fn random_history(random: &mut fastrand::Rng) -> Vec<Event> {
        let operations = random.usize(1..8);
        let mut moments: Vec<u64> = (0..operations as u64 * 2).collect();
        random.shuffle(&mut moments);
        let operation = |pair: &[u64]| {
            let (begun, ended) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            let op = match random.u8(0..3) {
                0 => Op::Read,
                1 => Op::Write(random.u8(0..3)),
                _ => Op::Swap(random.u8(0..3), random.u8(0..3)),
            };
            let reply = if op == Op::Read { Ok(random.u8(0..3)) } else { Err(random.u8(0..4) > 0) };
            if random.u8(0..4) == 0 {
                Operation::unknown(0, op, begun)
            } else {
                Operation::told(0, op, begun, ended, reply)
            }
        };
        moments.chunks(2).map(operation).collect()
    }

    #[test]
    fn it_agrees_with_trying_every_order_on_small_random_histories() {
        let mut random = fastrand::Rng::with_seed(3);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..30_000 {
            let history = random_history(&mut random);
            let truth = is_linearizable_by_trying_all(&history);
            assert_eq!(check(&history), truth, "{history:#?}");
            if truth { good += 1 } else { bad += 1 }
        }
        assert!(good > 3000 && bad > 3000, "{good} good, {bad} bad");
    }

    /// Clients that take turns on a true register, with some of their operations overlapping and some outcomes lost.
    fn true_history(random: &mut fastrand::Rng, operations: usize, clients: usize) -> Vec<Event> {
        let mut state = 0;
        let mut free_at = vec![0; clients];
        (0..operations as u64)
            .map(|turn| {
                // It takes effect at 10 * turn, and began and ended up to four turns away from that.
                let takes_effect = 10 * (turn + 10);
                let is_free = |client: &usize| free_at[*client] < takes_effect;
                let free: Vec<_> = (0..clients).filter(is_free).collect();
                let client = random.choice(free).unwrap();
                let begun = (takes_effect - random.u64(1..40)).max(free_at[client]);
                let ended = takes_effect + random.u64(1..40);
                free_at[client] = ended;
                let op = match random.u8(0..3) {
                    0 => Op::Read,
                    1 => Op::Write(random.u8(..)),
                    _ => Op::Swap(state, random.u8(..)),
                };
                let reply = if op == Op::Read { Ok(state) } else { Err(true) };
                state = Register.step(&state, &op, Some(&reply)).unwrap();
                if random.u8(0..20) == 0 {
                    Operation::unknown(client, op, begun)
                } else {
                    Operation::told(client, op, begun, ended, reply)
                }
            })
            .collect()
    }

    #[test]
    fn long_histories_are_judged_rightly_too() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..200 {
            let mut history = true_history(&mut random, 200, 5);
            assert!(check(&history));
            // One read of what is not there yet: no order has a place for it.
            history.insert(0, Operation::told(9, Op::Swap(0, 200), 0, 1, Err(false)));
            assert!(!check(&history));
        }
    }
}
