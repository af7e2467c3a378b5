//! Taking and leaving a seat, being removed from one, locking.

use super::super::answer::Answer;
use super::super::command::{By, SeatMode, User};
use super::super::event::{SeatEvent, SeatReason};
use super::super::ids::{LiveId, UserId};
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::super::rules::short;
use super::super::time::WallMs;
use super::{Asked, Change, OWNER_SEAT, Sitter};

impl Lives {
    /// Guests sit down by themselves where the mode is free; the backend puts anybody anywhere; the owner invites.
    pub(super) fn take_seat(&mut self, asked: &Asked, index: u64, user: User) -> Result<Answer, Refusal> {
        let live = self.live(&asked.live)?;
        let (is_owner, mode) = (*live.owner() == user.user_id, live.info.seat_mode);
        if asked.by != By::Backend {
            if !self.is_self(asked, &user.user_id) {
                let what = "seating another user (the owner invites: POST …/seat-invitations)";
                return Err(Refusal::SeatForbidden { what, who: "an admin" });
            }
            if mode == SeatMode::Apply && !is_owner {
                return Err(Refusal::SeatNeedsConsent { live: asked.live.clone() });
            }
        }
        check_user(&user)?;
        let index = self.seat_index(&asked.live, index)?;
        self.check_free(&asked.live, index, &user.user_id)?;
        self.sit(asked.now, &asked.live, index, user)?;
        Ok(Answer::Seat(Box::new(self.seat_info(&asked.live, index))))
    }

    /// Whether `user` may sit down on seat `index`, which exists.
    pub(super) fn check_free(&self, live: &LiveId, index: u32, user: &UserId) -> Result<(), Refusal> {
        match self.state.seating.index_of(live, user) {
            Some(own) if own == index => return Err(Refusal::AlreadyOnSeat { user: user.clone(), index }),
            Some(own) => return Err(Refusal::AlreadySeated { user: user.clone(), index: own }),
            None => {}
        }
        if (index == OWNER_SEAT) != (self.live(live)?.owner() == user) {
            return Err(Refusal::OwnerSeat { live: live.clone() });
        }
        self.check_seat_free(live, index)
    }

    /// Whether seat `index` is neither locked nor taken.
    pub(super) fn check_seat_free(&self, live: &LiveId, index: u32) -> Result<(), Refusal> {
        let seat = self.state.seating.seat(live, index);
        if seat.locked {
            return Err(Refusal::SeatLocked { index });
        }
        match seat.sitter {
            Some(sitter) => Err(Refusal::SeatOccupied { index, user: sitter.user.user_id.clone() }),
            None => Ok(()),
        }
    }

    /// The user sits down: what was asked about that user before is over.
    pub(super) fn sit(&mut self, now: WallMs, live: &LiveId, index: u32, user: User) -> Result<(), Refusal> {
        let source = if index == OWNER_SEAT { None } else { Some(self.new_guest(live, &user.user_id)?) };
        let mut seat = self.state.seating.seat(live, index);
        let closed = self.state.seating.closed(live, &user.user_id);
        seat.sitter = Some(Sitter::new(user.clone(), source, closed));
        self.state.seating.put(live, index, seat);
        self.close_pending_as_seated(now, live, &user.user_id);
        let change = Change { seated: vec![user], ..Change::of(SeatReason::Taken, vec![index]) };
        self.seats_changed(now, live, change);
        Ok(())
    }

    /// An owner whose live keeps it on its seat (keepOwnerOnSeat) stays.
    pub(super) fn leave_seat(&mut self, asked: &Asked, index: u64) -> Result<Answer, Refusal> {
        let index = self.seat_index(&asked.live, index)?;
        let user = self.sitter(&asked.live, index)?;
        if asked.by != By::Backend && !self.is_self(asked, &user.user_id) {
            return Err(Refusal::NotSeated { index });
        }
        if index == OWNER_SEAT && self.live(&asked.live)?.info.keep_owner_on_seat {
            return Err(Refusal::OwnerStays { live: asked.live.clone() });
        }
        self.go_from_seat(asked.now, &asked.live, index, SeatReason::Left);
        Ok(Answer::Done)
    }

