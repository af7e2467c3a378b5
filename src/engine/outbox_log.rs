//! Events for backends: the outbox in the order of their commits, and how far each endpoint has got with it. `store`
//! implements both, `webhook` drives them.
//!
//! ```text
//! a fact ─▶ Callback ─▶ OutboxRow, in the transaction of the fact ─▶ OutboxBell ─▶ one sender per endpoint
//!                                                   cursor, trouble, dead letters ◀── DeliveryLog
//! ```
//! An endpoint is a cursor over the outbox: everything up to it is delivered, or a dead letter. The two are kept apart, so
//! that no delivery waits for a commit of the control thread, or the other way round.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest;
use thiserror::Error;
use tokio::sync::watch;

use crate::live::{Callback, WallMs};

/// How long an event is tried, and how long the cursor of an endpoint that is no longer configured holds back pruning.
pub const KEPT: Duration = Duration::from_secs(3 * 86_400);

/// Which file of facts it is: random bytes, drawn when the file is made, and kept in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreId(pub [u8; 16]);

/// One event for backends. Made once, when its fact is committed: whoever gets it, however often, gets these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number in the outbox, from 1; rises, is never given again.
    pub seq: u64,
    /// Its id for ever: `msg_` and 32 hexadecimal digits.
    pub id: String,
    /// Its type, as `battle.ended`.
    pub kind: String,
    /// Whose it is.
    pub live: String,
    /// When it happened.
    pub at: WallMs,
    /// What is sent, JSON.
    pub body: String,
}

impl OutboxRow {
    /// The event of `callback`, which is the `seq`th of that file.
    ///
    /// The id is a hash of all three. With the number alone a file that is brought back from a backup would give ids again
    /// that receivers have seen with other events, and they would take the new ones for repetitions.
    #[must_use]
    pub fn of(store: StoreId, seq: u64, callback: &Callback) -> Self {
        let body = callback.body();
        let (kind, live) = (callback.kind.word().to_owned(), callback.live.to_string());
        Self { seq, id: id_of(store, seq, &body), kind, live, at: callback.at, body }
    }

    /// Whether number and body are those that the id was made of, in that file: nothing else is to be signed and sent.
    #[must_use]
    pub fn is_whole(&self, store: StoreId) -> bool {
        self.id == id_of(store, self.seq, &self.body)
    }
}

fn id_of(store: StoreId, seq: u64, body: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"costage webhook id 1\0");
    hash.update(&store.0);
    hash.update(&seq.to_be_bytes());
    hash.update(body.as_bytes());
    let hash = hash.finish();
    let digits: String = hash.as_ref().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{digits}")
}

/// 128 bits: no two events of all servers have the same id.
const ID_BYTES: usize = 16;

/// What waits for an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many events.
    pub events: u64,
    /// When the oldest of them happened.
    pub oldest: Option<WallMs>,
}

/// Between which numbers an outbox has events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEnds {
    /// The oldest event that is still there comes after this one; the head when none is there.
    pub settled: u64,
    /// The newest that was ever there.
    pub head: u64,
}

/// Reads events. Cheap calls, but they may wait for a disk: not for a thread that serves others.
pub trait OutboxLog: Send + Sync {
    /// Which file it is.
    fn store(&self) -> StoreId;

    /// Number of the newest event that was ever committed, also when it is pruned by now; 0 before the first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn head(&self) -> Result<u64, LogFault>;

    /// The first `max` events after `seq`, in their order. Fewer only when there are no more.
    ///
    /// # Errors
    /// When they cannot be read.
    fn after(&self, seq: u64, max: usize) -> Result<Vec<OutboxRow>, LogFault>;

    /// Where it begins and ends now.
    ///
    /// # Errors
    /// When it cannot be read.
    fn ends(&self) -> Result<OutboxEnds, LogFault> {
        // In this order: what is written meanwhile is behind the head.
        let head = self.head()?;
        let first = self.after(0, 1)?.first().map(|row| row.seq.saturating_sub(1));
        Ok(OutboxEnds { settled: first.unwrap_or(head).min(head), head })
    }

