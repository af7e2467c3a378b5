//! Battles: start, leave, end.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answer::{BattleEndReason, Host};
use super::event::Event;
use super::fact::{Fact, RequestAnswer};
use super::ids::{BattleId, LiveId};
use super::lives::Lives;
use super::ranking::decide;
use super::rules::{BATTLES_ENDED_MAX, BATTLES_UNSTARTED_MAX};
use super::state::{Battle, Phase};
use super::time::WallMs;

impl Lives {
    /// Starts a battle whose members have all agreed, or did not have to. A new battle ends the punishment after an old
    /// one of any of them.
    pub(super) fn start_battle(&mut self, now: WallMs, id: BattleId) {
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        battle.start = Some(now);
        battle.end = now.after(battle.config.duration());
        battle.phase = Phase::Running { told: None, untold: false };
        let battle = battle.clone();
        for member in &battle.members {
            self.end_punishments_of(now, &member.host.live_id);
            if let Some(live) = self.state.lives.get_mut(&member.host.live_id) {
                live.judged = None;
            }
        }
        let mut hosts = battle.members.iter().map(|member| (*member.host).clone());
        let started = Event::BattleStarted {
            battle_id: id,
            inviter: hosts.next().expect("a battle has an inviter"),
            invitees: hosts.collect(),
            duration_seconds: battle.config.duration_seconds,
            start_time: now,
            end_time: battle.end,
            extension_info: battle.config.extension_info.clone(),
            scores: battle.scores(),
        };
        self.record(Fact::BattleStarted(Box::new(battle.info(id))));
        self.restage_battle(id);
        self.notify(now, self.audience(id), started);
    }

    /// `live` leaves its battle; while others remain they play on, else it is over. Of a pending one the inviter's
    /// request is taken back, the invitee's counts as rejected. Does nothing for a live in none.
    pub(super) fn exit_battle(&mut self, now: WallMs, live: &LiveId, answer: RequestAnswer) {
        let Some(id) = self.state.lives.get(live).and_then(|live| live.battle) else { return };
        if self.state.battles.get(&id).is_some_and(Battle::is_running) {
            self.exit_running(now, id, live);
        } else {
            self.withdraw_from_battle(now, id, live, answer);
        }
    }

    fn exit_running(&mut self, now: WallMs, id: BattleId, live: &LiveId) {
        let audience = self.audience(id);
        self.state.lives.get_mut(live).expect("looked up above").battle = None;
        let battle = self.state.battles.get_mut(&id).expect("named by its member");
        let member = battle.members.iter_mut().find(|member| member.host.live_id == *live);
        let member = member.expect("a live names only the battle it is in");
        member.left = true;
        let user = (*member.host).clone();
        let alone = battle.members.iter().all(|member| member.left);
        self.record(Fact::BattleLeft { battle: id, user: user.user.user_id.clone(), at: now });
        self.restage_battle(id);
        self.notify(now, audience.clone(), Event::UserExitBattle { battle_id: id, user });
        if alone {
            self.end_battle(now, id, BattleEndReason::AllMemberExit, audience);
        }
    }

    /// Ends the battle that `live` is in, if any.
    pub(super) fn end_battle_of(&mut self, now: WallMs, live: &LiveId, reason: BattleEndReason) {
        if let Some(id) = self.state.lives.get(live).and_then(|live| live.battle) {
            self.end_battle(now, id, reason, self.audience(id));
        }
    }

    pub(super) fn end_battle_by_time(&mut self, now: WallMs, id: BattleId) {
        self.end_battle(now, id, BattleEndReason::TimeOver, self.audience(id));
        self.part_after(now, id);
    }

    fn end_battle(&mut self, now: WallMs, id: BattleId, reason: BattleEndReason, audience: Vec<LiveId>) {
        if !self.state.battles.get(&id).is_some_and(Battle::is_running) {
            return;
        }
        let given = self.given(id);
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        let result = decide(&battle.members, given.best());
        let punished = reason == BattleEndReason::TimeOver && battle.config.punishment_seconds > 0;
        let punishment_end = punished.then(|| now.after(battle.config.punishment()));
        battle.phase = Phase::Ended { reason, result: Some(Arc::new(result.clone())), punishment_end };
        if reason == BattleEndReason::AllMemberExit {
            battle.end = now;
        }
        let (end_time, inviter) = (battle.end, battle.inviter().live_id.clone());
        let lives: Vec<_> = battle.members.iter().map(|member| member.host.live_id.clone()).collect();
        for live in &lives {
            self.release(id, live);
        }
        self.keep_ended(id);
        self.proclaim(now, id, &result);
        let result = Some(result);
        let (live, end) = (inviter, end_time);
        self.record(Fact::BattleEnded {
            battle: id,
            live,
            end,
            reason,
            result: result.clone(),
            punishment_end,
            at: now,
        });
        let connections: BTreeSet<_> =
            lives.iter().filter_map(|live| self.state.lives.get(live).and_then(|live| live.connection)).collect();
        connections.into_iter().for_each(|id| self.restage(id));
        let reason_code = reason.code();
        self.notify(now, audience.clone(), Event::BattleEnded { battle_id: id, reason, reason_code, end_time, result });
        if let Some(until) = punishment_end {
            self.tell_punishment(now, id, until, audience);
        }
    }

