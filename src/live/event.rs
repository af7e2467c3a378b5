//! What clients are told. Serialises as `{"type": "onBattleStarted", "data": {…}}`; `seq` and `serverTime` are added by
//! the bus that numbers the events of a live.

mod seat;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{BattleEndReason, BattleResult, Host, Layout, TemplateName};
use super::command::{LiveEndReason, NewLive};
use super::ids::{BattleId, LiveId, UserId};
use super::time::WallMs;

pub use seat::{NoResponse, SeatEvent, SeatReason};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum Event {
    /// To the invited live.
    #[serde(rename = "onCoHostRequestReceived")]
    CoHostRequestReceived {
        /// Who invites.
        inviter: Host,
        /// As given with the request.
        extension_info: String,
        /// The template that accepting would give the connection.
        #[serde(flatten)]
        template: TemplateName,
        /// When the request expires.
        expire_time: WallMs,
    },
    /// To the invited live and the inviter's.
    #[serde(rename = "onCoHostRequestCancelled")]
    CoHostRequestCancelled {
        /// Who invited.
        inviter: Host,
        /// Who was invited.
        invitee: Host,
    },
    /// To the inviter's live, after the connection exists.
    #[serde(rename = "onCoHostRequestAccepted")]
    CoHostRequestAccepted {
        /// Who accepted.
        invitee: Host,
    },
    /// To the inviter's live and the invited one, whose host may have more than one window.
    #[serde(rename = "onCoHostRequestRejected")]
    CoHostRequestRejected {
        /// Who invited.
        inviter: Host,
        /// Who rejected, or became busy, or went away.
        invitee: Host,
    },
    /// To both lives.
    #[serde(rename = "onCoHostRequestTimeout")]
    CoHostRequestTimeout {
        /// Who invited.
        inviter: Host,
        /// Who was invited.
        invitee: Host,
    },
    /// To all lives of the connection, the new one among them.
    #[serde(rename = "onCoHostUserJoined")]
    CoHostUserJoined {
        /// Who joined.
        user: Host,
    },
    /// To all lives that were in the connection, the leaving one among them.
    #[serde(rename = "onCoHostUserLeft")]
    CoHostUserLeft {
        /// Who left.
        user: Host,
        /// Why.
        reason: LeaveReason,
    },
    /// To each live whose picture changed its layout.
    #[serde(rename = "onSeatLayoutChanged")]
    SeatLayoutChanged(Layout),
    /// To the asked live.
    #[serde(rename = "onBattleRequestReceived")]
    BattleRequestReceived {
        /// The battle.
        battle_id: BattleId,
        /// Who asks.
        inviter: Host,
        /// Who is asked.
        invitee: Host,
        /// How long it will last, seconds.
        duration_seconds: u64,
        /// As given with the request.
        extension_info: String,
        /// When the request expires.
        expire_time: WallMs,
    },
    /// To the asked live and the inviter's.
    #[serde(rename = "onBattleRequestCancelled")]
    BattleRequestCancelled(BattleAsk),
    /// To both lives.
    #[serde(rename = "onBattleRequestTimeout")]
    BattleRequestTimeout(BattleAsk),
    /// To the inviter's live.
    #[serde(rename = "onBattleRequestAccept")]
    BattleRequestAccept(BattleAsk),
    /// To both lives: the asked one said no, or went away.
    #[serde(rename = "onBattleRequestReject")]
    BattleRequestReject(BattleAsk),
    /// To all lives of the connection: a host has accepted.
    #[serde(rename = "onUserJoinBattle")]
    UserJoinBattle {
        /// The battle.
        battle_id: BattleId,
        /// Who will be in it.
        user: Host,
    },
    /// To all lives of the connection.
    #[serde(rename = "onBattleStarted")]
    BattleStarted {
        /// The battle.
        battle_id: BattleId,
        /// Who asked for it.
        inviter: Host,
        /// Who else is in it.
        invitees: Vec<Host>,
        /// How long it lasts, seconds.
        duration_seconds: u64,
        /// When it began.
        start_time: WallMs,
        /// When it ends.
        end_time: WallMs,
        /// As given with the request.
        extension_info: String,
        /// Points by user: all 0.
        scores: BTreeMap<UserId, u64>,
    },
    /// To all lives of the battle and its connection: totals, the first change at once, then at most 20 a second.
    #[serde(rename = "onBattleScoreChanged")]
    BattleScoreChanged {
        /// The battle.
        battle_id: BattleId,
        /// Points by user.
        scores: BTreeMap<UserId, u64>,
    },
    /// To all lives of the battle and its connection.
    #[serde(rename = "onUserExitBattle")]
    UserExitBattle {
        /// The battle.
        battle_id: BattleId,
        /// Who left it.
        user: Host,
    },
    /// To all lives of the battle and its connection; of one that never started, to the inviter's only.
    #[serde(rename = "onBattleEnded")]
    BattleEnded {
        /// The battle.
        battle_id: BattleId,
        /// Why.
        reason: BattleEndReason,
        /// The product's number of the reason.
        reason_code: u32,
        /// When it ended.
        end_time: WallMs,
        /// How; null when it never started.
        result: Option<BattleResult>,
    },
    /// To all lives of the battle and its connection, after a battle whose time was over.
    #[serde(rename = "onBattlePunishmentStarted")]
    BattlePunishmentStarted {
        /// The battle.
        battle_id: BattleId,
        /// How long it lasts, seconds.
        punishment_seconds: u64,
        /// When it began.
        start_time: WallMs,
        /// When it ends.
        end_time: WallMs,
    },
    /// To all lives of the battle and its connection: by time, by a new battle, or because its hosts have parted.
    #[serde(rename = "onBattlePunishmentEnded")]
    BattlePunishmentEnded {
        /// The battle.
        battle_id: BattleId,
    },
    /// To the live: something of it is not as it was.
    #[serde(rename = "onLiveInfoChanged")]
    LiveInfoChanged {
        /// The live as it is now.
        live: Box<NewLive>,
        /// The fields that are not as they were, as the interface names them.
        changed: Vec<&'static str>,
    },
    /// To the live, as its last event.
    #[serde(rename = "onLiveEnded")]
    LiveEnded {
        /// The live.
        live_id: LiveId,
        /// Why.
        reason: LiveEndReason,
        /// The product's number of the reason.
        reason_code: u32,
        /// For people.
        message: String,
    },
    /// About seats.
    #[serde(untagged)]
    Seat(SeatEvent),
}

