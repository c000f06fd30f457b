//! Many commands on their way: sent together, a batch a member, until each has its answer.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::{Cmd, Value};

use super::aggregate::{self, Aggregate};
use super::errand::Errand;
use super::member::Member;
use super::route::Route;
use super::scan::Cursor;
use super::seeker::{Seeker, pause, undone};
use super::slots::Slot;
use super::split;
use super::state::State;
use crate::backend::Batch;
use crate::error::{Error, Result};
use crate::mutant;

/// One command for one member: a whole command, or a part of one.
struct Piece<'a> {
    command: Cow<'a, Cmd>,
    company: Company,
    /// Of those who follow, that of their leader counts.
    seeker: Seeker,
    answer: Option<Result<Value>>,
}

/// Who goes with whom: the commands of a block stand one behind the other, and travel whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Alone,
    /// The first of so many.
    Leads(usize),
    Follows,
}

/// How many pieces a command has, and how their answers become one.
struct Entry {
    pieces: usize,
    join: Join,
}

enum Join {
    /// There is one.
    One,
    Aggregate(Aggregate),
    /// There is one, of a SCAN at this cursor, over so many primaries; or none, if there are fewer now.
    Scan(Cursor, usize),
}

/// Commands, taken apart where they go to several members.
#[derive(Default)]
pub(crate) struct Rounds<'a> {
    pieces: Vec<Piece<'a>>,
    entries: Vec<Entry>,
    /// Where this batch's commands without keys go: all to one member, so that they cost no more messages.
    any: Option<Arc<Member>>,
    all: Option<Vec<Arc<Member>>>,
    /// Whether a piece is another command than the one it came from.
    is_rewritten: bool,
}

impl<'a> Rounds<'a> {
    /// Takes an errand in; nothing is sent yet.
    pub(crate) async fn add(&mut self, state: &Arc<State>, errand: Errand<'a>) -> Result<()> {
        match errand {
            Errand::Command(command, route) => self.add_command(state, command, route).await,
            Errand::Block(commands, slot) => self.add_block(state, commands, slot).await,
        }
    }

    async fn add_command(&mut self, state: &Arc<State>, command: &'a Cmd, route: Route) -> Result<()> {
        let before = self.pieces.len();
        let join = match route {
            Route::Slot(slot) => {
                self.push(Cow::Borrowed(command), Seeker::new(state, Some(slot)).await?);
                Join::One
            }
            Route::Any => {
                let to = self.any(state).await?;
                self.push(Cow::Borrowed(command), Seeker::to(to));
                Join::One
            }
            Route::Primaries => {
                let all = match &self.all {
                    Some(all) => all.clone(),
                    None => self.all.insert(state.primaries().await?).clone(),
                };
                for member in all {
                    self.push(Cow::Borrowed(command), Seeker::to(member));
                }
                aggregate::of(command).map_or(Join::One, Join::Aggregate)
            }
            Route::Primary(_) => return self.add_scan(state, command).await,
            Route::Split => {
                let (parts, aggregate) = split::parts(command);
                for (slot, part) in parts {
                    self.push(Cow::Owned(part), Seeker::new(state, Some(slot)).await?);
                }
                Join::Aggregate(aggregate)
            }
        };
        self.entries.push(Entry { pieces: self.pieces.len() - before, join });
        Ok(())
    }

    /// One page of a SCAN, of the primary that its cursor names.
    async fn add_scan(&mut self, state: &Arc<State>, command: &'a Cmd) -> Result<()> {
        let Some(cursor) = Cursor::of(command) else { return Err(Error::Unanswered) };
        let primaries = state.primaries_in_order(cursor.is_begin()).await?;
        let to = primaries.get(usize::from(cursor.primary));
        if let Some(member) = to {
            self.push(Cow::Owned(cursor.on_primary(command)), Seeker::to(Arc::clone(member)));
        }
        let join = Join::Scan(cursor, primaries.len());
        self.entries.push(Entry { pieces: usize::from(to.is_some()), join });
        self.is_rewritten = true;
        Ok(())
    }

    async fn add_block(
        &mut self,
        state: &Arc<State>,
        commands: Vec<&'a Cmd>,
        slot: Option<Slot>,
    ) -> Result<()> {
        let seeker = match slot {
            Some(slot) => Seeker::new(state, Some(slot)).await?,
            None => Seeker::to(self.any(state).await?),
        };
        let len = commands.len();
        for (place, command) in commands.into_iter().enumerate() {
            let company = if place == 0 { Company::Leads(len) } else { Company::Follows };
            let (command, seeker) = (Cow::Borrowed(command), seeker.clone());
            self.pieces.push(Piece { command, company, seeker, answer: None });
            self.entries.push(Entry { pieces: 1, join: Join::One });
        }
        Ok(())
    }

    async fn any(&mut self, state: &Arc<State>) -> Result<Arc<Member>> {
        Ok(match &self.any {
            Some(member) => Arc::clone(member),
            None => Arc::clone(self.any.insert(state.any().await?)),
        })
    }

    fn push(&mut self, command: Cow<'a, Cmd>, seeker: Seeker) {
        self.pieces.push(Piece { command, company: Company::Alone, seeker, answer: None });
    }

