//! Requests for battles: asked, accepted, rejected, cancelled, expired.
//!
//! ```text
//! requestBattle ──▶ pending ──▶ all have answered ──▶ one accepted: started, with those who did
//!        └─ needResponse false: started at once    └─ nobody: ended, never started
//! ```
//!
//! A pending battle's members are the inviter, who accepted, and who has not answered; each of these lives names it as
//! its battle, so that it is in no other. Who rejects, does not answer in time, or goes away is a member no more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, BattleCode, BattleRequested, UserResult};
use super::command::BattleRequest;
use super::event::{BattleAsk, Event};
use super::fact::{Fact, RequestAnswer};
use super::ids::{BattleId, LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{
    BATTLE_SECONDS, EXTENSION_BYTES_MAX, PUNISHMENT_SECONDS, REQUEST_SECONDS, TARGETS_MAX, short, within,
};
use super::state::{Battle, BattleConfig, Live, Member, Phase, Presence};
use super::time::WallMs;

impl Lives {
    pub(super) fn request_battle(&mut self, now: WallMs, request: &BattleRequest) -> Result<Answer, Refusal> {
        let config = check(request)?;
        let inviter = self.live(&request.live)?;
        let asked = self.find_invitees(inviter, &request.users)?;
        let connection = inviter.connection.ok_or_else(|| not_connected(request))?;
        if inviter.battle.is_some() {
            return Err(self.busy(inviter));
        }
        let codes =
            asked.iter().map(|live| live.map_or(BattleCode::RoomNotExist, |live| self.judge_host(now, inviter, live)));
        let codes: Vec<_> = codes.collect();
        let chosen = asked.iter().zip(&codes).filter(|(_, code)| **code == BattleCode::Success);
        let chosen: Vec<&Live> = chosen.filter_map(|(live, _)| *live).collect();
        if chosen.is_empty() {
            return Err(self.explain_battle(request, &asked, &codes));
        }
        let results = request.users.iter().zip(codes);
        let results = results.map(|(user, code)| UserResult { user_id: user.clone(), code }).collect();
        let waiting: BTreeSet<_> = chosen.iter().map(|live| live.info.live_id.clone()).collect();
        let hosts = std::iter::once(inviter).chain(chosen);
        let members = hosts.map(|live| Member { host: Arc::new(live.host()), score: 0, left: false }).collect();
        let end = now.after(Duration::from_secs(config.timeout_seconds.unwrap_or_default()));
        let at_once = config.timeout_seconds.is_none();
        let (config, phase) = (Arc::new(config), Phase::Pending { waiting });
        let id =
            self.create_battle(now, Battle { members, config, connection, start: None, end, ledger_seq: 0, phase });
        if at_once {
            self.start_battle(now, id);
        } else {
            self.ask_for_battle(now, id);
        }
        let info = self.battle(id)?.info(id);
        let (status, start_time, end_time, expire_time) =
            (info.status, info.start_time, info.end_time, info.expire_time);
        Ok(Answer::BattleRequested(BattleRequested {
            battle_id: id,
            status,
            start_time,
            end_time,
            expire_time,
            results,
        }))
    }

    /// The lives of the asked users, all in the requester's connection; `None` for a user who has no live at all, such as
    /// one whose live has just ended: that does not spoil the others' battle.
    fn find_invitees(&self, inviter: &Live, users: &[UserId]) -> Result<Vec<Option<&Live>>, Refusal> {
        if users.contains(inviter.owner()) {
            let detail = format!("names the requester {}; name the other hosts only", inviter.owner());
            return Err(Refusal::Invalid { field: "userIds", detail });
        }
        let members = self.members_of(&inviter.info.live_id);
        let hosts: Vec<_> = members.iter().filter_map(|id| self.state.lives.get(id)).collect();
        let find = |user: &UserId| {
            let found = hosts.iter().find(|live| live.owner() == user).copied();
            if found.is_none() && self.state.lives.iter().any(|(_, live)| live.owner() == user) {
                return Err(Refusal::NotInConnection { user: user.clone() });
            }
            Ok(found)
        };
        users.iter().map(find).collect()
    }

    fn judge_host(&self, now: WallMs, inviter: &Live, live: &Live) -> BattleCode {
        let over = |battle: &Battle| battle.is_running() && battle.end <= now;
        let shared = |battle: &Battle| battle.member(inviter.owner()).is_some();
        match live.battle.and_then(|id| self.state.battles.get(&id)) {
            // Its end is due: it waits for its commit, and will be done in a moment.
            Some(battle) if over(battle) => BattleCode::Retry,
            Some(battle) if shared(battle) => BattleCode::Battling,
            Some(_) => BattleCode::BattlingOtherRoom,
            None if is_gone(live) => BattleCode::RoomExit,
            None => BattleCode::Success,
        }
    }

    /// Nobody can be asked: the first one says why.
    fn explain_battle(&self, request: &BattleRequest, asked: &[Option<&Live>], codes: &[BattleCode]) -> Refusal {
        match (asked.first(), codes.first()) {
            (Some(Some(live)), Some(BattleCode::RoomExit)) => Refusal::HostGone { live: live.info.live_id.clone() },
            (Some(Some(live)), _) => self.busy(live),
            (Some(None) | None, _) => not_connected(request),
        }
    }

    fn busy(&self, live: &Live) -> Refusal {
        let pending = live.battle.and_then(|id| self.state.battles.get(&id)).is_some_and(|it| it.waiting().is_some());
        let live = live.info.live_id.clone();
        if pending { Refusal::BattlePending { live } } else { Refusal::AlreadyInBattle { live } }
    }

    fn create_battle(&mut self, now: WallMs, battle: Battle) -> BattleId {
        let id = self.new_battle_id(now);
        for member in &battle.members {
            if let Some(live) = self.state.lives.get_mut(&member.host.live_id) {
                live.battle = Some(id);
            }
        }
        self.state.battles.insert(id, battle);
        id
    }

    fn ask_for_battle(&mut self, now: WallMs, id: BattleId) {
        let Some(battle) = self.state.battles.get(&id).cloned() else { return };
        self.record(Fact::BattleCreated(Box::new(battle.info(id))));
        for member in &battle.members[1..] {
            let received = Event::BattleRequestReceived {
                battle_id: id,
                inviter: battle.inviter().clone(),
                invitee: (*member.host).clone(),
                duration_seconds: battle.config.duration_seconds,
                extension_info: battle.config.extension_info.clone(),
                expire_time: battle.end,
            };
            self.notify(now, vec![member.host.live_id.clone()], received);
        }
    }

    /// Accepting twice, or as the inviter, is accepting.
    pub(super) fn accept_battle(&mut self, now: WallMs, id: BattleId, user: &UserId) -> Result<Answer, Refusal> {
        let member = self.pending_member(id, user)?;
        let live = member.host.live_id.clone();
        let battle = self.battle(id)?;
        if now >= battle.end {
            return Err(Refusal::BattleOver { battle: id, end_time: battle.end });
        }
        let ask = ask(id, battle, &live);
        let waited = self.answered(id, &live);
        if let Some(ask) = ask.filter(|_| waited) {
            self.record_answer(now, &ask, RequestAnswer::Accepted);
            let joined = Event::UserJoinBattle { battle_id: id, user: ask.invitee.clone() };
            self.notify(now, vec![ask.inviter.live_id.clone()], Event::BattleRequestAccept(ask));
            self.notify(now, self.audience(id), joined);
            self.resolve(now, id);
        }
        self.find_battle(id)
    }

    /// Until the battle starts a host may change its mind, so this may follow its acceptance.
    pub(super) fn reject_battle(&mut self, now: WallMs, id: BattleId, user: &UserId) -> Result<Answer, Refusal> {
        let live = self.pending_member(id, user)?.host.live_id.clone();
        if self.battle(id)?.inviter().live_id == live {
            let detail = format!("user {user} asked for this battle; cancel or exit it instead");
            return Err(Refusal::Invalid { field: "userId", detail });
        }
        self.withdraw_from_battle(now, id, &live, RequestAnswer::Rejected);
        self.find_battle(id)
    }

    pub(super) fn cancel_battle(
        &mut self,
        now: WallMs,
        id: BattleId,
        users: Option<Vec<UserId>>,
    ) -> Result<Answer, Refusal> {
        let lives = self.to_cancel(id, users)?;
        for live in &lives {
            self.drop_invitee(now, id, live, Event::BattleRequestCancelled);
        }
        self.resolve(now, id);
        self.find_battle(id)
    }

    /// The lives whose requests are meant, each waiting.
    fn to_cancel(&self, id: BattleId, users: Option<Vec<UserId>>) -> Result<Vec<LiveId>, Refusal> {
        let battle = self.battle(id)?;
        if let Phase::Ended { .. } = battle.phase {
            return Err(Refusal::BattleOver { battle: id, end_time: battle.end });
        }
        let in_it = |user: &UserId| Refusal::InBattleAlready { battle: id, user: user.clone() };
        let Some(users) = users else {
            let inviter = &battle.inviter().user.user_id;
            return battle.waiting().map(|waiting| waiting.iter().cloned().collect()).ok_or_else(|| in_it(inviter));
        };
        check_users(&users)?;
        let find = |user: &UserId| {
            let member = battle.member(user).filter(|member| !member.left);
            let live = &member.ok_or_else(|| Refusal::NotInBattle { battle: id, user: user.clone() })?.host.live_id;
            let waits = battle.waiting().is_some_and(|waiting| waiting.contains(live));
            if waits { Ok(live.clone()) } else { Err(in_it(user)) }
        };
        users.iter().map(find).collect()
    }

    pub(super) fn exit_battle_by_command(
        &mut self,
        now: WallMs,
        id: BattleId,
        user: &UserId,
    ) -> Result<Answer, Refusal> {
        let battle = self.battle(id)?;
        if let Phase::Ended { .. } = battle.phase {
            return Err(Refusal::BattleOver { battle: id, end_time: battle.end });
        }
        let member = battle.member(user).filter(|member| !member.left);
        let live = member.ok_or_else(|| Refusal::NotInBattle { battle: id, user: user.clone() })?.host.live_id.clone();
        self.exit_battle(now, &live, RequestAnswer::Rejected);
        self.part_after(now, id);
        self.find_battle(id)
    }

    pub(super) fn expire_battle_request(&mut self, now: WallMs, id: BattleId) {
        let Some(waiting) = self.state.battles.get(&id).and_then(Battle::waiting).cloned() else { return };
        for live in &waiting {
            self.drop_invitee(now, id, live, Event::BattleRequestTimeout);
        }
        self.resolve(now, id);
    }

    /// A host leaves a pending battle: for the inviter all that is pending is cancelled, and it ends unstarted; an
    /// invitee's going counts as a rejection, also after its acceptance.
    pub(super) fn withdraw_from_battle(&mut self, now: WallMs, id: BattleId, live: &LiveId, answer: RequestAnswer) {
        let Some(battle) = self.state.battles.get(&id).filter(|battle| battle.waiting().is_some()) else { return };
        if battle.inviter().live_id == *live {
            let invitees: Vec<_> = battle.members[1..].iter().map(|member| member.host.live_id.clone()).collect();
            for invitee in &invitees {
                self.drop_invitee(now, id, invitee, Event::BattleRequestCancelled);
            }
        } else {
            if let Some(ask) = ask(id, battle, live) {
                self.record_answer(now, &ask, answer);
            }
            self.drop_invitee(now, id, live, Event::BattleRequestReject);
        }
        self.resolve(now, id);
    }

    fn record_answer(&mut self, now: WallMs, ask: &BattleAsk, answer: RequestAnswer) {
        let (battle, user) = (ask.battle_id, ask.invitee.user.user_id.clone());
        self.record(Fact::BattleAnswered { battle, user, answer, at: now });
    }

    /// One who was asked is in it no more; both are told, since the host who was asked may have more than one window.
    /// Everybody who heard that it had joined hears that it has left.
    fn drop_invitee(&mut self, now: WallMs, id: BattleId, live: &LiveId, event: fn(BattleAsk) -> Event) {
        let audience = self.audience(id);
        let joined = !self.answered(id, live);
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        let Some(ask) = ask(id, battle, live) else { return };
        battle.members.retain(|member| member.host.live_id != *live);
        self.release(id, live);
        let left = Event::UserExitBattle { battle_id: id, user: ask.invitee.clone() };
        let lives = vec![live.clone(), ask.inviter.live_id.clone()];
        self.notify(now, lives, event(ask));
        if joined {
            self.notify(now, audience, left);
        }
    }

    /// Nobody waits for this live's answer any more; whether somebody did.
    fn answered(&mut self, id: BattleId, live: &LiveId) -> bool {
        match self.state.battles.get_mut(&id).map(|battle| &mut battle.phase) {
            Some(Phase::Pending { waiting }) => waiting.remove(live),
            Some(Phase::Running { .. } | Phase::Ended { .. }) | None => false,
        }
    }

    /// When all have answered: starts with those who accepted, or ends unstarted.
    fn resolve(&mut self, now: WallMs, id: BattleId) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        if battle.waiting().is_none_or(|waiting| !waiting.is_empty()) {
            return;
        }
        if battle.members.len() > 1 {
            self.start_battle(now, id);
        } else {
            self.end_unstarted(now, id);
        }
    }

    /// The member of a pending battle.
    fn pending_member(&self, id: BattleId, user: &UserId) -> Result<&Member, Refusal> {
        let battle = self.battle(id)?;
        if let Phase::Ended { .. } = battle.phase {
            return Err(Refusal::BattleOver { battle: id, end_time: battle.end });
        }
        let member = battle.member(user).ok_or_else(|| Refusal::NotInBattle { battle: id, user: user.clone() })?;
        if battle.is_running() {
            return Err(Refusal::AlreadyInBattle { live: member.host.live_id.clone() });
        }
        Ok(member)
    }

    /// The battle of that id.
    pub(super) fn battle(&self, id: BattleId) -> Result<&Battle, Refusal> {
        self.state.battles.get(&id).ok_or(Refusal::NoSuchBattle { battle: id })
    }
}

