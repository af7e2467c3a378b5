//! What may be asked about the seats of a live.

use std::time::Duration;

use super::super::ids::{LiveId, UserId};
use super::User;

/// Something that is asked about the seats of one live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatCommand {
    /// Which live.
    pub live: LiveId,
    /// Who asks.
    pub by: By,
    /// For what.
    pub action: SeatAction,
}

/// Who asks, as their token shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The business backend (role admin): manages, and may act for any user.
    Backend,
    /// The live's owner: manages, and acts for itself.
    Owner,
    /// Anybody else: acts for itself.
    Guest(UserId),
}

/// What is asked for. Seats are numbered from 0, the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatAction {
    /// A user sits down. Answer: [`Answer::Seat`](super::super::Answer::Seat).
    Take {
        /// Where.
        index: u64,
        /// Who: the asking user, or whom the backend picks.
        user: User,
    },
    /// The asking user (for the backend: whoever sits there) stands up. Answer:
    /// [`Answer::Done`](super::super::Answer::Done), as for all that follow unless they say otherwise.
    Leave {
        /// From where.
        index: u64,
    },
    /// Nobody may sit there; whoever does is removed first.
    Lock {
        /// Which.
        index: u64,
    },
    /// It may be taken again.
    Unlock {
        /// Which.
        index: u64,
    },
    /// Whoever sits there is removed.
    Kick {
        /// Which.
        index: u64,
    },
    /// A seated user changes seats. Answer: [`Answer::Seat`](super::super::Answer::Seat).
    Move {
        /// Who.
        user: UserId,
        /// Where to.
        to: u64,
        /// What happens to whoever sits there.
        policy: MovePolicy,
    },
    /// A microphone or a camera is opened or closed.
    Device {
        /// Whose: of the user on this seat.
        index: u64,
        /// Which of the two.
        device: Device,
        /// Open or close it.
        open: bool,
    },
    /// A user asks for a seat. Answer: [`Answer::SeatRequest`](super::super::Answer::SeatRequest).
    Apply(SeatWish),
    /// A user is asked to sit down. Answer: [`Answer::SeatRequest`](super::super::Answer::SeatRequest).
    Invite(SeatWish),
    /// A pending application or invitation is answered or taken back. Accepting is answered with
    /// [`Answer::Seat`](super::super::Answer::Seat).
    Answer {
        /// Application or invitation.
        kind: SeatRequestKind,
        /// Of whom or to whom.
        user: UserId,
        /// What with.
        reply: SeatReply,
    },
}

/// What happens to whoever sits on the seat that another user is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MovePolicy {
    /// 0: nothing; the move is refused.
    AbortWhenOccupied,
    /// 1: that user is removed.
    ForceReplace,
    /// 2: the two change places.
    SwapPosition,
}

/// What a user on a seat may open and close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Device {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
}

/// An application for a seat or an invitation to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatWish {
    /// Who is to sit down.
    pub user: User,
    /// Where; `None` for any free seat, found when it is accepted.
    pub index: Option<u64>,
    /// 0 (never) to a day; 30 s when absent.
    pub timeout: Option<Duration>,
    /// At most 2 KB, handed on unread.
    pub extension_info: String,
}

/// Which way a seat was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatRequestKind {
    /// The user asks the owner.
    Application,
    /// The owner asks the user.
    Invitation,
}

/// What becomes of a pending application or invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatReply {
    /// The user sits down.
    Accept,
    /// No, from whom it was asked of.
    Reject,
    /// Taken back by who asked.
    Cancel,
}
