//! Answers about gifts and the ledger.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::command::{Gift, ScoreOp, ScoreSource};
use super::super::ids::{BattleId, UserId};
use super::super::time::WallMs;
use super::Scored;

/// Scores after a gift; the stored answer of its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gifted {
    /// As after any change.
    #[serde(flatten)]
    pub scored: Scored,
    /// What the gift was worth when it was accepted.
    pub points: i64,
}

/// A page of a battle's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerPage {
    /// The battle.
    pub battle_id: BattleId,
    /// Oldest first.
    pub rows: Vec<LedgerRow>,
    /// For the next page; "" when there is no more yet.
    #[schemars(example = &"")]
    pub cursor: String,
}

/// One change of scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRow {
    /// Its number, from 1.
    #[schemars(range(min = 1))]
    pub ledger_seq: u64,
    /// When it was received.
    pub score_time: WallMs,
    /// Its idempotency key.
    #[schemars(length(min = 1, max = 128), example = &"gift-778")]
    pub idempotency_key: String,
    /// How scores changed; gifts add.
    pub op: ScoreOp,
    /// What was added or set.
    pub scores: Vec<ScoreValue>,
    /// Where the points came from.
    pub source: ScoreSource,
    /// The gift, when one was posted; null for a change of scores.
    pub gift: Option<Gift>,
    /// Points of all hosts right after it.
    pub totals: BTreeMap<UserId, u64>,
}

/// One host's points in a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoreValue {
    /// Whose.
    pub user_id: UserId,
    /// How many.
    pub value: i64,
}
