//! A change of scores that was made: a row of the ledger, and the answer of its key.
//!
//! A server may hold up to a million of them ([`super::rules::LEDGER_MAX`]): everything of one is in as few pieces of memory
//! as it can be, and the tables share it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::answer::{Gifted, LedgerRow, ScoreValue, Scored};
use super::command::{Gift, ScoreChange, ScoreOp, ScoreSource};
use super::ids::{BattleId, ScoreKey, UserId};
use super::time::WallMs;

/// One change of scores, as it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    battle: BattleId,
    ledger_seq: u64,
    key: ScoreKey,
    at: WallMs,
    op: ScoreOp,
    gifts: Option<Gifts>,
    /// All users of the battle, each once, in their order.
    points: Box<[Points]>,
    source: Source,
}

/// The changes of scores by their keys: what a repeated key is answered from.
pub type Receipts = BTreeMap<(BattleId, ScoreKey), Arc<Booked>>;

/// The changes of scores by their numbers: what the ledger's pages show.
pub type Numbered = BTreeMap<(BattleId, u64), Arc<Booked>>;

/// Where and when a change was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In which battle.
    pub battle: BattleId,
    /// Its number there, from 1.
    pub ledger_seq: u64,
    /// The idempotency key.
    pub key: ScoreKey,
    /// When.
    pub at: WallMs,
}

/// What a posted gift says that its change of scores does not. The receiver is the change's one user; all else is its
/// source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gifts {
    /// How many.
    pub count: u64,
    /// What one is worth, in the business's own unit.
    pub value: u64,
}

/// One user's points.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Points {
    user: UserId,
    /// What was added or set, when this user was named.
    change: Option<i64>,
    /// Right after it.
    total: u64,
}

/// A [`ScoreSource`] in one piece: the gift's id, the sender's and the reference follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    texts: Box<str>,
    /// Where the sender's id begins, in bytes.
    sender: usize,
    /// Where the reference begins, in bytes.
    reference: usize,
}

impl Source {
    fn new(gift: &str, sender: &str, reference: &str) -> Self {
        let (from, to) = (gift.len(), gift.len() + sender.len());
        let mut texts = String::with_capacity(to + reference.len());
        [gift, sender, reference].into_iter().for_each(|text| texts.push_str(text));
        Self { texts: texts.into_boxed_str(), sender: from, reference: to }
    }

    fn sender(&self) -> &str {
        &self.texts[self.sender..self.reference]
    }

    fn whole(&self) -> ScoreSource {
        ScoreSource {
            gift_id: self.texts[..self.sender].to_owned(),
            sender_id: self.sender().to_owned(),
            reference: self.texts[self.reference..].to_owned(),
        }
    }
}

impl Booked {
    /// A change by `op` of the points of `scores`, after which all users have `totals`, in the order of the users. `source`
    /// is the gift's id, the sender's and the reference. `None` when a user of `scores` has no total, or a gift no receiver.
    #[must_use]
    pub fn new(
        place: Place,
        op: ScoreOp,
        scores: &[(UserId, i64)],
        source: [&str; 3],
        gifts: Option<Gifts>,
        totals: Vec<(UserId, u64)>,
    ) -> Option<Self> {
        let mut changed = 0;
        let with_change = |(user, total): (UserId, u64)| {
            let change = scores.iter().find(|(changed, _)| *changed == user).map(|(_, value)| *value);
            changed += usize::from(change.is_some());
            Points { user, change, total }
        };
        let points: Box<[Points]> = totals.into_iter().map(with_change).collect();
        let Place { battle, ledger_seq, key, at } = place;
        let [gift, sender, reference] = source;
        let sound = changed == scores.len() && (gifts.is_none() || changed > 0);
        let source = Source::new(gift, sender, reference);
        sound.then_some(Self { battle, ledger_seq, key, at, op, gifts, points, source })
    }

    /// In which battle.
    #[must_use]
    pub fn battle(&self) -> BattleId {
        self.battle
    }

    /// Its number in the battle's ledger, from 1.
    #[must_use]
    pub fn ledger_seq(&self) -> u64 {
        self.ledger_seq
    }

    /// The idempotency key.
    #[must_use]
    pub fn key(&self) -> &ScoreKey {
        &self.key
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> WallMs {
        self.at
    }

    /// Add or set.
    #[must_use]
    pub fn op(&self) -> ScoreOp {
        self.op
    }

    /// The gifts that it was made of, when gifts were posted.
    #[must_use]
    pub fn gifts(&self) -> Option<Gifts> {
        self.gifts
    }

    /// What was added or set, in the order of the users.
    pub fn scores(&self) -> impl Iterator<Item = (&UserId, i64)> {
        self.points.iter().filter_map(|points| Some((&points.user, points.change?)))
    }

    /// Points of all users right after it, in the order of the users.
    pub fn totals(&self) -> impl Iterator<Item = (&UserId, u64)> {
        self.points.iter().map(|points| (&points.user, points.total))
    }

    /// Where the points come from.
    #[must_use]
    pub fn source(&self) -> ScoreSource {
        self.source.whole()
    }

    /// Who gave them; "" when nobody is named.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.source.sender()
    }

