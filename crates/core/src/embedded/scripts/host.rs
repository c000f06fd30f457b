//! What a script finds behind `redis.call`: the node's own data, and the connection that sent the script.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::client::{Client, Protocol};
use crate::embedded::data::Data;
use crate::embedded::refusal::Refusal;
use crate::embedded::script::{Host, Protocol as Wanted};
use crate::embedded::spec::{Kind, Spec};
use crate::embedded::state::run_inside;
use crate::embedded::table;

/// Commands that change no key and yet are no business of a script that said it writes nothing.
const ALSO_WRITES: [&str; 3] = ["pfcount", "publish", "spublish"];

const UNKNOWN: Refusal = Refusal::fixed("ERR Unknown Redis command called from script");
const WRONG_ARITY: Refusal = Refusal::fixed("ERR Wrong number of args calling Redis command from script");
const NOT_ALLOWED: Refusal = Refusal::fixed("ERR This Redis command is not allowed from script");
const READ_ONLY: Refusal = Refusal::fixed("ERR Write commands are not allowed from read-only scripts.");

/// Where the store is while a script runs.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) data: Data,
    pub(super) client: Client,
    /// Whether the script, or the command that runs it, said that it writes nothing.
    pub(super) is_read_only: bool,
}

impl Inside {
    /// With nothing in it, while no script runs.
    pub(super) fn hollow() -> Self {
        let data = Data::new(fastrand::Rng::with_seed(0), 0);
        Self { data, client: Client::new(0, Protocol::Resp2), is_read_only: false }
    }

    fn carry_out(&mut self, words: &[&[u8]]) -> Result<Value, Refusal> {
        let spec = find(words)?;
        if !spec.is_scriptable {
            return Err(NOT_ALLOWED);
        }
        if self.is_read_only && (spec.kind == Kind::Write || ALSO_WRITES.contains(&spec.name)) {
            return Err(READ_ONLY);
        }
        self.data.commands += 1;
        run_inside(spec, &mut Call::new(&mut self.data, &mut self.client, words))
    }
}

impl Host for Box<Inside> {
    fn call(&mut self, words: &[&[u8]], protocol: Wanted) -> Result<Value, String> {
        self.client.protocol = match protocol {
            Wanted::Resp2 => Protocol::Resp2,
            Wanted::Resp3 => Protocol::Resp3,
        };
        self.carry_out(words).map_err(|refusal| refusal.text().to_owned())
    }

    fn permits(&mut self, words: &[&[u8]]) -> Option<bool> {
        named(words).map(|_spec| true)
    }

    fn log(&mut self, level: u8, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        match level {
            0 => tracing::trace!("{line}"),
            1 => tracing::debug!("{line}"),
            2 => tracing::info!("{line}"),
            _ => tracing::warn!("{line}"),
        }
    }
}

/// The command that these words call, refused in the terms of scripts.
fn find(words: &[&[u8]]) -> Result<&'static Spec, Refusal> {
    let spec = named(words).ok_or(UNKNOWN)?;
    if spec.takes(words.len()) { Ok(spec) } else { Err(WRONG_ARITY) }
}

fn named(words: &[&[u8]]) -> Option<&'static Spec> {
    let spec = table::named(words.first()?)?;
    match words.get(1) {
        Some(word) if !spec.subcommands.is_empty() => spec.subcommand(word),
        _ => Some(spec),
    }
}
