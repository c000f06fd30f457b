//! What can be wrong with a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::ServerError;

/// Why a connection could not be made, or ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Nobody took the connection.
    #[error("cannot connect to {to}: {}", phrase(reason))]
    #[non_exhaustive]
    Connect {
        /// The address.
        to: String,
        /// What the operating system said.
        reason: Arc<io::Error>,
    },

    /// The connection was not made in time.
    #[error("cannot connect to {to}: no answer within {after:?}")]
    #[non_exhaustive]
    ConnectDeadline {
        /// The address.
        to: String,
        /// How long was waited.
        after: Duration,
    },

    /// It was disconnected while the connection was being made, as a breaker does that opens.
    #[error("the connection to {to} was given up before it was made")]
    #[non_exhaustive]
    GivenUp {
        /// The address.
        to: String,
    },

    /// TLS could not be agreed on: a certificate that is not trusted, most often.
    #[error("no TLS with {to}: {}", phrase(reason))]
    #[non_exhaustive]
    Tls {
        /// The address.
        to: String,
        /// What the TLS library said.
        reason: Arc<io::Error>,
    },

    /// The server took the connection and refused the login: a wrong password, an unknown user, a database
    /// that it does not have.
    #[error("login refused by {to}: {} {}", error.code(), error.details().unwrap_or("(no details)"))]
    #[non_exhaustive]
    Login {
        /// The address.
        to: String,
        /// The server's own words.
        error: ServerError,
    },

    /// The login failed without words of the server's own: a password that AUTH does not take, most often.
    #[error("login refused by {to}: {reason}")]
    #[non_exhaustive]
    Rejected {
        /// The address.
        to: String,
        /// What went wrong.
        reason: String,
    },

    /// The connection ended while the operation was in flight.
    #[error("the connection to {to} closed before the reply came")]
    #[non_exhaustive]
    Closed {
        /// The address.
        to: String,
    },

    /// What came back is not the Redis protocol. The connection was dropped.
    #[error("{to} answers something that is not the Redis protocol")]
    #[non_exhaustive]
    Protocol {
        /// The address.
        to: String,
    },

    /// None of the sentinels named a primary that is one.
    #[error("no sentinel names a primary for {service}: {reasons}")]
    #[non_exhaustive]
    NoPrimary {
        /// The service's name.
        service: String,
        /// What each sentinel said.
        reasons: String,
    },

    /// No node of the cluster serves the slot, or none could be asked.
    #[error("no cluster node serves {what}: {reasons}")]
    #[non_exhaustive]
    NoClusterNode {
        /// The slot, or `the cluster`.
        what: String,
        /// What each asked node said.
        reasons: String,
    },
}

impl LinkError {
    /// `to` cannot be connected to: for backends of one's own.
    #[must_use]
    pub fn connect(to: impl Into<String>, reason: io::Error) -> Self {
        Self::Connect { to: to.into(), reason: Arc::new(reason) }
    }

    /// The connection to `to` ended: for backends of one's own.
    #[must_use]
    pub fn closed(to: impl Into<String>) -> Self {
        Self::Closed { to: to.into() }
    }

    /// `to` does not speak the protocol: for backends of one's own.
    #[must_use]
    pub fn protocol(to: impl Into<String>) -> Self {
        Self::Protocol { to: to.into() }
    }

    /// Whether the address itself refuses connections: waiting longer would not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Connect { reason, .. } => {
                matches!(reason.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)
            }
            Self::Login { .. }
            | Self::Rejected { .. }
            | Self::Tls { .. }
            | Self::NoPrimary { .. }
            | Self::NoClusterNode { .. } => true,
            Self::ConnectDeadline { .. }
            | Self::GivenUp { .. }
            | Self::Closed { .. }
            | Self::Protocol { .. } => false,
        }
    }
}

/// The operating system's words without its number, in lower case: `connection refused`.
fn phrase(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
