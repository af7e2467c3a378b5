//! Whether what a server goes on from, and what it will send, is as it was written.

use super::super::fault::StoreFault;
use super::super::{deliveries, head, outbox, pages, restore};
use super::{Faults, Reader};

impl Reader {
    /// The head, each row of the state, and each webhook that waits. Of the first two those that a server before this check
    /// wrote, and none since, are not known to be whole.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn check_kept(&self, faults: &mut Faults) -> Result<(), StoreFault> {
        // Pages first: what cannot be read says less of itself.
        for table in ["state", "head", "outbox"] {
            match pages::check_table(&self.db, &self.file, table) {
                Err(StoreFault::Damaged { reason, .. }) => {
                    faults.add(|| format!("table {table}: {reason}; go back to a backup"));
                    return Ok(());
                }
                checked => checked?,
            }
        }
        // All of one moment: a server may go on meanwhile.
        let _moment = self.db.unchecked_transaction().map_err(|error| self.fault(error))?;
        let state = restore::state(&self.db, &self.file).map(drop);
        for checked in [head::check(&self.db, &self.file), state] {
            match checked {
                Ok(()) => {}
                Err(StoreFault::Damaged { reason, .. }) => faults.add(|| format!("{reason}; go back to a backup")),
                Err(other) => return Err(other),
            }
        }
        let fault = |error| self.fault(error);
        let ends = "SELECT count(*), coalesce(max(seq), 0) FROM facts";
        let (facts, last): (i64, i64) =
            self.db.query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(fault)?;
        if facts != last {
            faults.add(|| format!("of {last} facts {facts} are there; go back to a backup"));
        }
        let store = outbox::store_id(&self.db).map_err(fault)?;
        let ends = outbox::ends(&self.db).map_err(fault)?;
        let mut line = outbox::Line::new(store, ends.settled);
        let sql = format!("SELECT {} FROM outbox ORDER BY seq", outbox::COLUMNS);
        let mut read = self.db.prepare(&sql).map_err(fault)?;
        let mut rows = read.query([]).map_err(fault)?;
        let (mut others, mut first) = (0_u64, None);
        while let Some(row) = rows.next().map_err(fault)? {
            let (row, print) = (outbox::row_of(row).map_err(fault)?, row.get("print").map_err(fault)?);
            if let Some(reason) = line.fault(&row, print) {
                line = outbox::Line::new(store, row.seq);
                others += 1;
                first.get_or_insert(reason);
            }
        }
        if let Some(reason) = line.fault_of_end(ends.head) {
            others += 1;
            first.get_or_insert(reason);
        }
        if first.is_none() {
            first = outbox::missing_at_ends(&self.db, ends).map_err(fault)?;
        }
        if let Some(first) = first {
            let more = if others > 1 { format!(", and {} more are not in order", others - 1) } else { String::new() };
            faults.add(|| format!("{first}{more}; go back to a backup"));
        }
        Ok(())
    }

    /// How far webhooks have got, and the dead letters.
    pub(super) fn check_deliveries(&self, faults: &mut Faults) {
        if let Some(Err(fault)) = self.deliveries.as_deref().map(deliveries::audit) {
            faults.add(|| fault.to_string());
        }
    }
}
