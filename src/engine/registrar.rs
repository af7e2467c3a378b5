//! Decide, commit, carry out: what the control thread does with orders and deadlines. All time comes from outside.
//!
//! ```text
//! orders ──▶ Lives ──▶ facts and changed rows ──▶ Journal ──▶ keep ──▶ events, stages, replies
//!                                                    └─ failed ──▶ undo ──▶ replies 503
//! ```
//! What has waited while the journal wrote is decided together and committed once ([`Registrar::commit`]): no timer, and
//! a disk that takes long takes more at a time. Nothing of it leaves before; a failed commit takes all of it back, and what
//! was asked with it is asked once more: whoever gets an answer without anything to keep has it ([`Registrar::ask_again`]).
//! But for what came of hosts' media: that is so, whether the disk can write or not, and its facts are kept as soon as they
//! can be ([`Registrar::stand`]).

mod open;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use self::open::{Asked, Open, Reader};
use super::control::{ControlConfig, Reply};
use super::events::{EventBus, Resume, Subscription};
use super::inbox::Order;
use super::journal::{Batch, Journal};
use super::stagehand::Stagehand;
use crate::live::kept::RowName;
use crate::live::rules::LEDGER_HELD;
use crate::live::{Answer, Command, Effect, Fact, LiveId, Lives, Refusal, Snapshot, WallMs};

/// After a deadline whose facts could not be kept, the next attempt waits this long.
const COMMIT_RETRY: Duration = Duration::from_millis(250);

/// Facts of hosts' media that may wait for a disk; beyond them the oldest are not told. All hosts of a full server may come
/// and go some times.
const LATE_MAX: usize = 65_536;

/// What the control thread drives.
pub(super) struct Registrar {
    lives: Lives,
    journal: Box<dyn Journal>,
    stagehand: Box<dyn Stagehand>,
    bus: EventBus,
    open: Open,
    /// Rows that were changed since they were last kept: also by what needs no commit of its own, as a host's presence.
    changed: BTreeSet<RowName>,
    /// Facts of what stands, but could not be kept yet.
    late: Vec<Fact>,
    /// Deadlines wait for this after a failed commit; then the late facts are tried again too.
    retry_at: Option<Instant>,
}

impl Registrar {
    pub(super) fn new(
        now: Instant,
        wall: WallMs,
        config: ControlConfig,
        journal: Box<dyn Journal>,
        stagehand: Box<dyn Stagehand>,
    ) -> Self {
        let lives = match config.snapshot {
            Some(snapshot) => Lives::restart(now, wall, config.rules, snapshot, config.seed),
            None => Lives::seed(now, wall, config.rules, Snapshot::empty(config.seed)),
        };
        // The epoch is shown to everybody, so it must tell nothing of the seed.
        let bus = EventBus::new(config.seed.number("epoch"));
        let (open, changed, late, retry_at) = (Open::default(), BTreeSet::new(), Vec::new(), None);
        let mut registrar = Self { lives, journal, stagehand, bus, open, changed, late, retry_at };
        // What was shown before a restart is shown again, whether it can be kept that all media was lost or not.
        registrar.stand(now, Vec::new());
        registrar.commit();
        registrar
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let deadline = self.lives.poll_timeout().map(|(at, _)| self.retry_at.map_or(at, |retry| at.max(retry)));
        let late = self.retry_at.filter(|_| !self.late.is_empty());
        deadline.into_iter().chain(late).min()
    }

    /// Decides; [`Registrar::commit`] lets it out.
    pub(super) fn handle(&mut self, received: Instant, order: Order) {
        // What was due before this was received comes before it: a score after the end finds the battle ended.
        if self.poll_timeout().is_some_and(|at| at <= received) {
            self.handle_timeout(received);
        }
        match order {
            Order::Ask(command, reply) => self.ask(received, command, reply),
            Order::Media(source, state) => {
                self.news(received, Command::Media { source, state });
            }
            Order::Socket(feed, state) => self.news(received, Command::HostSocket { feed, state }),
            Order::Subscribe(live, resume, reply) => {
                self.open.readers.push(Reader { received, live, resume, reply });
            }
        }
    }

