//! What can be wrong before anything is sent: told when a thing is built, and needs no server to know.

use std::sync::Arc;

/// A setting that can never work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The URL cannot be read.
    #[error("malformed URL {url}: {reason}")]
    #[non_exhaustive]
    Url {
        /// The URL without its user, password and parameters.
        url: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The URL's scheme is not one of ours.
    #[error(
        "unknown scheme {scheme}: use redis, rediss, unix, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster or embedded"
    )]
    #[non_exhaustive]
    Scheme {
        /// The scheme that was given.
        scheme: String,
    },

    /// The URL needs a feature that this build does not have.
    #[error("{scheme} needs the feature `{feature}` of redfleet-core")]
    #[non_exhaustive]
    Feature {
        /// The scheme that was given.
        scheme: String,
        /// The feature to turn on.
        feature: &'static str,
    },

    /// A certificate or key cannot be used.
    #[error("cannot use {what} {path}: {reason}")]
    #[non_exhaustive]
    Certificate {
        /// `ca`, `cert` or `key`.
        what: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The fleet has no node.
    #[error("the fleet is empty: give at least one node")]
    EmptyFleet,

    /// Two nodes have one name.
    #[error("two nodes are named {name}: give each a name of its own")]
    #[non_exhaustive]
    NodeName {
        /// The name.
        name: Arc<str>,
    },

    /// The quorum is zero, or larger than the fleet.
    #[error("a quorum of {quorum} cannot be met by {nodes} nodes: use 1 to {nodes}")]
    #[non_exhaustive]
    Quorum {
        /// The quorum that was asked for.
        quorum: usize,
        /// How many nodes the fleet has.
        nodes: usize,
    },

    /// The node that was asked for does not exist.
    #[error("there is no node {index}: the fleet has {nodes}, counted from 0")]
    #[non_exhaustive]
    NoNode {
        /// The index that was asked for.
        index: usize,
        /// How many nodes the fleet has.
        nodes: usize,
    },

    /// A setting is zero, or out of its range.
    #[error("{setting} must be {expected}")]
    #[non_exhaustive]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl ConfigError {
    /// The setting called so must be what is expected: for crates that have settings of their own.
    #[must_use]
    pub const fn setting(setting: &'static str, expected: &'static str) -> Self {
        Self::Setting { setting, expected }
    }
}
