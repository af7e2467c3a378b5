//! Hosts' media and event sockets come and go; who may publish and who may watch; starting again. Of guests on seats:
//! `seat/publishing`.
//!
//! ```text
//! media    ▬▬▬▬▬▬▬▬▬▬▬┐            ┌▬▬▬▬▬▬▬┐
//! socket   ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬┐     │       │
//!                            │─────│       │──── host_grace ────▶ has left
//!                            one of both is enough to be there
//! ```

use std::time::Instant;

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use super::answer::{Answer, Publish};
use super::command::{LiveEndReason, MediaState, SocketState};
use super::effect::Effect;
use super::event::LeaveReason;
use super::fact::Fact;
use super::ids::{ConnectionId, LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{NOT_LIVE_RETRY, Rules};
use super::seed::{Draws, Seed};
use super::state::{Live, Presence, Snapshot, Socket};
use super::time::WallMs;

impl Presence {
    /// What it becomes with this news; `None` when it is none. What never flowed cannot be lost.
    pub(super) fn after(self, now: WallMs, news: MediaState) -> Option<Self> {
        match (news, self) {
            (MediaState::Up, Self::Never | Self::Down { .. }) => Some(Self::Up),
            (MediaState::Down, Self::Up) => Some(Self::Down { since: now }),
            (MediaState::Up, Self::Up) | (MediaState::Down, Self::Never | Self::Down { .. }) => None,
        }
    }
}

impl Live {
    /// Since when neither its host's media nor its host's event socket is there. A host who never opened a socket counts by
    /// the media alone; one who never published, by the socket alone; one who did neither is nobody that could be lost.
    fn absent_since(&self) -> Option<WallMs> {
        match (self.presence, self.socket) {
            (Presence::Up, _) | (_, Socket::Open) | (Presence::Never, Socket::Never) => None,
            (Presence::Down { since }, Socket::Never) | (Presence::Never, Socket::Lost { since }) => Some(since),
            (Presence::Down { since }, Socket::Lost { since: later }) => Some(since.max(later)),
        }
    }

    /// When the host has left, unless something of it comes back.
    pub(super) fn grace_ends(&self, rules: &Rules) -> Option<WallMs> {
        let absent = self.absent_since().filter(|_| !self.left)?;
        Some(absent.after(rules.host_grace).max(self.spared_until))
    }

    /// When the server ends the live: its host never published, or has been gone. A host who holds the socket open but
    /// publishes nothing any more is not gone.
    pub(super) fn idles(&self, rules: &Rules) -> Option<WallMs> {
        let since = match self.presence {
            Presence::Never => Some(self.created),
            Presence::Down { .. } => self.absent_since(),
            Presence::Up => None,
        };
        Some(since?.after(rules.live_idle).max(self.spared_until))
    }
}

impl Lives {
    /// A machine that goes on after a restart of the server: nobody's media or socket has come through that, and everybody
    /// has `restart_grace` to come back. What one was asked for, and had not answered, is asked again: only a battle that waits
    /// for answers goes on, since its id was told. Its first effects build all pictures again. Ids go on from `seed`, not from the
    /// snapshot's: what was decided after that was taken, and lost, may have drawn the same.
    #[must_use]
    pub fn restart(now: Instant, wall_now: WallMs, rules: Rules, mut snapshot: Snapshot, seed: Seed) -> Self {
        snapshot.counters.ids = Draws::new(seed);
        snapshot.requests.clear();
        snapshot.seating.forget_pending();
        let grace = rules.restart_grace;
        let mut lives = Self::seed(now, wall_now, rules, snapshot);
        lives.lose_everybody(wall_now, wall_now.after(grace));
        // All of them: what a guest is waited for depends on its live too.
        lives.rearm(lives.state.wakes());
        lives.stage_all();
        lives
    }

    /// Changed row by row, so that it is kept like all that happens.
    fn lose_everybody(&mut self, now: WallMs, spared_until: WallMs) {
        let all: Vec<_> = self.state.lives.iter().map(|(id, _)| id.clone()).collect();
        for live in all {
            let Some(row) = self.state.lives.get_mut(&live) else { continue };
            let (was_up, user) = (row.presence == Presence::Up, row.owner().clone());
            if was_up {
                row.presence = Presence::Down { since: now };
            }
            if row.socket == Socket::Open {
                row.socket = Socket::Lost { since: now };
            }
            row.spared_until = spared_until;
            if was_up {
                self.record(Fact::HostOffline { live, user, at: now });
            }
        }
        self.state.seating.lose_media(now);
    }

    fn stage_all(&mut self) {
        let connections: Vec<ConnectionId> = self.state.connections.iter().map(|(id, _)| *id).collect();
        connections.into_iter().for_each(|id| self.restage(id));
        let shown: Vec<_> = self.state.lives.iter().map(|(id, live)| (id.clone(), live.clone())).collect();
        for (id, live) in shown {
            if live.connection.is_none() {
                self.restage_live(&id);
            }
            let connection = live.connection.and_then(|id| self.state.connections.get(&id));
            let stage = connection.map(|connection| connection.stage).or(live.solo);
            if let Some(stage) = stage {
                self.effect(Effect::Route { feed: live.feed(), stage });
            }
        }
    }

    pub(super) fn media(&mut self, now: WallMs, source: SourceId, state: MediaState) {
        let Some(id) = self.state.serials.get(&source.0).cloned() else { return self.guest_media(now, source, state) };
        let Some(live) = self.state.lives.get(&id) else { return };
        let Some(next) = live.presence.after(now, state) else { return };
        let live = self.state.lives.get_mut(&id).expect("looked up above");
        live.left &= next != Presence::Up;
        live.presence = next;
        let (live, user) = (id.clone(), live.owner().clone());
        self.record(match state {
            MediaState::Up => Fact::HostOnline { live, user, at: now },
            MediaState::Down => Fact::HostOffline { live, user, at: now },
        });
        self.open_stage(&id);
    }

    /// The first media of a live, its host's or a guest's, is something to show.
    pub(super) fn open_stage(&mut self, id: &LiveId) {
        if self.state.lives.get(id).is_some_and(|live| live.connection.is_none() && live.solo.is_none()) {
            self.go_solo(id);
        }
    }

    /// The host's event sockets, all together: one that is open is enough.
    pub(super) fn host_socket(&mut self, now: WallMs, feed: FeedId, state: SocketState) {
        let Some(id) = u32::try_from(feed.0).ok().and_then(|serial| self.state.serials.get(&serial)).cloned() else {
            return;
        };
        let Some(socket) = self.state.lives.get(&id).map(|live| live.socket) else { return };
        let next = match (state, socket) {
            (SocketState::Open, Socket::Never | Socket::Lost { .. }) => Socket::Open,
            (SocketState::Lost, Socket::Open) => Socket::Lost { since: now },
            (SocketState::Open, Socket::Open) | (SocketState::Lost, Socket::Never | Socket::Lost { .. }) => return,
        };
        let live = self.state.lives.get_mut(&id).expect("looked up above");
        live.left &= next != Socket::Open;
        live.socket = next;
    }

    pub(super) fn publish(&self, live: &LiveId, user: &UserId) -> Result<Answer, Refusal> {
        let found = self.live(live)?;
        if found.owner() != user {
            return Err(Refusal::NotOwner { live: live.clone() });
        }
        Ok(Answer::Publish(Publish { source: found.source() }))
    }

    /// While anybody on the stage publishes, host or guest, there is something to watch.
    pub(super) fn watch(&self, live: &LiveId) -> Result<Answer, Refusal> {
        let feed = self.live(live)?.feed();
        let hosts = |member: &LiveId| self.live(member).is_ok_and(|live| live.presence == Presence::Up);
        let publishes = |member: &LiveId| hosts(member) || self.has_publishing_guest(member);
        if self.members_of(live).iter().any(publishes) {
            Ok(Answer::Watch(feed))
        } else {
            Err(Refusal::NotLive { live: live.clone(), retry_after: NOT_LIVE_RETRY })
        }
    }

    /// The host did not come back in time: it has left.
    pub(super) fn end_host_grace(&mut self, now: WallMs, id: &LiveId) {
        let Some(live) = self.state.lives.get_mut(id) else { return };
        live.left = true;
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
