//! Bugs that can be switched on, one at a time, so that the tests are seen to catch them.
//!
//! Each has a line in the crate's `tests/mutants.txt`: its name, the tests that must fail with it, and what is wrong then.
//! `cargo xtask mutants` runs those tests with each switched on, and fails where they pass all the same. No build of a user
//! has any of them in it: a build without the feature `test-util` or with optimisation says no before it is compiled.

/// The variable by which `cargo xtask mutants` says which one.
#[cfg(all(feature = "test-util", debug_assertions))]
const VARIABLE: &str = "REDFLEET_MUTANT";

/// Whether the bug of this name is switched on, for the life of the process.
#[cfg(all(feature = "test-util", debug_assertions))]
#[must_use]
pub fn is_on(name: &str) -> bool {
    static CHOSEN: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var(VARIABLE).ok());
    CHOSEN.as_deref() == Some(name)
}

/// Never: there are none in this build.
#[cfg(not(all(feature = "test-util", debug_assertions)))]
#[must_use]
#[inline]
pub const fn is_on(_name: &str) -> bool {
    false
}
