//! Who won, and who gave most.

use super::{Battle, Fighter};
use crate::twist::Twist;
use crate::words::{Points, Ranked, Text, Verdict};

/// The largest number that JSON readers agree about.
pub(super) const SCORE_MAX: u64 = (1 << 53) - 1;

impl Battle {
    pub(super) fn points(&self) -> Points<'static> {
        let mut points: Vec<_> = self.fighters.iter().map(|it| (it.host.user.id, it.score)).collect();
        points.sort_unstable();
        points
    }

    /// What each sender gave to this user, the best three first.
    fn best_senders(&self, user: Text) -> Points<'static> {
        let mut given: Vec<(Text, i128)> = Vec::new();
        for row in self.rows.iter().filter(|row| !row.set && !row.sender.is_empty()) {
            for (_, value) in row.scores.iter().filter(|(to, _)| *to == user) {
                match given.iter_mut().find(|(sender, _)| *sender == row.sender) {
                    Some((_, sum)) => *sum += i128::from(*value),
                    None => given.push((row.sender, i128::from(*value))),
                }
            }
        }
        let positive = given.into_iter().filter(|(_, sum)| *sum > 0);
        let capped =
            positive.map(|(sender, sum)| (sender, u64::try_from(sum).map_or(SCORE_MAX, |it| it.min(SCORE_MAX))));
        let mut best: Vec<_> = capped.collect();
        best.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
        best.truncate(3);
        best
    }
}

/// One more than how many are better; who left is behind all who stayed.
pub(super) fn rank(battle: &Battle, fighter: &Fighter, twist: Option<Twist>) -> u64 {
    let left = |fighter: &Fighter| fighter.left && twist != Some(Twist::WhoLeftMayWin);
    let better = |one: &Fighter, other: &Fighter| match (left(one), left(other)) {
        (false, true) => true,
        (true, false) => false,
        (false, false) | (true, true) => one.score > other.score,
    };
    1 + battle.fighters.iter().filter(|other| better(other, fighter)).count() as u64
}

/// The best first.
pub(super) fn verdict(battle: &Battle, twist: Option<Twist>) -> Verdict<'static> {
    let mut ranking: Vec<_> = battle.fighters.iter().map(|fighter| (rank(battle, fighter, twist), fighter)).collect();
    // Equal ones stay in the order of the battle.
    ranking.sort_by_key(|(rank, _)| *rank);
    let stayed = battle.fighters.iter().filter(|fighter| !fighter.left).count();
    let first: Vec<_> =
        ranking.iter().filter(|(rank, it)| *rank == 1 && !it.left).map(|(_, it)| it.host.user.id).collect();
    let draw = stayed > 1 && first.len() == stayed;
    let mut senders: Vec<_> =
        battle.fighters.iter().map(|it| (it.host.user.id, battle.best_senders(it.host.user.id))).collect();
    senders.sort_unstable();
    let line = |(rank, it): (u64, &Fighter)| Ranked {
        user: it.host.user.id,
        live: it.host.live,
        score: it.score,
        rank,
        left: it.left,
    };
    Verdict {
        scores: battle.points(),
        winners: if draw { vec![] } else { first },
        draw,
        ranking: ranking.into_iter().map(line).collect(),
        senders,
    }
}
