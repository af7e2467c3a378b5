//! Battles: start, leave, end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, BattleCode, BattleEndReason, BattleStarted, BattleStatus, UserResult};
use super::command::BattleRequest;
use super::event::Event;
use super::fact::Fact;
use super::ids::{BattleId, LiveId, ScoreKey, UserId};
use super::lives::Lives;
use super::ranking::decide;
use super::refusal::Refusal;
use super::rules::{BATTLE_SECONDS, BATTLES_ENDED_MAX, EXTENSION_BYTES_MAX, TARGETS_MAX, short, within};
use super::senders::best;
use super::state::{Battle, Live, Member, Phase};
use super::time::WallMs;

impl Lives {
    pub(super) fn request_battle(&mut self, now: WallMs, request: BattleRequest) -> Result<Answer, Refusal> {
        let seconds = check(&request)?;
        let invitees = self.find_invitees(&request)?;
        let busy = |live: &Live| live.battle.is_some();
        let code = |live: &Live| if busy(live) { BattleCode::BattlingOtherRoom } else { BattleCode::Success };
        let results: Vec<_> =
            invitees.iter().map(|live| UserResult { user_id: live.owner().clone(), code: code(live) }).collect();
        let inviter = self.live(&request.live)?;
        let free: Vec<_> = invitees.iter().filter(|live| !busy(live)).map(|live| live.info.live_id.clone()).collect();
        if busy(inviter) {
            return Err(Refusal::AlreadyInBattle { live: request.live });
        }
        if free.is_empty() {
            let live = invitees.first().expect("at least one user was checked").info.live_id.clone();
            return Err(Refusal::AlreadyInBattle { live });
        }
        let lives: Vec<_> = std::iter::once(request.live).chain(free).collect();
        let (battle_id, end_time) = self.start_battle(now, &lives, seconds, &request.extension_info)?;
        let status = BattleStatus::Started;
        Ok(Answer::BattleStarted(BattleStarted { battle_id, status, start_time: now, end_time, results }))
    }

    /// The lives of the asked users, all in the requester's connection.
    fn find_invitees(&self, request: &BattleRequest) -> Result<Vec<&Live>, Refusal> {
        let inviter = self.live(&request.live)?;
        if request.users.contains(inviter.owner()) {
            let detail = format!("names the requester {}; name the other hosts only", inviter.owner());
            return Err(Refusal::Invalid { field: "userIds", detail });
        }
        let members = self.members_of(&request.live);
        let hosts: Vec<_> = members.iter().filter_map(|id| self.state.lives.get(id)).collect();
        let find = |user: &UserId| {
            let found = hosts.iter().find(|live| live.owner() == user);
            found.copied().ok_or_else(|| Refusal::NotInConnection { user: user.clone() })
        };
        request.users.iter().map(find).collect()
    }

    fn start_battle(
        &mut self,
        now: WallMs,
        lives: &[LiveId],
        seconds: u64,
        extension_info: &str,
    ) -> Result<(BattleId, WallMs), Refusal> {
        let id = self.new_battle_id(now);
        let mut members = Vec::with_capacity(lives.len());
        for live in lives {
            members.push(Member { host: Arc::new(self.live(live)?.host()), score: 0, left: false });
            if let Some(live) = self.state.lives.get_mut(live) {
                live.battle = Some(id);
            }
        }
        let end = now.after(Duration::from_secs(seconds));
        let battle = Battle {
            members,
            duration_seconds: seconds,
            extension_info: Arc::from(extension_info),
            start: now,
            end,
            ledger_seq: 0,
            phase: Phase::Running { told: None, untold: false },
        };
        let mut hosts = battle.members.iter().map(|member| (*member.host).clone());
        let started = Event::BattleStarted {
            battle_id: id,
            inviter: hosts.next().expect("a battle has an inviter"),
            invitees: hosts.collect(),
            duration_seconds: seconds,
            start_time: now,
            end_time: end,
            extension_info: extension_info.to_owned(),
            scores: battle.scores(),
        };
        self.record(Fact::BattleStarted(Box::new(battle.info(id))));
        self.state.battles.insert(id, battle);
        self.restage_battle(id);
        self.notify(now, self.audience(id), started);
        Ok((id, end))
    }

    /// `live` leaves its battle; while others remain they play on, else it is over. Does nothing for a live in none.
    pub(super) fn exit_battle(&mut self, now: WallMs, live: &LiveId) {
        let Some(id) = self.state.lives.get(live).and_then(|live| live.battle) else { return };
        let audience = self.audience(id);
        self.state.lives.get_mut(live).expect("looked up above").battle = None;
        let battle = self.state.battles.get_mut(&id).expect("named by its member");
        let member = battle.members.iter_mut().find(|member| member.host.live_id == *live);
        let member = member.expect("a live names only the battle it is in");
        member.left = true;
        let user = (*member.host).clone();
        let alone = battle.members.iter().all(|member| member.left);
        self.record(Fact::BattleLeft { battle: id, user: user.user.user_id.clone(), at: now });
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
    }

