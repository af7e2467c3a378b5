//! What a store would have: the rows and the changes of scores that the machine gave out to be kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use costage::live::kept::{Kept, KeptScores, KeptTable, RowName};
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
        let by_number: BTreeMap<_, _> = self
            .scores
            .iter()
            .filter(|((battle, _), _)| is_there(battle))
            .map(|(it, own)| (*it, own.clone()))
            .collect();
        let by_key =
            by_number.values().map(|booked| ((booked.battle(), booked.key().clone()), booked.clone())).collect();
        Kept { rows: self.rows.clone(), scores: KeptScores { by_key, by_number } }
    }
}
