//! Gifts to score: an optional table turns a gift into points, so that a backend may post the gift itself.
//!
//! The table is the operator's and may change at any time. A gift's points are fixed when it is accepted: the ledger and
//! the stored answer of its key keep them, whatever the table says later.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::booked::Gifts;
use super::command::{Gift, ScoreChange, ScoreOp, ScoreSource};
use super::ids::{BattleId, ScoreKey};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{SCORE_MAX, short, within};
use super::time::WallMs;

/// What gifts are worth. Empty: no gift is worth anything, and posting one is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GiftTable {
    /// Points of one gift, by its id; these come first.
    pub fixed: BTreeMap<String, u64>,
    /// From this value of one gift on, points for each unit of value: the tier with the highest start that is reached.
    pub tiers: BTreeMap<u64, u64>,
}

impl GiftTable {
    /// The points of `gift`: count × the fixed amount, or count × value × the factor of the value's tier. `None` when
    /// nothing in the table fits.
    #[must_use]
    pub fn points(&self, gift: &Gift) -> Option<u128> {
        let count = u128::from(gift.count);
        if let Some(points) = self.fixed.get(&gift.gift_id) {
            return Some(count.saturating_mul(u128::from(*points)));
        }
        let (_, factor) = self.tiers.range(..=gift.value).next_back()?;
        Some(count.saturating_mul(u128::from(gift.value)).saturating_mul(u128::from(*factor)))
    }
}

impl Lives {
    pub(super) fn gift(&mut self, now: WallMs, id: BattleId, key: ScoreKey, gift: Gift) -> Result<Answer, Refusal> {
        check(&gift)?;
        self.battle(id)?;
        if let Some(receipt) = self.receipt(id, &key) {
            return if receipt.is_gift(&gift) {
                Ok(Answer::Gifted(receipt.gifted()))
            } else {
                Err(Refusal::KeyReused { key })
            };
        }
        self.check_open(now, id)?;
        let points = self.gifts.points(&gift);
        let points =
            points.ok_or_else(|| Refusal::GiftWithoutRule { gift: gift.gift_id.clone(), value: gift.value })?;
        let out_of_range = |_| Refusal::ScoreOutOfRange {
            user: gift.receiver.clone(),
            wanted: i128::try_from(points).unwrap_or(i128::MAX),
        };
        let change = ScoreChange {
            op: ScoreOp::Add,
            scores: vec![(gift.receiver.clone(), i64::try_from(points).map_err(out_of_range)?)],
            source: ScoreSource {
                gift_id: gift.gift_id.clone(),
                sender_id: gift.sender_id.clone(),
                reference: gift.reference.clone(),
            },
        };
        let gifts = Gifts { count: gift.count, value: gift.value };
        self.book(now, id, key, change, Some(gifts)).map(|booked| Answer::Gifted(booked.gifted()))
    }
}

fn check(gift: &Gift) -> Result<(), Refusal> {
    if gift.gift_id.is_empty() {
        return Err(Refusal::Invalid { field: "giftId", detail: "must not be empty".to_owned() });
    }
    short("giftId", &gift.gift_id, 200)?;
    short("senderId", &gift.sender_id, 200)?;
    short("reference", &gift.reference, 200)?;
    within("value", Some(gift.value), (0, 0, SCORE_MAX))?;
    within("count", Some(gift.count), GIFT_COUNT).map(|_| ())
}

/// Gifts of one request: more than any combo.
const GIFT_COUNT: (u64, u64, u64) = (1, 1, 1_000_000);
