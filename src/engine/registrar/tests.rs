//! Decided together, kept together, let out after: and taken back together.

use std::sync::{Arc, Mutex, mpsc};

use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};

use super::*;
use crate::engine::First;
use crate::engine::journal::{Booked, JournalError, Wanted};
use crate::live::answer::BattleStatus;
use crate::live::command::{
    BattleRequest, ConnectionRequest, MediaState, NewLive, ScoreChange, ScoreOp, SocketState, User,
};
use crate::live::{BattleId, Event, Rules, ScoreKey, Seed, StageId, UserId};

/// Journal and stagehand in one: writes down the order of what is asked of both, and fails commits when told to.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    done: Vec<String>,
    rows: Vec<String>,
    broken: bool,
}

impl Witness {
    fn saw(&self, what: &str) {
        self.0.lock().unwrap().done.push(what.to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().done)
    }

    /// Names of the rows that came with commits.
    fn rows(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().rows)
    }

    fn break_disk(&self, broken: bool) {
        self.0.lock().unwrap().broken = broken;
    }
}

impl Journal for Witness {
    fn recall(&mut self, _: &Wanted) -> Result<Vec<Arc<Booked>>, JournalError> {
        Ok(Vec::new())
    }

    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        self.saw(&format!("commit {}", batch.facts.len()));
        let named = batch.rows.iter().map(|row| format!("{} {}", row.name.table.word(), row.name.key));
        self.0.lock().unwrap().rows.extend(named);
        if self.0.lock().unwrap().broken { Err(JournalError { reason: "disk full".to_owned() }) } else { Ok(()) }
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
        let mut bench = Self { now, registrar: Registrar::new(now, WallMs(1), config, journal, stagehand), witness };
        for name in ["a", "b"] {
            let owner = User { user_id: user(name), user_name: String::new(), avatar_url: String::new() };
            bench.ask(Command::CreateLive(Box::new(NewLive::new(live(name), owner)))).unwrap();
            let publish = bench.ask(Command::Publish { live: live(name), user: user(name) });
            let Ok(Answer::Publish(publish)) = publish else { panic!() };
            bench.registrar.handle(now, Order::Media(publish.source, MediaState::Up));
            bench.registrar.commit();
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
        assert!(receive.try_recv().is_err(), "nothing is answered before it is kept");
        self.registrar.commit();
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
    bench.registrar.commit();
    assert_eq!(bench.registrar.poll_timeout(), Some(end + COMMIT_RETRY));
    bench.now = end;
    assert_eq!(bench.status(battle), BattleStatus::Started, "nobody was told of an end that was not kept");
    bench.witness.break_disk(false);
    bench.registrar.handle_timeout(end + COMMIT_RETRY);
    bench.registrar.commit();
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

#[test]
fn what_waited_together_is_committed_once_and_answered_after() {
    let mut bench = Bench::connected();
    let battle = bench.battle(300);
    let (send, receive) = mpsc::channel();
    for key in ["1", "2", "2", "3"] {
        let send = send.clone();
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), 5)], source: Default::default() };
        let score = Command::Score { battle, key: ScoreKey::new(key).unwrap(), change };
        bench.registrar.handle(bench.now, Order::Ask(score, Box::new(move |outcome| send.send(outcome).unwrap())));
    }
    assert!(receive.try_recv().is_err());
    bench.registrar.commit();
    assert_eq!(bench.witness.take()[0], "commit 3", "the same key twice is one change");
    let told: Vec<_> = receive.try_iter().map(|outcome| outcome.unwrap()).collect();
    let seqs = told.iter().map(|answer| if let Answer::Scored(scored) = answer { scored.ledger_seq } else { 0 });
    assert_eq!(seqs.collect::<Vec<_>>(), [1, 2, 2, 3]);
}

#[test]
fn a_failed_commit_takes_back_all_that_was_decided_with_it_and_answers_the_rest_from_what_is_kept() {
    let mut bench = Bench::connected();
    let battle = bench.battle(300);
    let told = bench.score(battle, "before").unwrap();
    let before = bench.registrar.lives.snapshot();
    bench.witness.break_disk(true);
    let (send, receive) = mpsc::channel();
    let score = |key| {
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), 5)], source: Default::default() };
        Command::Score { battle, key: ScoreKey::new(key).unwrap(), change }
    };
    let refused = || Command::ExitConnection { live: live("x") };
    for command in [score("1"), Command::FindBattle(battle), score("before"), refused(), score("1")] {
        let send = send.clone();
        bench.registrar.handle(bench.now, Order::Ask(command, Box::new(move |outcome| send.send(outcome).unwrap())));
    }
    bench.witness.take();
    bench.registrar.commit();
    assert_eq!(bench.witness.take(), ["commit 1"], "asking again tries no disk");
    let answers: Vec<_> = receive.try_iter().collect();
    let [first, Ok(Answer::Battle(found)), again, other, twice] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!([first, twice], [&Err(Refusal::NotKept); 2]);
    assert_eq!(found.scores[&user("a")], 5, "the score that is kept, and no other");
    assert_eq!(again, &Ok(told), "a repeated request needs no disk");
    assert!(matches!(other, Err(Refusal::NoSuchLive { .. })), "{other:?}");
    assert_eq!(bench.registrar.lives.snapshot(), before);
    bench.registrar.commit();
    assert_eq!(bench.witness.take(), [""; 0], "nothing is left to keep");
    bench.witness.break_disk(false);
    assert!(bench.score(battle, "1").is_ok(), "it may be sent again");
}

