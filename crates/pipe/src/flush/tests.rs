//! Who is told what of an execution, when.

use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use redfleet_core::Error as Said;

use super::*;

fn place(connection: u32, command: u32) -> Place {
    Place { connection, command }
}

/// Replies to three commands on each of two connections, of which these failed.
fn answers(failed: &[Place]) -> Vec<Answers> {
    let of = |connection: u32| {
        let failures = failed.iter().filter(|place| place.connection == connection);
        let is_failed = |command: u32| failed.contains(&place(connection, command));
        let reply = |command: u32| if is_failed(command) { Err(Said::Unanswered) } else { Ok(Value::Okay) };
        let told = failures.map(|place| (place.command, Error::TooLong { limit: place.command as usize }));
        Answers::new((0..3).map(reply).collect(), told.collect())
    };
    vec![of(0), of(1)]
}

#[test]
fn the_first_error_that_nobody_asked_for_is_told_by_connection_and_then_by_command() {
    let all: Vec<_> =
        (0..2).flat_map(|connection| (0..3).map(move |command| place(connection, command))).collect();
    // Every choice of failures and of those that somebody looks at.
    for choice in 0..1_u32 << 12 {
        let chosen = |shift: u32| {
            let is_in = |at: &u32| choice >> (at + shift) & 1 == 1;
            let chosen = (0..).zip(&all).filter(|(at, _)| is_in(at));
            chosen.map(|(_, place)| *place).collect::<Vec<_>>()
        };
        let (failed, excused) = (chosen(0), chosen(6));
        let flush = Arc::new(Flush::default());
        for place in excused.iter().rev() {
            Ticket::new(Arc::clone(&flush), *place).excuse();
        }
        flush.done(answers(&failed));
        let first = failed.iter().find(|place| !excused.contains(place));
        let told = flush.unexcused();
        let limit = told.map(|error| if let Error::TooLong { limit } = error { limit } else { usize::MAX });
        assert_eq!(limit, first.map(|place| place.command as usize), "{failed:?} without {excused:?}");
    }
}

#[test]
fn a_reply_is_moved_out_unless_somebody_else_may_want_it() {
    let flush = Arc::new(Flush::default());
    let (own, shared) =
        (Ticket::new(Arc::clone(&flush), place(0, 0)), Ticket::new(Arc::clone(&flush), place(0, 1)));
    assert!(matches!(own.get(), Err(Error::NotExecuted)));
    flush.done(answers(&[]));
    assert_eq!(own.take().ok(), Some(Value::Okay));
    assert_eq!(own.get().ok(), Some(Value::Nil), "it is gone: whoever took it was the last");
    let other = shared.share();
    assert_eq!(shared.take().ok(), Some(Value::Okay));
    assert_eq!(other.take().ok(), Some(Value::Okay), "a clone has its own");
}

#[test]
fn what_is_decided_stays_decided() {
    let flush = Flush::default();
    flush.end(Error::Dropped);
    flush.done(answers(&[]));
    assert!(matches!(flush.unexcused(), Some(Error::Dropped)));
    let flush = Arc::new(Flush::default());
    flush.done(answers(&[]));
    drop(InFlight::new(Arc::clone(&flush)));
    assert!(flush.unexcused().is_none(), "an execution that ended cannot be interrupted");
}

#[test]
fn an_execution_that_is_dropped_wakes_who_waits_once_and_says_that_it_was_interrupted() {
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (flush, count) = (Arc::new(Flush::default()), Arc::new(Count::default()));
    let waker = Waker::from(Arc::clone(&count));
    let cx = Context::from_waker(&waker);
    for _ in 0..3 {
        assert!(flush.poll(&cx).is_pending());
    }
    drop(InFlight::new(Arc::clone(&flush)));
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert!(flush.poll(&cx).is_ready());
    assert!(matches!(Ticket::new(flush, place(7, 7)).get(), Err(Error::Interrupted)));
}
