//! Loading records, whole or in part.

use redis::{Value, cmd};

use super::key;
use super::row::Row;
use super::selection::Selection;
use crate::deferred::{Deferred, convert};
use crate::error::{Error, Result};
use crate::field::AsField;
use crate::model::definition::Model;
use crate::pipe::Pipe;

/// Queues for the model's own connection, if it has one.
pub(super) fn at_home<M: Model, R>(p: &mut Pipe, queue: impl FnOnce(&mut Pipe) -> R) -> R {
    match M::CONNECTION {
        Some(name) => queue(&mut p.on(name)),
        None => queue(p),
    }
}

/// HGETALL.
pub(super) fn all<M: Model>(p: &mut Pipe, name: &[u8]) -> Deferred<Row> {
    at_home::<M, _>(p, |p| p.add_with(cmd("HGETALL").arg(name).take(), Row::from_pairs))
}

/// HMGET of these fields; nothing is sent for none. A field that is not there is not in the row.
pub(super) fn some<M: Model>(p: &mut Pipe, name: &[u8], fields: Vec<&'static str>) -> Deferred<Row> {
    if fields.is_empty() {
        return Deferred::ready(Row::default());
    }
    let command = cmd("HMGET").arg(name).arg(&fields).take();
    let values = at_home::<M, _>(p, |p| p.add_with(command, values));
    values.map(move |values| {
        let pairs = fields.iter().zip(values);
        pairs.filter_map(|(name, value)| Some((name.as_bytes().to_vec(), value?))).collect::<Row>()
    })
}

fn values(reply: Value) -> Result<Vec<Option<Vec<u8>>>> {
    convert(reply)
}

/// The record that the row is of, or nothing if the row is empty.
pub(super) fn record<M: Model>(row: Deferred<Row>, name: Vec<u8>) -> Deferred<Option<M>> {
    row.and_then(move |mut row| {
        if row.is_empty() {
            return Ok(None);
        }
        let key = key::of_name::<M>(&name)?;
        M::read(key, &mut row).map(Some).map_err(Error::Invalid)
    })
}

/// The names of all declared fields.
pub(super) fn declared<M: Model>() -> Vec<&'static str> {
    M::FIELDS.iter().map(|field| field.name()).collect()
}

/// The names of the selected fields.
pub(super) fn selected<M, S: Selection<M>>(selection: S) -> Vec<&'static str> {
    let mut names = Vec::new();
    selection.names(&mut names);
    names
}

/// The selected fields.
pub(super) fn selection<M: Model, S: Selection<M>>(
    p: &mut Pipe,
    of: &impl AsField<M::Key>,
    selection: S,
) -> Deferred<S::Values> {
    let name = key::key::<M>(p, of);
    let row = some::<M>(p, &name, selected(selection));
    row.and_then(move |mut row| selection.read(&mut row).map_err(Error::Invalid))
}
