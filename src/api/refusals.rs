//! Which error of the inside is which row of the table.

use std::time::Duration;

use super::cases::Case;
use super::problem::Problem;
use crate::engine::{OfferRefused, TrickleRefused};
use crate::live::Refusal;
use crate::live::refusal::MetaDataFault;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(case(&refusal), refusal.to_string());
        if let Refusal::NotLive { retry_after, .. } | Refusal::HostNotLive { retry_after, .. } = refusal {
            return problem.retry_after(seconds(retry_after));
        }
        if [429, 503].contains(&problem.status().as_u16()) { problem.retry_after(BUSY_SECONDS) } else { problem }
    }
}

fn case(refusal: &Refusal) -> Case {
    match refusal {
        Refusal::Invalid { .. } | Refusal::InvalidRegion { .. } => Case::BadRequest,
        Refusal::MetaData { fault: MetaDataFault::Keys { .. } } => Case::MetaDataKeys,
        Refusal::MetaData { fault: MetaDataFault::ValueSize { .. } } => Case::MetaDataValue,
        Refusal::MetaData { fault: MetaDataFault::KeySize { .. } } => Case::MetaDataKey,
        Refusal::NoSuchLive { .. } => Case::LiveNotFound,
        Refusal::LiveExists { same_owner: false, .. } => Case::LiveIdTaken,
        Refusal::LiveExists { same_owner: true, .. } => Case::LiveIdYours,
        Refusal::TooManyLives { .. } => Case::TooManyLives,
        Refusal::NotOwner { .. } => Case::PublisherBusy,
        Refusal::NotLive { .. } | Refusal::HostNotLive { .. } => Case::NotLive,
        Refusal::NoSuchHost { .. } => Case::HostNotFound,
        Refusal::NotOnStage { .. } => Case::Forbidden,
        Refusal::NoSuchRequest { .. } => Case::RequestNotFound,
        Refusal::NotConnected { .. } => Case::NotConnected,
        Refusal::AlreadyConnected { .. } => Case::AlreadyConnected,
        Refusal::RequestPending { .. } => Case::ConnectionPending,
        Refusal::ConnectedElsewhere { .. } => Case::ConnectedElsewhere,
        Refusal::ConnectionFull { .. } => Case::ConnectionFull,
        Refusal::TooManyRequests { .. } => Case::ConnectionTooOften,
        Refusal::UserConnectedTwice { .. } => Case::UserConnectedTwice,
        Refusal::SeatLocked { .. } => Case::SeatLocked,
        Refusal::SeatOccupied { .. } => Case::SeatOccupied,
        Refusal::AlreadyQueued { .. } => Case::SeatQueued,
        Refusal::AlreadySeated { .. } => Case::AlreadySeated,
        Refusal::NotQueued { .. } => Case::SeatNotQueued,
        Refusal::SeatsFull { .. } => Case::SeatsFull,
        Refusal::NotSeated { .. } | Refusal::UserNotSeated { .. } => Case::NotSeated,
        Refusal::AlreadyOnSeat { .. } => Case::AlreadyOnSeat,
        Refusal::NoSeats { .. } => Case::NoSeats,
        Refusal::SeatListEmpty { .. } => Case::SeatListEmpty,
        Refusal::OwnerSeat { .. } => Case::OwnerSeat,
        Refusal::OwnerStays { .. } => Case::OwnerStays,
        Refusal::SeatNeedsConsent { .. } => Case::SeatNeedsConsent,
        Refusal::SeatForbidden { .. } => Case::Forbidden,
        Refusal::DeviceLocked { .. } => Case::DeviceLocked,
        Refusal::DeviceClosedByUser { .. } => Case::DeviceClosedByUser,
        Refusal::TooManySeatRequests { .. } => Case::SeatTooOften,
        Refusal::NoSuchBattle { .. } | Refusal::NoBattle { .. } => Case::BattleNotFound,
        Refusal::NotInConnection { .. } => Case::NotInConnection,
        Refusal::AlreadyInBattle { .. } => Case::AlreadyInBattle,
        Refusal::NotInBattle { .. } => Case::NotInBattle,
        Refusal::BattleEnded { .. } | Refusal::BattleOver { .. } => Case::BattleEnded,
        Refusal::NoValidLive { .. } => Case::NoValidLive,
        Refusal::BattlePending { .. } => Case::BattlePending,
        Refusal::HostGone { .. } => Case::HostGone,
        Refusal::InBattleAlready { .. } => Case::BattleRunning,
        Refusal::BattleNotStarted { .. } => Case::BattleNotStarted,
        Refusal::KeyReused { .. } => Case::KeyReused,
        Refusal::ScoreOutOfRange { .. } => Case::ScoreOutOfRange,
        Refusal::GiftWithoutRule { .. } => Case::GiftWithoutRule,
        Refusal::LedgerFull { .. } => Case::LedgerFull,
        Refusal::Busy => Case::Overloaded,
        Refusal::NotKept => Case::NotStored,
        Refusal::NotRead => Case::NotRead,
        Refusal::Closing => Case::Draining,
        Refusal::Internal => Case::Internal,
    }
}

