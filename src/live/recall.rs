//! What the ledger on disk has to be asked for: changes of scores that memory holds no more.
//!
//! ```text
//! wanted(command) ──▶ Some ──▶ the journal's ledger ──▶ recall(rows) ──▶ handle(command)
//!        └─ None ───────────────────────────────────────────────────────────▲
//! a commit is on disk ──▶ settle(facts): of its changes memory holds the last ones only
//! ```
//! So a battle may go on as long as its disk has room. A journal that keeps nothing is never asked, and its changes never
//! settle: then memory holds all of them, and [`super::rules::LEDGER_MAX`] is where it ends.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::booked::Booked;
use super::command::Command;
use super::fact::Fact;
use super::ids::{BattleId, ScoreKey};
use super::lives::Lives;
use super::senders::Given;
use super::state::{Battle, Snapshot};

/// Rows of the ledger that a command cannot be decided without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The change that was made with this key, if there was one.
    Key(BattleId, ScoreKey),
    /// The changes of this battle with these numbers, from 1, in their order: at most a page.
    Numbers(BattleId, RangeInclusive<u64>),
}

/// What memory holds of changes that are on disk.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Those that it holds whole, oldest first. Some may be of battles that are forgotten.
    order: VecDeque<(BattleId, u64)>,
    /// What is known of those that it let go, of battles that go on.
    given: BTreeMap<BattleId, Given>,
    /// What was read for the command that comes next.
    recalled: Vec<Arc<Booked>>,
}

impl Settled {
    /// What `snapshot` has of it: all that it holds is on disk.
    pub(super) fn of(snapshot: &mut Snapshot) -> Self {
        let (order, given) = (snapshot.ledger.keys().copied().collect(), std::mem::take(&mut snapshot.given));
        Self { order, given, recalled: Vec::new() }
    }

    pub(super) fn given(&self) -> BTreeMap<BattleId, Given> {
        self.given.clone()
    }
}

impl Lives {
    /// What must be read of the ledger before `command` is handed to [`Lives::handle`]; what was found goes to
    /// [`Lives::recall`] first. A key that was not asked for would be taken for a new one.
    #[must_use]
    pub fn wanted(&self, command: &Command) -> Option<Wanted> {
        if let Command::Score { battle, key, .. } | Command::Gift { battle, key, .. } = command {
            let known = self.state.receipts.get(&(*battle, key.clone())).is_some();
            return (!known && self.has_let_go(*battle, 1)).then(|| Wanted::Key(*battle, key.clone()));
        }
        if let Command::FindLedger { battle, cursor, count } = command {
            let numbers = self.numbers_of_page(*battle, cursor, *count).ok()?;
            return self.has_let_go(*battle, *numbers.start()).then_some(Wanted::Numbers(*battle, numbers));
        }
        None
    }

    /// What was found of what the next command wants.
    pub fn recall(&mut self, found: Vec<Arc<Booked>>) {
        self.settled.recalled = found;
    }

    /// These facts are on disk, where [`Lives::wanted`] finds their changes of scores from now on: memory keeps the last
    /// `held` of all that have settled. Call it after [`Lives::keep`]: what is let go is not taken back.
    pub fn settle(&mut self, facts: &[Fact], held: usize) {
        for fact in facts {
            if let Fact::Scored(booked) = fact {
                self.settled.order.push_back((booked.battle(), booked.ledger_seq()));
            } else if let Fact::BattleEnded { battle, .. } = fact {
                // Its best senders are in its result.
                self.settled.given.remove(battle);
            }
        }
        while self.settled.order.len() > held
            && let Some(oldest) = self.settled.order.pop_front()
        {
            self.let_go(oldest);
        }
    }

    /// The change that was made with this key: held, or recalled for the command that is asked.
    pub(super) fn receipt(&self, battle: BattleId, key: &ScoreKey) -> Option<&Arc<Booked>> {
        let recalled = || self.settled.recalled.iter().find(|it| it.battle() == battle && it.key() == key);
        self.state.receipts.get(&(battle, key.clone())).or_else(recalled)
    }

    /// The changes with these numbers, in their order: held, or recalled for the question that is asked.
    pub(super) fn changes(&self, battle: BattleId, numbers: RangeInclusive<u64>) -> impl Iterator<Item = &Booked> {
        let recalled = self.settled.recalled.iter().filter(move |it| it.battle() == battle);
        let end = *numbers.end();
        let held = self.held(battle, *numbers.start()).take_while(move |((_, number), _)| *number <= end);
        let held = held.map(|(_, booked)| booked);
        let by_number: BTreeMap<_, _> = recalled.chain(held).map(|booked| (booked.ledger_seq(), &**booked)).collect();
        by_number.into_iter().filter(move |(number, _)| numbers.contains(number)).map(|(_, booked)| booked)
    }

    /// Who has given how much in a battle that goes on.
    pub(super) fn given(&self, battle: BattleId) -> Given {
        let mut given = self.settled.given.get(&battle).cloned().unwrap_or_default();
        self.held(battle, 1).for_each(|(_, booked)| given.add(booked));
        given
    }

    fn held(&self, battle: BattleId, from: u64) -> impl Iterator<Item = (&(BattleId, u64), &Arc<Booked>)> {
        self.state.ledger.range((battle, from)..=(battle, u64::MAX))
    }

    /// Whether the change of this number was made, and is not held. What is held of a battle are its last ones.
    fn has_let_go(&self, battle: BattleId, number: u64) -> bool {
        let made = self.state.battles.get(&battle).is_some_and(|battle| number <= battle.ledger_seq);
        made && self.held(battle, number).next().is_none_or(|((_, first), _)| *first != number)
    }

    fn let_go(&mut self, (battle, number): (BattleId, u64)) {
        // One that is not there is of a battle that was forgotten with all that was held of it.
        let Some(booked) = self.state.ledger.let_go(&(battle, number)) else { return };
        self.state.receipts.let_go(&(battle, booked.key().clone()));
        if self.state.battles.get(&battle).is_some_and(Battle::is_running) {
            self.settled.given.entry(battle).or_default().add(&booked);
        }
    }
}
