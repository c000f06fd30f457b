//! Where a node of a cluster listens, as the cluster itself names it.

use std::fmt;
use std::sync::Arc;

/// A node's host and port, as the cluster names it.
///
/// # Example
///
/// ```
/// use redfleet_core::Address;
///
/// assert_eq!(Address::parse("[::1]:6381"), Some(Address::new("::1", 6381)));
/// assert_eq!(Address::new("::1", 6381).to_string(), "[::1]:6381");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Arc<str>,
    port: u16,
}

impl Address {
    /// This host (a name, an IPv4 or an IPv6 address without brackets) and this port.
    #[must_use]
    pub fn new(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Reads `host:port`; an IPv6 address may stand in brackets, or bare as servers write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self::new(host, port.parse().ok()?))
    }

    /// The host, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The same address, where no host (or `?`, a name not known yet) stands for the host that was asked.
    pub(crate) fn seen_from(self, asked: &Self) -> Self {
        if matches!(self.host(), "" | "?") { Self { host: asked.host.clone(), ..self } } else { self }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_write_is_read_and_what_is_written_is_read_back() {
        for (text, host, port) in [
            ("127.0.0.1:6379", "127.0.0.1", 6379),
            ("::1:6381", "::1", 6381),
            ("[2001:db8::2]:1", "2001:db8::2", 1),
            ("redis-1.local:65535", "redis-1.local", 65_535),
            (":6379", "", 6379),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host(), address.port()), (host, port), "{text}");
            assert_eq!(Address::parse(&address.to_string()), Some(address));
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "host", "host:", "host:x", "host:65536", "host:-1"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_node_that_names_no_host_is_on_the_host_that_was_asked() {
        let asked = Address::new("10.0.0.1", 6379);
        assert_eq!(Address::new("", 7000).seen_from(&asked), Address::new("10.0.0.1", 7000));
        assert_eq!(Address::new("?", 7000).seen_from(&asked), Address::new("10.0.0.1", 7000));
        assert_eq!(Address::new("b", 7000).seen_from(&asked), Address::new("b", 7000));
    }
}
