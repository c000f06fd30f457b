//! Cases by name, on nodes in this process: what retools' and `MajorityRedis`' own tests of locks ask for, their faults, which are not
//! repeated, and bad input, which has a typed error that says what to do and is not sent where it was never going to work.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod world;

mod retools {
    mod faults;
    mod limiter;
    mod lock;
}

mod majorityredis {
    mod faults;
    mod lock;
}

mod bad_input {
    mod misuse;
    mod outages;
    mod requests;
    mod servers;
}
