//! Which writes are still under way, step by step.

use super::*;

fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

fn started() -> Outstanding {
    let mut outstanding = Outstanding::new(["a", "b"]);
    outstanding.start();
    outstanding
}

#[test]
fn a_write_is_under_way_until_all_remotes_have_it() {
    let mut outstanding = started();
    assert_eq!(outstanding.floor(), 1);
    let (one, two) = (outstanding.begin(), outstanding.begin());
    assert_eq!((one, two, outstanding.floor()), (1, 2, 1));
    // They come back in another order.
    outstanding.end(two, Some(10));
    outstanding.end(one, Some(11));
    outstanding.settled("a", 11);
    outstanding.settled("b", 10);
    assert_eq!(outstanding.floor(), 1, "the second is there, the first is not");
    outstanding.settled("b", 11);
    assert_eq!(outstanding.floor(), 3);
    let refused = outstanding.begin();
    assert_eq!(outstanding.floor(), refused);
    outstanding.end(refused, None);
    assert_eq!(outstanding.floor(), refused + 1);
}

#[test]
fn what_is_dirty_stays_until_it_was_copied() {
    let mut outstanding = started();
    let one = outstanding.begin();
    outstanding.dirty("a", &[key("x")]);
    outstanding.end(one, None);
    let two = outstanding.begin();
    outstanding.dirty("a", &[key("x"), key("y")]);
    outstanding.end(two, None);
    outstanding.clean("a", b"y");
    assert_eq!(outstanding.floor(), one);
    outstanding.clean("b", b"x");
    assert_eq!(outstanding.floor(), one);
    outstanding.clean("a", b"x");
    assert_eq!(outstanding.floor(), two + 1);
}

#[test]
fn everything_stands_for_single_keys_and_a_remote_that_goes_holds_up_nothing() {
    let mut outstanding = started();
    let one = outstanding.begin();
    outstanding.dirty("a", &[key("x")]);
    outstanding.everything("a", true);
    outstanding.everything("a", true);
    outstanding.end(one, Some(5));
    outstanding.settled("a", 5);
    assert!(outstanding.is_everything("a") && !outstanding.is_everything("b"));
    outstanding.everything("a", false);
    assert_eq!(outstanding.floor(), one, "b has not got it");
    outstanding.everything("b", true);
    outstanding.dirty("b", &[key("z")]);
    outstanding.remove_remote("b");
    // What was out there comes back.
    outstanding.settled("b", 1);
    outstanding.dirty("b", &[key("z")]);
    outstanding.everything("b", true);
    let two = outstanding.begin();
    outstanding.end(two, Some(6));
    outstanding.settled("a", 6);
    assert_eq!(outstanding.floor(), two + 1);
    assert!(outstanding.pins.is_empty());
}

#[test]
fn nothing_leaves_before_what_was_found_is_marked() {
    let mut outstanding = Outstanding::new(["a"]);
    outstanding.go_on_after(7);
    outstanding.dirty("a", &[key("x")]);
    assert_eq!((outstanding.floor(), outstanding.begin()), (0, 8));
    outstanding.start();
    outstanding.end(8, None);
    assert_eq!(outstanding.floor(), 0);
    outstanding.clean("a", b"x");
    assert_eq!(outstanding.floor(), 9);
}
