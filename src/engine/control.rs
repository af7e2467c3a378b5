//! The control thread: owns all of [`crate::live`], commits what it decides, and only then lets it out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use super::clock::Clock;
use super::events::{EventBus, Resume, Subscription};
use super::inbox::{Inbox, Next, Order};
use super::journal::Journal;
use super::stagehand::Stagehand;
use crate::live::answer::Publish;
use crate::live::command::MediaState;
use crate::live::time::Timeline;
use crate::live::{Answer, Command, Effect, LiveId, Lives, Refusal, Rules, Snapshot, UserId, WallMs};

/// After a deadline whose facts could not be kept, the next attempt waits this long.
const COMMIT_RETRY: Duration = Duration::from_millis(250);

/// Takes the outcome of a command on the control thread; it must not block.
pub type Reply<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;

/// What a control thread begins with.
#[derive(Debug)]
pub struct ControlConfig {
    /// The rules' numbers.
    pub rules: Rules,
    /// Where ids and the epoch of events come from: random, another at each start.
    pub seed: u64,
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

    /// The server's time now, on the line that all answers and events are on.
    #[must_use]
    pub fn server_time(&self) -> WallMs {
        self.line.wall(self.clock.now())
    }
}

/// The running thread. Dropping it without [`ControlThread::stop`] leaves the thread running.
#[must_use = "stop ends the thread"]
pub struct ControlThread {
    inbox: Arc<Inbox>,
    thread: JoinHandle<()>,
}

impl ControlThread {
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
    let mut control = Control::new(now, wall, config, journal, stagehand);
    let (own_inbox, own_clock) = (Arc::clone(&inbox), Arc::clone(&clock));
    let thread = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        loop {
            match own_inbox.next(&*own_clock, control.poll_timeout()) {
                Next::Order(received, order) => control.handle(received, order),
                Next::Due(now) => control.handle_timeout(now),
                Next::Stop => break control.close(),
            }
        }
    })?;
    let handle = ControlHandle { inbox: Arc::clone(&inbox), clock, line: Timeline::new(now, wall) };
    Ok((handle, ControlThread { inbox, thread }))
}

/// What the thread drives; all time comes from outside.
struct Control {
    lives: Lives,
    journal: Box<dyn Journal>,
    stagehand: Box<dyn Stagehand>,
    bus: EventBus,
    /// Deadlines wait for this after a failed commit.
    retry_at: Option<Instant>,
}

/// The state is as before, and nobody was told.
struct TakenBack(Refusal);

impl Control {
    fn new(
        now: Instant,
        wall: WallMs,
        config: ControlConfig,
        journal: Box<dyn Journal>,
        stagehand: Box<dyn Stagehand>,
    ) -> Self {
        let snapshot = config.snapshot.unwrap_or_else(|| Snapshot::empty(config.seed));
        let lives = Lives::seed(now, wall, config.rules, snapshot);
        // Not the seed itself: the epoch is shown, and battle ids come from the seed.
        let bus = EventBus::new(config.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ wall.0);
        Self { lives, journal, stagehand, bus, retry_at: None }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let (at, _) = self.lives.poll_timeout()?;
        Some(self.retry_at.map_or(at, |retry| at.max(retry)))
    }

    fn handle(&mut self, received: Instant, order: Order) {
        // What was due before this was received comes before it: a score after the end finds the battle ended.
        if self.poll_timeout().is_some_and(|at| at <= received) {
            self.handle_timeout(received);
        }
        match order {
            Order::Ask(command, reply) => reply(self.ask(received, command)),
            Order::Media(source, state) => {
                let done = self.ask(received, Command::Media { source, state });
                debug_assert!(done.is_ok(), "media is never refused");
            }
            Order::Subscribe(live, resume, reply) => reply(self.subscribe(received, &live, resume.as_ref())),
        }
    }

    fn ask(&mut self, now: Instant, command: Command) -> Result<Answer, Refusal> {
        let answer = self.decide(|lives| lives.handle(now, command));
        answer.map_err(|TakenBack(refusal)| refusal)?
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some((at, wake)) = self.lives.poll_timeout() {
            tracing::debug!(?wake, late_ms = now.saturating_duration_since(at).as_millis(), "deadline");
        }
        let fired = self.decide(|lives| lives.handle_timeout(now));
        self.retry_at = fired.is_err().then(|| now + COMMIT_RETRY);
    }

    /// Lets the machine decide, keeps the facts, and carries out the rest; or takes all of it back.
    fn decide<T>(&mut self, work: impl FnOnce(&mut Lives) -> T) -> Result<T, TakenBack> {
        let lives = &mut self.lives;
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| work(lives))) else {
            metrics::counter!("costage_control_panics_total").increment(1);
            self.lives.undo();
            return Err(TakenBack(Refusal::Internal));
        };
        let (mut facts, mut rest) = (Vec::new(), Vec::new());
        while let Some(effect) = self.lives.poll_effect() {
            if let Effect::Record(fact) = effect {
                facts.push(fact);
            } else {
                rest.push(effect);
            }
        }
        if !facts.is_empty()
            && let Err(error) = self.journal.commit(&facts)
        {
            metrics::counter!("costage_commit_failures_total").increment(1);
            tracing::error!(%error, facts = facts.len(), "taken back");
            self.lives.undo();
            return Err(TakenBack(Refusal::NotKept));
        }
        self.lives.keep();
        rest.into_iter().for_each(|effect| self.carry_out(effect));
        Ok(outcome)
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Record(_) => debug_assert!(false, "facts were committed and set apart"),
            Effect::Notify { at, lives, event } => self.bus.publish(at, &lives, &event),
            Effect::Stage { stage, scene } => self.stagehand.stage(stage, scene),
            Effect::Route { feed, stage } => self.stagehand.route(feed, stage),
            Effect::EndStage(stage) => self.stagehand.end_stage(stage),
            Effect::EndFeed(feed) => self.stagehand.end_feed(feed),
            Effect::EndSource(source) => self.stagehand.end_source(source),
        }
    }

    fn subscribe(&mut self, now: Instant, live: &LiveId, resume: Option<&Resume>) -> Result<Subscription, Refusal> {
        let snapshot = self.lives.view(live)?;
        self.bus.subscribe(self.lives.wall(now), live, resume, snapshot).ok_or(Refusal::Busy)
    }

    fn close(&mut self) {
        self.bus.close();
    }
}
