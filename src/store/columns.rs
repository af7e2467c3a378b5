//! A row of the ledger as its columns are: what is hashed, exported and summed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::FromSqlError;

use super::chain::Hash;
use crate::live::command::{Gift, ScoreChange, ScoreOp, ScoreSource};
use crate::live::kept::KeptScore;
use crate::live::{BattleId, ScoreKey, UserId, WallMs};

/// The columns, in the order in which [`Columns::read`] wants them; the hash comes last.
pub(super) const COLUMNS: &str = "seq, battle, battle_seq, key, op, scores, gift_count, gift_value, gift_id, sender_id, \
     reference, totals, at, hash";

/// The columns of a row, without its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns<'a> {
    /// Number in the whole ledger, from 1.
    pub(super) seq: i64,
    pub(super) battle: &'a [u8; 16],
    /// Number in the battle's ledger, from 1.
    pub(super) battle_seq: i64,
    pub(super) key: &'a str,
    /// "add" or "set".
    pub(super) op: &'a str,
    /// What was added or set, by user, as JSON.
    pub(super) scores: &'a str,
    /// Count and value of the gift that it was made of. Its receiver is the one user of `scores`, all else is the source's.
    pub(super) gift: Option<(i64, i64)>,
    pub(super) gift_id: &'a str,
    pub(super) sender_id: &'a str,
    pub(super) reference: &'a str,
    /// Points of all users after it, as JSON.
    pub(super) totals: &'a str,
    /// Milliseconds since 1970-01-01 UTC.
    pub(super) at: i64,
}

impl<'a> Columns<'a> {
    /// The columns that [`COLUMNS`] names.
    ///
    /// # Errors
    /// A column of another type.
    pub(super) fn read(row: &'a Row<'_>) -> rusqlite::Result<(Self, Hash)> {
        let number = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)?.as_i64()?);
        let text = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)?.as_str()?);
        let count = row.get_ref(6)?.as_i64_or_null()?;
        let value = row.get_ref(7)?.as_i64_or_null()?;
        let columns = Self {
            seq: number(0)?,
            battle: bytes(row.get_ref(1)?.as_blob()?)?,
            battle_seq: number(2)?,
            key: text(3)?,
            op: text(4)?,
            scores: text(5)?,
            gift: count.zip(value),
            gift_id: text(8)?,
            sender_id: text(9)?,
            reference: text(10)?,
            totals: text(11)?,
            at: number(12)?,
        };
        if count.is_some() != value.is_some() {
            return Err(FromSqlError::InvalidType.into());
        }
        Ok((columns, Hash(*bytes(row.get_ref(13)?.as_blob()?)?)))
    }

    /// Of which battle.
    pub(super) fn battle(&self) -> BattleId {
        BattleId::from_bytes(*self.battle)
    }

    /// What a restart wants to know of it; `users` are those of the rows before.
    ///
    /// # Errors
    /// A text that no server wrote.
    pub(super) fn score(&self, users: &mut Users) -> Result<KeptScore, String> {
        let op = self.op()?;
        let scores: BTreeMap<UserId, i64> = users.points(self.scores)?;
        let number = |number: i64| u64::try_from(number).map_err(|_| format!("{number} is below 0"));
        let gift = match self.gift {
            Some((count, value)) => Some(Arc::new(Gift {
                receiver: scores.keys().next().cloned().ok_or("a gift without a receiver")?,
                gift_id: self.gift_id.to_owned(),
                count: number(count)?,
                value: number(value)?,
                sender_id: self.sender_id.to_owned(),
                reference: self.reference.to_owned(),
            })),
            None => None,
        };
        let source = ScoreSource {
            gift_id: self.gift_id.to_owned(),
            sender_id: self.sender_id.to_owned(),
            reference: self.reference.to_owned(),
        };
        Ok(KeptScore {
            battle: self.battle(),
            ledger_seq: number(self.battle_seq)?,
            key: ScoreKey::new(self.key).map_err(|fault| format!("the key {:?} {fault}", self.key))?,
            change: Arc::new(ScoreChange { op, scores: scores.into_iter().collect(), source }),
            gift,
            scores: users.points(self.totals)?,
            at: WallMs(number(self.at)?),
        })
    }

    /// Add or set.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn op(&self) -> Result<ScoreOp, String> {
        match self.op {
            ADD => Ok(ScoreOp::Add),
            SET => Ok(ScoreOp::Set),
            other => Err(format!("op is {other:?}, neither {ADD:?} nor {SET:?}")),
        }
    }
}

/// Users of many rows, each checked and held once: a million rows name the same few.
#[derive(Default)]
pub(super) struct Users(BTreeMap<Box<str>, UserId>);

impl Users {
    /// As [`points`].
    fn points<T: serde::de::DeserializeOwned>(&mut self, text: &str) -> Result<BTreeMap<UserId, T>, String> {
        // What has escapes cannot be borrowed, and no id has any.
        let Ok(named) = serde_json::from_str::<BTreeMap<&str, T>>(text) else { return points(text) };
        named.into_iter().map(|(name, points)| Ok((self.user(name)?, points))).collect()
    }

    fn user(&mut self, name: &str) -> Result<UserId, String> {
        if let Some(known) = self.0.get(name) {
            return Ok(known.clone());
        }
        let user = UserId::new(name).map_err(|fault| format!("the user {name:?} {fault}"))?;
        self.0.insert(name.into(), user.clone());
        Ok(user)
    }
}

/// Points by user, as the columns `scores` and `totals` have them.
///
/// # Errors
/// When it is something else.
pub(super) fn points<T: serde::de::DeserializeOwned>(text: &str) -> Result<BTreeMap<UserId, T>, String> {
    serde_json::from_str(text).map_err(|error| format!("{text:?} has no points by user: {error}"))
}

/// How the column `op` says it.
pub(super) fn op_word(op: ScoreOp) -> &'static str {
    match op {
        ScoreOp::Add => ADD,
        ScoreOp::Set => SET,
    }
}

fn bytes<const N: usize>(blob: &[u8]) -> rusqlite::Result<&[u8; N]> {
    Ok(blob.try_into().map_err(|_| FromSqlError::InvalidBlobSize { expected_size: N, blob_size: blob.len() })?)
}

const ADD: &str = "add";
const SET: &str = "set";
