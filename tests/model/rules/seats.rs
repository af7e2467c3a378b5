//! Taking a seat and leaving it, being removed from it, locking it, moving.

use super::{Allowed, Model, Outcome, Pending, Seat, Sitting, refuse, refuse_at};
use crate::command::{By, Policy};
use crate::said::{Answer, Case, Event, Why};
use crate::twist::Twist;
use crate::words::{Person, Text};

impl Model {
    /// Whether `by` is this user.
    pub(super) fn is_self(&self, id: Text, by: By, user: Text) -> bool {
        match by {
            By::Backend => false,
            By::Owner => self.live(id).is_some_and(|live| live.owner.id == user),
            By::Guest(guest) => guest == user,
        }
    }

    /// A guest for itself where the mode is free, the backend for anybody.
    pub(super) fn take(&mut self, id: Text, by: By, index: u64, user: Person<'static>) -> Outcome {
        if by != By::Backend {
            if !self.is_self(id, by, user.id) {
                return refuse(Case::SeatForbidden, "");
            }
            let live = self.known(id)?;
            if !live.settings.free && live.owner.id != user.id {
                return refuse(Case::SeatNeedsConsent, id);
            }
        }
        super::lives::check_person("userName", "avatarUrl", &user)?;
        let index = self.check_index(id, index)?;
        self.check_may_sit(id, index, user.id)?;
        self.sit(id, index, user);
        Ok(Answer::Seat(self.live_mut(id).seat_seen(index)))
    }

    /// The user sits there now, and what was asked about it before is over.
    pub(super) fn sit(&mut self, id: Text, index: usize, user: Person<'static>) {
        let serial = if index == 0 { 0 } else { self.next_serial() };
        let live = self.live_mut(id);
        let closed = live.closed_to(user.id);
        live.seats[index].sitter = Some(Sitting::new(user, serial, closed));
        self.drop_pending(id, user.id, ALREADY_SEATED);
        self.tell_seats(id, Why::Taken, &[index], vec![user], vec![]);
    }

    pub(super) fn drop_pending(&mut self, id: Text, user: Text, reason: u64) {
        let live = self.live_mut(id);
        let Some(at) = live.pending.iter().position(|pending| pending.user.id == user) else { return };
        let Pending { application, user: guest, .. } = live.pending.remove(at);
        let event = if application {
            Event::ApplicationNoResponse { guest, reason }
        } else {
            Event::InvitationNoResponse { guest, reason }
        };
        self.tell(vec![id], event);
    }

    /// All lives that share a picture hear of seats.
    pub(super) fn tell_seats(
        &mut self,
        id: Text,
        why: Why,
        touched: &[usize],
        seated: Vec<Person<'static>>,
        left: Vec<Person<'static>>,
    ) {
        let seats = touched.iter().map(|index| self.live_mut(id).seat_seen(*index)).collect();
        self.tell(self.together(id), Event::Seats { live: id, why, seats, seated, left });
    }

    pub(super) fn stand_up(&mut self, id: Text, by: By, index: u64) -> Outcome {
        let at = self.check_index(id, index)?;
        let live = self.known(id)?;
        let Some(sitter) = live.seats[at].sitter else { return refuse_at(Case::NotSeated, "", index) };
        if by != By::Backend && !self.is_self(id, by, sitter.user.id) {
            return refuse_at(Case::NotSeated, "", index);
        }
        if at == 0 && live.settings.keep_owner {
            return refuse(Case::OwnerStays, id);
        }
        self.live_mut(id).seats[at].sitter = None;
        self.tell_seats(id, Why::Left, &[at], vec![], vec![sitter.user]);
        Ok(Answer::Done)
    }

    pub(super) fn kick(&mut self, id: Text, by: By, index: u64) -> Outcome {
        check_manages(by)?;
        let at = self.check_guest_index(id, index)?;
        if self.known(id)?.seats[at].sitter.is_none() {
            return refuse_at(Case::NotSeated, "", index);
        }
        self.remove_sitters(id, &[index], Why::Kicked);
        Ok(Answer::Done)
    }

