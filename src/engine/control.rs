//! The control thread: owns all of [`crate::live`], commits what it decides, and only then lets it out.

use std::sync::Arc;
use std::thread::JoinHandle;

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use super::clock::Clock;
use super::events::{Resume, Subscription};
use super::inbox::{Inbox, Next, Order};
use super::journal::Journal;
use super::registrar::Registrar;
use super::stagehand::Stagehand;
use crate::live::answer::Publish;
use crate::live::command::{MediaState, SocketState};
use crate::live::time::Timeline;
use crate::live::{Answer, Command, LiveId, Refusal, Rules, Seed, Snapshot, UserId, WallMs};

/// Orders that are decided together at most, beside the first: they share a commit, and the first waits for the last.
const BATCH_MAX: usize = 255;

/// Orders that may wait for the thread; one more is refused (503). A command takes microseconds, a commit to disk
/// milliseconds: this is a second or two of waiting, after which a client would rather be told.
pub const WAITING_MAX: usize = 1_024;

/// Takes the outcome of a command on the control thread; it must not block.
pub type Reply<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;

/// What a control thread begins with.
#[derive(Debug)]
pub struct ControlConfig {
    /// The rules' numbers.
    pub rules: Rules,
    /// Where ids and the epoch of events come from: a random secret, another at each start.
    pub seed: Seed,
    /// What is known from before; `None` begins with nothing.
    pub snapshot: Option<Snapshot>,
}

/// The way to the control thread; cheap to clone. No method blocks, but for the lock of the queue.
#[derive(Clone)]
pub struct ControlHandle {
    inbox: Arc<Inbox>,
    clock: Arc<dyn Clock>,
    line: Timeline,
}

impl ControlHandle {
    /// Asks; the time of this call is the time that the rules judge by, however long the queue is. `reply` gets
    /// [`Refusal::Busy`] at once when the queue is full.
    pub fn ask(&self, command: Command, reply: Reply<Answer>) {
        self.inbox.offer(&*self.clock, Order::Ask(command, reply));
    }

    /// A host's media came or went; never refused. Only the last word of a source counts.
    pub fn host_media(&self, source: SourceId, state: MediaState) {
        self.inbox.media(&*self.clock, source, state);
    }

    /// The first event socket of a host was opened, or the last one lost; never refused.
    pub fn host_socket(&self, feed: FeedId, state: SocketState) {
        self.inbox.socket(&*self.clock, feed, state);
    }

    /// May `user` publish as the host of `live`? [`Refusal::NotOwner`], [`Refusal::NoSuchLive`].
    pub fn publish(&self, live: LiveId, user: UserId, reply: Reply<Publish>) {
        let reply = move |answer| {
            reply(match answer {
                Ok(Answer::Publish(publish)) => Ok(publish),
                Ok(_) => Err(Refusal::Internal),
                Err(refusal) => Err(refusal),
            });
        };
        self.ask(Command::Publish { live, user }, Box::new(reply));
    }

    /// May a viewer join `live` now? [`Refusal::NotLive`] says when to try again.
    pub fn watch(&self, live: LiveId, reply: Reply<FeedId>) {
        let reply = move |answer| {
            reply(match answer {
                Ok(Answer::Watch(feed)) => Ok(feed),
                Ok(_) => Err(Refusal::Internal),
                Err(refusal) => Err(refusal),
            });
        };
        self.ask(Command::Watch { live }, Box::new(reply));
    }

    /// Reads the events of a live: a snapshot and what follows, or what was missed since `resume`.
    pub fn subscribe(&self, live: LiveId, resume: Option<Resume>, reply: Reply<Subscription>) {
        self.inbox.offer(&*self.clock, Order::Subscribe(live, resume, reply));
    }

    /// Orders that wait for the thread, beside those that it is at.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inbox.commands()
    }

    /// The server's time now, on the line that all answers and events are on.
    #[must_use]
    pub fn server_time(&self) -> WallMs {
        self.line.wall(self.clock.now())
    }
}

