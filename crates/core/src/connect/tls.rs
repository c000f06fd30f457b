//! TLS by rustls: whom to trust, what to show, and the stream inside it.

mod files;
mod stream;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::dial::BoxedStream;
use crate::error::{ConfigError, LinkError};

pub(crate) use files::Files;

/// The TLS settings of an endpoint, built once and shared by all its connections.
///
/// The crypto provider is the one that the application installed for the process, else ring. Nothing is
/// installed here: which provider a process has is the application's to say.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the files and the system's roots, once.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Certificate`] names the file that cannot be used, and why.
    pub(crate) fn load(_scheme: &str, files: &Files) -> Result<Self, ConfigError> {
        let provider =
            CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
        let roots = roots(files)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| files.unusable("ca", &error))?
            .with_root_certificates(roots);
        let config = match files.identity()? {
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain, key).map_err(|error| files.unusable("key", &error))?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Self { config: Arc::new(config) })
    }

    /// Agrees on TLS with the server on the other end of `stream`, which must prove that it is `host`.
    ///
    /// A server that wants a client certificate and got none, or a wrong one, may say so only after this: in
    /// TLS 1.3 the client is done first. Reading from the stream then ends in [`LinkError::Tls`] as well.
    pub(crate) async fn over(
        &self,
        stream: BoxedStream,
        host: &str,
        to: &str,
    ) -> Result<BoxedStream, LinkError> {
        let failed = |reason| LinkError::Tls { to: to.into(), reason: Arc::new(reason) };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, stream).await.map_err(failed)?;
        Ok(Box::new(stream::TlsStream::new(stream, to)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// The given CA alone, else all that the system trusts and rustls can read.
fn roots(files: &Files) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    if let Some(given) = files.ca()? {
        for certificate in given {
            roots.add(certificate).map_err(|error| files.unusable("ca", &error))?;
        }
        return Ok(roots);
    }
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(files.unusable("ca", &"the system has no certificates to trust: give ca=/path"));
    }
    Ok(roots)
}
