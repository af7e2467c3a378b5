//! Whether what a server goes on from, and what it will send, is as it was written.

use super::super::fault::StoreFault;
use super::super::{head, outbox, restore};
use super::{Faults, Reader};

impl Reader {
    /// The head, each row of the state, and each webhook that waits. Of the first two those that a server before this check
    /// wrote, and none since, are not known to be whole.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn check_kept(&self, faults: &mut Faults) -> Result<(), StoreFault> {
        let state = restore::state(&self.db, &self.file).map(drop);
        for checked in [head::check(&self.db, &self.file), state] {
            match checked {
                Ok(()) => {}
                Err(StoreFault::Damaged { reason, .. }) => faults.add(|| format!("{reason}; go back to a backup")),
                Err(other) => return Err(other),
            }
        }
        let fault = |error| self.fault(error);
        let store = outbox::store_id(&self.db).map_err(fault)?;
        let mut read = self.db.prepare("SELECT seq, id, kind, live, at, body FROM outbox").map_err(fault)?;
        let mut rows = read.query([]).map_err(fault)?;
        let (mut others, mut first) = (0_u64, None);
        while let Some(row) = rows.next().map_err(fault)? {
            let row = outbox::row_of(row).map_err(fault)?;
            if !row.is_whole(store) {
                others += 1;
                first.get_or_insert(row.seq);
            }
        }
        if let Some(first) = first {
            faults.add(|| {
                format!("{others} webhooks that wait are not as they were written, the first is {first}; go back to a backup")
            });
        }
        Ok(())
    }
}
