//! Applying for a seat, inviting to one.

use std::sync::Arc;
use std::time::Duration;

use super::super::answer::Answer;
use super::super::command::{By, SeatRequestKind, SeatWish};
use super::super::event::SeatEvent;
use super::super::ids::LiveId;
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::super::rules::{
    EXTENSION_BYTES_MAX, LIVE_SEAT_REQUESTS_MAX, SEAT_REQUEST_SECONDS, SEAT_REQUESTS_MAX, short, within,
};
use super::Asked;
use super::rows::Pending;
use super::sitting::check_user;

impl Lives {
    /// In both modes: where the mode is free, who wants a certain answer may still ask.
    pub(super) fn apply_for_seat(&mut self, asked: &Asked, wish: SeatWish) -> Result<Answer, Refusal> {
        if asked.by != By::Backend && !self.is_self(asked, &wish.user.user_id) {
            let what = "applying for another user (the owner invites: POST …/seat-invitations)";
            return Err(Refusal::SeatForbidden { what, who: "an admin" });
        }
        let pending = self.ask_for_seat(asked, wish, SeatRequestKind::Application)?;
        let request = pending.info(&asked.live);
        self.tell_seat(asked.now, &asked.live, SeatEvent::ApplicationReceived { guest: request.clone() });
        Ok(Answer::SeatRequest(Box::new(request)))
    }

    pub(super) fn invite_to_seat(&mut self, asked: &Asked, wish: SeatWish) -> Result<Answer, Refusal> {
        asked.must_manage("inviting to a seat")?;
        let pending = self.ask_for_seat(asked, wish, SeatRequestKind::Invitation)?;
        let request = pending.info(&asked.live);
        let host = self.live(&asked.live)?.host();
        self.tell_seat(asked.now, &asked.live, SeatEvent::InvitationReceived { host, guest: request.clone() });
        Ok(Answer::SeatRequest(Box::new(request)))
    }

    /// One request a user at a time, whichever way: to one that is pending the answer is to accept it.
    fn ask_for_seat(&mut self, asked: &Asked, wish: SeatWish, kind: SeatRequestKind) -> Result<Pending, Refusal> {
        let seconds = wish.timeout.map(|timeout| timeout.as_secs());
        let seconds = within("timeoutSeconds", seconds, SEAT_REQUEST_SECONDS)?;
        short("extensionInfo", &wish.extension_info, EXTENSION_BYTES_MAX)?;
        check_user(&wish.user)?;
        let (live, user) = (&asked.live, &wish.user.user_id);
        if self.live(live)?.owner() == user {
            return Err(Refusal::OwnerSeat { live: live.clone() });
        }
        let index = wish.index.map(|index| self.guest_seat(live, index)).transpose()?;
        if let Some(pending) = self.state.seating.pending.get(&(live.clone(), user.clone())) {
            let kind = pending.kind;
            return Err(Refusal::AlreadyQueued { user: user.clone(), kind });
        }
        match index {
            Some(index) => self.check_free(live, index, user)?,
            None => drop(self.any_seat(live, user)?),
        }
        let own = self.state.seating.pending_of(live).count();
        if own >= LIVE_SEAT_REQUESTS_MAX || self.state.seating.pending.len() >= SEAT_REQUESTS_MAX {
            return Err(Refusal::TooManySeatRequests { live: live.clone() });
        }
        let pending = Pending {
            kind,
            index,
            extension_info: Arc::from(wish.extension_info),
            expires: (seconds > 0).then(|| asked.now.after(Duration::from_secs(seconds))),
            user: Arc::new(wish.user),
        };
        self.state.seating.pending.insert((live.clone(), pending.user.user_id.clone()), pending.clone());
        Ok(pending)
    }

    /// The first free seat for a guest who has none.
    pub(super) fn any_seat(&self, live: &LiveId, user: &super::super::ids::UserId) -> Result<u32, Refusal> {
        if let Some(index) = self.state.seating.index_of(live, user) {
            return Err(Refusal::AlreadySeated { user: user.clone(), index });
        }
        let places = self.places(live);
        let free = (1..places).find(|index| self.check_seat_free(live, *index).is_ok());
        free.ok_or(Refusal::SeatsFull { places })
    }
}
