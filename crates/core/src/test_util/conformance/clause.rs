//! One clause, put to one backend.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::report::Verdict;
use super::subject::{Ability, Lack, Subject};
use super::trial::Trial;

/// A clause of the contract, put to a backend: awaiting it tries it.
#[must_use = "a clause is tried when it is awaited"]
pub struct Clause<'a> {
    part: &'static str,
    name: &'static str,
    needs: &'static [Ability],
    trial: Trial<'a>,
    work: BoxFuture<'a, Found>,
}

/// What comes of a trial.
pub(super) type Found<T = ()> = Result<T, Finding>;

/// What a trial finds that should not be so.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) expected: String,
    pub(super) seen: String,
}

/// A clause that a backend does not keep.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{part}: {name}: expected {expected}; seen: {seen}")]
#[non_exhaustive]
pub struct Violation {
    /// The part of the contract that the clause belongs to.
    pub part: &'static str,
    /// The name of the clause's function.
    pub name: &'static str,
    /// What the contract has.
    pub expected: String,
    /// What the backend did.
    pub seen: String,
}

impl<'a> Clause<'a> {
    /// The clause `name` of a `part` of the contract, which `work` puts to `subject`.
    pub(super) fn new<F: Future<Output = Found> + Send + 'a>(
        part: &'static str,
        name: &'static str,
        subject: &'a Subject,
        work: impl FnOnce(Trial<'a>) -> F,
    ) -> Self {
        let trial = Trial::new(subject, name);
        Self { part, name, needs: &[], trial, work: Box::pin(work(trial)) }
    }

    /// What it takes to try the clause.
    pub(super) const fn needing(mut self, needs: &'static [Ability]) -> Self {
        self.needs = needs;
        self
    }

    /// The part of the contract that the clause belongs to.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        self.part
    }

    /// The name of the clause's function: it says what the backend is to keep.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it takes to try the clause. Awaited without it, the clause is violated.
    #[must_use]
    pub const fn needs(&self) -> &'static [Ability] {
        self.needs
    }

    /// Tries the clause, unless something that it needs is not there.
    pub(super) async fn verdict(self) -> Verdict {
        for needs in self.needs {
            match self.trial.subject.lack(*needs) {
                None => {}
                Some(Lack::Said(because)) => return Verdict::LeftOut { needs: *needs, because },
                Some(Lack::Unsaid) => return Verdict::Untried { needs: *needs },
            }
        }
        match self.await {
            Ok(()) => Verdict::Kept,
            Err(violation) => Verdict::Violated(violation),
        }
    }
}

impl<'a> IntoFuture for Clause<'a> {
    type Output = Result<(), Violation>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { part, name, needs, trial, work } = self;
        Box::pin(async move {
            let found = caught(work).await;
            let was_disrupted = needs.contains(&Ability::Disruption);
            let after = caught(trial.clean_up(found.is_err(), was_disrupted)).await;
            found.and(after).map_err(|Finding { expected, seen }| Violation { part, name, expected, seen })
        })
    }
}

impl fmt::Debug for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, name, needs, .. } = self;
        f.debug_struct("Clause")
            .field("part", part)
            .field("name", name)
            .field("needs", needs)
            .finish_non_exhaustive()
    }
}

/// A backend that panics breaks the clause, and not the suite.
async fn caught(work: impl Future<Output = Found>) -> Found {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let seen = format!("a panic: {}", said(&*panic));
        Err(Finding { expected: "no panic".into(), seen })
    })
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(without words)")
}
