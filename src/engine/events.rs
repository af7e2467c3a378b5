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

    /// The number of the last event of each of `lives`, 0 before the first: a JSON object.
    pub(super) fn numbers(&self, lives: &[LiveId]) -> String {
        let number = |live: &LiveId| (live.clone(), self.logs.get(live).map_or(0, |log| log.seq));
        let numbers: BTreeMap<_, _> = lives.iter().map(number).collect();
        serde_json::to_string(&numbers).expect("a map by texts")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::answer::{CanvasSize, Layout};
    use crate::live::command::{LiveEndReason, NewLive, User};
    use crate::live::{Command, Lives, Rules, Seed, Snapshot, UserId};

    fn live(name: &str) -> LiveId {
        LiveId::new(name).unwrap()
    }

    fn event() -> Event {
        let canvas = CanvasSize { w: 720, h: 1280 };
        Event::SeatLayoutChanged(Layout { template_id: 600, canvas, regions_canvas: canvas, regions: vec![] })
    }

    fn snapshot() -> LiveSnapshot {
        let now = std::time::Instant::now();
        let mut lives = Lives::seed(now, WallMs(0), Rules::default(), Snapshot::empty(Seed::repeatable(0)));
        let owner = User { user_id: UserId::new("u").unwrap(), user_name: String::new(), avatar_url: String::new() };
        lives.handle(now, Command::CreateLive(Box::new(NewLive::new(live("a"), owner)))).unwrap();
        lives.view(&live("a")).unwrap()
    }

    fn subscribe(bus: &mut EventBus, resume: Option<&Resume>) -> Subscription {
        bus.subscribe(WallMs(9), &live("a"), resume, snapshot()).unwrap()
    }

    fn read(reader: &mut EventReader) -> Poll<Result<u64, CutOff>> {
        let mut context = Context::from_waker(Waker::noop());
        reader.poll_next(&mut context).map_ok(|notice| notice.seq)
    }

    fn publish(bus: &mut EventBus, count: usize) {
        for _ in 0..count {
            bus.publish(WallMs(7), &[live("a")], &event());
        }
    }

    #[test]
    fn an_event_is_sent_as_the_page_writes_it() {
        let mut bus = EventBus::new(0xabc);
        let mut reader = subscribe(&mut bus, None).reader;
        publish(&mut bus, 1);
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(notice)) = reader.poll_next(&mut context) else { panic!() };
        let json: serde_json::Value = serde_json::from_str(notice.json()).unwrap();
        let canvas = serde_json::json!({"w": 720, "h": 1280});
        let data = serde_json::json!({"templateId": 600, "canvas": canvas, "regionsCanvas": canvas, "regions": []});
        let expected = serde_json::json!({"seq": 1, "type": "onSeatLayoutChanged", "serverTime": 7, "data": data});
        assert_eq!(json, expected);
    }

    #[test]
    fn each_live_counts_its_own_events_from_where_the_reader_begins() {
        let mut bus = EventBus::new(1);
        publish(&mut bus, 3);
        bus.publish(WallMs(7), &[live("b")], &event());
        let mut subscription = subscribe(&mut bus, None);
        assert_eq!((subscription.seq, subscription.server_time), (3, WallMs(9)));
        assert!(read(&mut subscription.reader).is_pending(), "the snapshot covers what was before");
        bus.publish(WallMs(8), &[live("a"), live("b")], &event());
        assert_eq!(read(&mut subscription.reader), Poll::Ready(Ok(4)));
        assert!(read(&mut subscription.reader).is_pending());
    }

    #[test]
    fn a_slow_reader_is_cut_and_the_others_go_on() {
        let mut bus = EventBus::new(1);
        let (mut slow, mut quick) = (subscribe(&mut bus, None).reader, subscribe(&mut bus, None).reader);
        for _ in 0..READER_EVENTS_MAX {
            publish(&mut bus, 1);
            assert!(read(&mut quick).is_ready());
        }
        publish(&mut bus, 1);
        assert_eq!(read(&mut slow), Poll::Ready(Err(CutOff::Slow)));
        assert_eq!(read(&mut slow), Poll::Ready(Err(CutOff::Slow)));
        assert_eq!(read(&mut quick), Poll::Ready(Ok(257)));
    }

    #[test]
    fn the_last_256_events_can_be_read_again_and_no_older() {
        let mut bus = EventBus::new(1);
        let epoch = subscribe(&mut bus, None).epoch;
        publish(&mut bus, 300);
        let mut again = |after| {
            let resume = Resume { epoch: epoch.clone(), after };
            match subscribe(&mut bus, Some(&resume)).first {
                First::Missed(missed) => Some(missed.iter().map(|notice| notice.seq).collect::<Vec<_>>()),
                First::Snapshot(_) => None,
            }
        };
        assert_eq!(again(44), Some((45..=300).collect()));
        assert_eq!(again(43), None);
        assert_eq!(again(300), Some(vec![]));
        assert_eq!(again(301), None);
    }

    #[test]
    fn the_end_of_a_live_is_its_last_event_and_its_numbers_never_mean_another_live() {
        let mut bus = EventBus::new(1);
        let mut first = subscribe(&mut bus, None);
        let (reason, message) = (LiveEndReason::EndedByHost, String::new());
        let ended = Event::LiveEnded { live_id: live("a"), reason, reason_code: reason.code(), message };
        bus.publish(WallMs(7), &[live("a")], &ended);
        assert_eq!(read(&mut first.reader), Poll::Ready(Ok(1)));
        assert_eq!(read(&mut first.reader), Poll::Ready(Err(CutOff::LiveEnded)));
        publish(&mut bus, 3);
        let resume = Resume { epoch: first.epoch.clone(), after: 1 };
        let second = subscribe(&mut bus, Some(&resume));
        assert!(matches!(second.first, First::Snapshot(_)));
        assert_ne!(second.epoch, first.epoch);
    }

    #[test]
    fn a_reader_that_is_gone_takes_no_place() {
        let mut bus = EventBus::new(1);
        for _ in 0..10 {
            drop(subscribe(&mut bus, None));
        }
        let _stays = subscribe(&mut bus, None).reader;
        assert_eq!(bus.log(&live("a")).readers.len(), 1);
        drop(_stays);
        publish(&mut bus, 1);
        assert_eq!(bus.log(&live("a")).readers.len(), 0);
    }

    #[test]
    fn closing_cuts_every_reader() {
        let mut bus = EventBus::new(1);
        let mut reader = subscribe(&mut bus, None).reader;
        bus.close();
        assert_eq!(read(&mut reader), Poll::Ready(Err(CutOff::Closing)));
    }
}
