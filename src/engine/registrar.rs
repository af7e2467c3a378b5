//! Decide, commit, carry out: what the control thread does with each order and each deadline. All time comes from
//! outside.
//!
//! ```text
//! order ──▶ Lives ──▶ facts ──▶ Journal ──▶ keep ──▶ events, stages, reply
//!                                  └─ failed ──▶ undo ──▶ reply 503
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::control::ControlConfig;
use super::events::{EventBus, Resume, Subscription};
use super::inbox::Order;
use super::journal::Journal;
use super::stagehand::Stagehand;
use crate::live::{Answer, Command, Effect, LiveId, Lives, Refusal, Snapshot, WallMs};

/// After a deadline whose facts could not be kept, the next attempt waits this long.
const COMMIT_RETRY: Duration = Duration::from_millis(250);

/// What the control thread drives.
pub(super) struct Registrar {
    lives: Lives,
    journal: Box<dyn Journal>,
    stagehand: Box<dyn Stagehand>,
    bus: EventBus,
    /// Deadlines wait for this after a failed commit.
    retry_at: Option<Instant>,
}

/// The state is as before, and nobody was told.
struct TakenBack(Refusal);

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
        let mut registrar = Self { lives, journal, stagehand, bus, retry_at: None };
        // What was shown before a restart is shown again; no fact is among it, so nothing can fail.
        drop(registrar.decide(|_| ()));
        registrar
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let (at, _) = self.lives.poll_timeout()?;
        Some(self.retry_at.map_or(at, |retry| at.max(retry)))
    }

    pub(super) fn handle(&mut self, received: Instant, order: Order) {
        // What was due before this was received comes before it: a score after the end finds the battle ended.
        if self.poll_timeout().is_some_and(|at| at <= received) {
            self.handle_timeout(received);
        }
        match order {
            Order::Ask(command, reply) => reply(self.ask(received, command)),
            Order::Media(source, state) => {
                if let Err(refusal) = self.ask(received, Command::Media { source, state }) {
                    tracing::error!(%refusal, source = source.0, "a host's media is never refused by the rules");
                }
            }
            Order::Socket(feed, state) => {
                if let Err(refusal) = self.ask(received, Command::HostSocket { feed, state }) {
                    tracing::error!(%refusal, feed = feed.0, "a host's event socket is never refused by the rules");
                }
            }
            Order::Subscribe(live, resume, reply) => reply(self.subscribe(received, &live, resume.as_ref())),
        }
    }

    fn ask(&mut self, now: Instant, command: Command) -> Result<Answer, Refusal> {
        let answer = self.decide(|lives| lives.handle(now, command));
        answer.map_err(|TakenBack(refusal)| refusal)?
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
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

    pub(super) fn close(&mut self) {
        self.bus.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc};

    use costage_media::forward::FeedId;
    use costage_media::scene::{Scene, SourceId};

    use super::*;
    use crate::engine::First;
    use crate::engine::journal::{Fact, JournalError};
    use crate::live::answer::BattleStatus;
    use crate::live::command::{BattleRequest, ConnectionRequest, MediaState, NewLive, ScoreChange, ScoreOp, User};
    use crate::live::{BattleId, Event, Rules, ScoreKey, Seed, StageId, UserId};

    /// Journal and stagehand in one: writes down the order of what is asked of both, and fails commits when told to.
    #[derive(Clone, Default)]
    struct Witness(Arc<Mutex<(Vec<String>, bool)>>);

    impl Witness {
        fn saw(&self, what: &str) {
            self.0.lock().unwrap().0.push(what.to_owned());
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap().0)
        }

        fn break_disk(&self, broken: bool) {
            self.0.lock().unwrap().1 = broken;
        }
    }

    impl Journal for Witness {
        fn commit(&mut self, facts: &[Fact]) -> Result<(), JournalError> {
            self.saw(&format!("commit {}", facts.len()));
            if self.0.lock().unwrap().1 { Err(JournalError { reason: "disk full".to_owned() }) } else { Ok(()) }
        }
    }

    impl Stagehand for Witness {
        fn stage(&mut self, _: StageId, scene: Scene) {
            self.saw(&format!("stage {}", scene.tiles.len()));
        }
        fn route(&mut self, _: FeedId, _: StageId) {
            self.saw("route");
        }
        fn end_stage(&mut self, _: StageId) {
            self.saw("end stage");
        }
        fn end_feed(&mut self, _: FeedId) {
            self.saw("end feed");
        }
        fn end_source(&mut self, _: SourceId) {
            self.saw("end source");
        }
    }

    struct Bench {
        now: Instant,
        registrar: Registrar,
        witness: Witness,
    }

    impl Bench {
        /// Lives a and b of users a and b, publishing and connected.
        fn connected() -> Self {
            let (now, witness) = (Instant::now(), Witness::default());
            let config = ControlConfig { rules: Rules::default(), seed: Seed::repeatable(3), snapshot: None };
            let (journal, stagehand) = (Box::new(witness.clone()), Box::new(witness.clone()));
            let mut bench =
                Self { now, registrar: Registrar::new(now, WallMs(1), config, journal, stagehand), witness };
            for name in ["a", "b"] {
                let owner = User { user_id: user(name), user_name: String::new(), avatar_url: String::new() };
                bench.ask(Command::CreateLive(Box::new(NewLive::new(live(name), owner)))).unwrap();
                let publish = bench.ask(Command::Publish { live: live(name), user: user(name) });
                let Ok(Answer::Publish(publish)) = publish else { panic!() };
                bench.registrar.handle(now, Order::Media(publish.source, MediaState::Up));
            }
            let invitation = ConnectionRequest {
                live: live("a"),
                targets: vec![live("b")],
                template: None,
                timeout_seconds: None,
                extension_info: String::new(),
            };
            bench.ask(Command::RequestConnection(invitation)).unwrap();
            bench.ask(Command::AcceptConnection { live: live("b"), from: live("a") }).unwrap();
            bench.witness.take();
            bench
        }

        fn ask(&mut self, command: Command) -> Result<Answer, Refusal> {
            let (send, receive) = mpsc::channel();
            let reply = Box::new(move |outcome| send.send(outcome).unwrap());
            self.registrar.handle(self.now, Order::Ask(command, reply));
            receive.recv().unwrap()
        }

        fn battle(&mut self, seconds: u64) -> BattleId {
            let request = BattleRequest {
                live: live("a"),
                users: vec![user("b")],
                duration_seconds: Some(seconds),
                need_response: Some(false),
                timeout_seconds: None,
                extension_info: String::new(),
                punishment_seconds: 0,
                end_connection_after: false,
            };
            let Ok(Answer::BattleRequested(started)) = self.ask(Command::RequestBattle(request)) else { panic!() };
            self.witness.take();
            started.battle_id
        }

        fn score(&mut self, battle: BattleId, key: &str) -> Result<Answer, Refusal> {
            let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), 5)], source: Default::default() };
            self.ask(Command::Score { battle, key: ScoreKey::new(key).unwrap(), change })
        }

        fn status(&mut self, battle: BattleId) -> BattleStatus {
            let Ok(Answer::Battle(info)) = self.ask(Command::FindBattle(battle)) else { panic!() };
            info.status
        }

        fn subscribe(&mut self, resume: Option<Resume>) -> Subscription {
            self.registrar.subscribe(self.now, &live("a"), resume.as_ref()).unwrap()
        }
    }

    fn live(name: &str) -> LiveId {
        LiveId::new(name).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn nothing_is_carried_out_before_its_facts_are_committed() {
        let mut bench = Bench::connected();
        bench.ask(Command::ExitConnection { live: live("a") }).unwrap();
        assert_eq!(bench.witness.take(), ["commit 1", "stage 1", "route", "stage 1", "route", "end stage"]);
    }

    #[test]
    fn questions_and_refusals_commit_nothing() {
        let mut bench = Bench::connected();
        bench.ask(Command::FindCoHost(live("a"))).unwrap();
        bench.ask(Command::ExitConnection { live: live("x") }).unwrap_err();
        assert_eq!(bench.witness.take(), [""; 0]);
    }

    #[test]
    fn a_failed_commit_is_refused_and_as_if_it_had_never_been_asked() {
        let mut bench = Bench::connected();
        let battle = bench.battle(300);
        let before = bench.registrar.lives.snapshot();
        let seq = bench.subscribe(None).seq;
        bench.witness.break_disk(true);
        assert_eq!(bench.score(battle, "k"), Err(Refusal::NotKept));
        assert_eq!(bench.witness.take(), ["commit 1"], "no picture shows it");
        assert_eq!(bench.subscribe(None).seq, seq, "no event tells it");
        assert_eq!(bench.registrar.lives.snapshot(), before);
        bench.witness.break_disk(false);
        let Ok(Answer::Scored(scored)) = bench.score(battle, "k") else { panic!() };
        assert_eq!((scored.ledger_seq, scored.scores[&user("a")]), (1, 5));
    }

    #[test]
    fn a_deadline_whose_commit_fails_is_tried_again_and_not_in_a_hot_loop() {
        let mut bench = Bench::connected();
        let battle = bench.battle(5);
        bench.witness.break_disk(true);
        let end = bench.registrar.poll_timeout().unwrap();
        assert_eq!(end, bench.now + Duration::from_secs(5));
        bench.registrar.handle_timeout(end);
        assert_eq!(bench.registrar.poll_timeout(), Some(end + COMMIT_RETRY));
        bench.now = end;
        assert_eq!(bench.status(battle), BattleStatus::Started, "nobody was told of an end that was not kept");
        bench.witness.break_disk(false);
        bench.registrar.handle_timeout(end + COMMIT_RETRY);
        assert_eq!(bench.status(battle), BattleStatus::Ended);
        assert_eq!(bench.registrar.poll_timeout(), None);
    }

    #[test]
    fn what_was_due_before_a_command_was_received_comes_before_it() {
        let mut bench = Bench::connected();
        let battle = bench.battle(5);
        let start = bench.now;
        // Both waited in the queue past the end: the time of receipt decides.
        bench.now = start + Duration::from_millis(4_999);
        assert!(bench.score(battle, "early").is_ok());
        bench.now = start + Duration::from_secs(5);
        assert!(matches!(bench.score(battle, "late"), Err(Refusal::BattleEnded { .. })));
        assert_eq!(bench.status(battle), BattleStatus::Ended);
    }

    #[test]
    fn a_reader_that_comes_back_gets_what_it_missed_or_everything() {
        let mut bench = Bench::connected();
        let first = bench.subscribe(None);
        let battle = bench.battle(300);
        bench.score(battle, "k").unwrap();
        let resume = Resume { epoch: first.epoch.clone(), after: first.seq };
        let First::Missed(missed) = bench.subscribe(Some(resume)).first else { panic!() };
        let [started, scored] = &missed[..] else { panic!("{missed:?}") };
        assert!(matches!(started.event, Event::BattleStarted { .. }));
        assert!(matches!(scored.event, Event::BattleScoreChanged { .. }));
        for strange in [
            Resume { epoch: "other".to_owned(), after: first.seq },
            Resume { epoch: first.epoch.clone(), after: first.seq + 100 },
        ] {
            let again = bench.subscribe(Some(strange));
            let First::Snapshot(snapshot) = again.first else { panic!() };
            assert_eq!((snapshot.battle.unwrap().battle_id, again.seq), (battle, first.seq + 2));
        }
    }
}
