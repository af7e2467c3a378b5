//! The outbox of a server whose lives are in memory alone.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::journal::{Batch, Booked, Journal, JournalError, Wanted};
use crate::engine::outbox_log::{Backlog, LogFault, OutboxBell, OutboxLog, OutboxRow, StoreId};
use crate::live::Callback;

/// Events that are kept; one more, and the oldest is dropped, delivered or not: about 10 MB. The drop is logged and counted
/// (`costage_webhook_dropped_total`).
const EVENTS_MAX: usize = 10_000;

/// Events in memory, gone with the process.
pub struct MemoryOutbox {
    store: StoreId,
    bell: Arc<OutboxBell>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    head: u64,
    rows: VecDeque<OutboxRow>,
}

impl MemoryOutbox {
    /// Nothing yet. `store` is random, another at each start: ids are never given again.
    #[must_use]
    pub fn new(store: StoreId) -> Arc<Self> {
        Arc::new(Self { store, bell: Arc::new(OutboxBell::new(0)), rows: Mutex::default() })
    }

    /// What wakes its readers.
    #[must_use]
    pub fn bell(&self) -> Arc<OutboxBell> {
        Arc::clone(&self.bell)
    }

    /// Adds events, drops those that nobody needs, and wakes the readers.
    pub fn append(&self, callbacks: impl IntoIterator<Item = Callback>) {
        let floor = self.bell.floor();
        let mut rows = self.lock();
        for callback in callbacks {
            rows.head += 1;
            let row = OutboxRow::of(self.store, rows.head, &callback);
            rows.rows.push_back(row);
        }
        while rows.rows.front().is_some_and(|row| row.seq <= floor) {
            rows.rows.pop_front();
        }
        let surplus = rows.rows.len().saturating_sub(EVENTS_MAX);
        if surplus > 0 {
            metrics::counter!("costage_webhook_dropped_total").increment(surplus.try_into().unwrap_or(u64::MAX));
            tracing::error!(surplus, "webhooks dropped: without a data directory only {EVENTS_MAX} are kept");
            rows.rows.drain(..surplus);
        }
        let head = rows.head;
        drop(rows);
        self.bell.ring(head);
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        // Nothing under this lock can panic half-way.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutboxLog for MemoryOutbox {
    fn store(&self) -> StoreId {
        self.store
    }

    fn head(&self) -> Result<u64, LogFault> {
        Ok(self.lock().head)
    }

    fn after(&self, seq: u64, max: usize) -> Result<Vec<OutboxRow>, LogFault> {
        let rows = self.lock();
        let begin = rows.rows.partition_point(|row| row.seq <= seq);
        Ok(rows.rows.iter().skip(begin).take(max).cloned().collect())
    }

    fn backlog(&self, seq: u64, kinds: Option<&BTreeSet<String>>) -> Result<Backlog, LogFault> {
        let rows = self.lock();
        let begin = rows.rows.partition_point(|row| row.seq <= seq);
        let waiting = rows.rows.iter().skip(begin).filter(|row| kinds.is_none_or(|kinds| kinds.contains(&row.kind)));
        let oldest = waiting.clone().map(|row| row.at).min();
        Ok(Backlog { events: waiting.count().try_into().unwrap_or(u64::MAX), oldest })
    }
}

/// The journal over a [`MemoryOutbox`]: keeps no fact, but tells backends of them.
pub struct Telling(pub Arc<MemoryOutbox>);

impl Journal for Telling {
    fn recall(&mut self, _: &Wanted) -> Result<Vec<Arc<Booked>>, JournalError> {
        Ok(Vec::new())
    }

    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        self.0.append(batch.facts.iter().filter_map(Callback::of));
        Ok(())
    }

    fn keeps_rows(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{CallbackKind, LiveId, WallMs};

    fn events(count: u64) -> Vec<Callback> {
        let event = |ms| {
            let (live, data) = (LiveId::new("a").unwrap(), serde_json::json!({}));
            Callback { kind: CallbackKind::HostOnline, live, at: WallMs(ms), data }
        };
        (0..count).map(event).collect()
    }

    #[test]
    fn beyond_its_bound_the_oldest_are_dropped_and_before_it_what_all_have() {
        let outbox = MemoryOutbox::new(StoreId([0; 16]));
        outbox.append(events(3));
        outbox.bell().release(2);
        outbox.append(events(1));
        let seqs = |after| outbox.after(after, 9).unwrap().iter().map(|row| row.seq).collect::<Vec<_>>();
        assert_eq!((seqs(0), seqs(3), outbox.head()), (vec![3, 4], vec![4], Ok(4)));
        outbox.append(events(10_000));
        assert_eq!(outbox.backlog(0, None).unwrap().events, 10_000);
        assert_eq!(seqs(0)[0], 5);
        assert_eq!(outbox.backlog(10_003, None).unwrap(), Backlog { events: 1, oldest: Some(WallMs(9_999)) });
        assert_eq!(outbox.backlog(0, Some(&BTreeSet::new())).unwrap(), Backlog::default());
    }
}
