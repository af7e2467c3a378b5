//! How kept battles stand: what a store reads of them, and what an auditor compares.

use std::collections::BTreeMap;

use super::super::ids::{BattleId, UserId};
use super::super::state::{Battle, Phase, Snapshot};
use super::restore::battle;
use super::{Kept, KeptTable, Unreadable};

/// How a kept battle stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub battle: BattleId,
    /// How many changes of scores it has had.
    pub ledger_seq: u64,
    /// Points of all its users after them.
    pub scores: BTreeMap<UserId, u64>,
    /// It has started and not ended.
    pub running: bool,
}

impl Kept {
    /// All kept battles.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, Unreadable> {
        let battles: BTreeMap<BattleId, Battle> = self.table(KeptTable::Battles, battle)?;
        let standing = |(id, battle): (&BattleId, &Battle)| Standing {
            battle: *id,
            ledger_seq: battle.ledger_seq,
            scores: battle.scores(),
            running: battle.is_running(),
        };
        Ok(battles.iter().map(standing).collect())
    }
}

impl Snapshot {
    /// Whether anybody counts down: to the end of a battle, of a request for one, or of a punishment.
    #[must_use]
    pub fn counts_down(&self) -> bool {
        self.battles.values().any(|battle| match battle.phase {
            Phase::Pending { .. } | Phase::Running { .. } => true,
            Phase::Ended { punishment_end, .. } => punishment_end.is_some(),
        })
    }

    /// How many lives, connections, and battles that have started and not ended there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let running = self.battles.values().filter(|battle| battle.is_running()).count();
        (self.lives.len(), self.connections.len(), running)
    }
}
