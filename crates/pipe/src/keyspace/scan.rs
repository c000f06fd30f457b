//! Going through what is there, a page at a time.

use std::fmt;
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use redis::Value;

use super::request::Request;
use super::{Keyspace, Kind, read};
use crate::deferred::{Deferred, convert};
use crate::error::Result;
use crate::pipe::Pipe;
use crate::pipes::Pipes;

/// Ids, members or fields, to be gone through a page at a time: SCAN, SSCAN, HSCAN, ZSCAN.
///
/// [`stream`](Self::stream) goes through all of it. It reads again and again, so it wants the connections and no pipe;
/// [`page`](Self::page) is one command, which a pipe can hold.
///
/// # Guarantee
///
/// Redis's own: what is there from the beginning to the end is seen at least once. Anything may be seen more than once;
/// what comes or goes meanwhile may be seen or not. What moves to another server meanwhile, with its slot or by a
/// failover, counts as such, because a cursor means nothing to another server.
///
/// # Example
///
/// ```
/// use futures::TryStreamExt;
/// use redfleet_pipe::{Pipes, Sets};
/// use std::collections::BTreeSet;
///
/// const TAGS: Sets<String, String> = Sets::new("T");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://scan")?;
/// pipes.run(|pipe| (TAGS.add(pipe, "rose", "red"), TAGS.add(pipe, "reed", "green"))).await?;
/// let ids: BTreeSet<String> = TAGS.scan_ids().matching("r*").stream(&pipes).try_collect().await?;
/// assert_eq!(ids, ["reed".to_owned(), "rose".to_owned()].into());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read before `stream` or `page`"]
#[derive(Clone)]
pub struct Scan<T> {
    /// The command as far as its cursor.
    request: Request,
    /// What the keys must hold, in a scan of keys.
    holding: Option<&'static str>,
    glob: Option<Vec<u8>>,
    count: Option<usize>,
    rows: Rows<T>,
}

/// What is in the list of a page: items, each of which may be none of its type.
type Rows<T> = Arc<dyn Fn(Value) -> Result<Vec<Result<T>>> + Send + Sync>;

/// Some of what is scanned, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is the reply of SCAN, which has two parts")]
pub struct Page<T> {
    /// Some, or none.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` if this is the last one.
    pub next: Option<u64>,
}

impl<T: Kind> Keyspace<T>
where
    T::Id: 'static,
{
    /// SCAN: the ids of the keys of this keyspace that hold this type, wherever on a cluster they are.
    ///
    /// # Cost
    ///
    /// The server looks at all of its keys, whatever is matched: a full scan takes as many round trips as there are keys,
    /// divided by [`count`](Scan::count).
    #[doc(alias = "SCAN")]
    pub fn scan_ids(self) -> Scan<T::Id> {
        let space = self.space;
        let id = move |key: Value| Ok(space.id(&convert::<Vec<u8>>(key)?)?);
        let rows = move |reply| Ok(read::sequence(reply)?.into_iter().map(id).collect());
        Scan { holding: Some(T::TYPE), ..Scan::new(self.request("SCAN"), rows) }.matching("*")
    }
}

impl<T> Scan<T> {
    /// A scan by `request`, which wants nothing but its cursor and its options.
    pub(super) fn new(
        request: Request,
        rows: impl Fn(Value) -> Result<Vec<Result<T>>> + Send + Sync + 'static,
    ) -> Self {
        Self { request, holding: None, glob: None, count: None, rows: Arc::new(rows) }
    }

    /// Only what matches this glob: ids, members or fields as they are written. The keyspace's own name is no part of it.
    pub fn matching(mut self, glob: impl AsRef<[u8]>) -> Self {
        self.glob = Some(match self.holding {
            Some(_) => self.request.space().pattern(glob.as_ref()),
            None => glob.as_ref().to_vec(),
        });
        self
    }

    /// COUNT: about how many to look at for one page; if it is not said, the server takes 10.
    pub const fn count(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }

    fn at(&self, cursor: u64) -> Request {
        let mut request = self.request.clone().arg(cursor);
        if let Some(glob) = &self.glob {
            request = request.arg("MATCH").arg(glob.as_slice());
        }
        if let Some(count) = self.count {
            request = request.arg("COUNT").arg(count);
        }
        match self.holding {
            Some(kind) => request.arg("TYPE").arg(kind),
            None => request,
        }
    }
}

impl<T: 'static> Scan<T> {
    /// One page, from the cursor 0 or from where another page says to go on.
    ///
    /// # Errors
    ///
    /// In the deferred: if any item of it cannot be read. A [`stream`](Self::stream) tells which.
    pub fn page(&self, pipe: &mut Pipe, cursor: u64) -> Deferred<Page<T>> {
        self.rows(pipe, cursor).and_then(|page| {
            let items = page.items.into_iter().collect::<Result<Vec<_>>>()?;
            Ok(Page { items, next: page.next })
        })
    }

    /// All pages, one after the other, item by item. An item that cannot be read is an error, and the next one follows;
    /// after any other error nothing follows.
    ///
    /// # Cost
    ///
    /// A round trip for each page, when it is asked for.
    ///
    /// # Cancel safety
    ///
    /// It reads only; dropping it leaves nothing behind.
    pub fn stream(self, pipes: &Pipes) -> BoxStream<'static, Result<T>>
    where
        T: Send,
    {
        let pages = stream::unfold(Some((self, pipes.clone(), 0)), |state| async {
            let (scan, pipes, cursor) = state?;
            match pipes.run(|pipe| scan.rows(pipe, cursor)).await {
                Ok(Page { items, next }) => Some((items, next.map(|next| (scan, pipes, next)))),
                Err(error) => Some((vec![Err(error)], None)),
            }
        });
        pages.flat_map(stream::iter).boxed()
    }

    fn rows(&self, pipe: &mut Pipe, cursor: u64) -> Deferred<Page<Result<T>>> {
        let rows = Arc::clone(&self.rows);
        self.at(cursor).queue(pipe, read::raw).and_then(move |reply| {
            let mut parts = read::sequence(reply)?.into_iter();
            let (Some(next), Some(items)) = (parts.next(), parts.next()) else {
                return Err(read::misfit::<Page<T>>(&Value::Nil));
            };
            let next = Some(convert::<u64>(next)?).filter(|next| *next != 0);
            Ok(Page { items: rows(items)?, next })
        })
    }
}

impl<T> fmt::Debug for Scan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan").field("count", &self.count).finish_non_exhaustive()
    }
}
