//! Answers to applications and invitations, and what becomes of those that get none.

use super::super::answer::Answer;
use super::super::command::{By, SeatReply, SeatRequestKind, User};
use super::super::event::{NoResponse, SeatEvent};
use super::super::ids::{LiveId, UserId};
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::super::time::WallMs;
use super::Asked;
use super::rows::Pending;

impl Lives {
    /// Who was asked accepts or rejects, who asked cancels; the backend may do all.
    pub(super) fn answer_seat_request(
        &mut self,
        asked: &Asked,
        kind: SeatRequestKind,
        user: &UserId,
        reply: SeatReply,
    ) -> Result<Answer, Refusal> {
        let for_owner = match (kind, reply) {
            (SeatRequestKind::Application, SeatReply::Accept | SeatReply::Reject) => true,
            (SeatRequestKind::Application, SeatReply::Cancel) => false,
            (SeatRequestKind::Invitation, SeatReply::Accept | SeatReply::Reject) => false,
            (SeatRequestKind::Invitation, SeatReply::Cancel) => true,
        };
        if for_owner {
            asked.must_manage("answering applications and cancelling invitations")?;
        } else if asked.by != By::Backend && !self.is_self(asked, user) {
            let what = "answering an invitation and cancelling an application";
            return Err(Refusal::SeatForbidden { what, who: "the guest whom it concerns, or an admin" });
        }
        let key = (asked.live.clone(), user.clone());
        let pending = self.state.seating.pending.get(&key).filter(|pending| pending.kind == kind).cloned();
        let pending = pending.ok_or_else(|| Refusal::NotQueued { user: user.clone(), kind })?;
        let index = match reply {
            SeatReply::Accept => Some(self.accepted_seat(&asked.live, &pending)?),
            SeatReply::Reject | SeatReply::Cancel => None,
        };
        self.state.seating.pending.remove(&key);
        let guest = (*pending.user).clone();
        self.tell_answer(asked, kind, guest.clone(), reply)?;
        let Some(index) = index else { return Ok(Answer::Done) };
        self.sit(asked.now, &asked.live, index, guest)?;
        Ok(Answer::Seat(Box::new(self.seat_info(&asked.live, index))))
    }

    /// Where who is accepted sits down; while there is no place, the request stays pending.
    fn accepted_seat(&self, live: &LiveId, pending: &Pending) -> Result<u32, Refusal> {
        let user = &pending.user.user_id;
        match pending.index {
            Some(index) => {
                let index = self.seat_index(live, index.into())?;
                self.check_free(live, index, user).map(|()| index)
            }
            None => self.any_seat(live, user),
        }
    }

    fn tell_answer(
        &mut self,
        asked: &Asked,
        kind: SeatRequestKind,
        guest: User,
        reply: SeatReply,
    ) -> Result<(), Refusal> {
        let host = self.live(&asked.live)?.host();
        let is_accept = reply == SeatReply::Accept;
        let answer = match (kind, reply) {
            (SeatRequestKind::Application, SeatReply::Accept | SeatReply::Reject) => {
                if asked.by == By::Backend {
                    let (guest, host) = (guest.clone(), host.clone());
                    let processed = SeatEvent::ApplicationProcessed { guest, host, is_accept };
                    self.tell_seat(asked.now, &asked.live, processed);
                }
                SeatEvent::ApplicationResponded { guest, host, is_accept }
            }
            (SeatRequestKind::Application, SeatReply::Cancel) => SeatEvent::ApplicationCancelled { guest },
            (SeatRequestKind::Invitation, SeatReply::Accept | SeatReply::Reject) => {
                SeatEvent::InvitationResponded { guest, is_accept }
            }
            (SeatRequestKind::Invitation, SeatReply::Cancel) => SeatEvent::InvitationCancelled { host, guest },
        };
        self.tell_seat(asked.now, &asked.live, answer);
        Ok(())
    }

    /// Who sits has no need of an answer any more.
    pub(super) fn close_pending_as_seated(&mut self, now: WallMs, live: &LiveId, user: &UserId) {
        self.close_pending(now, live, user, NoResponse::AlreadySeated);
    }

    pub(in crate::live) fn expire_seat_request(&mut self, now: WallMs, live: &LiveId, user: &UserId) {
        self.close_pending(now, live, user, NoResponse::Timeout);
    }

    fn close_pending(&mut self, now: WallMs, live: &LiveId, user: &UserId, reason: NoResponse) {
        let Some(pending) = self.state.seating.pending.remove(&(live.clone(), user.clone())) else { return };
        let (guest, reason_code) = ((*pending.user).clone(), reason.code());
        let closed = match pending.kind {
            SeatRequestKind::Application => SeatEvent::ApplicationNoResponse { guest, reason, reason_code },
            SeatRequestKind::Invitation => SeatEvent::InvitationNoResponse { guest, reason, reason_code },
        };
        self.tell_seat(now, live, closed);
    }
}