#[test]
fn readers_of_events_come_after_the_commit_that_they_waited_for_and_cost_none() {
    let mut bench = Bench::connected();
    let battle = bench.battle(300);
    let begun = bench.subscribe(None).seq;
    let (send, receive) = mpsc::channel();
    for broken in [true, false] {
        bench.witness.break_disk(broken);
        for key in ["1", "2"] {
            let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), 5)], source: Default::default() };
            let score = Command::Score { battle, key: ScoreKey::new(key).unwrap(), change };
            bench.registrar.handle(bench.now, Order::Ask(score, Box::new(drop)));
            let send = send.clone();
            let reply = Box::new(move |outcome: Result<Subscription, _>| send.send(outcome.unwrap()).unwrap());
            bench.registrar.handle(bench.now, Order::Subscribe(live("a"), None, reply));
        }
        bench.registrar.commit();
    }
    assert_eq!(bench.witness.take().iter().filter(|done| done.starts_with("commit")).count(), 2, "one for all");
    let seen = receive.try_iter().map(|subscription| {
        let First::Snapshot(snapshot) = subscription.first else { panic!() };
        (snapshot.battle.unwrap().scores[&user("a")], subscription.seq)
    });
    assert_eq!(seen.collect::<Vec<_>>(), [(0, begun), (0, begun), (10, begun + 1), (10, begun + 1)]);
}

#[test]
fn rows_that_changed_without_a_fact_are_kept_with_the_next_one() {
    let mut bench = Bench::connected();
    bench.witness.take();
    bench.witness.rows();
    let Ok(Answer::Watch(feed)) = bench.ask(Command::Watch { live: live("a") }) else { panic!() };
    bench.registrar.handle(bench.now, Order::Socket(feed, SocketState::Open));
    bench.registrar.commit();
    assert_eq!(bench.witness.rows(), [""; 0], "an event socket is worth no commit of its own");
    bench.witness.break_disk(true);
    bench.ask(Command::ExitConnection { live: live("b") }).unwrap_err();
    bench.witness.break_disk(false);
    bench.witness.rows();
    let battle = bench.ask(Command::ExitConnection { live: live("b") });
    assert_eq!(battle, Ok(Answer::Done));
    let rows = bench.witness.rows();
    assert!(rows.contains(&"live a".to_owned()) && rows.contains(&"connection 1".to_owned()), "{rows:?}");
    assert_eq!(bench.witness.rows(), [""; 0]);
}

#[test]
fn what_came_of_a_hosts_media_stands_while_nothing_can_be_kept_and_is_kept_after() {
    let mut bench = Bench::connected();
    let publish = bench.ask(Command::Publish { live: live("a"), user: user("a") });
    let Ok(Answer::Publish(publish)) = publish else { panic!() };
    let owner = User { user_id: user("c"), user_name: String::new(), avatar_url: String::new() };
    bench.ask(Command::CreateLive(Box::new(NewLive::new(live("c"), owner)))).unwrap();
    let Ok(Answer::Publish(new)) = bench.ask(Command::Publish { live: live("c"), user: user("c") }) else { panic!() };
    bench.witness.break_disk(true);
    bench.witness.take();
    for (source, state) in [(publish.source, MediaState::Down), (new.source, MediaState::Up)] {
        bench.registrar.handle(bench.now, Order::Media(source, state));
    }
    // With them a command, which is taken back.
    let (send, receive) = mpsc::channel();
    let reply = Box::new(move |outcome| send.send(outcome).unwrap());
    bench.registrar.handle(bench.now, Order::Ask(Command::ExitConnection { live: live("b") }, reply));
    bench.registrar.commit();
    assert_eq!(receive.recv().unwrap(), Err(Refusal::NotKept));
    assert_eq!(bench.witness.take(), ["commit 3", "stage 1", "route"], "who comes is seen all the same");
    let again = bench.registrar.poll_timeout().unwrap();
    assert_eq!(again, bench.now + COMMIT_RETRY);
    bench.registrar.handle_timeout(again);
    bench.registrar.commit();
    assert_eq!(bench.witness.take(), ["commit 2"]);
    assert_eq!(bench.registrar.poll_timeout(), Some(again + COMMIT_RETRY), "not in a hot loop");
    bench.witness.break_disk(false);
    bench.registrar.handle_timeout(again + COMMIT_RETRY);
    bench.registrar.commit();
    assert_eq!(bench.witness.take(), ["commit 2"], "once, and both");
    bench.ask(Command::Watch { live: live("c") }).unwrap();
    bench.ask(Command::ExitConnection { live: live("b") }).unwrap();
    assert!(bench.witness.take()[0] == "commit 1", "nothing is kept twice");
}
