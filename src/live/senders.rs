//! Who gave most to each side of a battle, read off its ledger.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer::Sender;
use super::booked::Booked;
use super::command::ScoreOp;
use super::ids::UserId;
use super::rules::{BEST_SENDERS, SCORE_MAX};

/// The best senders of each host that was given points: the best first, equal ones in the order of their ids.
///
/// Added points count for the sender that the change names; a `set` corrects a score and credits nobody. One pass over
/// the ledger at the end of a battle: a map kept up to date would be one more thing to undo with every refused change.
pub(super) fn best<'a>(ledger: impl Iterator<Item = &'a Booked>) -> BTreeMap<UserId, Vec<Sender>> {
    let mut given: BTreeMap<&UserId, BTreeMap<&str, i128>> = BTreeMap::new();
    for change in ledger.filter(|change| change.op() == ScoreOp::Add && !change.sender().is_empty()) {
        for (user, value) in change.scores() {
            *given.entry(user).or_default().entry(change.sender()).or_default() += i128::from(value);
        }
    }
    given.into_iter().map(|(user, senders)| (user.clone(), podium(senders))).collect()
}

fn podium(senders: BTreeMap<&str, i128>) -> Vec<Sender> {
    let givers = senders.into_iter().filter_map(|(sender, total)| {
        let value = u64::try_from(total.min(i128::from(SCORE_MAX))).ok().filter(|value| *value > 0)?;
        Some(Sender { sender_id: sender.to_owned(), value })
    });
    let mut givers: Vec<_> = givers.collect();
    // Stable: equal ones stay in the order of the map.
    givers.sort_by_key(|sender| Reverse(sender.value));
    givers.truncate(BEST_SENDERS);
    givers
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
        best(ledger.iter()).into_iter().map(|(user, all)| (user.to_string(), senders(all))).collect()
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
}