    pub(super) fn kick(&mut self, asked: &Asked, index: u64) -> Result<Answer, Refusal> {
        asked.must_manage("removing a user from a seat")?;
        let index = self.guest_seat(&asked.live, index)?;
        self.sitter(&asked.live, index)?;
        self.remove_users(asked.now, &asked.live, &[index], SeatReason::Kicked);
        Ok(Answer::Done)
    }

    /// Whoever sits there is removed first. Locking a locked seat changes nothing.
    pub(super) fn lock_seat(&mut self, asked: &Asked, index: u64) -> Result<Answer, Refusal> {
        asked.must_manage("locking a seat")?;
        let index = self.guest_seat(&asked.live, index)?;
        if !self.state.seating.seat(&asked.live, index).locked {
            self.remove_users(asked.now, &asked.live, &[index], SeatReason::Locked);
            self.set_locked(asked, index, true);
        }
        Ok(Answer::Done)
    }

    /// Unlocking a seat that is not locked changes nothing.
    pub(super) fn unlock_seat(&mut self, asked: &Asked, index: u64) -> Result<Answer, Refusal> {
        asked.must_manage("unlocking a seat")?;
        let index = self.guest_seat(&asked.live, index)?;
        if self.state.seating.seat(&asked.live, index).locked {
            self.set_locked(asked, index, false);
        }
        Ok(Answer::Done)
    }

    fn set_locked(&mut self, asked: &Asked, index: u32, locked: bool) {
        let mut seat = self.state.seating.seat(&asked.live, index);
        seat.locked = locked;
        self.state.seating.put(&asked.live, index, seat);
        let reason = if locked { SeatReason::Locked } else { SeatReason::Unlocked };
        self.seats_changed(asked.now, &asked.live, Change::of(reason, vec![index]));
    }

    /// Whoever sits on these seats is removed and told why.
    pub(super) fn remove_users(&mut self, now: WallMs, live: &LiveId, seats: &[u32], reason: SeatReason) {
        let mut change = Change::of(reason, Vec::new());
        for &index in seats {
            let Some(sitter) = self.stand_up(live, index) else { continue };
            let user = (*sitter.user).clone();
            change.touched.push(index);
            change.lose(&sitter);
            self.tell_kicked(now, live, index, user, reason);
        }
        if !change.touched.is_empty() {
            self.seats_changed(now, live, change);
        }
    }

    pub(super) fn tell_kicked(&mut self, now: WallMs, live: &LiveId, index: u32, guest: User, reason: SeatReason) {
        let Ok(host) = self.live(live).map(|live| live.host()) else { return };
        self.tell_seat(now, live, SeatEvent::KickedOff { seat_index: index, host, guest, reason });
    }

    /// Who sits on seat `index`.
    pub(super) fn sitter(&self, live: &LiveId, index: u32) -> Result<User, Refusal> {
        let sitter = self.state.seating.seat(live, index).sitter;
        sitter.map(|sitter| (*sitter.user).clone()).ok_or(Refusal::NotSeated { index })
    }

    /// Whoever sits on seat `index` goes, by its own will or because it is not there any more.
    pub(super) fn go_from_seat(&mut self, now: WallMs, live: &LiveId, index: u32, reason: SeatReason) {
        let Some(sitter) = self.stand_up(live, index) else { return };
        let mut change = Change::of(reason, vec![index]);
        change.lose(&sitter);
        self.seats_changed(now, live, change);
    }

    fn stand_up(&mut self, live: &LiveId, index: u32) -> Option<Sitter> {
        let mut seat = self.state.seating.seat(live, index);
        let sitter = seat.sitter.take()?;
        self.state.seating.put(live, index, seat);
        Some(sitter)
    }
}

/// The limits that owners of lives have too.
pub(super) fn check_user(user: &User) -> Result<(), Refusal> {
    short("userName", &user.user_name, 100)?;
    short("avatarUrl", &user.avatar_url, 500)
}
