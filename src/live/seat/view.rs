//! Lists of seats and of what is asked about them.

use super::super::answer::{Answer, DeviceStatus, SeatInfo, SeatRequest, SeatRequests, SeatRole, SeatUser};
use super::super::command::SeatRequestKind;
use super::super::ids::LiveId;
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::rows::{Pending, Sitter};

impl Lives {
    /// The seats that a live's clients see: its own, then those of the lives connected with it, in the order of places.
    pub(in crate::live) fn seat_list(&self, live: &LiveId) -> Vec<SeatInfo> {
        let others = self.members_of(live).into_iter().filter(|other| other != live);
        std::iter::once(live.clone()).chain(others).flat_map(|live| self.seats_of(&live)).collect()
    }

    pub(super) fn seats_of(&self, live: &LiveId) -> Vec<SeatInfo> {
        (0..self.seat_count(live)).map(|index| self.seat_info(live, index)).collect()
    }

    pub(super) fn seat_info(&self, live: &LiveId, index: u32) -> SeatInfo {
        let seat = self.state.seating.seat(live, index);
        let user_info = seat.sitter.map(|sitter| self.seat_user(live, &sitter));
        SeatInfo { live_id: live.clone(), index, is_locked: seat.locked, user_info }
    }

    fn seat_user(&self, live: &LiveId, sitter: &Sitter) -> SeatUser {
        // The owner is as the live says, which may have been updated since.
        let owner = self.state.lives.get(live).map(|live| &live.info.owner);
        let owner = owner.filter(|owner| owner.user_id == sitter.user.user_id);
        SeatUser {
            role: if owner.is_some() { SeatRole::Owner } else { SeatRole::Guest },
            user: owner.unwrap_or(&sitter.user).clone(),
            live_id: live.clone(),
            microphone_status: sitter.microphone,
            allow_open_microphone: sitter.microphone != DeviceStatus::ClosedByAdmin,
            camera_status: sitter.camera,
            allow_open_camera: sitter.camera != DeviceStatus::ClosedByAdmin,
        }
    }

    pub(in crate::live) fn seat_requests(&self, live: &LiveId) -> SeatRequests {
        let of = |kind: SeatRequestKind| {
            let own = self.state.seating.pending_of(live).filter(|pending| pending.kind == kind);
            own.map(|pending| pending.info(live)).collect()
        };
        SeatRequests { applicants: of(SeatRequestKind::Application), invitees: of(SeatRequestKind::Invitation) }
    }

    pub(in crate::live) fn find_seats(&self, live: &LiveId) -> Result<Answer, Refusal> {
        self.live(live)?;
        let seats = self.seat_list(live);
        if seats.is_empty() {
            return Err(Refusal::SeatListEmpty { live: live.clone() });
        }
        Ok(Answer::Seats(seats))
    }

    pub(in crate::live) fn find_seat_requests(&self, live: &LiveId) -> Result<Answer, Refusal> {
        self.live(live)?;
        Ok(Answer::SeatRequests(self.seat_requests(live)))
    }
}

impl Pending {
    pub(super) fn info(&self, live: &LiveId) -> SeatRequest {
        SeatRequest {
            user: (*self.user).clone(),
            live_id: live.clone(),
            seat_index: self.index.map_or(-1, i64::from),
            extension_info: self.extension_info.to_string(),
            expire_time: self.expires,
        }
    }
}
