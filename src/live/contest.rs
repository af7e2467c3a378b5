//! What of battles is in the picture that some lives have together.

use costage_media::scene::{self, Countdown, OPENING, OUTCOME, Outcome, Side, Span, Standing};

use super::answer::BattleResult;
use super::ids::{BattleId, ConnectionId, UserId};
use super::lives::Lives;
use super::ranking::ranks;
use super::state::{Battle, Judged, Live, Member};
use super::time::WallMs;

impl Lives {
    /// Who stands where, how long it goes on, and how the last battle ended: for all of `lives`, or nothing when one of
    /// them does not want it. They have a picture together, and are in the order of places.
    pub(super) fn contest(&self, lives: &[&Live]) -> scene::Battle {
        if lives.iter().any(|live| !live.info.overlays.battle) {
            return scene::Battle::default();
        }
        let sides = lives.iter().map(|live| self.side(live)).collect();
        let connection = lives.first().and_then(|live| live.connection);
        let Some(shown) = self.battle_told(lives.iter().copied(), connection) else {
            return scene::Battle { sides, ..scene::Battle::default() };
        };
        let battle = self.state.battles.get(&shown);
        let opening = battle.filter(|battle| battle.is_running()).and_then(|battle| battle.start);
        let opening = opening.map(|start| self.instant(start.after(OPENING)));
        scene::Battle { sides, opening, countdown: battle.and_then(|battle| self.countdown(battle)) }
    }

    /// Of several battles in a connection, the one of the first live that fights in any; when none goes on, one whose
    /// punishment does.
    pub(super) fn battle_told<'a>(
        &self,
        mut lives: impl Iterator<Item = &'a Live>,
        connection: Option<ConnectionId>,
    ) -> Option<BattleId> {
        let connection = connection?;
        let punished = || self.punishments().find(|(_, battle)| battle.connection == connection).map(|(id, _)| id);
        lives.find_map(|live| self.running_battle(live)).or_else(punished)
    }

    /// The battle that it fights in.
    pub(super) fn running_battle(&self, live: &Live) -> Option<BattleId> {
        live.battle.filter(|id| self.state.battles.get(id).is_some_and(Battle::is_running))
    }

    fn countdown(&self, battle: &Battle) -> Option<Countdown> {
        if battle.is_running() {
            return Some(Countdown { of: Span::Battle, end: self.instant(battle.end) });
        }
        battle.punishment_end().map(|end| Countdown { of: Span::Punishment, end: self.instant(end) })
    }

    fn side(&self, live: &Live) -> Side {
        let verdict =
            live.judged.map(|Judged { outcome, until }| scene::Verdict { outcome, until: self.instant(until) });
        Side { source: live.source(), standing: self.standing(live), verdict }
    }

    /// In the battle that goes on in its connection, also when it has left that.
    fn standing(&self, live: &Live) -> Option<Standing> {
        let connection = self.state.connections.get(&live.connection?)?;
        let members = connection.members.iter().filter_map(|id| self.state.lives.get(id));
        let battle = self.running_battle(live).or_else(|| {
            // One that has left may not be in another.
            let takes_part = |id: &BattleId| self.state.battles.get(id).is_some_and(|it| it.of(live).is_some());
            members.filter_map(|member| self.running_battle(member)).find(takes_part)
        })?;
        let battle = self.state.battles.get(&battle)?;
        let own = battle.of(live)?;
        let (_, rank) = ranks(&battle.members).into_iter().find(|(member, _)| std::ptr::eq(*member, own))?;
        Some(Standing { rank, score: own.score, left: own.left })
    }

    /// How a battle ended is shown for five seconds to those who see the hosts that are still in its connection.
    pub(super) fn proclaim(&mut self, now: WallMs, id: BattleId, result: &BattleResult) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        let (connection, members) = (battle.connection, battle.members.clone());
        for Member { host, .. } in members {
            let judged =
                outcome(result, &host.user.user_id).map(|outcome| Judged { outcome, until: now.after(OUTCOME) });
            let stays = |live: &&mut Live| live.connection == Some(connection);
            if let Some(live) = self.state.lives.get_mut(&host.live_id).filter(stays) {
                live.judged = judged;
            }
        }
    }
}

impl Battle {
    /// This live in it.
    fn of(&self, live: &Live) -> Option<&Member> {
        self.members.iter().find(|member| member.host.live_id == live.info.live_id)
    }
}

/// Who has left cannot win nor draw; where nobody stayed there is nothing to say.
fn outcome(result: &BattleResult, user: &UserId) -> Option<Outcome> {
    let ranked = result.ranking.iter().find(|ranked| ranked.user_id == *user)?;
    if result.winners.contains(user) {
        Some(Outcome::Victory)
    } else if result.draw && !ranked.left {
        Some(Outcome::Draw)
    } else {
        (result.draw || !result.winners.is_empty()).then_some(Outcome::Defeat)
    }
}
