//! The files that a URL names for TLS, read and checked.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::ConfigError;

/// No certificate file is longer: the bundle of a whole system has some 200 KiB.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The files that a URL names for TLS.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) ca: Option<String>,
    pub(crate) cert: Option<String>,
    pub(crate) key: Option<String>,
}

/// What a client shows: its certificate with those that vouch for it, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Files {
    /// The certificates of the given CA, if one was given.
    pub(super) fn ca(&self) -> Result<Option<Vec<CertificateDer<'static>>>, ConfigError> {
        self.ca.as_deref().map(|path| certificates("ca", path)).transpose()
    }

    /// The client's certificate and key, if they were given. One without the other is an error.
    pub(super) fn identity(&self) -> Result<Option<Identity>, ConfigError> {
        match (&self.cert, &self.key) {
            (None, None) => Ok(None),
            (Some(cert), Some(path)) => {
                let chain = certificates("cert", cert)?;
                let key = PrivateKeyDer::from_pem_slice(&read("key", path)?)
                    .map_err(|error| unusable("key", path, &in_words(&error, "no private key")))?;
                Ok(Some((chain, key)))
            }
            (Some(path), None) => Err(unusable("cert", path, &"it needs its key: give key=/path too")),
            (None, Some(path)) => {
                Err(unusable("key", path, &"it needs its certificate: give cert=/path too"))
            }
        }
    }

    /// Says that the file named for `what` cannot be used.
    pub(super) fn unusable(&self, what: &'static str, reason: &impl fmt::Display) -> ConfigError {
        let path = match what {
            "key" => &self.key,
            "cert" => &self.cert,
            _ => &self.ca,
        };
        unusable(what, path.as_deref().unwrap_or("of the system"), reason)
    }
}

fn certificates(what: &'static str, path: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(what, path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(what, path, &in_words(&error, "no certificate")))?;
    if found.is_empty() {
        return Err(unusable(what, path, &in_words(&Error::NoItemsFound, "no certificate")));
    }
    Ok(found)
}

/// The whole file, if it is one, and not too long. A device or a pipe could go on for ever.
fn read(what: &'static str, path: &str) -> Result<Vec<u8>, ConfigError> {
    let failed = |error: io::Error| unusable(what, path, &error);
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(unusable(what, path, &"not a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let length = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(unusable(what, path, &"longer than 4 MiB"));
    }
    Ok(bytes)
}

/// The text of a PEM error in our own words: the library's own may quote a line of the file, a key's too.
fn in_words(error: &Error, missing: &str) -> String {
    if matches!(error, Error::NoItemsFound) {
        format!("{missing} in PEM form in it")
    } else {
        "its PEM form is damaged".into()
    }
}

fn unusable(what: &'static str, path: &str, reason: &impl fmt::Display) -> ConfigError {
    ConfigError::Certificate { what, path: path.into(), reason: reason.to_string() }
}
