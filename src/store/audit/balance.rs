//! Every battle's points summed anew from the changes, and compared with what anybody was told of them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::OptionalExtension;
use serde::Deserialize;

use super::super::chain::{Hash, Head};
use super::super::columns::{Columns, points};
use super::super::fault::StoreFault;
use super::super::restore;
use super::super::write::number;
use super::keys::Keys;
use super::lines::{self, Export};
use super::{AuditFault, Faults, Progress, Reader, last_of};
use crate::live::answer::BattleResult;
use crate::live::command::ScoreOp;
use crate::live::kept::Kept;
use crate::live::{BattleId, UserId};

/// What was summed and compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance {
    /// Changes of scores.
    pub rows: u64,
    /// Battles that they belong to.
    pub battles: u64,
    /// Battles whose result was compared.
    pub ended: u64,
    /// Battles whose kept points were compared.
    pub kept: u64,
    /// Battles of which an export has fewer changes than the database: not compared.
    pub newer: u64,
    /// Where the hashes of a whole export arrive, computed from its rows.
    pub head: Option<Head>,
    /// Rows of an export whose hash was computed. Of one battle those are but the ones that stand behind each other in the ledger.
    pub linked: u64,
    /// What does not agree.
    pub faults: Faults,
}

/// Sums the rows of `reader`, or those of `export` (JSON lines) instead, and compares: with the totals that each row has, and
/// with the results of the battles that have ended and the points of those that are kept, as far as there is a `reader`.
/// `progress` is told of rows, of an export of its bytes. The hashes of an export are computed anew, and must arrive where it
/// says, and where `reader` has the same row; those of the database are for [`super::verify()`].
///
/// # Errors
/// When one of them cannot be read, or the export is not all of what was written.
pub fn balance(
    reader: Option<&Reader>,
    export: Option<Export<'_>>,
    progress: Progress<'_>,
) -> Result<Balance, AuditFault> {
    let mut sums = Sums::default();
    let whole = export.is_none();
    // One moment of the database: rows, results and kept points belong together.
    let moment = match reader {
        Some(reader) => Some(reader.db.unchecked_transaction().map_err(|error| reader.fault(error))?),
        None => None,
    };
    match (reader, export) {
        (_, Some(export)) => sums.read(export, progress)?,
        (Some(reader), None) => {
            let (head, there) = reader.ends()?;
            let mut keys = Keys::default();
            reader.rows::<AuditFault>(last_of(head, there), None, progress, |seq, row| {
                let change = row.map(|(columns, _)| {
                    keys.note(&columns);
                    Change::of(&columns)
                });
                match change {
                    Some(Ok(change)) => sums.add(change),
                    Some(Err(reason)) => sums.balance.faults.add(|| format!("row {seq}: {reason}")),
                    None => sums.balance.faults.add(|| format!("row {seq} cannot be read")),
                }
                Ok(())
            })?;
            keys.doubled(&mut sums.balance.faults);
        }
        (None, None) => {}
    }
    if let Some(reader) = reader {
        sums.compare_head(reader)?;
        sums.compare_results(reader, whole)?;
        sums.compare_kept(reader, whole)?;
        reader.check_noted(&mut sums.balance.faults)?;
    }
    drop(moment);
    sums.balance.battles = sums.battles.len() as u64;
    sums.balance.newer = sums.newer.len() as u64;
    Ok(sums.balance)
}

/// A change of scores.
struct Change {
    seq: i64,
    battle_id: BattleId,
    battle_seq: u64,
    op: ScoreOp,
    scores: BTreeMap<UserId, i64>,
    totals: BTreeMap<UserId, u64>,
}

impl Change {
    fn of(columns: &Columns<'_>) -> Result<Self, String> {
        Ok(Self {
            seq: columns.seq,
            battle_id: columns.battle(),
            battle_seq: u64::try_from(columns.battle_seq).map_err(|_| "its number is below 0".to_owned())?,
            op: columns.op()?,
            scores: points(columns.scores)?,
            totals: points(columns.totals)?,
        })
    }
}

#[derive(Default)]
struct Sums {
    /// One entry for each battle of the ledger: some hundred bytes.
    battles: BTreeMap<BattleId, Sum>,
    /// Of which an export has fewer changes than the database.
    newer: BTreeSet<BattleId>,
    balance: Balance,
}

#[derive(Default)]
struct Sum {
    rows: u64,
    points: BTreeMap<UserId, i128>,
}

impl Sum {
    /// Whom the points differ of, and how; everybody has none who was given none.
    fn differs(&self, told: &BTreeMap<UserId, u64>) -> Option<String> {
        let own = |user: &UserId| self.points.get(user).copied().unwrap_or(0);
        let of_told = told.iter().find(|(user, points)| own(user) != i128::from(**points));
        if let Some((user, points)) = of_told {
            return Some(format!("{user} has {points} there, the changes make {}", own(user)));
        }
        let untold = self.points.iter().find(|(user, points)| **points != 0 && !told.contains_key(*user));
        untold.map(|(user, points)| format!("{user} is not there, the changes make {points}"))
    }
}

