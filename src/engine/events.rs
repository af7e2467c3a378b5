//! The events of each live: numbered, the last ones kept for those who come back, and handed to bounded readers.
//!
//! A reader that does not keep up is cut, not waited for: it comes back with the last number it saw.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use thiserror::Error;

use crate::live::answer::LiveSnapshot;
use crate::live::{Event, LiveId, WallMs};

/// Events of a live that are kept: ten seconds of a battle with scores at their highest rate.
pub const EVENTS_KEPT: usize = 256;
/// Events that may wait for one reader; one more cuts it.
pub const READER_EVENTS_MAX: usize = 256;
/// Readers of one live. An event costs each a push under its own short lock.
pub const READERS_MAX: usize = 10_000;

/// One event as sent: `{"seq":41,"type":"onBattleScoreChanged","serverTime":…,"data":{…}}`.
#[derive(Debug)]
pub struct Notice {
    /// Counts the events of the live's epoch, from 1.
    pub seq: u64,
    /// When it happened.
    pub server_time: WallMs,
    /// What happened.
    pub event: Event,
    json: OnceLock<String>,
}

impl Notice {
    /// The text for the wire, made once for all readers.
    #[must_use]
    pub fn json(&self) -> &str {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            seq: u64,
            #[serde(flatten)]
            event: &'a Event,
            server_time: WallMs,
        }
        let (seq, event, server_time) = (self.seq, &self.event, self.server_time);
        self.json.get_or_init(|| {
            let wire = Wire { seq, event, server_time };
            serde_json::to_string(&wire).expect("events are maps with text keys, numbers and text")
        })
    }
}

/// Where a reader wants to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The epoch it read.
    pub epoch: String,
    /// The last number it saw.
    pub after: u64,
}

/// A new reader's beginning.
#[derive(Debug)]
pub struct Subscription {
    /// Names this life of the live; other numbers after a restart.
    pub epoch: String,
    /// The number of the last event that `first` covers.
    pub seq: u64,
    /// Server time of the beginning.
    pub server_time: WallMs,
    /// What to send first.
    pub first: First,
    /// What follows.
    pub reader: EventReader,
}

/// What a reader gets first.
#[derive(Debug)]
pub enum First {
    /// Everything, for a new reader or one that was away for too long.
    Snapshot(Box<LiveSnapshot>),
    /// What it missed, in order; may be empty.
    Missed(Vec<Arc<Notice>>),
}

/// Why no event will follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum CutOff {
    /// The reader did not keep up.
    #[error("{READER_EVENTS_MAX} events were waiting; connect again with the last seq seen")]
    Slow,
    /// The live has ended; its last event came before.
    #[error("the live has ended")]
    LiveEnded,
    /// The server goes down.
    #[error("the server is shutting down")]
    Closing,
}

/// Reads the events of one live. Dropping it ends the subscription.
#[derive(Debug)]
#[must_use = "dropping the reader ends the subscription"]
pub struct EventReader(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    notices: VecDeque<Arc<Notice>>,
    cut: Option<CutOff>,
    reader_gone: bool,
    waker: Option<Waker>,
}

impl EventReader {
    /// The next event, as soon as there is one; or why none will follow. Cancel-safe, and bound to no runtime.
    ///
    /// # Errors
    /// Why no event will follow; the same at every later call.
    pub async fn next(&mut self) -> Result<Arc<Notice>, CutOff> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// [`EventReader::next`] for hand-written futures.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Arc<Notice>, CutOff>> {
        let mut waiting = lock(&self.0);
        if let Some(notice) = waiting.notices.pop_front() {
            return Poll::Ready(Ok(notice));
        }
        if let Some(cut) = waiting.cut {
            return Poll::Ready(Err(cut));
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        lock(&self.0).reader_gone = true;
    }
}

/// All lives' events; owned by the control thread.
#[derive(Debug)]
pub(super) struct EventBus {
    process: String,
    opened: u64,
    logs: BTreeMap<LiveId, Log>,
}

#[derive(Debug)]
struct Log {
    epoch: String,
    seq: u64,
    recent: VecDeque<Arc<Notice>>,
    readers: Vec<Arc<Mutex<Waiting>>>,
}

