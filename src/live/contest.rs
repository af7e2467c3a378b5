//! What of battles is in the picture that some lives have together.

use costage_media::scene::{self, Countdown, OPENING, OUTCOME, Outcome, Side, Span, Standing};

use super::answer::{BattleResult, Host};
use super::ids::{BattleId, ConnectionId, UserId};
use super::lives::Lives;
use super::ranking::ranks;
use super::state::{Battle, Judged, Live, Member};
use super::time::WallMs;

impl Lives {
    /// Who stands where, how long it goes on, and how the last battle ended: for all of `lives`, or nothing when one of
    /// them does not want it, or only on tiles when one does not want more. They have a picture together, and are in the order of places.
    pub(super) fn contest(&self, lives: &[&Live]) -> scene::Battle {
        if lives.iter().any(|live| !live.info.overlays.battle) {
            return scene::Battle::default();
        }
        let connection = lives.first().and_then(|live| live.connection);
        let shown = self.battle_told(lives.iter().copied(), connection).and_then(|id| self.state.battles.get(&id));
        let mut known = Vec::new();
        let sides = lives.iter().map(|live| self.side(live, &mut known)).collect();
        let running = known.iter().filter_map(|id| self.state.battles.get(id)).filter(|battle| battle.is_running());
        let starts = running.filter_map(|battle| battle.start);
        scene::Battle {
            sides,
            opening: starts.max().map(|start| self.instant(start.after(OPENING))),
            countdown: shown.and_then(|battle| self.countdown(battle)),
            on_tiles_only: lives.iter().any(|live| !live.info.overlays.container),
        }
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

    /// `known` are the battles that were met so far.
    fn side(&self, live: &Live, known: &mut Vec<BattleId>) -> Side {
        let verdict =
            live.judged.map(|Judged { outcome, until, .. }| scene::Verdict { outcome, until: self.instant(until) });
        Side { source: live.source(), standing: self.standing(live, known), verdict }
    }

    /// In the battle that goes on in its connection, also when it has left that; else as the last one there ended for it.
    fn standing(&self, live: &Live, known: &mut Vec<BattleId>) -> Option<Standing> {
        let connection = self.state.connections.get(&live.connection?)?;
        let members = connection.members.iter().filter_map(|id| self.state.lives.get(id));
        let running = self.running_battle(live).or_else(|| {
            // One that has left may not be in another.
            let takes_part = |id: &BattleId| self.state.battles.get(id).is_some_and(|it| it.of(live).is_some());
            members.filter_map(|member| self.running_battle(member)).find(takes_part)
        });
        let ended = || self.last_battle(live).map(|(id, until)| (id, Some(self.instant(until))));
        let (id, until) = running.map(|id| (id, None)).or_else(ended)?;
        let battle = self.state.battles.get(&id)?;
        let own = battle.of(live)?;
        let (_, rank) = ranks(&battle.members).into_iter().find(|(member, _)| std::ptr::eq(*member, own))?;
        let number = known.iter().position(|met| *met == id).unwrap_or_else(|| {
            known.push(id);
            known.len() - 1
        });
        Some(Standing { battle: u32::try_from(number).ok()?, rank, score: own.score, left: own.left, until })
    }

    /// The last battle of a live, when that was in the connection that it is in, and how long its scores are shown: as long as the
    /// result, and as the punishment goes on.
    fn last_battle(&self, live: &Live) -> Option<(BattleId, WallMs)> {
        let Judged { until, battle, .. } = live.judged?;
        let battle = battle?;
        let ended = self.state.battles.get(&battle).filter(|ended| live.connection == Some(ended.connection))?;
        Some((battle, ended.punishment_end().map_or(until, |end| end.max(until))))
    }

    /// How a battle ended is shown for five seconds to those who see the hosts that are still in its connection.
    pub(super) fn proclaim(&mut self, now: WallMs, id: BattleId, result: &BattleResult) {
        let Some(battle) = self.state.battles.get(&id) else { return };
        let (connection, members) = (battle.connection, battle.members.clone());
        for Member { host, .. } in members {
            let until = now.after(OUTCOME);
            let judged = outcome(result, &host.user.user_id).map(|outcome| Judged { outcome, until, battle: Some(id) });
            let stays = |live: &&mut Live| live.connection == Some(connection) && host.is_of(live);
            if let Some(live) = self.state.lives.get_mut(&host.live_id).filter(stays) {
                live.judged = judged;
            }
        }
    }
}

impl Battle {
    /// This live in it, also when it has left.
    pub(super) fn of(&self, live: &Live) -> Option<&Member> {
        self.members.iter().find(|member| member.host.is_of(live))
    }
}

impl Host {
    /// Whether it is the host of this live. One of the same id that another user has created since is another live.
    pub(super) fn is_of(&self, live: &Live) -> bool {
        self.live_id == live.info.live_id && self.user.user_id == *live.owner()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_result_of_before_says_how_a_battle_ended_and_not_which() {
        let judged: Judged = serde_json::from_str(r#"{"outcome":"defeat","until":7}"#).unwrap();
        assert_eq!(judged, Judged { outcome: Outcome::Defeat, until: WallMs(7), battle: None });
    }
}
