//! Who won: competition ranking, winners, draw.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer::{BattleResult, Ranked, Sender};
use super::ids::UserId;
use super::state::Member;

/// The result of a battle between `members` as they stand, with the best senders of those who were given points.
pub(super) fn decide(members: &[Member], mut senders: BTreeMap<UserId, Vec<Sender>>) -> BattleResult {
    let ranked = |(member, rank): (&Member, u32)| Ranked {
        user_id: member.host.user.user_id.clone(),
        live_id: member.host.live_id.clone(),
        score: member.score,
        rank,
        left: member.left,
    };
    let ranking: Vec<_> = ranks(members).into_iter().map(ranked).collect();
    let stayed: Vec<_> = ranking.iter().filter(|ranked| !ranked.left).collect();
    let draw = stayed.len() >= 2 && stayed.iter().all(|ranked| ranked.rank == 1);
    let best = stayed.iter().filter(|ranked| ranked.rank == 1 && !draw);
    BattleResult {
        scores: ranking.iter().map(|ranked| (ranked.user_id.clone(), ranked.score)).collect(),
        winners: best.map(|ranked| ranked.user_id.clone()).collect(),
        draw,
        best_senders: ranking
            .iter()
            .map(|ranked| (ranked.user_id.clone(), senders.remove(&ranked.user_id).unwrap_or_default()))
            .collect(),
        ranking,
    }
}

/// Everybody with their rank, the best first. Who left comes last; equal scores share a rank, the next one skips.
pub(super) fn ranks(members: &[Member]) -> Vec<(&Member, u32)> {
    let mut order: Vec<_> = members.iter().collect();
    // Equal scores keep the order of the battle.
    order.sort_by_key(|member| (member.left, Reverse(member.score)));
    let mut ranks: Vec<(&Member, u32)> = Vec::with_capacity(order.len());
    for (place, member) in (1..).zip(order) {
        let shares = ranks.last().filter(|(above, _)| (above.left, above.score) == (member.left, member.score));
        let rank = shares.map_or(place, |(_, rank)| *rank);
        ranks.push((member, rank));
    }
    ranks
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::answer::Host;
    use super::super::command::User;
    use super::super::ids::LiveId;
    use super::*;

    fn member(name: &str, score: u64, left: bool) -> Member {
        let user = User { user_id: UserId::new(name).unwrap(), user_name: String::new(), avatar_url: String::new() };
        let host = Host { live_id: LiveId::new(name).unwrap(), user, seat_index: 0 };
        Member { host: Arc::new(host), score, left }
    }

    fn ranks(result: &BattleResult) -> Vec<(&str, u32)> {
        result.ranking.iter().map(|ranked| (ranked.user_id.as_str(), ranked.rank)).collect()
    }

    fn winners(result: &BattleResult) -> Vec<&str> {
        result.winners.iter().map(UserId::as_str).collect()
    }

    #[test]
    fn equal_scores_share_a_rank_and_the_next_rank_skips() {
        let members =
            [("a", 5), ("b", 9), ("c", 9), ("d", 5), ("e", 1)].map(|(name, score)| member(name, score, false));
        let result = decide(&members, BTreeMap::new());
        assert_eq!(ranks(&result), [("b", 1), ("c", 1), ("a", 3), ("d", 3), ("e", 5)]);
        assert_eq!((winners(&result), result.draw), (vec!["b", "c"], false));
    }

    #[test]
    fn a_draw_has_no_winner() {
        let result = decide(&[member("a", 7, false), member("b", 7, false)], BTreeMap::new());
        assert_eq!((ranks(&result), winners(&result), result.draw), (vec![("a", 1), ("b", 1)], vec![], true));
    }

    #[test]
    fn who_left_ranks_last_and_cannot_win_whatever_the_score() {
        let result = decide(&[member("a", 100, true), member("b", 0, false), member("c", 100, true)], BTreeMap::new());
        assert_eq!(ranks(&result), [("b", 1), ("a", 2), ("c", 2)]);
        assert_eq!((winners(&result), result.draw), (vec!["b"], false));
        assert_eq!(result.scores.len(), 3);
    }

    #[test]
    fn when_everybody_left_nobody_wins_and_it_is_no_draw() {
        let result = decide(&[member("a", 1, true), member("b", 1, true)], BTreeMap::new());
        assert_eq!((ranks(&result), winners(&result), result.draw), (vec![("a", 1), ("b", 1)], vec![], false));
    }
}