    /// Whether `change`, whose scores are in the order of the users, is what was asked for.
    pub(super) fn is(&self, change: &ScoreChange) -> bool {
        let wanted = change.scores.iter().map(|(user, value)| (user, *value));
        self.gifts.is_none() && self.op == change.op && self.scores().eq(wanted) && self.source() == change.source
    }

    /// Whether `gift` is what was posted.
    pub(super) fn is_gift(&self, gift: &Gift) -> bool {
        self.gift().is_some_and(|posted| posted == *gift)
    }

    /// The answer of its key.
    pub(super) fn scored(&self) -> Scored {
        Scored { battle_id: self.battle, scores: self.by_user(), ledger_seq: self.ledger_seq }
    }

    /// The answer of its key, when a gift was posted.
    pub(super) fn gifted(&self) -> Gifted {
        Gifted { scored: self.scored(), points: self.scores().next().map_or(0, |(_, value)| value) }
    }

    fn gift(&self) -> Option<Gift> {
        let Gifts { count, value } = self.gifts?;
        let (receiver, _) = self.scores().next()?;
        let ScoreSource { gift_id, sender_id, reference } = self.source();
        Some(Gift { receiver: receiver.clone(), gift_id, count, value, sender_id, reference })
    }

    fn by_user(&self) -> BTreeMap<UserId, u64> {
        self.totals().map(|(user, total)| (user.clone(), total)).collect()
    }

    pub(super) fn row(&self) -> LedgerRow {
        let values = self.scores().map(|(user, value)| ScoreValue { user_id: user.clone(), value });
        LedgerRow {
            ledger_seq: self.ledger_seq,
            score_time: self.at,
            idempotency_key: self.key.as_str().to_owned(),
            op: self.op,
            scores: values.collect(),
            source: self.source(),
            gift: self.gift(),
            totals: self.by_user(),
        }
    }
}

/// As the row of its battle's ledger.
impl Serialize for Booked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn booked(scores: &[(UserId, i64)], gifts: Option<Gifts>) -> Option<Booked> {
        let key = ScoreKey::new("k").unwrap();
        let place = Place { battle: BattleId::from_bytes([7; 16]), ledger_seq: 3, key, at: WallMs(9) };
        let totals = vec![(user("a"), 5), (user("b"), 8)];
        Booked::new(place, ScoreOp::Add, scores, ["rose", "", "order 1"], gifts, totals)
    }

    #[test]
    fn what_was_asked_for_comes_back_as_it_was() {
        let booked = booked(&[(user("b"), 8)], None).unwrap();
        let source = ScoreSource { gift_id: "rose".into(), sender_id: String::new(), reference: "order 1".into() };
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("b"), 8)], source };
        assert!(booked.is(&change));
        let other = |spoil: fn(&mut ScoreChange)| {
            let mut other = change.clone();
            spoil(&mut other);
            !booked.is(&other)
        };
        assert!(other(|change| change.op = ScoreOp::Set));
        assert!(other(|change| change.scores = vec![(user("b"), 9)]));
        assert!(other(|change| change.scores = vec![(user("a"), 8)]));
        assert!(other(|change| change.scores.insert(0, (user("a"), 0))));
        assert!(other(|change| (change.source.gift_id, change.source.sender_id) = ("ros".into(), "e".into())));
        assert_eq!(booked.scored().scores, BTreeMap::from([(user("a"), 5), (user("b"), 8)]));
    }

    #[test]
    fn points_that_were_given_are_not_the_gift_that_would_have_given_them() {
        let gifts = Some(Gifts { count: 2, value: 4 });
        let gift = booked(&[(user("b"), 8)], gifts).unwrap();
        assert!(gift.is_gift(&gift.gift().unwrap()));
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("b"), 8)], source: gift.source() };
        assert!(!gift.is(&change));
        assert!(!booked(&[(user("b"), 8)], None).unwrap().is_gift(&gift.gift().unwrap()));
    }

    #[test]
    fn nobody_gets_points_who_has_no_total_and_no_gift_is_for_nobody() {
        assert_eq!(booked(&[(user("c"), 1)], None), None);
        assert_eq!(booked(&[], Some(Gifts { count: 1, value: 1 })), None);
    }
}
