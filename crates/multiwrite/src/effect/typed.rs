//! A whole key, read by its type.

use redfleet_core::{Backend, Error, Result};

use super::{Effect, Key};

pub(super) async fn read(local: &dyn Backend, key: &Key) -> Result<Effect> {
    let _ = (local, key);
    Err(Error::unsupported("a copy by type", "use remotes that take local's payloads"))
}
