//! One command of a keyspace in the making: its words, encoded one after the other.

use redfleet_core::mutant;
use redis::{Cmd, ToRedisArgs};

use super::space::Space;
use crate::deferred::{Deferred, Read};
use crate::error::Error;
use crate::field::{AsField, Field, InvalidValue};
use crate::pipe::Pipe;

/// A command whose words are being appended. What cannot be encoded is remembered, and refused when it is queued.
///
/// Words are encoded straight into the command, so that a keyspace costs no more than what it spares its user to write.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    space: Space,
    command: Cmd,
    /// Where a word is encoded before it is appended.
    word: Vec<u8>,
    invalid: Option<InvalidValue>,
}

impl Request {
    pub(crate) fn new(space: Space, name: &str) -> Self {
        Self { space, command: redis::cmd(name), word: Vec::new(), invalid: None }
    }

    pub(crate) const fn space(&self) -> Space {
        self.space
    }

    /// Appends a key of the keyspace.
    #[expect(clippy::needless_pass_by_value, reason = "so that whoever passes it on need not borrow it")]
    pub(crate) fn id<K: Field>(self, id: impl AsField<K>) -> Self {
        let space = self.space;
        self.encoded(|word| space.key(&id, word))
    }

    /// Appends keys of the keyspace; how many.
    pub(crate) fn ids<K: Field>(
        mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        count: &mut usize,
    ) -> Self {
        for id in ids {
            self = self.id(id);
            *count += 1;
        }
        self
    }

    /// Appends how many keys follow, and then the keys.
    pub(crate) fn counted<K: Field>(
        mut self,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        count: &mut usize,
    ) -> Self {
        let ids: Vec<_> = ids.into_iter().collect();
        self = self.arg(ids.len());
        self.ids(ids, count)
    }

    /// Appends how many fields follow, and then the fields.
    pub(crate) fn counted_fields<F: Field>(
        mut self,
        fields: impl IntoIterator<Item = impl AsField<F>>,
        count: &mut usize,
    ) -> Self {
        let fields: Vec<_> = fields.into_iter().collect();
        self = self.arg(fields.len());
        self.fields(fields, count)
    }

    /// Appends a value.
    #[expect(clippy::needless_pass_by_value, reason = "so that whoever passes it on need not borrow it")]
    pub(crate) fn field<F: Field>(self, value: impl AsField<F>) -> Self {
        self.encoded(|word| value.encode_as(word))
    }

    /// Appends values; how many.
    pub(crate) fn fields<F: Field>(
        mut self,
        values: impl IntoIterator<Item = impl AsField<F>>,
        count: &mut usize,
    ) -> Self {
        for value in values {
            self = self.field(value);
            *count += 1;
        }
        self
    }

    /// Appends what needs no codec.
    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.command.arg(arg);
        self
    }

    /// Notes that something of it cannot be.
    pub(crate) fn refuse(&mut self, error: InvalidValue) {
        let error = match self.space.name {
            Some(name) => error.at(name),
            None => error,
        };
        self.invalid.get_or_insert(error);
    }

    /// Queues it for the keyspace's connection. If a word could not be encoded, the pipe is refused instead.
    pub(crate) fn queue<T>(self, pipe: &mut Pipe, read: Read<T>) -> Deferred<T> {
        if let Some(error) = self.invalid.filter(|_| !mutant::is_on("what_cannot_be_written_is_left_out")) {
            return refused(pipe, error);
        }
        match self.space.connection {
            Some(name) => pipe.on(name).add_with(self.command, read),
            None => pipe.add_with(self.command, read),
        }
    }

    /// Queues it, unless it has no operand: then there is nothing to do, and nothing is the answer.
    pub(crate) fn queue_if<T: Default>(self, count: usize, pipe: &mut Pipe, read: Read<T>) -> Deferred<T> {
        match (count, &self.invalid) {
            (0, None) => Deferred::nothing(),
            _ => self.queue(pipe, read),
        }
    }

    /// The command itself, for a session.
    pub(crate) fn finish(self) -> Result<Cmd, Error> {
        match self.invalid {
            Some(error) => Err(error.into()),
            None => Ok(self.command),
        }
    }

    fn encoded(mut self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), InvalidValue>) -> Self {
        self.word.clear();
        match encode(&mut self.word) {
            Ok(()) => {
                self.command.arg(self.word.as_slice());
            }
            Err(error) => self.refuse(error),
        }
        self
    }
}

/// Refuses the pipe; the deferred that says so too.
pub(crate) fn refused<T>(pipe: &mut Pipe, error: InvalidValue) -> Deferred<T> {
    let error = Error::from(error);
    pipe.refuse(error.clone());
    Deferred::failed(error)
}