    /// What came of a host's media or event sockets.
    fn news(&mut self, received: Instant, command: Command) {
        if let Some(Err(refusal)) = self.decide(|lives| lives.handle(received, command.clone())) {
            tracing::error!(%refusal, ?command, "a host's media and event sockets are never refused by the rules");
        }
        self.open.news.push((received, command));
    }

    /// Decides `news` and lets out what comes of it without waiting for the disk; its facts are kept with the next commit
    /// that succeeds.
    fn stand(&mut self, now: Instant, news: Vec<(Instant, Command)>) {
        news.into_iter().for_each(|(received, command)| self.news(received, command));
        self.gather();
        let Open { facts, effects, .. } = std::mem::take(&mut self.open);
        debug_assert!(facts.iter().all(Fact::is_presence), "media and restarts decide nothing else");
        self.late.extend(facts);
        let surplus = self.late.len().saturating_sub(LATE_MAX);
        if surplus > 0 {
            tracing::error!(surplus, "hosts came and went while nothing could be kept: the oldest of it is not told");
            self.late.drain(..surplus);
        }
        self.retry_at = self.retry_at.or(Some(now));
        self.changed.append(&mut self.lives.changed());
        self.lives.keep();
        self.let_out(effects);
    }

    fn ask(&mut self, now: Instant, command: Command, reply: Reply<Answer>) {
        let outcome = self.answer(now, command.clone());
        self.open.asked.push(Asked { received: now, command, reply, outcome });
    }

    /// Decides with what the ledger on disk has of it, which is read first.
    fn answer(&mut self, now: Instant, command: Command) -> Result<Answer, Refusal> {
        if let Some(wanted) = self.lives.wanted(&command) {
            match self.journal.recall(&wanted) {
                Ok(found) => self.lives.recall(found),
                Err(error) => {
                    metrics::counter!("costage_recall_failures_total").increment(1);
                    tracing::error!(%error, ?wanted, "not found out, so refused");
                    return Err(Refusal::NotRead);
                }
            }
        }
        self.decide(|lives| lives.handle(now, command)).unwrap_or(Err(Refusal::Internal))
    }

    /// What was decided with `asked` is taken back, so its answer may be of what never was. Questions, refusals and what
    /// was answered before need no disk: they are answered from what is kept. All else was not kept.
    fn ask_again(&mut self, asked: Asked) {
        let before = self.lives.checkpoint();
        let outcome = self.answer(asked.received, asked.command);
        let Open { facts, effects, .. } = std::mem::take(&mut self.open);
        if facts.is_empty() && effects.is_empty() {
            // Answered, so the next commit that fails does not take it back.
            self.changed.append(&mut self.lives.changed());
            self.lives.keep();
            return (asked.reply)(outcome);
        }
        self.lives.go_back(before);
        (asked.reply)(Err(Refusal::NotKept));
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let Some((at, wake)) = self.lives.poll_timeout() {
            tracing::debug!(?wake, late_ms = now.saturating_duration_since(at).as_millis(), "deadline");
        }
        let fired = self.decide(|lives| lives.handle_timeout(now));
        self.open.fired = Some(now);
        // A defect in the rules must not be met again at once.
        self.retry_at = fired.is_none().then(|| now + COMMIT_RETRY);
    }

