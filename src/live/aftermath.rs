//! What follows a battle: the punishment, each its own live again, a rematch.
//!
//! ```text
//! time over ──▶ onBattleEnded ──▶ punishment, if one was asked for ──▶ co-hosting, or with endConnectionAfter its hosts part
//!                                       └─ a new battle of one of its hosts, or all but one have parted: it ends early
//! ```
//! After all but one have parted the last parts too, where endConnectionAfter was asked for; a new battle goes on in the
//! connection.

use super::answer::{Answer, BattleEndReason, Host};
use super::command::BattleRequest;
use super::event::{Event, LeaveReason};
use super::fact::Fact;
use super::ids::{BattleId, ConnectionId, LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::state::{Battle, Phase};
use super::time::WallMs;

impl Lives {
    /// The battles whose punishment goes on.
    pub(super) fn punishments(&self) -> impl Iterator<Item = (BattleId, &Battle)> {
        let battles = self.state.battles.iter();
        battles.filter(|(_, battle)| battle.punishment_end().is_some()).map(|(id, battle)| (*id, battle))
    }

    /// The punishment follows every end by time, also a draw: who has to do what is between the hosts.
    pub(super) fn tell_punishment(&mut self, now: WallMs, id: BattleId, end_time: WallMs, audience: Vec<LiveId>) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        let punishment_seconds = battle.config.punishment_seconds;
        let started = Event::BattlePunishmentStarted { battle_id: id, punishment_seconds, start_time: now, end_time };
        self.notify(now, audience, started);
    }

    pub(super) fn end_punishment_by_time(&mut self, now: WallMs, id: BattleId) {
        self.end_punishment(now, id);
        self.part_after(now, id);
    }

    /// A host that battles again is punished no more, nor are those who were in the old battle with it. What was to follow
    /// the punishment does not.
    pub(super) fn end_punishments_of(&mut self, now: WallMs, live: &LiveId) {
        let Some(live) = self.state.lives.get(live) else { return };
        let own = |battle: &Battle| battle.of(live).is_some();
        let ended: Vec<_> = self.punishments().filter(|(_, battle)| own(battle)).map(|(id, _)| id).collect();
        ended.into_iter().for_each(|id| self.end_punishment(now, id));
    }

    /// `live` is about to leave its connection: a punishment that fewer than two of its hosts would stay for ends.
    pub(super) fn end_punishments_without(&mut self, now: WallMs, connection: ConnectionId, live: &LiveId) {
        let members = self.members_of(live);
        let stay: Vec<_> = members.iter().filter(|of| *of != live).filter_map(|of| self.state.lives.get(of)).collect();
        let too_few = |battle: &Battle| {
            battle.connection == connection && stay.iter().filter(|live| battle.of(live).is_some()).count() < 2
        };
        let ended: Vec<_> = self.punishments().filter(|(_, battle)| too_few(battle)).map(|(id, _)| id).collect();
        ended.into_iter().for_each(|id| self.end_punishment(now, id));
    }

    fn end_punishment(&mut self, now: WallMs, id: BattleId) {
        let audience = self.audience(id);
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        match &mut battle.phase {
            Phase::Ended { punishment_end, .. } => *punishment_end = None,
            Phase::Pending { .. } | Phase::Running { .. } => return,
        }
        let connection = battle.connection;
        self.record(Fact::PunishmentEnded { battle: id, at: now });
        self.restage(connection);
        self.notify(now, audience, Event::BattlePunishmentEnded { battle_id: id });
    }

    /// The battles of a connection that are not over, or whose punishment is not.
    pub(super) fn unfinished_battles(&self, connection: ConnectionId) -> Vec<BattleId> {
        let unfinished = |battle: &Battle| match battle.phase {
            Phase::Pending { .. } | Phase::Running { .. } => true,
            Phase::Ended { punishment_end, .. } => punishment_end.is_some(),
        };
        let battles = self.state.battles.iter();
        let own = battles.filter(|(_, battle)| battle.connection == connection && unfinished(battle));
        own.map(|(id, _)| *id).collect()
    }

    /// With `endConnectionAfter` the hosts of a battle that is over, and whose punishment is, leave their connection, who
    /// left the battle early among them, and what they have asked others is cancelled, as by leaving. Others in the
    /// connection, who have not agreed to this, stay connected.
    pub(super) fn part_after(&mut self, now: WallMs, id: BattleId) {
        let wanted = |battle: &&Battle| battle.config.end_connection_after && battle.start.is_some();
        let Some(battle) = self.state.battles.get(&id).filter(wanted) else { return };
        let over = matches!(battle.phase, Phase::Ended { punishment_end: None, .. });
        let connection = battle.connection;
        let lives = battle
            .members
            .iter()
            .filter_map(|member| self.state.lives.get(&member.host.live_id).filter(|live| member.host.is_of(live)));
        let connected = lives.filter(|live| over && live.connection == Some(connection));
        let parting: Vec<_> = connected.map(|live| live.info.live_id.clone()).collect();
        for live in &parting {
            // The last one has nobody left to leave.
            if self.is_in(live, connection) {
                self.leave_connection(now, live, LeaveReason::Exit);
            }
            self.cancel_requests_by(now, live);
        }
    }

    fn is_in(&self, live: &LiveId, connection: ConnectionId) -> bool {
        self.state.lives.get(live).is_some_and(|live| live.connection == Some(connection))
    }

    /// The same battle once more: its hosts, also who left it early, and all that it was asked for with. `user`, or else
    /// the old inviter, is the inviter now. Those who cannot be asked are answered by code, as in any request.
    pub(super) fn rematch(&mut self, now: WallMs, id: BattleId, user: Option<UserId>) -> Result<Answer, Refusal> {
        let battle = self.state.battles.get(&id).ok_or(Refusal::NoSuchBattle { battle: id })?;
        let user = user.unwrap_or_else(|| battle.inviter().user.user_id.clone());
        let inviter = battle.member(&user).ok_or_else(|| Refusal::NotInBattle { battle: id, user: user.clone() })?;
        let live = inviter.host.live_id.clone();
        match &battle.phase {
            Phase::Running { .. } => return Err(Refusal::AlreadyInBattle { live }),
            Phase::Pending { .. } | Phase::Ended { reason: BattleEndReason::NeverStarted, .. } => {
                return Err(Refusal::BattleNotStarted { battle: id });
            }
            Phase::Ended { reason: BattleEndReason::TimeOver | BattleEndReason::AllMemberExit, .. } => {}
        }
        let lives_on = |host: &Host| self.state.lives.get(&host.live_id).is_some_and(|live| host.is_of(live));
        if !lives_on(&inviter.host) {
            // Whose live of that id it is now was not in it.
            let now = self.state.lives.get(&live).map(|live| live.owner().clone());
            return Err(now.map_or(Refusal::NoSuchLive { live }, |user| Refusal::NotInBattle { battle: id, user }));
        }
        let others = || battle.members.iter().map(|member| &*member.host).filter(|host| host.live_id != live);
        if !others().any(lives_on) {
            return Err(Refusal::NoValidLive { battle: id });
        }
        let config = &battle.config;
        let request = BattleRequest {
            users: others().map(|host| host.user.user_id.clone()).collect(),
            live,
            duration_seconds: Some(config.duration_seconds),
            need_response: Some(config.timeout_seconds.is_some()),
            timeout_seconds: config.timeout_seconds,
            extension_info: config.extension_info.clone(),
            punishment_seconds: config.punishment_seconds,
            end_connection_after: config.end_connection_after,
        };
        self.request_battle(now, &request)
    }
}
