//! How many remotes a writer waits for.

/// How many remotes a writer waits for, after local has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wait {
    /// For none: what is queued arrives behind the writer's back.
    #[default]
    None,
    /// For the first.
    One,
    /// Until a majority of all servers has it, local being one of them.
    Quorum,
    /// For all but one.
    AllButOne,
    /// For all.
    All,
}
