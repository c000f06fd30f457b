//! Tests of what commands do elsewhere.

mod late;
mod names;
mod notation;
mod script;
#[cfg(feature = "test-servers")]
mod servers;
mod shipped;
mod slots;
