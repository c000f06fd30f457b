//! What a pipe does with its commands, its scopes and its callbacks, told one by one.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod pipe {
    mod blocks;
    mod callbacks;
    mod connections;
    mod losses;
    mod structures;
    mod world;
}
