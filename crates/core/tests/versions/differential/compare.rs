//! Whether two replies agree, by the command's rule.

use super::reply::Reply;
use super::rules::{Rule, TOLERANCE_MS};

/// In a report, a number from here on is a point in time.
const UNIX_MS_FROM: i64 = 1_700_000_000_000;

pub(super) fn agree(rule: &Rule, subject: &Reply, server: &Reply) -> bool {
    use Reply::{Array, Error, Lost, Set};
    match (rule, subject, server) {
        (_, Lost(_), _) | (_, _, Lost(_)) => false,
        (_, Error(_), _) | (_, _, Error(_)) | (Rule::Exact, ..) => subject == server,
        (Rule::AnyOrder, Array(left), Array(right)) | (Rule::AnyOrder, Set(left), Set(right)) => {
            sorted(left) == sorted(right)
        }
        (Rule::Pairs, Reply::Map(left), Reply::Map(right)) => sorted(left) == sorted(right),
        (Rule::Pairs, Array(left), Array(right)) => match (left.first(), right.first()) {
            (Some(Array(_)), Some(Array(_))) => sorted(left) == sorted(right),
            _ => left.len() == right.len() && paired(left) == paired(right),
        },
        (Rule::Clock(tolerance), ..) => agree_in_time(*tolerance, subject, server),
        (Rule::Report(names), ..) => agree_but_for(names, subject, server),
        (Rule::Form | Rule::Drawn, ..) => have_one_form(subject, server),
        (Rule::Text, ..) => {
            subject.is_null() == server.is_null() && subject.text().is_some() == server.text().is_some()
        }
        (Rule::Page, ..) => {
            let is_page =
                |reply: &Reply| matches!(reply.items(), Some([cursor, Array(_)]) if cursor.text().is_some());
            is_page(subject) && is_page(server)
        }
        (Rule::Idle, Array(left), Array(right)) => {
            let known = |reply: &Reply| match reply.items() {
                Some([id, consumer, _, count]) => Some((id.clone(), consumer.clone(), count.clone())),
                _ => None,
            };
            left.iter().map(known).eq(right.iter().map(known))
        }
        _ => subject == server,
    }
}

fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<_> = items.iter().collect();
    items.sort();
    items
}

fn paired(items: &[Reply]) -> Vec<&[Reply]> {
    let mut pairs: Vec<_> = items.chunks(2).collect();
    pairs.sort();
    pairs
}

/// The same but for what belongs to these names.
fn agree_but_for(names: &[&str], subject: &Reply, server: &Reply) -> bool {
    use Reply::{Array, Map};
    let is_open =
        |name: &Reply| name.text().is_some_and(|text| names.iter().any(|name| name.as_bytes() == text));
    match (subject, server) {
        (Reply::Integer(left @ UNIX_MS_FROM..), Reply::Integer(right @ UNIX_MS_FROM..)) => {
            left.abs_diff(*right) <= TOLERANCE_MS
        }
        (Map(left), Map(right)) => {
            let both = |(left, right): (&(Reply, Reply), &(Reply, Reply))| {
                left.0 == right.0
                    && if is_open(&left.0) {
                        have_one_kind(&left.1, &right.1)
                    } else {
                        agree_but_for(names, &left.1, &right.1)
                    }
            };
            left.len() == right.len() && left.iter().zip(right).all(both)
        }
        (Array(left), Array(right)) => {
            let mut is_after_open = false;
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| {
                    let agree = if is_after_open {
                        have_one_kind(left, right)
                    } else {
                        agree_but_for(names, left, right)
                    };
                    is_after_open = is_open(left);
                    agree
                })
        }
        _ => subject == server,
    }
}

/// Numbers above 0 are of the clock; those below say that there is none.
fn agree_in_time(tolerance: u64, subject: &Reply, server: &Reply) -> bool {
    match (subject, server) {
        (Reply::Integer(left @ 1..), Reply::Integer(right @ 1..)) => left.abs_diff(*right) <= tolerance,
        (Reply::Array(left), Reply::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| agree_in_time(tolerance, left, right))
        }
        _ => subject == server,
    }
}

fn have_one_kind(subject: &Reply, server: &Reply) -> bool {
    std::mem::discriminant(subject) == std::mem::discriminant(server)
}

fn have_one_form(subject: &Reply, server: &Reply) -> bool {
    match (subject.items(), server.items()) {
        (Some(left), Some(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| have_one_form(left, right))
        }
        _ => have_one_kind(subject, server),
    }
}

/// Whether a random choice is one: everything in it is in what was there, and nothing twice unless it may be.
pub(super) fn is_drawn(reply: &Reply, there: &Reply, may_repeat: bool) -> bool {
    let known = flat(there);
    let drawn = match reply.items() {
        Some(items) => items,
        None if reply.is_null() => return true,
        None => std::slice::from_ref(reply),
    };
    let mut drawn: Vec<_> = drawn.iter().collect();
    let is_known = drawn.iter().all(|item| known.contains(item));
    let count = drawn.len();
    drawn.sort();
    drawn.dedup();
    is_known && (may_repeat || drawn.len() == count)
}

fn flat(reply: &Reply) -> Vec<&Reply> {
    match reply {
        Reply::Map(pairs) => pairs.iter().map(|(name, _)| name).collect(),
        _ => reply.items().unwrap_or_default().iter().collect(),
    }
}
