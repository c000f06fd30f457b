//! The store on embedded servers: what is written everywhere arrives, and what each option does.

#[path = "store/world.rs"]
mod world;

#[path = "store/arriving.rs"]
mod arriving;
