//! The search for an order: try what is possible next, go back where nothing is, and remember dead ends.

use std::collections::HashSet;

use super::{Model, Operation};

/// What the search found.
pub(super) enum Found {
    /// An order that fits.
    Order,
    /// There is none: the longest one, and what comes next and has no place.
    None { longest: Vec<usize>, stuck: usize },
    /// Too many steps.
    GaveUp,
}

/// A moment: an operation begins or ends.
#[derive(Clone, Copy)]
enum Entry {
    Begin(usize),
    End(usize),
}

/// All moments in order, as a list from which operations are taken out and put back.
struct Moments {
    entries: Vec<Entry>,
    /// The neighbours of each entry. The last place is the list's own: before the first and after the last.
    next: Vec<usize>,
    previous: Vec<usize>,
    /// Where each operation begins and, if it is known, ends.
    places: Vec<(usize, Option<usize>)>,
    /// How many operations with a known end are in the list.
    ends: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "every place in the vectors is one of the list, which never changes length"
)]
impl Moments {
    fn of<O, R>(operations: &[&Operation<O, R>]) -> Self {
        let begins = operations.iter().enumerate().map(|(index, op)| (op.begun.number, Entry::Begin(index)));
        let end =
            |(index, op): (usize, &&Operation<O, R>)| op.ended().map(|end| (end.number, Entry::End(index)));
        let mut moments: Vec<_> = begins.chain(operations.iter().enumerate().filter_map(end)).collect();
        moments.sort_by_key(|(number, entry)| (*number, matches!(entry, Entry::End(_))));
        let entries: Vec<_> = moments.into_iter().map(|(_, entry)| entry).collect();
        let mut places = vec![(0, None); operations.len()];
        for (place, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Begin(index) => places[*index].0 = place,
                Entry::End(index) => places[*index].1 = Some(place),
            }
        }
        let length = entries.len();
        let next = (1..=length).chain([0]).collect();
        let previous = [length].into_iter().chain(0..length).collect();
        let ends = places.iter().filter(|(_, end)| end.is_some()).count();
        Self { entries, next, previous, places, ends }
    }

    fn first(&self) -> usize {
        self.next[self.entries.len()]
    }

    fn take(&mut self, operation: usize) {
        let (begin, end) = self.places[operation];
        self.unlink(begin);
        if let Some(end) = end {
            self.unlink(end);
            self.ends -= 1;
        }
    }

    /// Puts the operation back that was taken last, and says what comes after its beginning.
    fn put_back(&mut self, operation: usize) -> usize {
        let (begin, end) = self.places[operation];
        if let Some(end) = end {
            self.link(end);
            self.ends += 1;
        }
        self.link(begin);
        self.next[begin]
    }

    fn unlink(&mut self, place: usize) {
        let (next, previous) = (self.next[place], self.previous[place]);
        self.next[previous] = next;
        self.previous[next] = previous;
    }

    fn link(&mut self, place: usize) {
        let (next, previous) = (self.next[place], self.previous[place]);
        self.next[previous] = place;
        self.previous[next] = place;
    }
}

/// Which operations are in the order so far.
#[derive(Clone)]
struct Done(Box<[u64]>);

impl Done {
    fn flip(&mut self, operation: usize) {
        if let Some(word) = self.0.get_mut(operation / 64) {
            *word ^= 1 << (operation % 64);
        }
    }
}

/// Looks for an order in at most `max_steps` steps.
pub(super) fn search<M: Model>(
    model: &M,
    operations: &[&Operation<M::Op, M::Reply>],
    max_steps: usize,
) -> Found {
    let mut moments = Moments::of(operations);
    let mut state = model.start();
    let mut done = Done(vec![0; operations.len().div_ceil(64)].into());
    let mut order: Vec<(usize, M::State)> = Vec::new();
    let mut dead_ends: HashSet<(Box<[u64]>, M::State)> = HashSet::new();
    let (mut longest, mut stuck) = (Vec::new(), 0);
    let mut place = moments.first();
    for _ in 0..max_steps {
        if moments.ends == 0 {
            return Found::Order;
        }
        match moments.entries.get(place).copied() {
            Some(Entry::Begin(index)) => {
                let next = operations.get(index).and_then(|operation| try_next(model, &state, operation));
                if let Some(next) = next {
                    done.flip(index);
                    if dead_ends.insert((done.0.clone(), next.clone())) {
                        order.push((index, std::mem::replace(&mut state, next)));
                        moments.take(index);
                        place = moments.first();
                        continue;
                    }
                    done.flip(index);
                }
                place = moments.next.get(place).copied().unwrap_or_default();
            }
            // What ends here must come before all that is left, and cannot: something earlier was wrong.
            end @ (Some(Entry::End(_)) | None) => {
                if let (Some(Entry::End(index)), true) = (end, order.len() >= longest.len()) {
                    longest = order.iter().map(|(index, _)| *index).collect();
                    stuck = index;
                }
                let Some((index, before)) = order.pop() else { return Found::None { longest, stuck } };
                state = before;
                done.flip(index);
                place = moments.put_back(index);
            }
        }
    }
    Found::GaveUp
}

/// The state after `operation`, if it may come next. One with an unknown outcome that changes nothing may as well come
/// later, or never: not to try it spares most of the search.
fn try_next<M: Model>(
    model: &M,
    state: &M::State,
    operation: &Operation<M::Op, M::Reply>,
) -> Option<M::State> {
    let next = model.step(state, &operation.what, operation.reply())?;
    if operation.ended().is_none() && next == *state { None } else { Some(next) }
}
