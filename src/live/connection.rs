//! Connections: lives join, leave, and part again.

use costage_media::scene::Template;

use super::answer::{Answer, BattleEndReason, Connected, TemplateName};
use super::effect::Effect;
use super::event::{Event, LeaveReason};
use super::fact::{Fact, RequestAnswer};
use super::ids::{ConnectionId, LiveId, StageId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::state::Connection;
use super::time::WallMs;

impl Lives {
    /// `to` joins `from`: in the connection that `from` is in, or in a new one. The request was checked.
    pub(super) fn connect(
        &mut self,
        now: WallMs,
        from: &LiveId,
        to: &LiveId,
        template: Template,
    ) -> Result<Answer, Refusal> {
        let (id, joined) = match self.live(from)?.connection {
            Some(id) => (id, vec![to.clone()]),
            None => {
                self.state.counters.connection += 1;
                let stage = self.new_stage();
                let connection = Connection { template, custom: None, stage, members: Vec::new() };
                self.state.connections.insert(ConnectionId(self.state.counters.connection), connection);
                (ConnectionId(self.state.counters.connection), vec![from.clone(), to.clone()])
            }
        };
        let connection = self.state.connections.get_mut(&id).expect("made above, or named by its member");
        connection.template = template;
        connection.custom.take_if(|_| template != Template::Custom);
        connection.members.extend(joined.iter().cloned());
        let (lives, stage) = (connection.members.clone(), connection.stage);
        for live in &joined {
            self.state.lives.get_mut(live).expect("both lives were looked up").connection = Some(id);
        }
        self.record(Fact::Connected { connection: id, lives: lives.clone(), template, at: now });
        self.move_to_stage(id, stage, &joined);
        self.tell_connected(now, from, to, &joined, &lives);
        self.fit_seats_to_layout(now, &lives, template);
        self.share_seats(now, &joined, &lives);
        Ok(Answer::Connected(Connected { connected: lives, template: TemplateName(template) }))
    }

    /// The shared program first, then the feeds that move to it, then the end of what nobody watches any more.
    fn move_to_stage(&mut self, id: ConnectionId, stage: StageId, joined: &[LiveId]) {
        self.restage(id);
        let mut empty = Vec::new();
        for live in joined {
            let live = self.state.lives.get_mut(live).expect("a member exists");
            empty.extend(live.solo.take());
            let feed = live.feed();
            self.effect(Effect::Route { feed, stage });
        }
        empty.into_iter().for_each(|stage| self.effect(Effect::EndStage(stage)));
    }

    fn tell_connected(&mut self, now: WallMs, from: &LiveId, to: &LiveId, joined: &[LiveId], lives: &[LiveId]) {
        let invitee = self.state.lives.get(to).expect("a member exists").host();
        self.notify(now, vec![from.clone()], Event::CoHostRequestAccepted { invitee });
        for live in joined {
            let user = self.state.lives.get(live).expect("a member exists").host();
            self.notify(now, lives.to_vec(), Event::CoHostUserJoined { user });
        }
        self.tell_layout(now, lives);
        // Whoever else had invited a live that is connected now finds it busy.
        for live in joined {
            self.reject_pending(now, live, RequestAnswer::Unavailable);
        }
    }

    pub(super) fn exit_connection(&mut self, now: WallMs, live: &LiveId) -> Result<Answer, Refusal> {
        if self.live(live)?.connection.is_none() {
            return Err(Refusal::NotConnected { live: live.clone() });
        }
        self.leave_connection(now, live, LeaveReason::Exit);
        self.cancel_requests_by(now, live);
        Ok(Answer::Done)
    }

    /// As leaving, by the backend's hand.
    pub(super) fn kick_from_connection(&mut self, now: WallMs, live: &LiveId) -> Result<Answer, Refusal> {
        if self.live(live)?.connection.is_none() {
            return Err(Refusal::NotConnected { live: live.clone() });
        }
        self.leave_connection(now, live, LeaveReason::Kicked);
        self.cancel_requests_by(now, live);
        Ok(Answer::Done)
    }

    /// `live` leaves its battle, then its connection; when one live is left, the connection dissolves. Does nothing
    /// for a live that is in none. A battle or a punishment that is over by this is followed by what is to follow it.
    pub(super) fn leave_connection(&mut self, now: WallMs, live: &LiveId, reason: LeaveReason) {
        let Some(id) = self.state.lives.get(live).and_then(|live| live.connection) else { return };
        let before = self.members_of(live);
        let others: Vec<_> = before.iter().filter(|member| *member != live).cloned().collect();
        let dissolves = others.len() < 2;
        let unfinished = self.unfinished_battles(id);
        self.exit_battle(now, live, RequestAnswer::Unavailable);
        self.end_punishments_without(now, id, live);
        if dissolves {
            // No connection is left to battle in: the one who stayed has not left, and wins.
            others.iter().for_each(|other| self.end_battle_of(now, other, BattleEndReason::AllMemberExit));
        }
        let user = self.state.lives.get(live).expect("looked up above").host();
        let parted = if dissolves { &before[..] } else { std::slice::from_ref(live) };
        for parted in parted {
            self.state.lives.get_mut(parted).expect("a member exists").connection = None;
        }
        let connection = self.state.connections.get_mut(&id).expect("named by its member");
        connection.members.retain(|member| member != live);
        connection.forget_regions_of(live);
        let (stage, remaining) = (connection.stage, if dissolves { Vec::new() } else { others.clone() });
        if dissolves {
            self.state.connections.remove(&id);
        }
        self.record(Fact::ConnectionLeft { connection: id, live: live.clone(), reason, lives: remaining, at: now });
        for parted in parted {
            // Of a live that ends, nobody will see a picture again.
            if parted != live || reason != LeaveReason::LiveEnded {
                self.go_solo(parted);
            }
        }
        if dissolves {
            self.effect(Effect::EndStage(stage));
        } else {
            self.restage(id);
        }
        self.notify(now, before, Event::CoHostUserLeft { user, reason });
        self.tell_layout(now, &others);
        if reason != LeaveReason::LiveEnded {
            self.tell_layout(now, std::slice::from_ref(live));
        }
        unfinished.into_iter().for_each(|battle| self.part_after(now, battle));
    }

    /// The lives of the connection that `live` is in, in the order of places; itself alone when it is in none.
    pub(super) fn members_of(&self, live: &LiveId) -> Vec<LiveId> {
        let id = self.state.lives.get(live).and_then(|live| live.connection);
        let connection = id.and_then(|id| self.state.connections.get(&id));
        connection.map_or_else(|| vec![live.clone()], |connection| connection.members.clone())
    }
}
