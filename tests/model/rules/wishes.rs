//! Applications for seats and invitations to them.

use super::{Allowed, Live, Model, Outcome, Pending, refuse, refuse_at, seats, short, within};
use crate::command::{By, Reply, SeatWish};
use crate::said::{Answer, Case, Event};
use crate::words::{Text, WishSeen};

/// Applications and invitations that may be pending in one live.
const PENDING_MAX: usize = 100;

impl Model {
    pub(super) fn apply(&mut self, id: Text, by: By, wish: &SeatWish) -> Outcome {
        if by != By::Backend && !self.is_self(id, by, wish.user.id) {
            return refuse(Case::SeatForbidden, "");
        }
        let seen = self.wish(id, wish, true)?;
        self.tell(vec![id], Event::Applied(seen));
        Ok(Answer::Wish(seen))
    }

    pub(super) fn invite(&mut self, id: Text, by: By, wish: &SeatWish) -> Outcome {
        seats::check_manages(by)?;
        let seen = self.wish(id, wish, false)?;
        let host = self.known(id)?.host();
        self.tell(vec![id], Event::Invited { host, wish: seen });
        Ok(Answer::Wish(seen))
    }

    /// One of a user at a time, for a seat that it could take now.
    fn wish(&mut self, id: Text, wish: &SeatWish, application: bool) -> Allowed<WishSeen<'static>> {
        let seconds = within("timeoutSeconds", wish.seconds.unwrap_or(30), 0, 86_400)?;
        short("extensionInfo", wish.extension, 2_048)?;
        super::lives::check_person("userName", "avatarUrl", &wish.user)?;
        let live = self.known(id)?;
        if live.owner.id == wish.user.id {
            return refuse(Case::OwnerSeat, id);
        }
        let index = wish.index.map(|index| self.check_guest_index(id, index)).transpose()?;
        if let Some(pending) = live.pending_of(wish.user.id) {
            return refuse_at(Case::AlreadyQueued, wish.user.id, pending.application.into());
        }
        match index {
            Some(index) => self.check_may_sit(id, index, wish.user.id)?,
            None => drop(self.check_any_seat(id, wish.user.id)?),
        }
        if live.pending.len() >= PENDING_MAX {
            return refuse(Case::TooManySeatRequests, id);
        }
        let expires = (seconds > 0).then(|| self.now + 1_000 * seconds);
        let pending = Pending { application, user: wish.user, index: wish.index, extension: wish.extension, expires };
        self.live_mut(id).pending.push(pending);
        Ok(pending.seen(id))
    }

    /// Who was asked accepts or rejects, who asked takes it back; the backend may do all.
    pub(super) fn reply(&mut self, id: Text, by: By, application: bool, user: Text, reply: Reply) -> Outcome {
        let managers = application != (reply == Reply::Cancel);
        if managers {
            seats::check_manages(by)?;
        } else if by != By::Backend && !self.is_self(id, by, user) {
            return refuse(Case::SeatForbidden, "");
        }
        let live = self.known(id)?;
        let pending = live.pending_of(user).filter(|pending| pending.application == application);
        let Some(pending) = pending else { return refuse_at(Case::NotQueued, user, application.into()) };
        let host = live.host();
        let seat = match (reply, pending.index) {
            (Reply::Reject | Reply::Cancel, _) => None,
            (Reply::Accept, None) => Some(self.check_any_seat(id, user)?),
            (Reply::Accept, Some(index)) => {
                let index = self.check_index(id, index)?;
                self.check_may_sit(id, index, user)?;
                Some(index)
            }
        };
        self.live_mut(id).pending.retain(|pending| pending.user.id != user);
        let (guest, accept) = (pending.user, reply == Reply::Accept);
        if application && reply != Reply::Cancel && by == By::Backend {
            self.tell(vec![id], Event::ApplicationProcessed { guest, host, accept });
        }
        let event = match (application, reply) {
            (true, Reply::Cancel) => Event::ApplicationCancelled { guest },
            (true, Reply::Accept | Reply::Reject) => Event::ApplicationResponded { guest, host, accept },
            (false, Reply::Cancel) => Event::InvitationCancelled { host, guest },
            (false, Reply::Accept | Reply::Reject) => Event::InvitationResponded { guest, accept },
        };
        self.tell(vec![id], event);
        let Some(seat) = seat else { return Ok(Answer::Done) };
        self.sit(id, seat, guest);
        Ok(Answer::Seat(self.live_mut(id).seat_seen(seat)))
    }
}

impl Live {
    pub(super) fn pending_of(&self, user: &str) -> Option<Pending> {
        self.pending.iter().copied().find(|pending| pending.user.id == user)
    }
}

impl Pending {
    pub(super) fn seen(&self, live: Text) -> WishSeen<'static> {
        let index = self.index.map_or(-1, |index| i64::try_from(index).expect("at most 50"));
        WishSeen { live, user: self.user, index, extension: self.extension, expires: self.expires }
    }
}
