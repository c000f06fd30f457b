//! Tests of what commands do elsewhere.

mod late;
mod names;
mod notation;
mod script;
mod shipped;
mod slots;
mod typed;
mod whole;
