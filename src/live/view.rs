//! What may be read: lives, connections, battles, and all of it at once for an event socket.

use super::answer::{Answer, BattleInfo, BattleStatus, BattleUser, CoHost, LiveInfo, LiveSnapshot, TemplateName};
use super::ids::{BattleId, LiveId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::state::{Battle, Live, Phase, Presence};

use costage_media::scene::Template;

impl Lives {
    /// Everything about a live: the first message of an event socket.
    ///
    /// # Errors
    /// [`Refusal::NoSuchLive`].
    pub fn view(&self, live: &LiveId) -> Result<LiveSnapshot, Refusal> {
        let found = self.live(live)?;
        let battle = found.battle.or_else(|| self.battle_beside(found));
        let battle = battle.and_then(|id| self.state.battles.get(&id).map(|battle| battle.info(id)));
        let (info, co_host) = (self.info_of(found), self.co_host(live));
        let (seat_list, seat_requests) = (self.seat_list(live), self.seat_requests(live));
        Ok(LiveSnapshot { live: info, co_host, battle, layout: self.layout(live), seat_list, seat_requests })
    }

    /// The battle of a live's connection that it is not in itself: its viewers see it, and are told of it. Of several the
    /// one of the first member that is in any.
    fn battle_beside(&self, live: &Live) -> Option<BattleId> {
        let connection = self.state.connections.get(&live.connection?)?;
        connection.members.iter().find_map(|member| self.state.lives.get(member)?.battle)
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
        let battle = self.live(live)?.battle.ok_or_else(|| Refusal::NoBattle { live: live.clone() })?;
        self.find_battle(battle)
    }

    fn co_host(&self, live: &LiveId) -> CoHost {
        let host = |id: &LiveId| self.state.lives.get(id).map(Live::host);
        let connection = self.state.lives.get(live).and_then(|live| live.connection);
        let connection = connection.and_then(|id| self.state.connections.get(&id));
        let connected = connection.map(|connection| connection.members.clone()).unwrap_or_default();
        let template = connection.map_or(Template::HostDynamicGrid, |connection| connection.template);
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
            Phase::Running { .. } => (BattleStatus::Started, None, None),
            Phase::Ended { reason, result } => (BattleStatus::Ended, Some(*reason), Some((**result).clone())),
        };
        let users = self.members.iter();
        let users = users.map(|it| BattleUser { host: (*it.host).clone(), score: it.score, left: it.left });
        let inviter = self.members.first().expect("a battle has an inviter");
        BattleInfo {
            battle_id: id,
            status,
            inviter: inviter.host.user.user_id.clone(),
            duration_seconds: self.duration_seconds,
            extension_info: self.extension_info.to_string(),
            start_time: self.start,
            end_time: self.end,
            users: users.collect(),
            scores: self.scores(),
            reason,
            result,
        }
    }
}
