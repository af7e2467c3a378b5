//! What of battles is in the picture.

use super::{Live, Model, results};
use crate::twist::Twist;
use crate::words::{Contest, End, SideSeen, Text};

/// How long "VS", and how long a result is shown.
const OPENING: u64 = 1_000;
const RESULT: u64 = 5_000;

impl Model {
    /// Of lives that have a picture together; nothing when one of them does not want it.
    pub(super) fn contest(&self, lives: &[&Live]) -> Contest {
        if lives.iter().any(|live| !live.settings.overlays[1]) {
            return Contest::default();
        }
        let sides = lives.iter().map(|live| self.side(live)).collect();
        let Some(connection) = self.connection_of(lives[0].id) else { return Contest { sides, ..Contest::default() } };
        if let Some(battle) = connection.members.iter().find_map(|member| self.running_of(member)) {
            let battle = self.battle(battle).expect("just found");
            let opening = battle.start.map(|start| start + OPENING).filter(|until| *until > self.now);
            return Contest { sides, opening, countdown: Some((false, battle.end.max(self.now))) };
        }
        let punished = self.battles.iter().filter(|battle| battle.connection == connection.number);
        let end = punished.into_iter().find_map(|battle| battle.punishment_end);
        let end = end.filter(|_| self.twist != Some(Twist::PunishmentIsNotCounted));
        Contest { sides, opening: None, countdown: end.map(|end| (true, end.max(self.now))) }
    }

    fn side(&self, live: &Live) -> SideSeen {
        (live.serial, self.standing(live.id), live.judged.filter(|(_, until)| *until > self.now))
    }

    /// In its own battle; else in the first of its connection that it has left.
    fn standing(&self, live: Text) -> Option<(u64, u64, bool)> {
        let members = self.connection_of(live)?.members.iter();
        let beside = members.filter_map(|member| self.running_of(member));
        let mut battles = self.running_of(live).into_iter().chain(beside);
        battles.find_map(|battle| {
            let battle = self.battle(battle)?;
            let own = battle.fighters.iter().find(|fighter| fighter.host.live == live)?;
            Some((results::rank(battle, own, self.twist), own.score, own.left))
        })
    }

    /// Whoever fought, and is still connected where it did, sees how that ended. Where nobody stayed nothing is said.
    pub(super) fn proclaim(&mut self, id: usize) {
        let battle = self.battle(id).expect("it ends").clone();
        let verdict = results::verdict(&battle, self.twist);
        for fighter in &battle.fighters {
            let live = fighter.host.live;
            if self.connection_of(live).is_none_or(|connection| connection.number != battle.connection) {
                continue;
            }
            let end = match (verdict.draw, verdict.winners.contains(&fighter.host.user.id)) {
                (_, true) => Some(End::Victory),
                (true, false) if !fighter.left || self.twist == Some(Twist::LeaversDraw) => Some(End::Draw),
                (draw, false) => (draw || !verdict.winners.is_empty()).then_some(End::Defeat),
            };
            let until = self.now + RESULT;
            self.live_mut(live).judged = end.map(|end| (end, until));
        }
    }
}
