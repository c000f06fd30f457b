//! What cannot be written everywhere, and what to do instead.

/// A command that cannot be written everywhere, as [`Error::Unshippable`](crate::Error::Unshippable) says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unshippable {
    /// Its name.
    pub(crate) command: String,
    /// Why not.
    pub(crate) why: &'static str,
    /// What to do instead.
    pub(crate) instead: &'static str,
}