#[cfg(test)]
impl ControlHandle {
    /// Ends the thread, as a panic would.
    pub(crate) fn let_thread_fall(&self) {
        self.inbox.stop();
    }

    /// A handle without a thread, and what is told through it: of each source, its media's last word.
    pub(super) fn unattended(clock: Arc<dyn Clock>) -> (Self, impl FnMut() -> Option<(SourceId, MediaState)>) {
        let inbox = Arc::new(Inbox::default());
        let line = Timeline::new(clock.now(), WallMs(clock.wall_ms()));
        let (read, read_clock) = (Arc::clone(&inbox), Arc::clone(&clock));
        let told = move || match read.next(&*read_clock, Some(read_clock.now())) {
            Next::Order(_, Order::Media(source, state)) => Some((source, state)),
            Next::Order(..) | Next::Due(_) | Next::Stop => None,
        };
        (Self { inbox, clock, line }, told)
    }
}

/// The running thread. Dropping it without [`ControlThread::stop`] leaves the thread running.
#[must_use = "stop ends the thread"]
pub struct ControlThread {
    inbox: Arc<Inbox>,
    thread: JoinHandle<()>,
}

impl ControlThread {
    /// Whether the thread has ended without having been told to: it has panicked.
    #[must_use]
    pub fn has_fallen(&self) -> bool {
        self.thread.is_finished()
    }

    /// Refuses what is queued and what comes ([`Refusal::Closing`]), cuts the event readers, and waits for the end.
    pub fn stop(self) {
        self.inbox.stop();
        if self.thread.join().is_err() {
            tracing::error!("the control thread had panicked");
        }
    }
}

