//! Points: all of a change or nothing, once for each key.

use super::results::SCORE_MAX;
use super::{Allowed, Battle, Model, Outcome, Row, Stage, number, refuse, refuse_at, short};
use crate::command::Gift;
use crate::said::{Answer, Case, Event, Scored};
use crate::twist::Twist;
use crate::words::Text;

/// Changed scores are told twenty times a second at most.
pub(super) const TOLD_EVERY_MS: u64 = 50;

impl Model {
    pub(super) fn score(&mut self, id: usize, key: Text, set: bool, scores: &[(Text, i64)], sender: Text) -> Outcome {
        let twice = (1..scores.len()).any(|i| scores[..i].iter().any(|(user, _)| *user == scores[i].0));
        if scores.is_empty() || scores.len() > 9 || twice {
            return refuse(Case::Invalid, "scores");
        }
        short("source.senderId", sender, 200)?;
        let mut scores = scores.to_vec();
        scores.sort_unstable();
        if let Some(row) = self.known_battle(id)?.row(key) {
            let same = row.gift.is_none() && (row.set, &row.scores, row.sender) == (set, &scores, sender);
            return if same {
                Ok(Answer::Scored(row.answer(id, self.battle(id))))
            } else {
                refuse(Case::KeyReused, key)
            };
        }
        self.check_counts(id)?;
        self.book(id, Row { key, at: self.now, set, scores, sender, gift: None, totals: vec![] }).map(Answer::Scored)
    }

    /// What comes before the end counts.
    pub(super) fn check_counts(&self, id: usize) -> Allowed {
        let battle = self.known_battle(id)?;
        match battle.stage {
            Stage::Pending => refuse_at(Case::BattleNotStarted, "", number(id)),
            Stage::Running if self.now < battle.end => Ok(()),
            Stage::Running | Stage::Ended(..) => refuse_at(Case::BattleEnded, "", battle.end),
        }
    }

    pub(super) fn book(&mut self, id: usize, mut row: Row) -> Allowed<Scored<'static>> {
        let twist = self.twist;
        let battle = self.battle_mut(id);
        let mut fighters = battle.fighters.clone();
        for (user, value) in &row.scores {
            let Some(fighter) = fighters.iter_mut().find(|fighter| fighter.host.user.id == *user) else {
                return refuse_at(Case::NotInBattle, user, number(id));
            };
            let before = if row.set { 0 } else { i128::from(fighter.score) };
            let least = if twist == Some(Twist::ScoresStopAtZero) { 0 } else { i128::MIN };
            let score = (before + i128::from(*value)).max(least);
            if score < 0 || score > i128::from(SCORE_MAX) {
                return refuse(Case::ScoreOutOfRange, user);
            }
            fighter.score = u64::try_from(score).expect("checked above");
        }
        battle.fighters = fighters;
        row.totals = battle.points();
        battle.rows.push(row);
        let scored = Scored { battle: id, scores: battle.points(), number: battle.rows.len() as u64 };
        battle.untold = true;
        if battle.told.is_none_or(|told| self.now >= told + TOLD_EVERY_MS) {
            self.tell_scores(id);
        }
        Ok(scored)
    }

    pub(super) fn tell_scores(&mut self, id: usize) {
        let now = self.now;
        let battle = self.battle_mut(id);
        (battle.told, battle.untold) = (Some(now), false);
        let scores = battle.points();
        self.tell(self.audience(id), Event::ScoreChanged { battle: id, scores });
    }
}

impl Battle {
    pub(super) fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key)
    }
}

impl Row {
    /// As it was answered when it was made.
    pub(super) fn answer(&self, id: usize, battle: Option<&Battle>) -> Scored<'static> {
        let place = battle.and_then(|battle| battle.rows.iter().position(|row| row.key == self.key));
        let number = 1 + place.expect("it is one of them") as u64;
        Scored { battle: id, scores: self.totals.clone(), number }
    }

    pub(super) fn same_gift(&self, gift: Gift) -> bool {
        self.gift == Some(gift)
    }
}
