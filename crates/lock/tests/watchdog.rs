//! The watchdog: what is held is extended, what cannot be is lost in time, and what a minority lost is put back.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

#[path = "watchdog/faults.rs"]
mod faults;
#[path = "watchdog/held.rs"]
mod held;
#[path = "watchdog/late.rs"]
mod late;
#[path = "watchdog/restored.rs"]
mod restored;
#[path = "watchdog/world.rs"]
mod world;