impl EventBus {
    /// `process` is another for each start of the server.
    pub(super) fn new(process: u64) -> Self {
        Self { process: format!("{process:016x}"), opened: 0, logs: BTreeMap::new() }
    }

    /// Numbers `event` in each of `lives` and hands it to their readers.
    pub(super) fn publish(&mut self, at: WallMs, lives: &[LiveId], event: &Event) {
        for live in lives {
            let log = self.log(live);
            log.seq += 1;
            let notice = Notice { seq: log.seq, server_time: at, event: event.clone(), json: OnceLock::new() };
            log.push(Arc::new(notice));
        }
        if let Event::LiveEnded { live_id, .. } = event
            && let Some(log) = self.logs.remove(live_id)
        {
            log.readers.iter().for_each(|reader| cut(reader, CutOff::LiveEnded));
        }
    }

    /// A reader of `live`, which exists; `None` when it has too many.
    pub(super) fn subscribe(
        &mut self,
        now: WallMs,
        live: &LiveId,
        resume: Option<&Resume>,
        snapshot: LiveSnapshot,
    ) -> Option<Subscription> {
        let log = self.log(live);
        log.readers.retain(|reader| !lock(reader).reader_gone);
        if log.readers.len() >= READERS_MAX {
            metrics::counter!("costage_event_readers_refused_total").increment(1);
            return None;
        }
        let missed = resume.and_then(|resume| log.missed(resume));
        let first = missed.map_or_else(|| First::Snapshot(Box::new(snapshot)), First::Missed);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        log.readers.push(Arc::clone(&waiting));
        let (epoch, seq) = (log.epoch.clone(), log.seq);
        Some(Subscription { epoch, seq, server_time: now, first, reader: EventReader(waiting) })
    }

    /// Cuts every reader.
    pub(super) fn close(&mut self) {
        for log in std::mem::take(&mut self.logs).into_values() {
            log.readers.iter().for_each(|reader| cut(reader, CutOff::Closing));
        }
    }

    fn log(&mut self, live: &LiveId) -> &mut Log {
        self.logs.entry(live.clone()).or_insert_with(|| {
            // A live that ends and is created again begins at 1: another epoch, so that no number means two events.
            self.opened += 1;
            let epoch = format!("{}-{}", self.process, self.opened);
            Log { epoch, seq: 0, recent: VecDeque::new(), readers: Vec::new() }
        })
    }
}

impl Log {
    fn push(&mut self, notice: Arc<Notice>) {
        self.readers.retain(|reader| {
            let (stays, waker) = {
                let mut waiting = lock(reader);
                if waiting.reader_gone {
                    return false;
                }
                if waiting.notices.len() >= READER_EVENTS_MAX {
                    waiting.notices.clear();
                    waiting.cut = Some(CutOff::Slow);
                    metrics::counter!("costage_event_readers_cut_total").increment(1);
                } else {
                    waiting.notices.push_back(Arc::clone(&notice));
                }
                (waiting.cut.is_none(), waiting.waker.take())
            };
            // Woken outside the lock: a waker may read at once.
            waker.into_iter().for_each(Waker::wake);
            stays
        });
        if self.recent.len() >= EVENTS_KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(notice);
    }

    /// What came after `resume`, when all of it is still here.
    fn missed(&self, resume: &Resume) -> Option<Vec<Arc<Notice>>> {
        let kept_from = self.recent.front().map_or(self.seq, |oldest| oldest.seq - 1);
        let here = resume.epoch == self.epoch && (kept_from..=self.seq).contains(&resume.after);
        here.then(|| self.recent.iter().filter(|notice| notice.seq > resume.after).cloned().collect())
    }
}

fn cut(reader: &Mutex<Waiting>, reason: CutOff) {
    let waker = {
        let mut waiting = lock(reader);
        waiting.cut.get_or_insert(reason);
        waiting.waker.take()
    };
    waker.into_iter().for_each(Waker::wake);
}

/// The queue is whole after any panic elsewhere: nothing under this lock can panic half-way.
fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
