//! Parts of a batch: what is left when it is cut short, thinned out, or chosen from.

use std::ops::Range;

use redis::Pipeline;

use super::{Batch, Blocks};

impl Batch {
    /// Forgets what was pushed after the first `len` commands.
    ///
    /// # Complexity
    ///
    /// As [`remove`](Self::remove): the commands that stay are copied.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.remove(std::slice::from_ref(&(len..self.len())));
        }
    }

    /// Forgets the commands in these ranges, which are in order and apart. A block shrinks by those of its commands.
    ///
    /// # Complexity
    ///
    /// The commands that stay are copied, once for all ranges.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Batch;
    /// use redis::cmd;
    ///
    /// let mut batch: Batch = ["GET", "SET", "DEL", "INCR"].into_iter().map(cmd).collect();
    /// batch.make_atomic(1..4);
    /// batch.remove(&[0..1, 2..3]);
    /// assert_eq!(format!("{batch:?}"), r#"Batch { atomic: false, blocks: [0..2], commands: ["SET", "INCR"] }"#);
    /// ```
    pub fn remove(&mut self, ranges: &[Range<usize>]) {
        if ranges.iter().all(Range::is_empty) {
            return;
        }
        let mut pipeline = Pipeline::with_capacity(self.len());
        if self.is_atomic() {
            pipeline.atomic();
        }
        // Where the commands now are that were there before; and one more, for the end of a block.
        let mut places = Vec::with_capacity(self.len() + 1);
        let mut gone = ranges.iter().peekable();
        for (index, command) in self.commands().enumerate() {
            while gone.next_if(|range| range.end <= index).is_some() {}
            places.push(pipeline.len());
            if gone.peek().is_none_or(|range| !range.contains(&index)) {
                pipeline.add_command(command.clone());
            }
        }
        places.push(pipeline.len());
        let place = |index: usize| places.get(index).copied().unwrap_or(pipeline.len());
        let stays = |index: usize| place(index) < place(index + 1);
        self.scripts.retain_mut(|(index, _)| {
            let is_kept = stays(*index);
            *index = place(*index);
            is_kept
        });
        let blocks: Vec<_> = self.blocks().iter().map(|block| place(block.start)..place(block.end)).collect();
        self.shared = place(self.shared);
        self.pipeline = pipeline;
        self.blocks = Blocks::default();
        blocks.into_iter().for_each(|block| self.blocks.add(block));
    }

    /// A batch of only those commands that are chosen, and the index that each of them had. A block, and an atomic batch,
    /// is chosen whole or not at all.
    ///
    /// # Complexity
    ///
    /// What is chosen is copied.
    #[must_use]
    pub fn choose(&self, is_chosen: impl Fn(usize) -> bool) -> (Self, Vec<usize>) {
        let (mut chosen, mut indices) = (Self::new(), Vec::new());
        if self.is_atomic() {
            if (0..self.len()).all(is_chosen) {
                return (self.clone(), (0..self.len()).collect());
            }
            return (chosen, indices);
        }
        let mut scripts = self.scripts.iter().peekable();
        let mut blocks = self.blocks().iter().peekable();
        for (index, command) in self.commands().enumerate() {
            let script = scripts.next_if(|(at, _)| *at == index);
            while blocks.next_if(|block| block.end <= index).is_some() {}
            let block = blocks.peek().filter(|block| block.contains(&index));
            let is_in = block.map_or_else(|| is_chosen(index), |block| (*block).clone().all(&is_chosen));
            if !is_in {
                continue;
            }
            let at = chosen.push(command.clone());
            indices.push(index);
            chosen.scripts.extend(script.map(|(_, source)| (at, source.clone())));
            if let Some(block) = block.filter(|block| block.end == index + 1) {
                chosen.make_atomic(at + 1 - block.len()..at + 1);
            }
        }
        (chosen, indices)
    }
}
