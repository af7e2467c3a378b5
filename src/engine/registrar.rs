//! Decide, commit, carry out: what the control thread does with orders and deadlines. All time comes from outside.
//!
//! ```text
//! orders ──▶ Lives ──▶ facts and changed rows ──▶ Journal ──▶ keep ──▶ events, stages, replies
//!                                                    └─ failed ──▶ undo ──▶ replies 503
//! ```
//! What has waited while the journal wrote is decided together and committed once ([`Registrar::commit`]): no timer, and
//! a disk that takes long takes more at a time. Nothing of it leaves before; a failed commit takes all of it back.

mod open;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use self::open::Open;
use super::control::{ControlConfig, Reply};
use super::events::{EventBus, Resume, Subscription};
use super::inbox::Order;
use super::journal::{Batch, Journal};
use super::stagehand::Stagehand;
use crate::live::kept::RowName;
use crate::live::{Answer, Command, Effect, LiveId, Lives, Refusal, Snapshot, WallMs};

/// After a deadline whose facts could not be kept, the next attempt waits this long.
const COMMIT_RETRY: Duration = Duration::from_millis(250);

/// What the control thread drives.
pub(super) struct Registrar {
    lives: Lives,
    journal: Box<dyn Journal>,
    stagehand: Box<dyn Stagehand>,
    bus: EventBus,
    open: Open,
    /// Rows that were changed since they were last kept: also by what needs no commit of its own, as a host's presence.
    changed: BTreeSet<RowName>,
    /// Deadlines wait for this after a failed commit.
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
        let (open, changed, retry_at) = (Open::default(), BTreeSet::new(), None);
        let mut registrar = Self { lives, journal, stagehand, bus, open, changed, retry_at };
        // What was shown before a restart is shown again; no fact is among it, so nothing can fail.
        registrar.gather();
        registrar.commit();
        registrar
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let (at, _) = self.lives.poll_timeout()?;
        Some(self.retry_at.map_or(at, |retry| at.max(retry)))
    }

    /// Decides; [`Registrar::commit`] lets it out. Only what reads events is answered at once, after a commit of what
    /// was decided before it: its snapshot shows nothing that events will tell it again.
    pub(super) fn handle(&mut self, received: Instant, order: Order) {
        // What was due before this was received comes before it: a score after the end finds the battle ended.
        if self.poll_timeout().is_some_and(|at| at <= received) {
            self.handle_timeout(received);
        }
        match order {
            Order::Ask(command, reply) => self.ask(received, command, reply),
            Order::Media(source, state) => {
                if let Some(Err(refusal)) =
                    self.decide(|lives| lives.handle(received, Command::Media { source, state }))
                {
                    tracing::error!(%refusal, source = source.0, "a host's media is never refused by the rules");
                }
            }
            Order::Socket(feed, state) => {
                let command = Command::HostSocket { feed, state };
                if let Some(Err(refusal)) = self.decide(|lives| lives.handle(received, command)) {
                    tracing::error!(%refusal, feed = feed.0, "a host's event socket is never refused by the rules");
                }
            }
            Order::Subscribe(live, resume, reply) => {
                self.commit();
                reply(self.subscribe(received, &live, resume.as_ref()));
            }
        }
    }

    fn ask(&mut self, now: Instant, command: Command, reply: Reply<Answer>) {
        let outcome = self.decide(|lives| lives.handle(now, command));
        self.open.replies.push((reply, outcome.unwrap_or(Err(Refusal::Internal))));
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

    /// Keeps everything that was decided since the last commit, then lets it out: events and pictures in their order,
    /// then the answers; or takes all of it back, and answers that it was not kept.
    pub(super) fn commit(&mut self) {
        let Open { facts, effects, replies, fired } = std::mem::take(&mut self.open);
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
                self.retry_at = fired.map(|now| now + COMMIT_RETRY).or(self.retry_at);
                // Also what was only asked, or refused: it may have seen what is taken back.
                return replies.into_iter().for_each(|(reply, _)| reply(Err(Refusal::NotKept)));
            }
        }
        self.lives.keep();
        effects.into_iter().for_each(|effect| self.carry_out(effect));
        replies.into_iter().for_each(|(reply, outcome)| reply(outcome));
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
