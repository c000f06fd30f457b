//! Tests of the schedule, all by hand-made times.

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn pace(ttl_ms: u64) -> Pace {
    Pace { ttl: ms(ttl_ms), max_until: Duration::MAX, is_attended: true }
}

/// Adds a lease of this ttl, confirmed by what was sent at `start_ms`.
fn add(schedule: &mut Schedule<char>, what: char, ttl_ms: u64, start_ms: u64) -> (u64, bool) {
    schedule.add(what, pace(ttl_ms), ms(start_ms), ms(start_ms + ttl_ms))
}

fn names(turn: &Turn<char>) -> Vec<String> {
    turn.rounds.iter().map(|round| round.iter().map(|due| due.what).collect()).collect()
}

#[test]
fn it_sleeps_for_ever_while_nothing_is_held_and_a_second_at_most_while_anything_is() {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.turn(ms(5)).nap, None);
    let (number, wakes) = add(&mut schedule, 'a', 30_000, 5);
    assert!(wakes, "whoever sleeps for ever has to be woken");
    assert_eq!(schedule.turn(ms(5)).nap, Some(NAP));
    assert_eq!(schedule.turn(ms(9_500)).nap, Some(ms(505)), "until the next is due");
    schedule.remove(number);
    assert_eq!(schedule.turn(ms(9_500)).nap, None);
}

#[test]
fn to_take_and_give_back_a_lock_wakes_nobody_as_long_as_it_is_not_due_before_the_next_look() {
    let mut schedule = Schedule::default();
    add(&mut schedule, 'a', 30_000, 0);
    schedule.turn(ms(0));
    for start_ms in 0..900 {
        let (number, wakes) = add(&mut schedule, 'b', 30_000, start_ms);
        assert!(!wakes, "{start_ms}");
        assert_eq!(schedule.remove(number), Some('b'));
    }
    let (_, wakes) = add(&mut schedule, 'c', 300, 600);
    assert!(wakes, "it is due in 100 ms");
}

#[test]
fn what_is_due_soon_rides_along_and_nothing_begins_without_need() {
    let mut schedule = Schedule::default();
    add(&mut schedule, 'a', 30_000, 0);
    add(&mut schedule, 'b', 30_000, 3_000);
    add(&mut schedule, 'c', 30_000, 3_001);
    add(&mut schedule, 'd', 3_000, 9_301);
    assert_eq!(names(&schedule.turn(ms(9_999))), Vec::<String>::new());
    assert_eq!(names(&schedule.turn(ms(10_000))), ["ab"], "c and d are more than a tenth of their ttl away");
    assert_eq!(names(&schedule.turn(ms(10_301))), ["dc"], "a and b are under way");
}

#[test]
fn a_lease_has_one_round_at_a_time_and_the_next_counts_from_the_start_that_was_confirmed() {
    let mut schedule = Schedule::default();
    let (number, _) = add(&mut schedule, 'a', 300, 0);
    assert_eq!(names(&schedule.turn(ms(100))), ["a"]);
    assert_eq!(names(&schedule.turn(ms(299))), Vec::<String>::new(), "however long it takes");
    assert!(schedule.confirmed(number, ms(100), ms(400)), "it is due at once by now");
    assert_eq!(names(&schedule.turn(ms(299))), ["a"]);
}

#[test]
fn what_failed_is_tried_again_soon_until_its_time_is_over() {
    let mut schedule = Schedule::default();
    let (number, _) = add(&mut schedule, 'a', 300, 0);
    schedule.turn(ms(100));
    assert!(schedule.failed(number, ms(110)));
    assert_eq!(schedule.turn(ms(109)).nap, Some(ms(1)));
    let turn = schedule.turn(ms(110));
    assert_eq!(turn.rounds, [vec![Due { number, what: 'a', failures: 1 }]]);
    assert_eq!(schedule.turn(ms(299)).ended, Vec::<char>::new());
    assert_eq!(schedule.turn(ms(300)), Turn { ended: vec!['a'], rounds: vec![], spread: vec![], nap: None });
    assert!(!schedule.failed(number, ms(310)), "its round has no consequence any more");
    assert_eq!(schedule.len(), 0);
}

