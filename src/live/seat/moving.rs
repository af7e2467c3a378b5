//! Changing seats.

use super::super::answer::Answer;
use super::super::command::{MovePolicy, SeatMode};
use super::super::event::SeatReason;
use super::super::ids::UserId;
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::{Asked, Change, OWNER_SEAT};

impl Lives {
    /// Owner and backend move guests anywhere, a locked seat is unlocked by it; where the mode is free a guest moves
    /// itself to a free seat.
    pub(super) fn move_user(
        &mut self,
        asked: &Asked,
        user: &UserId,
        to: u64,
        policy: MovePolicy,
    ) -> Result<Answer, Refusal> {
        let manages = asked.must_manage("moving another user").is_ok();
        if !manages {
            self.check_moves_itself(asked, user, policy)?;
        }
        let live = &asked.live;
        let to = self.seat_index(live, to)?;
        let from = self.state.seating.index_of(live, user);
        let from = from.ok_or_else(|| Refusal::UserNotSeated { user: user.clone() })?;
        if from == to {
            return Err(Refusal::AlreadyOnSeat { user: user.clone(), index: to });
        }
        if from == OWNER_SEAT || to == OWNER_SEAT {
            return Err(Refusal::OwnerSeat { live: live.clone() });
        }
        let (mut left, mut entered) = (self.state.seating.seat(live, from), self.state.seating.seat(live, to));
        if entered.locked && !manages {
            return Err(Refusal::SeatLocked { index: to });
        }
        entered.locked = false;
        let mover = left.sitter.take();
        let met = std::mem::replace(&mut entered.sitter, mover);
        let mut change = Change::of(SeatReason::Moved, vec![from, to]);
        let mut removed = None;
        match (met, policy) {
            (None, _) => {}
            (Some(met), MovePolicy::AbortWhenOccupied) => {
                return Err(Refusal::SeatOccupied { index: to, user: met.user.user_id.clone() });
            }
            (Some(met), MovePolicy::ForceReplace) => removed = Some(met),
            (Some(met), MovePolicy::SwapPosition) => left.sitter = Some(met),
        }
        self.state.seating.put(live, from, left);
        self.state.seating.put(live, to, entered);
        if let Some(removed) = removed {
            change.lose(&removed);
            self.tell_kicked(asked.now, live, to, (*removed.user).clone(), SeatReason::Replaced);
        }
        self.seats_changed(asked.now, live, change);
        Ok(Answer::Seat(Box::new(self.seat_info(live, to))))
    }

    fn check_moves_itself(&self, asked: &Asked, user: &UserId, policy: MovePolicy) -> Result<(), Refusal> {
        if !self.is_self(asked, user) {
            return asked.must_manage("moving another user");
        }
        if policy != MovePolicy::AbortWhenOccupied {
            return asked.must_manage("moving with another policy than abortWhenOccupied (0)");
        }
        match self.live(&asked.live)?.info.seat_mode {
            SeatMode::Free => Ok(()),
            SeatMode::Apply => Err(Refusal::SeatNeedsConsent { live: asked.live.clone() }),
        }
    }
}
