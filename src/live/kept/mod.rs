//! The state as rows of text: what a store keeps, and what a restart begins with.
//!
//! ```text
//! commands ──▶ rows that changed ──▶ RowName, image ──▶ the journal, with the facts that caused them
//! the store's rows, the ledger's ──▶ Kept ──▶ Snapshot ──▶ Lives::restart
//! ```
//! Changes of scores have no rows here: they are the ledger's ([`super::recall`]). Pending invitations, applications and requests are not
//! kept: after a restart they are asked again. (Pending battles are: they have an id that was answered.)

pub(super) mod foreign;
mod restore;
mod standing;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use thiserror::Error;

pub use restore::Kept;
pub use standing::Standing;

use super::ids::BattleId;
use super::lives::Lives;
use super::state::State;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptTable {
    /// Lives, by their ids.
    Lives,
    /// Connections, by number.
    Connections,
    /// Battles, by id.
    Battles,
    /// The battles that have ended, in that order.
    Ended,
    /// Seats that are locked or taken: live/index.
    Seats,
    /// Guests on seats: live/user.
    Guests,
    /// What is closed to users: live/user.
    Closed,
    /// Numbers that only rise: one row.
    Counters,
}

impl KeptTable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Lives,
        Self::Connections,
        Self::Battles,
        Self::Ended,
        Self::Seats,
        Self::Guests,
        Self::Closed,
        Self::Counters,
    ];

    /// A short word for the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lives => "live",
            Self::Connections => "connection",
            Self::Battles => "battle",
            Self::Ended => "ended",
            Self::Seats => "seat",
            Self::Guests => "guest",
            Self::Closed => "closed",
            Self::Counters => "counters",
        }
    }

    /// The table of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.word() == word)
    }
}

/// The name of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowName {
    /// In which table.
    pub table: KeptTable,
    /// Its key there.
    pub key: String,
}

impl RowName {
    pub(super) fn new(table: KeptTable, key: impl fmt::Display) -> Self {
        Self { table, key: key.to_string() }
    }

    /// Which battle's it is.
    #[must_use]
    pub fn battle(&self) -> Option<BattleId> {
        BattleId::parse(&self.key).ok().filter(|_| self.table == KeptTable::Battles)
    }
}

/// A row as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    /// Which.
    pub name: RowName,
    /// JSON; `None`: it is gone.
    pub image: Option<String>,
}

/// A row that this server cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the kept {} {key:?} cannot be read: {reason}", table.word())]
pub struct Unreadable {
    /// In which table.
    pub table: KeptTable,
    /// Its key.
    pub key: String,
    /// Why not.
    pub reason: String,
}

impl Lives {
    /// The rows that were changed since the last [`Lives::keep`] or [`Lives::undo`].
    #[must_use]
    pub fn changed(&self) -> BTreeSet<RowName> {
        self.state.changed(self.kept())
    }

    /// A row as it is now.
    #[must_use]
    pub fn row(&self, name: RowName) -> KeptRow {
        let image = image(&self.state, &name);
        KeptRow { name, image }
    }
}

fn image(state: &State, name: &RowName) -> Option<String> {
    let key = &name.key;
    let pair = || key.split_once('/');
    match name.table {
        KeptTable::Lives => written(state.lives.get(&super::ids::LiveId::new(key).ok()?)),
        KeptTable::Connections => {
            let number = key.parse().ok()?;
            written(state.connections.get(&super::ids::ConnectionId(number)))
        }
        KeptTable::Battles => written(state.battles.get(&BattleId::parse(key).ok()?)),
        KeptTable::Ended => written(state.ended.get(&key.parse().ok()?)),
        KeptTable::Seats => {
            let (live, index) = pair()?;
            let live = super::ids::LiveId::new(live).ok()?;
            written(state.seating.seats.get(&(live, index.parse().ok()?)))
        }
        KeptTable::Guests | KeptTable::Closed => {
            let (live, user) = pair()?;
            let key = (super::ids::LiveId::new(live).ok()?, super::ids::UserId::new(user).ok()?);
            if name.table == KeptTable::Guests {
                written(state.seating.guests.get(&key))
            } else {
                written(state.seating.closed_row(&key))
            }
        }
        KeptTable::Counters => written(Some(&restore::CountersRow::of(&state.counters))),
    }
}

fn written(row: Option<&impl Serialize>) -> Option<String> {
    row.map(|row| serde_json::to_string(row).expect("rows have text keys, and numbers that JSON has"))
}
