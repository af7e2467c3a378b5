//! From kept rows to the state that a restart begins with.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::booked::{Numbered, Receipts};
use super::super::ids::{BattleId, ConnectionId, LiveId, UserId};
use super::super::seat::SeatRows;
use super::super::seed::Seed;
use super::super::state::{Counters, Snapshot};
use super::{KeptTable, RowName, Unreadable};

/// What a store gives back at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Every row.
    pub rows: BTreeMap<RowName, String>,
    /// All changes of scores of the battles among them.
    pub scores: KeptScores,
}

/// Changes of scores, the same ones twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptScores {
    /// By their keys.
    pub by_key: Receipts,
    /// By their numbers.
    pub by_number: Numbered,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountersRow {
    serial: u32,
    stage: u64,
    connection: u64,
    ended: u64,
}

impl CountersRow {
    pub(super) fn of(counters: &Counters) -> Self {
        let Counters { serial, stage, connection, ended, .. } = *counters;
        Self { serial, stage, connection, ended }
    }
}

impl Kept {
    /// The state that [`super::super::Lives::restart`] goes on from.
    ///
    /// # Errors
    /// A row that cannot be read, or a battle, over or not, that lacks changes of its scores: what was answered for them would
    /// be forgotten.
    pub fn snapshot(self, seed: Seed) -> Result<Snapshot, Unreadable> {
        let mut snapshot = Snapshot::empty(seed);
        snapshot.lives = self.table(KeptTable::Lives, |key| LiveId::new(key).ok())?;
        snapshot.connections = self.table(KeptTable::Connections, |key| key.parse().ok().map(ConnectionId))?;
        snapshot.battles = self.table(KeptTable::Battles, battle)?;
        snapshot.ended = self.table(KeptTable::Ended, number)?;
        snapshot.seating = SeatRows::kept(
            self.table(KeptTable::Seats, |key| {
                let (live, index) = key.split_once('/')?;
                Some((LiveId::new(live).ok()?, index.parse().ok()?))
            })?,
            self.table(KeptTable::Guests, live_and_user)?,
            self.table(KeptTable::Closed, live_and_user)?,
        );
        let counters: BTreeMap<String, CountersRow> = self.table(KeptTable::Counters, |key| Some(key.to_owned()))?;
        for CountersRow { serial, stage, connection, ended } in counters.into_values() {
            snapshot.counters = Counters { serial, stage, connection, ended, ..snapshot.counters };
        }
        (snapshot.receipts, snapshot.ledger) = (self.scores.by_key, self.scores.by_number);
        refuse_what_lacks_scores(&snapshot)?;
        Ok(snapshot)
    }

    pub(super) fn table<K: Ord, V: DeserializeOwned>(
        &self,
        table: KeptTable,
        key: impl Fn(&str) -> Option<K>,
    ) -> Result<BTreeMap<K, V>, Unreadable> {
        let own = self.rows.iter().filter(|(name, _)| name.table == table);
        own.map(|(name, image)| {
            let unreadable = |reason: String| Unreadable { table, key: name.key.clone(), reason };
            let row = serde_json::from_str(image).map_err(|error| unreadable(error.to_string()))?;
            Ok((key(&name.key).ok_or_else(|| unreadable("this is no key of such a row".to_owned()))?, row))
        })
        .collect()
    }
}

pub(super) fn battle(key: &str) -> Option<BattleId> {
    BattleId::parse(key).ok()
}

fn number(key: &str) -> Option<u64> {
    key.parse().ok()
}

fn live_and_user(key: &str) -> Option<(LiveId, UserId)> {
    let (live, user) = key.split_once('/')?;
    Some((LiveId::new(live).ok()?, UserId::new(user).ok()?))
}

fn refuse_what_lacks_scores(snapshot: &Snapshot) -> Result<(), Unreadable> {
    let mut found: BTreeMap<BattleId, u64> = BTreeMap::new();
    for (battle, _) in snapshot.ledger.keys() {
        *found.entry(*battle).or_default() += 1;
    }
    for (id, battle) in &snapshot.battles {
        let (there, wanted) = (found.get(id).copied().unwrap_or(0), battle.ledger_seq);
        if there < wanted {
            let reason = format!("the ledger lacks changes of its scores: it has {there} of {wanted}");
            return Err(Unreadable { table: KeptTable::Battles, key: id.to_string(), reason });
        }
    }
    Ok(())
}
