//! Answers about battles.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::super::ids::{BattleId, LiveId, UserId};
use super::super::time::WallMs;
use super::Host;

/// Result of a battle request for one user (TUIBattleCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BattleCode {
    /// 0: asked, or in the battle that has started.
    Success,
    /// 1: this user has no live here (any more).
    RoomNotExist,
    /// 2: battling with you: in the battle that you have left. (Who is still in one, or has asked, is refused as a whole.)
    Battling,
    /// 3: in another battle, or asked to another.
    BattlingOtherRoom,
    /// 4: its host's media is gone.
    RoomExit,
    /// 5: its battle is over but not closed yet; ask again.
    Retry,
}

impl BattleCode {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::RoomNotExist => 1,
            Self::Battling => 2,
            Self::BattlingOtherRoom => 3,
            Self::RoomExit => 4,
            Self::Retry => 5,
        }
    }
}

impl Serialize for BattleCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

impl JsonSchema for BattleCode {
    fn schema_name() -> Cow<'static, str> {
        "BattleCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "description": "What became of the request for one user.",
            "oneOf": [
                {"const": 0, "description": "success: asked, or in the battle that has started"},
                {"const": 1, "description": "roomNotExist: this user has no live any more"},
                {"const": 2, "description": "battling: in the battle that you have left"},
                {"const": 3, "description": "battlingOtherRoom: in another battle, or asked to another"},
                {"const": 4, "description": "roomExit: its host's media is gone"},
                {"const": 5, "description": "retry: its battle is over but not closed yet; ask again"},
            ],
        })
    }
}

/// What became of the request for one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserResult {
    /// The user.
    pub user_id: UserId,
    /// The product's code.
    pub code: BattleCode,
}

/// A battle that was just asked for: it has started, or waits for answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BattleRequested {
    /// Its id.
    pub battle_id: BattleId,
    /// Started or pending.
    pub status: BattleStatus,
    /// When it began; absent while pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<WallMs>,
    /// When it ends; absent while pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<WallMs>,
    /// When the request expires; only while pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<WallMs>,
    /// Per asked user, in the order asked.
    pub results: Vec<UserResult>,
}

/// Where a battle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BattleStatus {
    /// Waits for the answers of those who were asked.
    Pending,
    /// Scores count.
    Started,
    /// Decided.
    Ended,
}

/// Why a battle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BattleEndReason {
    /// Its time was over.
    TimeOver,
    /// Everybody left, or the connection under it dissolved.
    AllMemberExit,
    /// Nobody accepted.
    NeverStarted,
}

impl BattleEndReason {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::TimeOver => 0,
            Self::AllMemberExit => 1,
            Self::NeverStarted => 2,
        }
    }
}

/// A host in a battle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BattleUser {
    /// Who.
    #[serde(flatten)]
    pub host: Host,
    /// Points.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub score: u64,
    /// Whether it left before the end.
    pub left: bool,
    /// Whether it was asked and has not answered yet.
    pub pending: bool,
}

/// A battle: pending, running or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BattleInfo {
    /// Id.
    pub battle_id: BattleId,
    /// Where it stands.
    pub status: BattleStatus,
    /// The user who asked for it.
    pub inviter: UserId,
    /// How long it was meant to last, seconds.
    #[schemars(range(min = 5, max = 86_400), example = 300)]
    pub duration_seconds: u64,
    /// Whether those who were asked had to answer.
    pub need_response: bool,
    /// How long the punishment after its end by time lasts, seconds; 0 for none.
    #[schemars(range(max = 3_600))]
    pub punishment_seconds: u64,
    /// Whether its hosts part after it.
    pub end_connection_after: bool,
    /// As given with the request; at most 2048 bytes.
    #[schemars(length(max = 2_048), example = &"{}")]
    pub extension_info: String,
    /// When it began; null when it has not.
    pub start_time: Option<WallMs>,
    /// When it ends, or ended; null while pending.
    pub end_time: Option<WallMs>,
    /// When the request expires; null but while pending.
    pub expire_time: Option<WallMs>,
    /// When the punishment ends; null when none is going on.
    pub punishment_end_time: Option<WallMs>,
    /// The hosts, the inviter first. While pending also those who have not answered yet; who rejected is not among them.
    pub users: Vec<BattleUser>,
    /// Points by user.
    pub scores: BTreeMap<UserId, u64>,
    /// Why it ended.
    pub reason: Option<BattleEndReason>,
    /// How it ended; null when it never started.
    pub result: Option<BattleResult>,
}

/// How a battle ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleResult {
    /// Final points by user.
    pub scores: BTreeMap<UserId, u64>,
    /// Best first; competition ranking: equal scores share a rank, the next rank skips. Who left comes last.
    pub ranking: Vec<Ranked>,
    /// Who has rank 1; empty at a draw, and when everybody left.
    pub winners: Vec<UserId>,
    /// Whether all that stayed, two at least, have the same score.
    pub draw: bool,
    /// By host, the three who gave most to it, the best first; equal ones in the order of their ids. Counted are added
    /// points whose source names a sender: a `set` is a correction and credits nobody.
    pub best_senders: BTreeMap<UserId, Vec<Sender>>,
}

/// One who gave points to a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// As `source.senderId` of the changes said.
    pub sender_id: String,
    /// All points together; more than none.
    pub value: u64,
}

/// One line of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ranked {
    /// The user.
    pub user_id: UserId,
    /// Its live.
    pub live_id: LiveId,
    /// Points.
    pub score: u64,
    /// 1 is best.
    #[schemars(range(min = 1, max = 9))]
    pub rank: u32,
    /// Whether it left before the end; such a host cannot win.
    pub left: bool,
}

/// Scores after a change; the stored answer of its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scored {
    /// The battle.
    pub battle_id: BattleId,
    /// Points of all its users, right after this change.
    pub scores: BTreeMap<UserId, u64>,
    /// Number of the change in the battle's ledger, from 1.
    #[schemars(range(min = 1))]
    pub ledger_seq: u64,
}
