//! Parts of a batch: what is left when it is cut short, or chosen from.

use redis::Pipeline;

use super::Batch;

impl Batch {
    /// Forgets what was pushed after the first `len` commands.
    ///
    /// # Complexity
    ///
    /// The commands that stay are copied, so it costs as much as they are long: for roll-backs, which are rare.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        let mut pipeline = Pipeline::with_capacity(len);
        if self.is_atomic() {
            pipeline.atomic();
        }
        for command in self.commands().take(len) {
            pipeline.add_command(command.clone());
        }
        self.pipeline = pipeline;
        self.scripts.retain(|(index, _)| *index < len);
        self.blocks.truncate(len);
        self.shared = self.shared.min(len);
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
