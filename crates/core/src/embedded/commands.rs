//! The commands, one file a family.

mod bits;
mod blocking;
mod client;
mod command;
mod config;
mod connection;
mod counted;
mod databases;
mod diagnostics;
mod dump;
mod expiry;
mod hashes;
mod help;
mod hyperloglog;
mod info;
mod keys;
mod life;
mod lists;
mod object;
mod pubsub;
mod random;
mod reply;
mod scan;
mod scripting;
mod server;
mod sets;
mod sort;
mod sorted_sets;
mod streams;
mod strings;
mod tracking;
pub(crate) mod transactions;

use super::spec::Spec;
use reply::{bulk, count as integer};

/// Every family's commands.
pub(crate) const FAMILIES: &[&[Spec]] = &[
    blocking::COMMANDS,
    client::COMMANDS,
    bits::COMMANDS,
    command::COMMANDS,
    config::COMMANDS,
    connection::COMMANDS,
    databases::COMMANDS,
    diagnostics::COMMANDS,
    dump::COMMANDS,
    expiry::COMMANDS,
    hashes::COMMANDS,
    hashes::LIVES,
    hyperloglog::COMMANDS,
    info::COMMANDS,
    keys::COMMANDS,
    lists::COMMANDS,
    lists::MOVES,
    lists::SEARCH,
    object::COMMANDS,
    pubsub::COMMANDS,
    scan::COMMANDS,
    scripting::COMMANDS,
    server::COMMANDS,
    sets::ALGEBRA,
    sets::COMMANDS,
    sort::COMMANDS,
    sorted_sets::add::COMMANDS,
    sorted_sets::algebra::COMMANDS,
    sorted_sets::look::COMMANDS,
    sorted_sets::pop::COMMANDS,
    sorted_sets::range::COMMANDS,
    sorted_sets::remove::COMMANDS,
    streams::COMMANDS,
    strings::COMMANDS,
    transactions::COMMANDS,
];
