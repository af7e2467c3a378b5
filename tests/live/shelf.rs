//! What a store would have: the rows and the changes of scores that the machine gave out to be kept.

use std::collections::BTreeMap;

use costage::live::kept::{Kept, KeptScore, KeptTable, RowName};
use costage::live::{BattleId, Fact, Lives};

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    rows: BTreeMap<RowName, String>,
    scores: BTreeMap<(BattleId, u64), KeptScore>,
}

impl Shelf {
    /// Everything that has changed since it was kept last.
    pub(crate) fn put(&mut self, machine: &Lives) {
        for name in machine.changed() {
            let row = machine.row(name);
            match row.image {
                Some(image) => drop(self.rows.insert(row.name, image)),
                None => drop(self.rows.remove(&row.name)),
            }
        }
    }

    pub(crate) fn note(&mut self, fact: &Fact) {
        if let Fact::Scored { battle, ledger_seq, key, change, gift, scores, at } = fact {
            let score = KeptScore {
                battle: *battle,
                ledger_seq: *ledger_seq,
                key: key.clone(),
                change: change.clone(),
                gift: gift.clone(),
                scores: scores.clone(),
                at: *at,
            };
            self.scores.insert((*battle, *ledger_seq), score);
        }
    }

    /// All of it; of the battles that are forgotten, nothing.
    pub(crate) fn kept(&self) -> Kept {
        let is_there =
            |battle: &BattleId| self.rows.contains_key(&RowName { table: KeptTable::Battles, key: battle.to_string() });
        let scores = self.scores.values().filter(|score| is_there(&score.battle)).cloned();
        Kept { rows: self.rows.clone(), scores: scores.collect() }
    }
}
