//! Who logs in: user, password, database, client name and protocol of a connection.

use std::fmt;
use std::sync::Arc;

use redis::{ProtocolVersion, RedisConnectionInfo};

/// Told to the server as the name of the library (`CLIENT LIST` shows it).
const LIBRARY: &str = "redfleet";

/// What every new connection says about itself before its first command.
///
/// Its `Debug` shows neither the user, nor the password, nor the client name.
#[derive(Clone, Default)]
pub(crate) struct Login {
    /// The ACL user; none is the server's default user.
    pub(crate) user: Option<Arc<str>>,
    /// The password. A user without one logs in with an empty password, as an ACL user with `nopass` can.
    pub(crate) password: Option<Secret>,
    /// The database to select.
    pub(crate) database: u32,
    /// The name that `CLIENT LIST` shows. redis-rs does not send it: `CLIENT SETNAME` is the link's to send.
    pub(crate) client_name: Option<Arc<str>>,
    /// The protocol to speak.
    pub(crate) protocol: Protocol,
}

/// Which version of the Redis protocol a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// RESP3, or RESP2 where the server does not know HELLO.
    #[default]
    Newest,
    /// RESP2, for servers or proxies that cannot do better.
    Resp2,
    /// RESP3 or nothing.
    Resp3,
}

impl Login {
    /// The same login in RESP2, for a server that does not know HELLO; none if RESP3 was insisted on, or
    /// this is RESP2 already.
    pub(crate) fn without_hello(&self) -> Option<Self> {
        match self.protocol {
            Protocol::Newest => Some(Self { protocol: Protocol::Resp2, ..self.clone() }),
            Protocol::Resp2 | Protocol::Resp3 => None,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("has_user", &self.user.is_some())
            .field("has_password", &self.password.is_some())
            .field("database", &self.database)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// The login as redis-rs takes it: it sends HELLO (or AUTH), SELECT and CLIENT SETINFO in one round trip.
///
/// redis-rs sends no user without a password, and would log in as the default user then. So a user always
/// comes with a password here, an empty one if need be.
pub(crate) fn settings_for_redis(login: &Login) -> RedisConnectionInfo {
    let protocol = match login.protocol {
        Protocol::Newest | Protocol::Resp3 => ProtocolVersion::RESP3,
        Protocol::Resp2 => ProtocolVersion::RESP2,
    };
    let mut settings = RedisConnectionInfo::default()
        .set_protocol(protocol)
        .set_db(i64::from(login.database))
        .set_lib_name(LIBRARY, env!("CARGO_PKG_VERSION"));
    if let Some(user) = &login.user {
        settings = settings.set_username(user).set_password("");
    }
    if let Some(password) = &login.password {
        settings = settings.set_password(password.expose());
    }
    settings
}

/// A text that is never shown: its `Debug` is two dots, and it has no `Display`.
#[derive(Clone)]
pub(crate) struct Secret(Arc<str>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for the server and nobody else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            user: Some("ada".into()),
            password: Some(Secret::new("hunter2")),
            database: 3,
            client_name: Some("biller".into()),
            protocol: Protocol::Newest,
        }
    }

    #[test]
    fn a_login_shows_neither_user_nor_password_nor_client_name() {
        let shown = format!("{:?} {:#?} {:?}", login(), login(), Secret::new("hunter2"));
        for hidden in ["ada", "hunter2", "biller"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("database: 3"), "{shown}");
    }

    #[test]
    fn redis_rs_is_told_all_that_it_sends_itself() {
        let settings = settings_for_redis(&login());
        assert_eq!(settings.username(), Some("ada"));
        assert_eq!(settings.password(), Some("hunter2"));
        assert_eq!(settings.db(), 3);
        assert_eq!(settings.protocol(), ProtocolVersion::RESP3);
        assert_eq!(settings.lib_name(), Some("redfleet"));
        assert_eq!(settings.lib_ver(), Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_user_without_a_password_is_still_sent() {
        let settings = settings_for_redis(&Login { password: None, ..login() });
        assert_eq!((settings.username(), settings.password()), (Some("ada"), Some("")));
        let settings = settings_for_redis(&Login::default());
        assert_eq!((settings.username(), settings.password()), (None, None));
    }

    #[test]
    fn only_a_login_that_did_not_insist_falls_back_to_resp2() {
        let fallen = login().without_hello().unwrap();
        assert_eq!(settings_for_redis(&fallen).protocol(), ProtocolVersion::RESP2);
        assert_eq!(fallen.database, 3);
        assert!(fallen.without_hello().is_none());
        assert!(Login { protocol: Protocol::Resp3, ..login() }.without_hello().is_none());
    }
}
