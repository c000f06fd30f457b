//! A URL taken apart by hand, and what of it may be shown when it is wrong.
//!
//! By hand, because lists of hosts are not in the URL standard, and because a URL that is wrong must be judged
//! piece by piece: an unencoded `/` in a password makes the rest of the password look like a path.

use percent_encoding::percent_decode_str;

use super::Address;
use crate::error::ConfigError;

const MAX_URL_BYTES: usize = 16 * 1024;
const MAX_HOSTS: usize = 128;

pub(super) const HOSTS: &str =
    "after the scheme come hosts as name[:port], IPv6 addresses in brackets, ports from 1 to 65535";
const ENCODE: &str = "in user, password, path and parameters write % as %25, / as %2F, ? as %3F, # as %23, \
                      @ as %40, & as %26 and a space as %20";

/// The parts of a URL, still encoded.
pub(super) struct Parts<'a> {
    /// In lower case.
    pub(super) scheme: String,
    /// What is before the `@`.
    pub(super) user: &'a str,
    hosts: &'a str,
    /// With its slash, or empty.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits a URL whose pieces are certain to be what they seem.
    pub(super) fn split(url: &'a str) -> Result<(Self, Malformed), ConfigError> {
        let is_scheme = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => {
                return Err(
                    Malformed::new("(not shown)").because("it begins with no scheme: write redis://host")
                );
            }
        };
        let malformed = Malformed::new(&format!("{scheme}://.."));
        if url.len() > MAX_URL_BYTES {
            return Err(malformed.because("it is longer than 16 KiB"));
        }
        if url.contains(|c: char| c.is_control() || c.is_whitespace() || c == '#') {
            return Err(malformed.because(ENCODE));
        }
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let (user, hosts) = authority.split_once('@').unwrap_or(("", authority));
        // More than one @, or one behind the hosts: what looks like a host may be half of a password.
        if hosts.contains('@') || tail.contains('@') {
            return Err(malformed.because(ENCODE));
        }
        Ok((Self { scheme, user, hosts, path, query }, malformed))
    }

    /// Whether there is neither user nor host.
    pub(super) fn is_local(&self) -> bool {
        self.user.is_empty() && self.hosts.is_empty()
    }

    /// What stands for a host, if it is all that there is: the name of a node in this process.
    pub(super) fn name_alone(&self) -> Option<&'a str> {
        let is_alone = self.user.is_empty() && self.path.is_empty() && self.query.is_empty();
        (is_alone && !self.hosts.is_empty()).then_some(self.hosts)
    }

    /// The hosts, each with its port or this one.
    pub(super) fn addresses(&self, port: u16, malformed: &Malformed) -> Result<Vec<Address>, ConfigError> {
        if self.hosts.split(',').count() > MAX_HOSTS {
            return Err(malformed.because("it names more than 128 hosts"));
        }
        let addresses = self.hosts.split(',').map(|host| address(host, port));
        addresses.collect::<Option<_>>().ok_or_else(|| malformed.because(HOSTS))
    }
}

fn address(text: &str, default_port: u16) -> Option<Address> {
    let after_name = text.rfind(']').map_or(0, |bracket| bracket + 1);
    let (name, port) = match text.get(after_name..)?.find(':') {
        Some(colon) => text.split_at_checked(after_name + colon)?,
        None => (text, ""),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => digits(port)?.parse().ok().filter(|port| *port != 0)?,
        None => default_port,
    };
    match url::Host::parse(name).ok()? {
        url::Host::Ipv6(ip) => Some(Address::tcp(ip.to_string(), port)),
        url::Host::Ipv4(ip) => Some(Address::tcp(ip.to_string(), port)),
        url::Host::Domain(name) => is_name(&name).then(|| Address::tcp(name, port)),
    }
}

/// Names are narrower than the URL standard has them: quotes and the like are no host, but half of a password.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The text, if it is a number without a sign.
pub(super) fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Undoes percent-encoding, strictly: a lone `%` could mean itself or be a mistake, so it is one.
pub(super) fn decode(text: &str, malformed: &Malformed) -> Result<String, ConfigError> {
    let is_strict = text
        .split('%')
        .skip(1)
        .all(|after| after.get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())));
    if !is_strict {
        return Err(malformed.because(ENCODE));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| malformed.because("what is percent-encoded in it is not UTF-8"))
}

/// What may be shown of a URL so far: the scheme, and of the rest only what was understood.
pub(super) struct Malformed {
    shown: String,
}

impl Malformed {
    fn new(shown: &str) -> Self {
        Self { shown: shown.into() }
    }

    pub(super) fn show_addresses(&mut self, addresses: &[Address]) {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        self.shown.truncate(self.shown.trim_end_matches("..").len());
        self.shown.push_str(&addresses.join(","));
    }

    pub(super) fn show_path(&mut self, path: &str) {
        self.shown.truncate(self.shown.trim_end_matches("..").len());
        self.shown.push_str(path);
    }

    pub(super) fn because(&self, reason: impl Into<String>) -> ConfigError {
        ConfigError::Url { url: self.shown.clone(), reason: reason.into() }
    }
}
