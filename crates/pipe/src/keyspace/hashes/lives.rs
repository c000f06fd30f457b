//! Fields that live for a time of their own.

use std::time::Duration;

use redis::ExpireOption;

use super::Hashes;
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::keyspace::life::{self, Ttl};
use crate::keyspace::read;
use crate::keyspace::strings::SetOptions;
use crate::pipe::Pipe;

/// Commands on fields that expire: of Redis 7.4 on, and where it is said of Redis 8.0 on. Older servers, and Valkey before
/// 9.0, do not know them.
impl<K: Field, F: Field, V: Field> Hashes<K, F, V> {
    /// HPEXPIRE: the fields are deleted after so long, at once if that is nothing. Of each, whether it was set.
    #[doc(alias = "HPEXPIRE")]
    #[doc(alias = "HEXPIRE")]
    pub fn expire_fields(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
        after: Duration,
    ) -> Deferred<Vec<bool>> {
        self.expire_fields_if(pipe, id, fields, after, ExpireOption::NONE)
    }

    /// HPEXPIRE with a condition on the time to live that each field has.
    pub fn expire_fields_if(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
        after: Duration,
        condition: ExpireOption,
    ) -> Deferred<Vec<bool>> {
        let mut count = 0;
        let request = self.command("HPEXPIRE", id).arg(life::millis(after)).arg(condition).arg("FIELDS");
        let request = request.counted_fields(fields, &mut count);
        // 2 says that the field was deleted, because the time is past.
        request.queue_if(count, pipe, |reply| {
            let done: Vec<i64> = convert(reply)?;
            Ok(done.into_iter().map(|done| matches!(done, 1 | 2)).collect())
        })
    }

    /// HPTTL, of each field.
    #[doc(alias = "HPTTL")]
    #[doc(alias = "HTTL")]
    pub fn field_ttls(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<Vec<Ttl>> {
        let mut count = 0;
        let request = self.command("HPTTL", id).arg("FIELDS").counted_fields(fields, &mut count);
        request.queue_if(count, pipe, life::ttls)
    }

    /// HPERSIST: the fields have no time to live any more. Of each, whether it had one.
    #[doc(alias = "HPERSIST")]
    pub fn persist_fields(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<Vec<bool>> {
        let mut count = 0;
        let request = self.command("HPERSIST", id).arg("FIELDS").counted_fields(fields, &mut count);
        request.queue_if(count, pipe, |reply| {
            let done: Vec<i64> = convert(reply)?;
            Ok(done.into_iter().map(|done| done == 1).collect())
        })
    }

    /// HGETDEL (Redis 8.0): the values that were there.
    #[doc(alias = "HGETDEL")]
    pub fn take_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<Vec<Option<V>>> {
        let mut count = 0;
        let request = self.command("HGETDEL", id).arg("FIELDS").counted_fields(fields, &mut count);
        request.queue_if(count, pipe, read::optionals)
    }

    /// HGETEX (Redis 8.0): the values, whose fields from now on live for so long, or for ever.
    #[doc(alias = "HGETEX")]
    pub fn get_all_and_expire(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
        after: Option<Duration>,
    ) -> Deferred<Vec<Option<V>>> {
        let mut count = 0;
        let request = match after {
            Some(after) => self.command("HGETEX", id).arg("PX").arg(life::millis(after)),
            None => self.command("HGETEX", id).arg("PERSIST"),
        };
        let request = request.arg("FIELDS").counted_fields(fields, &mut count);
        request.queue_if(count, pipe, read::optionals)
    }

    /// HSETEX (Redis 8.0): sets fields, and how long they live. Whether they were set: all or none, and the conditions of
    /// `options` are on all of them.
    #[doc(alias = "HSETEX")]
    pub fn set_all_with(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = (impl AsField<F>, impl AsField<V>)>,
        options: SetOptions,
    ) -> Deferred<bool> {
        let values: Vec<_> = values.into_iter().collect();
        let request = self.command("HSETEX", id).arg(options.of_fields()).arg("FIELDS").arg(values.len());
        let (request, count) = Self::pairs(request, values);
        if count == 0 { Deferred::ready(true) } else { request.queue(pipe, convert) }
    }
}
