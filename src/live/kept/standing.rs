//! How kept battles stand: what a store reads of them, and what an auditor compares.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ids::{BattleId, UserId};
use super::super::state::{Battle, Phase, Snapshot};
use super::restore::{battle, number};
use super::{Kept, KeptTable, Unreadable};

/// How a kept battle stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub battle: BattleId,
    /// Whether it has ended, or will never start.
    pub over: bool,
    /// How many changes of scores it has had.
    pub ledger_seq: u64,
    /// Points of all its users after them.
    pub scores: BTreeMap<UserId, u64>,
}

impl Kept {
    /// All kept battles: those that are not over first, then those that have ended, the last first.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, Unreadable> {
        let battles: BTreeMap<BattleId, Battle> = self.table(KeptTable::Battles, battle)?;
        let ended: BTreeMap<u64, BattleId> = self.table(KeptTable::Ended, number)?;
        let over: BTreeSet<&BattleId> = ended.values().collect();
        let going_on = battles.keys().filter(|id| !over.contains(id));
        let standing = |id: &BattleId| {
            let battle = battles.get(id)?;
            let (over, ledger_seq) = (over.contains(id), battle.ledger_seq);
            Some(Standing { battle: *id, over, ledger_seq, scores: battle.scores() })
        };
        Ok(going_on.chain(ended.values().rev()).filter_map(standing).collect())
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
