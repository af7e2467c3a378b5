//! Battles that run, and what follows them: the punishment, parting, a rematch.

use super::{Allowed, Battle, Fighter, Model, Outcome, Stage, number, refuse, refuse_at, results};
use crate::command::BattleWish;
use crate::said::{Answer, Case, Event, Left};
use crate::twist::Twist;
use crate::words::Text;

/// Why battles end: their time is over.
pub(super) const TIME_OVER: u64 = 0;
/// Everybody left.
pub(super) const ALL_LEFT: u64 = 1;
/// Nobody accepted.
pub(super) const NEVER_STARTED: u64 = 2;

/// How many that have ended can be read, and how many of these may never have started.
const ENDED_MAX: usize = 1_000;
const UNSTARTED_MAX: usize = 100;

impl Model {
    pub(super) fn known_battle(&self, id: usize) -> Allowed<&Battle> {
        self.battle(id).map_or_else(|| refuse(Case::NoSuchBattle, ""), Ok)
    }

    pub(super) fn battle_seen(&self, id: usize) -> Outcome {
        Ok(Answer::Battle(Box::new(self.known_battle(id)?.seen())))
    }

    /// The battle that a live fights in.
    pub(super) fn running_of(&self, live: &str) -> Option<usize> {
        let battle = self.battle_of(live)?;
        matches!(battle.stage, Stage::Running).then_some(battle.number)
    }

    /// Who hears of a battle: its hosts, but those who left it, and all of the connection that it is in.
    pub(super) fn audience(&self, id: usize) -> Vec<Text> {
        let battle = self.battle(id).expect("looked up before");
        let hosts = battle.fighters.iter().filter(|fighter| !fighter.left && self.is_still(fighter));
        let mut lives: Vec<_> = hosts.map(|fighter| fighter.host.live).collect();
        let connection = self.connections.iter().find(|connection| connection.number == battle.connection);
        lives.extend(connection.into_iter().flat_map(|connection| connection.members.iter().copied()));
        lives
    }

    /// Whoever fights again is punished no more, nor are those with whom it was.
    pub(super) fn start_battle(&mut self, id: usize) {
        let now = self.now;
        let battle = self.battle_mut(id);
        battle.fighters.iter_mut().for_each(|fighter| fighter.asked = false);
        (battle.stage, battle.start, battle.end) = (Stage::Running, Some(now), now + 1_000 * battle.config.seconds);
        let battle = battle.clone();
        for fighter in &battle.fighters {
            self.live_mut(fighter.host.live).judged = None;
            for old in self.punished() {
                let old_fighters = &self.battle(old).expect("just listed").fighters;
                if old_fighters.iter().any(|it| it.host.live == fighter.host.live && self.is_still(it)) {
                    self.end_punishment(old);
                }
            }
        }
        let event = Event::BattleStarted {
            battle: id,
            hosts: battle.fighters.iter().map(|fighter| fighter.host).collect(),
            seconds: battle.config.seconds,
            start: now,
            end: battle.end,
            extension: battle.config.extension,
            scores: battle.points(),
        };
        self.tell(self.audience(id), event);
    }

    /// While one remains they play on.
    pub(super) fn leave_battle(&mut self, live: Text) {
        let Some(battle) = self.battle_of(live) else { return };
        let id = battle.number;
        if matches!(battle.stage, Stage::Pending) {
            return self.withdraw(id, live);
        }
        let audience = self.audience(id);
        let fighters = &mut self.battle_mut(id).fighters;
        let fighter = fighters.iter_mut().find(|fighter| fighter.host.live == live).expect("it is in it");
        fighter.left = true;
        let user = fighter.host;
        let over = fighters.iter().all(|fighter| fighter.left);
        self.tell(audience.clone(), Event::BattleExit { battle: id, user });
        if over {
            self.end_battle_for(id, ALL_LEFT, audience);
        }
    }

    pub(super) fn exit_battle(&mut self, id: usize, user: Text) -> Outcome {
        let battle = self.known_battle(id)?;
        battle.check_not_over()?;
        let Some(fighter) = battle.fighter(user).filter(|fighter| !fighter.left) else {
            return refuse_at(Case::NotInBattle, user, number(id));
        };
        self.leave_battle(fighter.host.live);
        self.part_after(id);
        self.battle_seen(id)
    }

    pub(super) fn end_battle(&mut self, id: usize, reason: u64) {
        self.end_battle_for(id, reason, self.audience(id));
    }

    fn end_battle_for(&mut self, id: usize, reason: u64, audience: Vec<Text>) {
        let (now, twist) = (self.now, self.twist);
        let battle = self.battle_mut(id);
        let verdict = results::verdict(battle, twist);
        battle.stage = Stage::Ended(reason, Some(verdict.clone()));
        if reason == ALL_LEFT {
            battle.end = now;
        }
        let (end, seconds) = (battle.end, battle.config.punishment);
        let punished = reason == TIME_OVER && seconds > 0;
        battle.punishment_end = punished.then_some(now + 1_000 * seconds);
        let until = battle.punishment_end;
        self.proclaim(id);
        self.keep_ended(id);
        self.tell(audience.clone(), Event::BattleEnded { battle: id, reason, end, verdict: Some(verdict) });
        if let Some(end) = until {
            self.tell(audience, Event::PunishmentStarted { battle: id, seconds, start: now, end });
        }
    }