/// Starts the control thread.
///
/// # Errors
/// When the system gives no thread.
pub fn spawn(
    clock: Arc<dyn Clock>,
    config: ControlConfig,
    journal: Box<dyn Journal>,
    stagehand: Box<dyn Stagehand>,
) -> std::io::Result<(ControlHandle, ControlThread)> {
    let (now, wall) = (clock.now(), WallMs(clock.wall_ms()));
    let inbox = Arc::new(Inbox::default());
    let mut registrar = Registrar::new(now, wall, config, journal, stagehand);
    let (own_inbox, own_clock) = (Arc::clone(&inbox), Arc::clone(&clock));
    let thread = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        loop {
            match own_inbox.next(&*own_clock, registrar.poll_timeout()) {
                Next::Order(received, order) => {
                    registrar.handle(received, order);
                    // Whatever came while the last commit was written goes into one.
                    let more = std::iter::from_fn(|| own_inbox.more());
                    more.take(BATCH_MAX).for_each(|(received, order)| registrar.handle(received, order));
                    // And what has become due meanwhile: an end does not wait for two commits on a slow disk.
                    if let Some(now) = own_inbox.due(&*own_clock, registrar.poll_timeout()) {
                        registrar.handle_timeout(now);
                    }
                }
                Next::Due(now) => registrar.handle_timeout(now),
                Next::Stop => break registrar.close(),
            }
            registrar.commit();
        }
    })?;
    let handle = ControlHandle { inbox: Arc::clone(&inbox), clock, line: Timeline::new(now, wall) };
    Ok((handle, ControlThread { inbox, thread }))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use costage_media::scene::Scene;

    use super::*;
    use crate::engine::journal::{Batch, Booked, JournalError, Wanted};
    use crate::engine::{CutOff, First};
    use crate::live::command::{LiveEndReason, NewLive, User};
    use crate::live::{Event, StageId};

    struct RealClock;

    impl Clock for RealClock {
        fn now(&self) -> Instant {
            Instant::now()
        }

        fn wall_ms(&self) -> u64 {
            1_790_000_000_000
        }
    }

    struct Nowhere;

    impl Journal for Nowhere {
        fn recall(&mut self, _: &Wanted) -> Result<Vec<Arc<Booked>>, JournalError> {
            Ok(Vec::new())
        }

        fn commit(&mut self, _: &Batch<'_>) -> Result<(), JournalError> {
            Ok(())
        }
    }

    impl Stagehand for Nowhere {
        fn stage(&mut self, _: StageId, _: Scene) {}
        fn route(&mut self, _: FeedId, _: StageId) {}
        fn end_stage(&mut self, _: StageId) {}
        fn end_feed(&mut self, _: FeedId) {}
        fn end_source(&mut self, _: SourceId) {}
    }

    /// More than any step here takes, so that only a bug runs into it.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn start(rules: Rules) -> (ControlHandle, ControlThread) {
        let config = ControlConfig { rules, seed: Seed::repeatable(1), snapshot: None };
        spawn(Arc::new(RealClock), config, Box::new(Nowhere), Box::new(Nowhere)).unwrap()
    }

    fn live() -> LiveId {
        LiveId::new("a").unwrap()
    }

    fn alice() -> UserId {
        UserId::new("alice").unwrap()
    }

    fn create() -> Command {
        let owner = User { user_id: alice(), user_name: String::new(), avatar_url: String::new() };
        Command::CreateLive(Box::new(NewLive::new(live(), owner)))
    }

    /// Waits for the reply of one call.
    fn answer<T: Send + 'static>(call: impl FnOnce(Reply<T>)) -> Result<T, Refusal> {
        let (send, receive) = mpsc::channel();
        call(Box::new(move |outcome| send.send(outcome).unwrap()));
        receive.recv_timeout(PATIENCE).expect("every call is replied to")
    }

    #[test]
    fn a_host_publishes_and_then_viewers_may_watch() {
        let (control, thread) = start(Rules::default());
        answer(|reply| control.ask(create(), reply)).unwrap();
        let publish = answer(|reply| control.publish(live(), alice(), reply)).unwrap();
        assert!(matches!(answer(|reply| control.watch(live(), reply)), Err(Refusal::NotLive { .. })));
        control.host_media(publish.source, MediaState::Up);
        assert!(answer(|reply| control.watch(live(), reply)).is_ok());
        assert_eq!(answer(|reply| control.publish(live(), alice(), reply)).unwrap(), publish, "a second time as well");
        thread.stop();
        assert_eq!(answer(|reply| control.ask(create(), reply)), Err(Refusal::Closing));
    }

    #[test]
    fn a_deadline_wakes_the_thread_without_a_command() {
        let (control, thread) = start(Rules { live_idle: Duration::from_millis(20), ..Rules::default() });
        answer(|reply| control.ask(create(), reply)).unwrap();
        let mut events = answer(|reply| control.subscribe(live(), None, reply)).unwrap();
        assert!(matches!(events.first, First::Snapshot(_)));
        let (send, receive) = mpsc::channel();
        let reading = std::thread::spawn(move || {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            loop {
                if let std::task::Poll::Ready(read) = events.reader.poll_next(&mut context) {
                    let over = read.is_err();
                    send.send(read.map(|notice| notice.event.clone())).unwrap();
                    if over {
                        return;
                    }
                }
                std::thread::yield_now();
            }
        });
        let ended = receive.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(ended, Ok(Event::LiveEnded { reason: LiveEndReason::EndedByServer, .. })));
        assert_eq!(receive.recv_timeout(PATIENCE).unwrap(), Err(CutOff::LiveEnded));
        reading.join().unwrap();
        thread.stop();
    }

    #[test]
    fn the_servers_time_is_the_time_of_its_answers() {
        let (control, thread) = start(Rules::default());
        let before = control.server_time();
        let Ok(Answer::Live(info)) = answer(|reply| control.ask(create(), reply)) else { panic!() };
        assert!((before..=control.server_time()).contains(&info.create_time));
        thread.stop();
    }
}
