//! The data of webhooks that are no answer of the interface as they are.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::answer::{BattleEndReason, BattleResult, SeatInfo};
use super::super::command::LiveEndReason;
use super::super::event::{LeaveReason, SeatReason};
use super::super::ids::{BattleId, LiveId, UserId};
use super::super::time::WallMs;

/// A live has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveOver {
    /// The live.
    pub live_id: LiveId,
    /// Why.
    pub reason: LiveEndReason,
    /// The product's number of the reason.
    pub reason_code: u32,
}

impl LiveOver {
    pub(super) fn of(live: &LiveId, reason: LiveEndReason) -> Self {
        Self { live_id: live.clone(), reason, reason_code: reason.code() }
    }
}

/// The media of a host came, or was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostNews {
    /// The live.
    pub live_id: LiveId,
    /// Its host.
    pub user_id: UserId,
}

impl HostNews {
    pub(super) fn of(live: &LiveId, user: &UserId) -> Self {
        Self { live_id: live.clone(), user_id: user.clone() }
    }
}

/// A live has left its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftNews {
    /// Who left.
    pub live_id: LiveId,
    /// Why.
    pub reason: LeaveReason,
    /// The lives that are still connected; empty when the connection dissolved.
    pub connected: Vec<LiveId>,
}

/// A battle is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BattleOver {
    /// The battle.
    pub battle_id: BattleId,
    /// Why.
    pub reason: BattleEndReason,
    /// The product's number of the reason.
    pub reason_code: u32,
    /// When it ended.
    pub end_time: WallMs,
    /// When the punishment that follows ends; null when none does.
    pub punishment_end_time: Option<WallMs>,
    /// How; null when it never started.
    pub result: Option<BattleResult>,
}

impl BattleOver {
    pub(super) fn of(
        battle_id: BattleId,
        reason: BattleEndReason,
        end_time: WallMs,
        punishment_end_time: Option<WallMs>,
        result: Option<BattleResult>,
    ) -> Self {
        Self { battle_id, reason, reason_code: reason.code(), end_time, punishment_end_time, result }
    }
}

/// Seats of a live have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatsNews {
    /// The live.
    pub live_id: LiveId,
    /// Why.
    pub reason: SeatReason,
    /// Those that changed, as they are now.
    pub seats: Vec<SeatInfo>,
}
