//! Stands in for TLS in a build without it: no value of [`Tls`] exists, so nothing else needs to ask.

use crate::connect::dial::BoxedStream;
use crate::error::{ConfigError, LinkError};

/// TLS, of which this build has none.
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

/// The files that a URL names for TLS.
#[derive(Debug, Default)]
#[expect(dead_code, reason = "only TLS reads them")]
pub(crate) struct Files {
    pub(crate) ca: Option<String>,
    pub(crate) cert: Option<String>,
    pub(crate) key: Option<String>,
}

impl Tls {
    /// Always an error here.
    pub(crate) fn load(scheme: &str, _files: &Files) -> Result<Self, ConfigError> {
        Err(ConfigError::Feature { scheme: scheme.into(), feature: "tls" })
    }

    /// Cannot be called.
    pub(crate) async fn over(
        &self,
        _: BoxedStream,
        _host: &str,
        _to: &str,
    ) -> Result<BoxedStream, LinkError> {
        match *self {}
    }
}