    /// Sends everything and follows what is refused, until every command has its answer: one entry each.
    ///
    /// What goes to one member keeps its order, also when it is sent again. `batch` is the batch that the
    /// commands came from, sent as it is where all of it goes to one member.
    pub(crate) async fn run(mut self, state: &Arc<State>, batch: Option<&Batch>) -> Vec<Result<Value>> {
        let is_whole = |batch: &&Batch| batch.len() == self.pieces.len() && !self.is_rewritten;
        let mut whole = batch.filter(is_whole);
        loop {
            let groups = self.groups();
            if groups.is_empty() {
                return self.answers();
            }
            let whole = whole.take().filter(|_| groups.len() == 1);
            let answers = join_all(groups.iter().map(|group| self.send(group, whole))).await;
            let mut wait = Duration::ZERO;
            for (group, answers) in groups.iter().zip(answers) {
                wait = wait.max(self.take(state, group, answers));
            }
            pause(wait).await;
            for piece in self.pieces.iter_mut().filter(|piece| piece.answer.is_none()) {
                piece.seeker.find_home(state);
            }
        }
    }

    /// The pieces that have no answer yet, by the member and the way in which it is asked.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut heads: Vec<&Seeker> = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut at = 0;
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| piece.answer.is_none()) {
            let is_like = |head: &&Seeker| {
                Arc::ptr_eq(&head.to, &piece.seeker.to) && head.is_asking == piece.seeker.is_asking
            };
            // Whoever follows goes where the one before went.
            if piece.company != Company::Follows {
                at = heads.iter().position(is_like).unwrap_or(heads.len());
            }
            match groups.get_mut(at) {
                Some(group) => group.push(index),
                None => {
                    heads.push(&piece.seeker);
                    groups.push(vec![index]);
                }
            }
        }
        groups
    }

    /// Sends one group in one round trip: one answer for each of its pieces.
    async fn send(&self, group: &[usize], whole: Option<&Batch>) -> VecDeque<Result<Value>> {
        let pieces = || group.iter().filter_map(|index| self.pieces.get(*index));
        let Some(Seeker { to, is_asking, .. }) = pieces().next().map(|piece| &piece.seeker) else {
            return VecDeque::new();
        };
        let answers = match (whole, group) {
            (Some(batch), _) => to.call_batch(batch).await,
            // An ordinary call costs less than a batch of one.
            (None, [_]) => {
                let command = pieces().next().map(|piece| piece.command.as_ref());
                let Some(command) = command else { return VecDeque::new() };
                Ok(vec![to.call(command, *is_asking).await])
            }
            (None, _) => {
                let mut batch: Batch = pieces().map(|piece| piece.command.as_ref().clone()).collect();
                for (at, piece) in pieces().enumerate() {
                    if let Company::Leads(len) = piece.company
                        && !mutant::is_on("block_is_sent_on_in_part")
                    {
                        batch.make_atomic(at..at + len);
                    }
                }
                to.call_batch(&if *is_asking { batch.asking() } else { batch }).await
            }
        };
        match answers {
            Ok(answers) => answers.into(),
            Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Keeps the answers that are final; how long the others are to wait.
    fn take(
        &mut self,
        state: &Arc<State>,
        group: &[usize],
        mut answers: VecDeque<Result<Value>>,
    ) -> Duration {
        let mut longest = Duration::ZERO;
        for index in group {
            let Some(piece) = self.pieces.get_mut(*index) else { continue };
            let mut next = || answers.pop_front().unwrap_or_else(|| Err(piece.seeker.to.garbled()));
            match piece.company {
                Company::Alone => {
                    let answer = next();
                    let wait = answer.as_ref().err().and_then(|error| piece.seeker.follow(state, error));
                    match wait {
                        Some(wait) => longest = longest.max(wait),
                        None => piece.answer = Some(answer),
                    }
                }
                Company::Leads(len) => {
                    let block: Vec<_> = (0..len).map(|_| next()).collect();
                    let wait = undone(&block).and_then(|error| piece.seeker.follow(state, error));
                    match wait {
                        Some(wait) => longest = longest.max(wait),
                        None => {
                            let pieces = self.pieces.iter_mut().skip(*index);
                            pieces.zip(block).for_each(|(piece, answer)| piece.answer = Some(answer));
                        }
                    }
                }
                // Its leader has taken its answer.
                Company::Follows => {}
            }
        }
        longest
    }

    fn answers(self) -> Vec<Result<Value>> {
        let mut answers = self.pieces.into_iter().map(|piece| piece.answer.unwrap_or(Err(Error::Unanswered)));
        let entries = self.entries.into_iter().map(|entry| {
            let mut own = answers.by_ref().take(entry.pieces);
            match entry.join {
                Join::One => own.next().unwrap_or(Err(Error::Unanswered)),
                Join::Aggregate(aggregate) => aggregate.merge(own.collect()),
                Join::Scan(cursor, primaries) => match own.next() {
                    Some(answer) => cursor.reply(answer?, primaries),
                    None => Ok(Cursor::end()),
                },
            }
        });
        entries.collect()
    }
}
