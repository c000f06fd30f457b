//! The Lua scripts, by their verbs. Those that vote begin with the text that says whether the server may.

mod flawed;

use std::sync::LazyLock;

use redfleet_core::Script;

macro_rules! script {
    ($name:ident, $($file:literal),+) => {
        pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(&flawed::flawed(concat!($(include_str!(concat!("scripts/", $file, ".lua"))),+))));
    };
}

script!(ACQUIRE, "standing", "taking", "readers", "acquire");
script!(ACQUIRE_READ, "standing", "taking", "hand_over", "readers", "acquire_read");
script!(ACQUIRE_SLOT, "standing", "taking", "acquire_slot");
script!(ENLIST, "enlist");
script!(EXTEND, "standing", "extend");
script!(EXTEND_READ, "standing", "readers", "extend_read");
script!(LEAVE, "hand_over", "readers", "leave");
script!(PUT_BACK, "hand_over", "put_back");
script!(PUT_BACK_READ, "hand_over", "readers", "put_back_read");
script!(QUARANTINE, "quarantine");
script!(FENCED, "fenced");
script!(RELEASE, "hand_over", "release");
script!(RELEASE_READ, "hand_over", "readers", "release_read");
script!(RESTORE, "standing", "readers", "restore");
script!(RESTORE_READ, "standing", "readers", "restore_read");
script!(WRITE_BACK, "standing", "write_back");
script!(WRITE_BACK_READ, "standing", "readers", "write_back_read");
script!(TAKE_RATE, "take_rate");
script!(UNTAKE_RATE, "untake_rate");
