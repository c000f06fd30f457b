//! Queueing for another connection than the default one.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Pipe;

/// A pipe whose commands are for one named connection, until this is dropped; see [`Pipe::on`].
pub struct On<'a> {
    pipe: &'a mut Pipe,
    before: usize,
}

impl Pipe {
    /// The same pipe, for another connection: what is queued through what this returns goes there. It is a `&mut Pipe`
    /// for reusable functions, too: `followers(&mut pipe.on("users"), id)`.
    ///
    /// # Errors
    ///
    /// A name that is not known has the whole pipe refused: [`Error::UnknownConnection`](crate::Error::UnknownConnection).
    pub fn on(&mut self, name: &str) -> On<'_> {
        let before = self.current;
        match self.pipes.find(name) {
            Some(found) => self.current = found,
            None => {
                let error = self.pipes.unknown(name);
                self.refuse(error);
            }
        }
        On { pipe: self, before }
    }
}

impl Deref for On<'_> {
    type Target = Pipe;

    fn deref(&self) -> &Pipe {
        self.pipe
    }
}

impl DerefMut for On<'_> {
    fn deref_mut(&mut self) -> &mut Pipe {
        self.pipe
    }
}

impl Drop for On<'_> {
    fn drop(&mut self) {
        self.pipe.current = self.before;
    }
}

impl fmt::Debug for On<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("On").field(&self.pipe).finish()
    }
}
