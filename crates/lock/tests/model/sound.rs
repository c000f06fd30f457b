//! With all rules, no state breaks a promise; and the states that matter are among them.

use stateright::{Checker, Model};

use super::rules::Rules;

fn check(rules: Rules) {
    let checker = rules.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
}

#[test]
fn whoever_takes_it_has_it_alone_until_its_time_is_over() {
    check(Rules { attempts: [1, 1], steps: 3, ..Rules::default() });
}

#[test]
fn whoever_takes_it_twice_has_a_greater_token_each_time() {
    check(Rules { attempts: [2, 1], steps: 0, ..Rules::default() });
}

#[test]
fn a_server_that_forgets_everything_costs_no_promise() {
    check(Rules { attempts: [1, 1], wipes: 1, steps: 2, ..Rules::default() });
}

#[test]
fn a_lease_that_is_extended_and_restored_is_the_only_one() {
    check(Rules { attempts: [1, 1], rounds: [1, 0], steps: 2, ..Rules::default() });
}
