//! What clients are told about seats. Named as in the product (LiveSeatStore, CoGuestStore).

use schemars::JsonSchema;
use serde::Serialize;

use super::super::answer::{Host, SeatInfo, SeatRequest};
use super::super::command::User;
use super::super::ids::LiveId;
use super::Audience;

/// One event about the seats of a live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum SeatEvent {
    /// To all lives of the connection.
    #[serde(rename = "onSeatListChanged")]
    ListChanged {
        /// Whose seats.
        live_id: LiveId,
        /// Why.
        reason: SeatReason,
        /// The seats that changed, as they are now; the others are as before. With reason `joined`: all of this live's.
        seat_list: Vec<SeatInfo>,
        /// Who sat down just now.
        seated_list: Vec<User>,
        /// Who stood up or was removed just now.
        left_list: Vec<User>,
    },
    /// To the host.
    #[serde(rename = "onGuestApplicationReceived")]
    ApplicationReceived {
        /// Who applies, and where.
        guest: SeatRequest,
    },
    /// To the host.
    #[serde(rename = "onGuestApplicationCancelled")]
    ApplicationCancelled {
        /// Who had applied.
        guest: User,
    },
    /// To the host, when the backend has answered in its place.
    #[serde(rename = "onGuestApplicationProcessedByOtherHost")]
    ApplicationProcessed {
        /// Who had applied.
        guest: User,
        /// Whose live it is.
        host: Host,
        /// What the answer was.
        is_accept: bool,
    },
    /// To the guest.
    #[serde(rename = "onGuestApplicationResponded")]
    ApplicationResponded {
        /// Who had applied.
        guest: User,
        /// Whose live it is.
        host: Host,
        /// What the answer is.
        is_accept: bool,
    },
    /// To the guest: the application is over without an answer.
    #[serde(rename = "onGuestApplicationNoResponse")]
    ApplicationNoResponse {
        /// Who had applied.
        guest: User,
        /// Why.
        reason: NoResponse,
        /// The product's number of the reason.
        reason_code: u32,
    },
    /// To the guest.
    #[serde(rename = "onHostInvitationReceived")]
    InvitationReceived {
        /// Whose live it is.
        host: Host,
        /// Who is invited, and where.
        guest: SeatRequest,
    },
    /// To the guest.
    #[serde(rename = "onHostInvitationCancelled")]
    InvitationCancelled {
        /// Whose live it is.
        host: Host,
        /// Who had been invited.
        guest: User,
    },
    /// To the host.
    #[serde(rename = "onHostInvitationResponded")]
    InvitationResponded {
        /// Who had been invited.
        guest: User,
        /// What the answer is.
        is_accept: bool,
    },
    /// To the host and the guest: the invitation is over without an answer.
    #[serde(rename = "onHostInvitationNoResponse")]
    InvitationNoResponse {
        /// Who had been invited.
        guest: User,
        /// Why.
        reason: NoResponse,
        /// The product's number of the reason.
        reason_code: u32,
    },
    /// To the guest.
    #[serde(rename = "onKickedOffSeat")]
    KickedOff {
        /// From where.
        seat_index: u32,
        /// Whose live it is.
        host: Host,
        /// Who was removed.
        guest: User,
        /// Why.
        reason: SeatReason,
    },
    /// To the user on the seat.
    #[serde(rename = "onLocalMicrophoneOpenedByAdmin")]
    MicrophoneOpened {
        /// Whose.
        guest: User,
        /// Always 1, unlockOnly: the user may open it again, nobody else does.
        policy: u32,
    },
    /// To the user on the seat.
    #[serde(rename = "onLocalMicrophoneClosedByAdmin")]
    MicrophoneClosed {
        /// Whose.
        guest: User,
    },
    /// To the user on the seat.
    #[serde(rename = "onLocalCameraOpenedByAdmin")]
    CameraOpened {
        /// Whose.
        guest: User,
        /// Always 1, unlockOnly: the user may open it again, nobody else does.
        policy: u32,
    },
    /// To the user on the seat.
    #[serde(rename = "onLocalCameraClosedByAdmin")]
    CameraClosed {
        /// Whose.
        guest: User,
    },
}

/// Why seats changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SeatReason {
    /// A user sat down.
    Taken,
    /// A user stood up.
    Left,
    /// A user was removed.
    Kicked,
    /// A seat was locked.
    Locked,
    /// A seat was unlocked.
    Unlocked,
    /// Users changed seats.
    Moved,
    /// A user had to go because another was moved there.
    Replaced,
    /// A microphone or a camera was opened or closed.
    Device,
    /// The layout of the connection, or the live's own settings, have no place for that seat.
    Layout,
    /// The live came into the connection with these seats.
    Joined,
    /// A guest's media was gone for longer than the grace.
    Disconnected,
}

/// Why a request ended without an answer (NoResponseReason).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NoResponse {
    /// Nobody answered in time.
    Timeout,
    /// The user sits already.
    AlreadySeated,
}

impl NoResponse {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Timeout => 0,
            Self::AlreadySeated => 1,
        }
    }
}

impl SeatEvent {
    /// Who may read it. What concerns one guest is shown to that guest and to the host.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::ListChanged { .. } => Audience::Everyone,
            Self::ApplicationReceived { .. }
            | Self::ApplicationCancelled { .. }
            | Self::ApplicationProcessed { .. }
            | Self::InvitationResponded { .. } => Audience::Host,
            Self::InvitationReceived { guest, .. } => Audience::User(guest.user.user_id.clone()),
            Self::ApplicationResponded { guest, .. }
            | Self::ApplicationNoResponse { guest, .. }
            | Self::InvitationCancelled { guest, .. }
            | Self::InvitationNoResponse { guest, .. }
            | Self::KickedOff { guest, .. }
            | Self::MicrophoneOpened { guest, .. }
            | Self::MicrophoneClosed { guest }
            | Self::CameraOpened { guest, .. }
            | Self::CameraClosed { guest } => Audience::User(guest.user_id.clone()),
        }
    }
}
