//! The store on embedded servers: what is written everywhere arrives, what each option does, and what faults do not do.

#[path = "store/world.rs"]
mod world;

#[path = "store/arriving.rs"]
mod arriving;
#[path = "store/bad_input.rs"]
mod bad_input;
#[path = "store/dying.rs"]
mod dying;
#[path = "store/faults.rs"]
mod faults;
#[path = "store/journals.rs"]
mod journals;
#[path = "store/members.rs"]
mod members;
#[path = "store/options.rs"]
mod options;
#[path = "store/running.rs"]
mod running;
#[path = "store/scripts.rs"]
mod scripts;
#[path = "store/sharded.rs"]
mod sharded;
#[path = "store/unfenced.rs"]
mod unfenced;