    /// Lets the machine decide. `None` after a panic: what it was at is taken back, and nothing else.
    fn decide<T>(&mut self, work: impl FnOnce(&mut Lives) -> T) -> Option<T> {
        let before = self.lives.checkpoint();
        let lives = &mut self.lives;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(lives)));
        if outcome.is_err() {
            metrics::counter!("costage_control_panics_total").increment(1);
            self.lives.go_back(before);
        }
        self.gather();
        outcome.ok()
    }

    fn gather(&mut self) {
        while let Some(effect) = self.lives.poll_effect() {
            self.open.push(effect);
        }
    }

    /// Keeps everything that was decided since the last commit, then lets it out: events, then pictures, each in their
    /// order, then the answers; or takes all of it back, and answers that it was not kept. Who begins to read events comes last: its
    /// snapshot shows nothing that events will tell it again, and no reader makes a commit of its own.
    pub(super) fn commit(&mut self) {
        let Open { facts, effects, asked, readers, fired, news } = std::mem::take(&mut self.open);
        let (late, own) = (self.late.len(), facts);
        let mut facts = std::mem::take(&mut self.late);
        facts.extend(own);
        self.changed.append(&mut self.lives.changed());
        if !facts.is_empty() {
            let rows: Vec<_> = if self.journal.keeps_rows() {
                std::mem::take(&mut self.changed).into_iter().map(|name| self.lives.row(name)).collect()
            } else {
                self.changed.clear();
                Vec::new()
            };
            if let Err(error) = self.journal.commit(&Batch { facts: &facts, rows: &rows }) {
                metrics::counter!("costage_commit_failures_total").increment(1);
                tracing::error!(%error, facts = facts.len(), "taken back");
                // They are read again for the next commit, as they are then.
                self.changed = rows.into_iter().map(|row| row.name).collect();
                self.lives.undo();
                facts.truncate(late);
                self.late = facts;
                let last = fired.or(news.last().map(|(received, _)| *received));
                self.retry_at = last.map(|now| now + COMMIT_RETRY).or(self.retry_at);
                if let Some(now) = last {
                    self.stand(now, news);
                }
                asked.into_iter().for_each(|asked| self.ask_again(asked));
                return readers.into_iter().for_each(|reader| self.let_read(reader));
            }
        }
        self.lives.keep();
        if self.journal.keeps_rows() {
            self.lives.settle(&facts, LEDGER_HELD);
        }
        self.let_out(effects);
        asked.into_iter().for_each(|asked| (asked.reply)(asked.outcome));
        readers.into_iter().for_each(|reader| self.let_read(reader));
    }

    /// Events first: a picture goes with the number of the last event that it shows.
    fn let_out(&mut self, effects: Vec<Effect>) {
        let (events, others): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Notify { .. }));
        events.into_iter().chain(others).for_each(|effect| self.carry_out(effect));
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Record(_) => debug_assert!(false, "facts were committed and set apart"),
            Effect::Notify { at, lives, event } => self.bus.publish(at, &lives, &event),
            Effect::Stage { stage, mut scene, lives } => {
                if let Some(sei) = &mut scene.sei {
                    sei.events = self.bus.numbers(&lives).into();
                }
                self.stagehand.stage(stage, scene);
            }
            Effect::Route { feed, stage } => self.stagehand.route(feed, stage),
            Effect::EndStage(stage) => self.stagehand.end_stage(stage),
            Effect::EndFeed(feed) => self.stagehand.end_feed(feed),
            Effect::EndSource(source) => self.stagehand.end_source(source),
        }
    }

    fn let_read(&mut self, reader: Reader) {
        let Reader { received, live, resume, reply } = reader;
        reply(self.subscribe(received, &live, resume.as_ref()));
    }

    fn subscribe(&mut self, now: Instant, live: &LiveId, resume: Option<&Resume>) -> Result<Subscription, Refusal> {
        let snapshot = self.lives.view(live)?;
        self.bus.subscribe(self.lives.wall(now), live, resume, snapshot).ok_or(Refusal::Busy)
    }

    /// Keeps what is left to keep, and cuts the readers of events.
    pub(super) fn close(&mut self) {
        self.commit();
        let rows: Vec<_> = std::mem::take(&mut self.changed).into_iter().map(|name| self.lives.row(name)).collect();
        if self.journal.keeps_rows()
            && !rows.is_empty()
            && let Err(error) = self.journal.commit(&Batch { facts: &[], rows: &rows })
        {
            tracing::error!(%error, "the last changes of presence are not kept");
        }
        self.bus.close();
    }
}

#[cfg(test)]
mod tests;