#[test]
fn what_nobody_attends_is_only_watched_for_its_end() {
    let mut schedule = Schedule::default();
    let unattended = Pace { is_attended: false, ..pace(300) };
    let (number, _) = schedule.add('a', unattended, ms(0), ms(300));
    assert_eq!(
        schedule.turn(ms(299)),
        Turn { ended: vec![], rounds: vec![], spread: vec![], nap: Some(ms(1)) }
    );
    assert_eq!(schedule.order(number, ms(299)), Some(true));
    assert_eq!(names(&schedule.turn(ms(299))), ["a"], "or extended on order");
    schedule.failed(number, ms(299));
    assert_eq!(names(&schedule.turn(ms(299))), Vec::<String>::new());
    assert_eq!(schedule.turn(ms(300)).ended, ['a']);
    assert_eq!(schedule.order(number, ms(300)), None);
}

#[test]
fn what_is_ordered_has_a_round_of_its_own_that_begins_after_the_order() {
    let mut schedule = Schedule::default();
    let (a, _) = add(&mut schedule, 'a', 300, 0);
    add(&mut schedule, 'b', 300, 0);
    assert_eq!(names(&schedule.turn(ms(100))), ["ab"]);
    schedule.order(a, ms(105));
    assert_eq!(names(&schedule.turn(ms(105))), Vec::<String>::new(), "one is under way");
    assert!(schedule.confirmed(a, ms(100), ms(400)), "and then it is due at once");
    assert_eq!(names(&schedule.turn(ms(106))), ["a"]);
}

#[test]
fn one_round_takes_a_thousand_and_the_rest_has_rounds_of_its_own() {
    let mut schedule = Schedule::default();
    for _ in 0..2_500 {
        add(&mut schedule, 'a', 300, 0);
    }
    let sizes: Vec<_> = schedule.turn(ms(100)).rounds.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
}

#[test]
fn a_clock_that_jumps_past_the_end_ends_the_lease_and_extends_nothing() {
    let mut schedule = Schedule::default();
    add(&mut schedule, 'a', 300, 0);
    schedule.turn(ms(0));
    assert_eq!(
        schedule.turn(ms(60_000)),
        Turn { ended: vec!['a'], rounds: vec![], spread: vec![], nap: None }
    );
}

#[test]
fn what_is_to_be_spread_is_so_once_after_20_ms_together_with_all_of_its_time_and_if_it_is_still_there() {
    let mut schedule = Schedule::default();
    let spread = |schedule: &mut Schedule<char>, what: char, at_ms: u64| {
        let (number, _) = add(schedule, what, 30_000, at_ms);
        (number, schedule.spread(number, ms(at_ms), ms(at_ms)))
    };
    assert!(spread(&mut schedule, 'a', 1).1, "somebody has to look earlier");
    assert_eq!(schedule.turn(ms(1)).nap, Some(ms(39)));
    let (gone, wakes) = spread(&mut schedule, 'b', 5);
    assert!(!wakes && !spread(&mut schedule, 'c', 20).1, "the look that is planned serves them too");
    schedule.remove(gone);
    assert!(!spread(&mut schedule, 'd', 21).1, "it is due at the look after that");
    assert_eq!(schedule.turn(ms(39)).spread, [] as [char; 0]);
    let turn = schedule.turn(ms(40));
    assert_eq!((turn.spread, turn.nap), (vec!['a', 'c'], Some(ms(20))));
    assert_eq!(schedule.turn(ms(60)).spread, ['d']);
    let turn = schedule.turn(ms(100));
    assert_eq!((turn.spread, turn.nap), (vec![], Some(NAP)), "once");
    // What goes on under another holder is asked for by when it was taken.
    let (handed_on, _) = add(&mut schedule, 'e', 30_000, 0);
    schedule.spread(handed_on, ms(0), ms(105));
    assert_eq!(schedule.turn(ms(120)).spread, ['e']);
}
