//! Who gave most to each side of a battle.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer::Sender;
use super::booked::Booked;
use super::command::ScoreOp;
use super::ids::UserId;
use super::rules::{BEST_SENDERS, GIVERS_MAX, SCORE_MAX};

/// What senders have given in a battle: to whom, who, how many points.
///
/// Added points count for the sender that the change names; a `set` corrects a score and credits nobody. It is made of changes
/// that cannot be taken back any more, so it needs no undo; those that can are added at the battle's end. Of more than
/// [`GIVERS_MAX`] pairs those that have given least are forgotten: who stays among the first is nobody who might be missed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    points: BTreeMap<UserId, Senders>,
    /// Pairs of receiver and sender.
    pairs: usize,
}

/// Points by sender.
type Senders = BTreeMap<Box<str>, i128>;

impl Given {
    /// Adds what one change gave.
    pub fn add(&mut self, change: &Booked) {
        self.count(change.op(), change.sender(), change.scores());
    }

    /// Adds what a change gave that had these points from `sender` ("": nobody is named).
    pub fn count<'a>(&mut self, op: ScoreOp, sender: &str, scores: impl Iterator<Item = (&'a UserId, i64)>) {
        if op != ScoreOp::Add || sender.is_empty() {
            return;
        }
        scores.for_each(|(user, value)| self.give(user, sender, value.into()));
        self.bound();
    }

    /// Adds all that `other` has.
    pub fn append(&mut self, mut other: Self) {
        if self.pairs < other.pairs {
            std::mem::swap(self, &mut other);
        }
        for (user, senders) in &other.points {
            senders.iter().for_each(|(sender, points)| self.give(user, sender, *points));
        }
        self.bound();
    }

    fn give(&mut self, user: &UserId, sender: &str, points: i128) {
        // Looked up first: nearly always both are there, and neither is copied.
        if let Some(given) = self.points.get_mut(user).and_then(|senders| senders.get_mut(sender)) {
            *given += points;
            return;
        }
        self.points.entry(user.clone()).or_default().insert(sender.into(), points);
        self.pairs += 1;
    }

    fn bound(&mut self) {
        if self.pairs <= GIVERS_MAX {
            return;
        }
        let all = std::mem::take(&mut self.points).into_iter();
        let mut all: Vec<_> = all.flat_map(|(user, all)| all.into_iter().map(move |one| (user.clone(), one))).collect();
        self.pairs -= self.pairs / 2;
        // Among those that gave the same, the names decide: whoever counts again comes to the same.
        all.select_nth_unstable_by(self.pairs, |(user, (sender, points)), (other_user, (other, other_points))| {
            other_points.cmp(points).then_with(|| (user, sender).cmp(&(other_user, other)))
        });
        all.truncate(self.pairs);
        for (user, (sender, points)) in all {
            self.points.entry(user).or_default().insert(sender, points);
        }
    }

    /// The best senders of each host that was given points: the best first, equal ones in the order of their ids.
    pub(super) fn best(self) -> BTreeMap<UserId, Vec<Sender>> {
        self.points.into_iter().map(|(user, senders)| (user, podium(&senders))).collect()
    }
}

fn podium(senders: &Senders) -> Vec<Sender> {
    let givers = senders.iter().filter_map(|(sender, total)| {
        let value = u64::try_from((*total).min(i128::from(SCORE_MAX))).ok().filter(|value| *value > 0)?;
        Some((Reverse(value), sender))
    });
    let mut givers: Vec<_> = givers.collect();
    givers.sort_unstable();
    givers.truncate(BEST_SENDERS);
    givers.into_iter().map(|(Reverse(value), sender)| Sender { sender_id: sender.to_string(), value }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::booked::Place;
    use super::super::ids::{BattleId, ScoreKey};
    use super::super::time::WallMs;
    use super::*;

    fn change(op: ScoreOp, sender: &str, scores: &[(&str, i64)]) -> Booked {
        let scores: Vec<_> = scores.iter().map(|(user, value)| (UserId::new(user).unwrap(), *value)).collect();
        let key = ScoreKey::new("k").unwrap();
        let place = Place { battle: BattleId::from_bytes([0; 16]), ledger_seq: 1, key, at: WallMs(0) };
        let totals = scores.iter().map(|(user, _)| (user.clone(), 0)).collect();
        Booked::new(place, op, &scores, ["", sender, ""], None, totals).unwrap()
    }

    fn podiums(ledger: &[Booked]) -> Vec<(String, Vec<(String, u64)>)> {
        let senders = |all: Vec<Sender>| all.into_iter().map(|one| (one.sender_id, one.value)).collect();
        let mut given = Given::default();
        ledger.iter().for_each(|change| given.add(change));
        given.best().into_iter().map(|(user, all)| (user.to_string(), senders(all))).collect()
    }

    #[test]
    fn each_side_has_its_own_three_best_and_equal_ones_stand_in_the_order_of_their_ids() {
        let add = |sender: &str, scores: &[(&str, i64)]| change(ScoreOp::Add, sender, scores);
        let ledger = [
            add("zoe", &[("a", 7)]),
            add("ann", &[("a", 3), ("b", 1)]),
            add("bob", &[("a", 2)]),
            add("ann", &[("a", 4)]),
            add("cyd", &[("a", 5)]),
        ];
        let wanted = |list: &[(&str, u64)]| list.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        assert_eq!(
            podiums(&ledger),
            [("a".to_owned(), wanted(&[("ann", 7), ("zoe", 7), ("cyd", 5)])), ("b".to_owned(), wanted(&[("ann", 1)]))]
        );
    }

    #[test]
    fn corrections_nameless_points_and_what_was_taken_back_credit_nobody() {
        let ledger = [
            change(ScoreOp::Set, "ann", &[("a", 900)]),
            change(ScoreOp::Add, "", &[("a", 50)]),
            change(ScoreOp::Add, "bob", &[("a", 10)]),
            change(ScoreOp::Add, "bob", &[("a", -10)]),
        ];
        assert_eq!(podiums(&ledger), [("a".to_owned(), vec![])]);
    }

    #[test]
    fn what_a_sender_gave_stays_a_number_that_json_readers_agree_about() {
        let most = i64::try_from(SCORE_MAX).unwrap();
        let ledger = [change(ScoreOp::Add, "ann", &[("a", most)]), change(ScoreOp::Add, "ann", &[("a", most)])];
        assert_eq!(podiums(&ledger), [("a".to_owned(), vec![("ann".to_owned(), SCORE_MAX)])]);
    }

    #[test]
    fn of_too_many_senders_those_who_gave_most_stay_and_are_counted_on() {
        let mut given = Given::default();
        given.add(&change(ScoreOp::Add, "best", &[("a", 2)]));
        for number in 0..GIVERS_MAX {
            given.count(ScoreOp::Add, &format!("{number:06}"), [(&UserId::new("b").unwrap(), 1)].into_iter());
        }
        assert_eq!(given.pairs, GIVERS_MAX / 2 + 1);
        assert_eq!(given.points.values().map(Senders::len).sum::<usize>(), given.pairs);
        given.add(&change(ScoreOp::Add, "best", &[("a", 5)]));
        assert_eq!(given.best()[&UserId::new("a").unwrap()], [Sender { sender_id: "best".into(), value: 7 }]);
    }
}
