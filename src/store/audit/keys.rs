//! Whether a key was counted twice in its battle: hashes that fit do not say so, and an index that lacks entries lets it happen.

use aws_lc_rs::digest::{SHA256, digest};

use super::super::columns::Columns;
use super::{Faults, whole};

/// Bits of a row's number; the others are of its battle and key.
const SEQ_BITS: u32 = 40;

/// All keys of a ledger, 16 bytes each.
#[derive(Default)]
pub(super) struct Keys {
    seen: Vec<u128>,
    bytes: Vec<u8>,
}

impl Keys {
    /// Notes the key of a row.
    pub(super) fn note(&mut self, row: &Columns<'_>) {
        let print = self.print(row.battle, row.key.as_bytes(), row.seq);
        self.seen.push(print);
    }

    /// What stands for a row: bits of its battle and key, and its number.
    pub(super) fn print(&mut self, battle: &[u8], key: &[u8], seq: i64) -> u128 {
        self.bytes.clear();
        self.bytes.extend_from_slice(battle);
        self.bytes.extend_from_slice(key);
        // Eighty-eight bits: two different keys that share them are met in one of 10¹² ledgers of ten million rows.
        let hash = digest(&SHA256, &self.bytes);
        let print = hash.as_ref().iter().take(16).fold(0, |print: u128, byte| print << 8 | u128::from(*byte));
        print >> SEQ_BITS << SEQ_BITS | u128::from(whole(seq)) & ((1 << SEQ_BITS) - 1)
    }

    /// Of all rows together, in any order.
    pub(super) fn sum(&self) -> u128 {
        self.seen.iter().fold(0, |sum, print| sum.wrapping_add(*print))
    }

    /// Names the rows whose key another row before them has.
    pub(super) fn doubled(mut self, faults: &mut Faults) {
        self.seen.sort_unstable();
        for pair in self.seen.windows(2) {
            if let [first, second] = pair
                && first >> SEQ_BITS == second >> SEQ_BITS
            {
                let [first, second] = [first, second].map(|print| print & ((1 << SEQ_BITS) - 1));
                faults.add(|| {
                    format!(
                        "row {second} has the idempotency key of row {first} in the same battle: it was counted twice"
                    )
                });
            }
        }
    }
}
