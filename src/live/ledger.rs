//! The ledger of a battle: each accepted change, in order, in pages.

use std::ops::RangeInclusive;

use super::answer::{Answer, LedgerPage};
use super::booked::Booked;
use super::ids::BattleId;
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{LIST_COUNT, within};

impl Lives {
    /// The rows after the cursor, oldest first. The cursor is the number of the last row of the page before.
    pub(super) fn find_ledger(&self, id: BattleId, cursor: &str, count: Option<u64>) -> Result<Answer, Refusal> {
        let numbers = self.numbers_of_page(id, cursor, count)?;
        let (end, last) = (*numbers.end(), self.battle(id)?.ledger_seq);
        let cursor = if end < last { end.to_string() } else { String::new() };
        let rows = self.changes(id, numbers).map(Booked::row).collect();
        Ok(Answer::Ledger(LedgerPage { battle_id: id, rows, cursor }))
    }

    /// The numbers of the rows of that page: none when the first is above the last.
    pub(super) fn numbers_of_page(
        &self,
        id: BattleId,
        cursor: &str,
        count: Option<u64>,
    ) -> Result<RangeInclusive<u64>, Refusal> {
        let count = within("count", count, LIST_COUNT)?;
        let after: u64 = match cursor {
            "" => 0,
            text => text.parse().map_err(|_| Refusal::Invalid {
                field: "cursor",
                detail: "must be empty or the cursor of the page before".to_owned(),
            })?,
        };
        let end = after.saturating_add(count).min(self.battle(id)?.ledger_seq);
        Ok(after.saturating_add(1)..=end)
    }
}