/// Which of the two media protocols an offer came by; they name malformed SDP differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Publishing, RFC 9725.
    Whip,
    /// Playing, draft-ietf-wish-whep-04.
    Whep,
}

/// An offer's refusal. Never 406, and on WHEP never 400: players read those as a counter-offer and as a request to let
/// the server offer.
pub(super) fn offer_problem(protocol: Protocol, refused: &OfferRefused) -> Problem {
    let case = match refused {
        OfferRefused::Malformed { .. } => match protocol {
            Protocol::Whip => Case::MalformedOffer,
            Protocol::Whep => Case::MalformedViewerOffer,
        },
        OfferRefused::NoCommonCodec { .. } => Case::NoCommonCodec,
        OfferRefused::WrongDirection { .. } | OfferRefused::Unsupported { .. } => Case::UnusableOffer,
        OfferRefused::Draining => Case::Draining,
        OfferRefused::TooMany => Case::TooManySessions,
    };
    let problem = Problem::new(case, refused.to_string());
    if problem.status() == 503 { problem.retry_after(BUSY_SECONDS) } else { problem }
}

impl From<TrickleRefused> for Problem {
    fn from(refused: TrickleRefused) -> Self {
        let case = match &refused {
            TrickleRefused::UnknownSession => Case::SessionNotFound,
            TrickleRefused::MatchMissing => Case::EtagMissing,
            TrickleRefused::MatchStale => Case::EtagStale,
            TrickleRefused::Malformed { .. } => Case::MalformedFragment,
        };
        Self::new(case, refused.to_string())
    }
}

fn seconds(duration: Duration) -> u32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

/// What a 503 asks for, seconds: long enough for a full queue to drain, short enough for a viewer to wait.
pub(super) const BUSY_SECONDS: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{BattleId, LiveId, UserId};

    #[test]
    fn waiting_viewer_is_told_whole_seconds_rounded_up() {
        let live = LiveId::new("a").unwrap();
        let refusal = Refusal::NotLive { live, retry_after: Duration::from_millis(1500) };
        assert_eq!(Problem::from(refusal).retry_after, Some(2));
    }

    #[test]
    fn every_503_and_429_says_when_to_return() {
        assert_eq!(Problem::from(Refusal::Busy).retry_after, Some(BUSY_SECONDS));
        assert_eq!(offer_problem(Protocol::Whip, &OfferRefused::TooMany).retry_after, Some(BUSY_SECONDS));
        let pending = Refusal::TooManyRequests { live: LiveId::new("a").unwrap(), pending: 16 };
        assert_eq!(Problem::from(pending).retry_after, Some(BUSY_SECONDS));
        assert_eq!(Problem::from(Refusal::Internal).retry_after, None);
    }

    #[test]
    fn refusals_that_take_much_to_meet_have_their_codes_too() {
        let (live, user) = (LiveId::new("a").unwrap(), UserId::new("u").unwrap());
        let battle = BattleId::parse("0190e8f0-0000-7000-8000-000000000000").unwrap();
        let keys = MetaDataFault::Keys { found: 11 };
        for (refusal, status, code, slug) in [
            (Refusal::UserConnectedTwice { user }, 409, 100_002, "user-connected-twice"),
            (Refusal::NoValidLive { battle }, 409, 100_412, "no-valid-live"),
            (Refusal::HostGone { live: live.clone() }, 409, 100_412, "host-gone"),
            (Refusal::TooManyRequests { live: live.clone(), pending: 16 }, 429, 100_405, "connection-too-often"),
            (Refusal::TooManySeatRequests { live }, 429, 900_429, "seat-requests-too-many"),
            (Refusal::TooManyLives { max: 1 }, 503, 100_013, "too-many-lives"),
            (Refusal::LedgerFull { max: 1 }, 503, 100_013, "ledger-full"),
            (Refusal::MetaData { fault: keys }, 422, 100_500, "meta-data-keys"),
            (Refusal::NotKept, 503, 900_503, "not-stored"),
            (Refusal::NotRead, 503, 900_503, "not-read"),
            (Refusal::Busy, 503, 900_503, "overloaded"),
            (Refusal::Closing, 503, 900_503, "draining"),
            (Refusal::Internal, 500, 100_001, "internal"),
        ] {
            let (text, problem) = (refusal.to_string(), Problem::from(refusal));
            let row = problem.case.row();
            assert_eq!((row.status.as_u16(), row.code, row.slug), (status, code, slug), "{text}");
            assert!(!problem.detail.is_empty());
        }
    }

    #[test]
    fn malformed_offer_is_400_on_whip_and_422_on_whep() {
        let refused = OfferRefused::Malformed { detail: "no v= line".into() };
        assert_eq!(offer_problem(Protocol::Whip, &refused).status(), 400);
        assert_eq!(offer_problem(Protocol::Whep, &refused).status(), 422);
    }
}