    /// How many events after `seq` there are, of these types, or of all.
    ///
    /// # Errors
    /// When they cannot be counted.
    fn backlog(&self, seq: u64, kinds: Option<&BTreeSet<String>>) -> Result<Backlog, LogFault>;
}

/// What the writer of the outbox and its readers tell each other beside the file.
#[derive(Debug)]
pub struct OutboxBell {
    head: watch::Sender<u64>,
    floor: AtomicU64,
}

impl OutboxBell {
    /// For an outbox whose newest event is `head`.
    #[must_use]
    pub fn new(head: u64) -> Self {
        Self { head: watch::Sender::new(head), floor: AtomicU64::new(0) }
    }

    /// The writer: events up to `head` are committed. Wakes the readers.
    pub fn ring(&self, head: u64) {
        self.head.send_if_modified(|known| {
            let higher = head > *known;
            *known = head.max(*known);
            higher
        });
    }

    /// The newest event that is committed.
    #[must_use]
    pub fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// A reader: the number of the newest event, and a wake-up whenever it rises.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// The readers: nobody needs events up to `seq` any more.
    pub fn release(&self, seq: u64) {
        self.floor.fetch_max(seq, Ordering::Relaxed);
    }

    /// The writer: events up to this may be deleted.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor.load(Ordering::Relaxed)
    }
}

/// An endpoint that cannot be reached, and the event it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Number of the event.
    pub seq: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it first failed.
    pub first_failure: WallMs,
    /// When it is tried again.
    pub next_try: WallMs,
    /// What happened last.
    pub error: String,
}

/// How far an endpoint has got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its name in the configuration.
    pub endpoint: String,
    /// Everything up to this event is settled.
    pub cursor: u64,
    /// Since when nothing has been delivered to it, while that is so.
    pub failing_since: Option<WallMs>,
    /// What the current event has gone through.
    pub trouble: Option<Trouble>,
    /// Since when it is in no configuration.
    pub gone_since: Option<WallMs>,
    /// Events delivered, ever.
    pub delivered: u64,
    /// Dead letters.
    pub dead: u64,
    /// Of these, how many wait to be sent again.
    pub wanted: u64,
    /// Which types it wants, as the configuration last said; `None`: all.
    pub kinds: Option<BTreeSet<String>>,
}

/// An endpoint as the configuration has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configured {
    /// Its name.
    pub name: String,
    /// Which types it wants; `None`: all.
    pub kinds: Option<Arc<BTreeSet<String>>>,
}

/// An event that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// For whom.
    pub endpoint: String,
    /// What.
    pub row: OutboxRow,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub died: WallMs,
    /// What happened last.
    pub error: String,
    /// Whether it waits to be sent again.
    pub wanted: bool,
}

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this endpoint; `None`: of all.
    pub endpoint: Option<String>,
    /// With this id; `None`: all.
    pub id: Option<String>,
}

/// Keeps how far endpoints have got. Calls may wait for a disk.
pub trait DeliveryLog: Send + Sync {
    /// A server starts with these endpoints: to be called before anything else, and before the outbox is written to or pruned.
    ///
    /// Those that are known go on where they were. Where some are known, one that is new begins at the head: it is told of
    /// what happens from now on. Where none is known of this file of facts, nobody knows what was delivered, which is so when
    /// a backup was brought back alone: all begin with the oldest event that is still there. Receivers may see events once
    /// more, by the ids that they know, but miss none of those that waited. A new file of facts has no events.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn begin_all(&self, endpoints: &[String], store: StoreId, ends: OutboxEnds) -> Result<(), LogFault>;

    /// An endpoint is configured: where it goes on. One that is new, or was configured with another file of facts, begins at
    /// `head`; so does one that is ahead of it, which is so after a backup was brought back.
    ///
    /// # Errors
    /// As all of these: when it cannot be read or kept.
    fn begin(&self, endpoint: &str, store: StoreId, head: u64) -> Result<Standing, LogFault>;

