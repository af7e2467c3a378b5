//! What a store would have: the rows and the changes of scores that the machine gave out to be kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use costage::live::kept::{Kept, RowName};
use costage::live::{BattleId, Booked, Fact, Lives, Wanted};

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

    /// What the ledger has of it.
    pub(crate) fn recall(&self, wanted: &Wanted) -> Vec<Arc<Booked>> {
        let is_wanted = |booked: &Booked| match wanted {
            Wanted::Key(battle, key) => booked.battle() == *battle && booked.key() == key,
            Wanted::Numbers(battle, numbers) => booked.battle() == *battle && numbers.contains(&booked.ledger_seq()),
        };
        self.scores.values().filter(|booked| is_wanted(booked)).cloned().collect()
    }

    /// All of it; of the battles that do not go on, no sums.
    pub(crate) fn kept(&self) -> Kept {
        let mut kept = Kept { rows: self.rows.clone(), given: BTreeMap::new() };
        let standings = kept.standings().expect("the machine wrote these rows");
        let running = standings.into_iter().filter(|standing| standing.running);
        let running: BTreeSet<_> = running.map(|standing| standing.battle).collect();
        for ((battle, _), booked) in self.scores.iter().filter(|((battle, _), _)| running.contains(battle)) {
            kept.given.entry(*battle).or_default().add(booked);
        }
        kept
    }
}
