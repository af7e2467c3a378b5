//! Whether the ledger is as it was written.

use super::super::chain::{Hash, Head, Linker};
use super::super::fault::StoreFault;
use super::super::prints::Prints;
use super::keys::Keys;
use super::{Faults, Progress, Reader, last_of, whole};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that were read.
    pub rows: u64,
    /// Where the ledger ended when the reading began.
    pub head: Head,
    /// What is wrong; nothing when the ledger is whole.
    pub faults: Faults,
}

/// Reads every row and computes the chain anew. `noted` is a head that was noted before: the ledger must still go through it.
/// After a row that does not fit, the next is measured by the hash that stands there, so that each fault is told by itself.
///
/// # Errors
/// When the file cannot be read.
pub fn verify(reader: &Reader, noted: Option<Head>, progress: Progress<'_>) -> Result<Verdict, StoreFault> {
    let (head, there) = reader.ends()?;
    let mut chain = Chain {
        linker: Linker::default(),
        before: Some(Hash::START),
        next: 1,
        rows: 0,
        keys: Keys::default(),
        numbers: Prints::default(),
        faults: Faults::default(),
    };
    let (mut at_head, mut at_noted) = (Hash::START, Hash::START);
    reader.rows::<StoreFault>(last_of(head, there), None, progress, |seq, row| {
        let hash = chain.take(seq, row);
        if whole(seq) == head.seq {
            at_head = hash;
        }
        if noted.is_some_and(|noted| whole(seq) == noted.seq) {
            at_noted = hash;
        }
        Ok(())
    })?;
    let Chain { next, rows, keys, numbers, mut faults, .. } = chain;
    let sum = keys.sum();
    keys.doubled(&mut faults);
    reader.check_indexes(last_of(head, there), rows, sum, numbers, &mut faults);
    let last = whole(next - 1);
    if last < head.seq {
        let from = next;
        faults.add(|| format!("rows {from} to {} are missing: the ledger was cut behind row {last}", head.seq));
    } else if last > head.seq {
        faults.add(|| format!("rows {} to {last} stand behind the ledger's head: they were added to it", head.seq + 1));
    }
    if last >= head.seq && at_head != head.hash {
        faults.add(|| format!("row {}, the last one, has another hash than the ledger's head says", head.seq));
    }
    if let Some(noted) = noted {
        if noted.seq > last {
            faults.add(|| format!("the ledger ends at row {last}, before the noted row {}", noted.seq));
        } else if at_noted != noted.hash {
            faults.add(|| format!("row {} is not the one that was noted: the ledger was written anew", noted.seq));
        }
    }
    reader.check_kept(&mut faults)?;
    reader.check_deliveries(&mut faults);
    reader.check_noted(&mut faults)?;
    Ok(Verdict { rows, head, faults })
}

struct Chain {
    linker: Linker,
    /// Hash of the row before; unknown behind a gap.
    before: Option<Hash>,
    /// Number that the next row must have.
    next: i64,
    rows: u64,
    keys: Keys,
    numbers: Prints,
    faults: Faults,
}

impl Chain {
    /// The hash that stands in the row.
    fn take(&mut self, seq: i64, row: Option<(super::Columns<'_>, Hash)>) -> Hash {
        self.rows += 1;
        if seq < self.next {
            self.faults.add(|| format!("row {seq} is no number of a row: it was put in"));
            return Hash::START;
        }
        if seq > self.next {
            let (from, to) = (self.next, seq - 1);
            self.faults.add(|| {
                if from == to { format!("row {from} is missing") } else { format!("rows {from} to {to} are missing") }
            });
            self.before = None;
        }
        self.next = seq + 1;
        let Some((columns, hash)) = row else {
            self.faults.add(|| format!("row {seq} cannot be read: a column has another type"));
            self.before = None;
            return Hash::START;
        };
        self.keys.note(&columns);
        self.numbers.add(columns.battle, &columns.battle_seq.to_be_bytes(), columns.seq);
        if self.before.is_some_and(|before| self.linker.link(&before, &columns) != hash) {
            self.faults.add(|| format!("row {seq} is not as it was written, or not where"));
        }
        self.before = Some(hash);
        hash
    }
}
