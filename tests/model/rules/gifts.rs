//! Gifts turned into points by a table that may change at any time.

use super::results::SCORE_MAX;
use super::{Model, Outcome, Row, refuse, short, within};
use crate::command::Gift;
use crate::said::{Answer, Case};
use crate::twist::Twist;
use crate::words::Text;

impl Model {
    /// What a gift was worth when it came, it is worth for ever.
    pub(super) fn give(&mut self, id: usize, key: Text, gift: Gift) -> Outcome {
        if gift.gift.is_empty() {
            return refuse(Case::Invalid, "giftId");
        }
        short("giftId", gift.gift, 200)?;
        short("senderId", gift.sender, 200)?;
        within("value", gift.value, 0, SCORE_MAX)?;
        within("count", gift.count, 1, 1_000_000)?;
        if let Some(row) = self.known_battle(id)?.row(key) {
            let answer = Answer::Gifted(row.answer(id, self.battle(id)), row.scores[0].1);
            return if row.same_gift(gift) { Ok(answer) } else { refuse(Case::KeyReused, key) };
        }
        self.check_counts(id)?;
        let Some(points) = self.worth(gift) else { return refuse(Case::GiftWithoutRule, gift.gift) };
        let Ok(points) = i64::try_from(points) else { return refuse(Case::ScoreOutOfRange, gift.receiver) };
        let scores = vec![(gift.receiver, points)];
        let row = Row { key, at: self.now, set: false, scores, sender: gift.sender, gift: Some(gift), totals: vec![] };
        self.book(id, row).map(|scored| Answer::Gifted(scored, points))
    }

    /// A fixed amount, or the value times the factor of the highest tier that it reaches.
    fn worth(&self, gift: Gift) -> Option<u128> {
        let count = u128::from(gift.count);
        if let Some((_, points)) = self.table.fixed.iter().find(|(name, _)| *name == gift.gift) {
            return Some(count * u128::from(*points));
        }
        let reached = |from: u64| from < gift.value || from == gift.value && self.twist != Some(Twist::TiersBeginAbove);
        let tiers = self.table.tiers.iter().filter(|(from, _)| reached(*from));
        let (_, factor) = tiers.max_by_key(|(from, _)| *from)?;
        Some(count * u128::from(gift.value) * u128::from(*factor))
    }
}