    /// Whoever sits there is removed first.
    pub(super) fn lock(&mut self, id: Text, by: By, index: u64) -> Outcome {
        check_manages(by)?;
        let at = self.check_guest_index(id, index)?;
        if !self.known(id)?.seats[at].locked {
            if self.twist != Some(Twist::LockingKeepsTheSitter) {
                self.remove_sitters(id, &[index], Why::Locked);
            }
            self.live_mut(id).seats[at].locked = true;
            self.tell_seats(id, Why::Locked, &[at], vec![], vec![]);
        }
        Ok(Answer::Done)
    }

    pub(super) fn unlock(&mut self, id: Text, by: By, index: u64) -> Outcome {
        check_manages(by)?;
        let at = self.check_guest_index(id, index)?;
        if self.known(id)?.seats[at].locked {
            self.live_mut(id).seats[at].locked = false;
            self.tell_seats(id, Why::Unlocked, &[at], vec![], vec![]);
        }
        Ok(Answer::Done)
    }

    /// Each who is removed is told, then all are told of the seats together.
    pub(super) fn remove_sitters(&mut self, id: Text, seats: &[u64], why: Why) {
        let (mut touched, mut left) = (Vec::new(), Vec::new());
        for &index in seats {
            let at = usize::try_from(index).expect("at most 50");
            let host = self.live_mut(id).host();
            if let Some(sitter) = self.live_mut(id).seats[at].sitter.take() {
                touched.push(at);
                left.push(sitter.user);
                self.tell(vec![id], Event::KickedOff { index, host, guest: sitter.user, why });
            }
        }
        if !touched.is_empty() {
            self.tell_seats(id, why, &touched, vec![], left);
        }
    }

    /// Who manages moves guests anywhere, which unlocks the seat; a guest moves itself to a free seat where the mode is
    /// free.
    pub(super) fn move_to(&mut self, id: Text, by: By, user: Text, to: u64, policy: Policy) -> Outcome {
        let manages = check_manages(by).is_ok();
        if !manages {
            if !self.is_self(id, by, user) || policy != Policy::Abort {
                return refuse(Case::SeatForbidden, "");
            }
            if !self.known(id)?.settings.free {
                return refuse(Case::SeatNeedsConsent, id);
            }
        }
        let at = self.check_index(id, to)?;
        let Some(from) = self.known(id)?.seat_of(user) else { return refuse(Case::NotSeated, user) };
        if from == at {
            return refuse_at(Case::AlreadyOnSeat, user, to);
        }
        if from == 0 || at == 0 {
            return refuse(Case::OwnerSeat, id);
        }
        let (old, new) = (self.known(id)?.seats[from], self.known(id)?.seats[at]);
        if new.locked && !manages {
            return refuse_at(Case::SeatLocked, "", to);
        }
        let policy =
            if self.twist == Some(Twist::SwapReplaces) && policy == Policy::Swap { Policy::Replace } else { policy };
        let (back, removed) = match (new.sitter, policy) {
            (None, _) => (None, None),
            (Some(met), Policy::Abort) => return refuse_at(Case::SeatOccupied, met.user.id, to),
            (Some(met), Policy::Replace) => (None, Some(met.user)),
            (Some(met), Policy::Swap) => (Some(met), None),
        };
        let twist = self.twist;
        let live = self.live_mut(id);
        live.seats[from] = Seat { locked: old.locked, sitter: back };
        live.seats[at] = Seat { locked: false, sitter: old.sitter };
        if twist == Some(Twist::SourcesStayWithSeats) {
            super::guests::swap_serials(live, from, at);
        }
        if let Some(guest) = removed {
            let host = live.host();
            self.tell(vec![id], Event::KickedOff { index: to, host, guest, why: Why::Replaced });
        }
        self.tell_seats(id, Why::Moved, &[from, at], vec![], removed.into_iter().collect());
        Ok(Answer::Seat(self.live_mut(id).seat_seen(at)))
    }
}

/// The owner and the backend manage a live's seats.
pub(super) fn check_manages(by: By) -> Allowed {
    match by {
        By::Backend | By::Owner => Ok(()),
        By::Guest(_) => refuse(Case::SeatForbidden, ""),
    }
}

/// NoResponseReason.
pub(super) const TIMEOUT: u64 = 0;
/// NoResponseReason.
pub(super) const ALREADY_SEATED: u64 = 1;
