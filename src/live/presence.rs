//! Hosts' media comes and goes; who may publish and who may watch.

use costage_media::scene::SourceId;

use super::answer::{Answer, Publish};
use super::command::{LiveEndReason, MediaState};
use super::event::LeaveReason;
use super::ids::{LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::NOT_LIVE_RETRY;
use super::state::Presence;
use super::time::WallMs;

impl Lives {
    pub(super) fn media(&mut self, now: WallMs, source: SourceId, state: MediaState) {
        let Some(id) = self.state.serials.get(&source.0).cloned() else { return };
        let Some(live) = self.state.lives.get(&id) else { return };
        let was_up = live.presence == Presence::Up;
        let next = match state {
            MediaState::Up if !was_up => Presence::Up,
            MediaState::Down if was_up => Presence::Down { since: now, gone: false },
            MediaState::Up | MediaState::Down => return,
        };
        let alone = live.connection.is_none() && live.solo.is_none();
        self.state.lives.get_mut(&id).expect("looked up above").presence = next;
        if alone {
            self.go_solo(&id);
        }
    }

    pub(super) fn publish(&self, live: &LiveId, user: &UserId) -> Result<Answer, Refusal> {
        let found = self.live(live)?;
        if found.owner() != user {
            return Err(Refusal::NotOwner { live: live.clone() });
        }
        Ok(Answer::Publish(Publish { source: found.source() }))
    }

    pub(super) fn watch(&self, live: &LiveId) -> Result<Answer, Refusal> {
        let feed = self.live(live)?.feed();
        let publishes = |member: &LiveId| self.live(member).is_ok_and(|live| live.presence == Presence::Up);
        if self.members_of(live).iter().any(publishes) {
            Ok(Answer::Watch(feed))
        } else {
            Err(Refusal::NotLive { live: live.clone(), retry_after: NOT_LIVE_RETRY })
        }
    }

    /// The host did not come back in time: it has left.
    pub(super) fn end_host_grace(&mut self, now: WallMs, id: &LiveId) {
        let Some(live) = self.state.lives.get_mut(id) else { return };
        if let Presence::Down { since, .. } = live.presence {
            live.presence = Presence::Down { since, gone: true };
        }
        self.leave_connection(now, id, LeaveReason::Disconnected);
        self.withdraw_requests(now, id);
    }

    pub(super) fn end_idle_live(&mut self, now: WallMs, id: &LiveId) {
        let seconds = self.rules.live_idle.as_secs();
        let message = format!("nobody published for {seconds} seconds");
        // Only an unknown live is refused, and one that has just been ended by its other deadline needs no more.
        let _ = self.end_live(now, id, LiveEndReason::EndedByServer, &message);
    }
}
