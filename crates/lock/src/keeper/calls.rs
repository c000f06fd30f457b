//! The calls that keep a hold alive on a server.

use std::time::Duration;

use redfleet_core::ScriptCall;

use crate::hold::Hold;
use crate::servers::Servers;

/// Lets a server keep it for this long from now, if it has it.
pub(super) fn extend(servers: &Servers, hold: &Hold, ttl: Duration, mark: &str) -> ScriptCall {
    let call = servers.vote(hold.site.kind.scripts().extend, mark).key(&hold.site.owner);
    let call = call.key(hold.site.readers.as_deref());
    call.arg(hold.id.as_str()).arg(ttl.as_millis())
}

/// Puts it back on a server for this long, if nothing is there.
pub(super) fn restore(servers: &Servers, hold: &Hold, left: Duration, mark: &str) -> ScriptCall {
    let call =
        servers.vote(hold.site.kind.scripts().restore, mark).key(&hold.site.owner).key(&hold.site.token);
    let call = call.key(hold.site.readers.as_deref());
    // A life of nothing is refused by the server: this one is as good as over.
    let call = call.arg(hold.id.as_str()).arg(left.as_millis().max(1));
    call.arg(hold.last_token()).arg(servers.token_life().as_millis())
}
