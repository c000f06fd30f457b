//! Makes a sequence that disagrees as short as it gets: Zeller and Hildebrandt's delta debugging, on its steps.
//!
//! Every attempt runs on both from an empty keyspace, and counts if they disagree about the same command.

use std::time::Duration;

use super::command::{Command, Sequence, Step};
use super::duel::{Disagreement, Duel};
use super::link::PATIENCE;

/// How often a sequence may be tried.
const MAX_ATTEMPTS: usize = 600;

/// What an attempt costs more in which a reply never came: one waits for that.
const LOST: usize = 50;

/// How long a reply may take while shrinking, when those that never come are common.
const SHORTLY: Duration = Duration::from_millis(500);

struct Shrinking<'a> {
    duel: &'a mut Duel,
    best: (Sequence, Disagreement),
    attempts: usize,
}

pub(super) async fn shrink(
    duel: &mut Duel,
    sequence: Sequence,
    found: Disagreement,
) -> (Sequence, Disagreement) {
    duel.be_patient(SHORTLY);
    let mut shrinking = Shrinking { duel, best: (sequence, found), attempts: 0 };
    shrinking.cut_the_rest().await;
    shrinking.drop_steps().await;
    shrinking.loosen().await;
    shrinking.drop_steps().await;
    shrinking.drop_words().await;
    shrinking.drop_steps().await;
    let Shrinking { duel, best, .. } = shrinking;
    duel.be_patient(PATIENCE);
    best
}

impl Shrinking<'_> {
    /// Keeps these steps if the two still disagree in the same way.
    async fn holds(&mut self, steps: Vec<Step>) -> bool {
        let waits = |steps: &[Step]| steps.iter().flatten().filter(|command| command.is_wait()).count();
        // Without its pause a sequence is another one: a race.
        if waits(&steps) < waits(&self.best.0.steps) {
            return false;
        }
        self.attempts += 1;
        if self.attempts > MAX_ATTEMPTS {
            return false;
        }
        let sequence = Sequence { steps, ..self.best.0 };
        let found = self.duel.run(&sequence).await;
        if found.as_ref().is_some_and(Disagreement::is_lost) {
            self.attempts += LOST;
        }
        match found {
            Some(found) if found.kind() == self.best.1.kind() => {
                self.best = (sequence, found);
                true
            }
            _ => false,
        }
    }

    /// What comes after the disagreement does not matter.
    async fn cut_the_rest(&mut self) {
        let Some(place) = self.best.1.place else { return };
        let (mut steps, mut count) = (Vec::new(), 0);
        for step in &self.best.0.steps {
            if count > place {
                break;
            }
            count += step.len();
            steps.push(step.clone());
        }
        self.holds(steps).await;
    }

    async fn drop_steps(&mut self) {
        let mut size = self.best.0.steps.len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            let mut has_shrunk = false;
            while start < self.best.0.steps.len() {
                let mut steps = self.best.0.steps.clone();
                steps.drain(start..(start + size).min(steps.len()));
                if !steps.is_empty() && self.holds(steps).await {
                    has_shrunk = true;
                } else {
                    start += size;
                }
            }
            if !has_shrunk || size > 1 {
                size /= 2;
            }
        }
    }

    /// What belongs together for good sense need not stay together.
    async fn loosen(&mut self) {
        let alone = self.best.0.commands().into_iter().map(|command| vec![command]);
        self.holds(alone.collect()).await;
    }

    /// Drops words of commands that stand alone, from the end, one by one and then in pairs.
    async fn drop_words(&mut self) {
        for place in (0..self.best.0.steps.len()).rev() {
            if self.best.0.steps[place].len() != 1 {
                continue;
            }
            if self.best.0.steps[place].iter().any(Command::is_compound) {
                continue;
            }
            for width in [1, 2] {
                let mut index = self.best.0.steps[place][0].words.len();
                while index > width {
                    index -= 1;
                    let mut steps = self.best.0.steps.clone();
                    if index + 1 - width == 0 || index >= steps[place][0].words.len() {
                        continue;
                    }
                    steps[place][0].words.drain(index + 1 - width..=index);
                    self.holds(steps).await;
                }
            }
        }
    }
}
