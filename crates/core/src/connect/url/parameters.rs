//! The parameters behind the `?` of a URL: each known, each given once.

use std::collections::BTreeMap;

use super::split::{Malformed, decode};
use crate::error::ConfigError;

pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads `name=value&name=value`. A name that is not `known` is an error and is not shown: it may be the
    /// tail of a password with a `?` in it.
    pub(super) fn read(
        query: &str,
        known: &[&'static str],
        malformed: &Malformed,
    ) -> Result<Self, ConfigError> {
        let mut given = BTreeMap::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let Some(name) = known.iter().find(|known| **known == name) else {
                let known = known.join(", ");
                return Err(malformed.because(format!("it has an unknown parameter; known here: {known}")));
            };
            if value.is_empty() {
                return Err(malformed.because(format!("{name} has no value")));
            }
            if given.insert(*name, decode(value, malformed)?).is_some() {
                return Err(malformed.because(format!("{name} is given twice")));
            }
        }
        Ok(Self(given))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