/// Whether a live's host has gone away. One that was never there may come with its first battle.
fn is_gone(live: &Live) -> bool {
    matches!(live.presence, Presence::Down { .. })
}

/// The request to a member, as events name it.
fn ask(id: BattleId, battle: &Battle, live: &LiveId) -> Option<BattleAsk> {
    let invitee = battle.members[1..].iter().find(|member| member.host.live_id == *live)?;
    Some(BattleAsk { battle_id: id, inviter: battle.inviter().clone(), invitee: (*invitee.host).clone() })
}

fn not_connected(request: &BattleRequest) -> Refusal {
    Refusal::NotInConnection { user: request.users.first().expect("at least one user was checked").clone() }
}

fn check_users(users: &[UserId]) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal::Invalid { field: "userIds", detail });
    if users.is_empty() || users.len() > TARGETS_MAX {
        return invalid(format!("1 to {TARGETS_MAX} users, found {}", users.len()));
    }
    if (1..users.len()).any(|i| users[..i].contains(&users[i])) {
        return invalid("a user is named twice".to_owned());
    }
    Ok(())
}

fn check(request: &BattleRequest) -> Result<BattleConfig, Refusal> {
    let duration_seconds = within("durationSeconds", request.duration_seconds, BATTLE_SECONDS)?;
    let punishment_seconds = within("punishmentSeconds", Some(request.punishment_seconds), PUNISHMENT_SECONDS)?;
    short("extensionInfo", &request.extension_info, EXTENSION_BYTES_MAX)?;
    check_users(&request.users)?;
    let timeout_seconds = match (request.need_response, request.timeout_seconds) {
        (Some(false), Some(timeout)) if timeout > 0 => {
            let detail = format!("must be 0 or absent when needResponse is false, found {timeout}");
            return Err(Refusal::Invalid { field: "timeoutSeconds", detail });
        }
        (Some(false), _) | (None, Some(0)) => None,
        // Clients of the product send 0 for "not said".
        (Some(true), Some(0)) => Some(within("timeoutSeconds", None, REQUEST_SECONDS)?),
        (Some(true) | None, timeout) => Some(within("timeoutSeconds", timeout, REQUEST_SECONDS)?),
    };
    Ok(BattleConfig {
        duration_seconds,
        timeout_seconds,
        extension_info: request.extension_info.clone(),
        punishment_seconds,
        end_connection_after: request.end_connection_after,
    })
}
