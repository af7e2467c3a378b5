//! The ledger of a battle: each accepted change, in order, in pages.

use super::answer::{Answer, LedgerPage};
use super::ids::BattleId;
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{LIST_COUNT, within};

impl Lives {
    /// The rows after the cursor, oldest first. The cursor is the number of the last row of the page before.
    pub(super) fn find_ledger(&self, id: BattleId, cursor: &str, count: Option<u64>) -> Result<Answer, Refusal> {
        let count = within("count", count, LIST_COUNT)?;
        let after: u64 = match cursor {
            "" => 0,
            text => text.parse().map_err(|_| Refusal::Invalid {
                field: "cursor",
                detail: "must be empty or the cursor of the page before".to_owned(),
            })?,
        };
        let last = self.battle(id)?.ledger_seq;
        let end = after.saturating_add(count).min(last);
        let numbers = self.state.ledger.range((id, after.saturating_add(1))..=(id, end.max(after.saturating_add(1))));
        let rows = numbers.filter(|((_, seq), _)| *seq <= end).map(|(_, booked)| booked.row());
        let cursor = if end < last { end.to_string() } else { String::new() };
        Ok(Answer::Ledger(LedgerPage { battle_id: id, rows: rows.collect(), cursor }))
    }
}
