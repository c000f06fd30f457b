//! From a program that fails to one from which nothing can be left out.

use super::case::{Case, Step};

/// Every program that is a little smaller.
pub(crate) fn smaller(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    if case.batch != 10_000 {
        all.push(Case { batch: 10_000, ..case.clone() });
    }
    if case.limit != 10_000 {
        all.push(Case { limit: 10_000, ..case.clone() });
    }
    for (at, pipeline) in case.pipelines.iter().enumerate() {
        let mut shorter = case.clone();
        shorter.pipelines.remove(at);
        all.push(shorter);
        for steps in fewer(&pipeline.steps) {
            let mut shorter = case.clone();
            shorter.pipelines[at].steps = steps;
            all.push(shorter);
        }
    }
    all
}

/// The same steps with one left out, opened, or made smaller itself.
fn fewer(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut all = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut with = |replacement: Vec<Step>| {
            let mut steps = steps.to_vec();
            steps.splice(at..=at, replacement);
            all.push(steps);
        };
        with(Vec::new());
        let (inner, wrap): (_, Box<dyn Fn(Vec<Step>) -> Step>) = match step {
            Step::On(connection, inner) => {
                let connection = *connection;
                (inner, Box::new(move |steps| Step::On(connection, steps)))
            }
            Step::Nest { fails, steps } => {
                let fails = *fails;
                (steps, Box::new(move |steps| Step::Nest { fails, steps }))
            }
            Step::Atomic(inner) => (inner, Box::new(Step::Atomic)),
            Step::Idempotent(inner) => (inner, Box::new(Step::Idempotent)),
            Step::One(..) | Step::Zip(..) | Step::All(_) | Step::Callback | Step::Refused(_) => continue,
        };
        with(inner.clone());
        for fewer in fewer(inner) {
            with(vec![wrap(fewer)]);
        }
    }
    all
}
