//! Fleet time against clocks that are wrong.

use super::*;

const EPOCH_US: i64 = 1_700_000_000_000_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Three servers whose clocks are ahead by so much, asked at this time of ours.
fn note(time: &FleetTime, server: usize, ahead_ms: i64, at: Duration) -> Noted {
    let now_us = i64::try_from(at.as_micros()).unwrap();
    time.note(server, EPOCH_US + now_us + ahead_ms * 1_000, at, at)
}

fn three(ahead_ms: [i64; 3]) -> FleetTime {
    let time = FleetTime::new(3, 5_000);
    for (server, ahead_ms) in ahead_ms.into_iter().enumerate() {
        note(&time, server, ahead_ms, ms(1_000));
    }
    time
}

#[test]
fn the_time_is_the_medians_and_nothing_before_any_has_told() {
    let time = FleetTime::new(3, 5_000);
    assert!(!time.is_known());
    assert_eq!((time.now_us(ms(5)), time.propose(ms(5), 1)), (0, 1));
    let time = three([0, 300, 900_000_000]);
    assert!(time.is_known());
    assert_eq!(time.now_us(ms(2_000)), u64::try_from(EPOCH_US).unwrap() + 2_300_000);
    assert_eq!(time.offset_us(0), Some((-300_000, Duration::ZERO)));
}

#[test]
fn proposals_rise_and_never_overlap_though_the_fleets_time_goes_back() {
    let time = three([0, 0, 0]);
    let first = time.propose(ms(1_000), 9);
    assert_eq!(time.propose(ms(1_000), 9), first + 9);
    assert_eq!(time.propose(ms(1_000), 0), first + 18);
    for server in 0..3 {
        assert!(matches!(note(&time, server, -5_000, ms(1_001)), Noted::Back(_)));
    }
    assert_eq!(time.propose(ms(1_001), 1), first + 19);
    time.seen(first + 1_000);
    assert_eq!(time.propose(ms(1_001), 1), first + 1_001);
    time.seen(u64::MAX);
    assert_eq!(time.propose(ms(1_001), 1), first + 1_002, "no script made that one");
}

#[test]
fn proposals_of_many_threads_are_all_different() {
    let time = three([0, 0, 0]);
    let propose = || (0..1_000).map(|_| time.propose(ms(1_000), 3)).collect::<Vec<_>>();
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(propose)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] >= 3));
}

#[test]
fn one_of_three_that_went_forward_was_set_itself() {
    let time = three([0, 0, 0]);
    assert_eq!(note(&time, 0, 5_000, ms(2_000)), Noted::Forward);
    assert_eq!(note(&time, 0, 5_000, ms(2_000)), Noted::Forward, "no vote until it is decided");
    assert!(time.is_suspect(0));
    for server in 1..3 {
        assert_eq!(note(&time, server, 0, ms(2_001)), Noted::Usual);
    }
    assert!(matches!(time.whose(0, 2), Whose::Its(by) if (4_980..=5_000).contains(&by.as_millis())));
    time.accept(0);
    assert_eq!(time.whose(0, 2), Whose::Nobodys);
    assert_eq!(note(&time, 0, 5_000, ms(2_002)), Noted::Usual, "from now on that is its time");
    assert_eq!(time.lost(), Duration::ZERO);
}

#[test]
fn a_majority_that_went_forward_alike_in_one_moment_says_that_we_stood_still() {
    let time = three([0, 100, 200]);
    assert_eq!(note(&time, 0, 5_000, ms(2_000)), Noted::Forward);
    assert!(matches!(time.whose(0, 2), Whose::Either { by, .. } if by == ms(4_988)), "one alone cannot tell");
    assert_eq!(note(&time, 2, 5_200, ms(2_001)), Noted::Forward);
    let Whose::Ours(lost) = time.whose(0, 2) else { panic!("it was ours") };
    assert!(lost >= ms(5_000) && lost < ms(5_100), "at least what was lost: {lost:?}");
    time.make_up(0, lost);
    assert_eq!(time.lost(), lost);
    assert!(!time.is_suspect(0) && !time.is_suspect(2));
    // Our clock with what it lost: everybody is where he was, also the one that was not asked.
    for (server, ahead_ms) in [(0, 0), (1, 100), (2, 200)] {
        let at = ms(2_100) + lost;
        let true_at = at - (lost - ms(5_000));
        let told_us = EPOCH_US + i64::try_from(true_at.as_micros()).unwrap() + ahead_ms * 1_000;
        assert_eq!(time.note(server, told_us, at, at), Noted::Usual, "server {server}");
    }
}