    /// These endpoints are configured, and want these types; all others are not, since `now` or since they were not before.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn configured(&self, endpoints: &[Configured], now: WallMs) -> Result<(), LogFault>;

    /// Everything up to `cursor` is settled, `delivered` of it by delivery: the endpoint has no trouble.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn settle(&self, endpoint: &str, cursor: u64, delivered: u64) -> Result<(), LogFault>;

    /// An attempt failed.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn trouble(&self, endpoint: &str, failing_since: WallMs, trouble: &Trouble) -> Result<(), LogFault>;

    /// These are dead letters now, and everything up to `cursor` is settled. Survives a loss of power.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn bury(&self, endpoint: &str, cursor: u64, letters: &[DeadLetter]) -> Result<(), LogFault>;

    /// Of an endpoint the first `max` dead letters that wait to be sent again, the oldest first.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn wanted(&self, endpoint: &str, max: usize) -> Result<Vec<DeadLetter>, LogFault>;

    /// A dead letter was delivered after all.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn revived(&self, endpoint: &str, id: &str) -> Result<(), LogFault>;

    /// A dead letter that was sent again `attempts` times more could not be delivered: none of the endpoint's waits to be
    /// sent again.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn give_up(&self, endpoint: &str, id: &str, attempts: u32, error: &str) -> Result<(), LogFault>;

    /// Marks dead letters to be sent again; answers how many are.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn want(&self, which: &Which) -> Result<u64, LogFault>;

    /// How far all endpoints have got, by name; also those that are not configured any more.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn standings(&self) -> Result<Vec<Standing>, LogFault>;

    /// The first `max` dead letters, by endpoint and number.
    ///
    /// # Errors
    /// See [`DeliveryLog::begin`].
    fn dead(&self, which: &Which, max: usize) -> Result<Vec<DeadLetter>, LogFault>;
}

/// Something was not read, or not kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {reason}")]
pub struct LogFault {
    /// What was tried, and with which file.
    pub what: String,
    /// Why it failed.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{CallbackKind, LiveId};

    fn callback(ms: u64) -> Callback {
        let live = LiveId::new("a").unwrap();
        let data = serde_json::json!({"liveId": "a", "userId": "alice"});
        Callback { kind: CallbackKind::HostOnline, live, at: WallMs(ms), data }
    }

    #[test]
    fn an_event_has_one_id_and_no_other_event_has_it() {
        let store = StoreId([7; 16]);
        let row = OutboxRow::of(store, 5, &callback(1));
        assert_eq!(row, OutboxRow::of(store, 5, &callback(1)));
        assert_eq!((row.id.len(), &row.id[..4]), (36, "msg_"));
        assert!(row.id[4..].bytes().all(|byte| byte.is_ascii_hexdigit()));
        for other in [
            OutboxRow::of(store, 6, &callback(1)),
            OutboxRow::of(StoreId([8; 16]), 5, &callback(1)),
            // The same number once more, after a backup was brought back.
            OutboxRow::of(store, 5, &callback(2)),
        ] {
            assert_ne!(row.id, other.id);
        }
    }

    #[test]
    fn the_body_names_type_time_and_data() {
        let row = OutboxRow::of(StoreId([0; 16]), 1, &callback(1_790_000_000_000));
        let wanted =
            r#"{"type":"host.online","timestamp":"2026-09-21T14:13:20.000Z","data":{"liveId":"a","userId":"alice"}}"#;
        assert_eq!((row.body.as_str(), row.kind.as_str(), row.live.as_str()), (wanted, "host.online", "a"));
    }

    #[test]
    fn the_bell_only_rises() {
        let bell = OutboxBell::new(3);
        let mut listener = bell.listen();
        bell.ring(2);
        assert!(!listener.has_changed().unwrap());
        bell.ring(4);
        assert_eq!((listener.has_changed().unwrap(), *listener.borrow_and_update()), (true, 4));
        bell.release(9);
        bell.release(8);
        assert_eq!(bell.floor(), 9);
    }
}