/// A host's request for a battle to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BattleAsk {
    /// The battle.
    pub battle_id: BattleId,
    /// Who asked.
    pub inviter: Host,
    /// Who was asked.
    pub invitee: Host,
}

/// Why a host left a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LeaveReason {
    /// By its own command.
    Exit,
    /// Its media and its event socket were gone for longer than the grace.
    Disconnected,
    /// The backend took it out.
    Kicked,
    /// Its live ended.
    LiveEnded,
}

/// Who may read an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody who may watch the live.
    Everyone,
    /// The live's host and the backend.
    Host,
    /// This user, the live's host and the backend.
    User(UserId),
}

impl Event {
    /// Who may read it: invitations are between hosts, what concerns one guest is that guest's, everything else is
    /// for everybody.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::CoHostRequestReceived { .. }
            | Self::CoHostRequestCancelled { .. }
            | Self::CoHostRequestAccepted { .. }
            | Self::CoHostRequestRejected { .. }
            | Self::CoHostRequestTimeout { .. }
            | Self::BattleRequestReceived { .. }
            | Self::BattleRequestCancelled(_)
            | Self::BattleRequestTimeout(_)
            | Self::BattleRequestAccept(_)
            | Self::BattleRequestReject(_)
            | Self::BattleEnded { reason: BattleEndReason::NeverStarted, .. } => Audience::Host,
            Self::CoHostUserJoined { .. }
            | Self::CoHostUserLeft { .. }
            | Self::SeatLayoutChanged(_)
            | Self::UserJoinBattle { .. }
            | Self::BattleStarted { .. }
            | Self::BattleScoreChanged { .. }
            | Self::UserExitBattle { .. }
            | Self::BattleEnded { reason: BattleEndReason::TimeOver | BattleEndReason::AllMemberExit, .. }
            | Self::BattlePunishmentStarted { .. }
            | Self::BattlePunishmentEnded { .. }
            | Self::LiveInfoChanged { .. }
            | Self::LiveEnded { .. } => Audience::Everyone,
            Self::Seat(event) => event.audience(),
        }
    }
}
