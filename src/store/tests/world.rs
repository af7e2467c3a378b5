//! A server without threads: rules, store and a clock that is turned by hand.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::engine::journal::{Batch, Journal};
use crate::live::answer::{BattleStatus, Scored};
use crate::live::command::{
    BattleRequest, ConnectionRequest, MediaState, NewLive, ScoreChange, ScoreOp, ScoreSource, User,
};
use crate::live::{
    Answer, BattleId, Command, Effect, Fact, LiveId, Lives, Refusal, Rules, ScoreKey, Seed, Snapshot, UserId, WallMs,
};
use crate::store::audit::{self, Reader};
use crate::store::folder::DATABASE;
use crate::store::{Boot, Moment, Store};

/// A folder that goes with the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("costage-store-{}-{count}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Changes of scores that are held beside those on disk: so few that most are not.
const HELD: usize = 3;

/// Dropped in this order: the store closes its files before the folder goes.
pub(super) struct World {
    pub(super) lives: Lives,
    pub(super) store: Store,
    clock: Arc<Mutex<Moment>>,
    pub(super) seed: Seed,
    pub(super) last_facts: Vec<Fact>,
    pub(super) last_failure: Option<String>,
    pub(super) folder: Folder,
}

impl World {
    /// Another program's connection.
    pub(super) fn beside(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.0.join(DATABASE)).unwrap()
    }

    /// Lives a and b of users a and b, connected.
    pub(super) fn new() -> Self {
        let folder = Folder::new();
        let moment = Moment { now: Instant::now(), wall: WallMs(1_790_000_000_000), boot: boot(5_000) };
        let clock = Arc::new(Mutex::new(moment.clone()));
        let mut store = open(&folder.0, &clock).unwrap();
        let seed = Seed::repeatable(3);
        assert_eq!(store.timeline(false).unwrap().wall(moment.now), moment.wall);
        let lives = Lives::seed(moment.now, moment.wall, Rules::default(), Snapshot::empty(seed));
        let (last_facts, last_failure) = (Vec::new(), None);
        let mut world = Self { lives, store, clock, seed, last_facts, last_failure, folder };
        for name in ["a", "b"] {
            let owner = User { user_id: user(name), user_name: String::new(), avatar_url: String::new() };
            world.ask(Command::CreateLive(Box::new(NewLive::new(live(name), owner)))).unwrap();
            let Ok(Answer::Publish(publish)) = world.ask(Command::Publish { live: live(name), user: user(name) })
            else {
                panic!()
            };
            world.ask(Command::Media { source: publish.source, state: MediaState::Up }).unwrap();
        }
        let (targets, extension_info) = (vec![live("b")], String::new());
        let live_a = live("a");
        let invitation =
            ConnectionRequest { live: live_a, targets, template: None, timeout_seconds: None, extension_info };
        world.ask(Command::RequestConnection(invitation)).unwrap();
        world.ask(Command::AcceptConnection { live: live("b"), from: live("a") }).unwrap();
        world
    }

    pub(super) fn moment(&self) -> Moment {
        self.clock.lock().unwrap().clone()
    }

    /// The server's time.
    pub(super) fn wall(&self) -> WallMs {
        self.lives.wall(self.moment().now)
    }

    pub(super) fn ask(&mut self, command: Command) -> Result<Answer, Refusal> {
        if let Some(wanted) = self.lives.wanted(&command) {
            let found = self.store.recall(&wanted).map_err(|error| {
                self.last_failure = Some(error.reason);
                Refusal::NotRead
            })?;
            self.lives.recall(found);
        }
        let answer = self.lives.handle(self.moment().now, command);
        self.commit().and(answer)
    }

    /// Keeps what was decided, as the control thread does.
    fn commit(&mut self) -> Result<(), Refusal> {
        let mut facts = Vec::new();
        while let Some(effect) = self.lives.poll_effect() {
            if let Effect::Record(fact) = effect {
                facts.push(fact);
            }
        }
        let rows: Vec<_> = self.lives.changed().into_iter().map(|name| self.lives.row(name)).collect();
        if let Err(error) = self.store.commit(&Batch { facts: &facts, rows: &rows }) {
            self.last_failure = Some(error.reason);
            self.lives.undo();
            return Err(Refusal::NotKept);
        }
        self.lives.keep();
        self.lives.settle(&facts, HELD);
        self.last_facts = facts;
        Ok(())
    }

    pub(super) fn battle(&mut self, seconds: u64) -> BattleId {
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
        started.battle_id
    }

    pub(super) fn score(&mut self, battle: BattleId, key: &str, points: i64) -> Result<Scored, Refusal> {
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), points)], source: Default::default() };
        let answer = self.ask(Command::Score { battle, key: ScoreKey::new(key).unwrap(), change })?;
        let Answer::Scored(scored) = answer else { panic!("{answer:?}") };
        Ok(scored)
    }

    /// A point for user a, from `sender`.
    pub(super) fn give(&mut self, battle: BattleId, key: &str, sender: &str) -> Result<Answer, Refusal> {
        let source = ScoreSource { sender_id: sender.to_owned(), ..ScoreSource::default() };
        let change = ScoreChange { op: ScoreOp::Add, scores: vec![(user("a"), 1)], source };
        self.ask(Command::Score { battle, key: ScoreKey::new(key).unwrap(), change })
    }

    pub(super) fn status(&mut self, battle: BattleId) -> BattleStatus {
        let Ok(Answer::Battle(info)) = self.ask(Command::FindBattle(battle)) else { panic!() };
        info.status
    }

    /// Of user a.
    pub(super) fn points(&mut self, battle: BattleId) -> u64 {
        let Ok(Answer::Battle(info)) = self.ask(Command::FindBattle(battle)) else { panic!() };
        info.scores[&user("a")]
    }

    /// All clocks go on; hosts stay.
    pub(super) fn pass(&mut self, ms: u64) {
        let mut moment = self.clock.lock().unwrap();
        moment.now += Duration::from_millis(ms);
        moment.wall = WallMs(moment.wall.0 + ms);
        let passed = moment
            .boot
            .as_ref()
            .map(|boot| Boot { id: Arc::clone(&boot.id), time: boot.time + Duration::from_millis(ms) });
        moment.boot = passed;
        let now = moment.now;
        drop(moment);
        self.lives.handle_timeout(now);
        self.commit().unwrap();
    }

    pub(super) fn restart(&mut self) {
        self.restart_at(|_| ());
    }

    /// Ends without a word and starts again, with other clocks.
    pub(super) fn restart_at(&mut self, change: impl FnOnce(&mut Moment)) {
        let elsewhere = Folder::new();
        // The lock goes with the old store, so another one takes its place first.
        drop(std::mem::replace(&mut self.store, open(&elsewhere.0, &self.clock).unwrap()));
        change(&mut self.clock.lock().unwrap());
        self.store = open(&self.folder.0, &self.clock).unwrap();
        let snapshot = self.store.kept().unwrap().snapshot(self.seed).unwrap();
        let line = self.store.timeline(snapshot.counts_down()).unwrap();
        let now = self.moment().now;
        let rules = Rules { restart_grace: Duration::from_secs(3_600), ..Rules::default() };
        self.lives = Lives::restart(now, line.wall(now), rules, snapshot, self.seed);
        self.commit().unwrap();
    }

    /// Rows of the state, facts, rows of the ledger.
    pub(super) fn counts(&self) -> (i64, i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM state), (SELECT count(*) FROM facts), (SELECT count(*) FROM ledger)";
        self.store.db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    }

    /// By another connection, while the store is open.
    pub(super) fn verify_whole(&self) {
        let verdict = audit::verify(&Reader::open(&self.folder.0).unwrap(), None, &mut |_, _| ()).unwrap();
        assert_eq!((verdict.faults.listed, verdict.head), (Vec::new(), self.store.head()));
    }
}

pub(super) fn open(path: &Path, clock: &Arc<Mutex<Moment>>) -> Result<Store, crate::store::StoreFault> {
    let clock = Arc::clone(clock);
    Store::open(path, Box::new(move || clock.lock().unwrap().clone()))
}

/// So many milliseconds after the one boot of these tests.
pub(super) fn boot(ms: u64) -> Option<Boot> {
    Some(Boot { id: Arc::from("4f1c"), time: Duration::from_millis(ms) })
}

pub(super) fn live(name: &str) -> LiveId {
    LiveId::new(name).unwrap()
}

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}
