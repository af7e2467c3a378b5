//! A journal in memory: it keeps the latest facts, and nothing over a restart.

use std::collections::VecDeque;

use crate::engine::journal::{Fact, Journal, JournalError};

/// Facts kept; the oldest go first.
pub const FACTS_KEPT: usize = 4_096;

/// The last [`FACTS_KEPT`] facts. Says nothing about crashes: with this journal a restart begins with nothing.
#[derive(Debug, Default)]
pub struct Memory {
    facts: VecDeque<Fact>,
    committed: u64,
}

impl Memory {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The facts that are still kept, oldest first.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }

    /// How many facts were committed in all.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.committed
    }
}

impl Journal for Memory {
    fn commit(&mut self, facts: &[Fact]) -> Result<(), JournalError> {
        for fact in facts {
            if self.facts.len() >= FACTS_KEPT {
                self.facts.pop_front();
            }
            self.facts.push_back(fact.clone());
            self.committed += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::command::LiveEndReason;
    use crate::live::{LiveId, WallMs};

    fn ended(at: u64) -> Fact {
        let (live, reason) = (LiveId::new("a").expect("a valid id"), LiveEndReason::EndedByHost);
        Fact::LiveEnded { live, reason, at: WallMs(at) }
    }

    #[test]
    fn the_newest_facts_are_kept_in_their_order() {
        let mut memory = Memory::new();
        for at in 0..5_000 {
            memory.commit(&[ended(at)]).unwrap();
        }
        memory.commit(&[ended(5_000), ended(5_001)]).unwrap();
        let kept: Vec<_> = (5_002 - 4_096..5_002).map(ended).collect();
        assert_eq!(memory.facts().cloned().collect::<Vec<_>>(), kept);
        assert_eq!(memory.committed(), 5_002);
    }
}
