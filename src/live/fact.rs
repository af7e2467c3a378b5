//! What must be on disk before anybody is told.

use std::sync::Arc;

use costage_media::scene::Template;
use serde::Serialize;

use super::answer::{BattleEndReason, BattleInfo, BattleResult, LiveInfo, SeatInfo};
use super::booked::Booked;
use super::command::LiveEndReason;
use super::custom::Custom;
use super::event::{LeaveReason, SeatReason};
use super::ids::{BattleId, ConnectionId, LiveId, UserId};
use super::time::WallMs;

/// One thing that happened. Pending invitations are not kept: after a restart they are asked again. Written as
/// JSON it is its fields alone; [`Fact::kind`] names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Fact {
    /// A live was created.
    LiveCreated(Arc<LiveInfo>),
    /// A live was changed; this is how it is now.
    LiveChanged(Arc<LiveInfo>),
    /// A live ended.
    LiveEnded {
        /// Which.
        live: LiveId,
        /// Why.
        reason: LiveEndReason,
        /// When.
        at: WallMs,
    },
    /// The media of a live's host came, or came back. Of guests on seats, and of event sockets, nothing is said.
    HostOnline {
        /// Which live.
        live: LiveId,
        /// Its host.
        user: UserId,
        /// When.
        at: WallMs,
    },
    /// The media of a live's host was lost, also by a restart of the server. Of a live that ended while its host was online,
    /// its end alone is told.
    HostOffline {
        /// Which live.
        live: LiveId,
        /// Its host.
        user: UserId,
        /// When.
        at: WallMs,
    },
    /// A connection was made or grew.
    Connected {
        /// Which.
        connection: ConnectionId,
        /// All its lives, in the order of places.
        lives: Vec<LiveId>,
        /// Its template.
        #[serde(serialize_with = "super::kept::foreign::template::serialize")]
        template: Template,
        /// When.
        at: WallMs,
    },
    /// A request to co-host was answered by the one who was asked. Requests themselves are not kept.
    RequestAnswered {
        /// Who had invited.
        inviter: LiveId,
        /// Who was invited.
        invitee: LiveId,
        /// What became of it.
        answer: RequestAnswer,
        /// When.
        at: WallMs,
    },
    /// A connection got another template.
    LayoutChosen {
        /// Which connection.
        connection: ConnectionId,
        /// Its template now.
        #[serde(serialize_with = "super::kept::foreign::template::serialize")]
        template: Template,
        /// Its own regions, when it has any.
        custom: Option<Custom>,
        /// When.
        at: WallMs,
    },
    /// A live got or gave up regions of its own for while it is alone.
    LiveLayoutChosen {
        /// Which live.
        live: LiveId,
        /// Its regions, when it has any now.
        custom: Option<Custom>,
        /// When.
        at: WallMs,
    },
    /// A live left its connection.
    ConnectionLeft {
        /// Which connection.
        connection: ConnectionId,
        /// Who left.
        live: LiveId,
        /// Why.
        reason: LeaveReason,
        /// Who is still connected; empty when it dissolved.
        lives: Vec<LiveId>,
        /// When.
        at: WallMs,
    },
    /// Seats changed hands, or were locked or unlocked.
    SeatsChanged {
        /// Whose seats.
        live: LiveId,
        /// Why.
        reason: SeatReason,
        /// Those that changed, as they are now.
        seats: Vec<SeatInfo>,
        /// When.
        at: WallMs,
    },
    /// A battle was asked for and waits for answers.
    BattleCreated(Box<BattleInfo>),
    /// One of those who were asked for a battle answered; the last answer before it starts counts.
    BattleAnswered {
        /// Which battle.
        battle: BattleId,
        /// Who was asked.
        user: UserId,
        /// What became of the request.
        answer: RequestAnswer,
        /// When.
        at: WallMs,
    },
    /// A battle started.
    BattleStarted(Box<BattleInfo>),
    /// Scores changed: one row of the ledger.
    Scored(Arc<Booked>),
    /// A host left a battle.
    BattleLeft {
        /// Which battle.
        battle: BattleId,
        /// Who.
        user: UserId,
        /// When.
        at: WallMs,
    },
    /// A battle was decided, or will never start.
    BattleEnded {
        /// Which.
        battle: BattleId,
        /// The live of the host who asked for it.
        live: LiveId,
        /// When its time was over, which may be before this was noticed; or when its hosts had left, or it was given up.
        end: WallMs,
        /// Why.
        reason: BattleEndReason,
        /// How; nothing when it never started.
        result: Option<BattleResult>,
        /// When the punishment that follows ends, when one does.
        punishment_end: Option<WallMs>,
        /// When.
        at: WallMs,
    },
    /// The punishment after a battle is over.
    PunishmentEnded {
        /// Which battle.
        battle: BattleId,
        /// When.
        at: WallMs,
    },
}

impl Fact {
    /// Its name, as the journal and webhooks write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LiveCreated(_) => "liveCreated",
            Self::LiveChanged(_) => "liveChanged",
            Self::LiveEnded { .. } => "liveEnded",
            Self::Connected { .. } => "connected",
            Self::RequestAnswered { .. } => "requestAnswered",
            Self::LayoutChosen { .. } => "layoutChosen",
            Self::LiveLayoutChosen { .. } => "liveLayoutChosen",
            Self::ConnectionLeft { .. } => "connectionLeft",
            Self::SeatsChanged { .. } => "seatsChanged",
            Self::BattleCreated(_) => "battleCreated",
            Self::BattleAnswered { .. } => "battleAnswered",
            Self::BattleStarted(_) => "battleStarted",
            Self::Scored(_) => "scored",
            Self::BattleLeft { .. } => "battleLeft",
            Self::BattleEnded { .. } => "battleEnded",
            Self::PunishmentEnded { .. } => "punishmentEnded",
            Self::HostOnline { .. } => "hostOnline",
            Self::HostOffline { .. } => "hostOffline",
        }
    }

    /// Whether it only tells of a host's media: that is so, whether it can be kept now or not, and is never taken back.
    #[must_use]
    pub fn is_presence(&self) -> bool {
        match self {
            Self::HostOnline { .. } | Self::HostOffline { .. } => true,
            Self::LiveCreated(_)
            | Self::LiveChanged(_)
            | Self::LiveEnded { .. }
            | Self::Connected { .. }
            | Self::RequestAnswered { .. }
            | Self::LayoutChosen { .. }
            | Self::LiveLayoutChosen { .. }
            | Self::ConnectionLeft { .. }
            | Self::SeatsChanged { .. }
            | Self::BattleCreated(_)
            | Self::BattleAnswered { .. }
            | Self::BattleStarted(_)
            | Self::Scored(_)
            | Self::BattleLeft { .. }
            | Self::BattleEnded { .. }
            | Self::PunishmentEnded { .. } => false,
        }
    }
}

/// What one who was asked made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RequestAnswer {
    /// It said yes.
    Accepted,
    /// It said no.
    Rejected,
    /// It said nothing, and went away or became busy with others: counts as a rejection.
    Unavailable,
}
