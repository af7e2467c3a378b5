//! A row of the ledger as its columns are: what is hashed, exported and summed.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use rusqlite::Row;
use rusqlite::types::FromSqlError;
use serde::de::{Deserialize, DeserializeOwned, Deserializer as _, Error as _, MapAccess, Visitor};

use super::chain::Hash;
use crate::live::booked::{Gifts, Place};
use crate::live::command::ScoreOp;
use crate::live::{BattleId, Booked, ScoreKey, UserId, WallMs};

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
    pub(super) fn booked(&self, users: &mut Users) -> Result<Booked, String> {
        let key = ScoreKey::new(self.key).map_err(|fault| format!("the key {:?} {fault}", self.key))?;
        let op = self.op()?;
        let scores = users.points(self.scores)?;
        let number = |number: i64| u64::try_from(number).map_err(|_| format!("{number} is below 0"));
        let gifts = match self.gift {
            Some((count, value)) => Some(Gifts { count: number(count)?, value: number(value)? }),
            None => None,
        };
        let place =
            Place { battle: self.battle(), ledger_seq: number(self.battle_seq)?, key, at: WallMs(number(self.at)?) };
        let source = [self.gift_id, self.sender_id, self.reference];
        Booked::new(place, op, &scores, source, gifts, users.points(self.totals)?)
            .ok_or_else(|| "it changes the points of somebody who has no total, or is a gift for nobody".to_owned())
    }

    /// Add or set.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn op(&self) -> Result<ScoreOp, String> {
        op_of(self.op)
    }
}

/// Users of many rows, each checked and held once: a million rows name the same few.
#[derive(Default)]
pub(super) struct Users(BTreeMap<Box<str>, UserId>);

impl Users {
    /// As [`points`].
    pub(super) fn points<T: DeserializeOwned>(&mut self, text: &str) -> Result<Vec<(UserId, T)>, String> {
        // What has escapes cannot be borrowed, and no id has any.
        match serde_json::Deserializer::from_str(text).deserialize_map(ByUser(self, PhantomData)) {
            Ok(found) if found.is_sorted_by(|(before, _), (after, _)| before < after) => Ok(found),
            Ok(_) | Err(_) => Ok(points(text)?.into_iter().collect()),
        }
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

/// Points by user, in the order of the text.
struct ByUser<'u, T>(&'u mut Users, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ByUser<'_, T> {
    type Value = Vec<(UserId, T)>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("points by user")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::with_capacity(2);
        while let Some((name, points)) = map.next_entry::<&str, T>()? {
            found.push((self.0.user(name).map_err(A::Error::custom)?, points));
        }
        Ok(found)
    }
}

/// Points by user, as the columns `scores` and `totals` have them.
///
/// # Errors
/// When it is something else.
pub(super) fn points<T: DeserializeOwned>(text: &str) -> Result<BTreeMap<UserId, T>, String> {
    serde_json::from_str(text).map_err(|error| format!("{text:?} has no points by user: {error}"))
}

/// What the column `op` says.
///
/// # Errors
/// When it is neither add nor set.
pub(super) fn op_of(word: &str) -> Result<ScoreOp, String> {
    match word {
        ADD => Ok(ScoreOp::Add),
        SET => Ok(ScoreOp::Set),
        other => Err(format!("op is {other:?}, neither {ADD:?} nor {SET:?}")),
    }
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