    /// Those that ended first are forgotten first.
    pub(super) fn keep_ended(&mut self, id: usize) {
        self.ended.push(id);
        let never = |model: &Self, id: usize| model.battle(id).is_some_and(|battle| battle.start.is_none());
        let unstarted: Vec<_> = self.ended.iter().copied().filter(|id| never(self, *id)).collect();
        if never(self, id) && unstarted.len() > UNSTARTED_MAX {
            self.forget(unstarted[0]);
        }
        if self.ended.len() > ENDED_MAX {
            self.forget(self.ended[0]);
        }
    }

    fn forget(&mut self, id: usize) {
        self.ended.retain(|ended| *ended != id);
        self.battles.retain(|battle| battle.number != id);
    }

    /// The battles whose punishment goes on.
    pub(super) fn punished(&self) -> Vec<usize> {
        let punished = self.battles.iter().filter(|battle| battle.punishment_end.is_some());
        punished.map(|battle| battle.number).collect()
    }

    pub(super) fn end_punishment(&mut self, id: usize) {
        self.battle_mut(id).punishment_end = None;
        self.tell(self.audience(id), Event::PunishmentEnded { battle: id });
    }

    /// A punishment is for two at least: it ends when fewer of its hosts stay in the connection.
    pub(super) fn end_punishments_without(&mut self, connection: u32, stay: &[Text]) {
        for id in self.punished() {
            let battle = self.battle(id).expect("just listed");
            let hosts = battle.fighters.iter().filter(|it| stay.contains(&it.host.live) && self.is_still(it)).count();
            if battle.connection == connection && hosts < 2 {
                self.end_punishment(id);
            }
        }
    }

    /// With endConnectionAfter the hosts of a battle that is wholly over leave their connection.
    pub(super) fn part_after(&mut self, id: usize) {
        let Some(Battle {
            config, stage: Stage::Ended(_, Some(_)), punishment_end: None, connection, fighters, ..
        }) = self.battle(id).cloned()
        else {
            return;
        };
        if !config.part_after || self.twist == Some(Twist::NobodyParts) {
            return;
        }
        let is_in = |model: &Self, live| model.connection_of(live).is_some_and(|own| own.number == connection);
        let parting: Vec<_> = fighters
            .into_iter()
            .filter(|it| self.is_still(it))
            .map(|it| it.host.live)
            .filter(|live| is_in(self, live))
            .collect();
        for live in parting {
            if is_in(self, live) {
                self.leave(live, Left::Exit);
            }
            self.cancel_requests_by(live);
        }
    }

    /// The same hosts and the same wishes again, asked for by one of them.
    pub(super) fn rematch(&mut self, id: usize, user: Option<Text>) -> Outcome {
        let battle = self.known_battle(id)?;
        let user = user.unwrap_or(battle.fighters[0].host.user.id);
        let Some(asker) = battle.fighter(user) else { return refuse_at(Case::NotInBattle, user, number(id)) };
        let live = asker.host.live;
        match battle.stage {
            Stage::Running => return refuse(Case::AlreadyInBattle, live),
            Stage::Pending | Stage::Ended(_, None) => return refuse_at(Case::BattleNotStarted, "", number(id)),
            Stage::Ended(_, Some(_)) => {}
        }
        if !self.is_still(&asker) {
            return match self.live(live) {
                Some(now) => refuse_at(Case::NotInBattle, now.owner.id, number(id)),
                None => refuse(Case::NoSuchLive, live),
            };
        }
        let others: Vec<_> = battle.fighters.iter().filter(|fighter| fighter.host.live != live).collect();
        if !others.iter().any(|other| self.is_still(other)) {
            return refuse_at(Case::NoValidLive, "", number(id));
        }
        let config = battle.config;
        self.request_battle(&BattleWish {
            live,
            users: others.iter().map(|other| other.host.user.id).collect(),
            seconds: Some(config.seconds),
            need_response: Some(config.timeout.is_some()),
            timeout: config.timeout,
            extension: config.extension,
            punishment: config.punishment,
            part_after: config.part_after,
        })
    }

    /// The live with which a host fought is still there, and still its own.
    pub(super) fn is_still(&self, fighter: &Fighter) -> bool {
        self.live(fighter.host.live).is_some_and(|live| self.is_of(fighter, live))
    }
}

impl Battle {
    pub(super) fn fighter(&self, user: &str) -> Option<Fighter> {
        self.fighters.iter().copied().find(|fighter| fighter.host.user.id == user)
    }

    pub(super) fn check_not_over(&self) -> Allowed {
        match self.stage {
            Stage::Pending | Stage::Running => Ok(()),
            Stage::Ended(..) => refuse_at(Case::BattleEnded, "", self.end),
        }
    }
}
