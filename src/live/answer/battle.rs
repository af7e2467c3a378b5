//! Answers about battles.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::Serializer;

use super::super::ids::{BattleId, LiveId, UserId};
use super::super::time::WallMs;
use super::Host;

/// Result of a battle request for one user (TUIBattleCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BattleCode {
    /// 0
    Success,
    /// 3: in another battle.
    BattlingOtherRoom,
}

impl BattleCode {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::BattlingOtherRoom => 3,
        }
    }
}

impl Serialize for BattleCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

/// What became of the request for one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserResult {
    /// The user.
    pub user_id: UserId,
    /// The product's code.
    pub code: BattleCode,
}

/// A battle that was just started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleStarted {
    /// Its id.
    pub battle_id: BattleId,
    /// [`BattleStatus::Started`].
    pub status: BattleStatus,
    /// When it began.
    pub start_time: WallMs,
    /// When it ends.
    pub end_time: WallMs,
    /// Per asked user, in the order asked.
    pub results: Vec<UserResult>,
}

/// Where a battle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BattleStatus {
    /// Scores count.
    Started,
    /// Decided.
    Ended,
}

/// Why a battle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BattleEndReason {
    /// Its time was over.
    TimeOver,
    /// Everybody left, or the connection under it dissolved.
    AllMemberExit,
}

impl BattleEndReason {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::TimeOver => 0,
            Self::AllMemberExit => 1,
        }
    }
}

/// A host in a battle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleUser {
    /// Who.
    #[serde(flatten)]
    pub host: Host,
    /// Points.
    pub score: u64,
    /// Whether it left before the end.
    pub left: bool,
}

/// A battle, running or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleInfo {
    /// Id.
    pub battle_id: BattleId,
    /// Where it stands.
    pub status: BattleStatus,
    /// The user who asked for it.
    pub inviter: UserId,
    /// How long it was meant to last.
    pub duration_seconds: u64,
    /// As given with the request.
    pub extension_info: String,
    /// When it began.
    pub start_time: WallMs,
    /// When it ends, or ended.
    pub end_time: WallMs,
    /// The hosts, the inviter first.
    pub users: Vec<BattleUser>,
    /// Points by user.
    pub scores: BTreeMap<UserId, u64>,
    /// Why it ended.
    pub reason: Option<BattleEndReason>,
    /// How it ended.
    pub result: Option<BattleResult>,
}

/// How a battle ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// As `source.senderId` of the changes said.
    pub sender_id: String,
    /// All points together; more than none.
    pub value: u64,
}

/// One line of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ranked {
    /// The user.
    pub user_id: UserId,
    /// Its live.
    pub live_id: LiveId,
    /// Points.
    pub score: u64,
    /// 1 is best.
    pub rank: u32,
    /// Whether it left before the end; such a host cannot win.
    pub left: bool,
}

/// Scores after a change; the stored answer of its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scored {
    /// The battle.
    pub battle_id: BattleId,
    /// Points of all its users, right after this change.
    pub scores: BTreeMap<UserId, u64>,
    /// Number of the change in the battle's ledger, from 1.
    pub ledger_seq: u64,
}