    fn end_battle(&mut self, now: WallMs, id: BattleId, reason: BattleEndReason, audience: Vec<LiveId>) {
        let Some(battle) = self.state.battles.get_mut(&id).filter(|battle| battle.is_running()) else { return };
        let ledger = self.state.receipts.range((id, ScoreKey::first())..).take_while(|((of, _), _)| *of == id);
        let result = decide(&battle.members, best(ledger.map(|(_, receipt)| &*receipt.change)));
        battle.phase = Phase::Ended { reason, result: Arc::new(result.clone()) };
        if reason == BattleEndReason::AllMemberExit {
            battle.end = now;
        }
        let end_time = battle.end;
        let lives: Vec<_> = battle.members.iter().map(|member| member.host.live_id.clone()).collect();
        for live in &lives {
            if let Some(live) = self.state.lives.get_mut(live).filter(|live| live.battle == Some(id)) {
                live.battle = None;
            }
        }
        self.state.counters.ended += 1;
        self.state.ended.insert(self.state.counters.ended, id);
        if self.state.ended.len() > BATTLES_ENDED_MAX {
            self.forget_oldest_battle();
        }
        self.record(Fact::BattleEnded { battle: id, reason, result: result.clone(), at: now });
        let connections: BTreeSet<_> =
            lives.iter().filter_map(|live| self.state.lives.get(live).and_then(|live| live.connection)).collect();
        connections.into_iter().for_each(|id| self.restage(id));
        let reason_code = reason.code();
        self.notify(now, audience, Event::BattleEnded { battle_id: id, reason, reason_code, end_time, result });
    }

    /// Forgets the battle that ended first, with its ledger; says whether there was one.
    pub(super) fn forget_oldest_battle(&mut self) -> bool {
        let Some((order, id)) = self.state.ended.iter().next().map(|(order, id)| (*order, *id)) else { return false };
        self.state.ended.remove(&order);
        self.state.battles.remove(&id);
        let own = self.state.receipts.range((id, ScoreKey::first())..);
        let keys: Vec<_> = own.take_while(|((battle, _), _)| *battle == id).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.state.receipts.remove(&key);
        }
        true
    }

    /// The lives that hear of a battle: those in it, and all that are connected with them.
    pub(super) fn audience(&self, id: BattleId) -> Vec<LiveId> {
        let Some(battle) = self.state.battles.get(&id) else { return Vec::new() };
        let present = battle.members.iter().filter(|member| !member.left);
        let lives: BTreeSet<_> = present.flat_map(|member| self.members_of(&member.host.live_id)).collect();
        lives.into_iter().filter(|live| self.state.lives.get(live).is_some()).collect()
    }

    /// The picture of the connection under a battle follows its scores.
    pub(super) fn restage_battle(&mut self, id: BattleId) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        let lives = battle.members.iter().filter_map(|member| self.state.lives.get(&member.host.live_id));
        let connections: BTreeSet<_> = lives.filter_map(|live| live.connection).collect();
        connections.into_iter().for_each(|id| self.restage(id));
    }

    fn new_battle_id(&mut self, now: WallMs) -> BattleId {
        let mut random = [0; 10];
        let (high, low) = (self.state.counters.draw(), self.state.counters.draw());
        random[..8].copy_from_slice(&high.to_be_bytes());
        random[8..].copy_from_slice(&low.to_be_bytes()[..2]);
        BattleId::from_parts(now.0, &random)
    }
}

/// The battle's seconds, when the request is one that this version carries out.
fn check(request: &BattleRequest) -> Result<u64, Refusal> {
    let seconds = within("durationSeconds", request.duration_seconds, BATTLE_SECONDS)?;
    short("extensionInfo", &request.extension_info, EXTENSION_BYTES_MAX)?;
    let users = &request.users;
    let invalid = |detail: String| Err(Refusal::Invalid { field: "userIds", detail });
    if users.is_empty() || users.len() > TARGETS_MAX {
        return invalid(format!("1 to {TARGETS_MAX} users, found {}", users.len()));
    }
    if (1..users.len()).any(|i| users[..i].contains(&users[i])) {
        return invalid("a user is named twice".to_owned());
    }
    let needs_response = match (request.need_response, request.timeout_seconds) {
        (Some(false), Some(timeout)) if timeout > 0 => {
            let detail = format!("must be 0 or absent when needResponse is false, found {timeout}");
            return Err(Refusal::Invalid { field: "timeoutSeconds", detail });
        }
        (Some(said), _) => said,
        (None, timeout) => timeout != Some(0),
    };
    let later = |what: &str| Err(Refusal::NotImplemented { what: what.to_owned() });
    if needs_response {
        return later(
            "a battle that waits for responses (send needResponse false and timeoutSeconds 0 to start at once)",
        );
    }
    if request.punishment_seconds > 0 {
        return later("punishmentSeconds");
    }
    if request.end_connection_after {
        return later("endConnectionAfter");
    }
    Ok(seconds)
}