#[test]
fn two_that_were_set_by_different_amounts_or_at_different_times_were_set_themselves() {
    let time = three([0, 0, 0]);
    note(&time, 0, 5_000, ms(2_000));
    note(&time, 1, 9_000, ms(2_000));
    assert!(matches!(time.whose(0, 2), Whose::Either { .. }), "the third has not been asked");
    note(&time, 2, 0, ms(2_001));
    assert!(matches!(time.whose(0, 2), Whose::Its(_)));
    let time = three([0, 0, 0]);
    note(&time, 0, 5_000, ms(2_000));
    assert_eq!(note(&time, 1, 0, ms(2_001)), Noted::Usual, "it was as usual when the other was not");
    note(&time, 1, 5_000, ms(2_002));
    assert!(matches!(time.whose(0, 2), Whose::Its(_)));
    assert!(!matches!(time.whose(1, 2), Whose::Ours(_)));
}

#[test]
fn who_is_heard_for_the_first_time_is_no_witness() {
    let time = FleetTime::new(3, 5_000);
    note(&time, 0, 0, ms(1_000));
    note(&time, 0, 5_000, ms(2_000));
    note(&time, 1, 0, ms(2_001));
    assert!(matches!(time.whose(0, 2), Whose::Either { .. }));
    note(&time, 1, 0, ms(2_002));
    assert!(matches!(time.whose(0, 2), Whose::Its(_)));
}

#[test]
fn one_that_was_set_by_more_while_we_stood_still_is_not_overlooked() {
    let time = three([0, 0, 0]);
    for (server, ahead_ms) in [(0, 5_000), (1, 5_000), (2, 60_000)] {
        assert_eq!(note(&time, server, ahead_ms, ms(2_000)), Noted::Forward);
    }
    let Whose::Ours(lost) = time.whose(0, 2) else { panic!("two of three") };
    time.make_up(0, lost);
    let (at, lost_ms) = (ms(2_001) + lost, i64::try_from(lost.as_millis()).unwrap());
    assert_eq!(note(&time, 0, 5_000 - lost_ms, at), Noted::Usual);
    assert_eq!(note(&time, 2, 60_000 - lost_ms, at), Noted::Forward, "this is more than we lost");
    assert!(matches!(time.whose(2, 2), Whose::Its(by) if by > ms(54_000)), "{:?}", time.whose(2, 2));
}

#[test]
fn with_one_server_nobody_can_tell_so_our_clock_is_made_up_for_once_and_the_server_judged_too() {
    let time = FleetTime::new(1, 5_000);
    note(&time, 0, 0, ms(1_000));
    note(&time, 0, 5_000, ms(1_001));
    let Whose::Either { by, lost } = time.whose(0, 1) else { panic!("nobody can tell") };
    assert!(by <= ms(5_000) && lost >= ms(5_000), "{by:?} {lost:?}");
    time.make_up_in_doubt(0, lost);
    assert_eq!(time.lost(), lost);
    assert!(time.is_suspect(0), "until it is in quarantine");
    assert_eq!(note(&time, 0, 0, ms(1_002) + lost), Noted::Forward);
    time.make_up_in_doubt(0, lost);
    assert_eq!(time.lost(), lost, "once");
    time.accept(0);
    assert_eq!(note(&time, 0, 0, ms(1_003) + lost), Noted::Usual);
}

#[test]
fn a_clock_that_is_far_off_is_told_of_once() {
    let time = three([0, 10, 0]);
    assert_eq!(note(&time, 2, -16_000, ms(1_001)), Noted::Back(ms(15_997) + Duration::from_micros(990)));
    assert_eq!(note(&time, 2, -16_000, ms(1_002)), Noted::Off(ms(16_000)));
    assert_eq!(note(&time, 2, -16_000, ms(1_003)), Noted::Usual);
}
