//! What may be read: lives, connections, battles, and all of it at once for an event socket.

use super::answer::{Answer, BattleInfo, BattleStatus, BattleUser, CoHost, LiveInfo, LiveSnapshot, TemplateName};
use super::ids::{BattleId, LiveId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::state::{Battle, Live, Phase, Presence};

impl Lives {
    /// Everything about a live: the first message of an event socket.
    ///
    /// # Errors
    /// [`Refusal::NoSuchLive`].
    pub fn view(&self, live: &LiveId) -> Result<LiveSnapshot, Refusal> {
        let found = self.live(live)?;
        let battle = self.battle_seen(found).and_then(|id| self.state.battles.get(&id).map(|battle| battle.info(id)));
        let request = found.battle.and_then(|id| Some(self.state.battles.get(&id)?.info(id)));
        let battle_request = request.filter(|battle| battle.status == BattleStatus::Pending);
        let (info, co_host) = (self.info_of(found), self.co_host(live));
        let (seat_list, seat_requests) = (self.seat_list(live), self.seat_requests(live));
        let layout = self.layout(live);
        Ok(LiveSnapshot { live: info, co_host, battle, battle_request, layout, seat_list, seat_requests })
    }

    /// The battle that a live is in, or one of its connection that it is not in itself: its viewers see it, and are told
    /// of it. Of several the one of the first member that is in any; when none runs, one whose punishment goes on.
    fn battle_seen(&self, live: &Live) -> Option<BattleId> {
        let connection = live.connection?;
        let members = &self.state.connections.get(&connection)?.members;
        let members = members.iter().filter_map(|member| self.state.lives.get(member));
        self.running_battle(live).or_else(|| self.battle_told(members, Some(connection)))
    }

    pub(super) fn info_of(&self, live: &Live) -> LiveInfo {
        LiveInfo {
            live: (*live.info).clone(),
            create_time: live.created,
            is_publishing: live.presence == Presence::Up,
            viewer_count: 0,
            feed: live.feed(),
        }
    }

    pub(super) fn find_live(&self, live: &LiveId) -> Result<Answer, Refusal> {
        Ok(Answer::Live(Box::new(self.info_of(self.live(live)?))))
    }

    pub(super) fn find_co_host(&self, live: &LiveId) -> Result<Answer, Refusal> {
        self.live(live)?;
        Ok(Answer::CoHost(self.co_host(live)))
    }

    pub(super) fn find_layout(&self, live: &LiveId) -> Result<Answer, Refusal> {
        self.live(live)?;
        Ok(Answer::Layout(self.layout(live)))
    }

    pub(super) fn find_battle(&self, id: BattleId) -> Result<Answer, Refusal> {
        let battle = self.state.battles.get(&id).ok_or(Refusal::NoSuchBattle { battle: id })?;
        Ok(Answer::Battle(Box::new(battle.info(id))))
    }

    pub(super) fn find_battle_of(&self, live: &LiveId) -> Result<Answer, Refusal> {
        let found = self.live(live)?;
        let own = found.battle;
        let punished = || {
            let takes_part =
                |battle: &Battle| found.connection == Some(battle.connection) && battle.of(found).is_some();
            self.punishments().find(|(_, battle)| takes_part(battle)).map(|(id, _)| id)
        };
        self.find_battle(own.or_else(punished).ok_or_else(|| Refusal::NoBattle { live: live.clone() })?)
    }

    fn co_host(&self, live: &LiveId) -> CoHost {
        let host = |id: &LiveId| self.state.lives.get(id).map(Live::host);
        let connection = self.state.lives.get(live).and_then(|live| live.connection);
        let connection = connection.and_then(|id| self.state.connections.get(&id));
        let connected = connection.map(|connection| connection.members.clone()).unwrap_or_default();
        let (template, _) = self.layout_of(live);
        CoHost {
            hosts: connected.iter().filter_map(host).collect(),
            connected,
            template: TemplateName(template),
            invitees: self.requests_by(live).iter().filter_map(host).collect(),
            applicant: self.state.requests.get(live).and_then(|request| host(&request.from)),
        }
    }
}

impl Battle {
    pub(super) fn info(&self, id: BattleId) -> BattleInfo {
        let (status, reason, result) = match &self.phase {
            Phase::Pending { .. } => (BattleStatus::Pending, None, None),
            Phase::Running { .. } => (BattleStatus::Started, None, None),
            Phase::Ended { reason, result, .. } => (BattleStatus::Ended, Some(*reason), result.as_deref().cloned()),
        };
        let waits = |live: &LiveId| self.waiting().is_some_and(|waiting| waiting.contains(live));
        let users = self.members.iter().map(|member| BattleUser {
            host: (*member.host).clone(),
            score: member.score,
            left: member.left,
            pending: waits(&member.host.live_id),
        });
        let pending = status == BattleStatus::Pending;
        BattleInfo {
            battle_id: id,
            status,
            inviter: self.inviter().user.user_id.clone(),
            duration_seconds: self.config.duration_seconds,
            need_response: self.config.timeout_seconds.is_some(),
            punishment_seconds: self.config.punishment_seconds,
            end_connection_after: self.config.end_connection_after,
            extension_info: self.config.extension_info.clone(),
            start_time: self.start,
            end_time: (!pending).then_some(self.end),
            expire_time: pending.then_some(self.end),
            punishment_end_time: self.punishment_end(),
            users: users.collect(),
            scores: self.scores(),
            reason,
            result,
        }
    }
}
