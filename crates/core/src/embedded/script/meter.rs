//! How much a script may use: instructions of Lua's machine, and memory.
//!
//! Both are counted, none is timed, so a script ends at the same point under any clock and on any machine.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mlua::{HookTriggers, Lua, VmState};

use super::errors::Raised;

/// What a script may use before it is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Instructions of Lua's machine a run, counted by the thousand.
    pub(crate) instructions: u64,
    /// Bytes of everything that scripts hold in the engine, garbage included.
    pub(crate) memory_bytes: usize,
}

impl Default for Limits {
    /// About what Redis's five seconds allow on a fast machine, and more memory than a sane script needs.
    fn default() -> Self {
        Self { instructions: 500_000_000, memory_bytes: 256 << 20 }
    }
}

/// Why a script was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It ran for more instructions than this.
    Instructions(u64),
    /// It wanted more bytes than this.
    Memory(usize),
}

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instructions(limit) => {
                write!(out, "script stopped: it ran for more than {limit} instructions")
            }
            Self::Memory(limit) => write!(out, "script stopped: it needed more than {limit} bytes of memory"),
        }
    }
}

/// How many instructions pass between two looks at the meter, at most.
const STRIDE: u32 = 1000;

/// What the script that runs has used so far.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    stride: u32,
    used: AtomicU64,
    /// The memory limit was met: seen by whoever caught Lua's error.
    starved: AtomicBool,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        let stride = u32::try_from(limits.instructions.max(1)).unwrap_or(STRIDE).min(STRIDE);
        Self { limits, stride, used: AtomicU64::new(0), starved: AtomicBool::new(false) }
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// At a script's start.
    pub(super) fn reset(&self) {
        self.used.store(0, Ordering::Relaxed);
        self.starved.store(false, Ordering::Relaxed);
    }

    /// Instructions so far, by the thousand.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Counts what one look at the meter, or one new coroutine, stands for.
    pub(super) fn charge(&self) {
        self.used.store(self.used().saturating_add(u64::from(self.stride)), Ordering::Relaxed);
    }

    /// Counts work of ours like this many instructions.
    pub(super) fn spend(&self, instructions: u64) -> mlua::Result<()> {
        self.used.store(self.used().saturating_add(instructions), Ordering::Relaxed);
        self.check()
    }

    /// Refuses to hold more bytes outside of Lua than it may have inside.
    pub(super) fn hold(&self, bytes: usize) -> mlua::Result<()> {
        if bytes > self.limits.memory_bytes {
            self.starve();
        }
        self.check()
    }

    /// Lua could not get memory.
    pub(super) fn starve(&self) {
        self.starved.store(true, Ordering::Relaxed);
    }

    /// Why this script must not run on, if it must not.
    pub(super) fn stop(&self) -> Option<Stop> {
        if self.starved.load(Ordering::Relaxed) {
            Some(Stop::Memory(self.limits.memory_bytes))
        } else if self.used() > self.limits.instructions {
            Some(Stop::Instructions(self.limits.instructions))
        } else {
            None
        }
    }

    /// The same as an error that no script can hold.
    pub(super) fn check(&self) -> mlua::Result<()> {
        self.stop().map_or(Ok(()), |stop| Err(Raised::Stop(stop).into()))
    }

    /// Looks at the meter every thousand instructions, in coroutines too.
    pub(super) fn attach(self: &Arc<Self>, lua: &Lua) -> mlua::Result<()> {
        let meter = Arc::clone(self);
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(self.stride), move |_, _| {
            meter.charge();
            meter.check().map(|()| VmState::Continue)
        })
    }
}