    /// A pending battle that nobody accepted, or whose inviter has gone, ends unstarted. The inviter's live is told.
    pub(super) fn end_unstarted(&mut self, now: WallMs, id: BattleId) {
        let reason = BattleEndReason::NeverStarted;
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        battle.phase = Phase::Ended { reason, result: None, punishment_end: None };
        battle.end = now;
        let lives: Vec<_> = battle.members.iter().map(|member| member.host.live_id.clone()).collect();
        let inviter = battle.inviter().live_id.clone();
        for live in &lives {
            self.release(id, live);
        }
        self.keep_ended(id);
        let (live, result, punishment_end) = (inviter.clone(), None, None);
        self.record(Fact::BattleEnded { battle: id, live, end: now, reason, result, punishment_end, at: now });
        let reason_code = reason.code();
        let ended = Event::BattleEnded { battle_id: id, reason, reason_code, end_time: now, result: None };
        self.notify(now, vec![inviter], ended);
    }

    /// `live` is free for another battle.
    pub(super) fn release(&mut self, id: BattleId, live: &LiveId) {
        if self.state.lives.get(live).is_some_and(|live| live.battle == Some(id)) {
            self.state.lives.get_mut(live).expect("looked up above").battle = None;
        }
    }

    /// Ended battles can be read for some time.
    fn keep_ended(&mut self, id: BattleId) {
        self.state.counters.ended += 1;
        self.state.ended.insert(self.state.counters.ended, id);
        let never = |id: &BattleId| self.state.battles.get(id).is_some_and(|battle| battle.start.is_none());
        if never(&id) {
            let mut unstarted = self.state.ended.iter().filter(|(_, id)| never(id)).map(|(order, _)| *order);
            let oldest = unstarted.next().filter(|_| unstarted.count() >= BATTLES_UNSTARTED_MAX);
            oldest.into_iter().for_each(|order| self.forget_battle(order));
        }
        if self.state.ended.len() > BATTLES_ENDED_MAX {
            self.forget_oldest_battle();
        }
    }

    /// Forgets the battle that ended first, with its ledger; says whether there was one.
    pub(super) fn forget_oldest_battle(&mut self) -> bool {
        let Some(order) = self.state.ended.iter().next().map(|(order, _)| *order) else { return false };
        self.forget_battle(order);
        true
    }

    fn forget_battle(&mut self, order: u64) {
        let Some(id) = self.state.ended.remove(&order) else { return };
        self.state.battles.remove(&id);
        let own = self.state.ledger.range((id, 0)..=(id, u64::MAX));
        let own: Vec<_> = own.map(|(number, booked)| (*number, booked.key().clone())).collect();
        for (number, key) in own {
            self.state.ledger.remove(&number);
            self.state.receipts.remove(&(id, key));
        }
    }

    /// The lives that hear of a battle: those of its hosts who have not left it, and all of the connection that it is in,
    /// but not of another that a host has gone to since.
    pub(super) fn audience(&self, id: BattleId) -> Vec<LiveId> {
        let Some(battle) = self.state.battles.get(&id) else { return Vec::new() };
        let is_there = |host: &Host| self.state.lives.get(&host.live_id).is_some_and(|live| host.is_of(live));
        let present = battle.members.iter().filter(|member| !member.left && is_there(&member.host));
        let present = present.map(|member| &member.host.live_id);
        let connection = self.state.connections.get(&battle.connection);
        let connected = connection.into_iter().flat_map(|connection| &connection.members);
        let lives: BTreeSet<_> = present.chain(connected).collect();
        lives.into_iter().cloned().collect()
    }

    /// The picture of the connection under a battle follows its scores.
    pub(super) fn restage_battle(&mut self, id: BattleId) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        let lives = battle.members.iter().filter_map(|member| self.state.lives.get(&member.host.live_id));
        let connections: BTreeSet<_> = lives.filter_map(|live| live.connection).collect();
        connections.into_iter().for_each(|id| self.restage(id));
    }

    pub(super) fn new_battle_id(&mut self, now: WallMs) -> BattleId {
        BattleId::from_parts(now.0, &self.state.counters.ids.draw())
    }
}
