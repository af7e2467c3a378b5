//! Seats.

use super::super::super::cases::Case;
use super::{Text, text};

/// What every command about a seat may meet.
macro_rules! with {
    ($($case:ident)*) => { &[Case::NoSeats, Case::SeatsFull, $(Case::$case,)*] };
}

const SEAT: &str = "seats";

pub(super) const TEXTS: &[Text] = &[
    text("GET", "/v1/lives/{live}/seats", "listSeats", SEAT)
        .says("List the seats", "Of the live, and of those connected with it, told apart by liveId.")
        .refuses(&[Case::SeatListEmpty]),
    text("POST", "/v1/lives/{live}/seats/move", "moveSeat", SEAT)
        .says("Move to another seat", "A user moves itself to a free seat; the owner and admins move anybody, by a policy for whoever sits there.")
        .refuses(with![NotSeated AlreadyOnSeat OwnerSeat SeatLocked SeatOccupied SeatNeedsConsent OwnerStays]),
    text("POST", "/v1/lives/{live}/seats/{index}/take", "takeSeat", SEAT)
        .says("Take a seat", "With seatMode apply a guest needs the owner's consent; an admin seats anybody. Role audience may not sit.")
        .refuses(with![SeatNeedsConsent AlreadyOnSeat AlreadySeated OwnerSeat SeatLocked SeatOccupied]),
    text("POST", "/v1/lives/{live}/seats/{index}/leave", "leaveSeat", SEAT)
        .says("Leave a seat", "One's own; an admin, whoever sits there.")
        .refuses(with![NotSeated OwnerStays]),
    text("POST", "/v1/lives/{live}/seats/{index}/lock", "lockSeat", SEAT)
        .says("Lock a seat", "Whoever sits there is removed first.")
        .refuses(with![OwnerSeat]),
    text("POST", "/v1/lives/{live}/seats/{index}/unlock", "unlockSeat", SEAT)
        .says("Unlock a seat", "")
        .refuses(with![OwnerSeat]),
    text("POST", "/v1/lives/{live}/seats/{index}/kick", "kickFromSeat", SEAT)
        .says("Remove whoever sits there", "")
        .refuses(with![NotSeated OwnerSeat]),
    text("POST", "/v1/lives/{live}/seats/{index}/mute", "muteSeat", SEAT)
        .says("Close a seat's microphone", "One's own, or by the owner, who must then unlock it: what the owner closes stays closed to that user, on any seat of the live and after leaving it.")
        .refuses(with![NotSeated DeviceLocked DeviceClosedByUser]),
    text("POST", "/v1/lives/{live}/seats/{index}/unmute", "unmuteSeat", SEAT)
        .says("Open a seat's microphone", "By the owner: the user may open it again.")
        .refuses(with![NotSeated DeviceLocked DeviceClosedByUser]),
    text("POST", "/v1/lives/{live}/seats/{index}/camera-on", "openCamera", SEAT)
        .says("Open a seat's camera", "By the owner: the user may open it again.")
        .refuses(with![NotSeated DeviceLocked DeviceClosedByUser]),
    text("POST", "/v1/lives/{live}/seats/{index}/camera-off", "closeCamera", SEAT)
        .says("Close a seat's camera", "One's own, or by the owner, who must then unlock it: what the owner closes stays closed to that user, on any seat of the live and after leaving it.")
        .refuses(with![NotSeated DeviceLocked DeviceClosedByUser]),
    text("GET", "/v1/lives/{live}/seat-applications", "listApplications", SEAT)
        .says("List pending applications", "All of them for the live's host and admins, at most 100; for others their own."),
    text("POST", "/v1/lives/{live}/seat-applications", "applyForSeat", SEAT)
        .says("Apply for a seat", "Role audience may not.")
        .refuses(with![OwnerSeat SeatQueued SeatTooOften AlreadySeated SeatLocked SeatOccupied]),
    text("POST", "/v1/lives/{live}/seat-applications/{user}/accept", "acceptApplication", SEAT)
        .says("Accept an application", "The user sits down.")
        .refuses(with![SeatNotQueued AlreadySeated SeatLocked SeatOccupied]),
    text("POST", "/v1/lives/{live}/seat-applications/{user}/reject", "rejectApplication", SEAT)
        .says("Reject an application", "")
        .refuses(with![SeatNotQueued]),
    text("POST", "/v1/lives/{live}/seat-applications/{user}/cancel", "cancelApplication", SEAT)
        .says("Take an application back", "")
        .refuses(with![SeatNotQueued]),
    text("GET", "/v1/lives/{live}/seat-invitations", "listInvitations", SEAT)
        .says("List pending invitations", "All of them for the live's host and admins, at most 100; for others their own."),
    text("POST", "/v1/lives/{live}/seat-invitations", "inviteToSeat", SEAT)
        .says("Invite a user to a seat", "")
        .refuses(with![OwnerSeat SeatQueued SeatTooOften AlreadySeated SeatLocked SeatOccupied]),
    text("POST", "/v1/lives/{live}/seat-invitations/{user}/accept", "acceptInvitation", SEAT)
        .says("Accept an invitation to a seat", "The user sits down.")
        .refuses(with![SeatNotQueued AlreadySeated SeatLocked SeatOccupied]),
    text("POST", "/v1/lives/{live}/seat-invitations/{user}/reject", "rejectInvitation", SEAT)
        .says("Reject an invitation to a seat", "")
        .refuses(with![SeatNotQueued]),
    text("POST", "/v1/lives/{live}/seat-invitations/{user}/cancel", "cancelInvitation", SEAT)
        .says("Take an invitation to a seat back", "")
        .refuses(with![SeatNotQueued]),
];
