//! The chain of the ledger: each row's hash covers the row and the hash of the row before.
//!
//! ```text
//! hash(n) = SHA-256( hash(n − 1) ‖ row(n) )          hash(0) = 32 zero bytes
//! row     = seq ‖ battle ‖ battleSeq ‖ key ‖ op ‖ scores ‖ gift ‖ giftId ‖ senderId ‖ reference ‖ totals ‖ at
//! seq, battleSeq, at   8 bytes, big-endian; at in milliseconds since 1970-01-01 UTC
//! battle               the 16 bytes of the UUID
//! gift                 one byte 0; or one byte 1 and count and value, each 8 bytes, big-endian
//! key, op, scores, giftId, senderId, reference, totals
//!                      length in bytes (4 bytes, big-endian) and the text in UTF-8; op is "add" or "set", scores and
//!                      totals are JSON objects without blanks: points by userId, users in the order of their bytes
//! ```
//! Lengths stand before texts, so that no two rows have the same bytes. Who can write the file can also compute all
//! hashes anew: a head that was noted elsewhere shows that (`costage ledger verify --head`).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use thiserror::Error;

use super::columns::Columns;

/// SHA-256 of a row and of all before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Before the first row.
    pub const START: Self = Self([0; 32]);

    /// Of 64 hexadecimal digits, as it is shown.
    pub(super) fn of_hex(hex: &str) -> Option<Self> {
        let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
        let mut hash = Self::START;
        if pairs.len() != hash.0.len() {
            return None;
        }
        for (byte, [high, low]) in hash.0.iter_mut().zip(pairs) {
            let digits = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
            *byte = u8::try_from(digits).ok()?;
        }
        Some(hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where the ledger ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row; 0 when there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// Of a ledger without rows.
    pub const START: Self = Self { seq: 0, hash: Hash::START };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("wanted SEQ:HASH as `costage ledger verify` prints it: a number, a colon and 64 hexadecimal digits")]
pub struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (seq, hex) = text.split_once(':').ok_or(NoHead)?;
        Ok(Self { seq: seq.parse().map_err(|_| NoHead)?, hash: Hash::of_hex(hex).ok_or(NoHead)? })
    }
}

/// Computes one hash after the other.
#[derive(Default)]
pub(super) struct Linker {
    /// Used again for each row.
    bytes: Vec<u8>,
}

impl Linker {
    /// The hash of a row after one with the hash `before`.
    pub(super) fn link(&mut self, before: &Hash, row: &Columns<'_>) -> Hash {
        self.bytes.clear();
        self.bytes.extend_from_slice(&before.0);
        self.number(row.seq);
        self.bytes.extend_from_slice(row.battle);
        self.number(row.battle_seq);
        self.text(row.key);
        self.text(row.op);
        self.text(row.scores);
        match row.gift {
            Some((count, value)) => {
                self.bytes.push(1);
                self.number(count);
                self.number(value);
            }
            None => self.bytes.push(0),
        }
        self.text(row.gift_id);
        self.text(row.sender_id);
        self.text(row.reference);
        self.text(row.totals);
        self.number(row.at);
        let mut hash = Hash::START;
        hash.0.copy_from_slice(digest(&SHA256, &self.bytes).as_ref());
        hash
    }

    fn number(&mut self, number: i64) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        // Texts come from SQLite, whose values have at most 2^31 − 1 bytes.
        self.bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Columns<'static> {
        Columns {
            seq: 1,
            battle: &[7; 16],
            battle_seq: 1,
            key: "k",
            op: "add",
            scores: "{\"a\":5}",
            gift: None,
            gift_id: "",
            sender_id: "",
            reference: "",
            totals: "{\"a\":5,\"b\":0}",
            at: 1_790_000_000_000,
        }
    }

    #[test]
    fn a_hash_is_what_another_program_computes_of_the_documented_bytes() {
        let hash = Linker::default().link(&Hash::START, &row());
        assert_eq!(hash.to_string(), "59d54424d091758e2ff3786d8a0ac7dbde64430273202a17dc58bb667f7b0162");
    }

    #[test]
    fn every_column_and_the_row_before_change_the_hash() {
        let mut linker = Linker::default();
        let own = linker.link(&Hash::START, &row());
        let others = [
            Columns { seq: 2, ..row() },
            Columns { battle: &[8; 16], ..row() },
            Columns { battle_seq: 2, ..row() },
            Columns { key: "l", ..row() },
            Columns { op: "set", ..row() },
            Columns { scores: "{\"a\":6}", ..row() },
            Columns { gift: Some((1, 1)), ..row() },
            Columns { gift: Some((1, 2)), ..row() },
            Columns { gift_id: "x", ..row() },
            Columns { sender_id: "x", ..row() },
            Columns { reference: "x", ..row() },
            Columns { totals: "{\"a\":6,\"b\":0}", ..row() },
            Columns { at: 1, ..row() },
        ];
        let mut hashes: Vec<_> = others.iter().map(|row| linker.link(&Hash::START, row).0).collect();
        hashes.extend([own.0, linker.link(&own, &row()).0]);
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), others.len() + 2);
    }

    #[test]
    fn a_head_reads_back_as_it_is_written() {
        let head = Head { seq: 12, hash: Hash([0xa5; 32]) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for bad in ["", "1", "1:", "x:00", &format!("1:{}", "g".repeat(64)), &format!("1:{}", "é".repeat(32))] {
            assert_eq!(bad.parse::<Head>(), Err(NoHead), "{bad}");
        }
    }
}