impl Sums {
    fn add(&mut self, change: Change) {
        self.balance.rows += 1;
        let Change { seq, battle_id, battle_seq, op, scores, totals } = change;
        let sum = self.battles.entry(battle_id).or_default();
        sum.rows += 1;
        let number = sum.rows;
        for (user, value) in scores {
            let points = sum.points.entry(user).or_default();
            match op {
                ScoreOp::Add => *points += i128::from(value),
                ScoreOp::Set => *points = i128::from(value),
            }
        }
        let faults = &mut self.balance.faults;
        if battle_seq != number {
            faults.add(|| {
                format!("row {seq} is number {battle_seq} of battle {battle_id}, and the {number}th of it here")
            });
        }
        if let Some(difference) = sum.differs(&totals) {
            faults.add(|| format!("row {seq}, totals of battle {battle_id}: {difference}"));
        }
    }

    fn read(&mut self, export: Export<'_>, progress: Progress<'_>) -> Result<(), AuditFault> {
        let read = lines::read(export, progress, |columns| {
            self.add(Change::of(columns)?);
            Ok(())
        })?;
        let lines::Read { head, linked, battle, faults } = read;
        (self.balance.head, self.balance.linked) = (head, linked);
        // Hashes first: points that do not agree come of rows that were changed.
        self.balance.faults = faults.and(std::mem::take(&mut self.balance.faults));
        if let Some(battle) = battle
            && let Some(other) = self.battles.keys().find(|other| **other != battle)
        {
            self.balance.faults.add(|| format!("the last line names battle {battle}, and rows of {other} stand there"));
        }
        Ok(())
    }

    /// An export of before is where the database was then.
    fn compare_head(&mut self, reader: &Reader) -> Result<(), StoreFault> {
        let Some(head) = self.balance.head else { return Ok(()) };
        let there = "SELECT hash FROM ledger WHERE seq = ?1";
        let there = reader.db.query_row(there, [number(head.seq)], |row| row.get(0)).optional();
        let there: Option<Hash> = there.map_err(|error| reader.fault(error))?.map(Hash);
        if there.is_some_and(|there| there != head.hash) {
            self.balance.faults.add(|| format!("row {} has another hash in the database than in the export", head.seq));
        }
        Ok(())
    }

    /// With what everybody was told when a battle ended.
    fn compare_results(&mut self, reader: &Reader, whole: bool) -> Result<(), StoreFault> {
        #[derive(Deserialize)]
        struct Ended {
            battle: BattleId,
            result: Option<BattleResult>,
        }
        let fault = |error| reader.fault(error);
        let mut read = reader.db.prepare("SELECT seq, data FROM facts WHERE kind = 'battleEnded'").map_err(fault)?;
        let mut count = reader.db.prepare("SELECT count(*) FROM ledger WHERE battle = ?1").map_err(fault)?;
        let mut rows = read.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let (seq, data): (i64, String) = (row.get(0).map_err(fault)?, row.get(1).map_err(fault)?);
            let ended: Ended = match serde_json::from_str(&data) {
                Ok(ended) => ended,
                Err(error) => {
                    self.balance.faults.add(|| format!("fact {seq}, the end of a battle, cannot be read: {error}"));
                    continue;
                }
            };
            let Some(result) = ended.result else { continue };
            let none = Sum::default();
            let sum = self.battles.get(&ended.battle).unwrap_or(&none);
            let there: u64 = count.query_row([ended.battle.as_bytes()], |row| row.get(0)).map_err(fault)?;
            if !whole && sum.rows < there {
                self.newer.insert(ended.battle);
                continue;
            }
            self.balance.ended += 1;
            if let Some(difference) = sum.differs(&result.scores) {
                self.balance.faults.add(|| format!("result of battle {}: {difference}", ended.battle));
            }
        }
        Ok(())
    }

    /// With the points that the server goes on from.
    fn compare_kept(&mut self, reader: &Reader, whole: bool) -> Result<(), StoreFault> {
        let kept = Kept { rows: restore::state(&reader.db, &reader.file)?.rows, given: BTreeMap::new() };
        let standings = kept.standings().map_err(|row| StoreFault::damaged(&reader.file, row.to_string()))?;
        for standing in standings {
            let none = Sum::default();
            let sum = self.battles.get(&standing.battle).unwrap_or(&none);
            if !whole && sum.rows < standing.ledger_seq {
                self.newer.insert(standing.battle);
                continue;
            }
            self.balance.kept += 1;
            let battle = standing.battle;
            if sum.rows != standing.ledger_seq {
                let (kept, found) = (standing.ledger_seq, sum.rows);
                self.balance.faults.add(|| format!("battle {battle} has had {kept} changes, the ledger has {found}"));
            } else if let Some(difference) = sum.differs(&standing.scores) {
                self.balance.faults.add(|| format!("kept points of battle {battle}: {difference}"));
            }
        }
        Ok(())
    }
}
