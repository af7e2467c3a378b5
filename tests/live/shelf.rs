//! What a store would have: the rows and the changes of scores that the machine gave out to be kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use costage::live::kept::{Kept, KeptTable, RowName};
use costage::live::{BattleId, Booked, Fact, Lives};

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    rows: BTreeMap<RowName, String>,
    scores: BTreeMap<(BattleId, u64), Arc<Booked>>,
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
        if let Fact::Scored(booked) = fact {
            self.scores.insert((booked.battle(), booked.ledger_seq()), Arc::clone(booked));
        }
    }

    /// All of it; of the battles that are forgotten, nothing.
    pub(crate) fn kept(&self) -> Kept {
        let is_there =
            |battle: &BattleId| self.rows.contains_key(&RowName { table: KeptTable::Battles, key: battle.to_string() });
        let scores = self.scores.values().filter(|score| is_there(&score.battle())).cloned();
        Kept { rows: self.rows.clone(), scores: scores.collect() }
    }
}
