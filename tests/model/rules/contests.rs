//! What of battles is in the picture.

use super::{Fighter, Live, Model, results};
use crate::twist::Twist;
use crate::words::{Contest, End, SideSeen};

/// How long "VS", and how long a result is shown.
const OPENING: u64 = 1_000;
const RESULT: u64 = 5_000;

impl Model {
    /// Of lives that have a picture together; nothing when one of them does not want it.
    pub(super) fn contest(&self, lives: &[&Live]) -> Contest {
        if lives.iter().any(|live| !live.settings.overlays[1]) {
            return Contest::default();
        }
        let fights: Vec<_> = lives.iter().map(|live| self.fights_in(live)).collect();
        let mut battles: Vec<usize> = Vec::new();
        fights.iter().flatten().for_each(|(battle, _)| {
            if !battles.contains(battle) {
                battles.push(*battle);
            }
        });
        let sides = lives.iter().zip(&fights).map(|(live, fight)| self.side(live, *fight, &battles)).collect();
        let on_tiles_only = lives.iter().any(|live| !live.settings.overlays[2]);
        let Some(connection) = self.connection_of(lives[0].id) else {
            return Contest { sides, on_tiles_only, ..Contest::default() };
        };
        if let Some(battle) = connection.members.iter().find_map(|member| self.running_of(member)) {
            let end = self.battle(battle).expect("just found").end;
            let going = fights.iter().flatten().filter(|(_, until)| until.is_none());
            let started = going.filter_map(|(battle, _)| self.battle(*battle)?.start).max();
            let opening = started.map(|start| start + OPENING).filter(|until| *until > self.now);
            return Contest { sides, opening, countdown: Some((false, end.max(self.now))), on_tiles_only };
        }
        let punished = self.battles.iter().filter(|battle| battle.connection == connection.number);
        let end = punished.into_iter().find_map(|battle| battle.punishment_end);
        let end = end.filter(|_| self.twist != Some(Twist::PunishmentIsNotCounted));
        Contest { sides, opening: None, countdown: end.map(|end| (true, end.max(self.now))), on_tiles_only }
    }

    fn side(&self, live: &Live, fight: Option<(usize, Option<u64>)>, battles: &[usize]) -> SideSeen {
        let standing = fight.and_then(|(fight, until)| {
            let battle = self.battle(fight)?;
            let own = battle.fighters.iter().find(|fighter| self.is_of(fighter, live))?;
            let number = battles.iter().position(|known| *known == fight)?;
            Some((number, results::rank(battle, own, self.twist), own.score, own.left, until))
        });
        let judged = live.judged.filter(|(_, until, _)| *until > self.now);
        (live.serial, standing, judged.map(|(end, until, _)| (end, until)))
    }

    /// Its own battle; else the first of its connection that it has left; else the last one there, until its end has been shown.
    fn fights_in(&self, live: &Live) -> Option<(usize, Option<u64>)> {
        let members = self.connection_of(live.id).into_iter().flat_map(|connection| &connection.members);
        let beside = members.filter_map(|member| self.running_of(member));
        let mut battles = self.running_of(live.id).into_iter().chain(beside);
        let takes_part = |battle: &usize| {
            self.battle(*battle).is_some_and(|battle| battle.fighters.iter().any(|it| self.is_of(it, live)))
        };
        let over = || {
            let (_, until, id) = live.judged?;
            let battle = self.battle(id)?;
            let punished = battle.punishment_end.filter(|_| self.twist != Some(Twist::LastScoresOutlastNothing));
            let until = punished.map_or(until, |end| end.max(until));
            let here = self.connection_of(live.id).is_some_and(|connection| connection.number == battle.connection)
                || self.twist == Some(Twist::LastScoresGoAlong);
            (here && until > self.now).then_some((id, Some(until)))
        };
        battles.find(takes_part).map(|battle| (battle, None)).or_else(over)
    }

    /// Whoever fought, and is still connected where it did, sees how that ended. Where nobody stayed nothing is said.
    pub(super) fn proclaim(&mut self, id: usize) {
        let battle = self.battle(id).expect("it ends").clone();
        let verdict = results::verdict(&battle, self.twist);
        for fighter in &battle.fighters {
            let live = fighter.host.live;
            if self.live(live).is_none_or(|live| !self.is_of(fighter, live)) {
                continue;
            }
            if self.connection_of(live).is_none_or(|connection| connection.number != battle.connection) {
                continue;
            }
            let end = match (verdict.draw, verdict.winners.contains(&fighter.host.user.id)) {
                (_, true) => Some(End::Victory),
                (true, false) if !fighter.left || self.twist == Some(Twist::LeaversDraw) => Some(End::Draw),
                (draw, false) => (draw || !verdict.winners.is_empty()).then_some(End::Defeat),
            };
            let until = self.now + RESULT;
            self.live_mut(live).judged = end.map(|end| (end, until, id));
        }
    }

    /// A live of the same name that somebody else has made since is another.
    pub(super) fn is_of(&self, fighter: &Fighter, live: &Live) -> bool {
        let same = fighter.host.user.id == live.owner.id || self.twist == Some(Twist::AnybodyOfThatLive);
        fighter.host.live == live.id && same
    }
}
