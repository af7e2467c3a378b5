//! Scores: changed all or nothing, once per key, told at most twenty times a second.

use std::sync::Arc;

use super::answer::Answer;
use super::booked::{Booked, Gifts, Place};
use super::command::{ScoreChange, ScoreOp, ScoreSource};
use super::event::Event;
use super::fact::Fact;
use super::ids::{BattleId, ScoreKey};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{LEDGER_MAX, SCORE_MAX, SCORES_TOLD_INTERVAL, TARGETS_MAX, short};
use super::state::{Battle, Phase};
use super::time::WallMs;

impl Lives {
    pub(super) fn score(
        &mut self,
        now: WallMs,
        id: BattleId,
        key: ScoreKey,
        mut change: ScoreChange,
    ) -> Result<Answer, Refusal> {
        check(&change)?;
        // The order in a request has no meaning: sorted, equal content is equal.
        change.scores.sort();
        self.battle(id)?;
        if let Some(receipt) = self.receipt(id, &key) {
            return if receipt.is(&change) {
                Ok(Answer::Scored(receipt.scored()))
            } else {
                Err(Refusal::KeyReused { key })
            };
        }
        self.check_open(now, id)?;
        self.book(now, id, key, change, None).map(|booked| Answer::Scored(booked.scored()))
    }

    /// Refuses what comes before the start or not before the end.
    pub(super) fn check_open(&self, now: WallMs, id: BattleId) -> Result<(), Refusal> {
        let battle = self.battle(id)?;
        if battle.waiting().is_some() {
            return Err(Refusal::BattleNotStarted { battle: id });
        }
        if !battle.is_running() || now >= battle.end {
            return Err(Refusal::BattleEnded { battle: id, end_time: battle.end });
        }
        Ok(())
    }

    /// Changes the scores and writes the row of the ledger; `key` is new.
    pub(super) fn book(
        &mut self,
        now: WallMs,
        id: BattleId,
        key: ScoreKey,
        change: ScoreChange,
        gifts: Option<Gifts>,
    ) -> Result<Arc<Booked>, Refusal> {
        if self.state.receipts.len() >= LEDGER_MAX && !self.forget_oldest_battle() {
            return Err(Refusal::LedgerFull { max: LEDGER_MAX });
        }
        let battle = self.state.battles.get_mut(&id).expect("only an ended battle is forgotten");
        apply(id, battle, &change)?;
        battle.ledger_seq += 1;
        let (ledger_seq, totals) = (battle.ledger_seq, battle.scores().into_iter().collect());
        let place = Place { battle: id, ledger_seq, key: key.clone(), at: now };
        let ScoreSource { gift_id, sender_id, reference } = &change.source;
        let source = [&**gift_id, sender_id, reference];
        let booked = Booked::new(place, change.op, &change.scores, source, gifts, totals);
        let booked = Arc::new(booked.expect("all who are named are members: their points were changed"));
        self.state.ledger.insert((id, ledger_seq), Arc::clone(&booked));
        self.state.receipts.insert((id, key), Arc::clone(&booked));
        self.record(Fact::Scored(Arc::clone(&booked)));
        self.scores_changed(now, id);
        Ok(booked)
    }

    /// The first change is told at once; what follows within the interval, together at its end.
    fn scores_changed(&mut self, now: WallMs, id: BattleId) {
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        if let Phase::Running { told, untold } = &mut battle.phase {
            *untold = true;
            if told.is_none_or(|told| now >= told.after(SCORES_TOLD_INTERVAL)) {
                self.tell_scores(now, id);
            }
        }
    }

    pub(super) fn tell_scores(&mut self, now: WallMs, id: BattleId) {
        let Some(battle) = self.state.battles.get_mut(&id) else { return };
        battle.phase = match battle.phase {
            Phase::Running { untold: true, .. } => Phase::Running { told: Some(now), untold: false },
            Phase::Pending { .. } | Phase::Running { .. } | Phase::Ended { .. } => return,
        };
        let scores = battle.scores();
        self.restage_battle(id);
        self.notify(now, self.audience(id), Event::BattleScoreChanged { battle_id: id, scores });
    }
}

fn check(change: &ScoreChange) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal::Invalid { field: "scores", detail });
    let most = TARGETS_MAX + 1;
    if change.scores.is_empty() || change.scores.len() > most {
        return invalid(format!("1 to {most} users, found {}", change.scores.len()));
    }
    if change.users().is_none() {
        return invalid("a user is named twice; send one value for each".to_owned());
    }
    short("source.giftId", &change.source.gift_id, 200)?;
    short("source.senderId", &change.source.sender_id, 200)?;
    short("source.reference", &change.source.reference, 200)
}

/// Changes the scores; on `Err` the caller's undo takes back what was changed before the offending one.
fn apply(id: BattleId, battle: &mut Battle, change: &ScoreChange) -> Result<(), Refusal> {
    for (user, value) in &change.scores {
        let member = battle.members.iter_mut().find(|member| member.host.user.user_id == *user);
        let member = member.ok_or_else(|| Refusal::NotInBattle { battle: id, user: user.clone() })?;
        let wanted = match change.op {
            ScoreOp::Add => i128::from(member.score) + i128::from(*value),
            ScoreOp::Set => i128::from(*value),
        };
        let allowed = u64::try_from(wanted).ok().filter(|score| *score <= SCORE_MAX);
        member.score = allowed.ok_or_else(|| Refusal::ScoreOutOfRange { user: user.clone(), wanted })?;
    }
    Ok(())
}
