//! The lock's rules as a model, whose every state is visited: three servers, two clients, messages that are late, lost and out of
//! order, and a server that forgets.
//!
//! What is said of the rules in `model/rules.rs` is the algorithm without its code: one lock, time in steps, clocks that agree. What
//! clocks do to it is left to arithmetic (`validity.rs`) and to the simulator.
#![expect(
    clippy::indexing_slicing,
    reason = "places come from the model's own fixed numbers of servers and clients"
)]

mod model {
    mod flaws;
    mod rules;
    mod sound;
    mod state;
}
