//! From kept rows to the state that a restart begins with.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::ids::{BattleId, ConnectionId, LiveId, UserId};
use super::super::seat::SeatRows;
use super::super::seed::Seed;
use super::super::senders::Given;
use super::super::state::{Counters, Snapshot};
use super::{KeptTable, RowName, Unreadable};

/// What a store gives back at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Every row.
    pub rows: BTreeMap<RowName, String>,
    /// What was given in those battles among them that go on, as the ledger says. All that it has of theirs is there to be
    /// recalled.
    pub given: BTreeMap<BattleId, Given>,
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
    /// A row that cannot be read.
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
        snapshot.given = self.given;
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
