//! Between the plain words of the model and the vocabulary of the machine. Nothing is decided here.

mod answers;
mod commands;
mod events;
mod refusals;
mod seat_commands;
mod things;

use std::time::Instant;

use costage::live::BattleId;

use crate::duel::DAWN;

pub(crate) use things::{picture, view};

/// Between the machine's instants and the model's time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) dawn: Instant,
    pub(crate) now: u64,
}

impl Clock {
    /// A moment that has not come.
    fn coming(self, at: Instant) -> Option<u64> {
        let since = u64::try_from(at.saturating_duration_since(self.dawn).as_millis()).expect("a few days");
        Some(DAWN + since).filter(|at| *at > self.now)
    }
}

/// Which battle is which: the model numbers them as they are asked for, the machine draws ids.
#[derive(Debug, Default)]
pub(crate) struct Numbers(Vec<BattleId>);

impl Numbers {
    /// The id of a battle; one that was never given for a number that is not there yet.
    pub(crate) fn id(&self, number: usize) -> BattleId {
        let known = number.checked_sub(1).and_then(|index| self.0.get(index));
        known.copied().unwrap_or_else(|| BattleId::from_parts(0, &[0; 10]))
    }

    /// The number of a battle; the next one for an id that is new.
    fn number(&mut self, id: BattleId) -> usize {
        let known = self.0.iter().rposition(|known| *known == id);
        known.map_or_else(
            || {
                self.0.push(id);
                self.0.len()
            },
            |index| index + 1,
        )
    }
}
