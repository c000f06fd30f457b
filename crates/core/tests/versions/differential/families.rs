//! The families of commands, one file each, and what a test of one takes.

mod blocking;
mod hashes;
mod hyperloglogs;
mod keys;
mod lists;
mod lives;
mod scripts;
mod server;
mod sets;
mod sorted_sets;
mod streams;
mod strings;
mod transactions;

use super::words::Pool;

#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    /// How much of the commands of a run is this family's, in [`SHARES`].
    pub(super) share: usize,
    /// With how often each is chosen.
    pub(super) forms: &'static [(u32, &'static str)],
    /// Words of its own.
    pub(super) pools: &'static [Pool],
}

/// What the shares of all families add up to, with [`MIXED`].
pub(super) const SHARES: usize = 100;

/// The share of sequences whose commands are of all families.
pub(super) const MIXED: usize = 6;

pub(super) use lives::{AFTER, BEFORE};

pub(super) const FAMILIES: &[&Family] = &[
    &strings::FAMILY,
    &keys::FAMILY,
    &hashes::FAMILY,
    &sets::FAMILY,
    &sorted_sets::FAMILY,
    &lists::FAMILY,
    &streams::FAMILY,
    &hyperloglogs::FAMILY,
    &transactions::FAMILY,
    &scripts::FAMILY,
    &server::FAMILY,
    &blocking::FAMILY,
];

/// What puts a key of any type in any family's way.
pub(super) const STRANGERS: Family = Family {
    name: "strangers",
    share: 0,
    forms: &[
        (2, "SET {key} {value}"),
        (1, "DEL {key}"),
        (1, "RPUSH {key} {value}..."),
        (1, "SADD {key} {member}..."),
        (1, "HSET {key} {field} {value}"),
        (1, "ZADD {key} 1 {member} 2 {member}"),
        (1, "XADD {key} {stamp} {field} {value}"),
        (1, "NOSUCH {args}"),
        (1, "FLUSHALL"),
        (1, "EXPIRE {key} {ttl}"),
    ],
    pools: &[],
};
